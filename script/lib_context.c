/*
 * Contexts: the machine itself, its VMs, VMs inside them. There is one object for each, so
 * that two mentions of a VM compare equal.
 */
#include "script/internal.h"
#include "trace/counters.h"
#include "world/view.h"

struct spot *context_arg(lua_State *L, int index)
{
    return luaL_checkudata(L, index, CLASS_CONTEXT);
}

uint16_t context_opt(lua_State *L, int index, struct host *h)
{
    if (lua_isnoneornil(L, index))
        return view_current(h);
    const struct spot *p = context_arg(L, index);
    if (p->host != h)
        luaL_argerror(L, index, "this context belongs to another machine");
    return p->context;
}

/* Objects are kept in a table under the host's address, by number. */
void context_push(lua_State *L, struct host *h, uint16_t id)
{
    host_objects_push(L, h);
    if (lua_rawgeti(L, -1, id + 1) == LUA_TNIL) {
        lua_pop(L, 1);
        struct spot *p = lua_newuserdatauv(L, sizeof *p, 0);
        *p = (struct spot){.host = h, .context = id};
        luaL_setmetatable(L, CLASS_CONTEXT);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, id + 1);
    }
    lua_remove(L, -2);
}

static const struct context *info(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);
    const struct context *c = view_context(p->host, p->context);

    if (!c)
        luaL_error(L, "this context is no more: the machine was loaded again");
    return c;
}

static int get_id(lua_State *L)
{
    lua_pushinteger(L, context_arg(L, 1)->context);
    return 1;
}

static int get_name(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);
    char buffer[64];

    lua_pushstring(L, view_context_name(p->host, p->context, buffer, sizeof buffer));
    return 1;
}

static int get_level(lua_State *L)
{
    lua_pushinteger(L, info(L)->level);
    return 1;
}

static int get_vmid(lua_State *L)
{
    lua_pushinteger(L, info(L)->vmid);
    return 1;
}

static int get_parent(lua_State *L)
{
    const struct context *c = info(L);

    if (c->parent == CONTEXT_NONE)
        lua_pushnil(L);
    else
        context_push(L, context_arg(L, 1)->host, c->parent);
    return 1;
}

static int get_alive(lua_State *L)
{
    lua_pushboolean(L, info(L)->alive);
    return 1;
}

static int get_running(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);

    lua_pushboolean(L, view_current(p->host) == p->context);
    return 1;
}

static int get_monitor(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);

    lua_pushboolean(L, view_is_monitor(p->host, p->context));
    return 1;
}

static int get_machine(lua_State *L)
{
    machine_push(L, context_arg(L, 1)->host);
    return 1;
}

static int get_guest(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);

    registers_push(L, p->host, VIEW_GUEST, p->context);
    return 1;
}

static int get_was_real(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);

    registers_push(L, p->host, VIEW_WAS, p->context);
    return 1;
}

static int get_real(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);

    registers_push(L, p->host, VIEW_REAL, p->context);
    return 1;
}

static int get_vcpu(lua_State *L)
{
    lua_settop(L, 1);
    return 1;
}

static int get_mem(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);

    spaces_push(L, p->host, p->context);
    return 1;
}

/* What the context's own code took, without its monitor and its guests. */
static struct counter_share share(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);
    const struct machine *m = host_machine(p->host);

    return counters_share(host_counters(p->host), p->context, machine_cycle(m), machine_icount(m));
}

static int get_cycles(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)share(L).cycles);
    return 1;
}

static int get_steps(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)share(L).steps);
    return 1;
}

static int walk(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);
    struct walk_step steps[2];
    unsigned n = view_walk(p->host, p->context, options_word(L, 2), steps);

    lua_createtable(L, (int)n, 0);
    for (unsigned i = 0; i < n; i++) {
        lua_createtable(L, 0, 2);
        lua_pushinteger(L, steps[i].address);
        lua_setfield(L, -2, "address");
        if (steps[i].readable) {
            lua_pushinteger(L, steps[i].entry);
            lua_setfield(L, -2, "entry");
        }
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* vm:ram_digest("8M") */
static int ram_digest(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);
    word size = (word)options_number(L, 2, "ram_digest", 0, UINT32_MAX - RAM_BASE);

    lua_pushinteger(L, (lua_Integer)view_ram_digest(p->host, p->context, size));
    return 1;
}

static int context_text(lua_State *L)
{
    return get_name(L);
}

static const struct member members[] = {
    {.name = "id", .get = get_id},
    {.name = "name", .get = get_name},
    {.name = "level", .get = get_level},
    {.name = "vmid", .get = get_vmid},
    {.name = "parent", .get = get_parent},
    {.name = "alive", .get = get_alive},
    {.name = "running", .get = get_running},
    {.name = "monitor", .get = get_monitor},
    {.name = "machine", .get = get_machine},
    {.name = "guest", .get = get_guest},
    {.name = "real", .get = get_real},
    {.name = "was_real", .get = get_was_real},
    {.name = "vcpu", .get = get_vcpu},
    {.name = "mem", .get = get_mem},
    {.name = "cycles", .get = get_cycles},
    {.name = "steps", .get = get_steps},
    {.name = "walk", .method = walk},
    {.name = "ram_digest", .method = ram_digest},
    {0},
};

void lib_context(lua_State *L)
{
    object_class(L, CLASS_CONTEXT, members);
    object_members(L, CLASS_CONTEXT, context_console_members);
    object_meta(L, CLASS_CONTEXT, "__tostring", context_text);
}
