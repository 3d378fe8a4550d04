/*
 * The teaching OS on the bare machine: what it prints in whole sessions, on machines that
 * differ in what a program must not notice (variant, TLB, costs, memory), with a disk, with
 * everything typed ahead, with nonsense typed.
 */
#include "tests/guests/os.h"
#include "tests/isa/random.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GREETING      "Trapeze OS: 16384 KiB of memory, 21 files\n"
#define PANIC_STATUS  101
#define KILLED_STATUS 128

/* ---- sessions ---- */

struct exchange {
    const char *line, *answer;
};

static const struct exchange exchanges[] = {
    {"hello", "Hello from process %d, ring 3.\n"},
    {"hello Ada \"Grace Hopper\"", "Hello, Ada.\nHello, Grace Hopper.\n"},
    {"echo one  two", "one two\n"},
    {"help", "PROGRAM [ARGUMENT...] [< FILE] [| PROGRAM...] [&]\n"
             "built in: help, exit [STATUS], exec PROGRAM [ARGUMENT...]\n"
             "programs: cat disk echo faults hello ls misbehave primes ps relay shell sleep spin "
             "status syscalls tables turns wc wild\n"},
    {"primes", "168 primes up to 1000, the largest is 997\n"},
    {"primes 0", "0 primes up to 0\n"},
    {"primes 20000", "2262 primes up to 20000, the largest is 19997\n"},
    {"primes many", "primes: 'many' is not a number\nprimes: status 2\n"},
    {"syscalls", "1000 system calls\n"},
    {"faults", "100 page faults\n"},
    {"faults 33", "33 page faults\n"},
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

/* Each answer is exact. The processes are counted as the shell starts them. */
static void check_exchanges(const struct machine_config *config)
{
    struct os_session s;
    char expected[1024];

    os_start(&s, config, "quiet");
    ck_assert_str_eq(s.output, "$ ");
    for (unsigned i = 0; i < EXCHANGES; i++) {
        os_clear(&s);
        os_type_lines(&s, (const char *const[]){exchanges[i].line, NULL});
        snprintf(expected, sizeof expected, "%s\n", exchanges[i].line);
        size_t used = strlen(expected);
        if (i == 0)
            snprintf(expected + used, sizeof expected - used, exchanges[i].answer, 2);
        else
            snprintf(expected + used, sizeof expected - used, "%s", exchanges[i].answer);
        strcat(expected, "$ ");
        ck_assert_str_eq(s.output, expected);
    }
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

    machines[_i](&config);
    check_exchanges(&config);
}
END_TEST

START_TEST(it_greets_with_what_it_found)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start(&s, &config, "");
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
    os_start(&s, &config, "quiet");
    for (unsigned i = 0; i < 28; i++) /* there are slots for more */
        machine_input(s.machine, "sleep 100000 &\n", 15);
    os_type(&s, "exec tables\nexec tables\nhelp\n");
    ck_assert_msg(strstr(s.output, "shell: sleep: out of memory\n"), "%s", s.output);
    const char *first = strstr(s.output, again);
    ck_assert_msg(first && strstr(first + 1, again), "%s", s.output);
    ck_assert_msg(strstr(first, "\nprograms: cat disk "), "%s", s.output);
    os_end(&s);
}
END_TEST

/* What a line of the console or of the shell cannot hold is cut off, and the next is whole. */
START_TEST(a_line_without_end_is_cut_and_does_no_harm)
{
    struct machine_config config = machine_config_default();
    struct os_session s;
    char line[1001];

    memset(line, 'x', 1000);
    memcpy(line, "echo ", 5);
    line[1000] = 0;
    os_start(&s, &config, "quiet");
    os_type_lines(&s, (const char *const[]){line, "hello", NULL});
    char *cut = strstr(s.output, "\nx");
    ck_assert_ptr_nonnull(cut);
    ck_assert_uint_eq(strspn(cut + 1, "x"), 255 - strlen("echo "));
    ck_assert_msg(strstr(cut, "\n$ hello\nHello from process 3, ring 3.\n$ "), "%s", s.output);
    os_end(&s);
}
END_TEST

