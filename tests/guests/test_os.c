/*
 * The teaching OS on the bare machine: what it prints in whole sessions, on machines that
 * differ in what a program must not notice (variant, TLB, costs, memory); programs that
 * misbehave, and programs that share the processor.
 */
#include "tests/guests/os.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREETING "Trapeze OS: 16384 KiB of memory, 25 files\n"

/* ---- sessions ---- */

static const struct os_exchange exchanges[] = {
    {"hello", "Hello from process 2, ring 3.\n"},
    {"hello Ada \"Grace Hopper\"", "Hello, Ada.\nHello, Grace Hopper.\n"},
    {"echo one  two", "one two\n"},
    {"help", "PROGRAM [ARGUMENT...] [< FILE] [| PROGRAM...] [&]\n"
             "built in: help, exit [STATUS], exec PROGRAM [ARGUMENT...]\n"
             "programs: busy cat disk echo faults forkwait hello hoard ls misbehave primes ps "
             "queens "
             "relay shell sleep spin "
             "status syscalls tables turns wc wild\n"},
    {"primes", "168 primes up to 1000, the largest is 997\n"},
    {"primes 0", "0 primes up to 0\n"},
    {"primes 20000", "2262 primes up to 20000, the largest is 19997\n"},
    {"primes many", "primes: 'many' is not a number\nprimes: status 2\n"},
    {"syscalls", "1000 system calls\n"},
    {"faults", "100 page faults\n"},
    {"faults 33", "33 page faults\n"},
    {"hoard 64", "64 KiB, 0 numbers wrong\n"},
    {"hoard 100000", "hoard: there are no 100000 KiB\nhoard: status 1\n"},
    {"relay", "100 programs, one process\n"},
    {"tables", "300 rounds in each of 2 processes, nothing wrong in 2\n"},
    {"tables 200 5 7", "200 rounds in each of 5 processes, nothing wrong in 5\n"},
    {"tables 1 17", "tables: at most 16 processes, and 1 to 1024 pages\ntables: status 2\n"},
    {"sleep 20", ""},
    {"cat motd", "Ring 0 decides, ring 3 asks.\n"},
    {"cat motd nothing", "Ring 0 decides, ring 3 asks.\ncat: nothing: not found\ncat: status 1\n"},
    {"wc < rings.txt", "4 lines, 32 words, 178 bytes\n"},
    {"cat rings.txt rings.txt | wc", "8 lines, 64 words, 356 bytes\n"},
    {"echo a|cat|cat|wc", "1 lines, 1 words, 2 bytes\n"},
    {"cat . / \"\"", "cat: .: not found\ncat: /: not found\ncat: : not found\ncat: status 1\n"},
    {"cat shell | echo early", "early\n"}, /* more than the pipe holds, and nobody reads it */
    {"cat nothing | wc", "cat: nothing: not found\n0 lines, 0 words, 0 bytes\n"},
    {"nothing | wc", "shell: no program 'nothing'; help lists them\n0 lines, 0 words, 0 bytes\n"},
    {"echo a | nothing", "shell: no program 'nothing'; help lists them\n"},
    {"echo a | cat < motd", "shell: the input of a program behind | is the program before it\n"},
    {"nothing", "shell: no program 'nothing'; help lists them\n"},
    {"a_name_longer_than_any_file",
     "shell: no program 'a_name_longer_than_any_file'; help lists them\n"},
    {"motd", "motd: not a 32-bit ELF file\nshell: motd: not a program\n"},
    {"wc < nothing", "shell: nothing: not found\n"},
    {"| wc", "shell: nothing before |\n"},
    {"a|b|c|d|e", "shell: too many programs in a row\n"},
    {"echo 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "shell: too many arguments\n"},
    {"1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
     "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
     "shell: too many words\n"},
    {"help | wc", "shell: what is built in stands alone\n"},
    {"exec hello &", "shell: what is built in stands alone\n"},
    {"exec", "shell: exec what?\n"},
    {"exec nobody", "shell: no program 'nobody'; help lists them\n"},
    {"exec motd", "motd: not a 32-bit ELF file\nshell: motd: not a program\n"},
    {"echo |", "shell: nothing behind |\n"},
    {"echo <", "shell: no file behind <\n"},
    {"&", "shell: no program\n"},
    {"", ""},
    {"   ", ""},
    {"disk", "there is no disk\n"},
    {"disk read 0", "disk: no disk\ndisk: status 1\n"},
    {"disk sum", "disk: no disk\ndisk: status 1\n"},
    {"echo first & sleep 20", "first\n"},
    {"spin 0 &", ""},
};
#define EXCHANGES (sizeof exchanges / sizeof exchanges[0])

static void check_exchanges(const struct machine_config *config, enum os_build build)
{
    struct os_session s;

    os_start_as(&s, config, "quiet", build);
    ck_assert_str_eq(s.output, "$ ");
    for (unsigned i = 0; i < EXCHANGES; i++)
        os_exchange(&s, &exchanges[i]);
    os_type_lines(&s, (const char *const[]){"exit 7", NULL});
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), 7);
    os_end(&s);
}

