/*
 * The box a script lives in: how much memory, how many instructions, which globals, which
 * modules.
 *
 * Instructions are counted by a hook every STRIDE of them. Once they are used up every single
 * instruction fails, so that a pcall inside the script cannot go on. Memory is counted by the
 * allocator; its limit makes Lua raise "not enough memory" as if there were no more.
 */
#include "base/file.h"
#include "script/internal.h"

#include <ctype.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#define STRIDE         1000
/* A block of more bytes than LARGE is work, since it is filled or copied: it counts like one
 * instruction for every BYTES_PER_STEP. */
#define LARGE          4096
#define BYTES_PER_STEP 64

#define SOURCE_MAX     (4u << 20)
#define MODULE_NAME    64
#define NOT_A_TEXT     "an error was raised with a %s for its text"

struct script *script_of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

/* ---- memory ---- */

static void *allocate(void *user, void *old, size_t old_size, size_t size)
{
    struct script *s = user;

    if (!old)
        old_size = 0; /* it holds a type then */
    if (size == 0) {
        free(old);
        s->memory_used -= old_size;
        return NULL;
    }
    if (size > old_size && size - old_size > s->memory_limit - s->memory_used)
        return NULL;
    void *new = realloc(old, size);
    if (new)
        s->memory_used += size - old_size;
    if (size > LARGE)
        s->left -= (int64_t)(size / BYTES_PER_STEP);
    return new;
}

/* ---- instructions ---- */

static void count_hook(lua_State *L, lua_Debug *ar);

void sandbox_charge(lua_State *L, uint64_t instructions)
{
    struct script *s = script_of(L);

    s->left -= instructions < INT64_MAX / 2 ? (int64_t)instructions : INT64_MAX / 2;
    if (s->left > 0 && !s->exhausted)
        return;
    if (!s->exhausted)
        lua_sethook(L, count_hook, LUA_MASKCOUNT, 1);
    s->exhausted = true;
    blame(s, ERROR_budget, "stopped after ");
    luaL_error(L, "stopped after %I Lua instructions: a loop that does not end?",
               (LUAI_UACINT)s->allowed);
}

static void count_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    sandbox_charge(L, STRIDE);
}

struct entry sandbox_enter(struct script *s, lua_State *L, int64_t left, uint64_t allowed)
{
    struct entry before = {.left = s->left, .allowed = s->allowed, .exhausted = s->exhausted};

    s->left = left;
    s->allowed = allowed;
    s->exhausted = false;
    if (lua_gethookcount(L) != STRIDE) /* else short entries would never be counted */
        lua_sethook(L, count_hook, LUA_MASKCOUNT, STRIDE);
    return before;
}

void sandbox_leave(struct script *s, lua_State *L, struct entry before)
{
    (void)L;
    s->left = before.left;
    s->allowed = before.allowed;
    s->exhausted = before.exhausted;
}

/* ---- errors ---- */

/* "path:12" of the innermost line of the script's own file that is running; false: none. */
static bool own_place(const struct script *s, lua_State *L, struct text *out)
{
    lua_Debug ar;

    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.source[0] != '@' || strcmp(ar.source + 1, s->path) != 0 || ar.currentline <= 0)
            continue;
        text_add(out, "%s:%d", ar.short_src, ar.currentline);
        return true;
    }
    return false;
}

/* Message handler. While the stack still stands: adds the script's own line to an error that
 * was raised elsewhere. */
static int add_place(lua_State *L)
{
    char place[256];
    struct text t = text_init(place, sizeof place);
    const char *said = lua_tostring(L, 1);

    if (!said)
        lua_pushfstring(L, NOT_A_TEXT, luaL_typename(L, 1));
    else if (own_place(script_of(L), L, &t) && !strstr(said, place))
        lua_pushfstring(L, "%s (called from %s)", said, place);
    return 1;
}

/* The line of the script's source that the text begins with, if it does. */
static void add_source_line(const struct script *s, const char *said, struct text *out)
{
    size_t n = strlen(s->path);
    const char *line = s->source;

    if (strncmp(said, s->path, n) != 0 || said[n] != ':' || !isdigit((unsigned char)said[n + 1]))
        return;
    for (long number = strtol(said + n + 1, NULL, 10); line && number > 1; number--) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (!line)
        return;
    line += strspn(line, " \t");
    int length = (int)strcspn(line, "\r\n");
    if (length > 0)
        text_add(out, "\n    %.*s", length < 100 ? length : 100, line);
}

/* "file:12: text" becomes "file:12: error: text" and the source line under it. */
static void write_error(const struct script *s, const char *said, struct text *out)
{
    const char *p = strchr(said, ':');

    if (p && isdigit((unsigned char)p[1])) {
        p++;
        while (isdigit((unsigned char)*p))
            p++;
    }
    if (strstr(said, ": error: ")) /* a handler's failure, raised again */
        text_add(out, "%s", said);
    else if (p && *p == ':' && isdigit((unsigned char)p[-1]) && p[1] == ' ')
        text_add(out, "%.*s error: %s", (int)(p + 1 - said), said, p + 2);
    else
        text_add(out, "%s: error: %s", s->path, said);
    if (!strchr(said, '\n'))
        add_source_line(s, said, out);
}

