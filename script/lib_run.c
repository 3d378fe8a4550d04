/*
 * Running machines from Lua: m:run, m:step, m:run_until. Each sets a goal. Inside run() of a
 * scenario the coroutine then yields, and whoever drives the script advances the machine; where
 * yielding is impossible (setup, expectations, a callback of table.sort) it is advanced here.
 */
#include "script/internal.h"
#include "world/view.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_MAX 1000000000u /* steps of a run that names no bound */

/* ---- what became of a goal ---- */

static const char *ending_name(const struct host *h)
{
    return machine_state(host_machine(h)) == MACHINE_HALTED ? "halted" : "shutdown";
}

static const char *reason(const struct host *h)
{
    switch (host_goal(h)) {
    case GOAL_BUDGET:
        return "budget";
    case GOAL_INPUT:
        return "input";
    case GOAL_STOPPED:
        return "stopped";
    default:
        return ending_name(h);
    }
}

/* m:run and m:step: one word. */
static int finish_run(lua_State *L, int status, lua_KContext context)
{
    const struct host *h = machine_arg(L, 1);
    enum machine_state state = machine_state(host_machine(h));

    (void)status;
    (void)context;
    if (state != MACHINE_READY)
        lua_pushstring(L, ending_name(h));
    else if (host_goal(h) == GOAL_INPUT || host_goal(h) == GOAL_STOPPED)
        lua_pushstring(L, reason(h));
    else
        lua_pushliteral(L, "steps");
    return 1;
}

/* Where a machine stands, for messages: "at 80001044 (boot+8) in os". */
static void add_place(const struct host *h, struct text *t)
{
    char name[64], symbol[128];
    word pc = machine_regs(host_machine(h))->pc;
    uint16_t id = view_current(h);

    view_symbol_text(h, id, pc, false, symbol, sizeof symbol);
    text_add(t, "at %08x%s%s%s in %s", (unsigned)pc, symbol[0] ? " (" : "", symbol,
             symbol[0] ? ")" : "", view_context_name(h, id, name, sizeof name));
}

static int not_reached(lua_State *L, const struct host *h, const char *what, uint64_t max)
{
    char buffer[512], end[256];
    struct text t = text_init(buffer, sizeof buffer);

    text_add(&t, "%s: '%s' did not come", host_name(h), what);
    switch (host_goal(h)) {
    case GOAL_BUDGET:
        text_add(&t, " within %" PRIu64 " steps: the machine is ", max);
        add_place(h, &t);
        blame(script_of(L), ERROR_budget, buffer);
        break;
    case GOAL_INPUT:
        text_add(&t, ": the machine waits for console input (m:input \"...\" or m:input_end())");
        break;
    case GOAL_STOPPED:
        text_add(&t, ": the run was stopped");
        break;
    default:
        text_add(&t, ": the machine %s", host_end_text(h, end, sizeof end));
    }
    return luaL_error(L, "%s", buffer);
}

/* Stack: 1 machine, 2 what, 3 filter or text, 4 text or nil, 5 max, 6 optional. */
static int finish_until(lua_State *L, int status, lua_KContext context)
{
    struct host *h = machine_arg(L, 1);
    char end[256];

    (void)status;
    (void)context;
    if (host_goal(h) == GOAL_REACHED) {
        if (host_goal_event(h))
            event_push(L, h, host_goal_event(h));
        else
            lua_pushstring(L, host_end_text(h, end, sizeof end));
        return 1;
    }
    if (lua_toboolean(L, 6)) {
        lua_pushnil(L);
        lua_pushstring(L, reason(h));
        return 2;
    }
    return not_reached(L, h, lua_tostring(L, 2), (uint64_t)lua_tointeger(L, 5));
}

/* ---- setting a goal ---- */

void script_may_run(lua_State *L)
{
    const struct script *s = script_of(L);

    if (s->in_handler)
        luaL_error(L, "a machine cannot be run from inside an event handler (m:stop() stops it)");
    if (s->looking)
        luaL_error(L, "a pane only looks: it cannot run a machine");
}

/* Nothing was loaded, nor written by hand and pc set to it. */
static void check_program(lua_State *L, const struct host *h)
{
    const struct machine *m = host_machine(h);

    if (machine_icount(m) == 0 && machine_state(m) == MACHINE_READY &&
        machine_regs(m)->pc < RAM_BASE)
        luaL_error(L,
                   "%s: there is no program in this machine: m:load { image = \"os.elf\" } puts "
                   "one there (or write one by m.mem.hpa and set m.regs.pc)",
                   host_name(h));
}

