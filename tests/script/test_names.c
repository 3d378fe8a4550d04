/*
 * lua-scripts/README.md against the binding: every name of its tables exists, and every name
 * that exists stands there.
 */
#include "tests/script/scripts.h"

#include <check.h>
#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 256

static char *manual;
static char names[NAMES_MAX][64]; /* "m:load", "e.kind" */
static unsigned name_count;

/* The first name of a table's row, up to its arguments. */
static void read_row(const char *line)
{
    unsigned n = 0;

    if (strncmp(line, "| `", 3) != 0 || name_count == NAMES_MAX)
        return;
    for (const char *p = line + 3; isalnum((unsigned char)*p) || strchr("_.:", *p); p++)
        if (n + 1 < sizeof names[0])
            names[name_count][n++] = *p;
    if (n && (strchr(names[name_count], '.') || strchr(names[name_count], ':')))
        name_count++;
}

static void read_manual(void)
{
    FILE *f = fopen("lua-scripts/README.md", "r");
    char line[1024];
    size_t size = 1 << 20, length = 0;

    name_count = 0;
    memset(names, 0, sizeof names);
    ck_assert_ptr_nonnull(f);
    manual = calloc(1, size);
    while (fgets(line, sizeof line, f)) {
        size_t n = strlen(line);
        ck_assert_uint_lt(length + n, size);
        memcpy(manual + length, line, n);
        length += n;
        read_row(line);
    }
    fclose(f);
}

static void forget_manual(void)
{
    free(manual);
}

/* One of each class, under the letter that the manual uses. */
static const char objects[] =
    PRINT "local e, kept = m:run_until('mmio') local h = m:on_trap(function() end)\n"
          "local vm, mem = m.contexts[1], m.mem.hpa\n"
          "local stop, b = m:next(), m:break_on('trap')\n"
          "local host = tz.machine { ram = '4M' }\n"
          "host:boot_vmm { ram = '1M' } host:run_until('entry')\n"
          "local o = host.vms[1]:oracle()\n"
          "local objects = { tz = tz, m = m, e = e, h = h, vm = vm, mem = mem, o = o, s = {}, "
          "ui = ui, stop = stop, b = b }\n";

START_TEST(every_name_of_the_manual_exists)
{
    static char text[SCRIPT_OUTPUT];
    struct run run;

    ck_assert_uint_gt(name_count, 90);
    for (unsigned i = 0; i < name_count; i++) {
        char path[64];
        strcpy(path, names[i]);
        bool method = strchr(path, ':') != NULL;
        if (method)
            *strchr(path, ':') = '.';
        snprintf(text, sizeof text,
                 "%slocal x = objects.%s\n"
                 "if %s then assert(type(x) == 'function', type(x)) end",
                 objects, path, method ? "true" : "false");
        run_text(&run, text, 0, 0);
        ck_assert_msg(run.code == 0, "%s: %s", names[i], run.err.text);
    }
}
END_TEST

static void documented(const char *letter, const char *separator, const char *name)
{
    char wanted[96];

    /* The manual names on_trap for all kinds of events. */
    if (strncmp(name, "on_", 3) == 0 && strcmp(name, "on_trap") != 0)
        return;
    snprintf(wanted, sizeof wanted, "`%s%s%s", letter, separator, name);
    ck_assert_msg(strstr(manual, wanted), "lua-scripts/README.md lacks %s", wanted);
}

START_TEST(every_name_stands_in_the_manual)
{
    static const struct {
        const char *class, *letter;
    } classes[] = {
        {"a machine", "m"}, {"a context", "vm"}, {"mem", "m.mem"},   {"a memory", "mem"},
        {"an event", "e"},  {"a handle", "h"},   {"a stop", "stop"}, {"a breakpoint", "b"},
    };
    static const char *const parts[][2] = {{"methods", ":"}, {"getters", "."}};
    struct script_options o = {.path = "x.lua", .text = "return {}"};
    struct script *s;
    struct error err;
    unsigned seen = 0;

    ck_assert_msg(script_open(&s, &o, &err) == 0, "%s", err.text);
    lua_State *L = script_lua(s);
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        for (size_t k = 0; k < COUNT_OF(parts); k++) {
            ck_assert_int_eq(luaL_getmetatable(L, classes[i].class), LUA_TTABLE);
            lua_getfield(L, -1, parts[k][0]);
            /* `mem.hpa` of a context is written vm.mem.hpa */
            for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1), seen++)
                documented(classes[i].letter[1] == '.' && strcmp(lua_tostring(L, -2), "gpa") == 0
                               ? "vm.mem"
                               : classes[i].letter,
                           parts[k][1], lua_tostring(L, -2));
            lua_settop(L, 0);
        }
    }
    ck_assert_uint_gt(seen, 90);
    lua_getglobal(L, "tz");
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        documented("tz", ".", lua_tostring(L, -2));
    lua_settop(L, 0);
    script_free(s);
}
END_TEST

Suite *suite_script_names(void);
Suite *suite_script_names(void)
{
    Suite *s = suite_create("script_names");
    TCase *c = tcase_create("names");

    tcase_add_checked_fixture(c, read_manual, forget_manual);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, every_name_of_the_manual_exists);
    tcase_add_test(c, every_name_stands_in_the_manual);
    suite_add_tcase(s, c);
    return s;
}
