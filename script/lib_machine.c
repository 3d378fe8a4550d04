/*
 * Machines: tz.machine builds one in the script's world, m:load puts a program into it, and its
 * fields show what state it is in. Running is in lib_run.c, looking inside in lib_look.c, and
 * what is better said in Lua (m:boot_os, m:boot_vmm) in lua-scripts/machine.lua.
 */
#include "base/suggest.h"
#include "script/internal.h"
#include "trace/counters.h"
#include "world/view.h"

#include <string.h>

struct machine_object {
    struct host *host;
};

struct host *machine_arg(lua_State *L, int index)
{
    const struct machine_object *o = luaL_checkudata(L, index, CLASS_MACHINE);

    return o->host;
}

/* Made here for a machine that somebody else has put into the world. */
void host_objects_push(lua_State *L, struct host *h)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, h) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 2);
    struct machine_object *object = lua_newuserdatauv(L, sizeof *object, 0);
    object->host = h;
    luaL_setmetatable(L, CLASS_MACHINE);
    lua_setfield(L, -2, "machine");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, h);
}

void machine_push(lua_State *L, struct host *h)
{
    host_objects_push(L, h);
    lua_getfield(L, -1, "machine");
    lua_remove(L, -2);
}

/* ---- building ---- */

static const struct option machine_options[] = {
    {"name", LUA_TSTRING},  {"isa", LUA_TSTRING},
    {"vt", LUA_TBOOLEAN},   {"npt", LUA_TBOOLEAN},
    {"ram", LUA_TNONE},     {"tlb", LUA_TNONE},
    {"disk", LUA_TSTRING},  {"cost", LUA_TNONE},
    {"divider", LUA_TNONE}, {0},
};

static const struct cost_name {
    const char *name;
    size_t offset;
} cost_names[] = {
#define COST(name, value, meaning) {#name, offsetof(struct cost, name)},
#include "machine/costs.def"
#undef COST
};

/* The option as a number, `otherwise` when it is not given. */
static uint32_t number_option(lua_State *L, const char *name, uint32_t otherwise, uint64_t high)
{
    uint32_t value = otherwise;
    char what[64];
    struct text t = text_init(what, sizeof what);

    text_add(&t, "tz.machine: %s", name);
    if (lua_getfield(L, 1, name) != LUA_TNIL)
        value = (uint32_t)options_number(L, -1, what, 0, high);
    lua_pop(L, 1);
    return value;
}

static bool flag_option(lua_State *L, const char *name, bool otherwise)
{
    bool value = lua_getfield(L, 1, name) == LUA_TNIL ? otherwise : lua_toboolean(L, -1);

    lua_pop(L, 1);
    return value;
}

static bool isa_option(lua_State *L)
{
    bool classic = false;

    if (lua_getfield(L, 1, "isa") != LUA_TNIL) {
        const char *isa = lua_tostring(L, -1);
        classic = strcmp(isa, "classic") == 0;
        if (!classic && strcmp(isa, "strict") != 0)
            luaL_error(L, "tz.machine: isa is \"strict\" or \"classic\", not \"%s\"", isa);
    }
    lua_pop(L, 1);
    return classic;
}

/* A preset's name on the stack becomes its table: `costs` of lua-scripts/costs/NAME.lua. */
static void load_preset(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushfstring(L, "costs.%s", lua_tostring(L, -2));
    lua_call(L, 1, 1);
    if (lua_type(L, -1) != LUA_TTABLE || lua_getfield(L, -1, "costs") != LUA_TTABLE)
        luaL_error(L, "tz.machine: lua-scripts/costs/%s.lua returns no table with 'costs'",
                   lua_tostring(L, -2));
    lua_replace(L, -3);
    lua_pop(L, 1);
}

