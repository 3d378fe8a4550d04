/*
 * Classes: what Lua sees of C's objects. A class is a metatable with two tables: getters, which
 * make o.name, and methods, which make o:name(). A name that is in neither is an error that
 * suggests, since nil would hide a misspelling.
 */
#include "base/suggest.h"
#include "script/internal.h"

#include <string.h>

/* The text key of the table that follows `after` in the order of strcmp (NULL: the first), NULL
 * past the end. Tables are small and this is the way to an error: no need to sort. */
static const char *next_name(lua_State *L, int table, const char *after)
{
    const char *best = NULL;

    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        if (name && (!after || strcmp(name, after) > 0) && (!best || strcmp(name, best) < 0))
            best = name; /* the table keeps it alive */
    }
    return best;
}

const char *object_suggest(lua_State *L, const char *name, int names)
{
    struct suggest near = suggest_for(name);

    names = lua_absindex(L, names);
    for (const char *each = NULL; (each = next_name(L, names, each));)
        suggest_offer(&near, each);
    return suggest_best(&near);
}

int object_unknown(lua_State *L, const char *class, const char *name, int names)
{
    const char *best = object_suggest(L, name, names);

    if (best)
        return luaL_error(L, "%s has no '%s'; did you mean '%s'?", class, name, best);
    return luaL_error(L, "%s has no '%s'", class, name);
}

int object_index(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    lua_pop(L, 1);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) {
        lua_CFunction get = lua_tocfunction(L, -1);
        lua_settop(L, 1);
        return get(L);
    }
    /* One list of names for the suggestion. */
    const char *name = luaL_tolstring(L, 2, NULL);
    lua_newtable(L);
    for (int i = 1; i <= 2; i++) {
        lua_pushnil(L);
        while (lua_next(L, lua_upvalueindex(i))) {
            lua_pop(L, 1);
            lua_pushvalue(L, -1);
            lua_pushboolean(L, 1);
            lua_rawset(L, -4);
        }
    }
    return object_unknown(L, lua_tostring(L, lua_upvalueindex(3)), name, -1);
}

/* Upvalue: class. */
static int refuse_assignment(lua_State *L)
{
    return luaL_error(L, "%s is read-only: '%s' cannot be assigned",
                      lua_tostring(L, lua_upvalueindex(1)), luaL_tolstring(L, 2, NULL));
}

void object_class(lua_State *L, const char *class, const struct member *members)
{
    luaL_newmetatable(L, class);
    lua_newtable(L); /* methods */
    lua_newtable(L); /* getters */
    lua_pushvalue(L, -2);
    lua_setfield(L, -4, "methods");
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, "getters");
    lua_pop(L, 2);
    lua_pushstring(L, class);
    lua_pushcclosure(L, refuse_assignment, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    object_members(L, class, members);
    object_set_index(L, class, object_index);
}

void object_set_index(lua_State *L, const char *class, lua_CFunction index)
{
    luaL_getmetatable(L, class);
    lua_getfield(L, -1, "methods");
    lua_getfield(L, -2, "getters");
    lua_pushstring(L, class);
    lua_pushcclosure(L, index, 3);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void object_members(lua_State *L, const char *class, const struct member *members)
{
    luaL_getmetatable(L, class);
    lua_getfield(L, -1, "methods");
    lua_getfield(L, -2, "getters");
    for (; members->name; members++) {
        lua_pushcfunction(L, members->get ? members->get : members->method);
        lua_setfield(L, members->get ? -2 : -3, members->name);
    }
    lua_pop(L, 3);
}

void object_extend(lua_State *L, const char *class)
{
    luaL_getmetatable(L, class);
    lua_getfield(L, -1, "methods");
    lua_pushnil(L);
    while (lua_next(L, -4)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_pop(L, 3);
}

void object_meta(lua_State *L, const char *class, const char *event, lua_CFunction fn)
{
    luaL_getmetatable(L, class);
    lua_pushcfunction(L, fn);
    lua_setfield(L, -2, event);
    lua_pop(L, 1);
}
