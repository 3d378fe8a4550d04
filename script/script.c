/*
 * The life of a script; see script.h.
 *
 *   OPEN --start--> OPEN --resume--> WAITING <--> (the world advances) ... --> DONE
 *                                       any error --------------------------> FAILED
 */
#include "script/script.h"

#include "base/file.h"
#include "script/internal.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX (4u << 20)

/* ---- opening ---- */

static char *copy(const char *text, size_t size)
{
    char *s = malloc(size + 1);

    if (s) {
        memcpy(s, text, size);
        s[size] = '\0';
    }
    return s;
}

/* Path, name and directory. */
static int read_names(struct script *s, struct error *err)
{
    const char *path = s->options.path ? s->options.path : "script";
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    const char *dot = strrchr(file, '.');
    struct text base = text_init(s->base, sizeof s->base);

    s->path = copy(path, strlen(path));
    s->name = copy(file, dot && dot > file ? (size_t)(dot - file) : strlen(file));
    if (slash)
        text_add(&base, "%.*s", (int)(slash - path + (slash == path)), path);
    else
        text_add(&base, ".");
    if (base.overflow)
        return error_set(err, ERROR_input, "%.100s...: the path is too long", path);
    return s->path && s->name ? 0 : error_set(err, ERROR_memory, "out of memory");
}

static int read_source(struct script *s, struct error *err)
{
    const struct script_options *o = &s->options;
    uint8_t *data;

    if (!o->text) {
        int code = file_read(s->path, "script", SOURCE_MAX, &data, &s->source_size, err);
        s->source = code ? NULL : (char *)data;
        return code;
    }
    s->source_size = o->text_size ? o->text_size : strlen(o->text);
    s->source = copy(o->text, s->source_size);
    return s->source ? 0 : error_set(err, ERROR_memory, "out of memory");
}

/* The methods of machines that are written in Lua. */
static int open_prelude(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "machine");
    lua_call(L, 1, 1);
    object_extend(L, CLASS_MACHINE);
    return 0;
}

static const struct option scenario_options[] = {
    {"title", LUA_TSTRING},
    {"text", LUA_TSTRING},
    {"dashboard", LUA_TTABLE},
    {"setup", LUA_TFUNCTION},
    {"run", LUA_TFUNCTION},
    {"expect", LUA_TTABLE},
    {0},
};

/* A text of the scenario at 1, copied; "" when it is not there. */
static char *text_field(lua_State *L, const char *name)
{
    const char *s = lua_getfield(L, 1, name) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    char *out = copy(s, strlen(s));

    lua_pop(L, 1);
    return out;
}

static void read_row(lua_State *L, struct script *s, int row)
{
    lua_Integer n = lua_istable(L, -1) ? luaL_len(L, -1) : 0;

    if (n < 1 || n > PANE_COLUMNS)
        luaL_error(L, "dashboard: row %d is not a list of 1 to %d panes", row + 1, PANE_COLUMNS);
    for (int i = 0; i < n; i++) {
        if (lua_geti(L, -1, i + 1) != LUA_TSTRING)
            luaL_error(L, "dashboard: row %d: the name of a pane is a text", row + 1);
        free(s->panes[row][i]);
        s->panes[row][i] = copy(lua_tostring(L, -1), lua_rawlen(L, -1));
        lua_pop(L, 1);
    }
}

/* Stack: 1 what the file returned. */
static int read_scenario(lua_State *L)
{
    struct script *s = script_of(L);

    options_check(L, 1, "a scenario", scenario_options);
    s->is_scenario = true;
    s->title = text_field(L, "title");
    s->text = text_field(L, "text");
    if (lua_getfield(L, 1, "dashboard") == LUA_TTABLE) {
        lua_Integer n = luaL_len(L, -1);
        if (n > PANE_ROWS)
            luaL_error(L, "dashboard: at most %d rows", PANE_ROWS);
        for (int i = 0; i < n; i++) {
            lua_geti(L, -1, i + 1);
            read_row(L, s, i);
            lua_pop(L, 1);
        }
    }
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "trapeze.self");
    lua_pushvalue(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "trapeze.scenario");
    return 0;
}

