/*
 * Panes and the frame around them, without a terminal: the whole dashboard but the screen, in
 * a home directory of its own to which panes can be added.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "isa/asm.h"
#include "tui/dashboard.h"

static char home[] = "/tmp/trapeze-panes-XXXXXX";
static struct tui *tui;
static struct tui_options options;
static char *shown; /* the last picture */

static void write_file(const char *name, const char *text)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", home, name);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

/* The files of `folder` here as links in the home directory. */
static void link_folder(const char *folder)
{
    char from[1024], to[1024], here[512];
    struct dirent *entry;
    DIR *d = opendir(folder);

    ck_assert_ptr_nonnull(d);
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    snprintf(to, sizeof to, "%s/%s", home, folder);
    mkdir(to, 0755);
    while ((entry = readdir(d))) {
        if (!strstr(entry->d_name, ".lua"))
            continue;
        snprintf(from, sizeof from, "%s/%s/%s", here, folder, entry->d_name);
        snprintf(to, sizeof to, "%s/%s/%s", home, folder, entry->d_name);
        ck_assert_int_eq(symlink(from, to), 0);
    }
    closedir(d);
}

static void make_home(void)
{
    ck_assert_ptr_nonnull(mkdtemp(home));
    link_folder("lua-scripts");
    link_folder("lua-scripts/panes");
    ck_assert_int_eq(setenv("TRAPEZE_HOME", home, 1), 0);
}

static void remove_home(void)
{
    char command[64];

    if (tui) {
        tui_fini(tui);
        free(tui);
        free(shown);
    }
    snprintf(command, sizeof command, "rm -r %s", home);
    ck_assert_int_eq(system(command), 0);
}

/* Opens a scenario of this dashboard; with a machine, or without. */
static void open_dashboard(const char *dashboard, bool machine)
{
    char text[1024], path[512];
    struct error err = {0};

    snprintf(text, sizeof text,
             "return { title = 'Test', text = 'A story.', dashboard = %s,\n"
             "setup = function(s) if %s then s.m = tz.machine { ram = '1M' } end end }\n",
             dashboard, machine ? "true" : "false");
    write_file("scenario.lua", text);
    snprintf(path, sizeof path, "%s/scenario.lua", home);
    options = (struct tui_options){.path = path};
    tui = calloc(1, sizeof *tui);
    ck_assert_msg(tui_init(tui, &options, &err) == 0, "%s", err.text);
}

static const char *draw(int w, int h)
{
    size_t size;
    FILE *f;

    grid_fini(&tui->grid);
    ck_assert(grid_init(&tui->grid, w, h));
    frame_draw(tui);
    free(shown);
    f = open_memstream(&shown, &size);
    grid_write_text(&tui->grid, f);
    fclose(f);
    return shown;
}

static void ck_shows(const char *text)
{
    ck_assert_msg(strstr(shown, text) != NULL, "'%s' is not in\n%s", text, shown);
}

static void press(const char *keys)
{
    while (*keys)
        tui_key(tui, (unsigned char)*keys++);
}

START_TEST(a_pane_that_fails_shows_file_and_line_and_the_others_go_on)
{
    write_file(
        "lua-scripts/panes/bad.lua",
        "return {\n title = 'Bad',\n draw = function(p, m)\n  p:line(nothing.at.all)\n end }\n");
    open_dashboard("{ { 'bad', 'state' } }", true);
    draw(100, 20);
    ck_shows("Bad");
    ck_shows("This pane failed");
    ck_shows("bad.lua:4");
    ck_shows("pc       00000000");
}
END_TEST

static const struct {
    const char *file, *shows;
} failing[] = {
    {"return {", "failed.lua:1"},                /* does not compile */
    {"return 1", "returns no table"},            /* no pane */
    {"return { draw = 1 }", "returns no table"}, /* no function */
    {"error('at load')", "at load"},
    {"return { draw = function() while true do end end }", "Lua instructions"},
    {"return { draw = function(p) p:line { 'a', 'pink' } end }", "no style \"pink\""},
    {"return { draw = function(p) p:list(-1, 7) end }", "function expected"},
    {"return { draw = function(p) p.w = 7 end }", "p.w cannot be set"},
    {"return { draw = function(p) error { } end }", "failed"},
    {"return { draw = function(p) p:text(1) end }", "number expected"},
    {"return { draw = function(p) p:list(3, function() error 'in a row' end) end }", "in a row"},
};

