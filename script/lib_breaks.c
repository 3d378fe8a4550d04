/*
 * Breakpoints from Lua (world/breaks.h): m:break_at, m:break_on, m:watch. They are the world's, the
 * same that the debugger and the dashboard have; what a Lua object holds is a number. They stop
 * the verbs (lib_verbs.c), and nothing that waits for something else: m:run, m:run_until.
 */
#include "script/internal.h"
#include "world/breaks.h"
#include "world/view.h"

#include <string.h>

#define TEXT_SIZE    256
#define FILTERS_NAME "trapeze.breaks" /* number -> struct lua_filter, for as long as it is there */

struct break_object {
    unsigned number;
};

static struct breaks *all(lua_State *L)
{
    return world_breaks(script_of(L)->world);
}

void break_push(lua_State *L, unsigned number)
{
    struct break_object *o = lua_newuserdatauv(L, sizeof *o, 0);

    o->number = number;
    luaL_setmetatable(L, CLASS_BREAK);
}

static unsigned number_arg(lua_State *L)
{
    const struct break_object *o = luaL_checkudata(L, 1, CLASS_BREAK);

    return o->number;
}

static struct break_point *arg(lua_State *L)
{
    struct break_point *p = breaks_find(all(L), number_arg(L));

    if (!p)
        luaL_error(L, "breakpoint %d is no more", (int)number_arg(L));
    return p;
}

/* ---- setting them ------------------------------------------------------------------------- */

static void may_change(lua_State *L, const char *what)
{
    const struct script *s = script_of(L);

    if (s->in_handler)
        luaL_error(L,
                   "%s: breakpoints change between runs, not inside an event handler (m:stop() "
                   "stops the run)",
                   what);
    if (s->looking)
        luaL_error(L, "%s: a pane only looks", what);
}

/* Leaves the table of filters, without those of breakpoints that others have deleted. */
static void push_filters(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, FILTERS_NAME);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (!breaks_find(all(L), (unsigned)lua_tointeger(L, -2))) {
            filter_release(L, lua_touserdata(L, -1));
            lua_pushvalue(L, -2);
            lua_pushnil(L);
            lua_rawset(L, -5);
        }
        lua_pop(L, 1);
    }
}

/* A place or the words of events, as text: a number is an address. */
static void text_arg(lua_State *L, int index, const char *what, struct text *t)
{
    if (lua_type(L, index) == LUA_TSTRING)
        text_add(t, "%s", lua_tostring(L, index));
    else if (lua_isinteger(L, index))
        text_add(t, "0x%08x", (unsigned)options_word(L, index));
    else
        luaL_error(L, "%s: where? a text (\"main\", \"trap.c:31\", \"csr=status\") or an address",
                   what);
    if (t->overflow)
        luaL_error(L, "%s: the text is too long", what);
}

/* The filter at `index` on top of what the text has said; leaves it. */
static struct lua_filter *more_filter(lua_State *L, int index, const char *what, struct host *h,
                                      struct break_point *p, const char *text)
{
    struct lua_filter *f = lua_newuserdatauv(L, sizeof *f, 0);
    uint32_t kinds = p->filter.kinds;

    *f = (struct lua_filter){.when = LUA_NOREF};
    if (lua_isnoneornil(L, index))
        return f;
    if (strchr(text, '='))
        luaL_error(L, "%s: words of a filter in the text, or a table behind it, but not both",
                   what);
    filter_arg(L, index, what, h, f);
    if (p->filter.when && f->filter.when)
        luaL_error(L, "%s: 'ring' has a condition of its own; `when` cannot stand beside it", what);
    if (p->filter.when)
        f->filter.when = p->filter.when;
    p->once = f->filter.once;
    p->filter = f->filter;
    p->filter.kinds = kinds;
    return f;
}

/* The context whose addresses are meant: the filter's `vm`, else what runs. */
static uint16_t context_of(lua_State *L, int index, struct host *h)
{
    uint16_t context = view_current(h);

    if (!lua_istable(L, index))
        return context;
    lua_getfield(L, index, "vm");
    if (luaL_testudata(L, -1, CLASS_CONTEXT))
        context = context_opt(L, -1, h);
    lua_pop(L, 1);
    return context;
}

struct lua_filter *break_place_arg(lua_State *L, const char *what, struct host *h,
                                   struct break_point *out)
{
    char buffer[TEXT_SIZE];
    struct text t = text_init(buffer, sizeof buffer);
    struct error err = {0};

    lua_settop(L, 3);
    text_arg(L, 2, what, &t);
    if (break_parse(out, h, context_of(L, 3, h), buffer, &err))
        luaL_error(L, "%s: %s", what, err.text);
    out->host = h;
    return more_filter(L, 3, what, h, out, buffer);
}

/* Stack: the filter on top. */
static int add(lua_State *L, const char *what, struct lua_filter *f, const struct break_point *p)
{
    unsigned number;

    push_filters(L);
    number = breaks_add(all(L), p);
    if (!number) {
        filter_release(L, f);
        return luaL_error(L, "%s: there are %d breakpoints, and no room for more", what,
                          BREAKS_MAX);
    }
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, number);
    break_push(L, number);
    return 1;
}

