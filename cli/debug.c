/*
 * trapeze debug: a debugger that is a conversation in lines.
 *
 *   terminal ----> libedit ---+
 *   standard input, -x FILE --+--> one line --> debug_table.c --> a command
 *
 * The machine runs in slices; between them Ctrl-C is looked at. What runs and when it stops is
 * world/verbs.h, which the dashboard uses too: this file only reads lines.
 */
#include "cli/debug.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/keys.h"
#include "cli/setup.h"
#include "world/home.h"
#include "world/timeline.h"

#define SCRIPT_BUDGET 2000000000u /* steps of one command where nobody can press Ctrl-C */
#define DEPTH_MAX     8
#define FILE_MAX      (1u << 20)
#define RECORDED      65536 /* events that `record` keeps */

/* The signal handler must find it. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

bool debug_interrupted(void)
{
    bool was = interrupted != 0;

    interrupted = 0;
    return was;
}

/* ---- for all commands --------------------------------------------------------------------- */

struct host *debug_host(struct debug *d)
{
    if (!d->verbs.host)
        debug_fail(d, "the scenario has made no machine yet; 'continue' lets it go on");
    return d->verbs.host;
}

uint16_t debug_context(const struct debug *d)
{
    return d->context >= 0 ? (uint16_t)d->context : view_current(d->verbs.host);
}

bool debug_place(struct debug *d, const char *text, struct place *out)
{
    struct error err;

    if (!debug_host(d))
        return false;
    if (place_parse(out, d->verbs.host, debug_context(d), text, &err) == 0)
        return true;
    debug_fail(d, "%s", err.text);
    return false;
}

bool debug_filter(struct debug *d, const char *text, struct filter *out)
{
    struct filter_names names;
    struct error err;

    if (!debug_host(d))
        return false;
    names = view_filter_names(d->verbs.host);
    if (filter_parse(out, text, &names, &err) == 0)
        return true;
    debug_fail(d, "%s", err.text);
    return false;
}

bool debug_word(const char **text, char *out, size_t size)
{
    const char *begin = *text + strspn(*text, " \t");
    size_t n = strcspn(begin, " \t");

    snprintf(out, size, "%.*s", (int)n, begin);
    *text = begin + n;
    return n > 0;
}

/* ---- listening ---------------------------------------------------------------------------- */

static void on_event(void *user, const struct event *e)
{
    struct debug_watch *w = user;
    struct debug *d = w->debug;
    const struct contexts *contexts = machine_contexts(host_machine(w->host));

    if (e->kind == EVENT_console && !e->b)
        debug_console(d, (char)e->a);
    if (d->recording && filter_match(&d->record, contexts, e))
        recorder_add(&d->recorder, e);
    if (d->tracing && filter_match(&d->trace, contexts, e))
        debug_event(d, w->host, e);
}

void debug_listen(struct debug *d)
{
    uint32_t mask = EVENT_BIT(EVENT_console) | (d->tracing ? filter_kinds(&d->trace) : 0) |
                    (d->recording ? filter_kinds(&d->record) : 0);

    while (d->watch_count < world_host_count(d->verbs.world)) {
        struct debug_watch *w = &d->watches[d->watch_count];

        *w = (struct debug_watch){.debug = d, .host = world_host(d->verbs.world, d->watch_count)};
        w->subscriber = (struct trace_subscriber){.fn = on_event, .user = w};
        trace_attach(machine_trace(host_machine(w->host)), &w->subscriber);
        timeline_start(w->host, NULL, NULL); /* without: no way back, and that is said then */
        d->watch_count++;
    }
    for (unsigned i = 0; i < d->watch_count; i++)
        trace_set_mask(machine_trace(host_machine(d->watches[i].host)), &d->watches[i].subscriber,
                       mask);
}

/* ---- lines -------------------------------------------------------------------------------- */

/* Lines of a stream. In messages it is called `name`. */
static void read_stream(struct debug *d, FILE *f, const char *name)
{
    const char *before = d->script_name;
    unsigned before_line = d->script_line;
    char *line = NULL;
    size_t room = 0;

    d->script_name = name;
    d->script_line = 0;
    while (!d->quit && getline(&line, &room, f) >= 0) {
        d->script_line++;
        line[strcspn(line, "\r\n")] = '\0';
        debug_run_line(d, line);
    }
    free(line);
    d->script_name = before;
    d->script_line = before_line;
}

bool debug_source(struct debug *d, const char *path)
{
    FILE *f = d->depth < DEPTH_MAX ? fopen(path, "r") : NULL;

    if (!f) {
        debug_fail(d, d->depth < DEPTH_MAX ? "%s: %s" : "%s: files in files, deeper than 8%s", path,
                   d->depth < DEPTH_MAX ? strerror(errno) : "");
        return false;
    }
    d->depth++;
    read_stream(d, f, path);
    d->depth--;
    fclose(f);
    return true;
}

