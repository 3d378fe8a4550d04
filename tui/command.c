/* The commands behind the colon; see commands.def. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/suggest.h"
#include "tui/dashboard.h"
#include "world/backwards.h"
#include "world/change.h"
#include "world/snapshot_file.h"
#include "world/timeline.h"
#include "world/view.h"

typedef void command_fn(struct tui *t, const char *arguments);

#define COMMAND(name, arguments, meaning) static command_fn command_##name;
#include "tui/commands.def"
#undef COMMAND

static const struct {
    struct command_info info;
    command_fn *fn;
} commands[] = {
#define COMMAND(name, arguments, meaning) {{#name, arguments, meaning}, command_##name},
#include "tui/commands.def"
#undef COMMAND
};

const struct command_info *command_info(unsigned index)
{
    return index < COUNT_OF(commands) ? &commands[index].info : NULL;
}

/* ---- run ---------------------------------------------------------------------------------- */

static void begin(struct tui *t, enum verb verb, uint64_t steps)
{
    if (!t->run.host)
        tui_complain(t, "the scenario has made no machine");
    else
        verbs_begin(&t->run, verb, steps);
}

static void command_step(struct tui *t, const char *arguments)
{
    uint64_t n = 1;

    if (*arguments && (!number_parse(arguments, &n) || n == 0))
        tui_complain(t, "step: '%s' is no number of instructions", arguments);
    else
        begin(t, VERB_STEP, n);
}

static void command_over(struct tui *t, const char *arguments)
{
    (void)arguments;
    begin(t, VERB_OVER, 0);
}

static bool is_over(const char *arguments)
{
    return strcmp(arguments, "over") == 0;
}

static void command_source(struct tui *t, const char *arguments)
{
    if (*arguments && !is_over(arguments))
        tui_complain(t, "source: '%s'? 'over' may stand there", arguments);
    else
        begin(t, *arguments ? VERB_LINE_OVER : VERB_LINE, 0);
}

static void command_out(struct tui *t, const char *arguments)
{
    (void)arguments;
    begin(t, VERB_OUT, 0);
}

static bool read_filter(struct tui *t, const char *text, struct filter *out)
{
    struct filter_names names = {0};
    struct error err = {0};
    struct filter f = {0};

    if (tui_host(t))
        names = view_filter_names(tui_host(t));
    if (filter_parse(&f, text, &names, &err) != 0) {
        tui_complain(t, "%s", err.text);
        return false;
    }
    *out = f;
    return true;
}

/* A filter given here is for this once. */
static void begin_filtered(struct tui *t, enum verb verb, const char *arguments)
{
    struct filter f = t->filter;

    if (!*arguments || read_filter(t, arguments, &f)) {
        t->run.filter = f;
        begin(t, verb, 0);
    }
}

static void command_trap(struct tui *t, const char *arguments)
{
    begin_filtered(t, VERB_TRAP, arguments);
}

static void command_exit(struct tui *t, const char *arguments)
{
    begin_filtered(t, VERB_EXIT, arguments);
}

static void command_run(struct tui *t, const char *arguments)
{
    (void)arguments;
    if (verbs_running(&t->run))
        verbs_stop(&t->run, "stopped by you");
    else
        begin(t, VERB_GO, 0);
}

/* ---- back --------------------------------------------------------------------------------- */

static void back(struct tui *t, enum verb verb, uint64_t steps)
{
    if (!t->run.host)
        tui_complain(t, "the scenario has made no machine");
    else
        verbs_back(&t->run, verb, steps);
}

static void command_back(struct tui *t, const char *arguments)
{
    static const struct {
        const char *name;
        enum verb verb;
        bool filter;
    } ways[] = {
        {"over", VERB_OVER, false}, {"source", VERB_LINE, false}, {"out", VERB_OUT, false},
        {"trap", VERB_TRAP, true},  {"exit", VERB_EXIT, true},    {"run", VERB_GO, false},
    };
    size_t n = strcspn(arguments, " ");
    const char *rest = arguments + n + strspn(arguments + n, " ");
    struct filter f = t->filter;
    uint64_t steps = 1;

    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        if (strlen(ways[i].name) != n || strncmp(arguments, ways[i].name, n) != 0)
            continue;
        if (ways[i].filter && *rest && !read_filter(t, rest, &f))
            return;
        t->run.filter = f;
        back(t, ways[i].verb == VERB_LINE && is_over(rest) ? VERB_LINE_OVER : ways[i].verb, 0);
        return;
    }
    if (*arguments && (!number_parse(arguments, &steps) || steps == 0))
        tui_complain(t, "back: '%s' is no number of steps, nor over, out, trap, exit or run",
                     arguments);
    else
        back(t, VERB_STEP, steps);
}