/* Leaves the new coroutine with the function that is at 1. */
static int new_run(lua_State *L)
{
    struct script *s = script_of(L);

    s->run = lua_newthread(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "trapeze.run");
    luaL_checkstack(s->run, 4, "run");
    lua_xmove(L, s->run, 1);
    return 0;
}

/* The coroutine goes on with `args` values; what it returns or raises is on its stack. */
static int resume(struct script *s, int args, int *results)
{
    struct entry before = sandbox_enter(s, s->run, s->run_left, s->allowed);

    s->allowed = s->options.instructions;
    int status = lua_resume(s->run, s->lua, args, results);
    s->run_left = s->left;
    sandbox_leave(s, s->run, before);
    return status;
}

static int fail(struct script *s)
{
    s->state = SCRIPT_FAILED;
    s->waiting = NULL;
    return s->failure.code;
}

/* Runs the file itself: a scenario comes back with its table, a plain script is under way. */
static int run_file(struct script *s, struct error *err)
{
    lua_State *L = s->lua;
    char chunk[HOME_PATH_SIZE + 1];
    struct text t = text_init(chunk, sizeof chunk);
    int results;

    text_add(&t, "@%s", s->path);
    int status = luaL_loadbufferx(L, s->source, s->source_size, chunk, "t");
    if (status != LUA_OK)
        return sandbox_error(s, L, status, false, err);
    lua_pushcfunction(L, new_run);
    lua_insert(L, -2);
    int code = sandbox_call(s, L, 1, 0, SCRIPT_INSTRUCTIONS, err);
    if (code)
        return code;
    status = resume(s, 0, &results);
    if (status == LUA_YIELD) {
        s->state = SCRIPT_WAITING;
        return 0;
    }
    if (status != LUA_OK)
        return sandbox_error(s, s->run, status, true, err);
    if (results == 0) {
        s->state = SCRIPT_DONE;
        return 0;
    }
    lua_settop(s->run, 1);
    lua_pushcfunction(L, read_scenario);
    lua_xmove(s->run, L, 1);
    s->run = NULL;
    return sandbox_call(s, L, 1, 0, SCRIPT_INSTRUCTIONS, err);
}

static int open_all(struct script *s, struct error *err)
{
    int code = read_names(s, err);

    if (code == 0)
        code = home_find(&s->home, err);
    if (code == 0)
        code = read_source(s, err);
    if (code == 0)
        code = world_new(&s->world, err);
    if (code == 0)
        code = sandbox_open(s, err);
    if (code)
        return code;
    lua_pushcfunction(s->lua, open_prelude);
    code = sandbox_call(s, s->lua, 0, 0, SCRIPT_INSTRUCTIONS, err);
    return code ? code : run_file(s, err);
}

int script_open(struct script **out, const struct script_options *options, struct error *err)
{
    struct script *s = calloc(1, sizeof *s);

    *out = NULL;
    if (!s)
        return error_set(err, ERROR_memory, "out of memory");
    s->options = *options;
    if (!s->options.instructions)
        s->options.instructions = SCRIPT_INSTRUCTIONS;
    s->run_left = (int64_t)s->options.instructions;
    s->memory_limit = options->memory ? options->memory : SCRIPT_MEMORY;
    s->random = options->seed ? options->seed : 1;
    int code = open_all(s, err);
    if (code) {
        script_free(s);
        return code;
    }
    *out = s;
    return 0;
}

void script_free(struct script *s)
{
    if (!s)
        return;
    sandbox_close(s);
    world_free(s->world);
    check_free(s);
    for (unsigned i = 0; i < PANE_ROWS; i++)
        for (unsigned j = 0; j < PANE_COLUMNS; j++)
            free(s->panes[i][j]);
    free(s->path);
    free(s->name);
    free(s->source);
    free(s->title);
    free(s->text);
    free(s);
}

/* ---- running ---- */

/* Calls setup(self) where it is there. */
static int call_setup(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "trapeze.scenario");
    if (lua_getfield(L, -1, "setup") == LUA_TNIL)
        return 0;
    lua_getfield(L, LUA_REGISTRYINDEX, "trapeze.self");
    lua_call(L, 1, 0);
    return 0;
}

