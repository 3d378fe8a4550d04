/*
 * tz.classify(isa): the Popek-Goldberg table as Lua tables. The rows are collected in memory
 * that Lua owns before the first of them becomes a table, so that an error on the way leaves
 * nothing behind.
 */
#include "script/internal.h"

#include "world/classify.h"

#include <string.h>

#define ROWS_MAX 1024
#define CHARGE   1000000 /* as Lua instructions: it is some milliseconds of work */

struct rows {
    unsigned count;
    struct classified row[ROWS_MAX];
};

static void collect(void *user, const struct classified *row)
{
    struct rows *rows = user;

    if (rows->count < ROWS_MAX)
        rows->row[rows->count++] = *row;
}

static void set_kind(lua_State *L, const struct classified *row, unsigned kind, const char *name,
                     const char *proof)
{
    lua_pushboolean(L, (row->kinds & kind) != 0);
    lua_setfield(L, -2, name);
    if (!*proof)
        return;
    lua_getfield(L, -1, "proof");
    lua_pushstring(L, proof);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static void push_row(lua_State *L, const struct classified *row)
{
    char name[64];

    classify_name(row, name, sizeof name);
    lua_newtable(L);
    lua_newtable(L);
    lua_setfield(L, -2, "proof");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, insn_info(row->insn)->name);
    lua_setfield(L, -2, "insn");
    if (row->csr) {
        lua_pushstring(L, row->csr->name);
        lua_setfield(L, -2, "csr");
    }
    set_kind(L, row, CLASSIFY_PRIVILEGED, "privileged", row->privileged);
    set_kind(L, row, CLASSIFY_CONTROL, "control", row->control);
    set_kind(L, row, CLASSIFY_BEHAVIOUR, "behaviour", row->behaviour);
    set_kind(L, row, CLASSIFY_USER, "user", "");
    lua_pushboolean(L, !(row->kinds & CLASSIFY_SENSITIVE));
    lua_setfield(L, -2, "innocuous");
    lua_pushboolean(L, (row->kinds & CLASSIFY_SENSITIVE) && !(row->kinds & CLASSIFY_PRIVILEGED));
    lua_setfield(L, -2, "hole");
}

int tz_classify(lua_State *L)
{
    static const char *const variants[] = {"strict", "classic", NULL};
    int classic = luaL_checkoption(L, 1, "strict", variants);
    struct classify_verdict verdict;
    struct error err;

    sandbox_charge(L, CHARGE);
    struct rows *rows = lua_newuserdatauv(L, sizeof *rows, 0);
    rows->count = 0;
    if (classify_run(classic == 1, collect, rows, &verdict, &err))
        return raise_error(L, &err);
    lua_createtable(L, (int)rows->count, 2);
    for (unsigned i = 0; i < rows->count; i++) {
        push_row(L, &rows->row[i]);
        lua_seti(L, -2, i + 1);
    }
    lua_pushboolean(L, verdict.not_privileged == 0);
    lua_setfield(L, -2, "theorem1");
    lua_pushboolean(L, verdict.user_not_privileged == 0);
    lua_setfield(L, -2, "theorem3");
    return 1;
}
