/*
 * The global `tz`: building machines, checks, and the tables of the ISA as Lua tables. Also the
 * part of `ui` that works without a screen.
 */
#include "isa/csr.h"
#include "isa/disasm.h"
#include "script/internal.h"

#include <string.h>

static int expect(lua_State *L)
{
    char detail[2048] = "";
    const char *sentence = luaL_checkstring(L, 1);

    luaL_checkany(L, 2);
    bool two = lua_gettop(L) >= 3;
    lua_settop(L, 3);
    bool passed = check_value(L, 2, two ? 3 : 4, detail, sizeof detail);
    check_add(script_of(L), sentence, passed, detail);
    lua_pushboolean(L, passed);
    return 1;
}

static int hex(lua_State *L)
{
    char buffer[16];
    struct text t = text_init(buffer, sizeof buffer);

    text_add(&t, "%08x", (unsigned)options_word(L, 1));
    lua_pushstring(L, buffer);
    return 1;
}

/* splitmix64: small, and every seed is good. */
static uint64_t next_random(struct script *s)
{
    uint64_t z = s->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int rng(lua_State *L)
{
    lua_Integer low = luaL_checkinteger(L, 1), high = luaL_checkinteger(L, 2);

    luaL_argcheck(L, low <= high, 2, "the range is empty");
    uint64_t span = (uint64_t)high - (uint64_t)low + 1; /* 0: all 64 bits */
    uint64_t value = next_random(script_of(L));
    value = (uint64_t)low + (span ? value % span : value);
    lua_pushinteger(L, (lua_Integer)value);
    return 1;
}

static int disasm(lua_State *L)
{
    word bits = options_word(L, 1), pc = lua_isnoneornil(L, 2) ? 0 : options_word(L, 2);
    char buffer[256];
    struct text t = text_init(buffer, sizeof buffer);

    disasm_insn(&t, bits, pc, NULL);
    lua_pushstring(L, buffer);
    t = text_init(buffer, sizeof buffer);
    disasm_meaning(&t, bits, pc, NULL);
    lua_pushstring(L, buffer);
    return 2;
}

static void output(struct script *s, const char *line, size_t size)
{
    if (s->options.output)
        s->options.output(s->options.user, line, size);
}

/* tz.say(text): a moment of the story. */
static int say(lua_State *L)
{
    struct script *s = script_of(L);
    const char *text = luaL_checkstring(L, 1);
    struct text t = text_init(s->said, sizeof s->said);
    size_t size;

    luaL_argcheck(L, !strchr(text, '\n'), 1, "one line is wanted");
    text_add(&t, "%s", text);
    s->said_count++;
    text = lua_pushfstring(L, "%s\n", text);
    size = strlen(text);
    output(s, text, size);
    return 0;
}

/* ---- text in columns ---- */

#define ROWS_MAX    10000
#define COLUMNS_MAX 16 /* as many as row_width has */
#define COLUMN_WIDE 80 /* a cell that is wider moves nobody else */

/* The row at 1: its cells as texts from 2 on; returns how many. Columns widen to hold them. */
static int open_row(lua_State *L)
{
    struct script *s = script_of(L);
    lua_Integer n;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    n = luaL_len(L, 1);
    luaL_argcheck(L, n >= 0 && n <= COLUMNS_MAX, 1, "a row has at most 16 columns");
    for (lua_Integer i = 1; i <= n; i++) {
        size_t length;
        lua_getglobal(L, "tostring");
        lua_geti(L, 1, i);
        lua_call(L, 1, 1);
        lua_tolstring(L, -1, &length);
        if (length > s->row_width[i - 1] && length < COLUMN_WIDE)
            s->row_width[i - 1] = (unsigned)length;
    }
    return (int)n;
}

/* tz.row { ... }: columns are as wide as their widest cell since the last print. */
static int row(lua_State *L)
{
    struct script *s = script_of(L);
    int n = open_row(L);
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        size_t length;
        const char *cell = lua_tolstring(L, i + 1, &length);
        luaL_addlstring(&b, cell, length);
        for (; i < n && length < s->row_width[i - 1] + 2; length++)
            luaL_addchar(&b, ' ');
    }
    luaL_addchar(&b, '\n');
    luaL_pushresult(&b);
    size_t size;
    const char *line = lua_tolstring(L, -1, &size);
    output(s, line, size);
    return 0;
}

