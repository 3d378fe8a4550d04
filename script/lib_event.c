/*
 * Events as Lua sees them: read-only objects that look things up when they are asked, so that
 * an event nobody asks about costs little. The names of the words a, b, cause and tval come
 * from trace/events.def.
 */
#include "isa/csr.h"
#include "isa/disasm.h"
#include "script/internal.h"
#include "trace/export.h"
#include "world/view.h"

#include <string.h>

struct event_object {
    struct host *host;
    struct event event;
};

void event_push(lua_State *L, struct host *h, const struct event *e)
{
    struct event_object *o = lua_newuserdatauv(L, sizeof *o, 0);

    o->host = h;
    o->event = *e;
    luaL_setmetatable(L, CLASS_EVENT);
}

static const struct event_object *arg(lua_State *L)
{
    return luaL_checkudata(L, 1, CLASS_EVENT);
}

static const struct event *event_arg(lua_State *L)
{
    return &arg(L)->event;
}

static const struct event_info *info_of(const struct event *e)
{
    return event_info((enum event_kind)e->kind);
}

static int get_kind(lua_State *L)
{
    lua_pushstring(L, info_of(event_arg(L))->name);
    return 1;
}

static int get_icount(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)event_arg(L)->icount);
    return 1;
}

static int get_cycle(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)event_arg(L)->cycle);
    return 1;
}

static int get_machine(lua_State *L)
{
    machine_push(L, arg(L)->host);
    return 1;
}

static int get_vm(lua_State *L)
{
    context_push(L, arg(L)->host, event_arg(L)->context);
    return 1;
}

static int get_level(lua_State *L)
{
    const struct context *c = view_context(arg(L)->host, event_arg(L)->context);

    lua_pushinteger(L, c ? c->level : 0);
    return 1;
}

static int get_ring_from(lua_State *L)
{
    lua_pushinteger(L, event_arg(L)->ring_from);
    return 1;
}

static int get_ring_to(lua_State *L)
{
    lua_pushinteger(L, event_arg(L)->ring_to);
    return 1;
}

static int get_pc(lua_State *L)
{
    lua_pushinteger(L, event_arg(L)->pc);
    return 1;
}

static int get_insn(lua_State *L)
{
    if (event_arg(L)->insn)
        lua_pushinteger(L, event_arg(L)->insn);
    else
        lua_pushnil(L);
    return 1;
}

static int get_text(lua_State *L)
{
    const struct event *e = event_arg(L);
    char buffer[128];
    struct text t = text_init(buffer, sizeof buffer);

    if (e->insn)
        disasm_insn(&t, e->insn, e->pc, NULL);
    lua_pushstring(L, buffer);
    return 1;
}

static int get_name(lua_State *L)
{
    const struct event *e = event_arg(L);
    const struct hypercall_info *call = e->kind == EVENT_hypercall ? hypercall_info(e->a) : NULL;

    if (call)
        lua_pushstring(L, call->name);
    else
        lua_pushstring(L, e->insn ? insn_info(insn_decode(e->insn).id)->name : "");
    return 1;
}

static int get_sym(lua_State *L)
{
    const struct event_object *o = arg(L);
    char buffer[128];

    view_symbol_text(o->host, o->event.context, o->event.pc, false, buffer, sizeof buffer);
    if (buffer[0])
        lua_pushstring(L, buffer);
    else
        lua_pushnil(L);
    return 1;
}

static bool has_cause(const struct event *e)
{
    return info_of(e)->cause[0] != '\0';
}

static int get_cause(lua_State *L)
{
    const struct event *e = event_arg(L);
    const struct cause_info *cause = cause_info(e->cause);

    if (!has_cause(e))
        lua_pushnil(L);
    else if (cause)
        lua_pushstring(L, cause->name);
    else
        lua_pushinteger(L, e->cause);
    return 1;
}

static int get_code(lua_State *L)
{
    const struct event *e = event_arg(L);

    if (has_cause(e))
        lua_pushinteger(L, e->cause);
    else
        lua_pushnil(L);
    return 1;
}

static void push_word(lua_State *L, const char *what, word value)
{
    if (what[0])
        lua_pushinteger(L, value);
    else
        lua_pushnil(L);
}

static int get_tval(lua_State *L)
{
    push_word(L, info_of(event_arg(L))->tval, event_arg(L)->tval);
    return 1;
}

static int get_a(lua_State *L)
{
    push_word(L, info_of(event_arg(L))->a, event_arg(L)->a);
    return 1;
}

static int get_b(lua_State *L)
{
    push_word(L, info_of(event_arg(L))->b, event_arg(L)->b);
    return 1;
}

static int get_line(lua_State *L)
{
    const struct event_object *o = arg(L);
    const struct export_names names = {.contexts = machine_contexts(host_machine(o->host))};
    char buffer[EXPORT_LINE_SIZE];
    struct text t = text_init(buffer, sizeof buffer);

    export_text(&t, &o->event, &names);
    lua_pushstring(L, buffer);
    return 1;
}

static const struct member members[] = {
    {.name = "kind", .get = get_kind},
    {.name = "icount", .get = get_icount},
    {.name = "cycle", .get = get_cycle},
    {.name = "machine", .get = get_machine},
    {.name = "vm", .get = get_vm},
    {.name = "level", .get = get_level},
    {.name = "ring_from", .get = get_ring_from},
    {.name = "ring_to", .get = get_ring_to},
    {.name = "pc", .get = get_pc},
    {.name = "insn", .get = get_insn},
    {.name = "text", .get = get_text},
    {.name = "name", .get = get_name},
    {.name = "sym", .get = get_sym},
    {.name = "cause", .get = get_cause},
    {.name = "code", .get = get_code},
    {.name = "tval", .get = get_tval},
    {.name = "a", .get = get_a},
    {.name = "b", .get = get_b},
    {.name = "line", .get = get_line},
    {0},
};

/* The names of events.def for the further words: "boot page" is e.boot_page. */
static bool named(const char *what, const char *key)
{
    for (; *what && *key; what++, key++)
        if (*key != (*what == ' ' ? '_' : *what))
            return false;
    return *what == *key;
}

/* Upvalues as of object_index. */
static int index_event(lua_State *L)
{
    const struct event *e = event_arg(L);
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    bool known = false;

    for (unsigned k = 0; k < EVENT_COUNT && *key; k++) {
        const struct event_info *info = event_info((enum event_kind)k);
        const struct {
            const char *what;
            word value;
        } words[] = {{info->a, e->a}, {info->b, e->b}, {info->tval, e->tval}};

        for (unsigned i = 0; i < COUNT_OF(words); i++) {
            if (!named(words[i].what, key))
                continue;
            known = true;
            if (k == e->kind) {
                lua_pushinteger(L, words[i].value);
                return 1;
            }
        }
    }
    /* What the class has, it has for every kind: only further words may be nil. */
    for (const struct member *m = members; m->name; m++)
        known = known && strcmp(m->name, key) != 0;
    if (known)
        return 0;
    return object_index(L);
}

static int event_text(lua_State *L)
{
    return get_line(L);
}

void lib_event(lua_State *L)
{
    object_class(L, CLASS_EVENT, members);
    object_meta(L, CLASS_EVENT, "__tostring", event_text);
    object_set_index(L, CLASS_EVENT, index_event);
}
