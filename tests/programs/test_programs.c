/*
 * Every tests/programs/NAME.S prints what its comments say (program.h tells which there are),
 * whether it runs in one go, in pieces under a listener that wants each instruction, or in a
 * virtual machine.
 */
#include "isa/image.h"
#include "machine/machine.h"
#include "tests/vmm/run.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER        "tests/programs/"
#define PROGRAMS_MAX  64
#define STEPS         2000000
#define VIRTUAL_STEPS 20000000
#define TEXT_MAX      4096

struct expectation {
    struct machine_config config;
    char output[TEXT_MAX];
    char input[TEXT_MAX];
    word status;
    enum machine_shutdown shutdown; /* SHUTDOWN_NONE: it powers off */
    bool bare_only;                 /* a VM may differ in it, and why stands in the comment */
};

struct bare_run {
    char output[TEXT_MAX];
    size_t length;
    enum machine_stop stop;
    enum machine_shutdown shutdown;
    word status;
    uint64_t digest;
};

static char names[PROGRAMS_MAX][64];
static int count;

static void find_programs(void)
{
    DIR *folder = opendir(FOLDER);
    const struct dirent *e;

    while (folder && (e = readdir(folder)) && count < PROGRAMS_MAX) {
        size_t length = strlen(e->d_name);

        if (length < 3 || length > 60 || strcmp(e->d_name + length - 2, ".S") != 0 ||
            strcmp(e->d_name, "lib.S") == 0)
            continue;
        snprintf(names[count++], sizeof names[0], "%.*s", (int)length - 2, e->d_name);
    }
    if (folder)
        closedir(folder);
}

/* ---- comments ---------------------------------------------------------------------------- */

