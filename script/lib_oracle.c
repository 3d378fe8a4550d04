/*
 * The escape oracle from Lua: vm:oracle() watches a VM, and what it returns says what came of it
 * (world/oracle.h).
 */
#include "script/internal.h"
#include "world/oracle.h"
#include "world/view.h"

static struct host *oracle_arg(lua_State *L)
{
    struct host **h = luaL_checkudata(L, 1, CLASS_ORACLE);

    return *h;
}

static void push(lua_State *L, struct host *watched)
{
    struct host **h = lua_newuserdatauv(L, sizeof(struct host *), 0);

    *h = watched;
    luaL_setmetatable(L, CLASS_ORACLE);
}

/* m.oracle */
static int get_oracle(lua_State *L)
{
    struct host *h = machine_arg(L, 1);

    if (oracle_report(h))
        push(L, h);
    else
        lua_pushnil(L);
    return 1;
}

/* vm:oracle() and vm:oracle("events") */
static int start(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);
    static const char *const ways[] = {"instructions", "events", NULL};
    int by = luaL_checkoption(L, 2, ways[0], ways);
    struct error err;

    if (oracle_start(p->host, p->context, (enum oracle_by)by, &err))
        return raise_error(L, &err);
    push(L, p->host);
    return 1;
}

static int stop(lua_State *L)
{
    oracle_stop(oracle_arg(L));
    return 0;
}

static int get_steps(lua_State *L)
{
    const struct oracle_report *r = oracle_report(oracle_arg(L));

    lua_pushinteger(L, r ? (lua_Integer)r->steps : 0);
    return 1;
}

static int get_watching(lua_State *L)
{
    const struct oracle_report *r = oracle_report(oracle_arg(L));

    lua_pushboolean(L, r && !r->escaped);
    return 1;
}

static int get_escape(lua_State *L)
{
    struct host *h = oracle_arg(L);
    const struct oracle_report *r = oracle_report(h);
    char text[256] = "";

    if (!r || !r->escaped) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 6);
    lua_pushinteger(L, (lua_Integer)r->icount);
    lua_setfield(L, -2, "icount");
    lua_pushinteger(L, r->pc);
    lua_setfield(L, -2, "pc");
    lua_pushinteger(L, r->guest);
    lua_setfield(L, -2, "guest");
    lua_pushinteger(L, r->reference);
    lua_setfield(L, -2, "bare");
    lua_pushstring(L, view_register_name(r->reg));
    lua_setfield(L, -2, "register");
    lua_pushstring(L, oracle_text(h, text, sizeof text));
    lua_setfield(L, -2, "text");
    return 1;
}

/* o:memory() */
static int memory(lua_State *L)
{
    struct host *h = oracle_arg(L);
    gpa where;

    if (!oracle_report(h))
        return luaL_error(L, "this oracle watches no more");
    if (oracle_memory(h, &where))
        lua_pushnil(L);
    else
        lua_pushinteger(L, where);
    return 1;
}

static const struct member members[] = {
    {.name = "steps", .get = get_steps},   {.name = "watching", .get = get_watching},
    {.name = "escape", .get = get_escape}, {.name = "memory", .method = memory},
    {.name = "del", .method = stop},       {0},
};

static const struct member context_more[] = {{.name = "oracle", .method = start}, {0}};
static const struct member machine_more[] = {{.name = "oracle", .get = get_oracle}, {0}};

void lib_oracle(lua_State *L)
{
    object_class(L, CLASS_ORACLE, members);
    object_members(L, CLASS_CONTEXT, context_more);
    object_members(L, CLASS_MACHINE, machine_more);
}
