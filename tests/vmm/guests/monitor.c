/*
 * A kernel that uses hardware assist and prints what comes of it; the command line says which
 * part. It must print the same on a bare machine and in a virtual one that has nesting.
 *
 * Its guests are a few instructions each, without a stack. Whatever they do ends in an hcall, in
 * their own trap handler if not before, so that an exit always comes.
 */
#include "tests/vmm/guests/monitor.h"

int kernel_main(const struct boot_page *boot);

#define FORCED     (1u << INTERCEPT_hcall | 1u << INTERCEPT_vmrun)
#define VALID      0x80000000u
#define INTERRUPT  0x40000000u
#define VMCB_MAGIC 0x42434d56u

/* Words of the VMCB that are shown after a run: all that an exit writes but for time. */
static const struct {
    const char *name;
    word offset;
} shown[] = {
#define SHOW(name)                                                                                 \
    {                                                                                              \
#name " ", VMCB_##name                                                                     \
    }
    SHOW(exit_info1), SHOW(exit_info2), SHOW(exit_insn), SHOW(exit_next_pc),    SHOW(exit_event),
    SHOW(exit_ring),  SHOW(pc),         SHOW(ring),      SHOW(status),          SHOW(epc),
    SHOW(cause),      SHOW(tval),       SHOW(tscratch),  SHOW(exit_event_tval), SHOW(ie),
    SHOW(ip),         SHOW(ptbr),       SHOW(tptbr),     SHOW(eptbr),           SHOW(cntren),
    SHOW(timecmph),   SHOW(rs1),        SHOW(instret),
#undef SHOW
};

word vmcb[PT_ENTRIES] __attribute__((aligned(4096)));

CODE(do_vmrun, ".insn r 0x0b, 1, 0, x0, a0, x0")
CODE(handler, ".word 0x0000000b") /* of guests: hcall, an exit in ring 0 */

void fresh(const void *code, word ring)
{
    for (unsigned i = 0; i < COUNT(vmcb); i++)
        ((volatile word *)vmcb)[i] = 0;
    W(magic) = VMCB_MAGIC;
    W(vmid) = 7;
    W(icept_insn) = FORCED;
    W(tlb_control) = 2;
    W(pc) = ADDRESS(code);
    W(ring) = ring;
    W(status) = status_pring;
    W(tvec) = ADDRESS(handler);
    W(timecmp) = W(timecmph) = 0xffffffff;
}

static void put_changes(void)
{
    for (unsigned i = 0; i < COUNT(shown); i++) {
        word value = vmcb[shown[i].offset / 4];
        if (value == 0)
            continue;
        put_text(" ");
        put_text(shown[i].name);
        put_hex(value);
    }
    put_text("\n");
}

/* Runs the guest; status is the host's own, PTF for a single step. */
static void enter(const char *name, word status, word at)
{
    struct attempt a;

    attempt(status, do_vmrun, at, 0, &a);
    put_attempt(name, do_vmrun, &a);
    put_text("   exit ");
    put_hex(W(exit_code));
    put_changes();
}

void go(const char *name)
{
    enter(name, 0, ADDRESS(vmcb));
}

/* ---- what is refused ----------------------------------------------------------------------- */

static void refusals(const struct boot_page *boot)
{
    static const word values[] = {0xffffffff, 0x80000000, 0x80000001, 0x00000004, 0x00000001, 0};

    (void)boot;
    for (unsigned word_number = 0; word_number < 0x160 / 4; word_number++) {
        for (unsigned i = 0; i < COUNT(values); i++) {
            fresh(handler, 0);
            W(status) |= status_tf; /* wherever it begins, one step is all */
            W(icept_cause) = 1u << CAUSE_single_step;
            vmcb[word_number] = values[i];
            put_hex(word_number * 4);
            enter(" is wrong", 0, ADDRESS(vmcb));
        }
    }
    fresh(handler, 0);
    vmcb[COUNT(vmcb) - 1] = 1;
    go("the last word");
    fresh(handler, 0);
    W(io_map) = boot->ram_base + boot->ram_size - 4096;
    go("half of a permission map");
    for (word ring = 0; ring < 4; ring++) {
        fresh(handler, ring);
        W(status) = 0;
        go("pring 0");
    }
    fresh(handler, 0);
    enter("misaligned", 0, ADDRESS(vmcb) + 4);
    enter("nowhere", 0, 0x40000000);
    enter("a device", 0, 0x10000000);
    for (word ring = 1; ring < 4; ring++)
        enter("outside ring 0", IN_RING(ring), ADDRESS(vmcb));
}

/* ---- what exits ---------------------------------------------------------------------------- */

