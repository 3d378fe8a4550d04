/*
 * A script's state as the dashboard uses it: its own library, panes, the `:` line; see script.h.
 */
#include "script/internal.h"

#include <string.h>

struct lua_State *script_lua(struct script *s)
{
    return s->lua;
}

void script_push_host(struct script *s, struct host *h)
{
    machine_push(s->lua, h);
}

void script_set_global(struct script *s, const char *name)
{
    lua_State *L = s->lua;

    lua_pushglobaltable(L);
    lua_pushstring(L, name);
    lua_rotate(L, -3, -1); /* value, table, name -> table, name, value */
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static int require_module(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushstring(L, lua_touserdata(L, 1));
    lua_call(L, 1, 1);
    return 1;
}

static uint64_t bound(uint64_t instructions)
{
    return instructions ? instructions : SCRIPT_HANDLER_INSTRUCTIONS;
}

int script_require(struct script *s, const char *module, uint64_t instructions, struct error *err)
{
    lua_pushcfunction(s->lua, require_module);
    lua_pushlightuserdata(s->lua, (void *)module);
    return sandbox_call(s, s->lua, 1, 1, bound(instructions), err);
}

int script_call(struct script *s, int args, int results, uint64_t instructions, struct error *err)
{
    bool looking = s->looking;

    s->looking = true;
    int code = sandbox_call(s, s->lua, args, results, bound(instructions), err);
    s->looking = looking;
    return code;
}

/* Compiles the line as an expression or else as statements; with the scenario's table as `s`. */
static int compile_line(lua_State *L)
{
    const char *line = lua_touserdata(L, 1);

    lua_pushfstring(L, "local s = ... return %s", line);
    const char *text = lua_tostring(L, -1);
    if (luaL_loadbufferx(L, text, strlen(text), "=line", "t") == LUA_OK)
        return 1;
    lua_pop(L, 2);
    lua_pushfstring(L, "local s = ... %s", line);
    text = lua_tostring(L, -1);
    if (luaL_loadbufferx(L, text, strlen(text), "=line", "t") != LUA_OK)
        return lua_error(L);
    return 1;
}

/* Runs a line; returns its values as one text. */
static int run_line(lua_State *L)
{
    luaL_Buffer b;

    compile_line(L);
    lua_replace(L, 1);
    lua_settop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "trapeze.self");
    lua_call(L, 1, LUA_MULTRET);
    int n = lua_gettop(L);
    for (int i = 1; i <= n; i++) {
        lua_getglobal(L, "tostring");
        lua_pushvalue(L, i);
        lua_call(L, 1, 1);
        lua_replace(L, i);
    }
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        luaL_addstring(&b, i > 1 ? "  " : "");
        lua_pushvalue(L, i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return 1;
}

/* The goal that run() waits for, put back with what is left of it. */
static void restore_goal(struct host *h, const struct goal *goal, uint64_t left)
{
    struct goal g = *goal;

    g.budget = left;
    host_set_goal(h, &g);
}

int script_eval(struct script *s, const char *line, char *out, size_t size, struct error *err)
{
    struct text t = text_init(out, size);
    struct host *h = s->waiting;
    bool pending = h && host_goal(h) == GOAL_PENDING;
    struct goal goal = pending ? *host_goal_set(h) : (struct goal){0};
    uint64_t end = pending ? machine_icount(host_machine(h)) + host_goal_left(h) : 0;

    lua_pushcfunction(s->lua, run_line);
    lua_pushlightuserdata(s->lua, (void *)line);
    int code = sandbox_call(s, s->lua, 1, 1, s->options.instructions, err);
    uint64_t now = pending ? machine_icount(host_machine(h)) : 0;
    if (pending && (host_goal(h) != GOAL_PENDING || host_goal_left(h) != end - now))
        restore_goal(h, &goal, end > now ? end - now : 0);
    if (code)
        return code;
    text_add(&t, "%s", lua_tostring(s->lua, -1));
    lua_pop(s->lua, 1);
    return 0;
}
