/*
 * string.find, match, gmatch and gsub over the bounded matcher (pattern.h): as the manual of
 * Lua 5.4 says them, and what they do counts as Lua instructions.
 */
#include "script/internal.h"
#include "script/pattern.h"

#include <string.h>

/* ---- counting ---- */

static uint64_t allowed(lua_State *L)
{
    const struct script *s = script_of(L);

    return s->left > 0 && !s->exhausted ? (uint64_t)s->left : 1;
}

/* Charges what the matcher did, and raises what went wrong. */
static void settle(lua_State *L, struct pattern *p)
{
    sandbox_charge(L, p->steps);
    p->steps = 0;
    p->allowed = allowed(L);
    if (p->error)
        luaL_error(L, "%s", p->error);
}

static bool search(lua_State *L, struct pattern *p, const char *at, const char **start,
                   const char **end)
{
    bool found = pattern_search(p, at, start, end);

    settle(L, p);
    return found;
}

/* ---- captures ---- */

/* Capture `i`; 0 of a pattern without captures is the whole match. */
static void push_capture(lua_State *L, const struct pattern *p, unsigned i, const char *start,
                         const char *end)
{
    if (i >= p->count) {
        if (i != 0)
            luaL_error(L, "invalid capture index %%%d", (int)i + 1);
        lua_pushlstring(L, start, (size_t)(end - start));
        return;
    }
    ptrdiff_t n = p->captures[i].length;
    if (n == CAPTURE_OPEN)
        luaL_error(L, "unfinished capture");
    if (n == CAPTURE_POSITION)
        lua_pushinteger(L, p->captures[i].start - p->subject + 1);
    else
        lua_pushlstring(L, p->captures[i].start, (size_t)n);
}

/* All of them, or the whole match when there are none and `whole`. */
static int push_captures(lua_State *L, const struct pattern *p, bool whole, const char *start,
                         const char *end)
{
    unsigned n = p->count == 0 && whole ? 1 : p->count;

    luaL_checkstack(L, (int)n, "too many captures");
    for (unsigned i = 0; i < n; i++)
        push_capture(L, p, i, start, end);
    return (int)n;
}

/* ---- find and match ---- */

/* Argument `init`: an index from 1, negative from the end; beyond size + 1 stays beyond. */
static size_t init_arg(lua_State *L, int index, size_t size)
{
    lua_Integer init = luaL_optinteger(L, index, 1);

    if (init > 0)
        return (size_t)init - 1;
    if (init == 0 || init < -(lua_Integer)size)
        return 0;
    return size - (size_t)-init;
}

static int push_range(lua_State *L, const struct pattern *p, const char *start, const char *end)
{
    lua_pushinteger(L, start - p->subject + 1);
    lua_pushinteger(L, end - p->subject);
    return 2;
}

static int find_or_match(lua_State *L, bool find)
{
    size_t size, text_size;
    const char *subject = luaL_checklstring(L, 1, &size);
    const char *text = luaL_checklstring(L, 2, &text_size);
    size_t init = init_arg(L, 3, size);
    const char *start, *end;
    struct pattern p;

    if (init > size) {
        luaL_pushfail(L);
        return 1;
    }
    pattern_init(&p, subject, size, text, text_size, allowed(L));
    if (find && (lua_toboolean(L, 4) || pattern_is_plain(text, text_size))) {
        p.text = text; /* a plain ^ too */
        start = pattern_search_plain(&p, subject + init);
        settle(L, &p);
        if (start)
            return push_range(L, &p, start, start + text_size);
    } else if (search(L, &p, subject + init, &start, &end)) {
        if (!find)
            return push_captures(L, &p, true, start, end);
        push_range(L, &p, start, end);
        return 2 + push_captures(L, &p, false, start, end);
    }
    luaL_pushfail(L);
    return 1;
}

static int find(lua_State *L)
{
    return find_or_match(L, true);
}

static int match(lua_State *L)
{
    return find_or_match(L, false);
}