static enum machine_shutdown shutdown_find(const char *name)
{
#define SHUTDOWN(name_, text)                                                                      \
    if (strcmp(name, #name_) == 0)                                                                 \
        return SHUTDOWN_##name_;
#include "trace/shutdowns.def"
#undef SHUTDOWN
    ck_abort_msg("no shutdown is named '%s'", name);
}

static void add(char *to, const char *text, const char *end)
{
    size_t length = strlen(to);

    ck_assert_uint_lt(length + strlen(text) + strlen(end), TEXT_MAX);
    sprintf(to + length, "%s%s", text, end);
}

static void take(struct expectation *x, const char *key, const char *value)
{
    unsigned number;

    if (strcmp(key, "expect") == 0)
        add(x->output, value, "\n");
    else if (strcmp(key, "input") == 0)
        add(x->input, value, "");
    else if (strcmp(key, "exit") == 0)
        x->status = (word)strtoul(value, NULL, 0);
    else if (strcmp(key, "shutdown") == 0)
        x->shutdown = shutdown_find(value);
    else if (strcmp(key, "bare") == 0)
        x->bare_only = true;
    else if (strcmp(key, "machine") == 0 && strcmp(value, "classic") == 0)
        x->config.classic = true;
    else if (strcmp(key, "machine") == 0 && sscanf(value, "tlb=%u", &number) == 1)
        x->config.tlb = number;
    else
        ck_abort_msg("a comment that means nothing: '# %s: %s'", key, value);
}

static void read_expectation(struct expectation *x, const char *name)
{
    char path[128], line[512], key[16], value[256];
    const char *hard = getenv("TRAPEZE_HARD");

    memset(x, 0, sizeof *x);
    x->config = machine_config_default();
    if (hard && *hard && strcmp(hard, "0") != 0)
        x->config.tlb = 1;
    snprintf(path, sizeof path, FOLDER "%s.S", name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", path);
    while (fgets(line, sizeof line, f)) {
        const char *comment = strstr(line, "# ");

        if (comment && sscanf(comment, "# %15[a-z]: %255[^\n]", key, value) == 2)
            take(x, key, value);
    }
    fclose(f);
}

/* ---- running ----------------------------------------------------------------------------- */

static void on_event(void *user, const struct event *e)
{
    struct bare_run *r = user;

    if (e->kind != EVENT_console || e->b)
        return;
    ck_assert_uint_lt(r->length, TEXT_MAX - 1);
    r->output[r->length++] = (char)e->a;
}

static void run_bare(struct bare_run *r, const char *name, const struct expectation *x,
                     uint64_t piece, uint32_t mask)
{
    struct trace_subscriber s = {.mask = mask | EVENT_BIT(EVENT_console), on_event, r, NULL};
    struct error err = {0};
    struct image image;
    struct machine *m;
    char path[128];

    memset(r, 0, sizeof *r);
    snprintf(path, sizeof path, "build/guest/" FOLDER "%s.elf", name);
    ck_assert_msg(machine_new(&m, &x->config, &err) == 0, "%s", err.text);
    trace_attach(machine_trace(m), &s);
    ck_assert_msg(image_read(&image, path, &err) == 0, "%s", err.text);
    struct machine_program program = {.image = &image, .cmdline = ""};
    ck_assert_msg(machine_load(m, &program, &err) == 0, "%s", err.text);
    image_free(&image);
    machine_input(m, x->input, strlen(x->input));
    machine_input_end(m);
    do
        r->stop = machine_run(m, piece);
    while (r->stop == STOP_BUDGET && machine_icount(m) < STEPS);
    r->shutdown = machine_shutdown(m);
    r->status = machine_status(m);
    r->digest = machine_digest(m);
    machine_free(m);
}

static void check(const struct bare_run *r, const char *name, const struct expectation *x)
{
    ck_assert_msg(strcmp(r->output, x->output) == 0, "%s prints\n%sinstead of\n%s", name, r->output,
                  x->output);
    ck_assert_msg(r->shutdown == x->shutdown, "%s ends with '%s'", name,
                  machine_shutdown_text(r->shutdown));
    ck_assert_msg(r->stop == (x->shutdown ? STOP_SHUTDOWN : STOP_HALTED), "%s stops for reason %d",
                  name, r->stop);
    ck_assert_msg(r->status == x->status, "%s powers off with %u", name, r->status);
}

START_TEST(a_program_prints_what_its_comments_expect)
{
    const uint32_t all = EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_mem);
    struct expectation x;
    struct bare_run once, stepped;

    read_expectation(&x, names[_i]);
    run_bare(&once, names[_i], &x, STEPS, 0);
    check(&once, names[_i], &x);
    run_bare(&stepped, names[_i], &x, 13, all);
    check(&stepped, names[_i], &x);
    ck_assert_msg(once.digest == stepped.digest, "%s ends in another state when watched",
                  names[_i]);
}
END_TEST

/* The same image, unmodified, in ring 1 of a machine whose ring 0 is the monitor's. */
START_TEST(a_program_prints_the_same_in_a_virtual_machine)
{
    char path[128];
    const struct run_module modules[] = {{"k", path}, {NULL, NULL}};
    struct expectation x;

    read_expectation(&x, names[_i]);
    if (x.bare_only)
        return;
    snprintf(path, sizeof path, "build/guest/" FOLDER "%s.elf", names[_i]);
    const char *const lines[] = {x.input, NULL};
    struct run_request q = {.program = GUEST_VMM,
                            .cmdline = "vm=test kernel=k ram=8M",
                            .modules = modules,
                            .lines = x.input[0] ? lines : NULL,
                            .ram = RUN_HOST,
                            .steps = VIRTUAL_STEPS};
    struct run_result r = run(&q);
    ck_assert_msg(strcmp(r.console, x.output) == 0, "%s prints\n%sinstead of\n%s\nvmm: %s",
                  names[_i], r.console, x.output, r.messages);
    ck_assert_int_eq(r.stop, STOP_HALTED);
    if (x.shutdown == SHUTDOWN_NONE)
        ck_assert_uint_eq(r.status, x.status);
    else
        ck_assert_uint_ne(r.status, 0);
    run_free(&r);
}
END_TEST

START_TEST(there_are_programs_to_run)
{
    ck_assert_int_gt(count, 0);
}
END_TEST

Suite *suite_programs_programs(void);
Suite *suite_programs_programs(void)
{
    Suite *s = suite_create("programs_programs");
    TCase *c = tcase_create("programs");

    find_programs();
    tcase_add_test(c, there_are_programs_to_run);
    tcase_add_loop_test(c, a_program_prints_what_its_comments_expect, 0, count);
    tcase_add_loop_test(c, a_program_prints_the_same_in_a_virtual_machine, 0, count);
    suite_add_tcase(s, c);
    return s;
}
