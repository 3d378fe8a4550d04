/*
 * How the teaching OS ends: with its first program, without a usable boot module, with
 * somebody breaking it, and what it does when memory ends.
 */
#include "tests/guests/os.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PANIC_STATUS  101
#define KILLED_STATUS 128

/* ---- how it ends ---- */

static const struct {
    const char *cmdline, *output;
    word status;
} boots[] = {
    {"quiet init=hello,you", "Hello, you.\n", 0},
    {"quiet   init=primes,100", "25 primes up to 100, the largest is 97\n", 0},
    {"init=primes,x quiet", "primes: 'x' is not a number\n", 2},
    {"quiet init=nobody",
     "kernel panic: the first program, 'nobody', cannot be started: not found\n", PANIC_STATUS},
    {"quiet init=motd",
     "motd: not a 32-bit ELF file\n"
     "kernel panic: the first program, 'motd', cannot be started: not a program\n",
     PANIC_STATUS},
};
#define BOOTS (sizeof boots / sizeof boots[0])

START_TEST(the_machine_goes_off_with_the_status_of_the_first_program)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start(&s, &config, boots[_i].cmdline);
    ck_assert_str_eq(s.output, boots[_i].output);
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), boots[_i].status);
    os_end(&s);
}
END_TEST

START_TEST(a_first_program_that_is_killed_says_so_in_the_status)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start(&s, &config, "quiet init=misbehave,illegal");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), KILLED_STATUS + 2);
    os_end(&s);
}
END_TEST

/* ---- the kernel's own end ---- */

static const struct {
    struct machine_module module; /* no name: none */
    const char *output;
} bad_modules[] = {
    {{NULL, NULL, 0}, "kernel panic: there is no boot module 'programs'\n"},
    {{"program", "PACK", 4}, "kernel panic: there is no boot module 'programs'\n"},
    {{"programs", "KCAP12345678", 12},
     "kernel panic: the module 'programs' cannot be used: it is not a pack\n"},
    {{"programs", "PACK\1\0\0\0\1\0\0\0", 12},
     "kernel panic: the module 'programs' cannot be used: its directory is cut off\n"},
    {{"programs", "PACK\1\0\0\0\0\0\0\0", 12},
     "Trapeze OS: 16384 KiB of memory, 0 files\n"
     "kernel panic: the first program, 'shell', cannot be started: not found\n"},
};
#define BAD_MODULES (sizeof bad_modules / sizeof bad_modules[0])

START_TEST(without_a_good_module_the_kernel_says_what_is_wrong)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start_with(&s, &config, bad_modules[_i].module.name ? &bad_modules[_i].module : NULL);
    ck_assert_str_eq(s.output, bad_modules[_i].output);
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), PANIC_STATUS);
    os_end(&s);
}
END_TEST

static word kernel_address(const char *name)
{
    struct error err = {0};
    struct image image;

    ck_assert_msg(image_read(&image, "build/guest/os.elf", &err) == 0, "%s", err.text);
    const struct image_symbol *symbol = image_symbol_find(&image, name);
    ck_assert_msg(symbol != NULL, "the kernel has no %s", name);
    word address = symbol->value;
    image_free(&image);
    return address;
}

/* Somebody breaks the kernel under its feet. */
static const struct {
    const char *symbol;
    word value;
    const char *output;
} breakages[] = {
    {"sched_wake", 0xffffffff, "kernel panic: illegal instruction in the kernel at 8000"},
    {"sched_wake", 0x00002003, "kernel panic: page fault on a load in the kernel at 8000"},
    {"sched_wake", 0x00000073, "kernel panic: system call from ring 0 in the kernel at 8000"},
    {"boot_stack", 0, "kernel panic: the kernel stack of process 0 has overflowed\n"},
};
#define BREAKAGES (sizeof breakages / sizeof breakages[0])

START_TEST(a_broken_kernel_panics_and_the_machine_goes_off)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start(&s, &config, "quiet");
    os_clear(&s);
    ck_assert(machine_write(s.machine, kernel_address(breakages[_i].symbol), &breakages[_i].value,
                            sizeof breakages[_i].value));
    os_type(&s, "hello\n");
    ck_assert_msg(strncmp(s.output, breakages[_i].output, strlen(breakages[_i].output)) == 0, "%s",
                  s.output);
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), PANIC_STATUS);
    os_end(&s);
}
END_TEST

START_TEST(memory_that_is_used_up_ends_the_program_that_wants_more)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    config.ram_size = 1 << 20;
    os_start_as(&s, &config, "quiet", _i);
    os_type_lines(&s, (const char *const[]){"primes 100000000", "primes 400000 & primes 400000",
                                            "primes 200000", "exit", NULL});
    ck_assert_msg(strstr(s.output, "primes: 100000000 is too much for the memory\n"), "%s",
                  s.output);
    ck_assert_msg(strstr(s.output, ": no memory is left (address "), "%s", s.output);
    ck_assert_msg(strstr(s.output, "17984 primes up to 200000"), "%s", s.output);
    ck_assert_int_eq(s.stop, STOP_HALTED);
    os_end(&s);
}
END_TEST

/* The memory would not suffice for a tenth of them. */
START_TEST(processes_leave_nothing_behind)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    config.ram_size = 1 << 20;
    os_start_as(&s, &config, "quiet", _i);
    for (unsigned i = 0; i < 150; i++) {
        os_clear(&s);
        os_type_lines(&s, (const char *const[]){"echo a | cat | wc", "misbehave null", "motd",
                                                "exec motd", "exec shell", "hello & hello", NULL});
        ck_assert_msg(strstr(s.output, "1 lines, 1 words, 2 bytes") &&
                          strstr(s.output, "page fault on a load") && strstr(s.output, "Hello"),
                      "round %u: %s", i, s.output);
    }
    os_end(&s);
}
END_TEST

Suite *suite_guests_end(void);
Suite *suite_guests_end(void)
{
    Suite *s = suite_create("guests_end");
    TCase *c = tcase_create("end");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, the_machine_goes_off_with_the_status_of_the_first_program, 0, BOOTS);
    tcase_add_test(c, a_first_program_that_is_killed_says_so_in_the_status);
    tcase_add_loop_test(c, without_a_good_module_the_kernel_says_what_is_wrong, 0, BAD_MODULES);
    tcase_add_loop_test(c, a_broken_kernel_panics_and_the_machine_goes_off, 0, BREAKAGES);
    tcase_add_loop_test(c, memory_that_is_used_up_ends_the_program_that_wants_more, 0, OS_BUILDS);
    tcase_add_loop_test(c, processes_leave_nothing_behind, 0, OS_BUILDS);
    suite_add_tcase(s, c);
    return s;
}