static void converse(struct debug *d)
{
    const char *line;

    d->line = debug_line_new(d);
    while (d->line && !d->quit && (line = debug_line_read(d->line)))
        debug_run_line(d, line);
    if (!d->quit)
        putchar('\n');
    debug_line_free(d->line);
    d->line = NULL;
}

/* ---- setting up --------------------------------------------------------------------------- */

static void on_output(void *user, const char *line, size_t size)
{
    struct debug *d = user;

    debug_say(d, "%.*s", (int)(size && line[size - 1] == '\n' ? size - 1 : size), line);
}

static void on_check(void *user, const struct script_check *c)
{
    struct debug *d = user;

    debug_say(d, "%-6s %s%s%s", c->passed ? "ok" : "FAILED", c->sentence,
              c->passed || !*c->detail ? "" : "\n       ", c->passed ? "" : c->detail);
}

static int open_scenario(struct debug *d, const char *name, struct error *err)
{
    struct script_options options = {.output = on_output, .checked = on_check, .user = d};
    char path[HOME_PATH_SIZE];

    if (setup_refuse_program_options(d->args, err) ||
        cli_scenario_path(name, path, sizeof path, err) ||
        cli_number(d->args, KEY_SEED, 1, UINT64_MAX, 1, &options.seed, err))
        return err->code;
    options.path = path;
    if (script_open(&d->script, &options, err) || script_start(d->script, err))
        return err->code;
    struct verbs_story story = script_story(&d->story, d->script);
    story.input_hint = " (type TEXT)";
    verbs_init(&d->verbs, script_world(d->script), &story);
    return 0;
}

static int open_program(struct debug *d, const char *path, struct error *err)
{
    struct verbs_story story = {.input_hint = " (type TEXT)"};
    struct host *host;
    int code = setup_program(d->args, path, &d->world, &host, err);

    if (code == 0)
        verbs_init(&d->verbs, d->world, &story);
    return code;
}

static int open_all(struct debug *d, struct error *err)
{
    const char *name = d->args->positional[0];
    bool terminal = isatty(STDIN_FILENO) != 0;
    char path[HOME_PATH_SIZE];
    int code = recorder_init(&d->recorder, RECORDED, err);

    if (code == 0)
        code = cli_number(d->args, KEY_BUDGET, 1, UINT64_MAX, terminal ? 0 : SCRIPT_BUDGET,
                          &d->budget, err);
    setup_find(name, path, sizeof path);
    if (code == 0)
        code = setup_is_program(path) ? open_program(d, path, err) : open_scenario(d, name, err);
    return code;
}

static void read_all(struct debug *d)
{
    const char *text;
    unsigned n;
    bool terminal = isatty(STDIN_FILENO) != 0;
    struct sigaction action = {.sa_handler = on_interrupt}; /* no SA_RESTART: it ends a read */

    sigaction(SIGINT, &action, NULL);
    if (!terminal && !d->json)
        setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
    debug_show_stop(d);
    for (n = 0; !d->quit && (text = cli_value(d->args, 'e', n)); n++) {
        d->script_name = "-e";
        d->script_line = n + 1;
        debug_run_line(d, text);
        d->script_name = NULL;
    }
    for (n = 0; !d->quit && (text = cli_value(d->args, 'x', n)); n++)
        debug_source(d, text);
    if (d->quit)
        return;
    if (terminal)
        converse(d);
    else if (!cli_value(d->args, 'x', 0) && !cli_value(d->args, 'e', 0))
        read_stream(d, stdin, "<stdin>");
}

static void close_all(struct debug *d)
{
    for (unsigned i = 0; i < d->watch_count; i++)
        trace_detach(machine_trace(host_machine(d->watches[i].host)), &d->watches[i].subscriber);
    if (d->verbs.world)
        verbs_fini(&d->verbs);
    recorder_fini(&d->recorder);
    script_free(d->script);
    world_free(d->world);
}

int cli_debug(const struct cli_args *args)
{
    struct debug *d = calloc(1, sizeof *d);
    struct error err;

    if (!d) {
        error_set(&err, ERROR_memory, "out of memory");
        return cli_fail(&err);
    }
    d->args = args;
    d->context = -1;
    d->json = cli_flag(args, 'j');
    d->format_x = 'x';
    d->unit_x = 4;
    int code = open_all(d, &err);
    if (code == 0) {
        debug_listen(d);
        read_all(d);
        debug_end_line(d);
        code = d->ran_out ? ERROR_budget : d->errors ? ERROR_usage : 0;
    } else {
        cli_fail(&err);
    }
    close_all(d);
    free(d);
    return error_exit_code((enum error_code)code);
}
