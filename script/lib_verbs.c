/*
 * The verbs of the debugger and the dashboard from Lua: m:next, m:finish, m:continue, ... and the
 * same backwards. Forwards each is a goal (world.h) whose condition is that of the verb
 * (world/until.h), or a breakpoint (world/breaks.h); backwards it is world/backwards.h. Each
 * returns a stop (lib_stop.c).
 */
#include "script/internal.h"
#include "world/backwards.h"
#include "world/timeline.h"
#include "world/view.h"

#include <string.h>

#define VERB_MAX 1000000000u /* steps of a verb that names no bound */

/* ---- forwards ----------------------------------------------------------------------------- */

static const char *const verb_words[] = {
    [VERB_STEP] = "step", [VERB_OVER] = "over",      [VERB_OUT] = "out",
    [VERB_LINE] = "line", [VERB_LINE_OVER] = "line", [VERB_GO] = "place",
};

/* A verb that is under way; the goal's filter points to it. */
struct verb_goal {
    struct host *host;
    struct until until;
    struct breaks *breaks;
    unsigned newest; /* those that are set later do not count */
    bool has_here;
    struct break_point here;   /* m:run_to */
    struct lua_filter *filter; /* its part that is Lua's, which a user value keeps; NULL: none */
    uint64_t left;             /* times */
    uint64_t max;              /* steps */
    const char *reason;        /* one word; NULL: not met */
    unsigned number;
    char text[400];
};

static struct break_point *break_met(const struct verb_goal *g, const struct event *e)
{
    for (unsigned i = 0; i < g->breaks->count; i++) {
        struct break_point *p = &g->breaks->list[i];
        if (p->number <= g->newest && break_meets(p, g->host, e))
            return p;
    }
    return NULL;
}

static bool is_met(void *user, const struct event *e)
{
    struct verb_goal *g = user;
    struct text t = text_init(g->text, sizeof g->text);
    bool stands = until_stands_at(&g->until, g->host, e);
    struct break_point *p = stands ? NULL : break_met(g, e);

    g->number = 0;
    g->reason = NULL;
    if (p) {
        g->reason = "breakpoint";
        g->number = p->number;
        break_hit(p, e);
        break_say(p, g->host, e, &t);
    } else if (g->has_here && !stands && break_meets(&g->here, g->host, e)) {
        g->reason = verb_words[VERB_GO];
        break_say(&g->here, g->host, e, &t);
    } else if (until_met(&g->until, g->host, e)) {
        g->reason = verb_words[g->until.verb];
        until_say(&g->until, e, &t);
    }
    return g->reason != NULL;
}

static void say(struct stop *out, const char *reason, const char *text)
{
    struct text t = text_init(out->text, sizeof out->text);

    out->reason = reason;
    text_add(&t, "%s", text);
}

/* Stack: 1 machine, the verb's goal at `index`. */
static int push_stop(lua_State *L, int index)
{
    struct verb_goal *g = lua_touserdata(L, index);
    struct stop o = {0};
    char end[128];

    if (g->filter)
        filter_release(L, g->filter);

    if (host_goal_event(g->host)) {
        o.has_event = true;
        o.event = *host_goal_event(g->host);
    }
    switch (host_goal(g->host)) {
    case GOAL_REACHED:
    case GOAL_ENDED:
        if (g->reason)
            say(&o, g->reason, g->text);
        else
            say(&o, machine_state(host_machine(g->host)) == MACHINE_HALTED ? "halted" : "shutdown",
                host_end_text(g->host, end, sizeof end));
        o.number = g->reason ? g->number : 0;
        break;
    case GOAL_BUDGET:
        say(&o, "budget", "the bound of steps was reached");
        break;
    case GOAL_INPUT:
        say(&o, "input", "the machine waits for console input (m:input \"...\" or m:input_end())");
        break;
    default:
        say(&o, "stopped", "the run was stopped");
    }
    stop_push(L, g->host, &o);
    return 1;
}

/* Sets the goal of what is under way. With nothing to wait for it is the end. */
static bool set_goal(lua_State *L, struct verb_goal *g)
{
    struct goal goal = {.kind = GOAL_EVENT, .budget = g->max};

    until_begin(&g->until, g->host, g->until.verb, NULL);
    g->newest = g->breaks->last_number;
    g->reason = NULL;
    goal.filter.kinds = until_mask(&g->until) | breaks_mask(g->breaks);
    if (g->has_here)
        goal.filter.kinds |=
            g->here.kind == BREAK_PLACE ? EVENT_BIT(EVENT_insn) : filter_kinds(&g->here.filter);
    if (!goal.filter.kinds)
        goal.kind = GOAL_END;
    goal.filter.when = is_met;
    goal.filter.user = g;
    return script_goal(L, g->host, &goal);
}

/* Whether the verb is to be done once more. */
static bool again(struct verb_goal *g)
{
    bool done = host_goal(g->host) == GOAL_REACHED && g->reason && !g->number;

    return done && --g->left > 0;
}

