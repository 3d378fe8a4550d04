/*
 * Registers by name. Five views of the same names:
 *   m.regs, m.csr     the machine's own
 *   vm.guest          as the context sees them; nil where nobody knows
 *   vm.real           what is in the processor while the context runs; nil while it does not
 *   vm.was_real       what was in it when the context last ran
 * All but the last may be assigned; world/change.h says what cannot be.
 * pairs() goes through all names in the order of the manual.
 */
#include "base/suggest.h"
#include "isa/csr.h"
#include "script/internal.h"
#include "world/change.h"
#include "world/view.h"

static const char *const abi_names[] = {
#define REGISTER(number, name, role) [number] = #name,
#include "isa/registers.def"
#undef REGISTER
};

static const char *const own_names[] = {"pc", "ring"};

static const struct spot *arg(lua_State *L)
{
    return luaL_checkudata(L, 1, CLASS_REGISTERS);
}

/* Name number `i` in the order of the manual, NULL past the end. */
static const char *name_at(enum view view, unsigned i)
{
    if (view != VIEW_CSRS) {
        if (i < 32)
            return abi_names[i];
        if (i - 32 < COUNT_OF(own_names))
            return own_names[i - 32];
        if (view == VIEW_REGS)
            return NULL;
        i -= 32 + COUNT_OF(own_names);
    }
    return i < csr_count ? csr_table[i].name : NULL;
}

static bool belongs(enum view view, word reg)
{
    bool is_csr = reg > VIEW_RING;

    return view == VIEW_REGS ? !is_csr : view == VIEW_CSRS ? is_csr : true;
}

static const char *view_text(enum view view)
{
    static const char *const texts[] = {
        [VIEW_GUEST] = "a context", [VIEW_REAL] = "a context", [VIEW_WAS] = "a context",
        [VIEW_REGS] = "m.regs",     [VIEW_CSRS] = "m.csr",
    };
    return texts[view];
}

/* The register that the string at 2 names; raises an error when there is none. */
static word register_arg(lua_State *L, enum view view)
{
    const char *name = luaL_checkstring(L, 2);
    struct suggest near = suggest_for(name);
    const char *each;
    word reg;

    if (view_register(name, &reg) && belongs(view, reg))
        return reg;
    for (unsigned i = 0; (each = name_at(view, i)); i++)
        suggest_offer(&near, each);
    const char *best = suggest_best(&near);
    if (best)
        luaL_error(L, "%s has no register '%s'; did you mean '%s'?", view_text(view), name, best);
    luaL_error(L, "%s has no register '%s'", view_text(view), name);
    return 0;
}

static void push_value(lua_State *L, const struct spot *p, word reg)
{
    enum view view = (enum view)p->kind;
    word value;
    bool known;

    if (view == VIEW_GUEST)
        known = view_guest(p->host, p->context, reg, &value);
    else if (view == VIEW_WAS)
        known = view_was_real(p->host, p->context, reg, &value);
    else
        known =
            view_real(p->host, view == VIEW_REAL ? p->context : view_current(p->host), reg, &value);
    if (known)
        lua_pushinteger(L, value);
    else
        lua_pushnil(L);
}

static int index_registers(lua_State *L)
{
    const struct spot *p = arg(L);

    push_value(L, p, register_arg(L, (enum view)p->kind));
    return 1;
}

static int assign(lua_State *L)
{
    const struct spot *p = arg(L);
    word reg = register_arg(L, (enum view)p->kind), value = options_word(L, 3);
    bool own = p->kind == VIEW_REGS || p->kind == VIEW_CSRS;
    uint16_t context = own ? view_current(p->host) : p->context;
    enum change_side side = p->kind == VIEW_GUEST ? CHANGE_SEEN : CHANGE_REAL;
    struct error err = {0};

    if (p->kind == VIEW_WAS)
        return luaL_error(L, "what was in the processor cannot be changed");
    if (change_register(p->host, context, side, reg, value, NULL, &err))
        return luaL_error(L, "%s", err.text);
    return 0;
}

/* Upvalues: position in the list of names. */
static int next_register(lua_State *L)
{
    const struct spot *p = arg(L);
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(1));
    const char *name = name_at((enum view)p->kind, (unsigned)i);
    word reg;

    if (!name)
        return 0;
    lua_pushinteger(L, i + 1);
    lua_replace(L, lua_upvalueindex(1));
    lua_pushstring(L, name);
    view_register(name, &reg);
    push_value(L, p, reg);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 0); /* pairs ends at nil keys only, but a value tells more */
    }
    return 2;
}

static int pairs_registers(lua_State *L)
{
    arg(L);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_register, 1);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

void registers_push(lua_State *L, struct host *h, enum view view, uint16_t id)
{
    struct spot *p = lua_newuserdatauv(L, sizeof *p, 0);

    *p = (struct spot){.host = h, .context = id, .kind = (uint8_t)view};
    luaL_setmetatable(L, CLASS_REGISTERS);
}

void lib_registers(lua_State *L)
{
    static const struct member none[] = {{0}};

    object_class(L, CLASS_REGISTERS, none);
    object_meta(L, CLASS_REGISTERS, "__index", index_registers);
    object_meta(L, CLASS_REGISTERS, "__newindex", assign);
    object_meta(L, CLASS_REGISTERS, "__pairs", pairs_registers);
}
