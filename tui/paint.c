/* The methods of `p`; see paint.h. */
#include "tui/paint.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "base/text.h"
#include "script/script.h"

#define PANE_TYPE "trapeze.pane"

enum { PLACE_MAX = 10000 };

/* What the Lua object holds. */
struct object {
    struct pane *pane;
};

static struct pane *check_pane(lua_State *L)
{
    struct object *object = luaL_checkudata(L, 1, PANE_TYPE);

    return object->pane;
}

static enum style check_style(lua_State *L, int index)
{
    const char *name = luaL_optstring(L, index, "normal");
    enum style style = style_find(name);

    if (style == STYLE_COUNT)
        luaL_error(L, "there is no style \"%s\" (see tui/styles.def)", name);
    return style;
}

size_t text_wrap(const char *s, int columns)
{
    size_t line = strcspn(s, "\n"), end = 0, blank = 0;

    while (end < line) {
        size_t next = end + 1;

        while (next < line && ((unsigned char)s[next] & 0xc0) == 0x80)
            next++;
        if (end > 0 && text_columns(s, next) > columns)
            break;
        if (s[end] == ' ')
            blank = end;
        end = next;
    }
    if (end < line && blank > 0 && s[end] != ' ')
        end = blank;
    return end;
}

/* A column or row; what is far outside is as good as just outside. */
static int check_place(lua_State *L, int index)
{
    lua_Integer n = luaL_checkinteger(L, index);

    return (int)(n < -PLACE_MAX ? -PLACE_MAX : n > PLACE_MAX ? PLACE_MAX : n);
}

/* p:text(x, y, text, style): the column behind it. Columns and rows count from 0. */
static int pane_text(lua_State *L)
{
    struct pane *p = check_pane(L);
    int x = check_place(L, 2), y = check_place(L, 3);
    size_t size;

    lua_settop(L, 5);
    const char *s = luaL_tolstring(L, 4, &size);

    lua_pushinteger(L, area_text_n(p->area, x, y, s, size, check_style(L, 5)));
    return 1;
}

/* A part of a line, at `index`: text, or { text, style }. Returns the column behind it. */
static int draw_part(lua_State *L, struct pane *p, int index, int x, int y)
{
    enum style style = STYLE_normal;
    size_t size;
    const char *s;

    if (lua_istable(L, index)) {
        lua_rawgeti(L, index, 2);
        style = check_style(L, lua_gettop(L));
        lua_rawgeti(L, index, 1);
        s = luaL_tolstring(L, -1, &size);
        x = area_text_n(p->area, x, y, s, size, style);
        lua_pop(L, 3);
        return x;
    }
    s = luaL_tolstring(L, index, &size);
    x = area_text_n(p->area, x, y, s, size, style);
    lua_pop(L, 1);
    return x;
}

static void draw_parts(lua_State *L, struct pane *p, int first, int y)
{
    int last = lua_gettop(L), x = 0;

    luaL_checkstack(L, 8, "a line of too many parts");
    for (int i = first; i <= last; i++)
        if (!lua_isnil(L, i))
            x = draw_part(L, p, i, x, y);
}

/* p:line(part, ...): the next line; a part is a text or { text, style }. */
static int pane_line(lua_State *L)
{
    struct pane *p = check_pane(L);

    draw_parts(L, p, 2, p->row);
    p->row++;
    return 0;
}

/* p:wrap(text, style): as many lines as it takes; newlines are kept. Returns their number. */
static int pane_wrap(lua_State *L)
{
    struct pane *p = check_pane(L);
    const char *s = luaL_checkstring(L, 2);
    enum style style = check_style(L, 3);
    int before = p->row;

    do {
        size_t n = text_wrap(s, p->area.at.w);

        area_text_n(p->area, 0, p->row++, s, n, style);
        s += n;
        s += *s == '\n' ? 1 : strspn(s, " ");
    } while (*s);
    lua_pushinteger(L, p->row - before);
    return 1;
}

/* p:rule(): a line across. */
static int pane_rule(lua_State *L)
{
    struct pane *p = check_pane(L);

    area_hline(p->area, p->row++, STYLE_border);
    return 0;
}

/* p:note(text): what the pane shows just now, beside its title. */
static int pane_note(lua_State *L)
{
    struct pane *p = check_pane(L);
    struct text note = text_init(p->note, sizeof p->note);

    text_add(&note, "%s", luaL_checkstring(L, 2));
    return 0;
}

static bool option(lua_State *L, int index, const char *name)
{
    bool is = lua_istable(L, index) && (lua_getfield(L, index, name), lua_toboolean(L, -1));

    if (lua_istable(L, index))
        lua_pop(L, 1);
    return is;
}

