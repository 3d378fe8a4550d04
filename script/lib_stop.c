/*
 * Stops: where a machine stood after a verb (lib_verbs.c), and why. All of it is looked up at once,
 * since the machine goes on.
 */
#include "script/internal.h"
#include "world/view.h"

struct stop_object {
    struct host *host;
    struct stop why;
    uint64_t icount;
    uint16_t context;
    word pc;
    char symbol[128]; /* "": unknown */
    char file[256];   /* "": unknown */
    uint32_t line;
};

void stop_push(lua_State *L, struct host *h, const struct stop *why)
{
    struct stop_object *o = lua_newuserdatauv(L, sizeof *o, 0);
    struct text file = text_init(o->file, sizeof o->file);

    *o = (struct stop_object){.host = h, .why = *why, .icount = machine_icount(host_machine(h))};
    o->context = view_current(h);
    o->pc = machine_regs(host_machine(h))->pc;
    view_symbol_text(h, o->context, o->pc, false, o->symbol, sizeof o->symbol);
    const struct line_row *row = view_line(h, o->context, o->pc);
    if (row && row->line) {
        text_add(&file, "%s", row->file);
        o->line = row->line;
    }
    luaL_setmetatable(L, CLASS_STOP);
}

static const struct stop_object *stop_arg(lua_State *L)
{
    return luaL_checkudata(L, 1, CLASS_STOP);
}

static void push_text(lua_State *L, const char *text)
{
    if (*text)
        lua_pushstring(L, text);
    else
        lua_pushnil(L);
}

static int get_reason(lua_State *L)
{
    lua_pushstring(L, stop_arg(L)->why.reason);
    return 1;
}

static int get_text(lua_State *L)
{
    lua_pushstring(L, stop_arg(L)->why.text);
    return 1;
}

static int get_breakpoint(lua_State *L)
{
    if (stop_arg(L)->why.number)
        break_push(L, stop_arg(L)->why.number);
    else
        lua_pushnil(L);
    return 1;
}

static int get_event(lua_State *L)
{
    if (stop_arg(L)->why.has_event)
        event_push(L, stop_arg(L)->host, &stop_arg(L)->why.event);
    else
        lua_pushnil(L);
    return 1;
}

static int get_icount(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)stop_arg(L)->icount);
    return 1;
}

static int get_vm(lua_State *L)
{
    context_push(L, stop_arg(L)->host, stop_arg(L)->context);
    return 1;
}

static int get_pc(lua_State *L)
{
    lua_pushinteger(L, stop_arg(L)->pc);
    return 1;
}

static int get_sym(lua_State *L)
{
    push_text(L, stop_arg(L)->symbol);
    return 1;
}

static int get_file(lua_State *L)
{
    push_text(L, stop_arg(L)->file);
    return 1;
}

static int get_line(lua_State *L)
{
    if (stop_arg(L)->line)
        lua_pushinteger(L, stop_arg(L)->line);
    else
        lua_pushnil(L);
    return 1;
}

static const struct member members[] = {
    {.name = "reason", .get = get_reason},
    {.name = "text", .get = get_text},
    {.name = "breakpoint", .get = get_breakpoint},
    {.name = "event", .get = get_event},
    {.name = "icount", .get = get_icount},
    {.name = "vm", .get = get_vm},
    {.name = "pc", .get = get_pc},
    {.name = "sym", .get = get_sym},
    {.name = "file", .get = get_file},
    {.name = "line", .get = get_line},
    {0},
};

static int stop_text(lua_State *L)
{
    return get_text(L);
}

void lib_stop(lua_State *L)
{
    object_class(L, CLASS_STOP, members);
    object_meta(L, CLASS_STOP, "__tostring", stop_text);
}