static void command_seek(struct tui *t, const char *arguments)
{
    struct host *h = tui_host(t);
    uint64_t icount;
    struct error err;

    if (!h)
        tui_complain(t, "the scenario has made no machine");
    else if (!timeline_find_mark(h, arguments, &icount) && !number_parse(arguments, &icount))
        tui_complain(t, "seek: '%s' is no number of a step, and no mark", arguments);
    else if (verbs_seek(&t->run, icount, &err))
        tui_complain(t, "seek: %s", err.text);
}

static void list_marks(struct tui *t)
{
    char list[160] = "";
    struct text text = text_init(list, sizeof list);
    const char *name;
    uint64_t icount;

    for (unsigned i = 0; (name = timeline_mark_name(tui_host(t), i, &icount)) != NULL; i++)
        text_add(&text, "%s%s #%llu", i ? ", " : "", name, (unsigned long long)icount);
    tui_say(t, *list ? "marks: %s" : "there are no marks%s", list);
}

static void command_mark(struct tui *t, const char *arguments)
{
    struct error err;

    if (!tui_host(t))
        tui_complain(t, "the scenario has made no machine");
    else if (!*arguments)
        list_marks(t);
    else if (timeline_mark(tui_host(t), arguments, &err))
        tui_complain(t, "mark: %s", err.text);
    else
        tui_say(t, "this step is called %s", arguments);
}

/* ---- speed -------------------------------------------------------------------------------- */

static void say_speed(struct tui *t)
{
    if (tui_pace(t->speed))
        tui_say(t, "speed: %llu instructions between two pictures",
                (unsigned long long)tui_pace(t->speed));
    else
        tui_say(t, "speed: as fast as it goes");
}

static void command_slower(struct tui *t, const char *arguments)
{
    (void)arguments;
    if (t->speed > 0)
        t->speed--;
    say_speed(t);
}

static void command_faster(struct tui *t, const char *arguments)
{
    (void)arguments;
    if (t->speed + 1 < TUI_SPEEDS)
        t->speed++;
    say_speed(t);
}

static void command_filter(struct tui *t, const char *arguments)
{
    if (!read_filter(t, arguments, &t->filter))
        return;
    snprintf(t->filter_text, sizeof t->filter_text, "%s", arguments);
    for (unsigned i = 0; i < t->log_count; i++)
        traplog_refilter(t->logs[i]);
    tui_say(t, *arguments ? "filter: %s" : "filter: none%s", arguments);
}

/* "80001040 of os", or its words. */
static const char *break_text(const struct tui *t, const struct break_point *p, char *out,
                              size_t size)
{
    char name[64];

    if (p->kind != BREAK_PLACE)
        return p->text;
    snprintf(out, size, "at %08x of %s", (unsigned)p->place.address,
             *p->place.image
                 ? p->text
                 : view_context_name(tui_host(t), p->place.space.context, name, sizeof name));
    return out;
}

/* A place or an event, as the command `name` is told; complains and returns false. */
static bool read_point(struct tui *t, const char *name, const char *arguments,
                       struct break_point *point)
{
    struct pane_view view = tui_view(t);
    struct error err;

    if (!view.host) {
        tui_complain(t, "the scenario has made no machine");
        return false;
    }
    if (break_parse(point, view.host, view.context, arguments, &err)) {
        tui_complain(t, "%s: %s", name, err.text);
        return false;
    }
    return true;
}

static void complain_full(struct tui *t, const char *name)
{
    tui_complain(t, "%s: there are %d breakpoints, and no room for more", name, BREAKS_MAX);
}

static void command_until(struct tui *t, const char *arguments)
{
    struct break_point point;

    if (!read_point(t, "until", arguments, &point))
        return;
    point.once = point.unlisted = true;
    if (verbs_add_break(&t->run, &point))
        begin(t, VERB_GO, 0);
    else
        complain_full(t, "until");
}