/* Keeps the cursor in the list, and the list's part on the screen around the cursor. */
static void place_list(struct pane *p, int64_t count, int rows, bool follow, bool cursor)
{
    int64_t last = count > 0 ? count - 1 : 0;

    p->count = count;
    if (follow && p->follow)
        p->cursor = last;
    if (p->cursor > last)
        p->cursor = last;
    if (p->cursor < 0)
        p->cursor = 0;
    if (!cursor) {
        /* The cursor is the first line shown: it cannot pass the last page. */
        int64_t end = count > rows ? count - rows : 0;

        p->count = end + 1;
        p->top = p->cursor = p->cursor > end ? end : p->cursor;
        return;
    }
    if (p->top > p->cursor)
        p->top = p->cursor;
    if (p->top < p->cursor - rows + 1)
        p->top = p->cursor - rows + 1;
    if (p->top > count - rows)
        p->top = count - rows;
    if (p->top < 0)
        p->top = 0;
}

/*
 * p:list(count, row, options): the rest of the box as a list that the keys move in. row(i)
 * gives the parts of line i. Options: follow (begins at the end and stays there), text (no
 * line is picked, the keys only scroll). Returns the picked line, nil when the list is empty.
 */
static int pane_list(lua_State *L)
{
    struct pane *p = check_pane(L);
    int64_t count = luaL_checkinteger(L, 2);
    bool follow = option(L, 4, "follow"), cursor = !option(L, 4, "text");
    int rows = p->area.at.h - p->row;

    luaL_checktype(L, 3, LUA_TFUNCTION);
    lua_settop(L, 4);
    place_list(p, count < 0 ? 0 : count, rows > 0 ? rows : 1, follow, cursor);
    for (int64_t i = p->top; i < count && p->row < p->area.at.h; i++, p->row++) {
        lua_pushvalue(L, 3);
        lua_pushinteger(L, i + 1);
        lua_call(L, 1, LUA_MULTRET);
        draw_parts(L, p, 5, p->row);
        lua_settop(L, 4);
        if (cursor && p->focused && i == p->cursor)
            area_restyle_row(p->area, p->row, STYLE_selected);
    }
    if (count <= 0)
        return 0;
    lua_pushinteger(L, p->cursor + 1);
    return 1;
}

static const luaL_Reg methods[] = {
    {"text", pane_text}, {"line", pane_line}, {"wrap", pane_wrap},
    {"rule", pane_rule}, {"note", pane_note}, {"list", pane_list},
};

/* Pushes the context that the pane looks at, or nil. */
static void push_context(lua_State *L, const struct pane_view *view)
{
    if (!view || !view->host || L != script_lua(view->script)) {
        lua_pushnil(L);
        return;
    }
    script_push_host(view->script, view->host);
    lua_getfield(L, -1, "contexts");
    lua_geti(L, -1, view->context + 1);
}

/* p.w, p.h, p.y, p.focus, p.cursor, p.vm, p.commands, p.running, and the methods. */
static int pane_index(lua_State *L)
{
    struct pane *p = check_pane(L);
    const char *key = luaL_checkstring(L, 2);

    if (strcmp(key, "w") == 0)
        lua_pushinteger(L, p->area.at.w);
    else if (strcmp(key, "h") == 0)
        lua_pushinteger(L, p->area.at.h);
    else if (strcmp(key, "y") == 0)
        lua_pushinteger(L, p->row);
    else if (strcmp(key, "focus") == 0)
        lua_pushboolean(L, p->focused);
    else if (strcmp(key, "cursor") == 0)
        lua_pushinteger(L, p->cursor);
    else if (strcmp(key, "vm") == 0)
        push_context(L, p->view);
    else if (strcmp(key, "commands") == 0)
        lua_pushinteger(L, p->view ? (lua_Integer)p->view->commands : 0);
    else if (strcmp(key, "running") == 0)
        lua_pushboolean(L, p->view && p->view->running);
    else if (lua_getiuservalue(L, 1, 1) == LUA_TTABLE)
        lua_getfield(L, -1, key);
    return 1;
}

static int pane_newindex(lua_State *L)
{
    struct pane *p = check_pane(L);
    const char *key = luaL_checkstring(L, 2);

    if (strcmp(key, "cursor") == 0)
        p->cursor = luaL_checkinteger(L, 3);
    else if (strcmp(key, "y") == 0)
        p->row = check_place(L, 3);
    else
        return luaL_error(L, "p.%s cannot be set (only p.cursor and p.y)", key);
    return 0;
}

void paint_library(lua_State *L)
{
    luaL_newmetatable(L, PANE_TYPE);
    lua_pushcfunction(L, pane_index);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, pane_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "pane");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void paint_new(lua_State *L, struct pane *p)
{
    struct object *object = lua_newuserdatauv(L, sizeof *object, 1);

    object->pane = p;
    luaL_setmetatable(L, PANE_TYPE);
    lua_createtable(L, 0, 12);
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        lua_pushcfunction(L, methods[i].func);
        lua_setfield(L, -2, methods[i].name);
    }
    lua_setiuservalue(L, -2, 1);
}
