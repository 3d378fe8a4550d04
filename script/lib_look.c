/*
 * Looking inside a machine from Lua: contexts, disassembly, symbols, what was recorded and
 * counted.
 */
#include "isa/csr.h"
#include "isa/disasm.h"
#include "isa/vmcb.h"
#include "script/internal.h"
#include "trace/counters.h"
#include "trace/recorder.h"
#include "world/view.h"

#include <string.h>

#define LINES_MAX  10000
#define EVENTS_MAX 100000

/* ---- contexts ---- */

static int get_contexts(lua_State *L)
{
    struct host *h = machine_arg(L, 1);

    lua_newtable(L);
    for (uint16_t id = 0; view_context(h, id); id++) {
        context_push(L, h, id);
        lua_rawseti(L, -2, id + 1);
    }
    return 1;
}

static int get_vms(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    const struct context *c;
    lua_Integer n = 0;

    lua_newtable(L);
    for (uint16_t id = 1; (c = view_context(h, id)); id++) {
        if (!c->alive)
            continue;
        context_push(L, h, id);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

static int get_current(lua_State *L)
{
    struct host *h = machine_arg(L, 1);

    context_push(L, h, view_current(h));
    return 1;
}

/* The youngest of that name: one that has ended may have had it before. */
static int vm(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    const char *wanted = luaL_checkstring(L, 2);
    char name[64];
    uint16_t found = 0;

    for (uint16_t id = 1; view_context(h, id); id++)
        if (strcmp(view_context_name(h, id, name, sizeof name), wanted) == 0)
            found = id;
    if (found)
        context_push(L, h, found);
    else
        lua_pushnil(L);
    return 1;
}

/* ---- code ---- */

struct names {
    struct host *host;
    uint16_t context;
    char text[128];
};

static const char *symbol_name(const void *context, word address, word *offset)
{
    const struct names *n = context;
    struct symbol_at at;

    if (!view_symbol(n->host, n->context, address, &at))
        return NULL;
    *offset = at.offset;
    return at.symbol->name;
}

static const char *class_name(enum insn_class class)
{
    static const char *const names[] = {
        [CLASS_USER] = "user",
        [CLASS_PRIVILEGED] = "privileged",
        [CLASS_SENSITIVE] = "sensitive",
        [CLASS_CSR] = "csr",
        [CLASS_PORT] = "port",
        [CLASS_HCALL] = "hcall",
        [CLASS_VT] = "vt",
        [CLASS_HINT] = "hint",
    };
    return names[class];
}

static void set_text(lua_State *L, const char *name, struct text *t)
{
    lua_pushstring(L, t->data);
    lua_setfield(L, -2, name);
    t->length = 0;
    t->data[0] = '\0';
}

/* A line of a listing; bits, text and so on are missing where nothing is mapped. */
static void push_line(lua_State *L, const struct names *names, word address)
{
    const struct disasm how = {.symbol = symbol_name, .context = names};
    char buffer[256];
    struct text t = text_init(buffer, sizeof buffer);
    word bits;

    lua_createtable(L, 0, 6);
    lua_pushinteger(L, address);
    lua_setfield(L, -2, "addr");
    if (!view_fetch(names->host, names->context, address, &bits))
        return;
    lua_pushinteger(L, bits);
    lua_setfield(L, -2, "bits");
    disasm_insn(&t, bits, address, &how);
    set_text(L, "text", &t);
    disasm_meaning(&t, bits, address, &how);
    set_text(L, "meaning", &t);
    lua_pushstring(L, class_name(insn_info(insn_decode(bits).id)->class));
    lua_setfield(L, -2, "class");
    view_symbol_text(names->host, names->context, address, false, buffer, sizeof buffer);
    if (buffer[0]) {
        lua_pushstring(L, buffer);
        lua_setfield(L, -2, "symbol");
    }
}

static int disasm(lua_State *L)
{
    struct names names = {.host = machine_arg(L, 1)};
    word address = options_word(L, 2);
    lua_Integer n = luaL_optinteger(L, 3, 1);

    luaL_argcheck(L, n >= 0 && n <= LINES_MAX, 3, "between 0 and 10000 lines");
    names.context = context_opt(L, 4, names.host);
    lua_createtable(L, (int)n, 0);
    for (lua_Integer i = 0; i < n; i++) {
        push_line(L, &names, (address & ~3u) + (word)i * 4);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int symbol(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    char buffer[256];

    view_symbol_text(h, context_opt(L, 3, h), options_word(L, 2), false, buffer, sizeof buffer);
    if (buffer[0])
        lua_pushstring(L, buffer);
    else
        lua_pushnil(L);
    return 1;
}

static int address(lua_State *L)
{
    word value;

    if (view_symbol_find(machine_arg(L, 1), luaL_checkstring(L, 2), &value))
        lua_pushinteger(L, value);
    else
        lua_pushnil(L);
    return 1;
}

/* ---- what happened ---- */

/* Pushes the events that pass, newest first; the filter may call Lua, hence protected outside. */
static int collect(lua_State *L, struct host *h, const struct lua_filter *f, lua_Integer n)
{
    struct recorder *r = host_recorder(h);
    const struct contexts *contexts = machine_contexts(host_machine(h));
    uint64_t number = recorder_total(r);
    lua_Integer found = 0;

    while (found < n && number > recorder_first(r)) {
        number = recorder_search(r, &f->filter, contexts, number - 1, true);
        if (number == RECORDER_NONE)
            break;
        event_push(L, h, recorder_at(r, number));
        lua_rawseti(L, -2, ++found);
    }
    return (int)found;
}

static int events(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    lua_Integer n = luaL_optinteger(L, 2, 1);

    luaL_argcheck(L, n >= 0 && n <= EVENTS_MAX, 2, "between 0 and 100000 events");
    lua_settop(L, 3);
    struct lua_filter *f = lua_newuserdatauv(L, sizeof *f, 0);
    filter_arg(L, 3, "events", h, f);
    f->searching = true;
    lua_newtable(L);
    lua_Integer found = collect(L, h, f, n);
    filter_release(L, f);
    if (f->failed)
        return raise_failure(L);
    for (lua_Integer a = 1, b = found; a < b; a++, b--) {
        lua_rawgeti(L, -1, a);
        lua_rawgeti(L, -2, b);
        lua_rawseti(L, -3, a);
        lua_rawseti(L, -2, b);
    }
    return 1;
}

/* The rows that `query` asks for, on the Lua stack below the result. */
static struct counter *list_counters(lua_State *L, struct host *h, const struct counter_query *q,
                                     unsigned *n)
{
    struct counter *rows = lua_newuserdatauv(L, COUNTERS_ROWS * sizeof *rows, 0);

    *n = counters_list(host_counters(h), q, rows, COUNTERS_ROWS);
    if (*n > COUNTERS_ROWS)
        *n = COUNTERS_ROWS;
    return rows;
}

/* A counter's row as an event like those it has counted, so that the same filters fit. */
static struct event row_event(const struct counter *row)
{
    struct event e = {
        .kind = row->kind,
        .context = row->context,
        .cause = row->cause,
        .tval = row->detail,
        .a = row->detail,
    };

    if (row->kind == EVENT_trap || row->kind == EVENT_exit || row->kind == EVENT_hole) {
        enum insn_id id = (enum insn_id)(row->detail & 0xffff);
        if (id < INSN_COUNT)
            e.insn = insn_info(id)->match | (row->detail >> 16) << 20;
    }
    return e;
}

static int count(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct counter_query query = {.by_context = true, .by_detail = true};
    const char *kind = luaL_checkstring(L, 2);
    struct lua_filter f;
    struct error err;
    uint64_t sum = 0;
    unsigned n;

    filter_arg(L, 3, "count", h, &f);
    filter_release(L, &f);
    if (filter_set(&f.filter, "kinds", kind, NULL, &err))
        return luaL_error(L, "count: %s", err.text);
    query.kinds = f.filter.kinds;
    const struct counter *rows = list_counters(L, h, &query, &n);
    for (unsigned i = 0; i < n; i++) {
        struct event e = row_event(&rows[i]);
        if (filter_match(&f.filter, machine_contexts(host_machine(h)), &e))
            sum += rows[i].count;
    }
    lua_pushinteger(L, (lua_Integer)sum);
    return 1;
}

static void push_counter(lua_State *L, struct host *h, const struct counter *row)
{
    const struct event_info *kind = event_info((enum event_kind)row->kind);
    const struct cause_info *cause = cause_info(row->cause);
    char buffer[128];
    struct text t = text_init(buffer, sizeof buffer);

    lua_createtable(L, 0, 8);
    lua_pushstring(L, kind->name);
    lua_setfield(L, -2, "kind");
    if (kind->cause[0] && cause) {
        lua_pushstring(L, cause->name);
        lua_setfield(L, -2, "cause");
    }
    lua_pushboolean(L,
                    kind->cause[0] && (row->cause & CAUSE_EXIT) && !(row->cause & CAUSE_INTERRUPT));
    lua_setfield(L, -2, "hardware");
    counter_label(row, &t);
    set_text(L, "label", &t);
    context_push(L, h, row->context);
    lua_setfield(L, -2, "context");
    lua_pushinteger(L, (lua_Integer)row->count);
    lua_setfield(L, -2, "count");
    lua_pushinteger(L, (lua_Integer)row->cycles);
    lua_setfield(L, -2, "cycles");
    lua_pushinteger(L, (lua_Integer)row->max);
    lua_setfield(L, -2, "max");
    if (row->costed) {
        lua_pushinteger(L, (lua_Integer)(row->cycles / row->costed));
        lua_setfield(L, -2, "average");
    }
}

static int get_counters(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    const struct counter_query query = {.kinds = EVENT_ALL, .by_context = true, .by_detail = true};
    unsigned n;

    const struct counter *rows = list_counters(L, h, &query, &n);
    lua_createtable(L, (int)n, 0);
    for (unsigned i = 0; i < n; i++) {
        push_counter(L, h, &rows[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

const struct member machine_look_members[] = {
    {.name = "contexts", .get = get_contexts},
    {.name = "vms", .get = get_vms},
    {.name = "current", .get = get_current},
    {.name = "vm", .method = vm},
    {.name = "disasm", .method = disasm},
    {.name = "symbol", .method = symbol},
    {.name = "address", .method = address},
    {.name = "events", .method = events},
    {.name = "count", .method = count},
    {.name = "counters", .get = get_counters},
    {0},
};