CODE(do_wfi, "wfi")
CODE(do_cpuid, "li a0, 5\n .insn r 0x0b, 5, 0, a0, a0, x0\n .word 0x0000000b")
CODE(do_fence, "sfence.vma a0, a1\n .word 0x0000000b")
CODE(do_pin, "li a0, 0x3fd\n .insn r 0x0b, 2, 0, a0, a0, x0\n .word 0x0000000b")
CODE(do_pout, "li a0, 0x3ff\n li a1, 0x5a\n .insn r 0x0b, 3, 0, x0, a0, a1\n .word 0x0000000b")
CODE(do_probe, "mv a0, ra\n .insn r 0x0b, 4, 0, a0, a0, x0\n .word 0x0000000b")
CODE(do_tret, "la a0, 1f\n csrw 0x7c3, a0\n .word 0x30200073\n 1: .word 0x0000000b")
CODE(do_instret, "csrr a0, 0xc02\n .word 0x0000000b")
CODE(do_hcall, ".word 0x0000000b")
CODE(do_nested, ".insn r 0x0b, 1, 0, x0, a0, x0\n .word 0x0000000b")
CODE(do_ecall, "ecall")
CODE(do_ebreak, "ebreak")
CODE(do_illegal, ".word 0xffffffff")
CODE(do_load, "lw a0, 0(a0)\n .word 0x0000000b")
CODE(do_store, "sw a0, 0(a0)\n .word 0x0000000b")
CODE(do_jump, "jr a0")
CODE(do_spin, "1: j 1b")
CODE(do_nothing, "nop\n nop\n .word 0x0000000b")

static const struct {
    const char *name;
    const void *code;
    word a0;
} instructions[] = {
    {"cpuid", do_cpuid, 0},
    {"sfence.vma", do_fence, 0x12345000},
    {"pin", do_pin, 0},
    {"pout", do_pout, 0},
    {"probe", do_probe, 0},
    {"tret", do_tret, 0},
    {"instret", do_instret, 0},
    {"hcall", do_hcall, 0},
    {"vmrun", do_nested, 0x80000000},
    {"ecall", do_ecall, 0},
    {"ebreak", do_ebreak, 0},
    {"illegal", do_illegal, 0},
    {"load from nothing", do_load, 0x40000000},
    {"load misaligned", do_load, 0x80000001},
    {"store to nothing", do_store, 0x40000000},
    {"store misaligned", do_store, 0x80000002},
    {"store to code", do_store, 0x20000000},
    {"jump to nothing", do_jump, 0x40000000},
    {"jump misaligned", do_jump, 0x80000002},
};

/* Each instruction in each ring, with no intercept, and with all. */
static void intercepts(const struct boot_page *boot)
{
    (void)boot;
    for (unsigned i = 0; i < COUNT(instructions); i++) {
        for (word ring = 0; ring < 4; ring++) {
            for (word how = 0; how < 3; how++) {
                fresh(instructions[i].code, ring);
                W(rs1) = instructions[i].a0;
                W(status) |= status_iopl & 0x80; /* IOPL 2 */
                if (how == 1)
                    W(icept_insn) = (1u << 10) - 1 - (1u << INTERCEPT_wfi);
                if (how == 2)
                    W(icept_cause) = 0x0700bfff;
                go(instructions[i].name);
            }
        }
    }
}

CODE(csr_code, ".space 256") /* written as it is needed */

static void write_csr_code(unsigned number, word funct3)
{
    volatile word *code = (volatile word *)ADDRESS(csr_code);

    code[0] = number << 20 | 10u << 15 | funct3 << 12 | 11u << 7 | 0x73; /* csrrX a1, number, a0 */
    code[1] = 0x00058513;                                                /* mv a0, a1 */
    code[2] = 0x0000000b;
    __asm__ volatile("fence.i");
}

/* Each control register read and written, with and without its intercept, in rings 0 and 1. */
static void registers(const struct boot_page *boot)
{
    static const word operands[] = {0, 0xf000};

    (void)boot;
    for (word number = 0; number < 16; number++) {
        for (word funct3 = 1; funct3 < 4; funct3++) {
            for (word how = 0; how < 8; how++) {
                word ring = how & 1;
                if (number == CSR_ptbr - CSR_status && !(how & 4))
                    continue; /* the guest would lose its code */
                write_csr_code(0x7c0 + number, funct3);
                fresh(csr_code, ring);
                W(rs1) = operands[how >> 1 & 1];
                if (how & 4) {
                    W(icept_csr_read) = 0x3fff;
                    W(icept_csr_write) = 0x3fff;
                }
                go("register");
            }
        }
    }
}

