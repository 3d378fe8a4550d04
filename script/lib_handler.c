/*
 * Handlers: Lua functions that are called as events happen (m:on_trap and the like). They run
 * on a thread of their own in the middle of the machine's run, so they can look at everything
 * but not run a machine. An error in one stops the run and fails the script.
 *
 * A handle is the subscriber itself. It stays alive while it listens, also when the script
 * does not keep it.
 */
#include "script/internal.h"

#include <string.h>

struct handler {
    struct trace_subscriber subscriber;
    struct lua_filter filter;
    int fn, self; /* references in the registry */
    bool attached;
    uint64_t count, max;
};

/* ---- calling Lua from an event ---- */

struct call {
    struct host *host;
    const struct event *event;
    int ref;
};

/* Argument: the call, as light userdata. */
static int call_protected(lua_State *L)
{
    const struct call *c = lua_touserdata(L, 1);

    lua_rawgeti(L, LUA_REGISTRYINDEX, c->ref);
    event_push(L, c->host, c->event);
    lua_call(L, 1, 1);
    return 1;
}

bool handler_call(struct script *s, struct host *h, int ref, const struct event *e, bool *result)
{
    struct call call = {.host = h, .event = e, .ref = ref};
    lua_State *L = s->handlers;
    bool nested = s->in_handler;

    s->in_handler = true;
    lua_pushcfunction(L, call_protected);
    lua_pushlightuserdata(L, &call);
    int code = sandbox_call(s, L, 1, 1, SCRIPT_HANDLER_INSTRUCTIONS, &s->failure);
    s->in_handler = nested;
    if (code)
        return false;
    if (result)
        *result = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return true;
}

void fail_run(struct script *s, struct host *h)
{
    s->failed = true;
    host_stop_goal(h);
}

/* ---- handles ---- */

static void detach(lua_State *L, struct handler *h)
{
    if (!h->attached)
        return;
    h->attached = false;
    trace_detach(machine_trace(host_machine(h->filter.host)), &h->subscriber);
    luaL_unref(L, LUA_REGISTRYINDEX, h->fn);
    luaL_unref(L, LUA_REGISTRYINDEX, h->self);
    filter_release(L, &h->filter);
}

static void deliver(void *user, const struct event *e)
{
    struct handler *h = user;
    struct script *s = h->filter.script;

    if (s->failed ||
        !filter_match(&h->filter.filter, machine_contexts(host_machine(h->filter.host)), e))
        return;
    h->count++;
    /* The last call: off the bus first, so that what the handler does cannot come back here. */
    bool last = h->count == h->max;
    if (last)
        trace_set_mask(machine_trace(host_machine(h->filter.host)), &h->subscriber, 0);
    if (!handler_call(s, h->filter.host, h->fn, e, NULL))
        fail_run(s, h->filter.host);
}

static struct handler *handle_arg(lua_State *L)
{
    return luaL_checkudata(L, 1, CLASS_HANDLE);
}

static int del(lua_State *L)
{
    detach(L, handle_arg(L));
    return 0;
}

static int get_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)handle_arg(L)->count);
    return 1;
}

static const struct member handle_members[] = {
    {.name = "del", .method = del},
    {.name = "count", .get = get_count},
    {0},
};

/* ---- subscribing ---- */

/* Stack: 1 machine, 2 filter (may be nil), 3 function; `what` names the call in errors. */
static int subscribe(lua_State *L, uint32_t kinds, const char *what)
{
    struct host *host = machine_arg(L, 1);

    if (lua_isfunction(L, 2) && lua_isnoneornil(L, 3)) {
        lua_settop(L, 2);
        lua_pushnil(L);
        lua_insert(L, 2);
    }
    lua_settop(L, 3);
    if (!lua_isfunction(L, 3))
        return luaL_error(L, "%s wants a function of the event: m:%s({ ... }, function(e) ... end)",
                          what, what);
    struct handler *h = lua_newuserdatauv(L, sizeof *h, 0);
    *h = (struct handler){.fn = LUA_NOREF, .self = LUA_NOREF, .filter.when = LUA_NOREF};
    filter_arg(L, 2, what, host, &h->filter);
    h->filter.filter.kinds = kinds;
    h->max = h->filter.filter.once ? 1 : h->filter.filter.max;
    luaL_setmetatable(L, CLASS_HANDLE);
    lua_pushvalue(L, 3);
    h->fn = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, 4);
    h->self = luaL_ref(L, LUA_REGISTRYINDEX);
    h->subscriber = (struct trace_subscriber){
        .mask = filter_kinds(&h->filter.filter),
        .fn = deliver,
        .user = h,
    };
    h->attached = true;
    trace_attach(machine_trace(host_machine(host)), &h->subscriber);
    return 1;
}

/* m:on(kind, filter, fn) */
static int on(lua_State *L)
{
    struct filter f = {0};
    struct error err;

    if (filter_set(&f, "kinds", luaL_checkstring(L, 2), NULL, &err))
        return luaL_error(L, "on: %s", err.text);
    lua_remove(L, 2);
    return subscribe(L, f.kinds, "on");
}

const struct member machine_handler_members[] = {
    {.name = "on", .method = on},
    {0},
};

/* m:on_trap(filter, fn); upvalues: the kind, "on_trap". */
static int on_kind(lua_State *L)
{
    enum event_kind kind = (enum event_kind)lua_tointeger(L, lua_upvalueindex(1));

    return subscribe(L, EVENT_BIT(kind), lua_tostring(L, lua_upvalueindex(2)));
}

void lib_handler(lua_State *L)
{
    object_class(L, CLASS_HANDLE, handle_members);
    object_meta(L, CLASS_HANDLE, "__gc", del);
    lua_newtable(L);
    for (unsigned k = 0; k < EVENT_COUNT; k++) {
        lua_pushfstring(L, "on_%s", event_info((enum event_kind)k)->name);
        lua_pushinteger(L, k);
        lua_pushvalue(L, -2);
        lua_pushcclosure(L, on_kind, 2);
        lua_rawset(L, -3);
    }
    object_extend(L, CLASS_MACHINE);
}