static void plain(struct machine_config *c)
{
    (void)c;
}
static void classic(struct machine_config *c)
{
    c->classic = true;
}
static void smallest_tlb(struct machine_config *c)
{
    c->tlb = 1;
}
static void largest_tlb(struct machine_config *c)
{
    c->tlb = 4096;
}
static void least_memory(struct machine_config *c)
{
    c->ram_size = 1 << 20;
}
static void odd_memory(struct machine_config *c)
{
    c->ram_size = (9 << 20) + 4096 * 3;
}
static void dear_traps(struct machine_config *c)
{
    c->cost.trap = 3000;
    c->cost.mmio = 2000;
    c->cost.walk = 100;
    c->cost.csr = 100;
}
static void slow_clock(struct machine_config *c)
{
    c->cost.divider = 64;
}

static void (*const machines[])(struct machine_config *c) = {
    plain, classic, smallest_tlb, largest_tlb, least_memory, odd_memory, dear_traps, slow_clock,
};
#define MACHINES (sizeof machines / sizeof machines[0])

START_TEST(every_command_is_answered_the_same_on_every_machine)
{
    struct machine_config config = machine_config_default();

    machines[_i / OS_BUILDS](&config);
    check_exchanges(&config, _i % OS_BUILDS);
}
END_TEST

static char *typed_and_printed(const struct machine_config *config, enum os_build build, bool ahead)
{
    struct os_session s;

    os_start_as(&s, config, "quiet", build);
    for (unsigned i = 0; i < EXCHANGES; i++) {
        machine_input(s.machine, exchanges[i].line, strlen(exchanges[i].line));
        if (!ahead)
            machine_run(s.machine, OS_STEPS);
        machine_input(s.machine, "\n", 1);
        if (!ahead)
            machine_run(s.machine, OS_STEPS);
    }
    os_type(&s, "exit\n");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    char *output = strdup(s.output);
    os_end(&s);
    return output;
}

START_TEST(what_is_typed_ahead_gives_the_same_transcript)
{
    struct machine_config config = machine_config_default();
    char *slowly = typed_and_printed(&config, _i, false),
         *at_once = typed_and_printed(&config, _i, true);

    ck_assert_str_eq(at_once, slowly);
    free(slowly);
    free(at_once);
}
END_TEST

START_TEST(it_greets_with_what_it_found)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start_as(&s, &config, "", _i);
    ck_assert_str_eq(s.output, GREETING "$ ");
    ck_assert_int_eq(s.stop, STOP_INPUT);
    os_end(&s);
}
END_TEST

/* Process 1 goes on, so the machine goes off when the last program in it ends. */
START_TEST(the_shell_becomes_another_program)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    config.tlb = _i ? 1 : 256; /* nothing of the old program may be left in either */
    os_start(&s, &config, "quiet");
    os_type_lines(&s, (const char *const[]){"exec shell", "exec hello", NULL});
    ck_assert_str_eq(s.output, "$ exec shell\n$ exec hello\nHello from process 1, ring 3.\n");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), 0);
    os_end(&s);
}
END_TEST

/* What goes wrong here is noticed when a part of the new program is there already. All is typed
 * ahead, or the sleepers would have woken before the next line comes. */
START_TEST(without_memory_exec_fails_and_the_caller_lives)
{
    struct machine_config config = machine_config_default();
    const char *again = "exec tables\nshell: tables: out of memory\n$ ";
    struct os_session s;

    config.ram_size = 1 << 20;
    os_start_as(&s, &config, "quiet", _i);
    for (unsigned i = 0; i < 28; i++) /* there are slots for more */
        machine_input(s.machine, "sleep 100000 &\n", 15);
    os_type(&s, "exec tables\nexec tables\nhelp\n");
    ck_assert_msg(strstr(s.output, "shell: sleep: out of memory\n"), "%s", s.output);
    const char *first = strstr(s.output, again);
    ck_assert_msg(first && strstr(first + 1, again), "%s", s.output);
    ck_assert_msg(strstr(first, "\nprograms: busy cat disk "), "%s", s.output);
    os_end(&s);
}
END_TEST

