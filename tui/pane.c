/* Panes: loaded, drawn, given keys; see pane.h. The methods of `p` are in paint.c. */
#include "tui/pane.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "base/text.h"
#include "script/script.h"
#include "tui/paint.h"

/* Pushes the field of the table at `index`, without what a metatable may have to say: outside
 * of script_call nothing may raise an error. Returns its type. */
static int raw_field(lua_State *L, int index, const char *name)
{
    index = lua_absindex(L, index);
    lua_pushstring(L, name);
    return lua_rawget(L, index);
}

/* The whole number that t[field][key] holds, `otherwise` when it holds none in 1..1000. */
static int table_number(lua_State *L, const char *field, const char *key, int otherwise)
{
    int value = otherwise;

    if (raw_field(L, -1, field) == LUA_TTABLE) {
        raw_field(L, -1, key);
        if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 0 && lua_tointeger(L, -1) <= 1000)
            value = (int)lua_tointeger(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return value;
}

static bool has_function(lua_State *L, const char *field)
{
    bool is = raw_field(L, -1, field) == LUA_TFUNCTION;

    lua_pop(L, 1);
    return is;
}

/* The pane's table is on the stack and is taken. */
static int adopt(struct pane *p, lua_State *L)
{
    if (!lua_istable(L, -1) || !has_function(L, "draw")) {
        lua_pop(L, 1);
        return error_set(&p->error, ERROR_input,
                         "panes/%s.lua: returns no table with a function draw(p, m)", p->name);
    }
    if (raw_field(L, -1, "title") == LUA_TSTRING) {
        struct text title = text_init(p->title, sizeof p->title);

        text_add(&title, "%s", lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    p->min_w = table_number(L, "min", "w", p->min_w);
    p->min_h = table_number(L, "min", "h", p->min_h);
    p->share_w = table_number(L, "share", "w", p->share_w);
    p->share_h = table_number(L, "share", "h", p->share_h);
    raw_field(L, -1, "whole");
    p->whole = lua_toboolean(L, -1);
    lua_pop(L, 1);
    p->table = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

bool pane_load(struct pane *p, struct script *s, const char *name)
{
    lua_State *L = script_lua(s);
    char module[64];
    struct text text = text_init(module, sizeof module), copy;

    *p = (struct pane){.min_w = 20,
                       .min_h = 4,
                       .share_w = 1,
                       .share_h = 1,
                       .count = -1,
                       .follow = true,
                       .table = LUA_NOREF,
                       .self = LUA_NOREF};
    copy = text_init(p->name, sizeof p->name);
    text_add(&copy, "%s", name);
    copy = text_init(p->title, sizeof p->title);
    text_add(&copy, "%s", name);
    text_add(&text, "panes.%s", name);
    paint_new(L, p);
    p->self = luaL_ref(L, LUA_REGISTRYINDEX);
    if (script_require(s, module, 0, &p->error) == 0)
        adopt(p, L);
    return p->error.code == 0;
}

void pane_unload(struct pane *p, struct script *s)
{
    lua_State *L = script_lua(s);

    luaL_unref(L, LUA_REGISTRYINDEX, p->table);
    luaL_unref(L, LUA_REGISTRYINDEX, p->self);
    p->table = p->self = LUA_NOREF;
}

void pane_push(const struct pane *p, lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, p->table);
}

/* Calls the function on the stack with p, m and `arguments` (NULL: nothing more). */
static void call(struct pane *p, const struct pane_view *view, const char *arguments,
                 struct error *err)
{
    lua_State *L = script_lua(view->script);

    lua_rawgeti(L, LUA_REGISTRYINDEX, p->self);
    if (view->host)
        script_push_host(view->script, view->host);
    else
        lua_pushnil(L);
    lua_pushstring(L, arguments);
    p->view = view;
    script_call(view->script, 3, 0, PANE_INSTRUCTIONS, err);
    p->view = NULL;
}

/* The error in the pane's own box, wrapped; the rest of the screen goes on. */
static void draw_error(struct pane *p)
{
    int y = 0;

    area_fill(p->area, STYLE_normal);
    area_text(p->area, 0, y++, "This pane failed:", STYLE_bad);
    for (const char *s = p->error.text; *s && y < p->area.at.h; y++) {
        size_t n = text_wrap(s, p->area.at.w);

        area_text_n(p->area, 0, y, s, n, STYLE_normal);
        s += n;
        s += strspn(s, " \n");
    }
}

void pane_draw(struct pane *p, const struct pane_view *view, struct area area)
{
    lua_State *L = script_lua(view->script);

    p->area = area;
    p->height = area.at.h;
    p->row = 0;
    p->count = -1;
    if (p->table != LUA_NOREF) {
        p->error = (struct error){0};
        p->note[0] = '\0';
        pane_push(p, L);
        raw_field(L, -1, "draw");
        lua_remove(L, -2);
        call(p, view, NULL, &p->error);
    }
    if (p->error.code != 0)
        draw_error(p);
    p->area = (struct area){area.grid, {0}};
}

/*
 * Finds `name` in the list t[field] of { name, ..., function } and leaves the function,
 * which is the last of its row, on the stack.
 */
static bool find_row(lua_State *L, const struct pane *p, const char *field, const char *name)
{
    int top = lua_gettop(L);
    bool found = false;

    pane_push(p, L);
    if (lua_istable(L, -1) && raw_field(L, -1, field) == LUA_TTABLE) {
        for (lua_Integer i = 1; !found && lua_rawgeti(L, top + 2, i) == LUA_TTABLE; i++) {
            lua_rawgeti(L, -1, 1);
            found = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), name) == 0;
            lua_settop(L, found ? top + 3 : top + 2);
        }
    }
    if (found) {
        lua_rawgeti(L, -1, (lua_Integer)lua_rawlen(L, -1));
        found = lua_isfunction(L, -1);
        lua_replace(L, top + 1);
    }
    lua_settop(L, found ? top + 1 : top);
    return found;
}

bool pane_key(struct pane *p, const struct pane_view *view, const char *name, struct error *err)
{
    if (!find_row(script_lua(view->script), p, "keys", name))
        return false;
    call(p, view, NULL, err);
    return true;
}

bool pane_command(struct pane *p, const struct pane_view *view, const char *name,
                  const char *arguments, struct error *err)
{
    if (!find_row(script_lua(view->script), p, "commands", name))
        return false;
    call(p, view, arguments, err);
    return true;
}

void pane_move(struct pane *p, enum pane_move move)
{
    int64_t page = p->height > 1 ? p->height - 1 : 1;
    int64_t last = p->count > 0 ? p->count - 1 : 0;

    switch (move) {
    case PANE_DOWN:
        p->cursor++;
        break;
    case PANE_UP:
        p->cursor--;
        break;
    case PANE_PAGE_DOWN:
        p->cursor += page;
        break;
    case PANE_PAGE_UP:
        p->cursor -= page;
        break;
    case PANE_FIRST:
        p->cursor = 0;
        break;
    case PANE_LAST:
        p->cursor = last;
        break;
    }
    if (p->count >= 0 && p->cursor > last)
        p->cursor = last;
    if (p->count >= 0 && p->cursor < 0)
        p->cursor = 0;
    p->follow = p->count >= 0 && p->cursor == last;
}

void pane_library(struct script *s)
{
    paint_library(script_lua(s));
}