/* Bits of the map for the console's ports and their neighbours; the others exit. */
static void ports(const struct boot_page *boot)
{
    static uint8_t map[0x2000] __attribute__((aligned(4096)));

    (void)boot;
    for (unsigned i = 0; i < sizeof map; i++)
        ((volatile uint8_t *)map)[i] = 0xff;
    for (unsigned how = 0; how < 3; how++) {
        static const void *const codes[] = {do_pin, do_pout};
        map[0x3fd / 8] = how == 1 ? 0xdf : how == 2 ? 0x7f : 0xff; /* 3fd, 3ff */
        for (unsigned i = 0; i < COUNT(codes); i++) {
            fresh(codes[i], 0);
            W(icept_insn) |= 1u << INTERCEPT_port;
            W(io_map) = ADDRESS(map);
            go("port");
        }
    }
}

/* ---- events -------------------------------------------------------------------------------- */

/* A handler in nothing, or in a device. A monitor in between learns of it one trap later, so the
 * dead guest's registers are not looked at. */
static void go_dead(word tvec)
{
    fresh(do_illegal, 0);
    W(tvec) = tvec;
    struct attempt a;
    attempt(0, do_vmrun, ADDRESS(vmcb), 0, &a);
    put_hex(W(exit_code));
    put_hex(W(exit_info1));
    put_hex(W(exit_info2));
    put_hex(W(exit_event));
    put_text(" dead\n");
}

static void injection(const struct boot_page *boot)
{
    (void)boot;
    for (word code = 0; code < 32; code++) {
        for (word how = 0; how < 8; how++) {
            fresh(do_nothing, how & 1 ? 3 : 0);
            W(inject) = VALID | (how & 2 ? INTERRUPT : 0) | code;
            W(inject_tval) = 0x1234;
            W(status) |= status_ie | (how & 4 ? status_tf : 0);
            W(tscratch) = 0x55;
            go("inject");
        }
    }
    fresh(do_nothing, 3);
    W(inject) = INTERRUPT | 3; /* not valid */
    go("not valid");
    fresh(do_nothing, 3);
    W(inject) = VALID | CAUSE_illegal;
    W(icept_cause) = 1u << CAUSE_illegal; /* of the guest's own, not of this */
    go("injected and intercepted");
    fresh(do_nothing, 3);
    W(inject) = VALID | CAUSE_illegal;
    W(tvec) = 0;
    go("no handler");
    fresh(do_illegal, 0);
    W(tvec) = ADDRESS(do_illegal);
    go("a handler that traps");
    go_dead(0x40000000);
    go_dead(0x10000000);
}

/* Virtual pending bits against ie, IE and ring; and the guest's own software bit. */
static void pending(const struct boot_page *boot)
{
    static const word sets[] = {0, 8, 0x80, 0x800, 0x888};

    (void)boot;
    for (unsigned i = 0; i < COUNT(sets); i++) {
        for (unsigned k = 0; k < COUNT(sets); k++) {
            for (word how = 0; how < 8; how++) {
                fresh(do_nothing, how & 1 ? 2 : 0);
                W(virtual_ip) = sets[i];
                W(ip) = how & 4 ? 0x888 : 0;
                W(ie) = sets[k];
                W(status) |= how & 2 ? status_ie : 0;
                go("pending");
            }
        }
    }
}

/* A step of the guest's is the guest's, one of the host's comes after its vmrun has completed. */
static void steps(const struct boot_page *boot)
{
    (void)boot;
    for (word how = 0; how < 8; how++) {
        fresh(do_nothing, how & 4 ? 3 : 0);
        W(status) |= how & 1 ? status_tf : 0;
        enter("step", how & 2 ? status_ptf : 0, ADDRESS(vmcb));
        fresh(do_nothing, how & 4 ? 3 : 0);
        W(status) |= how & 1 ? status_tf : 0;
        W(icept_cause) = 1u << CAUSE_single_step;
        enter("step, intercepted", how & 2 ? status_ptf : 0, ADDRESS(vmcb));
        fresh(do_nothing, 0);
        W(vmid) = how & 4 ? 0 : 1;
        enter("refused or not", how & 2 ? status_ptf : 0, ADDRESS(vmcb));
    }
}

/* ---- at random ----------------------------------------------------------------------------- */

static word seed;

word random_word(void)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) * 0x9e3779b1u;
}

word some(word bits)
{
    return random_word() & 1 ? random_word() & bits : 0;
}