START_TEST(ps_shows_who_runs_and_who_waits)
{
    struct machine_config config = machine_config_default();
    struct os_session s;
    int pid, parent, used;
    unsigned pages, faults, ms;

    os_start_as(&s, &config, "quiet", _i);
    os_type_lines(&s, (const char *const[]){"sleep 10000 & ps", NULL});
    const char *line = strstr(s.output, "NAME\n");
    ck_assert_ptr_nonnull(line);
    line += 5;
    ck_assert_int_eq(sscanf(line, " 1 0 %*s %u %u %u shell %n", &pages, &faults, &ms, &used), 3);
    ck_assert_uint_gt(pages, 3);
    line += used;
    ck_assert_int_eq(sscanf(line, " %d %d waiting %u %u %u sleep %n", &pid, &parent, &pages,
                            &faults, &ms, &used),
                     5);
    ck_assert_int_eq(pid, 2);
    ck_assert_int_eq(parent, 1);
    line += used;
    ck_assert_int_eq(
        sscanf(line, " %d %d running %u %u %u ps %n", &pid, &parent, &pages, &faults, &ms, &used),
        5);
    ck_assert_int_eq(pid, 3);
    os_end(&s);
}
END_TEST

/* ---- misbehaviour ---- */

static const struct {
    const char *way, *why;
} ways[] = {
    {"read", "page fault on a load (address 12345678)\n"},
    {"write", "page fault on a store (address 6000000c)\n"},
    {"null", "page fault on a load (address 00000000)\n"},
    {"call", "page fault on a fetch (address 00000000)\n"},
    {"spy", "page fault on a load (address 80000000)\n"},
    {"spoil", "page fault on a store (address 80000000)\n"},
    {"enter", "page fault on a fetch (address 80000000)\n"},
    {"code", "page fault on a store (address 4000"},
    {"data", "page fault on a fetch (address 4000"},
    {"align", "load from a misaligned address (address 4000"},
    {"illegal", "illegal instruction (instruction ffffffff)\n"},
    {"break", "breakpoint\n"},
    {"wait", "privileged operation attempted (instruction 10500073)\n"},
    {"return", "privileged operation attempted (instruction 30200073)\n"},
    {"flush", "privileged operation attempted (instruction 12000073)\n"},
    {"csr", "privileged operation attempted (instruction 7c8"},
    {"port", "privileged operation attempted (instruction "},
    {"hcall", "hypercall\n"},
    {"stack", "stack overflow (address 7fef"},
};
#define WAYS (sizeof ways / sizeof ways[0])

START_TEST(a_program_that_misbehaves_is_ended_with_one_line_and_the_rest_goes_on)
{
    struct machine_config config = machine_config_default();
    struct os_session s;
    char line[40];

    os_start(&s, &config, "quiet");
    os_clear(&s);
    snprintf(line, sizeof line, "misbehave %s", ways[_i].way);
    os_type_lines(&s, (const char *const[]){line, NULL});
    ck_assert_msg(strstr(s.output, "misbehave[2] killed at "), "%s", s.output);
    ck_assert_msg(strstr(s.output, ways[_i].why), "%s", s.output);
    ck_assert_ptr_null(strstr(s.output, "nobody objected"));
    os_clear(&s);
    os_type_lines(&s, (const char *const[]){"hello", NULL});
    ck_assert_str_eq(s.output, "hello\nHello from process 3, ring 3.\n$ ");
    os_end(&s);
}
END_TEST

START_TEST(the_list_of_ways_is_complete)
{
    struct machine_config config = machine_config_default();
    struct os_session s;
    char expected[60];

    config.tlb = 1;
    os_start(&s, &config, "quiet");
    os_type_lines(&s, (const char *const[]){"misbehave all", NULL});
    snprintf(expected, sizeof expected, "%u of %u were ended by the kernel\n$ ", (unsigned)WAYS,
             (unsigned)WAYS);
    ck_assert_msg(strstr(s.output, expected), "%s", s.output);
    os_end(&s);
}
END_TEST

