/*
 * A line typed at a terminal: libedit's editing, a history of this session, and Tab, which
 * completes the first word from the command table and the others as that command's row says.
 */
#include <errno.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debug.h"

#define PROMPT  "(trapeze) "
#define HISTORY 1000

struct debug_line {
    struct debug *debug;
    EditLine *edit;
    History *history;
    char text[DEBUG_LINE_SIZE];
};

/* The words that begin as what stands at the cursor. */
struct completion {
    const char *begin;
    size_t length;
    unsigned count;
    char same[128]; /* what all of them share */
};

static char *prompt(EditLine *edit)
{
    static char text[] = PROMPT;

    (void)edit;
    return text;
}

static void offer(void *user, const char *name)
{
    struct completion *c = user;
    size_t same = 0;

    if (strncmp(name, c->begin, c->length) != 0)
        return;
    if (c->count++ == 0) {
        snprintf(c->same, sizeof c->same, "%s", name);
        return;
    }
    while (c->same[same] && c->same[same] == name[same])
        same++;
    c->same[same] = '\0';
}

static void list(void *user, const char *name)
{
    const struct completion *c = user;

    if (strncmp(name, c->begin, c->length) == 0)
        printf("%s  ", name);
}

static unsigned char complete(EditLine *edit, int key)
{
    const LineInfo *info = el_line(edit);
    const char *begin = info->cursor, *first = info->buffer;
    struct debug_line *l;
    enum debug_words kind = WORDS_COMMAND;

    (void)key;
    el_get(edit, EL_CLIENTDATA, &l);
    while (begin > info->buffer && !strchr(" \t,=:", begin[-1]))
        begin--;
    while (first < begin && *first == ' ')
        first++;
    if (first < begin) {
        size_t n = 0;
        while (first + n < begin && !strchr(" \t/", first[n]))
            n++;
        const struct debug_command *c = debug_find(first, n);
        kind = c ? c->words : WORDS_NONE;
    }
    struct completion c = {.begin = begin, .length = (size_t)(info->cursor - begin)};
    debug_words(l->debug, kind, offer, &c);
    if (c.count == 0)
        return CC_REFRESH_BEEP;
    if (strlen(c.same) == c.length && c.count > 1) {
        putchar('\n');
        debug_words(l->debug, kind, list, &c);
        putchar('\n');
        fflush(stdout);
        return CC_REDISPLAY;
    }
    el_insertstr(edit, c.same + c.length);
    if (c.count == 1)
        el_insertstr(edit, " ");
    return CC_REFRESH;
}

struct debug_line *debug_line_new(struct debug *d)
{
    struct debug_line *l = calloc(1, sizeof *l);
    HistEvent event;

    if (!l)
        return NULL;
    l->debug = d;
    l->edit = el_init("trapeze", stdin, stdout, stderr);
    l->history = history_init();
    if (!l->edit || !l->history) {
        debug_line_free(l);
        return NULL;
    }
    history(l->history, &event, H_SETSIZE, HISTORY);
    history(l->history, &event, H_SETUNIQUE, 1);
    el_set(l->edit, EL_CLIENTDATA, l);
    el_set(l->edit, EL_PROMPT, prompt);
    el_set(l->edit, EL_EDITOR, "emacs");
    el_set(l->edit, EL_HIST, history, l->history);
    /* The wide form: the other leaks copies of the two texts. */
    el_wset(l->edit, EL_ADDFN, L"trapeze-complete", L"complete a word", complete);
    el_set(l->edit, EL_BIND, "^I", "trapeze-complete", NULL);
    el_source(l->edit, NULL); /* the user's own ~/.editrc */
    return l;
}

void debug_line_free(struct debug_line *l)
{
    if (!l)
        return;
    if (l->edit)
        el_end(l->edit);
    if (l->history)
        history_end(l->history);
    free(l);
}

const char *debug_line_read(struct debug_line *l)
{
    HistEvent event;
    int count = 0;

    for (;;) {
        const char *line = el_gets(l->edit, &count);
        if (line && count > 0) {
            snprintf(l->text, sizeof l->text, "%.*s", (int)strcspn(line, "\n"), line);
            if (l->text[strspn(l->text, " \t")])
                history(l->history, &event, H_ENTER, l->text);
            return l->text;
        }
        if (!debug_interrupted())
            return NULL;
        el_reset(l->edit); /* Ctrl-C: a new line */
        puts("^C");
    }
}