START_TEST(ps_shows_who_runs_and_who_waits)
{
    struct machine_config config = machine_config_default();
    struct os_session s;
    int pid, parent, used;
    unsigned pages, faults, ms;

    os_start(&s, &config, "quiet");
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
    os_start(&s, &config, "quiet");
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

    os_start(&s, &config, "quiet");
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

    os_start(&s, &config, "quiet");
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

/* ---- typing ---- */

START_TEST(a_line_can_be_edited)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start(&s, &config, "quiet");
    os_clear(&s);
    os_type(&s, "\bechoo\b wrong\x15");           /* backspace at the start, backspace, kill */
    ck_assert_str_eq(s.output, "echoo\b \b wrong" /* ten characters are taken back */
                               "\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b\b \b");
    os_clear(&s);
    os_type(&s, "ecjo\x7f\x7fho ok\r");
    ck_assert_str_eq(s.output, "ecjo\b \b\b \bho ok\nok\n$ ");
    os_end(&s);
}
END_TEST

START_TEST(the_end_of_input_ends_a_reader_and_the_shell)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start(&s, &config, "quiet");
    os_type(&s, "wc\nsome words\n");
    os_clear(&s);
    os_type(&s, "\x04");
    ck_assert_str_eq(s.output, "1 lines, 2 words, 11 bytes\n$ ");
    os_type(&s, "\x04");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), 0);
    os_end(&s);
}
END_TEST

static char *typed_and_printed(const struct machine_config *config, bool ahead)
{
    struct os_session s;

    os_start(&s, config, "quiet");
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
    char *slowly = typed_and_printed(&config, false), *at_once = typed_and_printed(&config, true);

    ck_assert_str_eq(at_once, slowly);
    free(slowly);
    free(at_once);
}
END_TEST

/* More than every queue on the way holds: the device must make the rest wait. */
START_TEST(no_byte_is_lost_however_much_is_typed_ahead)
{
    enum { LINES = 400 };
    struct machine_config config = machine_config_default();
    struct os_session s;
    char line[40];

    os_start(&s, &config, "quiet");
    machine_input(s.machine, "wc\n", 3);
    for (unsigned i = 0; i < LINES; i++) {
        snprintf(line, sizeof line, "%08u abcdefghijklmnop\n", i);
        machine_input(s.machine, line, strlen(line));
    }
    os_type(&s, "\x04");
    snprintf(line, sizeof line, "\n%u lines, %u words, %u bytes\n", LINES, 2 * LINES, 26 * LINES);
    ck_assert_msg(strstr(s.output, line) != NULL, "%s", s.output + s.length - 100);
    os_end(&s);
}
END_TEST

START_TEST(a_line_goes_to_one_of_two_readers)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    os_start(&s, &config, "quiet");
    os_type_lines(&s, (const char *const[]){"cat & cat", "one", "two", "three", NULL});
    ck_assert_str_eq(s.output, "$ cat & cat\none\none\ntwo\ntwo\nthree\nthree\n");
    os_type(&s, "\x04\x04");
    os_clear(&s);
    os_type_lines(&s, (const char *const[]){"hello", NULL});
    ck_assert_str_eq(s.output, "hello\nHello from process 4, ring 3.\n$ ");
    os_end(&s);
}
END_TEST

static const char *const scraps[] = {
    "hello", "cat",        "wc",     "|",          "<",    "&",      " ",    "motd",
    "\n",    "\n",         "\b",     "\x15",       "\t",   "\"",     "ps",   "misbehave",
    "all",   "primes 500", "faults", "syscalls",   "echo", "spin 1", "\x7f", "\x1b[A",
    "\xff",  "sleep 1",    "ls",     "disk count", "help", "\r",
};

