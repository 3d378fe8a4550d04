/*
 * Every scenario of scenarios/, headless: what it expects holds, twice the same, and it says
 * what the reader needs.
 */
#include "script/script.h"

#include "trace/recorder.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define SCENARIOS_MAX 64

static char names[SCENARIOS_MAX][256];
static int count;

static void find_scenarios(void)
{
    DIR *d = opendir("scenarios");
    struct dirent *e;

    while (d && (e = readdir(d)) && count < SCENARIOS_MAX) {
        size_t n = strlen(e->d_name);
        if (n > 4 && n < 200 && strcmp(e->d_name + n - 4, ".lua") == 0)
            snprintf(names[count++], sizeof names[0], "scenarios/%.200s", e->d_name);
    }
    if (d)
        closedir(d);
}

static struct script *opened(int i)
{
    struct script_options o = {.path = names[i]};
    struct error err = {0};
    struct script *s;

    ck_assert_msg(script_open(&s, &o, &err) == 0, "%s", err.text);
    return s;
}

START_TEST(a_scenario_says_what_it_shows)
{
    struct script *s = opened(_i);

    ck_assert_msg(script_title(s)[0], "%s has no title", names[_i]);
    ck_assert_msg(script_text(s)[0], "%s has no text", names[_i]);
    ck_assert_msg(script_pane(s, 0, 0), "%s has no dashboard", names[_i]);
    script_free(s);
}
END_TEST

START_TEST(what_a_scenario_expects_holds)
{
    struct script *s = opened(_i);
    struct error err = {0};
    int code = script_run(s, &err);

    for (unsigned i = 0; i < script_check_count(s); i++) {
        const struct script_check *c = script_check(s, i);
        ck_assert_msg(c->passed, "%s: %s: %s", names[_i], c->sentence, c->detail);
    }
    ck_assert_msg(code == 0, "%s", err.text);
    ck_assert_uint_gt(script_check_count(s), 0);
    script_free(s);
}
END_TEST

/* One number for all that happened in all machines. */
static uint64_t run_digest(int i, bool record, uint64_t slice)
{
    struct script *s = opened(i);
    struct world *w = script_world(s);
    struct error err = {0};
    uint64_t digest = 0;
    struct host *h;

    ck_assert_msg(script_start(s, &err) == 0, "%s", err.text);
    for (unsigned k = 0; (h = world_host(w, k)); k++)
        host_record(h, record);
    while (script_resume(s, &err) == SCRIPT_WAITING)
        while (world_advance(w, slice))
            ;
    ck_assert_msg(script_state(s) == SCRIPT_DONE, "%s", err.text);
    for (unsigned k = 0; (h = world_host(w, k)); k++)
        digest = digest * 31 + machine_digest(host_machine(h));
    script_free(s);
    return digest;
}

START_TEST(a_scenario_runs_the_same_recorded_or_not_and_in_any_slices)
{
    uint64_t first = run_digest(_i, true, 1000000);

    ck_assert(run_digest(_i, false, 1000000) == first);
    ck_assert(run_digest(_i, true, 997) == first);
}
END_TEST

START_TEST(there_are_scenarios)
{
    ck_assert_int_ge(count, 1);
}
END_TEST

Suite *suite_scenarios_scenarios(void);
Suite *suite_scenarios_scenarios(void)
{
    Suite *s = suite_create("scenarios_scenarios");
    TCase *c = tcase_create("scenarios");

    find_scenarios();
    tcase_set_timeout(c, 120);
    tcase_add_test(c, there_are_scenarios);
    tcase_add_loop_test(c, a_scenario_says_what_it_shows, 0, count);
    tcase_add_loop_test(c, what_a_scenario_expects_holds, 0, count);
    tcase_add_loop_test(c, a_scenario_runs_the_same_recorded_or_not_and_in_any_slices, 0, count);
    suite_add_tcase(s, c);
    return s;
}