static int go_on(lua_State *L, int status, lua_KContext context)
{
    struct verb_goal *g = lua_touserdata(L, (int)context);

    if (status == LUA_YIELD && !again(g))
        return push_stop(L, (int)context);
    do {
        if (set_goal(L, g))
            return lua_yieldk(L, 0, context, go_on);
    } while (again(g));
    return push_stop(L, (int)context);
}

/* Leaves the goal of a verb; the registry keeps it, under the host, for as long as it may be asked. */
static struct verb_goal *new_goal(lua_State *L, enum verb verb)
{
    struct host *h = machine_arg(L, 1);
    struct verb_goal *g = lua_newuserdatauv(L, sizeof *g, 1);

    *g = (struct verb_goal){
        .host = h,
        .until.verb = verb,
        .breaks = world_breaks(script_of(L)->world),
        .left = 1,
        .max = VERB_MAX,
    };
    lua_rawgetp(L, LUA_REGISTRYINDEX, h);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "verb");
    lua_pop(L, 1);
    return g;
}

static uint64_t number_arg(lua_State *L, const char *what, uint64_t otherwise)
{
    return lua_isnoneornil(L, 2) ? otherwise : options_number(L, 2, what, 1, INT64_MAX);
}

/* A verb that may be repeated: m:next(n). */
static int times(lua_State *L, enum verb verb, const char *what)
{
    uint64_t n = number_arg(L, what, 1);

    script_may_run(L);
    lua_settop(L, 1);
    new_goal(L, verb)->left = n;
    return go_on(L, LUA_OK, 2);
}

/* A verb that may have a bound: m:continue(max). */
static int bounded(lua_State *L, enum verb verb, const char *what)
{
    uint64_t max = number_arg(L, what, VERB_MAX);

    script_may_run(L);
    lua_settop(L, 1);
    new_goal(L, verb)->max = max;
    return go_on(L, LUA_OK, 2);
}

static int next(lua_State *L)
{
    return times(L, VERB_OVER, "next");
}

static int step_line(lua_State *L)
{
    return times(L, VERB_LINE, "step_line");
}

static int next_line(lua_State *L)
{
    return times(L, VERB_LINE_OVER, "next_line");
}

static int finish(lua_State *L)
{
    return bounded(L, VERB_OUT, "finish");
}

static int continue_(lua_State *L)
{
    return bounded(L, VERB_GO, "continue");
}

/* m:run_to(place, filter) */
static int run_to(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct break_point here;

    script_may_run(L);
    struct lua_filter *f = break_place_arg(L, "run_to", h, &here);
    struct verb_goal *g = new_goal(L, VERB_GO);
    lua_pushvalue(L, -2);
    lua_setiuservalue(L, -2, 1);
    g->filter = f;
    g->has_here = true;
    g->here = here;
    g->max = here.filter.max ? here.filter.max : VERB_MAX;
    return go_on(L, LUA_OK, lua_gettop(L));
}

/* ---- backwards ---------------------------------------------------------------------------- */

static const char *back_word(const struct verbs *v, enum verb verb)
{
    return v->done                                                            ? verb_words[verb]
           : v->met                                                           ? "breakpoint"
           : machine_icount(host_machine(v->host)) == timeline_first(v->host) ? "begin"
                                                                              : "unknown";
}

static int back(lua_State *L, enum verb verb, uint64_t n)
{
    struct script *s = script_of(L);
    struct host *h = machine_arg(L, 1);

    script_may_run(L);
    if (!timeline_on(h))
        return luaL_error(L, "%s: its history is not recorded; m:record() begins that",
                          host_name(h));
    struct verbs *v = lua_newuserdatauv(L, sizeof *v, 0);
    verbs_init(v, s->world, NULL);
    verbs_choose(v, h);
    do
        verbs_back(v, verb, 1);
    while (v->done && --n > 0);
    verbs_fini(v); /* what it says stays */
    if (s->failed)
        return raise_failure(L);
    struct stop o = {.number = v->met, .has_event = v->has_event, .event = v->event};
    say(&o, back_word(v, verb), v->reason);
    stop_push(L, h, &o);
    return 1;
}

static int next_back(lua_State *L)
{
    return back(L, VERB_OVER, number_arg(L, "next_back", 1));
}

static int step_line_back(lua_State *L)
{
    return back(L, VERB_LINE, number_arg(L, "step_line_back", 1));
}

static int next_line_back(lua_State *L)
{
    return back(L, VERB_LINE_OVER, number_arg(L, "next_line_back", 1));
}

static int finish_back(lua_State *L)
{
    return back(L, VERB_OUT, 1);
}

static int continue_back(lua_State *L)
{
    return back(L, VERB_GO, 1);
}

const struct member machine_verb_members[] = {
    {.name = "next", .method = next},
    {.name = "finish", .method = finish},
    {.name = "continue", .method = continue_},
    {.name = "run_to", .method = run_to},
    {.name = "step_line", .method = step_line},
    {.name = "next_line", .method = next_line},
    {.name = "next_back", .method = next_back},
    {.name = "finish_back", .method = finish_back},
    {.name = "continue_back", .method = continue_back},
    {.name = "step_line_back", .method = step_line_back},
    {.name = "next_line_back", .method = next_line_back},
    {0},
};
