/*
 * Management from outside: commands for the monitor and its answers (m:command, m.answer), and
 * each VM's own console. What a command means is the monitor's business; the calls that are
 * better said in Lua (m:manage, m:create_vm, ...) are in lua-scripts/machine.lua.
 */
#include "script/internal.h"

#include <string.h>

#define COMMAND_MAX 4095

/* ---- machines ---- */

/* m:command(text): how many answers must have come until its own has. */
static int command(lua_State *L)
{
    struct host *h = machine_arg(L, 1);
    size_t size;
    const char *text = luaL_checklstring(L, 2, &size);

    if (size == 0 || strlen(text) != size)
        return luaL_error(L, "command: a text without NUL characters is wanted");
    unsigned number = host_command(h, text);
    if (number == 0)
        return luaL_error(L, "command: the mailbox is full: %d commands wait to be answered",
                          (int)machine_answer(host_machine(h)).waiting);
    lua_pushinteger(L, number);
    return 1;
}

/* m.answer: what the mailbox shows. */
static int get_answer(lua_State *L)
{
    struct machine_answer a = machine_answer(host_machine(machine_arg(L, 1)));

    lua_createtable(L, 0, 4);
    lua_pushlstring(L, a.text, a.length);
    lua_setfield(L, -2, "text");
    lua_pushboolean(L, a.answered > 0 && a.status == 0);
    lua_setfield(L, -2, "ok");
    lua_pushinteger(L, a.answered);
    lua_setfield(L, -2, "count");
    lua_pushinteger(L, a.waiting);
    lua_setfield(L, -2, "waiting");
    return 1;
}

const struct member machine_mailbox_members[] = {
    {.name = "command", .method = command},
    {.name = "answer", .get = get_answer},
    {0},
};

/* ---- contexts ---- */

static int get_console(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);
    luaL_Buffer b;
    uint64_t at = 0;
    size_t length;
    const char *piece;

    luaL_buffinit(L, &b);
    while ((piece = host_console_of(p->host, p->context, &at, &length)))
        luaL_addlstring(&b, piece, length);
    luaL_pushresult(&b);
    return 1;
}

/* Types on a VM's own console: its monitor is told to pass it on. */
static int input(lua_State *L)
{
    const struct spot *p = context_arg(L, 1);
    const struct contexts *all = machine_contexts(host_machine(p->host));
    char name[32], line[COMMAND_MAX + 1];
    size_t size;
    const char *text = luaL_checklstring(L, 2, &size);
    struct text t = text_init(line, sizeof line);

    if (strlen(text) != size)
        return luaL_error(L, "input: a text without NUL characters is wanted");
    if (p->context == 0)
        return luaL_error(L, "input: this is the machine itself: m:input(text)");
    if (all->table[p->context].level != 1)
        return luaL_error(L,
                          "input: the machine's monitor knows its own VMs, not those inside them");
    if (!all->table[p->context].alive)
        return luaL_error(L, "input: this VM is no more");
    contexts_name(all, p->context, name, sizeof name);
    text_add(&t, "input %s %s", name, text);
    if (t.overflow || host_command(p->host, line) == 0)
        return luaL_error(L, "input: the mailbox is full: let the machine run, then type on");
    return 0;
}

const struct member context_console_members[] = {
    {.name = "console", .get = get_console},
    {.name = "input", .method = input},
    {0},
};