/* Words that are good by themselves, in any combination; the number on the command line seeds. */
static void random_guest(void)
{
    word ring = random_word() & 3;
    unsigned i = random_word() % COUNT(instructions);

    fresh(instructions[i].code, ring);
    W(icept_insn) |= some(0x37f) & ~(1u << INTERCEPT_wfi);
    W(icept_cause) = some(0x0700bfff);
    W(icept_csr_read) = some(0x3fff);
    W(icept_csr_write) = some(0x3fff);
    W(virtual_ip) = some(0x888);
    W(ie) = some(0x888);
    W(ip) = some(0x888);
    W(inject) = some(0xc000001f);
    W(inject_tval) = random_word();
    W(status) = (some(0xf5c3) & ~(word)status_pring) | (ring ? status_pring : some(status_pring));
    W(tscratch) = random_word();
    W(epc) = ADDRESS(do_nothing) + (random_word() & 4);
    W(cntren) = some(7);
    W(rs1) = random_word() & 1 ? instructions[i].a0 : random_word();
    W(time_offset) = some(0xff);
}

void random_seed(const struct boot_page *boot)
{
    seed = 1;
    for (const char *c = boot->cmdline; *c; c++)
        if (*c >= '0' && *c <= '9')
            seed = seed * 10 + (word)(*c - '0');
}

static void random(const struct boot_page *boot)
{
    random_seed(boot);
    for (unsigned n = 0; n < 300; n++) {
        random_guest();
        enter("random", some(status_ptf), ADDRESS(vmcb));
    }
}

/* ---- time ---------------------------------------------------------------------------------- */

static void host_timer(word in)
{
    word now = csr_read(CSR_time);

    csr_write(CSR_timecmph, in == 0xffffffff ? in : 0);
    csr_write(CSR_timecmp, in == 0xffffffff ? in : now + in);
    csr_write(CSR_ie, in == 0xffffffff ? 0 : ie_timer);
}

static void put_exit(const char *name)
{
    struct attempt a;

    attempt(0, do_vmrun, ADDRESS(vmcb), 0, &a);
    put_text(name);
    put_text(": exit ");
    put_hex(W(exit_code));
    put_text(" info1 ");
    put_hex(W(exit_info1));
    put_text(" event ");
    put_hex(W(exit_event));
    put_text(" cause ");
    put_hex(W(cause));
    put_text(" pc ");
    put_hex(W(pc) - W(tvec) < 16 ? 0 : W(pc));
    put_text("\n");
}

/* Nothing printed here depends on how fast time goes. */
static void waiting(const struct boot_page *boot)
{
    (void)boot;
    for (word how = 0; how < 4; how++) {
        fresh(do_spin, how & 1 ? 3 : 0);
        W(icept_insn) |= 1u << INTERCEPT_interrupts;
        host_timer(how & 2 ? 20 : 0);
        put_exit("the host's timer ends a loop");
        fresh(do_wfi, 0);
        W(icept_insn) |= 1u << INTERCEPT_interrupts;
        host_timer(how & 2 ? 20 : 0);
        put_exit("the host's timer ends a wait");
        fresh(do_nothing, 3);
        W(icept_insn) |= 1u << INTERCEPT_interrupts;
        W(inject) = VALID | CAUSE_illegal;
        host_timer(0);
        put_exit("the host's timer and an injection");
        host_timer(0xffffffff);
        fresh(do_wfi, 0);
        W(ie) = ie_timer;
        W(status) |= status_ie;
        W(timecmp) = csr_read(CSR_time) + 50;
        W(timecmph) = 0;
        put_exit("the guest's timer ends its wait");
        fresh(do_spin, 3);
        W(ie) = ie_timer;
        W(time_offseth) = 5;
        W(timecmp) = csr_read(CSR_time) + 50;
        W(timecmph) = 5;
        put_exit("the guest's timer in its own time");
        fresh(do_wfi, 0);
        W(icept_insn) |= 1u << INTERCEPT_wfi;
        put_exit("a wait that exits");
        fresh(do_wfi, 0);
        W(ie) = W(virtual_ip) = ie_ext;
        W(tvec) = ADDRESS(handler);
        W(status) |= status_ie;
        put_exit("what is pending ends a wait");
    }
}

int kernel_main(const struct boot_page *boot)
{
    static const struct kernel_case cases[] = {
        {"refusals", refusals},
        {"intercepts", intercepts},
        {"registers", registers},
        {"ports", ports},
        {"injection", injection},
        {"pending", pending},
        {"steps", steps},
        {"waiting", waiting},
        {"nested_rights", nested_rights},
        {"nested_walks", nested_walks},
        {"nested_flushes", nested_flushes},
        {"random", random},
        {"nested_random", nested_random},
        {"own_leaves", own_leaves},
        {"own_roots", own_roots},
    };

    return run_case(cases, COUNT(cases), boot);
}
