/* The dashboard but for the screen: what is looked at, the panes, what a key does. */
#include "tui/dashboard.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "world/explain.h"
#include "world/timeline.h"
#include "world/view.h"

/* The panes that have a number, in that order; help has a key of its own. */
static const char *const numbered[] = {"code",  "state", "traps", "console",
                                       "exits", "mem",   "story"};

static const uint64_t paces[TUI_SPEEDS] = {1, 10, 100, 1000, 10000, 100000, 1000000, 0};

uint64_t tui_pace(unsigned speed)
{
    return paces[speed < TUI_SPEEDS ? speed : TUI_SPEEDS - 1];
}

static void say(struct tui *t, bool bad, const char *format, va_list args)
{
    struct text message = text_init(t->message, sizeof t->message);

    text_vadd(&message, format, args);
    t->message_bad = bad;
}

void tui_say(struct tui *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(t, false, format, args);
    va_end(args);
}

void tui_complain(struct tui *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(t, true, format, args);
    va_end(args);
}

/* ---- what is looked at -------------------------------------------------------------------- */

struct host *tui_host(const struct tui *t)
{
    return t->run.host;
}

const char *tui_why(const struct tui *t, bool only_end, char *buffer, size_t size)
{
    struct text why = text_init(buffer, size);

    if (tui_host(t) && only_end)
        explain_end(tui_host(t), &why);
    else if (tui_host(t))
        explain_stop(tui_host(t), &why);
    return buffer;
}

struct traplog *tui_log(const struct tui *t)
{
    for (unsigned i = 0; i < t->log_count; i++)
        if (t->logs[i]->host == tui_host(t))
            return t->logs[i];
    return NULL;
}

/* The innermost context that counts as entered: what runs, or what it is busy for. */
static uint16_t innermost(const struct tui *t)
{
    uint16_t current = view_current(tui_host(t)), id = current;
    const struct traplog *log = tui_log(t);
    const struct context *c;

    /* A monitor that answers an exit: the VM that it came from. */
    for (uint16_t out = log ? log->last_out : 0; out; out = c->parent) {
        c = view_context(tui_host(t), out);
        if (!c || !c->alive || c->parent == CONTEXT_NONE)
            break;
        if (c->parent == current)
            id = log->last_out;
    }
    while ((c = view_context(tui_host(t), id)) && c->inside != CONTEXT_NONE)
        id = c->inside;
    return id;
}

unsigned tui_chain(const struct tui *t, uint16_t chain[], unsigned size)
{
    const struct context *c = tui_host(t) ? view_context(tui_host(t), innermost(t)) : NULL;
    unsigned count = !c ? 1 : c->level < size ? c->level + 1u : size;

    chain[0] = 0;
    for (; c; c = view_context(tui_host(t), c->parent))
        if (c->level < size)
            chain[c->level] = c->id;
    return count;
}

struct pane_view tui_view(const struct tui *t)
{
    struct pane_view view = {.script = t->script,
                             .host = tui_host(t),
                             .commands = t->run.commands,
                             .running = verbs_running(&t->run)};
    uint16_t chain[8] = {0};
    unsigned count;

    if (!view.host)
        return view;
    count = tui_chain(t, chain, COUNT_OF(chain));
    if (t->level < 0)
        view.context = view_current(view.host);
    else
        view.context = chain[(unsigned)t->level < count ? (unsigned)t->level : count - 1];
    return view;
}

/* ---- panes -------------------------------------------------------------------------------- */

int tui_pane(struct tui *t, const char *name)
{
    int i = 0;

    while (i < t->pane_count && strcmp(t->panes[i].name, name) != 0)
        i++;
    if (i < t->pane_count || i == TUI_PANES_MAX)
        return i < TUI_PANES_MAX ? i : -1;
    pane_load(&t->panes[i], t->script, name);
    t->pane_count++;
    return i;
}

bool tui_has_pane(const struct tui *t, const char *name)
{
    char file[64], path[HOME_PATH_SIZE];
    struct text text = text_init(file, sizeof file);
    struct error err;

    for (int i = 0; i < t->pane_count; i++)
        if (strcmp(t->panes[i].name, name) == 0)
            return true;
    text_add(&text, "lua-scripts/panes/%s.lua", name);
    return !text.overflow &&
           home_path(script_home(t->script), file, path, sizeof path, &err) == 0 &&
           access(path, R_OK) == 0;
}

struct pane *tui_focused(struct tui *t)
{
    return &t->panes[t->over >= 0 ? t->over : t->slots[t->focus].pane];
}

void tui_uncover(struct tui *t)
{
    t->over = -1;
}

void tui_focus(struct tui *t, int pane)
{
    tui_uncover(t);
    for (int i = 0; i < t->slot_count; i++) {
        if (t->slots[i].pane == pane) {
            t->focus = i;
            return;
        }
    }
    if (pane >= 0 && t->panes[pane].whole)
        t->over = pane;
    else if (pane >= 0)
        t->slots[t->focus].pane = pane;
}

static void add_slot(struct tui *t, const char *name, int row)
{
    int pane = tui_pane(t, name);

    if (pane >= 0 && t->slot_count < LAYOUT_PANES_MAX)
        t->slots[t->slot_count++] = (struct tui_slot){.row = row, .pane = pane};
}

/* The scenario's dashboard, or the usual one. */
static void make_slots(struct tui *t)
{
    static const struct {
        const char *name;
        int row;
    } usual[] = {{"code", 0}, {"state", 0}, {"traps", 1}, {"console", 2}, {"exits", 2}};
    const char *name;

    for (unsigned row = 0; script_pane(t->script, row, 0); row++)
        for (unsigned column = 0; (name = script_pane(t->script, row, column)); column++)
            add_slot(t, name, (int)row);
    for (size_t i = 0; i < COUNT_OF(usual) && !script_pane(t->script, 0, 0); i++)
        add_slot(t, usual[i].name, usual[i].row);
}