/* Nonsense may do anything but bring the kernel down. */
START_TEST(nonsense_does_not_bring_the_kernel_down)
{
    struct machine_config config = machine_config_default();
    uint32_t seed = (uint32_t)_i + 1;
    struct os_session s;

    config.tlb = _i % 2 ? 1 : 256;
    os_start(&s, &config, "quiet");
    for (unsigned n = 0; n < 400; n++) {
        const char *scrap = scraps[random_next(&seed) % (sizeof scraps / sizeof scraps[0])];
        machine_input(s.machine, scrap, strlen(scrap));
        if (n % 7 == 0)
            machine_run(s.machine, random_next(&seed) % 100000);
    }
    os_type(&s, "\n\x04\n\x04\n\x15hello\n");
    ck_assert_msg(s.stop == STOP_INPUT || s.stop == STOP_HALTED, "stopped for reason %d:\n%s",
                  s.stop, s.output);
    ck_assert_msg(!strstr(s.output, "panic"), "%s", s.output);
    if (s.stop == STOP_HALTED)
        ck_assert_uint_lt(machine_status(s.machine), PANIC_STATUS);
    os_end(&s);
}
END_TEST

/* ---- the disk ---- */

static void make_disk(char *path, unsigned sectors)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)sectors * 512), 0);
    close(fd);
}

START_TEST(the_disk_keeps_what_is_written)
{
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX";
    unsigned char sector[512];
    struct os_session s;

    make_disk(path, 64);
    config.disk = path;
    config.disk_writes = true;
    config.tlb = 1;
    os_start(&s, &config, "");
    ck_assert_msg(strstr(s.output, ", a disk of 64 sectors\n"), "%s", s.output);
    os_clear(&s);
    os_type_lines(&s,
                  (const char *const[]){"disk count", "disk count", "disk write 63 \"the last\"",
                                        "disk read 63", "disk read 64", "disk", NULL});
    ck_assert_str_eq(s.output,
                     "disk count\nthe counter on the disk is now 1\n"
                     "$ disk count\nthe counter on the disk is now 2\n"
                     "$ disk write 63 \"the last\"\n"
                     "$ disk read 63\n"
                     "000  74 68 65 20 6c 61 73 74 00 00 00 00 00 00 00 00  the last........\n"
                     "$ disk read 64\ndisk: invalid argument\ndisk: status 1\n"
                     "$ disk\n64 sectors of 512 bytes\n$ ");
    ck_assert(machine_disk_read(s.machine, 0, sector));
    ck_assert_mem_eq(sector, "CONT\2\0\0\0", 8);
    os_end(&s);
    os_start(&s, &config, "quiet init=disk,count"); /* another start, the same disk */
    ck_assert_str_eq(s.output, "the counter on the disk is now 3\n");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    os_end(&s);
    unlink(path);
}
END_TEST

/* Every byte of a disk that is different everywhere; known by the sum that gzip would give. */
START_TEST(every_sector_of_the_disk_is_read)
{
    enum { SECTORS = 40 };
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX", expected[80];
    unsigned char sector[512];
    uint32_t seed = 9, crc = UINT32_MAX;
    struct os_session s;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    for (unsigned i = 0; i < SECTORS; i++) {
        for (unsigned n = 0; n < sizeof sector; n++) {
            sector[n] = (unsigned char)random_next(&seed);
            for (unsigned bit = 0; bit < 8; bit++) /* the bits of the message, one at a time */
                crc = crc >> 1 ^ (((crc ^ sector[n] >> bit) & 1) ? 0xedb88320u : 0);
        }
        ck_assert_int_eq(write(fd, sector, sizeof sector), sizeof sector);
    }
    close(fd);
    config.disk = path;
    os_start(&s, &config, "quiet init=disk,sum");
    snprintf(expected, sizeof expected, "%d sectors, CRC-32 %08x\n", SECTORS, ~crc);
    ck_assert_str_eq(s.output, expected);
    os_end(&s);
    unlink(path);
}
END_TEST