/* m:break_at(place, filter) */
static int break_at(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct break_point p;

    may_change(L, "break_at");
    struct lua_filter *f = break_place_arg(L, "break_at", h, &p);
    if (p.kind != BREAK_PLACE) {
        filter_release(L, f);
        return luaL_error(L, "break_at: '%s' is an event, not a place: m:break_on is for those",
                          p.text);
    }
    return add(L, "break_at", f, &p);
}

/* m:break_on(kinds, filter) */
static int break_on(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct break_point p;

    may_change(L, "break_on");
    luaL_checkstring(L, 2);
    struct lua_filter *f = break_place_arg(L, "break_on", h, &p);
    if (p.kind != BREAK_EVENT) {
        filter_release(L, f);
        return luaL_error(L, "break_on: '%s' is a place, not an event: m:break_at is for those",
                          p.text);
    }
    return add(L, "break_on", f, &p);
}

/* m:watch(place, access, filter); the access may be left out. */
static int watch(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    char buffer[TEXT_SIZE];
    struct text t = text_init(buffer, sizeof buffer);
    struct break_point p;
    struct error err = {0};

    may_change(L, "watch");
    if (lua_type(L, 3) != LUA_TSTRING) {
        lua_settop(L, 3);
        lua_pushnil(L);
        lua_insert(L, 3);
    }
    lua_settop(L, 4);
    text_arg(L, 2, "watch", &t);
    if (lua_isstring(L, 3))
        text_add(&t, " %s", lua_tostring(L, 3));
    if (t.overflow)
        return luaL_error(L, "watch: the text is too long");
    if (break_parse_memory(&p, h, context_of(L, 4, h), buffer, &err))
        return luaL_error(L, "watch: %s", err.text);
    p.host = h;
    struct lua_filter *f = more_filter(L, 4, "watch", h, &p, buffer);
    return add(L, "watch", f, &p);
}

static int get_breaks(lua_State *L)
{
    const struct host *h = machine_arg(L, 1);
    const struct breaks *b = all(L);
    int n = 0;

    lua_createtable(L, (int)b->count, 0);
    for (unsigned i = 0; i < b->count; i++) {
        if (b->list[i].host && b->list[i].host != h)
            continue;
        break_push(L, b->list[i].number);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

const struct member machine_break_members[] = {
    {.name = "break_at", .method = break_at},
    {.name = "break_on", .method = break_on},
    {.name = "watch", .method = watch},
    {.name = "breaks", .get = get_breaks},
    {0},
};

/* ---- the object --------------------------------------------------------------------------- */

static int del(lua_State *L)
{
    may_change(L, "del");
    breaks_remove(all(L), number_arg(L));
    push_filters(L);
    return 0;
}

static int get_number(lua_State *L)
{
    lua_pushinteger(L, number_arg(L));
    return 1;
}

static int get_alive(lua_State *L)
{
    lua_pushboolean(L, breaks_find(all(L), number_arg(L)) != NULL);
    return 1;
}

static int get_kind(lua_State *L)
{
    static const char *const names[] = {
        [BREAK_PLACE] = "place", [BREAK_EVENT] = "event", [BREAK_MEMORY] = "memory"};

    lua_pushstring(L, names[arg(L)->kind]);
    return 1;
}

static int get_text(lua_State *L)
{
    lua_pushstring(L, arg(L)->text);
    return 1;
}

static int get_address(lua_State *L)
{
    const struct break_point *p = arg(L);

    if (p->kind == BREAK_EVENT)
        lua_pushnil(L);
    else
        lua_pushinteger(L, p->place.address);
    return 1;
}

static int get_hits(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)arg(L)->hits);
    return 1;
}

static int get_enabled(lua_State *L)
{
    lua_pushboolean(L, !arg(L)->off);
    return 1;
}

static const struct member members[] = {
    {.name = "del", .method = del},
    {.name = "number", .get = get_number},
    {.name = "alive", .get = get_alive},
    {.name = "kind", .get = get_kind},
    {.name = "text", .get = get_text},
    {.name = "address", .get = get_address},
    {.name = "hits", .get = get_hits},
    {.name = "enabled", .get = get_enabled},
    {0},
};

/* b.enabled = false */
static int assign(lua_State *L)
{
    const char *name = luaL_checkstring(L, 2);

    if (strcmp(name, "enabled") != 0)
        return luaL_error(L, "of a breakpoint only 'enabled' can be assigned, not '%s'", name);
    luaL_checktype(L, 3, LUA_TBOOLEAN);
    may_change(L, "enabled");
    arg(L)->off = !lua_toboolean(L, 3);
    return 0;
}

static int same(lua_State *L)
{
    const struct break_object *a = luaL_testudata(L, 1, CLASS_BREAK);
    const struct break_object *b = luaL_testudata(L, 2, CLASS_BREAK);

    lua_pushboolean(L, a && b && a->number == b->number);
    return 1;
}

static int break_text(lua_State *L)
{
    lua_pushfstring(L, "breakpoint %d", (int)number_arg(L));
    return 1;
}

void lib_breaks(lua_State *L)
{
    object_class(L, CLASS_BREAK, members);
    object_meta(L, CLASS_BREAK, "__newindex", assign);
    object_meta(L, CLASS_BREAK, "__eq", same);
    object_meta(L, CLASS_BREAK, "__tostring", break_text);
}