static int measure_row(lua_State *L)
{
    open_row(L);
    return 0;
}

/* tz.table { { ... }, ... }: all rows are measured before the first is printed. */
static int table(lua_State *L)
{
    static const lua_CFunction passes[] = {measure_row, row};
    lua_Integer n;

    luaL_checktype(L, 1, LUA_TTABLE);
    n = luaL_len(L, 1);
    luaL_argcheck(L, n >= 0 && n <= ROWS_MAX, 1, "a table has at most 10000 rows");
    memset(script_of(L)->row_width, 0, sizeof script_of(L)->row_width);
    for (size_t pass = 0; pass < COUNT_OF(passes); pass++) {
        for (lua_Integer i = 1; i <= n; i++) {
            lua_pushcfunction(L, passes[pass]);
            lua_geti(L, 1, i);
            lua_call(L, 1, 0);
        }
    }
    return 0;
}

/* ---- tables of the ISA ---- */

static void set_string(lua_State *L, const char *name, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static void push_fields(lua_State *L, word csr)
{
    lua_Integer n = 0;

    lua_newtable(L);
    for (unsigned i = 0; i < csr_field_count; i++) {
        const struct csr_field *f = &csr_field_table[i];

        if (f->csr != csr)
            continue;
        lua_createtable(L, 0, 4);
        set_string(L, "name", f->name);
        set_number(L, "high", f->high);
        set_number(L, "low", f->low);
        set_string(L, "meaning", f->meaning);
        lua_rawseti(L, -2, ++n);
    }
}

static void push_csrs(lua_State *L)
{
    lua_createtable(L, (int)csr_count, 0);
    for (unsigned i = 0; i < csr_count; i++) {
        const struct csr_info *c = &csr_table[i];

        lua_createtable(L, 0, 5);
        set_string(L, "name", c->name);
        set_number(L, "number", c->number);
        set_number(L, "wmask", c->wmask);
        set_string(L, "meaning", c->meaning);
        push_fields(L, c->number);
        lua_setfield(L, -2, "fields");
        lua_rawseti(L, -2, i + 1);
    }
}

static void push_causes(lua_State *L)
{
    lua_createtable(L, (int)cause_count, 0);
    for (unsigned i = 0; i < cause_count; i++) {
        lua_createtable(L, 0, 3);
        set_string(L, "name", cause_table[i].name);
        set_number(L, "cause", cause_table[i].cause);
        set_string(L, "meaning", cause_table[i].text);
        lua_rawseti(L, -2, i + 1);
    }
}

static void push_kinds(lua_State *L)
{
    lua_createtable(L, EVENT_COUNT, 0);
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        lua_createtable(L, 0, 2);
        set_string(L, "name", event_info((enum event_kind)i)->name);
        set_string(L, "meaning", event_info((enum event_kind)i)->meaning);
        lua_rawseti(L, -2, i + 1);
    }
}

static int machines(lua_State *L)
{
    const struct world *w = script_of(L)->world;

    lua_newtable(L);
    for (unsigned i = 0; i < world_host_count(w); i++) {
        machine_push(L, world_host(w, i));
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* tz.machines is made when it is asked for; any other name is a mistake. Upvalue: tz. */
static int index_tz(lua_State *L)
{
    const char *name = luaL_tolstring(L, 2, NULL);

    if (strcmp(name, "machines") == 0)
        return machines(L);
    return object_unknown(L, "tz", name, 1);
}

void lib_tz(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"machine", machine_create},
        {"classify", tz_classify},
        {"expect", expect},
        {"hex", hex},
        {"rng", rng},
        {"disasm", disasm},
        {"row", row},
        {"table", table},
        {"say", say},
        {NULL, NULL},
    };
    static const luaL_Reg screen[] = {{"row", row}, {"table", table}, {NULL, NULL}};

    luaL_newlib(L, functions);
    push_csrs(L);
    lua_setfield(L, -2, "csrs");
    push_causes(L);
    lua_setfield(L, -2, "causes");
    push_kinds(L);
    lua_setfield(L, -2, "kinds");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, index_tz);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_setglobal(L, "tz");
    luaL_newlib(L, screen);
    lua_setglobal(L, "ui");
}