START_TEST(whatever_is_wrong_with_a_pane_stays_in_its_box)
{
    write_file("lua-scripts/panes/failed.lua", failing[_i].file);
    open_dashboard("{ { 'failed' }, { 'state' } }", true);
    draw(120, 30);
    ck_shows(failing[_i].shows);
    ck_shows("pc       00000000");
}
END_TEST

START_TEST(a_pane_draws_inside_its_box_only)
{
    write_file("lua-scripts/panes/wild.lua",
               "local kept\n"
               "return { title = 'Wild', min = { w = 10, h = 4 }, share = { w = 0, h = 1 },\n"
               "draw = function(p)\n"
               " p:text(-3, 0, 'abcdefghijklmnop')\n"
               " p:text(2^31, 1, 'far') p:text(0, -2^31, 'far') p:text(0, 1, 'end')\n"
               " p.y = 1000 p:line('below') kept = p end,\n"
               "keys = { { 'y', 'later', function() kept:text(0, 0, 'outside') end } } }\n");
    open_dashboard("{ { 'wild', 'state' } }", true);
    draw(60, 10);
    ck_shows("defghijklm\342\224\202pc");
    ck_shows("\nend");
    press("y");
    ck_assert_ptr_null(strstr(draw(60, 10), "outside"));
}
END_TEST

START_TEST(keys_and_commands_of_a_pane_are_called_and_stand_in_the_help)
{
    write_file("lua-scripts/panes/own.lua",
               "local text = 'untouched'\n"
               "return { title = 'Own', draw = function(p) p:line(text) end,\n"
               "keys = { { 'y', 'says yes', function() text = 'yes' end } },\n"
               "commands = { { 'shout', 'WORD', 'says it loud',\n"
               "  function(p, m, word) text = word:upper() .. m.name end } } }\n");
    open_dashboard("{ { 'own' } }", true);
    draw(80, 24);
    ck_shows("untouched");
    press("y");
    draw(80, 24);
    ck_shows("yes");
    press(":shout hello\r");
    draw(80, 24);
    ck_shows("HELLOm0");
    press("?");
    draw(80, 200);
    ck_shows("says yes");
    ck_shows("shout WORD");
    ck_shows("says it loud");
}
END_TEST

START_TEST(help_lists_every_key_and_command_whole)
{
    open_dashboard("{ { 'code' } }", true);
    press("?");
    draw(120, 200);
    for (unsigned i = 0; i < key_count; i++)
        ck_shows(key_table[i].meaning);
    for (unsigned i = 0; command_info(i); i++)
        ck_shows(command_info(i)->meaning);
}
END_TEST

/* Every pane there is, in every size, with and without a machine; then keys of all kinds. */
START_TEST(no_size_and_no_key_breaks_a_pane)
{
    static const int sizes[] = {1, 2, 3, 5, 10, 24, 40, 80, 131, 300};

    open_dashboard(
        "{ { 'code', 'state', 'mem' }, { 'traps', 'story', 'vms' }, { 'console', 'exits' } }",
        _i == 1);
    for (size_t w = 0; w < COUNT_OF(sizes); w++) {
        for (size_t h = 0; h < COUNT_OF(sizes); h++) {
            draw(sizes[w], sizes[h] > 100 ? 100 : sizes[h]);
            ck_assert_ptr_null(strstr(shown, "failed"));
            press("\tjkGgzz");
        }
    }
    press("bve w?jj?ud<>");
    for (int i = 0; i < tui->pane_count; i++)
        ck_assert_msg(tui->panes[i].error.code == 0, "%s", tui->panes[i].error.text);
}
END_TEST

/* Keys as a cat would press them, the same in every run; a small monitor and its guest below. */
START_TEST(no_sequence_of_keys_breaks_the_dashboard)
{
    static const uint32_t special[] = {'\t',      '\r',         27,           127,
                                       KEYS_UP,   KEYS_DOWN,    KEYS_LEFT,    KEYS_RIGHT,
                                       KEYS_HOME, KEYS_PAGE_UP, KEYS_UNKNOWN, 0x4e2d};
    struct error err = {0};
    uint32_t random = (uint32_t)_i + 1;

    options = (struct tui_options){.path = "tests/tui/monitor.lua"};
    tui = calloc(1, sizeof *tui);
    ck_assert_msg(tui_init(tui, &options, &err) == 0, "%s", err.text);
    for (int i = 0; i < 3000; i++) {
        random = random * 1103515245u + 12345u;
        uint32_t n = random >> 16 & 0xff;

        tui_key(tui, n < 160 ? ' ' + n % 95 : special[n % COUNT_OF(special)]);
        for (int slices = 0; verbs_running(&tui->run) && slices < 20; slices++)
            verbs_slice(&tui->run, 50);
        if (i % 7 == 0)
            draw((int)(n % 100) + 1, (int)(n % 31) + 1);
    }
    tui->mode = MODE_KEYS;
    ck_assert_int_ge(tui->focus, 0);
    ck_assert_int_lt(tui->focus, tui->slot_count);
}
END_TEST