START_TEST(programs_at_the_disk_at_once_do_not_disturb_each_other)
{
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX";
    struct os_session s;

    make_disk(path, 8);
    config.disk = path;
    config.cost.sector = 200000; /* longer than a slice */
    os_start(&s, &config, "quiet");
    os_type_lines(&s, (const char *const[]){
                          "disk write 1 one & disk write 2 two & disk write 3 three & sleep 500",
                          "disk read 1", "disk read 2", "disk read 3", NULL});
    ck_assert_msg(strstr(s.output, "  one....") && strstr(s.output, "  two....") &&
                      strstr(s.output, "  three..."),
                  "%s", s.output);
    os_end(&s);
    unlink(path);
}
END_TEST

/* ---- files on the disk ---- */

#define DISK_WITH_FILES "build/guest/disk.img"

static void slow_disk(struct machine_config *c)
{
    c->cost.sector = 200000; /* longer than a slice */
}
static void slow_disk_small_tlb(struct machine_config *c)
{
    slow_disk(c);
    c->tlb = 1;
}

static void (*const disk_machines[])(struct machine_config *c) = {
    plain, classic, least_memory, slow_disk, slow_disk_small_tlb,
};
#define DISK_MACHINES (sizeof disk_machines / sizeof disk_machines[0])

static const struct exchange disk_exchanges[] = {
    {"wc < sectors.txt", "3 lines, 37 words, 190 bytes\n"},
    {"cat sectors.txt waiting.txt motd | wc", "6 lines, 66 words, 341 bytes\n"},
    {"cat visitor | echo early", "early\n"},
    {"sectors.txt", "sectors.txt: not a 32-bit ELF file\nshell: sectors.txt: not a program\n"},
    {"exec waiting.txt", "waiting.txt: not a 32-bit ELF file\nshell: waiting.txt: not a program\n"},
    {"visitor Ada", "Hello, Ada.\n"},
    {"visitor Ada | visitor Grace", "Hello, Grace.\n"},
    {"disk count", "disk: there are files on this disk, and sector 0 is theirs\n"
                   "disk: status 1\n"},
    {"exec visitor again", "Hello, again.\n"},
};

START_TEST(files_and_programs_on_the_disk_are_like_any_others)
{
    struct machine_config config = machine_config_default();
    struct os_session s;
    char expected[1024];

    disk_machines[_i](&config);
    config.disk = DISK_WITH_FILES;
    os_start(&s, &config, "");
    ck_assert_msg(strstr(s.output, " 24 files, a disk of "), "%s", s.output);
    ck_assert_msg(strstr(s.output, " sectors with 3 of them\n$ "), "%s", s.output);
    for (unsigned i = 0; i < sizeof disk_exchanges / sizeof disk_exchanges[0]; i++) {
        const struct exchange *e = &disk_exchanges[i];
        os_clear(&s);
        os_type_lines(&s, (const char *const[]){e->line, NULL});
        bool last = strncmp(e->line, "exec visitor", 12) == 0;
        snprintf(expected, sizeof expected, "%s\n%s%s", e->line, e->answer, last ? "" : "$ ");
        ck_assert_str_eq(s.output, expected);
    }
    ck_assert_int_eq(s.stop, STOP_HALTED);
    ck_assert_uint_eq(machine_status(s.machine), 0);
    os_end(&s);
}
END_TEST

START_TEST(the_first_program_may_come_from_the_disk)
{
    struct machine_config config = machine_config_default();
    struct os_session s;

    disk_machines[_i](&config);
    config.disk = DISK_WITH_FILES;
    os_start(&s, &config, "quiet init=visitor,you");
    ck_assert_str_eq(s.output, "Hello, you.\n");
    ck_assert_int_eq(s.stop, STOP_HALTED);
    os_end(&s);
}
END_TEST

