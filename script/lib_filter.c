/*
 * Filters written as Lua tables. Each pair goes through filter_set (trace/filter.h), which owns
 * the keys and their errors; only what Lua alone can say is read here: a context object, a list,
 * a pair of addresses, a function.
 */
#include "script/internal.h"
#include "world/view.h"

#include <inttypes.h>
#include <string.h>

#define VALUE_SIZE 512

/* One value as the text that filter_set reads. */
static void value_text(lua_State *L, int index, const char *what, const char *key, struct text *t)
{
    int exact;
    lua_Integer i = lua_tointegerx(L, index, &exact);

    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        if (!exact)
            luaL_error(L, "%s: %s = %f is not a whole number", what, key, lua_tonumber(L, index));
        text_add(t, "%" PRId64, (int64_t)i);
        break;
    case LUA_TSTRING:
        text_add(t, "%s", lua_tostring(L, index));
        break;
    case LUA_TBOOLEAN:
        text_add(t, "%s", lua_toboolean(L, index) ? "true" : "false");
        break;
    default:
        luaL_error(L, "%s: %s cannot be a %s", what, key, luaL_typename(L, index));
    }
}

/* { a, b }: of addresses a range, of anything else alternatives. */
static void list_text(lua_State *L, int index, const char *what, const char *key, struct text *t)
{
    lua_Integer n = luaL_len(L, index);
    bool range = strcmp(key, "addr") == 0 || strcmp(key, "pc") == 0;

    if (n < 1 || (range && n != 2))
        luaL_error(L, range ? "%s: %s wants { first, last }" : "%s: %s is an empty list", what,
                   key);
    for (lua_Integer i = 1; i <= n; i++) {
        if (i > 1)
            text_add_char(t, range ? '-' : ',');
        lua_geti(L, index, i);
        value_text(L, -1, what, key, t);
        lua_pop(L, 1);
    }
}

/* The pair of key (a string, at -2) and value (at -1). */
static void set_pair(lua_State *L, const char *what, struct lua_filter *f)
{
    const char *key = lua_tostring(L, -2);
    const struct filter_names names = view_filter_names(f->host);
    char buffer[VALUE_SIZE];
    struct text t = text_init(buffer, sizeof buffer);
    struct error err;
    int value = lua_gettop(L);

    if (luaL_testudata(L, value, CLASS_CONTEXT)) {
        if (strcmp(key, "vm") != 0)
            luaL_error(L, "%s: %s cannot be a context", what, key);
        f->filter.in_context = true;
        f->filter.context = context_opt(L, value, f->host);
        return;
    }
    if (strcmp(key, "optional") == 0) {
        f->optional = lua_toboolean(L, value);
        return;
    }
    if (strcmp(key, "when") == 0) {
        luaL_checktype(L, value, LUA_TFUNCTION);
        lua_pushvalue(L, value);
        f->when = luaL_ref(L, LUA_REGISTRYINDEX);
        return;
    }
    if (lua_istable(L, value))
        list_text(L, value, what, key, &t);
    else
        value_text(L, value, what, key, &t);
    if (t.overflow)
        luaL_error(L, "%s: the value of %s is too long", what, key);
    if (filter_set(&f->filter, key, buffer, &names, &err))
        luaL_error(L, "%s: %s", what, err.text);
}

static bool ask_lua(void *user, const struct event *e)
{
    struct lua_filter *f = user;
    bool result;

    if (f->failed || (f->script->failed && !f->searching))
        return false;
    f->failed = !handler_call(f->script, f->host, f->when, e, &result);
    if (f->failed && !f->searching)
        fail_run(f->script, f->host);
    return !f->failed && result;
}

void filter_arg(lua_State *L, int index, const char *what, struct host *host,
                struct lua_filter *out)
{
    *out = (struct lua_filter){.script = script_of(L), .host = host, .when = LUA_NOREF};
    if (lua_isnoneornil(L, index))
        return;
    if (!lua_istable(L, index))
        luaL_error(L, "%s: a filter is a table such as { cause = \"privileged\" }, not a %s", what,
                   luaL_typename(L, index));
    luaL_checkstack(L, 8, "filter");
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "%s: a filter has pairs such as cause = \"privileged\"", what);
        set_pair(L, what, out);
        lua_pop(L, 1);
    }
    if (out->when != LUA_NOREF) {
        out->filter.when = ask_lua;
        out->filter.user = out;
    }
}

void filter_release(lua_State *L, struct lua_filter *f)
{
    luaL_unref(L, LUA_REGISTRYINDEX, f->when);
    f->when = LUA_NOREF;
    f->filter.when = NULL;
}