static void cost_option(lua_State *L, struct cost *cost)
{
    int type = lua_getfield(L, 1, "cost");

    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (type == LUA_TSTRING)
        load_preset(L);
    else
        luaL_argexpected(L, type == LUA_TTABLE, 1, "cost = a table, or the name of a preset");
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        const struct cost_name *found = NULL;
        struct suggest near = suggest_for(name);

        for (size_t i = 0; i < COUNT_OF(cost_names); i++) {
            suggest_offer(&near, cost_names[i].name);
            if (strcmp(cost_names[i].name, name) == 0)
                found = &cost_names[i];
        }
        const char *best = suggest_best(&near);
        if (!found)
            luaL_error(L, "tz.machine: there is no cost called '%s'%s%s%s", name,
                       best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "");
        *(uint32_t *)((char *)cost + found->offset) =
            (uint32_t)options_number(L, -1, "tz.machine: cost", 0, 1000000000);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* The file that a script means, on the Lua stack so that nothing needs freeing. */
static const char *push_file(lua_State *L, const char *name)
{
    const struct script *s = script_of(L);
    char path[HOME_PATH_SIZE];
    struct error err;

    if (home_file(&s->home, s->base, name, path, sizeof path, &err))
        raise_error(L, &err);
    return lua_pushstring(L, path);
}

static void read_config(lua_State *L, struct machine_config *c)
{
    *c = machine_config_default();
    c->classic = isa_option(L);
    c->vt = flag_option(L, "vt", c->vt);
    c->npt = flag_option(L, "npt", c->npt);
    c->ram_size = number_option(L, "ram", c->ram_size, UINT32_MAX);
    c->tlb = number_option(L, "tlb", c->tlb, UINT32_MAX);
    cost_option(L, &c->cost);
    c->cost.divider = number_option(L, "divider", c->cost.divider, UINT32_MAX);
    if (lua_getfield(L, 1, "disk") != LUA_TNIL)
        c->disk = push_file(L, lua_tostring(L, -1));
}

/* tz.machine { ... } */
int machine_create(lua_State *L)
{
    struct script *s = script_of(L);
    struct machine_config config;
    struct error err;
    struct host *h;

    if (lua_isnone(L, 1))
        lua_newtable(L);
    lua_settop(L, 1);
    if (s->looking || s->in_handler)
        return luaL_error(L, "tz.machine: not from inside an event handler or a pane");
    options_check(L, 1, "tz.machine", machine_options);
    read_config(L, &config);
    lua_getfield(L, 1, "name");
    const char *name = lua_tostring(L, -1);
    /* First what can fail in Lua, then the machine, which the world owns. */
    struct machine_object *object = lua_newuserdatauv(L, sizeof *object, 0);
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "machine");
    lua_checkstack(L, 8);
    if (world_add(s->world, name, &config, &h, &err)) {
        error_prefix(&err, "tz.machine");
        return raise_error(L, &err);
    }
    object->host = h;
    lua_rawsetp(L, LUA_REGISTRYINDEX, h);
    luaL_setmetatable(L, CLASS_MACHINE);
    return 1;
}

/* ---- loading ---- */

static const struct option load_options[] = {
    {"image", LUA_TSTRING}, {"modules", LUA_TTABLE}, {"cmdline", LUA_TSTRING}, {0}};
static const struct option module_options[] = {{"file", LUA_TSTRING}, {"name", LUA_TSTRING}, {0}};

/* A file name, or { name =, file = }; its strings stay on the stack. */
static struct host_module read_module(lua_State *L, int index)
{
    struct host_module m = {0};

    if (lua_type(L, index) == LUA_TSTRING) {
        m.path = push_file(L, lua_tostring(L, index));
        return m;
    }
    options_check(L, index, "a module", module_options);
    if (lua_getfield(L, index, "file") == LUA_TNIL)
        luaL_error(L, "load: a module is a file or { name = ..., file = ... }");
    m.path = push_file(L, lua_tostring(L, -1));
    lua_getfield(L, index, "name");
    m.name = lua_tostring(L, -1);
    return m;
}

static int load(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    struct host_module modules[64];
    struct host_program p = {.modules = modules};
    struct error err;

    if (script_of(L)->in_handler || script_of(L)->looking)
        return luaL_error(L, "load: not from inside an event handler or a pane");
    lua_settop(L, 2);
    options_check(L, 2, "load", load_options);
    luaL_checkstack(L, 4 * (int)COUNT_OF(modules), "load");
    if (lua_getfield(L, 2, "image") == LUA_TNIL)
        return luaL_error(L, "load: which program? m:load { image = \"os.elf\" }");
    p.image = push_file(L, lua_tostring(L, -1));
    if (lua_getfield(L, 2, "modules") != LUA_TNIL) {
        int list = lua_gettop(L);
        lua_Integer n = luaL_len(L, list);
        if (n > (lua_Integer)COUNT_OF(modules))
            return luaL_error(L, "load: too many modules");
        for (; p.module_count < n; p.module_count++) {
            lua_geti(L, list, p.module_count + 1);
            modules[p.module_count] = read_module(L, lua_gettop(L));
        }
    }
    lua_getfield(L, 2, "cmdline");
    p.cmdline = lua_tostring(L, -1);
    if (host_load(h, &p, &err))
        return raise_error(L, &err);
    return 0;
}

/* ---- fields ---- */

static struct machine *machine(lua_State *L)
{
    return host_machine(machine_arg(L, 1));
}

static int get_name(lua_State *L)
{
    lua_pushstring(L, host_name(machine_arg(L, 1)));
    return 1;
}

static int get_state(lua_State *L)
{
    static const char *const names[] = {
        [MACHINE_READY] = "ready",
        [MACHINE_HALTED] = "halted",
        [MACHINE_SHUTDOWN] = "shutdown",
    };
    lua_pushstring(L, names[machine_state(machine(L))]);
    return 1;
}

