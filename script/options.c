/* Options that Lua gives as a table; see internal.h. */
#include "base/number.h"
#include "base/suggest.h"
#include "script/internal.h"

#include <string.h>

static const struct option *find(const struct option *options, const char *name)
{
    for (const struct option *o = options; o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

static int unknown(lua_State *L, const char *what, const char *name, const struct option *options)
{
    struct suggest near = suggest_for(name);

    for (const struct option *o = options; o->name; o++)
        suggest_offer(&near, o->name);
    const char *best = suggest_best(&near);
    if (best)
        return luaL_error(L, "%s: unknown option '%s'; did you mean '%s'?", what, name, best);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (const struct option *o = options; o->name; o++) {
        luaL_addstring(&b, o == options ? "" : " ");
        luaL_addstring(&b, o->name);
    }
    luaL_pushresult(&b);
    return luaL_error(L, "%s: unknown option '%s' (there are: %s)", what, name,
                      lua_tostring(L, -1));
}

void options_check(lua_State *L, int index, const char *what, const struct option *options)
{
    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        luaL_error(L, "%s wants a table of options, such as %s { %s = ... }, not a %s", what, what,
                   options->name, luaL_typename(L, index));
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s: options are written name = value", what);
        const struct option *o = find(options, lua_tostring(L, -2));
        if (!o) {
            unknown(L, what, lua_tostring(L, -2), options);
            return;
        }
        if (o->type != LUA_TNONE && lua_type(L, -1) != o->type)
            luaL_error(L, "%s: %s must be a %s, not a %s", what, o->name, lua_typename(L, o->type),
                       luaL_typename(L, -1));
        lua_pop(L, 1);
    }
}

uint64_t options_number(lua_State *L, int index, const char *what, uint64_t low, uint64_t high)
{
    uint64_t value = 0;
    bool good = false;
    int exact;

    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Integer i = lua_tointegerx(L, index, &exact);
        good = exact && i >= 0;
        value = (uint64_t)i;
    } else if (lua_type(L, index) == LUA_TSTRING) {
        good = number_parse(lua_tostring(L, index), &value);
    }
    if (!good || value < low || value > high)
        luaL_error(L, "%s: %s is not a number from %I to %I", what, luaL_tolstring(L, index, NULL),
                   (LUAI_UACINT)low, (LUAI_UACINT)high);
    return value;
}

word options_word(lua_State *L, int index)
{
    lua_Integer i = luaL_checkinteger(L, index);

    if (i < INT32_MIN || i > UINT32_MAX)
        luaL_argerror(L, index, "a number of 32 bits is wanted");
    return (word)i;
}

void blame(struct script *s, enum error_code code, const char *text)
{
    struct text t = text_init(s->blame_text, sizeof s->blame_text);

    text_add(&t, "%s", text);
    s->blame = code;
}

int raise_error(lua_State *L, const struct error *err)
{
    blame(script_of(L), err->code, err->text);
    luaL_where(L, 1);
    lua_pushstring(L, err->text);
    lua_concat(L, 2);
    return lua_error(L);
}

int raise_failure(lua_State *L)
{
    struct script *s = script_of(L);

    blame(s, s->failure.code, s->failure.text);
    lua_pushstring(L, s->failure.text);
    return lua_error(L);
}
