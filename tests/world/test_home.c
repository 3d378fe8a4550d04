/* Where trapeze's own files are, and which files a script may mean. */
#include "world/home.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/trapeze-home-XXXXXX";
static char path[512];

static const char *under(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void make_file(const char *name)
{
    FILE *f = fopen(under(name), "w");

    ck_assert_ptr_nonnull(f);
    fclose(f);
}

static void make_directory(const char *name)
{
    ck_assert_int_eq(mkdir(under(name), 0700), 0);
}

/* home/ as in a source tree, share/ as installed, base/ a script's own directory. */
static void setup(void)
{
    strcpy(root, "/tmp/trapeze-home-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    make_directory("home");
    make_directory("home/lua-scripts");
    make_directory("home/build");
    make_directory("home/build/guest");
    make_file("home/build/guest/os.elf");
    make_file("home/build/guest/only.elf");
    make_directory("share");
    make_directory("share/lua-scripts");
    make_directory("share/guests");
    make_file("share/guests/os.elf");
    make_directory("base");
    make_directory("base/sub");
    make_file("base/os.elf");
    make_file("base/sub/x.img");
}

static void teardown(void)
{
    static const char *const files[] = {"home/build/guest/os.elf", "home/build/guest/only.elf",
                                        "share/guests/os.elf", "base/os.elf", "base/sub/x.img"};
    static const char *const directories[] = {
        "home/build/guest",  "home/build", "home/lua-scripts", "home", "share/guests",
        "share/lua-scripts", "share",      "base/sub",         "base", ""};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(under(files[i]));
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        rmdir(under(directories[i]));
}

static struct home find(const char *name)
{
    struct home home;
    struct error err;

    setenv("TRAPEZE_HOME", under(name), 1);
    ck_assert_msg(home_find(&home, &err) == 0, "%s", err.text);
    return home;
}

START_TEST(a_source_tree_has_its_guests_where_they_are_built)
{
    struct home home = find("home");

    ck_assert_str_eq(home.path, under("home"));
    ck_assert_str_eq(home.guests, under("home/build/guest"));
}
END_TEST

START_TEST(an_installed_home_has_them_beside_the_scripts)
{
    struct home home = find("share");

    ck_assert_str_eq(home.guests, under("share/guests"));
}
END_TEST

START_TEST(a_home_without_scripts_is_refused)
{
    struct home home;
    struct error err;

    setenv("TRAPEZE_HOME", under("base"), 1);
    ck_assert_int_eq(home_find(&home, &err), ERROR_input);
    ck_assert_ptr_nonnull(strstr(err.text, "holds no lua-scripts"));
}
END_TEST

START_TEST(without_the_variable_the_tree_above_the_program_is_home)
{
    struct home home;
    struct error err;

    unsetenv("TRAPEZE_HOME");
    ck_assert_msg(home_find(&home, &err) == 0, "%s", err.text);
    ck_assert_int_eq(access(home.path, R_OK), 0);
    ck_assert_ptr_nonnull(strstr(home.guests, "/build/guest"));
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
    struct home home = find("home");
    char out[16];
    struct error err;

    ck_assert_int_eq(home_path(&home, "scenarios/x.lua", out, sizeof out, &err), ERROR_input);
    ck_assert_ptr_nonnull(strstr(err.text, "too long"));
}
END_TEST

START_TEST(a_scripts_own_file_comes_before_a_guest_of_that_name)
{
    struct home home = find("home");
    char base[256], out[512];
    struct error err;

    strcpy(base, under("base"));
    ck_assert_int_eq(home_file(&home, base, "os.elf", out, sizeof out, &err), 0);
    ck_assert_str_eq(out, under("base/os.elf"));
    ck_assert_int_eq(home_file(&home, base, "only.elf", out, sizeof out, &err), 0);
    ck_assert_str_eq(out, under("home/build/guest/only.elf"));
    ck_assert_int_eq(home_file(&home, base, "sub/x.img", out, sizeof out, &err), 0);
    ck_assert_int_eq(home_file(&home, NULL, "os.elf", out, sizeof out, &err), 0);
    ck_assert_str_eq(out, under("home/build/guest/os.elf"));
    ck_assert_int_eq(home_file(&home, base, "none.elf", out, sizeof out, &err), ERROR_io);
    ck_assert_ptr_nonnull(strstr(err.text, "base or in"));
    ck_assert_int_eq(home_file(&home, base, "sub", out, sizeof out, &err), ERROR_io);
}
END_TEST

static const char *const outside[] = {
    "", "/etc/passwd", "..", "../os.elf", "sub/../os.elf", "sub/..", "a//b", "/", "sub/",
};

START_TEST(no_name_leads_out)
{
    struct home home = find("home");
    char base[256], out[512];
    struct error err;

    strcpy(base, under("base"));
    ck_assert_msg(home_file(&home, base, outside[_i], out, sizeof out, &err) == ERROR_input, "%s",
                  outside[_i]);
    ck_assert_ptr_nonnull(strstr(err.text, "may use"));
}
END_TEST

Suite *suite_world_home(void);
Suite *suite_world_home(void)
{
    Suite *s = suite_create("world_home");
    TCase *c = tcase_create("home");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_source_tree_has_its_guests_where_they_are_built);
    tcase_add_test(c, an_installed_home_has_them_beside_the_scripts);
    tcase_add_test(c, a_home_without_scripts_is_refused);
    tcase_add_test(c, without_the_variable_the_tree_above_the_program_is_home);
    tcase_add_test(c, a_path_that_is_too_long_is_refused);
    tcase_add_test(c, a_scripts_own_file_comes_before_a_guest_of_that_name);
    tcase_add_loop_test(c, no_name_leads_out, 0, (int)(sizeof outside / sizeof outside[0]));
    suite_add_tcase(s, c);
    return s;
}