static int get_status(lua_State *L)
{
    if (machine_state(machine(L)) == MACHINE_HALTED)
        lua_pushinteger(L, machine_status(machine(L)));
    else
        lua_pushnil(L);
    return 1;
}

static int get_ending(lua_State *L)
{
    char buffer[256];

    lua_pushstring(L, host_end_text(machine_arg(L, 1), buffer, sizeof buffer));
    return 1;
}

static int get_icount(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)machine_icount(machine(L)));
    return 1;
}

static int get_instret(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)machine_instret(machine(L)));
    return 1;
}

static int get_cycle(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)machine_cycle(machine(L)));
    return 1;
}

static int get_console(lua_State *L)
{
    size_t length;
    const char *text = host_console(machine_arg(L, 1), &length);

    lua_pushlstring(L, text, length);
    return 1;
}

static int get_regs(lua_State *L)
{
    registers_push(L, machine_arg(L, 1), VIEW_REGS, RUNNING_CONTEXT);
    return 1;
}

static int get_csr(lua_State *L)
{
    registers_push(L, machine_arg(L, 1), VIEW_CSRS, RUNNING_CONTEXT);
    return 1;
}

static int get_mem(lua_State *L)
{
    spaces_push(L, machine_arg(L, 1), RUNNING_CONTEXT);
    return 1;
}

static int get_digest(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)machine_digest(machine(L)));
    return 1;
}

static int get_disk_digest(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)machine_disk_digest(machine(L)));
    return 1;
}

static int get_config(lua_State *L)
{
    const struct machine_config *c = machine_config(machine(L));

    lua_createtable(L, 0, 5);
    lua_pushstring(L, c->classic ? "classic" : "strict");
    lua_setfield(L, -2, "isa");
    lua_pushboolean(L, c->vt);
    lua_setfield(L, -2, "vt");
    lua_pushboolean(L, c->npt);
    lua_setfield(L, -2, "npt");
    lua_pushinteger(L, c->ram_size);
    lua_setfield(L, -2, "ram");
    lua_pushinteger(L, c->tlb);
    lua_setfield(L, -2, "tlb");
    return 1;
}

static void push_hidden(lua_State *L, const struct cpu_regs *host)
{
    lua_newtable(L);
#define HIDDEN(name)                                                                               \
    lua_pushinteger(L, host->name);                                                                \
    lua_setfield(L, -2, #name);
    HIDDEN(pc)
    HIDDEN(ring)
    HIDDEN(status)
    HIDDEN(tvec)
    HIDDEN(tscratch)
    HIDDEN(epc)
    HIDDEN(cause)
    HIDDEN(tval)
    HIDDEN(ie)
    HIDDEN(ptbr)
    HIDDEN(tptbr)
    HIDDEN(timecmp)
    HIDDEN(timecmph)
    HIDDEN(cntren)
    HIDDEN(eptbr)
#undef HIDDEN
}

static int get_non_root(lua_State *L)
{
    struct machine_guest guest;

    if (!machine_guest(machine(L), &guest)) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, guest.vmid);
    lua_setfield(L, -2, "vmid");
    lua_pushinteger(L, guest.vmcb);
    lua_setfield(L, -2, "vmcb");
    push_hidden(L, &guest.host);
    lua_setfield(L, -2, "host");
    return 1;
}

static int machine_text(lua_State *L)
{
    return get_name(L);
}

static const struct member members[] = {
    {.name = "load", .method = load},
    {.name = "name", .get = get_name},
    {.name = "state", .get = get_state},
    {.name = "status", .get = get_status},
    {.name = "ending", .get = get_ending},
    {.name = "icount", .get = get_icount},
    {.name = "instret", .get = get_instret},
    {.name = "cycle", .get = get_cycle},
    {.name = "console", .get = get_console},
    {.name = "regs", .get = get_regs},
    {.name = "csr", .get = get_csr},
    {.name = "mem", .get = get_mem},
    {.name = "digest", .get = get_digest},
    {.name = "disk_digest", .get = get_disk_digest},
    {.name = "config", .get = get_config},
    {.name = "non_root", .get = get_non_root},
    {0},
};

void lib_machine(lua_State *L)
{
    object_class(L, CLASS_MACHINE, members);
    object_members(L, CLASS_MACHINE, machine_run_members);
    object_members(L, CLASS_MACHINE, machine_look_members);
    object_members(L, CLASS_MACHINE, machine_handler_members);
    object_members(L, CLASS_MACHINE, machine_time_members);
    object_members(L, CLASS_MACHINE, machine_mailbox_members);
    object_members(L, CLASS_MACHINE, machine_verb_members);
    object_members(L, CLASS_MACHINE, machine_break_members);
    object_meta(L, CLASS_MACHINE, "__tostring", machine_text);
}