int script_start(struct script *s, struct error *err)
{
    if (!s->is_scenario || s->state != SCRIPT_OPEN)
        return 0;
    lua_pushcfunction(s->lua, call_setup);
    int code = sandbox_call(s, s->lua, 0, 0, s->options.instructions, &s->failure);
    if (code) {
        if (err)
            *err = s->failure;
        s->failed = true;
        fail(s);
    }
    return code;
}

/* Makes the coroutine of run(self); s->run stays NULL where there is none. */
static int begin_run(lua_State *L)
{
    struct script *s = script_of(L);

    lua_settop(L, 0);
    lua_getfield(L, LUA_REGISTRYINDEX, "trapeze.scenario");
    if (lua_getfield(L, -1, "run") == LUA_TNIL)
        return 0;
    lua_replace(L, 1);
    new_run(L);
    lua_getfield(L, LUA_REGISTRYINDEX, "trapeze.self");
    lua_xmove(L, s->run, 1);
    return 0;
}

static enum script_state finish(struct script *s)
{
    s->waiting = NULL;
    if (check_expectations(s, &s->failure)) {
        s->failed = true;
        fail(s);
        return SCRIPT_FAILED;
    }
    s->state = SCRIPT_DONE;
    return SCRIPT_DONE;
}

static enum script_state go_on(struct script *s)
{
    int args = 0, results;

    if (s->state == SCRIPT_OPEN) {
        lua_pushcfunction(s->lua, begin_run);
        if (sandbox_call(s, s->lua, 0, 0, SCRIPT_INSTRUCTIONS, &s->failure))
            return fail(s), SCRIPT_FAILED;
        if (!s->run)
            return finish(s);
        args = 1;
    }
    int status = resume(s, args, &results);
    if (status == LUA_YIELD) {
        s->state = SCRIPT_WAITING;
        return SCRIPT_WAITING;
    }
    if (status == LUA_OK)
        return finish(s);
    if (!s->failed)
        sandbox_error(s, s->run, status, true, &s->failure);
    s->failed = true;
    return fail(s), SCRIPT_FAILED;
}

enum script_state script_resume(struct script *s, struct error *err)
{
    bool pending =
        s->state == SCRIPT_WAITING && s->waiting && host_goal(s->waiting) == GOAL_PENDING;

    if (s->failed)
        fail(s);
    else if (!pending && s->state != SCRIPT_DONE)
        go_on(s);
    if (s->state == SCRIPT_FAILED && err)
        *err = s->failure;
    return s->state;
}

enum script_state script_state(const struct script *s)
{
    return s->state;
}

int script_run(struct script *s, struct error *err)
{
    int code = script_start(s, err);

    if (code)
        return code;
    while (script_resume(s, err) == SCRIPT_WAITING)
        while (host_goal(s->waiting) == GOAL_PENDING)
            host_advance(s->waiting, SCRIPT_SLICE);
    if (s->state == SCRIPT_FAILED)
        return s->failure.code;
    for (unsigned i = 0; i < s->check_count; i++)
        if (!s->checks[i].passed)
            return error_set(err, ERROR_check, "%u of %u expectations failed, the first: %s",
                             s->failed_count, s->check_count, s->checks[i].sentence);
    return 0;
}

/* ---- what it says ---- */

struct world *script_world(const struct script *s)
{
    return s->world;
}

const struct home *script_home(const struct script *s)
{
    return &s->home;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

const char *script_name(const struct script *s)
{
    return or_empty(s->name);
}

const char *script_title(const struct script *s)
{
    return or_empty(s->title);
}

const char *script_text(const struct script *s)
{
    return or_empty(s->text);
}

const char *script_pane(const struct script *s, unsigned row, unsigned column)
{
    return row < PANE_ROWS && column < PANE_COLUMNS ? s->panes[row][column] : NULL;
}

const char *script_said(const struct script *s, unsigned *count)
{
    if (count)
        *count = s->said_count;
    return s->said;
}

unsigned script_check_count(const struct script *s)
{
    return s->check_count;
}

const struct script_check *script_check(const struct script *s, unsigned index)
{
    return index < s->check_count ? &s->checks[index] : NULL;
}

unsigned script_failed_count(const struct script *s)
{
    return s->failed_count;
}
