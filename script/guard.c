/*
 * The standard library as scripts get it. Taken away: what reaches outside (load, dofile, ...).
 * Replaced: what differs from run to run (pairs' order, addresses in tostring, math.random)
 * and what may loop in C, where instructions are not counted.
 */
#include "script/internal.h"

#include <stdlib.h>
#include <string.h>

#define LOOP_MAX (1 << 24) /* rounds of a loop in C; more is a mistake, not work */

/* ---- bounded loops ---- */

static lua_Integer length_of(lua_State *L, int index)
{
    lua_Integer n = luaL_len(L, index);

    if (n > LOOP_MAX)
        luaL_error(L, "a table of %I elements is too long", (LUAI_UACINT)n);
    return n;
}

/* Calls the original, which is the first upvalue, with the same arguments. */
static int original(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int table_checked(lua_State *L)
{
    if (lua_istable(L, 1))
        length_of(L, 1);
    return original(L);
}

static int table_move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);

    if (last > first && (lua_Unsigned)last - (lua_Unsigned)first >= LOOP_MAX)
        return luaL_error(L, "table.move of more than %d elements", LOOP_MAX);
    return original(L);
}

static int string_rep(lua_State *L)
{
    size_t length, separator = 0;
    lua_Integer n = luaL_checkinteger(L, 2);

    luaL_checklstring(L, 1, &length);
    luaL_optlstring(L, 3, "", &separator);
    if (n > LOOP_MAX)
        return luaL_error(L, "string.rep of more than %d pieces", LOOP_MAX);
    return original(L);
}

/* A finalizer would run where instructions are not counted. */
static int set_metatable(lua_State *L)
{
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "setmetatable: __gc is not available to scripts");
        lua_pop(L, 1);
    }
    return original(L);
}

/* ---- the same in every run ---- */

/* Numbers by value, then text, then the rest as it comes. */
static int rank(lua_State *L, int index)
{
    int type = lua_type(L, index);

    return type == LUA_TNUMBER ? 0 : type == LUA_TSTRING ? 1 : 2;
}

static int key_before(lua_State *L)
{
    int a = rank(L, 1), b = rank(L, 2);

    lua_pushboolean(L, a != b ? a < b : a < 2 && lua_compare(L, 1, 2, LUA_OPLT));
    return 1;
}

/* Upvalues: keys in order, position in it. */
static int next_in_order(lua_State *L)
{
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));

    lua_settop(L, 1);
    for (;;) {
        if (lua_rawgeti(L, lua_upvalueindex(1), ++i) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL)
            break;
        lua_settop(L, 1); /* removed in the meantime */
    }
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(2));
    return 2;
}

/* Upvalue 1: table.sort. A table that is a sequence is left in its order. */
static void sort_keys(lua_State *L, int table)
{
    lua_Integer n = 0;
    bool sorted = true;

    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        n++;
        sorted = sorted && lua_isinteger(L, -1) && lua_tointeger(L, -1) == n;
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, n);
    }
    if (sorted)
        return;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, -2);
    lua_pushcfunction(L, key_before);
    lua_call(L, 2, 0);
}

static int ordered_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    sort_keys(L, 1);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_in_order, 2);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static int to_string(lua_State *L)
{
    int type;

    luaL_checkany(L, 1);
    type = lua_type(L, 1);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION && type != LUA_TUSERDATA &&
        type != LUA_TTHREAD && type != LUA_TLIGHTUSERDATA) {
        luaL_tolstring(L, 1, NULL);
        return 1;
    }
    if (luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL) {
        lua_pop(L, 1);
        luaL_tolstring(L, 1, NULL);
    } else if (luaL_getmetafield(L, 1, "__name") != LUA_TSTRING) {
        lua_pushstring(L, lua_typename(L, type));
    }
    return 1;
}

static int print(lua_State *L)
{
    struct script *s = script_of(L);
    int n = lua_gettop(L);
    luaL_Buffer b;

    for (int i = 1; i <= n; i++) {
        lua_pushcfunction(L, to_string);
        lua_pushvalue(L, i);
        lua_call(L, 1, 1);
        lua_replace(L, i);
    }
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        lua_pushvalue(L, i);
        luaL_addvalue(&b);
        luaL_addchar(&b, i < n ? '\t' : '\n');
    }
    if (n == 0)
        luaL_addchar(&b, '\n');
    luaL_pushresult(&b);
    memset(s->row_width, 0, sizeof s->row_width); /* tz.row begins a new table */
    if (s->options.output) {
        size_t size;
        const char *line = lua_tolstring(L, -1, &size);
        s->options.output(s->options.user, line, size);
    }
    return 0;
}

/* ---- putting it together ---- */

static void remove_all(lua_State *L, int table, const char *const *names)
{
    table = lua_absindex(L, table);
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, table, *names);
    }
}

/* Puts `guard` before the function `name` of the table on the top. */
static void wrap(lua_State *L, const char *name, lua_CFunction guard)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, guard, 1);
    lua_setfield(L, -2, name);
}

static void put(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_pushcfunction(L, fn);
    lua_setfield(L, -2, name);
}

void guard_libraries(lua_State *L)
{
    /* xpcall: its handler would run inside the hook that raised, where nothing is counted. */
    static const char *const outside[] = {"load",           "loadfile", "dofile", "_G",
                                          "collectgarbage", "xpcall",   NULL};
    static const char *const random[] = {"random", "randomseed", NULL};
    static const char *const dump[] = {"dump", NULL};
    static const char *const in_table[] = {"insert", "remove", "concat", "unpack", "sort", NULL};

    lua_getglobal(L, "table");
    lua_getfield(L, -1, "sort");
    lua_pushcclosure(L, ordered_pairs, 1);
    lua_setglobal(L, "pairs");
    for (const char *const *name = in_table; *name; name++)
        wrap(L, *name, table_checked);
    wrap(L, "move", table_move);

    lua_pushglobaltable(L);
    remove_all(L, -1, outside);
    wrap(L, "setmetatable", set_metatable);
    put(L, "tostring", to_string);
    put(L, "print", print);

    lua_getglobal(L, "math");
    remove_all(L, -1, random);
    lua_getglobal(L, "string");
    remove_all(L, -1, dump);
    wrap(L, "rep", string_rep);

    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_settop(L, 0);
}