static void command_break(struct tui *t, const char *arguments)
{
    struct break_point point;
    char text[BREAK_TEXT_SIZE + 32];

    if (!read_point(t, "break", arguments, &point))
        return;
    switch (verbs_toggle_break(&t->run, &point)) {
    case BREAKS_SET:
        tui_say(t, "breakpoint %s", break_text(t, &point, text, sizeof text));
        break;
    case BREAKS_CLEARED:
        tui_say(t, "no more breakpoint %s", break_text(t, &point, text, sizeof text));
        break;
    case BREAKS_FULL:
        complain_full(t, "break");
        break;
    }
}

/* ---- look --------------------------------------------------------------------------------- */

static void command_level(struct tui *t, const char *arguments)
{
    uint16_t chain[8];
    unsigned count = tui_chain(t, chain, COUNT_OF(chain)), now = 0, wanted;
    struct pane_view view = tui_view(t);
    uint64_t number;
    char name[32];

    if (!view.host) {
        tui_complain(t, "the scenario has made no machine");
        return;
    }
    while (now + 1 < count && chain[now] != view.context)
        now++;
    if (strcmp(arguments, "up") == 0)
        wanted = now > 0 ? now - 1 : 0;
    else if (strcmp(arguments, "down") == 0)
        wanted = now + 1 < count ? now + 1 : now;
    else if (number_parse(arguments, &number) && number < count)
        wanted = (unsigned)number;
    else {
        tui_complain(t, "level: up, down, or a number from 0 to %u", count - 1);
        return;
    }
    t->level = chain[wanted] == view_current(view.host) ? -1 : (int)wanted;
    tui_say(t, "looking at level %u, %s%s", wanted,
            view_context_name(view.host, chain[wanted], name, sizeof name),
            t->level < 0 ? ", which runs now" : "");
}

/* The machine after the one that is looked at, round and round. */
static struct host *next_machine(const struct tui *t)
{
    struct world *world = script_world(t->script);
    unsigned i = 0;

    while (world_host(world, i) && world_host(world, i) != tui_host(t))
        i++;
    return world_host(world, i + 1 < world_host_count(world) ? i + 1 : 0);
}

static void command_machine(struct tui *t, const char *arguments)
{
    struct host *h = *arguments ? world_find(script_world(t->script), arguments) : next_machine(t);

    if (!h)
        tui_complain(t, "there is no machine called '%s'", arguments);
    else
        verbs_choose(&t->run, h);
}

static void command_type(struct tui *t, const char *arguments)
{
    if (!tui_host(t)) {
        tui_complain(t, "the scenario has made no machine");
    } else if (*arguments) {
        host_input(tui_host(t), arguments, strlen(arguments));
        host_input(tui_host(t), "\n", 1);
    } else {
        tui_focus(t, tui_pane(t, "console"));
        t->mode = MODE_TYPE;
    }
}

/* The monitor reads it when it runs; its answer is in the pane vms. */
static void command_vm(struct tui *t, const char *arguments)
{
    struct host *h = tui_host(t);

    if (!h)
        tui_complain(t, "the scenario has made no machine");
    else if (!*arguments)
        tui_complain(t, "vm: which command? list, pause VM, ...; help lists all");
    else if (host_command(h, arguments) == 0)
        tui_complain(t, "vm: the mailbox is full; the machine has to run before it takes more");
    else
        tui_say(t, "sent to the monitor, which answers when it runs (pane vms shows it)");
}

static void command_set(struct tui *t, const char *arguments)
{
    struct pane_view view = tui_view(t);
    char said[256];
    struct text text = text_init(said, sizeof said);
    struct error err;

    if (!view.host) {
        tui_complain(t, "the scenario has made no machine");
        return;
    }
    int code = change_text(view.host, view.context, arguments, &text, &err);
    for (char *end; (end = strchr(said, '\n'));)
        *end = ';';
    if (code)
        tui_complain(t, "set: %s", err.text);
    else
        tui_say(t, "%s", said);
}

static void command_save(struct tui *t, const char *arguments)
{
    struct error err;

    if (!tui_host(t))
        tui_complain(t, "the scenario has made no machine");
    else if (!*arguments)
        tui_complain(t, "save: a name for the file; the machine is written to it");
    else if (snapshot_file_save(tui_host(t), arguments, &err))
        tui_complain(t, "save: %s", err.text);
    else
        tui_say(t, "#%llu is in %s", (unsigned long long)machine_icount(host_machine(tui_host(t))),
                arguments);
}