/* ---- gmatch ---- */

/* Upvalues: subject, pattern, where to go on, end of the last match (both from 0; -1 none). */
static int gmatch_next(lua_State *L)
{
    size_t size, text_size;
    const char *subject = lua_tolstring(L, lua_upvalueindex(1), &size);
    const char *text = lua_tolstring(L, lua_upvalueindex(2), &text_size);
    size_t from = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    const char *start, *end;
    struct pattern p;

    pattern_init(&p, subject, size, text, text_size, allowed(L));
    p.anchored = false; /* in gmatch a ^ is a character */
    p.text = text;
    while (from <= size && search(L, &p, subject + from, &start, &end)) {
        if (end - subject == last) { /* nothing, right where the last match ended */
            from = (size_t)(start - subject) + 1;
            continue;
        }
        lua_pushinteger(L, end - subject);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(L, &p, true, start, end);
    }
    lua_pushinteger(L, (lua_Integer)size + 1);
    lua_replace(L, lua_upvalueindex(3));
    return 0;
}

static int gmatch(lua_State *L)
{
    size_t size;

    luaL_checklstring(L, 1, &size);
    luaL_checkstring(L, 2);
    size_t init = init_arg(L, 3, size);
    lua_settop(L, 2);
    lua_pushinteger(L, init > size ? (lua_Integer)size + 1 : (lua_Integer)init);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* ---- gsub ---- */

/* The replacement text with its %0 to %9 filled in. */
static void add_text(lua_State *L, luaL_Buffer *b, const struct pattern *p, const char *start,
                     const char *end)
{
    size_t size;
    const char *text = lua_tolstring(L, 3, &size);

    for (size_t i = 0; i < size; i++) {
        if (text[i] != '%') {
            luaL_addchar(b, text[i]);
            continue;
        }
        char c = ++i < size ? text[i] : '\0';
        if (c == '%') {
            luaL_addchar(b, c);
        } else if (c == '0') {
            luaL_addlstring(b, start, (size_t)(end - start));
        } else if (c >= '1' && c <= '9') {
            push_capture(L, p, (unsigned)(c - '1'), start, end);
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

/* Adds what replaces the match. Returns whether something did. */
static bool add_replacement(lua_State *L, luaL_Buffer *b, const struct pattern *p,
                            const char *start, const char *end)
{
    int type = lua_type(L, 3);

    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(L, p, true, start, end), 1);
    } else if (type == LUA_TTABLE) {
        push_capture(L, p, 0, start, end);
        lua_gettable(L, 3);
    } else {
        add_text(L, b, p, start, end);
        return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, start, (size_t)(end - start));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
    return true;
}

static int gsub(lua_State *L)
{
    size_t size, text_size;
    const char *subject = luaL_checklstring(L, 1, &size);
    const char *text = luaL_checklstring(L, 2, &text_size);
    int type = lua_type(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)size + 1), n = 0;
    const char *at = subject, *last = NULL;
    struct pattern p;
    luaL_Buffer b;

    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                         type == LUA_TTABLE,
                     3, "string/function/table");
    pattern_init(&p, subject, size, text, text_size, allowed(L));
    luaL_buffinit(L, &b);
    while (n < most) {
        const char *end = pattern_match(&p, at);
        p.steps++;
        settle(L, &p);
        if (end && end != last) {
            n++;
            add_replacement(L, &b, &p, at, end);
            p.allowed = allowed(L);
            at = last = end;
        } else if (at < p.subject_end) {
            luaL_addchar(&b, *at++);
        } else {
            break;
        }
        if (p.anchored)
            break;
    }
    luaL_addlstring(&b, at, (size_t)(p.subject_end - at));
    luaL_pushresult(&b);
    lua_pushinteger(L, n);
    return 2;
}

void lib_string(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"find", find}, {"match", match}, {"gmatch", gmatch}, {"gsub", gsub}, {NULL, NULL}};

    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