START_TEST(keys_move_a_list_and_stay_in_it)
{
    struct pane *p;

    write_file("lua-scripts/panes/long.lua",
               "return { draw = function(p)\n"
               " p:note('at ' .. p:list(100, function(i) return 'line ' .. i end)) end }\n");
    open_dashboard("{ { 'long' } }", true);
    p = tui_focused(tui);
    draw(40, 14); /* ten lines and a title */
    press("kj");
    draw(40, 14);
    ck_shows("at 2");
    ck_shows("line 1\n");
    press("G");
    draw(40, 14);
    ck_shows("at 100");
    ck_shows("line 100");
    press("jjj");
    ck_assert_int_eq(p->cursor, 99);
    press("gk");
    draw(40, 14);
    ck_assert_int_eq(p->cursor, 0);
    ck_assert_ptr_null(strstr(shown, "line 12"));
}
END_TEST

START_TEST(a_screen_is_saved_as_text_and_as_a_picture)
{
    char line[600], path[512], text[9000] = "";
    FILE *f;

    open_dashboard("{ { 'code', 'state' } }", true);
    draw(80, 24);
    snprintf(path, sizeof path, "%s/screen.txt", home);
    snprintf(line, sizeof line, "screen %s", path);
    command_line(tui, line);
    ck_assert_ptr_nonnull(strstr(tui->message, "the screen is in"));
    f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, f), 0);
    fclose(f);
    ck_assert_str_eq(text, shown);
    snprintf(line, sizeof line, "screen %s/screen.svg", home);
    command_line(tui, line);
    snprintf(path, sizeof path, "%s/screen.svg", home);
    f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(text, sizeof text, f));
    fclose(f);
    ck_assert_int_eq(strncmp(text, "<svg ", 5), 0);
    command_line(tui, "screen /no/such/folder/screen.txt");
    ck_assert_ptr_nonnull(strstr(tui->message, "No such file"));
}
END_TEST

/* Opens a program as `trapeze tui FILE.s` does. */
static int build(void *user, struct world *world, struct error *err)
{
    struct machine_config config = machine_config_default();
    struct asm_result assembled;
    struct host *h;

    ck_assert_int_eq(asm_source(&assembled, "prog.s", user, strlen(user), NULL, err), 0);
    struct host_program program = {
        .image = "prog.elf", .bytes = assembled.elf, .byte_count = assembled.elf_size};
    ck_assert_int_eq(world_add(world, NULL, &config, &h, err), 0);
    int code = host_load(h, &program, err);
    asm_result_free(&assembled);
    return code;
}

static void open_program(const char *source)
{
    struct error err = {0};

    options = (struct tui_options){.path = "prog.s", .build = build, .user = (void *)source};
    tui = calloc(1, sizeof *tui);
    ck_assert_msg(tui_init(tui, &options, &err) == 0, "%s", err.text);
}

/* So many steps at most: what has no end is looked at while it runs. */
static void run(uint64_t steps)
{
    press("c");
    verbs_slice(&tui->run, steps);
}

START_TEST(a_trap_that_nobody_handles_is_explained_without_being_asked)
{
    open_program("_start: li a1, 8\n lw a0, 12(a1)\n");
    run(100);
    draw(80, 24);
    ck_shows("prog.s:2: error: load from nothing (cause 5)");
    ck_shows("lw a0, 12(a1)      a1 = 0x00000008");
    ck_shows("(w: all of it)");
    ck_assert_ptr_null(strstr(shown, "never set"));
    press("w");
    draw(80, 24);
    ck_shows("Why shut down: a trap was taken while tvec is 0");
    ck_shows("often a pointer that was never set");
    ck_assert_ptr_null(strstr(shown, "(w: all of it)"));
    press("qS");
    draw(80, 24);
    ck_assert_ptr_null(strstr(shown, "error: load from nothing"));
}
END_TEST

START_TEST(a_loop_of_traps_is_told_while_it_runs)
{
    open_program("_start: la t0, h\n csrw tvec, t0\n lw a0, 0(x0)\nh: tret\n");
    run(1000);
    ck_assert(verbs_running(&tui->run));
    draw(80, 24);
    ck_shows("a loop of traps: the handler returns, and the same instruction traps again");
    ck_shows("prog.s:3: trap: load from nothing");
}
END_TEST

