/*
 * Time travel from Lua: m:record, m:step_back, m:run_back, m:seek, m:mark (world/timeline.h), and
 * whole machines in files: m:save, m:restore (world/snapshot_file.h). What a script remembers in
 * variables of its own does not go back.
 */
#include "script/internal.h"
#include "world/snapshot_file.h"
#include "world/timeline.h"

#include <inttypes.h>

static void push_icount(lua_State *L, const struct host *h)
{
    lua_pushinteger(L, (lua_Integer)machine_icount(host_machine((struct host *)h)));
}

/* m:record() and m:record(false) */
static int record(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    bool on = lua_isnoneornil(L, 2) || lua_toboolean(L, 2);
    struct error err;

    script_may_run(L);
    if (!on)
        timeline_stop(h);
    else if (!timeline_on(h) && timeline_start(h, NULL, &err))
        return raise_error(L, &err);
    return 0;
}

static int step_back(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    uint64_t n = lua_isnoneornil(L, 2) ? 1 : options_number(L, 2, "step_back", 0, INT64_MAX);
    struct error err;

    script_may_run(L);
    if (timeline_back(h, n, &err))
        return raise_error(L, &err);
    push_icount(L, h);
    return 1;
}

static uint64_t place_arg(lua_State *L, struct host *h)
{
    uint64_t icount;

    if (lua_type(L, 2) != LUA_TSTRING)
        return options_number(L, 2, "seek", 0, INT64_MAX);
    if (!timeline_find_mark(h, lua_tostring(L, 2), &icount))
        luaL_error(L, "seek: %s has no mark '%s'", host_name(h), lua_tostring(L, 2));
    return icount;
}

static int seek(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    uint64_t icount = place_arg(L, h);
    struct error err;

    script_may_run(L);
    if (timeline_seek(h, icount, &err))
        return raise_error(L, &err);
    push_icount(L, h);
    return 1;
}

/* m:run_back(kinds, filter) */
static int run_back(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    const char *kinds = luaL_checkstring(L, 2);
    struct event e;
    struct error err;
    bool found;

    script_may_run(L);
    lua_settop(L, 3);
    struct lua_filter *f = lua_newuserdatauv(L, sizeof *f, 0);
    filter_arg(L, 3, "run_back", h, f);
    f->searching = true;
    if (filter_set(&f->filter, "kinds", kinds, NULL, &err)) {
        filter_release(L, f);
        return luaL_error(L, "run_back: %s", err.text);
    }
    int code = timeline_back_to(h, &f->filter, &found, &e, &err);
    bool optional = f->optional, failed = f->failed;
    filter_release(L, f);
    if (code)
        return raise_error(L, &err);
    if (failed)
        return raise_failure(L);
    if (found)
        event_push(L, h, &e);
    else if (optional)
        lua_pushnil(L);
    else
        return luaL_error(L, "%s: there was no '%s' before this", host_name(h), kinds);
    return 1;
}

static int mark(lua_State *L)
{
    struct error err;

    if (timeline_mark(machine_arg(L, 1), luaL_checkstring(L, 2), &err))
        return raise_error(L, &err);
    return 0;
}

/* Bytes of a machine that are as much work as an instruction of Lua. */
#define BYTES_PER_INSTRUCTION 16

static void charge_snapshot(lua_State *L, const struct host *h)
{
    sandbox_charge(L, machine_config(host_machine(h))->ram_size / BYTES_PER_INSTRUCTION);
}

/* m:save("boot.snap") */
static int save(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    const char *name = luaL_checkstring(L, 2);
    char path[HOME_PATH_SIZE];
    struct error err;

    script_may_run(L);
    charge_snapshot(L, h);
    if (home_snapshot(script_of(L)->base, name, path, sizeof path, &err) ||
        snapshot_file_save(h, path, &err))
        return raise_error(L, &err);
    return 0;
}

/* m:restore("boot.snap") */
static int restore(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct script *s = script_of(L);
    const char *name = luaL_checkstring(L, 2);
    char path[HOME_PATH_SIZE];
    struct error err;

    script_may_run(L);
    if (host_goal(h) == GOAL_PENDING)
        return luaL_error(L, "restore: run() waits for something on %s", host_name(h));
    charge_snapshot(L, h);
    if (home_file(&s->home, s->base, name, path, sizeof path, &err) ||
        snapshot_file_load(h, path, &err))
        return raise_error(L, &err);
    push_icount(L, h);
    return 1;
}

static void set_number(lua_State *L, const char *name, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

/* nil while nothing is recorded */
static int get_history(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct timeline_stats stats = timeline_stats(h);
    const char *name;
    uint64_t icount;

    if (!timeline_on(h)) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 5);
    set_number(L, "first", timeline_first(h));
    set_number(L, "last", timeline_last(h));
    set_number(L, "snapshots", stats.snapshots);
    set_number(L, "bytes", stats.bytes);
    lua_newtable(L);
    for (unsigned i = 0; (name = timeline_mark_name(h, i, &icount)) != NULL; i++)
        set_number(L, name, icount);
    lua_setfield(L, -2, "marks");
    return 1;
}

const struct member machine_time_members[] = {
    {.name = "record", .method = record},
    {.name = "step_back", .method = step_back},
    {.name = "run_back", .method = run_back},
    {.name = "seek", .method = seek},
    {.name = "mark", .method = mark},
    {.name = "save", .method = save},
    {.name = "restore", .method = restore},
    {.name = "history", .get = get_history},
    {0},
};