bool script_goal(lua_State *L, struct host *h, const struct goal *goal)
{
    struct script *s = script_of(L);

    check_program(L, h);
    host_set_goal(h, goal);
    if (L == s->run && lua_isyieldable(L)) {
        s->waiting = h;
        return true;
    }
    while (host_goal(h) == GOAL_PENDING)
        host_advance(h, SCRIPT_SLICE);
    if (s->failed)
        raise_failure(L);
    return false;
}

static int wait_for(lua_State *L, struct host *h, const struct goal *goal, lua_KFunction finish)
{
    return script_goal(L, h, goal) ? lua_yieldk(L, 0, 0, finish) : finish(L, LUA_OK, 0);
}

/* Steps: a whole number; 1e6 is one. */
static uint64_t steps_arg(lua_State *L, int index, const char *what, uint64_t otherwise)
{
    return lua_isnoneornil(L, index) ? otherwise : options_number(L, index, what, 0, INT64_MAX);
}

static int run(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct goal goal = {.kind = GOAL_END, .budget = steps_arg(L, 2, "run", DEFAULT_MAX)};

    script_may_run(L);
    lua_settop(L, 2);
    return wait_for(L, h, &goal, finish_run);
}

static int step(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct goal goal = {.kind = GOAL_STEPS, .budget = steps_arg(L, 2, "step", 1)};

    script_may_run(L);
    lua_settop(L, 2);
    return wait_for(L, h, &goal, finish_run);
}

/* The filter of a pending goal lies in a userdata that the registry keeps under the host. */
static struct lua_filter *keep_filter(lua_State *L, struct host *h)
{
    struct lua_filter *f = lua_newuserdatauv(L, sizeof *f, 0);

    host_objects_push(L, h);
    lua_getfield(L, -1, "filter");
    struct lua_filter *old = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (old)
        filter_release(L, old);
    *f = (struct lua_filter){.when = LUA_NOREF};
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "filter");
    lua_pop(L, 2);
    return f;
}

static void set_text(lua_State *L, struct goal *goal)
{
    size_t size;
    const char *text = luaL_checklstring(L, 4, &size);

    if (size == 0 || size >= sizeof goal->text || strlen(text) != size)
        luaL_error(L, "run_until: a text of 1 to %d characters is wanted",
                   (int)sizeof goal->text - 1);
    memcpy(goal->text, text, size + 1);
}

/* Brings the arguments to 1 machine, 2 what, 3 filter, 4 text. */
static void sort_arguments(lua_State *L, const char *what)
{
    bool text = strcmp(what, "text") == 0;

    lua_settop(L, 4);
    if (text) {
        lua_pushvalue(L, 3);
        lua_pushvalue(L, 4);
        lua_replace(L, 3);
        lua_replace(L, 4);
    }
}

static int run_until(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    const char *what = luaL_checkstring(L, 2);
    struct goal goal = {.kind = GOAL_EVENT};
    struct error err;

    script_may_run(L);
    sort_arguments(L, what);
    struct lua_filter *f = keep_filter(L, h);
    filter_arg(L, 3, "run_until", h, f);
    if (strcmp(what, "end") == 0) {
        goal.kind = GOAL_END;
    } else if (strcmp(what, "text") == 0) {
        goal.kind = GOAL_TEXT;
        set_text(L, &goal);
    } else if (filter_set(&f->filter, "kinds", what, NULL, &err)) {
        return luaL_error(L, "run_until: %s (or \"end\", \"text\")", err.text);
    }
    goal.filter = f->filter;
    goal.budget = f->filter.max ? f->filter.max : DEFAULT_MAX;
    lua_pushinteger(L, (lua_Integer)goal.budget);
    lua_pushboolean(L, f->optional);
    return wait_for(L, h, &goal, finish_until);
}

static int stop(lua_State *L)
{
    host_stop_goal(machine_arg(L, 1));
    return 0;
}

static int input(lua_State *L)
{
    size_t size;
    const char *text = luaL_checklstring(L, 2, &size);

    host_input(machine_arg(L, 1), text, size);
    return 0;
}

static int input_end(lua_State *L)
{
    host_input_end(machine_arg(L, 1));
    return 0;
}

const struct member machine_run_members[] = {
    {.name = "run", .method = run},
    {.name = "step", .method = step},
    {.name = "run_until", .method = run_until},
    {.name = "stop", .method = stop},
    {.name = "input", .method = input},
    {.name = "input_end", .method = input_end},
    {0},
};
