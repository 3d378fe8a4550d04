/*
 * The Lua library `ui`: what panes need beside drawing. Text helpers, the log of traps and
 * its sums, breakpoints, the scenario's text and checks, keys and commands for the help page.
 * lua-scripts/panes/README.md lists it.
 */
#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "isa/csr.h"
#include "isa/disasm.h"
#include "isa/insn.h"
#include "trace/counters.h"
#include "tui/dashboard.h"
#include "tui/paint.h"
#include "world/explain.h"
#include "world/place.h"
#include "world/source_text.h"
#include "world/view.h"

enum { CONSOLE_SHOWN = 65536, COSTS_MAX = 256 };

static struct tui *dashboard(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static void set_string(lua_State *L, const char *key, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void set_integer(lua_State *L, const char *key, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, key);
}

/* ---- text --------------------------------------------------------------------------------- */

/* Bytes of `s` that fit so many columns. */
static size_t fitting(const char *s, size_t size, int columns)
{
    size_t n = 0;

    while (n < size) {
        size_t next = n + 1;

        while (next < size && ((unsigned char)s[next] & 0xc0) == 0x80)
            next++;
        if (text_columns(s, next) > columns)
            break;
        n = next;
    }
    return n;
}

/* The text cut or filled to exactly `width` columns; the blanks before or behind it. */
static int aligned(lua_State *L, bool right)
{
    int width = (int)luaL_checkinteger(L, 2);
    size_t size, n;
    const char *s = luaL_tolstring(L, 1, &size);
    luaL_Buffer b;

    luaL_argcheck(L, width >= 0 && width <= 1000, 2, "a width from 0 to 1000");
    n = fitting(s, size, width);
    luaL_buffinit(L, &b);
    if (!right)
        luaL_addlstring(&b, s, n);
    for (int i = text_columns(s, n); i < width; i++)
        luaL_addchar(&b, ' ');
    if (right)
        luaL_addlstring(&b, s, n);
    luaL_pushresult(&b);
    return 1;
}

static int ui_left(lua_State *L)
{
    return aligned(L, false);
}

static int ui_right(lua_State *L)
{
    return aligned(L, true);
}

static int ui_width(lua_State *L)
{
    size_t size;
    const char *s = luaL_checklstring(L, 1, &size);

    lua_pushinteger(L, text_columns(s, size));
    return 1;
}

/* ui.bar(fraction, width): a bar of full blocks, the rest blank. */
static int ui_bar(lua_State *L)
{
    double fraction = luaL_checknumber(L, 1);
    int width = (int)luaL_checkinteger(L, 2), full;
    luaL_Buffer b;

    luaL_argcheck(L, width >= 0 && width <= 1000, 2, "a width from 0 to 1000");
    fraction = fraction > 0 ? fraction < 1 ? fraction : 1 : 0;
    full = (int)(fraction * width + 0.5);
    luaL_buffinit(L, &b);
    for (int i = 0; i < width; i++)
        luaL_addstring(&b, i >= full ? " " : dashboard(L)->grid.ascii ? "#" : "\xe2\x96\x88");
    luaL_pushresult(&b);
    return 1;
}

/* ui.wrap(text, width): list of lines. */
static int ui_wrap(lua_State *L)
{
    const char *s = luaL_checkstring(L, 1);
    int width = (int)luaL_checkinteger(L, 2);
    lua_Integer n = 0;

    lua_newtable(L);
    while (*s) {
        size_t bytes = text_wrap(s, width > 0 ? width : 1);

        lua_pushlstring(L, s, bytes);
        lua_seti(L, -2, ++n);
        s += bytes;
        s += *s == '\n' ? 1 : strspn(s, " ");
    }
    return 1;
}

/* ui.place(text): the address and the space ("gva") of a place as people write it, in the eyes
 * of the context that is looked at; nil and what is wrong otherwise. */
static int ui_place(lua_State *L)
{
    struct pane_view view = tui_view(dashboard(L));
    const char *text = luaL_checkstring(L, 1);
    struct error err = {.text = "there is no machine"};
    struct place place;

    if (!view.host || place_parse(&place, view.host, view.context, text, &err)) {
        lua_pushnil(L);
        lua_pushstring(L, err.text);
        return 2;
    }
    lua_pushinteger(L, place.address);
    lua_pushstring(L, space_name(place.space.kind));
    return 2;
}

/* The file's text, read once as long as nobody asks for another. */
static const char *source_text(struct tui *t, const char *file)
{
    struct text name = text_init(t->source_file, sizeof t->source_file);

    if (strcmp(t->source_file, file) != 0) {
        free(t->source);
        t->source = source_text_read(file);
        text_add(&name, "%s", file);
    }
    return t->source;
}

/* ui.source(addr): file, line and text of the source line that the code there comes from, in the
 * eyes of the context that is looked at; nil when none is known, no text when the file is not
 * there. */
static int ui_source(lua_State *L)
{
    struct tui *t = dashboard(L);
    struct pane_view view = tui_view(t);
    word address = (word)luaL_checkinteger(L, 1);
    const struct line_row *row = view.host ? view_line(view.host, view.context, address) : NULL;
    const char *text, *line;
    size_t size;

    if (!row || !row->line)
        return 0;
    lua_pushstring(L, row->file);
    lua_pushinteger(L, row->line);
    text = source_text(t, row->file);
    line = text ? source_text_line(text, row->line, &size) : NULL;
    if (line)
        lua_pushlstring(L, line, size);
    else
        lua_pushnil(L);
    return 3;
}

/* ---- traps -------------------------------------------------------------------------------- */

static int ui_trap_count(lua_State *L)
{
    struct tui *t = dashboard(L);

    lua_pushinteger(L, tui_log(t) ? (lua_Integer)traplog_count(tui_log(t), &t->filter) : 0);
    return 1;
}

static const char *cause_text(const struct event *e, char *buffer, size_t size)
{
    const struct cause_info *info = cause_info(e->cause);
    struct text out = text_init(buffer, size);

    if (e->kind != EVENT_trap && e->kind != EVENT_exit)
        text_add(&out, "%s", event_info(e->kind)->name);
    else if (info)
        text_add(&out, "%s", info->name);
    else
        text_add(&out, "%u", (unsigned)(e->cause & ~CAUSE_INTERRUPT));
    return buffer;
}

static void set_answer(lua_State *L, struct host *h, const struct trap_node *n)
{
    struct space space = {SPACE_GPA, n->whose};
    char name[32] = "";

    if (n->routine)
        for (size_t i = 0; i + 1 < sizeof name; i++)
            if (!view_read(h, space, n->routine + (word)i, &name[i], 1) || !name[i]) {
                name[i] = '\0';
                break;
            }
    if (name[0])
        set_string(L, "answer", name);
}

static void push_trap(lua_State *L, struct host *h, const struct trap_node *n)
{
    const struct disasm how = {0};
    char buffer[96];
    struct text text = text_init(buffer, sizeof buffer);

    lua_createtable(L, 0, 18);
    set_integer(L, "icount", n->e.icount);
    set_integer(L, "pc", n->e.pc);
    set_integer(L, "tval", n->e.tval);
    set_integer(L, "level", n->level);
    set_integer(L, "depth", n->depth);
    set_integer(L, "from", n->e.ring_from);
    set_integer(L, "to", n->e.ring_to);
    set_integer(L, "context", n->e.context);
    set_string(L, "kind", event_info(n->e.kind)->name);
    if (n->e.insn)
        disasm_insn(&text, n->e.insn, n->e.pc, &how);
    set_string(L, "text", buffer);
    set_string(L, "cause", cause_text(&n->e, buffer, sizeof buffer));
    set_string(L, "vm", view_context_name(h, n->e.context, buffer, sizeof buffer));
    set_string(L, "sym", view_symbol_text(h, n->e.context, n->e.pc, false, buffer, sizeof buffer));
    if (!n->open && (n->e.kind == EVENT_trap || n->e.kind == EVENT_exit))
        set_integer(L, "cost", n->cost);
    lua_pushboolean(L, n->reflected);
    lua_setfield(L, -2, "reflected");
    set_answer(L, h, n);
}

/* ui.trap(i): the i-th of ui.trap_count() that pass the filter, nil past the end. */
static int ui_trap(lua_State *L)
{
    struct tui *t = dashboard(L);
    lua_Integer i = luaL_checkinteger(L, 1);
    const struct trap_node *n =
        tui_log(t) && i > 0 && i <= TRAPLOG_KEEP ? traplog_at(tui_log(t), (unsigned)i - 1) : NULL;

    if (!n)
        return 0;
    push_trap(L, tui_host(t), n);
    return 1;
}

/* What a row is about: the cause, or the cause and the instruction. */
static void push_cost(lua_State *L, const struct host *h, const struct counter *row)
{
    char name[64];
    struct text label = text_init(name, sizeof name);

    lua_createtable(L, 0, 6);
    set_string(L, "vm", view_context_name(h, row->context, name, sizeof name));
    label = text_init(name, sizeof name);
    counter_label(row, &label);
    set_string(L, "cause", name);
    set_integer(L, "context", row->context);
    set_integer(L, "count", row->count);
    set_integer(L, "cycles", row->cycles);
    set_integer(L, "max", row->max);
    if (row->costed)
        set_integer(L, "average", row->cycles / row->costed);
}

/*
 * ui.costs(detail): list of vm context cause count cycles max average, most frequent first; with
 * `detail` apart by instruction. Exits from VMs where there are any, else the machine's own traps.
 * The second result says which: "exit" or "trap".
 */
static int ui_costs(lua_State *L)
{
    struct host *h = tui_host(dashboard(L));
    bool exits = h && counters_total(host_counters(h), EVENT_exit) > 0;
    struct counter_query query = {.kinds = EVENT_BIT(exits ? EVENT_exit : EVENT_trap),
                                  .by_context = true,
                                  .by_detail = lua_toboolean(L, 1)};
    struct counter *rows = lua_newuserdatauv(L, COSTS_MAX * sizeof *rows, 0);
    unsigned count = h ? counters_list(host_counters(h), &query, rows, COSTS_MAX) : 0;

    lua_newtable(L);
    for (unsigned i = 0; i < count && i < COSTS_MAX; i++) {
        push_cost(L, h, &rows[i]);
        lua_seti(L, -2, i + 1);
    }
    lua_pushstring(L, exits ? "exit" : "trap");
    return 2;
}

/* ui.filter(): the standing filter as it was typed. */
static int ui_filter(lua_State *L)
{
    lua_pushstring(L, dashboard(L)->filter_text);
    return 1;
}

/* ---- the dashboard ------------------------------------------------------------------------ */

/* ui.why(): why the machine stands, explained; nil when there is nothing to explain. And the
 * reason in a few words. */
static int ui_why(lua_State *L)
{
    const struct tui *t = dashboard(L);
    char text[EXPLAIN_SIZE];

    tui_why(t, false, text, sizeof text);
    if (*text)
        lua_pushstring(L, text);
    else
        lua_pushnil(L);
    lua_pushstring(L, verbs_running(&t->run) ? "it runs" : t->run.reason);
    return 2;
}

/* ui.breakpoint(addr): the context that is looked at would stop there. */
static int ui_breakpoint(lua_State *L)
{
    const struct tui *t = dashboard(L);
    struct pane_view view = tui_view(t);
    word address = (word)luaL_checkinteger(L, 1);

    lua_pushboolean(L, view.host && breaks_at(t->run.breaks, view.host, view.context, address));
    return 1;
}

/* ui.message(text, bad): a line for the user; bad: something is wrong. */
static int ui_message(lua_State *L)
{
    const char *text = luaL_checkstring(L, 1);

    if (lua_toboolean(L, 2))
        tui_complain(dashboard(L), "%s", text);
    else
        tui_say(dashboard(L), "%s", text);
    return 0;
}

/* ui.command(line): as typed behind the colon. */
static int ui_command(lua_State *L)
{
    command_line(dashboard(L), luaL_checkstring(L, 1));
    return 0;
}

/* ui.console(): the last 64 KiB that the machine has printed, and how many bytes ever. */
static int ui_console(lua_State *L)
{
    const struct host *h = tui_host(dashboard(L));
    size_t size = 0;
    const char *s = h ? host_console(h, &size) : "";
    size_t skip = size > CONSOLE_SHOWN ? size - CONSOLE_SHOWN : 0;

    lua_pushlstring(L, s + skip, size - skip);
    lua_pushinteger(L, h ? (lua_Integer)host_console_total(h) : 0);
    return 2;
}

static int ui_typing(lua_State *L)
{
    lua_pushboolean(L, dashboard(L)->mode == MODE_TYPE);
    return 1;
}

/* ui.keys(): list of name meaning; without a name it is the title of a group. */
static int ui_keys(lua_State *L)
{
    lua_createtable(L, (int)key_count, 0);
    for (unsigned i = 0; i < key_count; i++) {
        lua_createtable(L, 0, 2);
        set_string(L, "name", key_table[i].name);
        set_string(L, "meaning", key_table[i].meaning);
        lua_seti(L, -2, i + 1);
    }
    return 1;
}

/* ui.commands(): list of name arguments meaning. */
static int ui_commands(lua_State *L)
{
    const struct command_info *info;

    lua_newtable(L);
    for (unsigned i = 0; (info = command_info(i)); i++) {
        lua_createtable(L, 0, 3);
        set_string(L, "name", info->name);
        set_string(L, "arguments", info->arguments);
        set_string(L, "meaning", info->meaning);
        lua_seti(L, -2, i + 1);
    }
    return 1;
}

/* ui.panes(): list of name title table, where table is what the pane's file returned. */
static int ui_panes(lua_State *L)
{
    const struct tui *t = dashboard(L);

    lua_newtable(L);
    for (int i = 0; i < t->pane_count; i++) {
        lua_createtable(L, 0, 3);
        set_string(L, "name", t->panes[i].name);
        set_string(L, "title", t->panes[i].title);
        pane_push(&t->panes[i], L);
        lua_setfield(L, -2, "table");
        lua_seti(L, -2, i + 1);
    }
    return 1;
}

/* ui.scenario(): name title text printed state, and checks: list of sentence passed detail. */
static int ui_scenario(lua_State *L)
{
    static const char *const states[] = {[SCRIPT_OPEN] = "open",
                                         [SCRIPT_WAITING] = "running",
                                         [SCRIPT_DONE] = "done",
                                         [SCRIPT_FAILED] = "failed"};
    const struct tui *t = dashboard(L);

    lua_newtable(L);
    set_string(L, "name", script_name(t->script));
    set_string(L, "title", script_title(t->script));
    set_string(L, "text", script_text(t->script));
    set_string(L, "printed", t->printed);
    set_string(L, "state", states[script_state(t->script)]);
    lua_newtable(L);
    for (unsigned i = 0; i < script_check_count(t->script); i++) {
        const struct script_check *c = script_check(t->script, i);

        lua_createtable(L, 0, 3);
        set_string(L, "sentence", c->sentence);
        set_string(L, "detail", c->detail);
        lua_pushboolean(L, c->passed);
        lua_setfield(L, -2, "passed");
        lua_seti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "checks");
    return 1;
}

static const luaL_Reg functions[] = {
    {"left", ui_left},
    {"right", ui_right},
    {"width", ui_width},
    {"bar", ui_bar},
    {"wrap", ui_wrap},
    {"place", ui_place},
    {"source", ui_source},
    {"trap_count", ui_trap_count},
    {"trap", ui_trap},
    {"costs", ui_costs},
    {"filter", ui_filter},
    {"why", ui_why},
    {"breakpoint", ui_breakpoint},
    {"message", ui_message},
    {"command", ui_command},
    {"console", ui_console},
    {"typing", ui_typing},
    {"keys", ui_keys},
    {"commands", ui_commands},
    {"panes", ui_panes},
    {"scenario", ui_scenario},
    {NULL, NULL},
};

void ui_library(struct tui *t)
{
    lua_State *L = script_lua(t->script);

    luaL_newlibtable(L, functions);
    lua_pushlightuserdata(L, t);
    luaL_setfuncs(L, functions, 1);
    script_set_global(t->script, "ui");
}