/* Whatever the last verb has met was another machine's. */
static void loaded(struct tui *t)
{
    t->run.commands++;
    t->run.has_event = false;
    t->run.met = 0;
    verbs_stop(&t->run, "loaded");
}

static void command_load(struct tui *t, const char *arguments)
{
    struct error err;

    if (!tui_host(t))
        tui_complain(t, "the scenario has made no machine");
    else if (!*arguments)
        tui_complain(t, "load: which file? one that save has written");
    else if (snapshot_file_load(tui_host(t), arguments, &err))
        tui_complain(t, "load: %s", err.text);
    else
        loaded(t);
}

static void command_screen(struct tui *t, const char *arguments)
{
    size_t n = strlen(arguments);
    FILE *f = n ? fopen(arguments, "w") : NULL;

    if (!f) {
        tui_complain(t, n ? "screen: %s: %s" : "screen: a name for the file%s%s", arguments,
                     n ? strerror(errno) : "");
        return;
    }
    frame_draw(t);
    if (n > 4 && strcmp(arguments + n - 4, ".svg") == 0)
        grid_write_svg(&t->grid, f);
    else
        grid_write_text(&t->grid, f);
    if (fclose(f) != 0)
        tui_complain(t, "screen: %s: %s", arguments, strerror(errno));
    else
        tui_say(t, "the screen is in %s", arguments);
}

static void command_theme(struct tui *t, const char *arguments)
{
    static const char *const names[] = {
        [THEME_DARK] = "dark", [THEME_LIGHT] = "light", [THEME_PLAIN] = "plain"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(names[i], arguments) == 0) {
            if (t->screen)
                screen_theme(t->screen, (enum theme)i);
            return;
        }
    }
    tui_complain(t, "theme: dark, light or plain");
}

static void command_redraw(struct tui *t, const char *arguments)
{
    (void)arguments;
    if (t->screen)
        screen_redraw(t->screen);
}

/* ---- panes -------------------------------------------------------------------------------- */

/* Which there are, and the nearest. */
static void no_pane(struct tui *t, const char *name)
{
    struct suggest near = suggest_for(name);
    char text[256];
    struct text list = text_init(text, sizeof text);

    for (int i = 0; i < t->pane_count; i++)
        suggest_offer(&near, t->panes[i].name);
    suggest_add(&near, &list);
    for (int i = 0; i < t->pane_count; i++)
        text_add(&list, "%s%s", i ? ", " : *name ? "; there are " : "", t->panes[i].name);
    if (*name)
        tui_complain(t, "pane: there is no '%s' in lua-scripts/panes%s", name, text);
    else
        tui_complain(t, "pane: which? %s", text);
}

static void command_pane(struct tui *t, const char *arguments)
{
    int pane;

    if (!*arguments || !tui_has_pane(t, arguments)) {
        no_pane(t, arguments);
        return;
    }
    pane = tui_pane(t, arguments);
    if (pane < 0)
        tui_complain(t, "pane: there are %d, and no room for more", TUI_PANES_MAX);
    else
        tui_focus(t, pane);
}

/* The next slot that is on the screen, or that zoom or a small window hides. */
static void move_focus(struct tui *t, int by)
{
    tui_uncover(t);
    t->focus = (t->focus + by + t->slot_count) % t->slot_count;
}

static void command_next(struct tui *t, const char *arguments)
{
    (void)arguments;
    move_focus(t, 1);
}

static void command_previous(struct tui *t, const char *arguments)
{
    (void)arguments;
    move_focus(t, -1);
}

static void command_zoom(struct tui *t, const char *arguments)
{
    (void)arguments;
    t->zoom = !t->zoom;
}

static void command_down(struct tui *t, const char *arguments)
{
    (void)arguments;
    pane_move(tui_focused(t), PANE_DOWN);
}

static void command_up(struct tui *t, const char *arguments)
{
    (void)arguments;
    pane_move(tui_focused(t), PANE_UP);
}

static void command_page(struct tui *t, const char *arguments)
{
    pane_move(tui_focused(t), strcmp(arguments, "up") == 0 ? PANE_PAGE_UP : PANE_PAGE_DOWN);
}

