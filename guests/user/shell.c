/*
 * The shell.
 *   PROGRAM [ARGUMENT...]      runs a program and waits for it
 *   "two words"                one argument
 *   ... < FILE                 its input is a file
 *   ... | PROGRAM ...          its output is the next one's input
 *   ... &                      does not wait; what follows is the next command
 *   help, exit [STATUS]        built in
 *   exec PROGRAM [ARGUMENT...] built in: the shell becomes the program
 *
 * A line is cut into words, words are gathered into jobs, jobs are run.
 */
#include "guests/user/arguments.h"

#define LINE_MAX   256
#define WORDS_MAX  64
#define STAGES_MAX 4

/* A sign is one of < | & that stood outside quotes. */
struct word {
    char *text;
    char sign; /* 0: an ordinary word */
};

struct line {
    struct word words[WORDS_MAX + 1]; /* the last one has no text */
    char text[2 * LINE_MAX];
};

struct stage {
    char *argv[ARGUMENTS_MAX + 1];
    int argc;
};

/* What stands between two &. */
struct job {
    struct stage stages[STAGES_MAX];
    int count;
    char *input; /* NULL: the shell's own */
    bool background;
};

static bool complain(const char *why)
{
    print_to(STDERR, "shell: %s\n", why);
    return false;
}

/* ---- words ---- */

static const char *copy_word(const char *from, char **to)
{
    bool quoted = false;

    for (; *from && (quoted || !strchr(" \t<|&", *from)); from++) {
        if (*from == '"')
            quoted = !quoted;
        else
            *(*to)++ = *from;
    }
    *(*to)++ = 0;
    return from;
}

static bool cut(struct line *l, const char *from)
{
    char *to = l->text;
    int count = 0;

    for (;;) {
        while (*from == ' ' || *from == '\t')
            from++;
        l->words[count] = (struct word){NULL, 0};
        if (!*from)
            return true;
        if (count == WORDS_MAX)
            return complain("too many words");
        l->words[count].text = to;
        if (strchr("<|&", *from)) {
            l->words[count].sign = *from++;
            *to++ = 0;
        } else {
            from = copy_word(from, &to);
        }
        count++;
    }
}

/* ---- jobs ---- */

static bool add_argument(struct stage *s, char *text)
{
    if (s->argc == ARGUMENTS_MAX)
        return complain("too many arguments");
    s->argv[s->argc++] = text;
    return true;
}

/* Gathers the job that begins at *words, and moves on behind it. */
static bool gather(struct job *job, struct word **words)
{
    struct stage *s = &job->stages[0];

    memset(job, 0, sizeof *job);
    job->count = 1;
    for (; (*words)->text && !job->background; (*words)++) {
        switch ((*words)->sign) {
        case '&':
            job->background = true;
            break;
        case '|':
            if (!s->argc || job->count == STAGES_MAX)
                return complain(s->argc ? "too many programs in a row" : "nothing before |");
            s = &job->stages[job->count++];
            break;
        case '<':
            (*words)++;
            if (!(*words)->text || (*words)->sign)
                return complain("no file behind <");
            if (job->count > 1)
                return complain("the input of a program behind | is the program before it");
            job->input = (*words)->text;
            break;
        default:
            if (!add_argument(s, (*words)->text))
                return false;
        }
    }
    return s->argc || complain(job->count > 1 ? "nothing behind |" : "no program");
}

/* ---- built in ---- */

static void help(const struct stage *s)
{
    struct file_info info;

    (void)s;
    printf("PROGRAM [ARGUMENT...] [< FILE] [| PROGRAM...] [&]\n");
    printf("built in: help, exit [STATUS], exec PROGRAM [ARGUMENT...]\nprograms:");
    for (unsigned i = 0; list(i, &info) == 0; i++)
        if (info.is_program)
            printf(" %s", info.name);
    printf("\n");
}