int sandbox_error(struct script *s, lua_State *L, int status, bool standing, struct error *err)
{
    char buffer[1024], place[256], no_text[128];
    struct text t = text_init(buffer, sizeof buffer), p = text_init(place, sizeof place);
    enum error_code code = ERROR_input;
    /* Nothing here may need memory of Lua's: this is not a protected call. */
    const char *said = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : no_text;

    snprintf(no_text, sizeof no_text, NOT_A_TEXT, luaL_typename(L, -1));
    if (s->blame && strstr(said, s->blame_text))
        code = s->blame;

    if (status == LUA_ERRMEM) {
        code = ERROR_budget;
        text_add(&t, "%s: error: the script needs more than its %zu MiB of memory", s->path,
                 s->memory_limit >> 20);
    } else {
        write_error(s, said, &t);
        if (standing && own_place(s, L, &p) && !strstr(said, place))
            text_add(&t, "\n    called from %s", place);
    }
    lua_pop(L, 1);
    return error_set(err, code, "%s", buffer);
}

int sandbox_call(struct script *s, lua_State *L, int args, int results, uint64_t instructions,
                 struct error *err)
{
    int base = lua_gettop(L) - args;
    struct entry before = sandbox_enter(s, L, (int64_t)instructions, instructions);

    lua_pushcfunction(L, add_place);
    lua_insert(L, base);
    int status = lua_pcall(L, args, results, base);
    sandbox_leave(s, L, before);
    lua_remove(L, base);
    return status == LUA_OK ? 0 : sandbox_error(s, L, status, false, err);
}

/* ---- modules ---- */

/* "panes.code" is lua-scripts/panes/code.lua; nothing else can be meant by a name. */
static bool module_path(const char *module, char *out, size_t size)
{
    struct text t = text_init(out, size);
    bool start = true;

    text_add(&t, "lua-scripts/");
    for (const char *p = module; *p; p++) {
        if (*p == '.' ? start : !isalnum((unsigned char)*p) && *p != '_' && *p != '-')
            return false;
        start = *p == '.';
        text_add_char(&t, *p == '.' ? '/' : *p);
    }
    text_add(&t, ".lua");
    return !start && !t.overflow;
}

static void load_module(lua_State *L, const char *module)
{
    struct script *s = script_of(L);
    char name[MODULE_NAME + 32], path[HOME_PATH_SIZE];
    struct error err;
    uint8_t *data = NULL;
    size_t size = 0;

    if (strlen(module) > MODULE_NAME || !module_path(module, name, sizeof name))
        luaL_error(L, "require: '%s' is no name of a module (a name such as panes.code)", module);
    const char *chunk = lua_pushfstring(L, "@%s", name); /* before there is anything to free */
    if (home_path(&s->home, name, path, sizeof path, &err) ||
        file_read(path, "module", SOURCE_MAX, &data, &size, &err))
        luaL_error(L, "require: there is no module '%s': %s", module, err.text);
    int status = luaL_loadbufferx(L, (const char *)data, size, chunk, "t");
    free(data);
    lua_remove(L, -2);
    if (status != LUA_OK)
        lua_error(L);
}

static int require(lua_State *L)
{
    const char *module = luaL_checkstring(L, 1);

    lua_settop(L, 1);
    if (lua_getfield(L, lua_upvalueindex(1), module) != LUA_TNIL)
        return 1;
    load_module(L, module);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, lua_upvalueindex(1), module);
    return 1;
}

/* ---- globals ---- */

static int suggest_global(lua_State *L, const char *what)
{
    const char *name = luaL_tolstring(L, 2, NULL);
    const char *best = object_suggest(L, name, 1);

    if (best)
        return luaL_error(L, "%s '%s'; did you mean '%s'?", what, name, best);
    return luaL_error(L, "%s '%s'", what, name);
}

static int undefined_global(lua_State *L)
{
    return suggest_global(L, "there is no variable");
}

static int new_global(lua_State *L)
{
    return suggest_global(L, "assignment to an undefined global (write local):");
}

static void lock_globals(lua_State *L)
{
    lua_pushglobaltable(L);
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, undefined_global);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, new_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "locked");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

static void open_libraries(lua_State *L)
{
    static const luaL_Reg libraries[] = {
        {LUA_GNAME, luaopen_base},        {LUA_TABLIBNAME, luaopen_table},
        {LUA_STRLIBNAME, luaopen_string}, {LUA_MATHLIBNAME, luaopen_math},
        {LUA_UTF8LIBNAME, luaopen_utf8},
    };

    for (size_t i = 0; i < COUNT_OF(libraries); i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
        lua_pop(L, 1);
    }
}

/* In protected mode: everything here may run out of memory. */
static int open_state(lua_State *L)
{
    struct script *s = script_of(L);

    open_libraries(L);
    guard_libraries(L);
    lib_string(L);
    lua_newtable(L);
    lua_pushcclosure(L, require, 1);
    lua_setglobal(L, "require");
    lib_event(L);
    lib_memory(L);
    lib_registers(L);
    lib_context(L);
    lib_machine(L);
    lib_handler(L);
    lib_oracle(L);
    lib_stop(L);
    lib_breaks(L);
    lib_tz(L);
    s->handlers = lua_newthread(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "trapeze.handlers");
    lock_globals(L);
    return 0;
}

/* No call reaches Lua unprotected; if one did, it would be our own mistake. */
static int panic(lua_State *L)
{
    const char *said = lua_tostring(L, -1);

    fprintf(stderr, "trapeze: internal error: Lua: %s\n", said ? said : "?");
    return 0;
}

int sandbox_open(struct script *s, struct error *err)
{
    s->lua = lua_newstate(allocate, s);
    if (!s->lua)
        return error_set(err, ERROR_memory, "out of memory");
    *(struct script **)lua_getextraspace(s->lua) = s;
    lua_atpanic(s->lua, panic);
    lua_pushcfunction(s->lua, open_state);
    return sandbox_call(s, s->lua, 0, 0, SCRIPT_INSTRUCTIONS, err);
}

void sandbox_close(struct script *s)
{
    if (s->lua)
        lua_close(s->lua);
    s->lua = NULL;
}
