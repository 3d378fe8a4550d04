/*
 * Checks: what a scenario expects, and what came of it. An expectation is a sentence and a
 * function; it holds when the function returns something true, or two values that are equal.
 */
#include "script/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SHOWN 300 /* characters of a value in a failed check */

/* A value for people: texts in quotes with control characters visible, numbers as they are. */
static void add_value(lua_State *L, int index, struct text *t)
{
    size_t length;
    const char *s;

    if (lua_type(L, index) != LUA_TSTRING) {
        lua_getglobal(L, "tostring");
        lua_pushvalue(L, index);
        lua_call(L, 1, 1);
        s = lua_tostring(L, -1);
        text_add(t, "%s", s ? s : "?");
        lua_pop(L, 1);
        return;
    }
    s = lua_tolstring(L, index, &length);
    text_add_char(t, '"');
    for (size_t i = 0; i < length && i < VALUE_SHOWN; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\n')
            text_add(t, "\\n");
        else if (c < 0x20 || c == 0x7f)
            text_add(t, "\\x%02x", c);
        else
            text_add_char(t, (char)c);
    }
    text_add(t, length > VALUE_SHOWN ? "\"..." : "\"");
}

/* Long texts are the same for a while: what is shown begins a little before they part. */
static size_t first_difference(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t i = 0;

    while (i < a_size && i < b_size && a[i] == b[i])
        i++;
    return i;
}

static void add_text_difference(lua_State *L, int value, int wanted, struct text *t)
{
    size_t a_size, b_size;
    const char *a = lua_tolstring(L, value, &a_size), *b = lua_tolstring(L, wanted, &b_size);
    size_t at = first_difference(a, a_size, b, b_size);

    if (at < VALUE_SHOWN / 2)
        return;
    size_t from = at - 40;
    text_add(t, " (they part at character %zu)", at + 1);
    lua_pushlstring(L, b + from, b_size - from);
    lua_pushlstring(L, a + from, a_size - from);
    lua_replace(L, value);
    lua_replace(L, wanted);
}

bool check_value(lua_State *L, int value, int wanted, char *detail, size_t size)
{
    struct text t = text_init(detail, size);

    if (lua_isnone(L, wanted)) {
        if (lua_toboolean(L, value))
            return true;
        text_add(&t, "this is not so");
        return false;
    }
    if (lua_compare(L, value, wanted, LUA_OPEQ))
        return true;
    text_add(&t, "not equal");
    if (lua_type(L, value) == LUA_TSTRING && lua_type(L, wanted) == LUA_TSTRING)
        add_text_difference(L, value, wanted, &t);
    text_add(&t, ":\n  wanted ");
    add_value(L, wanted, &t);
    text_add(&t, "\n  found  ");
    add_value(L, value, &t);
    return false;
}

void check_add(struct script *s, const char *sentence, bool passed, const char *detail)
{
    if (s->check_count == s->check_room) {
        unsigned room = s->check_room ? 2 * s->check_room : 16;
        struct script_check *more = realloc(s->checks, room * sizeof *more);

        if (!more)
            return;
        s->checks = more;
        s->check_room = room;
    }
    struct script_check *c = &s->checks[s->check_count++];
    c->sentence = strdup(sentence);
    c->detail = strdup(detail);
    c->passed = passed;
    if (!passed)
        s->failed_count++;
    if (s->options.checked)
        s->options.checked(s->options.user, c);
}

void check_free(struct script *s)
{
    for (unsigned i = 0; i < s->check_count; i++) {
        free((char *)s->checks[i].sentence);
        free((char *)s->checks[i].detail);
    }
    free(s->checks);
    s->checks = NULL;
    s->check_count = s->check_room = s->failed_count = 0;
}

/* ---- the scenario's expectations ---- */

/* Stack: 1 function. Returns passed and detail. */
static int ask_one(lua_State *L)
{
    char detail[2048] = "";

    lua_settop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "trapeze.self");
    lua_call(L, 1, LUA_MULTRET);
    bool two = lua_gettop(L) >= 2;
    lua_settop(L, 2);
    lua_pushboolean(L, check_value(L, 1, two ? 2 : 3, detail, sizeof detail));
    lua_pushstring(L, detail);
    return 2;
}

/* Stack: the expectation { sentence, function }. Pushes them; raises what is wrong with it. */
static int open_one(lua_State *L)
{
    if (!lua_istable(L, 1) || lua_geti(L, 1, 1) != LUA_TSTRING ||
        lua_geti(L, 1, 2) != LUA_TFUNCTION)
        return luaL_error(L, "an expectation is { \"a sentence\", function(s) ... end }");
    return 2;
}

/* Expectation on the top of the stack; popped. An error in it is a failed check. */
static int expect_one(struct script *s, struct error *err)
{
    lua_State *L = s->lua;
    struct error wrong;

    lua_pushcfunction(L, open_one);
    lua_insert(L, -2);
    int code = sandbox_call(s, L, 1, 2, SCRIPT_HANDLER_INSTRUCTIONS, err);
    if (code)
        return code;
    lua_pushcfunction(L, ask_one); /* sentence, function, ask */
    lua_insert(L, -2);             /* sentence, ask, function */
    if (sandbox_call(s, L, 1, 2, SCRIPT_INSTRUCTIONS, &wrong)) {
        check_add(s, lua_tostring(L, -1), false, wrong.text);
        lua_pop(L, 1);
        return 0;
    }
    check_add(s, lua_tostring(L, -3), lua_toboolean(L, -2), lua_tostring(L, -1));
    lua_pop(L, 3);
    return 0;
}

/* Pushes scenario.expect[i], or nil. */
static int get_expectation(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "trapeze.scenario");
    if (lua_getfield(L, -1, "expect") == LUA_TNIL)
        return 1;
    if (!lua_istable(L, -1))
        return luaL_error(L, "expect is a list of { \"a sentence\", function(s) ... end }");
    lua_geti(L, -1, lua_tointeger(L, 1));
    return 1;
}

int check_expectations(struct script *s, struct error *err)
{
    for (lua_Integer i = 1; s->is_scenario; i++) {
        lua_pushcfunction(s->lua, get_expectation);
        lua_pushinteger(s->lua, i);
        int code = sandbox_call(s, s->lua, 1, 1, SCRIPT_HANDLER_INSTRUCTIONS, err);
        if (code)
            return code;
        if (lua_isnil(s->lua, -1)) {
            lua_pop(s->lua, 1);
            break;
        }
        code = expect_one(s, err);
        if (code)
            return code;
    }
    return 0;
}