/* While the shell waits for the disk, half way in making a process, others make processes. */
START_TEST(processes_can_be_made_while_the_disk_works)
{
    struct machine_config config = machine_config_default();
    struct os_session s;
    char all[60];

    slow_disk(&config);
    config.disk = DISK_WITH_FILES;
    os_start(&s, &config, "quiet");
    os_type_lines(&s,
                  (const char *const[]){"misbehave all & relay 50 & visitor a & visitor b", NULL});
    os_type_lines(&s, (const char *const[]){"sleep 3000", NULL});
    snprintf(all, sizeof all, "%u of %u were ended by the kernel\n", (unsigned)WAYS,
             (unsigned)WAYS);
    ck_assert_msg(strstr(s.output, all), "%s", s.output);
    ck_assert_msg(strstr(s.output, "50 programs, one process\n"), "%s", s.output);
    ck_assert_msg(strstr(s.output, "Hello, a.\n") && strstr(s.output, "Hello, b.\n"), "%s",
                  s.output);
    os_end(&s);
}
END_TEST

static void write_disk(char *path, const void *data, size_t size)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    close(fd);
}

START_TEST(a_disk_cannot_replace_what_was_booted)
{
    unsigned char disk[1024] = "PACK\1\0\0\0\1\0\0\0motd\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\2\0\0\3\0\0\0";
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX";
    struct os_session s;

    memcpy(disk + 512, "no\n", 3);
    write_disk(path, disk, sizeof disk);
    config.disk = path;
    os_start(&s, &config, "");
    ck_assert_msg(strstr(s.output, ", a disk of 2 sectors with 1 of them\n"), "%s", s.output);
    os_clear(&s);
    os_type_lines(&s, (const char *const[]){"cat motd", NULL});
    ck_assert_str_eq(s.output, "cat motd\nRing 0 decides, ring 3 asks.\n$ ");
    os_end(&s);
    unlink(path);
}
END_TEST

static const struct {
    unsigned char start[36];
    const char *wrong; /* NULL: simply no files */
} bad_disks[] = {
    {"KCAP\1\0\0\0\1\0\0\0", NULL},
    {"PACK\2\0\0\0\1\0\0\0", "this kernel does not know its version"},
    {"PACK\1\0\0\0\40\0\0\0", "its directory is cut off"},
    {"PACK\1\0\0\0\377\377\377\377", "its directory is cut off"},
    {"PACK\1\0\0\0\1\0\0\0", "a file has a bad name"},
    {"PACK\1\0\0\0\1\0\0\0motd\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\1\1\0\0",
     "a file ends behind the end of the pack"},
};
#define BAD_DISKS (sizeof bad_disks / sizeof bad_disks[0])

START_TEST(a_disk_whose_files_are_no_good_is_used_without_them)
{
    struct machine_config config = machine_config_default();
    char path[] = "/tmp/trapeze-os-XXXXXX", expected[200] = "";
    unsigned char disk[512] = {0};
    struct os_session s;

    memcpy(disk, bad_disks[_i].start, sizeof bad_disks[_i].start);
    write_disk(path, disk, sizeof disk);
    config.disk = path;
    os_start(&s, &config, "quiet init=disk");
    if (bad_disks[_i].wrong)
        snprintf(expected, sizeof expected, "the files of the disk cannot be used: %s\n",
                 bad_disks[_i].wrong);
    strcat(expected, "1 sectors of 512 bytes\n");
    ck_assert_str_eq(s.output, expected);
    ck_assert_int_eq(s.stop, STOP_HALTED);
    os_end(&s);
    unlink(path);
}
END_TEST

/* ---- how it ends ---- */