static void command_first(struct tui *t, const char *arguments)
{
    (void)arguments;
    pane_move(tui_focused(t), PANE_FIRST);
}

static void command_last(struct tui *t, const char *arguments)
{
    (void)arguments;
    pane_move(tui_focused(t), PANE_LAST);
}

static void command_help(struct tui *t, const char *arguments)
{
    int help = tui_pane(t, "help");

    (void)arguments;
    if (t->over == help)
        tui_uncover(t);
    else
        tui_focus(t, help);
}

static void command_command(struct tui *t, const char *arguments)
{
    char text[64];

    line_begin(&t->line);
    snprintf(text, sizeof text, "%s%s", arguments, *arguments ? " " : "");
    line_complete(&t->line, text);
    t->mode = MODE_COMMAND;
}

/* Out of what lies over the dashboard first: there q means the same as in a pager. */
static void command_quit(struct tui *t, const char *arguments)
{
    (void)arguments;
    if (t->over >= 0)
        tui_uncover(t);
    else
        t->quit = true;
}

/* ---- the line ----------------------------------------------------------------------------- */

static void evaluate(struct tui *t, const char *line)
{
    char out[sizeof t->message];
    struct error err = {0};

    if (script_eval(t->script, line, out, sizeof out, &err) != 0)
        tui_complain(t, "%s", err.text);
    else
        tui_say(t, "%s", out);
}

static bool pane_has(struct tui *t, const char *name, const char *arguments)
{
    struct pane_view view = tui_view(t);
    struct error err = {0};

    for (int i = 0; i < t->pane_count; i++) {
        if (!pane_command(&t->panes[i], &view, name, arguments, &err))
            continue;
        if (err.code)
            tui_complain(t, "%s", err.text);
        return true;
    }
    return false;
}

static void unknown(struct tui *t, const char *name)
{
    struct suggest near = suggest_for(name);
    char text[128];
    struct text hint = text_init(text, sizeof text);

    for (size_t i = 0; i < COUNT_OF(commands); i++)
        suggest_offer(&near, commands[i].info.name);
    suggest_add(&near, &hint);
    tui_complain(t, "there is no command '%s'%s", name, hint.length ? text : " (? lists them)");
}

void command_line(struct tui *t, const char *line)
{
    char name[32] = "";
    size_t n;

    while (isspace((unsigned char)*line))
        line++;
    n = strcspn(line, " \t");
    const char *arguments = line + n + strspn(line + n, " \t");
    if (n == 0)
        return;
    if (n < sizeof name)
        memcpy(name, line, n);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strcmp(commands[i].info.name, name) == 0) {
            commands[i].fn(t, arguments);
            return;
        }
    }
    if (pane_has(t, name, arguments))
        return;
    if (strpbrk(line, "(=.[\"'{"))
        evaluate(t, line);
    else
        unknown(t, name);
}

bool command_runs(const char *line)
{
    static const char *const verbs[] = {
        "step",      "over",        "source",   "out",       "trap",      "exit",    "back",
        "back over", "back source", "back out", "back trap", "back exit", "back run"};

    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (strcmp(line, verbs[i]) == 0)
            return true;
    return false;
}

/* The longest beginning that all names with the word's beginning share. */
static void offer(const char *name, const char *begin, size_t n, char *best, size_t size)
{
    size_t same = 0;

    if (strncmp(name, begin, n) != 0)
        return;
    if (!best[0]) {
        snprintf(best, size, "%s", name);
        return;
    }
    while (best[same] && best[same] == name[same])
        same++;
    best[same] = '\0';
}

void command_complete(struct tui *t)
{
    const char *line = t->line.text, *space = strrchr(line, ' ');
    const char *begin = space ? space + 1 : line;
    size_t n = strlen(begin);
    char best[64] = "";

    if (!space)
        for (size_t i = 0; i < COUNT_OF(commands); i++)
            offer(commands[i].info.name, begin, n, best, sizeof best);
    else if (strncmp(line, "pane ", 5) == 0)
        for (int i = 0; i < t->pane_count; i++)
            offer(t->panes[i].name, begin, n, best, sizeof best);
    if (strlen(best) > n && t->line.cursor == t->line.length)
        line_complete(&t->line, best);
}