START_TEST(why_explains_the_trap_that_a_command_ran_to)
{
    open_program("_start: la t0, h\n csrw tvec, t0\n li a7, 77\n ecall\nh: j h\n");
    press("w");
    draw(80, 24);
    ck_shows("Nothing to explain here");
    press("q");
    command_line(tui, "trap cause=ecall_ring0");
    verbs_slice(&tui->run, 100);
    press("w");
    draw(80, 24);
    ck_shows("for number 77 (a7)");
}
END_TEST

START_TEST(a_machine_is_saved_and_loaded_and_what_is_wrong_with_a_file_is_said)
{
    char line[600];

    open_program("_start: addi a0, a0, 1\n j _start\n");
    command_line(tui, "step 10");
    verbs_slice(&tui->run, 100);
    uint64_t digest = machine_digest(host_machine(tui_host(tui)));
    snprintf(line, sizeof line, "save %s/ten.snap", home);
    command_line(tui, line);
    ck_assert_ptr_nonnull(strstr(tui->message, "#10 is in "));
    run(1000);
    snprintf(line, sizeof line, "load %s/ten.snap", home);
    command_line(tui, line);
    ck_assert(!verbs_running(&tui->run));
    ck_assert_uint_eq(machine_digest(host_machine(tui_host(tui))), digest);
    draw(80, 24);
    ck_shows("STOP loaded");
    write_file("foreign", "some text, and not a short one at all, so that the header is there");
    snprintf(line, sizeof line, "load %s/foreign", home);
    command_line(tui, line);
    ck_assert(tui->message_bad && strstr(tui->message, "no snapshot of trapeze"));
    command_line(tui, "load /no/such/file");
    ck_assert(tui->message_bad && strstr(tui->message, "No such file"));
    command_line(tui, "save /no/such/file");
    ck_assert(tui->message_bad && strstr(tui->message, "No such file"));
    ck_assert_uint_eq(machine_digest(host_machine(tui_host(tui))), digest);
}
END_TEST

START_TEST(what_fails_is_said_and_stands_first_in_the_story)
{
    struct error err = {0};
    char path[512];

    write_file("scenario.lua",
               "return { title = 'Test', text = ('A long story. '):rep(300),\n"
               "setup = function(s) s.m = tz.machine { ram = '1M' }\n"
               " s.m.mem.hpa:set_u32(0x80000000, 0x6f) s.m.regs.pc = 0x80000000 end,\n" /* j . */
               "run = function(s) s.m:step(10) end,\n"
               "expect = { { 'one is two', function() return 1, 2 end } } }\n");
    snprintf(path, sizeof path, "%s/scenario.lua", home);
    options = (struct tui_options){.path = path};
    tui = calloc(1, sizeof *tui);
    ck_assert_msg(tui_init(tui, &options, &err) == 0, "%s", err.text);
    run(100);
    draw(80, 24);
    ck_shows("1 of 1 checks fail");
    ck_shows("7: which checks fail, and why");
    press("7");
    draw(80, 24);
    ck_shows("[FAIL] one is two");
    ck_shows("wanted 2");
    ck_shows("found  1");
}
END_TEST

START_TEST(no_width_cuts_a_word_of_the_title)
{
    static const char *const words[] = {"scenario", "[L0", "machine]", "ring", "0",    "STOP",
                                        "#0",       "the", "trapeze",  "is",   "done", ""};
    char line[512];

    open_dashboard("{ { 'code' } }", true);
    for (int w = 6; w < 130; w++) {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(draw(w, 24), "\n"), shown);
        for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
            size_t i = 0;
            while (strcmp(words[i], "") != 0 && strcmp(words[i], word) != 0)
                i++;
            ck_assert_msg(*words[i], "'%s' at %d columns:\n%s", word, w, shown);
        }
    }
}
END_TEST

START_TEST(a_pane_that_there_is_not_leaves_the_others_where_they_are)
{
    open_dashboard("{ { 'code', 'state' } }", true);
    command_line(tui, "pane stat");
    ck_assert(tui->message_bad && strstr(tui->message, "there is no 'stat'"));
    ck_assert_ptr_nonnull(strstr(tui->message, "did you mean \"state\"?"));
    draw(80, 24);
    ck_shows("1 Code");
    command_line(tui, "pane");
    ck_assert_ptr_nonnull(strstr(tui->message, "which? code, state, "));
}
END_TEST