START_TEST(reading_the_status_register_is_noticed_only_when_strict)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    config.classic = _i;
    os_start(&s, &config, "quiet");
    os_type_lines(&s, (const char *const[]){"status", NULL});
    ck_assert_int_eq(strstr(s.output, "the ring in it is 3, and nobody noticed") != NULL, _i);
    ck_assert_int_eq(strstr(s.output, "status[2] killed at ") != NULL, !_i);
    os_end(&s);
}
END_TEST

START_TEST(wild_system_calls_do_no_harm)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    config.tlb = 1;
    os_start_as(&s, &config, "quiet", _i);
    os_type_lines(&s, (const char *const[]){"wild 20000", "faults", "exit", NULL});
    ck_assert_msg(strstr(s.output, "20000 wild calls, "), "%s", s.output);
    ck_assert_msg(strstr(s.output, "100 page faults\n"), "%s", s.output);
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), 0);
    os_end(&s);
}
END_TEST

/* ---- time ---- */

/* Neither program makes a system call between its lines: only the timer can let both on. */
START_TEST(the_timer_shares_the_processor_out)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start_as(&s, &config, "quiet", _i);
    os_type_lines(&s, (const char *const[]){"spin 3 a & spin 3 b", NULL});
    const char *a1 = strstr(s.output, "a: 1 of 3"), *a3 = strstr(s.output, "a: 3 of 3");
    const char *b1 = strstr(s.output, "b: 1 of 3"), *b3 = strstr(s.output, "b: 3 of 3");
    ck_assert_msg(a1 && a3 && b1 && b3, "%s", s.output);
    ck_assert_msg(b1 < a3 && a1 < b3, "one ran to its end before the other began:\n%s", s.output);
    os_end(&s);
}
END_TEST

START_TEST(a_process_that_yields_lets_the_next_one_run)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start_as(&s, &config, "quiet", _i);
    os_clear(&s);
    os_type_lines(&s, (const char *const[]){"turns 3 a & turns 3 b & sleep 100", NULL});
    ck_assert_str_eq(s.output, "turns 3 a & turns 3 b & sleep 100\n"
                               "a: 1 of 3\nb: 1 of 3\na: 2 of 3\nb: 2 of 3\n"
                               "a: 3 of 3\nb: 3 of 3\n$ ");
    os_end(&s);
}
END_TEST

START_TEST(sleep_lasts_as_long_as_it_says_and_costs_next_to_nothing)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start(&s, &config, "quiet");
    uint64_t cycle = machine_cycle(s.machine), icount = machine_icount(s.machine);
    os_type_lines(&s, (const char *const[]){"sleep 3000", NULL});
    uint64_t cycles = machine_cycle(s.machine) - cycle;
    ck_assert_uint_ge(cycles, 3000 * 10000);
    ck_assert_uint_lt(cycles, 3000 * 10000 + 500000);
    ck_assert_uint_lt(machine_icount(s.machine) - icount, 300000);
    os_end(&s);
}
END_TEST

Suite *suite_guests_os(void);
Suite *suite_guests_os(void)
{
    Suite *s = suite_create("guests_os");
    TCase *c = tcase_create("os");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, every_command_is_answered_the_same_on_every_machine, 0,
                        MACHINES * OS_BUILDS);
    tcase_add_loop_test(c, it_greets_with_what_it_found, 0, OS_BUILDS);
    tcase_add_loop_test(c, the_shell_becomes_another_program, 0, 2);
    tcase_add_loop_test(c, without_memory_exec_fails_and_the_caller_lives, 0, OS_BUILDS);
    tcase_add_loop_test(c, ps_shows_who_runs_and_who_waits, 0, OS_BUILDS);
    tcase_add_loop_test(c, a_program_that_misbehaves_is_ended_with_one_line_and_the_rest_goes_on, 0,
                        WAYS);
    tcase_add_test(c, the_list_of_ways_is_complete);
    tcase_add_loop_test(c, reading_the_status_register_is_noticed_only_when_strict, 0, 2);
    tcase_add_loop_test(c, wild_system_calls_do_no_harm, 0, OS_BUILDS);
    tcase_add_loop_test(c, the_timer_shares_the_processor_out, 0, OS_BUILDS);
    tcase_add_loop_test(c, a_process_that_yields_lets_the_next_one_run, 0, OS_BUILDS);
    tcase_add_test(c, sleep_lasts_as_long_as_it_says_and_costs_next_to_nothing);
    tcase_add_loop_test(c, what_is_typed_ahead_gives_the_same_transcript, 0, OS_BUILDS);
    suite_add_tcase(s, c);
    return s;
}