static void leave(const struct stage *s)
{
    unsigned status = 0;

    if (s->argc > 1 && (!string_number(s->argv[1], &status) || status > 255))
        print_to(STDERR, "exit: '%s' is no status from 0 to 255\n", s->argv[1]);
    else
        exit((int)status);
}

static void cannot_start(const char *program, int error)
{
    if (error == -ERROR_not_found)
        print_to(STDERR, "shell: no program '%s'; help lists them\n", program);
    else
        print_to(STDERR, "shell: %s: %s\n", program, error_text(error));
}

static void become(const struct stage *s)
{
    if (s->argc == 1)
        complain("exec what?");
    else
        cannot_start(s->argv[1], exec(s->argv[1], (const char *const *)s->argv + 1));
}

static const struct {
    const char *name;
    void (*run)(const struct stage *s);
} builtins[] = {{"help", help}, {"exit", leave}, {"exec", become}};

static bool run_builtin(const struct job *job)
{
    const struct stage *s = &job->stages[0];

    for (unsigned i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (strcmp(s->argv[0], builtins[i].name) != 0)
            continue;
        if (job->count > 1 || job->input || job->background)
            complain("what is built in stands alone");
        else
            builtins[i].run(s);
        return true;
    }
    return false;
}

/* ---- running ---- */

static int start(const struct stage *s, int in, int out)
{
    int pid = spawn(s->argv[0], (const char *const *)s->argv, in, out);

    if (pid < 0)
        cannot_start(s->argv[0], pid);
    return pid;
}

static void close_own(int fd)
{
    if (fd != STDIN && fd != STDOUT)
        close(fd);
}

/* Starts every stage; the pids of those that live go into `pids`. Returns how many. */
static int start_stages(struct job *job, int in, int *pids)
{
    int started = 0;

    for (int i = 0; i < job->count; i++) {
        int out = STDOUT, ends[2] = {STDIN, STDOUT};
        if (i + 1 < job->count) {
            int error = pipe(ends);
            if (error) {
                complain(error_text(error));
                break;
            }
            out = ends[1];
        }
        int pid = start(&job->stages[i], in, out);
        close_own(in);
        close_own(out);
        in = ends[0];
        if (pid > 0)
            pids[started++] = pid;
    }
    close_own(in);
    return started;
}

static void report(const char *name, int status)
{
    if (status && !(status & STATUS_KILLED)) /* of those the kernel has told */
        printf("%s: status %d\n", name, status);
}

static void run(struct job *job)
{
    int pids[STAGES_MAX], status, in = STDIN;

    if (run_builtin(job))
        return;
    if (job->input && (in = open(job->input)) < 0) {
        print_to(STDERR, "shell: %s: %s\n", job->input, error_text(in));
        return;
    }
    int started = start_stages(job, in, pids);
    for (int i = 0; i < started && !job->background; i++)
        if (wait(pids[i], &status) > 0 && i == started - 1)
            report(job->stages[job->count - 1].argv[0], status);
}

/* Children in the background that have ended are forgotten. */
static void reap(void)
{
    struct process_info list_of[32];
    int self = getpid(), status;
    int count = processes(list_of, sizeof list_of / sizeof list_of[0]);

    for (int i = 0; i < count; i++)
        if (list_of[i].parent == self && list_of[i].state == PROCESS_ENDED)
            wait(list_of[i].pid, &status);
}

static void run_line(const char *text)
{
    static struct line line;
    struct word *at = line.words;
    struct job job;

    if (!cut(&line, text))
        return;
    while (at->text && gather(&job, &at))
        run(&job);
    reap();
}

int main(void)
{
    struct reader in;
    char text[LINE_MAX];

    reader_init(&in, STDIN);
    for (;;) {
        printf("$ ");
        if (reader_line(&in, text, sizeof text) <= 0)
            break;
        run_line(text);
    }
    printf("\n");
    return 0;
}