static const struct {
    const char *cmdline, *output;
    word status;
} boots[] = {
    {"quiet init=hello,you", "Hello, you.\n", 0},
    {"quiet   init=primes,100", "25 primes up to 100, the largest is 97\n", 0},
    {"init=primes,x quiet", "primes: 'x' is not a number\n", 2},
    {"quiet init=nobody",
     "kernel panic: the first program, 'nobody', cannot be started (error 4)\n", PANIC_STATUS},
    {"quiet init=motd",
     "motd: not a 32-bit ELF file\n"
     "kernel panic: the first program, 'motd', cannot be started (error 5)\n",
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
     "kernel panic: the first program, 'shell', cannot be started (error 4)\n"},
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
    os_start(&s, &config, "quiet");
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
    os_start(&s, &config, "quiet");
    for (unsigned i = 0; i < 150; i++) {
        os_clear(&s);
        os_type_lines(&s, (const char *const[]){"echo a | cat | wc", "misbehave null", "motd",
                                                "hello & hello", NULL});
        ck_assert_msg(strstr(s.output, "1 lines, 1 words, 2 bytes") &&
                          strstr(s.output, "page fault on a load") && strstr(s.output, "Hello"),
                      "round %u: %s", i, s.output);
    }
    os_end(&s);
}
END_TEST

Suite *suite_guests_os(void);
Suite *suite_guests_os(void)
{
    Suite *s = suite_create("guests_os");
    TCase *c = tcase_create("os");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, every_command_is_answered_the_same_on_every_machine, 0, MACHINES);
    tcase_add_test(c, it_greets_with_what_it_found);
    tcase_add_loop_test(c, the_shell_becomes_another_program, 0, 2);
    tcase_add_test(c, without_memory_exec_fails_and_the_caller_lives);
    tcase_add_test(c, ps_shows_who_runs_and_who_waits);
    tcase_add_loop_test(c, a_program_that_misbehaves_is_ended_with_one_line_and_the_rest_goes_on, 0,
                        WAYS);
    tcase_add_test(c, the_list_of_ways_is_complete);
    tcase_add_loop_test(c, reading_the_status_register_is_noticed_only_when_strict, 0, 2);
    tcase_add_test(c, wild_system_calls_do_no_harm);
    tcase_add_test(c, the_timer_shares_the_processor_out);
    tcase_add_test(c, a_process_that_yields_lets_the_next_one_run);
    tcase_add_test(c, sleep_lasts_as_long_as_it_says_and_costs_next_to_nothing);
    tcase_add_test(c, a_line_without_end_is_cut_and_does_no_harm);
    tcase_add_test(c, a_line_can_be_edited);
    tcase_add_test(c, the_end_of_input_ends_a_reader_and_the_shell);
    tcase_add_test(c, what_is_typed_ahead_gives_the_same_transcript);
    tcase_add_test(c, no_byte_is_lost_however_much_is_typed_ahead);
    tcase_add_test(c, a_line_goes_to_one_of_two_readers);
    tcase_add_loop_test(c, nonsense_does_not_bring_the_kernel_down, 0, 12);
    tcase_add_test(c, the_disk_keeps_what_is_written);
    tcase_add_test(c, every_sector_of_the_disk_is_read);
    tcase_add_loop_test(c, files_and_programs_on_the_disk_are_like_any_others, 0, DISK_MACHINES);
    tcase_add_loop_test(c, the_first_program_may_come_from_the_disk, 0, DISK_MACHINES);
    tcase_add_test(c, processes_can_be_made_while_the_disk_works);
    tcase_add_test(c, a_disk_cannot_replace_what_was_booted);
    tcase_add_loop_test(c, a_disk_whose_files_are_no_good_is_used_without_them, 0, BAD_DISKS);
    tcase_add_test(c, programs_at_the_disk_at_once_do_not_disturb_each_other);
    tcase_add_loop_test(c, the_machine_goes_off_with_the_status_of_the_first_program, 0, BOOTS);
    tcase_add_test(c, a_first_program_that_is_killed_says_so_in_the_status);
    tcase_add_loop_test(c, without_a_good_module_the_kernel_says_what_is_wrong, 0, BAD_MODULES);
    tcase_add_loop_test(c, a_broken_kernel_panics_and_the_machine_goes_off, 0, BREAKAGES);
    tcase_add_test(c, memory_that_is_used_up_ends_the_program_that_wants_more);
    tcase_add_test(c, processes_leave_nothing_behind);
    suite_add_tcase(s, c);
    return s;
}