/* ---- beginning and end -------------------------------------------------------------------- */

static void on_output(void *user, const char *line, size_t size)
{
    struct tui *t = user;
    size_t room = sizeof t->printed - 1;

    if (size > room)
        size = room;
    if (t->printed_length + size > room) {
        size_t cut = t->printed_length + size - room;

        memmove(t->printed, t->printed + cut, t->printed_length - cut);
        t->printed_length -= cut;
    }
    memcpy(t->printed + t->printed_length, line, size);
    t->printed_length += size;
    t->printed[t->printed_length] = '\0';
}

/* Machines that the scenario has made since the last time. */
void tui_log_machines(struct tui *t)
{
    struct host *h;

    while ((h = world_host(script_world(t->script), t->log_count))) {
        struct error err = {0};

        if (traplog_new(&t->logs[t->log_count], h, &err) != 0) {
            tui_complain(t, "%s", err.text);
            return;
        }
        if (!timeline_on(h) && timeline_start(h, NULL, &err))
            tui_complain(t, "no way back: %s", err.text);
        t->log_count++;
    }
}

/* The scenario of one that has only a program. */
static const char no_scenario[] =
    "return {\n"
    "    title = 'A program on the machine',\n"
    "    text = 'The machine stands before the first instruction. s steps, t runs to the next '\n"
    "        .. 'trap, c runs on, w says why the machine stands; the capital letters go back in '\n"
    "        .. 'time.',\n"
    "    dashboard = { { 'code', 'state' }, { 'traps' }, { 'console' } },\n"
    "}\n";

static struct verbs_story begin_story(struct tui *t)
{
    struct verbs_story story = {0};

    if (!t->options->build)
        story = script_story(&t->story, t->script);
    story.input_hint = " (i: type)";
    return story;
}

int tui_init(struct tui *t, const struct tui_options *options, struct error *err)
{
    struct script_options script = {.path = options->path,
                                    .text = options->build ? no_scenario : NULL,
                                    .output = on_output,
                                    .user = t,
                                    .seed = options->seed};
    int code;

    *t = (struct tui){.options = options, .over = -1, .level = -1, .speed = TUI_SPEEDS - 1};
    t->grid.ascii = options->ascii;
    if ((code = script_open(&t->script, &script, err)) != 0 ||
        (code = script_start(t->script, err)) != 0)
        return code;
    if (options->build && (code = options->build(options->user, script_world(t->script), err)) != 0)
        return code;
    pane_library(t->script);
    ui_library(t);
    for (size_t i = 0; i < COUNT_OF(numbered); i++)
        t->panes[tui_pane(t, numbered[i])].number = (int)i + 1;
    tui_pane(t, "why");
    make_slots(t);
    tui_log_machines(t);
    struct verbs_story story = begin_story(t);
    verbs_init(&t->run, script_world(t->script), &story);
    tui_log_machines(t);
    return 0;
}

void tui_fini(struct tui *t)
{
    if (t->script) {
        verbs_fini(&t->run);
        for (unsigned i = 0; i < t->log_count; i++)
            traplog_free(t->logs[i]);
        for (int i = 0; i < t->pane_count; i++)
            pane_unload(&t->panes[i], t->script);
    }
    free(t->source);
    script_free(t->script);
    grid_fini(&t->grid);
}

/* ---- keys --------------------------------------------------------------------------------- */

/* A key as the bytes that a serial terminal sends for it. Whoever types wants an answer, so
 * the machine runs. */
static void type_key(struct tui *t, uint32_t key)
{
    struct line encoder = {.length = 0};
    char c = key == '\r' ? '\n' : (char)key;

    if (key < 0x80) {
        host_input(tui_host(t), &c, 1);
    } else if (line_key(&encoder, key) == LINE_GOES_ON && encoder.length > 0) {
        host_input(tui_host(t), encoder.text, encoder.length);
    }
    if (!verbs_running(&t->run))
        verbs_begin(&t->run, VERB_GO, 0);
}

static void command_key(struct tui *t, uint32_t key)
{
    if (key == '\t') {
        command_complete(t);
        return;
    }
    switch (line_key(&t->line, key)) {
    case LINE_DONE:
        t->mode = MODE_KEYS;
        command_line(t, t->line.text);
        break;
    case LINE_CANCELLED:
        t->mode = MODE_KEYS;
        break;
    case LINE_GOES_ON:
        break;
    }
}

static void plain_key(struct tui *t, uint32_t key)
{
    char buffer[16];
    const char *name = keys_name(key, buffer);
    const struct key_info *info = keys_find(name);
    struct pane_view view = tui_view(t);
    struct error err = {0};

    if (info)
        command_line(t, info->command);
    else if (key == 27)
        tui_uncover(t);
    else if (!pane_key(tui_focused(t), &view, name, &err) && name[0])
        tui_say(t, "%s does nothing here; ? lists the keys", name);
    else if (err.code)
        tui_complain(t, "%s", err.text);
}

void tui_key(struct tui *t, uint32_t key)
{
    t->message[0] = '\0';
    if (t->mode == MODE_COMMAND)
        command_key(t, key);
    else if (t->mode == MODE_TYPE && key == 27)
        t->mode = MODE_KEYS;
    else if (t->mode == MODE_TYPE)
        type_key(t, key);
    else
        plain_key(t, key);
}
