/*
 * Memory by named space: mem.hpa, mem.gpa, mem.gva of a machine or a context. A memory object
 * is a place; nothing is copied. Reads give nil and writes false where nothing is mapped.
 */
#include "script/internal.h"
#include "world/view.h"

#include <string.h>

#define BYTES_MAX (16 << 20)

static struct spot *arg(lua_State *L)
{
    return luaL_checkudata(L, 1, CLASS_MEMORY);
}

static struct space space_of(const struct spot *p)
{
    return (struct space){
        .kind = (enum space_kind)p->kind,
        .context = p->context == RUNNING_CONTEXT ? view_current(p->host) : p->context,
    };
}

static int read_number(lua_State *L, size_t size)
{
    const struct spot *p = arg(L);
    word value = 0;

    if (view_read(p->host, space_of(p), options_word(L, 2), &value, size))
        lua_pushinteger(L, value);
    else
        lua_pushnil(L);
    return 1;
}

static int write_number(lua_State *L, size_t size)
{
    const struct spot *p = arg(L);
    word value = options_word(L, 3);

    lua_pushboolean(L, view_write(p->host, space_of(p), options_word(L, 2), &value, size));
    return 1;
}

static int u8(lua_State *L)
{
    return read_number(L, 1);
}

static int u16(lua_State *L)
{
    return read_number(L, 2);
}

static int u32(lua_State *L)
{
    return read_number(L, 4);
}

static int set_u8(lua_State *L)
{
    return write_number(L, 1);
}

static int set_u16(lua_State *L)
{
    return write_number(L, 2);
}

static int set_u32(lua_State *L)
{
    return write_number(L, 4);
}

static int bytes(lua_State *L)
{
    const struct spot *p = arg(L);
    word address = options_word(L, 2);
    lua_Integer n = luaL_checkinteger(L, 3);
    luaL_Buffer b;

    luaL_argcheck(L, n >= 0 && n <= BYTES_MAX, 3, "between 0 and 16 MiB are read at a time");
    char *room = luaL_buffinitsize(L, &b, (size_t)n);
    if (!view_read(p->host, space_of(p), address, room, (size_t)n)) {
        lua_pushnil(L);
        return 1;
    }
    luaL_pushresultsize(&b, (size_t)n);
    return 1;
}

static int text(lua_State *L)
{
    const struct spot *p = arg(L);
    word address = options_word(L, 2);
    lua_Integer max = luaL_optinteger(L, 3, 256);
    luaL_Buffer b;
    char c;

    luaL_argcheck(L, max >= 0 && max <= BYTES_MAX, 3, "between 0 and 16 MiB are read at a time");
    luaL_buffinit(L, &b);
    for (lua_Integer i = 0; i < max; i++) {
        if (!view_read(p->host, space_of(p), address + (word)i, &c, 1)) {
            if (i > 0)
                break;
            lua_pushnil(L);
            return 1;
        }
        if (c == '\0')
            break;
        luaL_addchar(&b, c);
    }
    luaL_pushresult(&b);
    return 1;
}

static int set_bytes(lua_State *L)
{
    const struct spot *p = arg(L);
    size_t size;
    const char *data = luaL_checklstring(L, 3, &size);

    lua_pushboolean(L, view_write(p->host, space_of(p), options_word(L, 2), data, size));
    return 1;
}

static int to_hpa(lua_State *L)
{
    const struct spot *p = arg(L);
    hpa where;

    if (view_translate(p->host, space_of(p), options_word(L, 2), &where))
        lua_pushinteger(L, where);
    else
        lua_pushnil(L);
    return 1;
}

static int get_space(lua_State *L)
{
    lua_pushstring(L, space_name((enum space_kind)arg(L)->kind));
    return 1;
}

static const struct member members[] = {
    {.name = "u8", .method = u8},
    {.name = "u16", .method = u16},
    {.name = "u32", .method = u32},
    {.name = "bytes", .method = bytes},
    {.name = "text", .method = text},
    {.name = "set_u8", .method = set_u8},
    {.name = "set_u16", .method = set_u16},
    {.name = "set_u32", .method = set_u32},
    {.name = "set_bytes", .method = set_bytes},
    {.name = "hpa", .method = to_hpa},
    {.name = "space", .get = get_space},
    {0},
};

/* ---- mem: the three spaces of a place ---- */

static int push_memory(lua_State *L, enum space_kind kind)
{
    const struct spot *from = luaL_checkudata(L, 1, CLASS_SPACES);
    struct spot *p = lua_newuserdatauv(L, sizeof *p, 0);

    *p = *from;
    p->kind = (uint8_t)kind;
    luaL_setmetatable(L, CLASS_MEMORY);
    return 1;
}

static int get_hpa(lua_State *L)
{
    return push_memory(L, SPACE_HPA);
}

static int get_gpa(lua_State *L)
{
    return push_memory(L, SPACE_GPA);
}

static int get_gva(lua_State *L)
{
    return push_memory(L, SPACE_GVA);
}

static const struct member space_members[] = {
    {.name = "hpa", .get = get_hpa},
    {.name = "gpa", .get = get_gpa},
    {.name = "gva", .get = get_gva},
    {0},
};

void spaces_push(lua_State *L, struct host *h, uint16_t id)
{
    struct spot *p = lua_newuserdatauv(L, sizeof *p, 0);

    *p = (struct spot){.host = h, .context = id};
    luaL_setmetatable(L, CLASS_SPACES);
}

void lib_memory(lua_State *L)
{
    object_class(L, CLASS_MEMORY, members);
    object_class(L, CLASS_SPACES, space_members);
}