/* ---- the manual --------------------------------------------------------------------------- */

static char *read_manual(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size), *f = fopen("lua-scripts/panes/README.md", "r");
    int c;

    ck_assert_ptr_nonnull(f);
    while ((c = fgetc(f)) != EOF)
        fputc(c, out);
    fclose(f);
    fclose(out);
    return text;
}

START_TEST(the_manuals_example_is_twenty_lines_and_works)
{
    char *manual = read_manual(), *from = strstr(manual, "```lua\n") + 7;
    int lines = 0;

    *strstr(from, "```") = '\0';
    for (const char *s = from; (s = strchr(s, '\n')); s++)
        lines++;
    ck_assert_int_le(lines, 20);
    write_file("lua-scripts/panes/rings.lua", from);
    free(manual);
    open_dashboard("{ { 'rings' } }", true);
    draw(80, 24);
    ck_shows("Rings all that are kept");
    ck_shows("3          0");
    press("r");
    draw(80, 24);
    ck_shows("the last 100");
}
END_TEST

/* Each `p:name(` and `ui.name(` of the manual is called by no argument but must be there. */
START_TEST(every_function_of_the_manual_exists_and_none_is_missing_there)
{
    char *manual = read_manual(), pane[4096];
    struct text file = text_init(pane, sizeof pane);
    int count = 0;

    text_add(&file, "return { draw = function(p)\n");
    for (const char *s = manual; (s = strchr(s, '`')); s++) {
        char name[32];

        if (sscanf(s, "`ui.%31[a-z_](", name) == 1 && ++count)
            text_add(&file, "assert(ui.%s, '%s')\n", name, name);
        if (sscanf(s, "`p:%31[a-z_](", name) == 1 && ++count)
            text_add(&file, "assert(p.%s, '%s')\n", name, name);
    }
    text_add(&file,
             "for name in pairs(ui) do if not (%s):find('ui.' .. name, 1, true) then "
             "error(name) end end\np:line 'all there' end }\n",
             "[=====[MANUAL]=====]");
    ck_assert_int_gt(count, 20);
    /* The manual itself goes where the word stands. */
    char *place = strstr(pane, "MANUAL"), *whole = NULL;
    size_t size;
    FILE *f = open_memstream(&whole, &size);
    fprintf(f, "%.*s%s%s", (int)(place - pane), pane, manual, place + strlen("MANUAL"));
    fclose(f);
    write_file("lua-scripts/panes/manual.lua", whole);
    free(whole);
    free(manual);
    open_dashboard("{ { 'manual' } }", true);
    draw(80, 24);
    ck_shows("all there");
}
END_TEST

Suite *suite_tui_pane(void);
Suite *suite_tui_pane(void)
{
    Suite *s = suite_create("tui_pane");
    TCase *c = tcase_create("pane");

    tcase_add_checked_fixture(c, make_home, remove_home);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_pane_that_fails_shows_file_and_line_and_the_others_go_on);
    tcase_add_loop_test(c, whatever_is_wrong_with_a_pane_stays_in_its_box, 0, COUNT_OF(failing));
    tcase_add_test(c, a_pane_draws_inside_its_box_only);
    tcase_add_test(c, keys_and_commands_of_a_pane_are_called_and_stand_in_the_help);
    tcase_add_test(c, help_lists_every_key_and_command_whole);
    tcase_add_loop_test(c, no_size_and_no_key_breaks_a_pane, 0, 2);
    tcase_add_loop_test(c, no_sequence_of_keys_breaks_the_dashboard, 0, 4);
    tcase_add_test(c, keys_move_a_list_and_stay_in_it);
    tcase_add_test(c, a_screen_is_saved_as_text_and_as_a_picture);
    tcase_add_test(c, a_trap_that_nobody_handles_is_explained_without_being_asked);
    tcase_add_test(c, a_loop_of_traps_is_told_while_it_runs);
    tcase_add_test(c, why_explains_the_trap_that_a_command_ran_to);
    tcase_add_test(c, a_machine_is_saved_and_loaded_and_what_is_wrong_with_a_file_is_said);
    tcase_add_test(c, what_fails_is_said_and_stands_first_in_the_story);
    tcase_add_test(c, no_width_cuts_a_word_of_the_title);
    tcase_add_test(c, a_pane_that_there_is_not_leaves_the_others_where_they_are);
    tcase_add_test(c, the_manuals_example_is_twenty_lines_and_works);
    tcase_add_test(c, every_function_of_the_manual_exists_and_none_is_missing_there);
    suite_add_tcase(s, c);
    return s;
}
