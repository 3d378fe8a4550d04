/*
 * A kernel that prints what its processor does; the command line says about what. It must print
 * the same on a bare machine and in a virtual one.
 */
#include "tests/vmm/guests/kernel.h"

int kernel_main(const struct boot_page *boot);

#define VA         0x40000000u
#define COUNT(x)   (sizeof(x) / sizeof((x)[0]))
#define LEAF_ALL   (PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL)
#define ADDRESS(p) ((word)(uintptr_t)(p))

CODE(load_word, "lw a0, 0(a0)")
CODE(store_word, "sw a1, 0(a0)")
CODE(load_byte, "lb a0, 0(a0)")
CODE(load_byte_unsigned, "lbu a0, 0(a0)")
CODE(load_half, "lh a0, 0(a0)")
CODE(store_byte, "sb a1, 0(a0)")
CODE(store_half, "sh a1, 0(a0)")
CODE(jump, "jr a0")
CODE(nothing, "nop")

static void go(const char *name, word status, const void *code, word a0, word a1)
{
    struct attempt a;

    attempt(status, code, a0, a1, &a);
    put_attempt(name, code, &a);
}

static void use_root(const word *root, word asid)
{
    csr_write(CSR_ptbr, ptbr_for(root, asid));
    sfence_vma();
}

/* ---- instructions -------------------------------------------------------------------------- */

CODE(read_status, "csrr a0, 0x7c0")
CODE(write_status, "csrw 0x7c0, a0")
CODE(swap_tscratch, "csrrw a0, 0x7c2, a1")
CODE(set_ie, "csrrsi a0, 0x7c6, 8")
CODE(read_ptbr, "csrr a0, 0x7c8")
CODE(read_time, "csrr a0, 0xc01")
CODE(write_time, "csrw 0xc01, a0")
CODE(no_such, "csrr a0, 0x7cf")
CODE(do_tret, ".word 0x30200073")
CODE(do_wfi, "wfi")
CODE(do_fence, "sfence.vma")
CODE(do_hcall, ".word 0x0000000b")
CODE(do_vmrun, ".insn r 0x0b, 1, 0, x0, a0, x0")
CODE(do_pin, ".insn r 0x0b, 2, 0, a0, a0, x0")
CODE(do_pout, ".insn r 0x0b, 3, 0, x0, a0, a1")
CODE(do_probe, ".insn r 0x0b, 4, 0, a0, a0, x0")
CODE(do_cpuid, ".insn r 0x0b, 5, 0, a0, a0, x0")
CODE(do_ecall, "ecall")
CODE(do_ebreak, "ebreak")
CODE(do_illegal, ".word 0xffffffff")
CODE(do_misaligned, "lw a0, 2(a0)")

static const struct {
    const char *name;
    const void *code;
    word a0, a1;
} instructions[] = {
    {"csrr status", read_status, 0, 0},
    {"csrw status", write_status, 0xf000, 0},
    {"csrrw tscratch", swap_tscratch, 0, 1},
    {"csrrsi ie", set_ie, 0, 0},
    {"csrr ptbr", read_ptbr, 0, 0},
    {"csrw time", write_time, 0, 0},
    {"csrr 7cf", no_such, 0, 0},
    {"tret", do_tret, 0, 0},
    {"wfi", do_wfi, 0, 0},
    {"sfence.vma", do_fence, 0, 0},
    {"hcall", do_hcall, 0, 0},
    {"vmrun", do_vmrun, 0x80000000, 0},
    {"pin", do_pin, 0x3fd, 0},
    {"pout", do_pout, 0x3ff, 0},
    {"probe", do_probe, 0x80000000, 0},
    {"cpuid", do_cpuid, 0, 0},
    {"ecall", do_ecall, 0, 0},
    {"ebreak", do_ebreak, 0, 0},
    {"illegal", do_illegal, 0, 0},
    {"lw misaligned", do_misaligned, 0x80000000, 0},
};

static void every_instruction(const struct boot_page *boot)
{
    (void)boot;
    for (word ring = 1; ring < 4; ring++)
        for (word iopl = 0; iopl < 4; iopl++)
            for (unsigned i = 0; i < COUNT(instructions); i++)
                go(instructions[i].name, IN_RING(ring) | iopl << status_iopl_SHIFT | status_uf,
                   instructions[i].code, instructions[i].a0, instructions[i].a1);
}

static void registers(const struct boot_page *boot)
{
    (void)boot;
#define SHOW(name)                                                                                 \
    csr_write(CSR_##name, 0xffffffff);                                                             \
    put_hex(csr_read(CSR_##name));                                                                 \
    csr_write(CSR_##name, 0x5a5a5a5a);                                                             \
    put_hex(csr_swap(CSR_##name, 0));                                                              \
    csr_set(CSR_##name, 0x70707070);                                                               \
    csr_clear(CSR_##name, 0x10101010);                                                             \
    put_hex(csr_read(CSR_##name));                                                                 \
    put_text(" " #name "\n")
    SHOW(tscratch);
    SHOW(epc);
    SHOW(cause);
    SHOW(tval);
    SHOW(tptbr);
    SHOW(eptbr);
    SHOW(cntren);
    SHOW(timecmph);
    SHOW(timecmp);
    csr_write(CSR_timecmph, 0xffffffff);
    csr_write(CSR_ip, 0xffffffff);
    put_hex(csr_read(CSR_ip));
    csr_write(CSR_ip, 0);
    csr_write(CSR_ie, 0xffffffff);
    put_hex(csr_read(CSR_ie));
    csr_write(CSR_ie, 0);
    csr_write(CSR_status, 0xf0cc);
    put_hex(csr_read(CSR_status));
    put_text(" ip ie status\n");
}

static void counters(const struct boot_page *boot)
{
    (void)boot;
    word first = csr_read(CSR_instret), second = csr_read(CSR_instret);
    put_hex(second - first);
    first = csr_read(CSR_instret);
    for (volatile int i = 0; i < 1000; i++)
        ;
    put_hex(csr_read(CSR_instret) - first);
    first = csr_read(CSR_instret);
    put_text(" a line in between ");
    (void)pin(0x3fd);
    sfence_vma();
    put_hex(csr_read(CSR_instret) - first);
    put_text("\n");
    for (word mask = 0; mask < 8; mask++) {
        static const void *const reads[] = {read_time, do_illegal, write_time};
        struct attempt a;
        csr_write(CSR_cntren, mask);
        for (word ring = 1; ring < 4; ring++) {
            attempt(IN_RING(ring), reads[0], 0, 0, &a);
            put_hex(a.cause);
        }
        put_text("\n");
    }
}

CODE(step_csr, "csrr a0, 0x7c2\n csrw 0x7c2, a0\n nop")
CODE(step_tret, "csrw 0x7c3, ra\n .word 0x30200073\n nop")
CODE(step_clear, "li a0, 0x100\n csrc 0x7c0, a0\n nop\n nop")
CODE(step_uart, "li a0, 0x10000000\n lbu a0, 5(a0)\n nop")
CODE(step_port, "li a0, 0x3fd\n .insn r 0x0b, 2, 0, a0, a0, x0\n nop")

/* Single steps through code that a monitor carries out. */
static void steps(const struct boot_page *boot)
{
    static const struct {
        const char *name;
        const void *code;
    } codes[] = {{"csr", step_csr},   {"tret", step_tret}, {"clear", step_clear},
                 {"uart", step_uart}, {"port", step_port}, {"ebreak", do_ebreak}};

    (void)boot;
    for (unsigned i = 0; i < COUNT(codes); i++) {
        struct attempt a = {.status = 0};
        const char *at = codes[i].code;
        word value = 0;
        for (unsigned n = 0; n < 8; n++) {
            attempt((a.status & (status_pring | status_iopl)) | status_ptf, at, value, 0, &a);
            put_attempt(codes[i].name, codes[i].code, &a);
            if (a.cause != CAUSE_single_step || a.epc == ADDRESS(done))
                break;
            at = (const char *)(uintptr_t)a.epc;
            value = a.value;
        }
    }
}

/* ---- memory -------------------------------------------------------------------------------- */

static void every_leaf(const struct boot_page *boot)
{
    static const void *const codes[] = {load_word, store_word, jump};
    word *root = new_root(), *target = new_page();

    (void)boot;
    target[0] = 0x00008067; /* ret */
    use_root(root, 0);
    for (word low = 0; low < 0x1000; low += 1) {
        if ((low & (PTE_A | PTE_SOFT)) || ((low & PTE_ZERO) && (low & 0x3f) != 0x3f))
            continue;
        for (word ring = 0; ring < 4; ring++) {
            for (unsigned kind = 0; kind < 3; kind++) {
                struct attempt a;
                map_page(root, VA, ADDRESS(target) | low);
                __asm__ volatile("sfence.vma %0, zero" : : "r"(VA));
                attempt(IN_RING(ring), codes[kind], VA, 0x00008067, &a);
                word table = root[PT_INDEX1(VA)] & PTE_PPN;
                put_hex(a.cause << 24 | (((word *)(uintptr_t)table)[0] & 0xfff) << 8 |
                        (a.tval == VA));
            }
        }
        put_text("\n");
    }
}

/* One step after another on one page, without a fence but where it says so: what the table has. */
static void marks(const struct boot_page *boot)
{
    static const struct {
        const char *name;
        const void *code;
        word keep; /* 0: nothing changes; else the leaf is cut to these bits, with a fence */
    } steps[] = {
        {"fresh", nothing, ~(word)(PTE_A | PTE_D)},
        {"load", load_word, 0},
        {"store", store_word, 0},
        {"clean", nothing, ~(word)PTE_D},
        {"load", load_word, 0},
        {"store", store_word, 0},
        {"unused", nothing, ~(word)(PTE_A | PTE_D)},
        {"fetch", jump, 0},
        {"store", store_word, 0},
        {"read-only", nothing, ~(word)(PTE_W | PTE_D)},
        {"store", store_word, 0},
        {"load", load_word, 0},
    };
    word *root = new_root(), *target = new_page();

    (void)boot;
    target[0] = 0x00008067; /* ret */
    map_page(root, VA, ADDRESS(target) | LEAF_ALL);
    use_root(root, 4);
    word *leaf = &((word *)(uintptr_t)(root[PT_INDEX1(VA)] & PTE_PPN))[PT_INDEX0(VA)];
    for (unsigned i = 0; i < COUNT(steps); i++) {
        if (steps[i].keep) {
            *leaf &= steps[i].keep;
            sfence_vma();
        }
        go(steps[i].name, IN_RING(i % 4), steps[i].code, VA, 0x00008067);
        put_hex(*leaf & 0xfff);
        put_text("\n");
    }
    /* rings that share a real ring under a monitor, and a page that was filled for another */
    for (word pl = 0; pl < 4; pl++) {
        *leaf = (ADDRESS(target) | LEAF_ALL | PTE_A | PTE_D) & ~(word)PTE_PL;
        *leaf |= PTE_PL_OF(pl);
        sfence_vma();
        for (word ring = 0; ring < 4; ring++) {
            go("load", IN_RING(ring), load_word, VA, 0);
            go("store", IN_RING(ring), store_word, VA, 0x00008067);
            go("fetch", IN_RING(ring), jump, VA, 0);
        }
    }
}

static void wild_tables(const struct boot_page *boot)
{
    static const word wild[] = {0x00000000, 0x10000000, 0x7ffff000, 0xfffff000, 0x80800000};
    word *root = new_root();

    use_root(root, 3);
    for (unsigned i = 0; i < COUNT(wild); i++) {
        root[PT_INDEX1(VA)] = wild[i] | PTE_V;
        root[PT_INDEX1(VA) + 1] = wild[i] | LEAF_ALL;
        sfence_vma();
        for (word offset = 0; offset <= SUPERPAGE_SIZE; offset += SUPERPAGE_SIZE) {
            go("load", IN_RING(0), load_word, VA + offset, 0);
            go("store", IN_RING(3), store_word, VA + offset + 0x3ffffc, 0);
            go("fetch", IN_RING(1), jump, VA + offset + 0x1000, 0);
        }
    }
    put_hex(boot->ram_size);
    put_text("\n");
}

static void edges(const struct boot_page *boot)
{
    word *root = new_root(), *page = new_page();

    map_page(root, VA, ADDRESS(page) | LEAF_ALL);
    map_page(root, 0xfffff000, ADDRESS(page) | LEAF_ALL);
    use_root(root, 1);
    go("last word", IN_RING(3), load_word, 0xfffffffc, 0);
    go("wraps", IN_RING(3), load_half, 0xffffffff, 0);
    go("leaves the page", IN_RING(3), load_word, VA + 0xffe, 0);
    go("misses the page", IN_RING(3), store_word, VA + 0x1000, 0);
    go("odd jump", IN_RING(3), jump, VA + 2, 0);
    go("runs off the page", IN_RING(3), jump, VA + 0xffc, 0);
    page[PT_ENTRIES - 1] = 0x00000013; /* nop */
    __asm__ volatile("fence.i");
    go("runs off the page", IN_RING(3), jump, VA + 0xffc, 0);
    go("outside RAM", IN_RING(0), load_word, boot->ram_base - 4, 0);
    csr_write(CSR_ptbr, 0);
    go("behind RAM", IN_RING(0), load_word, boot->ram_base + boot->ram_size, 0);
    go("behind RAM", IN_RING(3), store_word, boot->ram_base + boot->ram_size, 0);
    go("last of RAM", IN_RING(3), load_word, boot->ram_base + boot->ram_size - 4, 0);
    go("jump behind RAM", IN_RING(2), jump, boot->ram_base + boot->ram_size, 0);
}

/* Everything that a guest can name, in steps: only its own RAM and devices answer. */
static void reach(const struct boot_page *boot)
{
    word answers = 0, address = 0;
    struct attempt a;

    (void)boot;
    do {
        attempt(IN_RING(0), load_word, address, 0, &a);
        answers += a.cause == 8;
        attempt(IN_RING(0), load_byte, address, 0, &a);
        answers += a.cause == 8;
        address += 0x80000;
    } while (address);
    put_hex(answers);
    put_text("\n");
}

/* A page table that is written through itself, and pages that become tables. */
static void tables_of_tables(const struct boot_page *boot)
{
    word *root = new_root(), *leaf = new_page(), *one = new_page(), *two = new_page();
    volatile word *window = (volatile word *)(VA + 0x1000);

    (void)boot;
    one[0] = 1;
    two[0] = 2;
    root[PT_INDEX1(VA)] = ADDRESS(leaf) | PTE_V;
    leaf[0] = ADDRESS(one) | LEAF_ALL;
    leaf[1] = ADDRESS(leaf) | LEAF_ALL; /* the window onto itself */
    use_root(root, 5);
    for (unsigned i = 0; i < 4; i++) {
        put_hex(*(volatile word *)VA);
        window[0] = ADDRESS(i % 2 ? one : two) | LEAF_ALL;
        __asm__ volatile("sfence.vma %0, zero" : : "r"(VA));
    }
    root[PT_INDEX1(VA)] = 0;
    sfence_vma();
    go("unmapped", IN_RING(0), load_word, VA, 0);
    /* a data page turns into a table while a writable mapping of it is cached */
    root[PT_INDEX1(VA)] = ADDRESS(leaf) | PTE_V;
    leaf[2] = ADDRESS(two) | LEAF_ALL;
    sfence_vma();
    *(volatile word *)(VA + 0x2000) = ADDRESS(one) | LEAF_ALL;
    root[PT_INDEX1(VA) + 1] = ADDRESS(two) | PTE_V;
    sfence_vma();
    put_hex(*(volatile word *)(VA + 0x400000));
    *(volatile word *)(VA + 0x2000) = 0;
    sfence_vma();
    go("gone", IN_RING(0), load_word, VA + 0x400000, 0);
}

/* More address spaces than a monitor keeps, each with its own page at the same address. */
static void many_spaces(const struct boot_page *boot)
{
    word *roots[20], sum = 0;

    (void)boot;
    for (unsigned i = 0; i < COUNT(roots); i++) {
        word *page = new_page();
        roots[i] = new_root();
        page[0] = i;
        map_page(roots[i], VA, ADDRESS(page) | LEAF_ALL);
    }
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < COUNT(roots); i++) {
            struct attempt a;
            csr_write(CSR_ptbr, ptbr_for(roots[i], i));
            attempt(IN_RING(3), load_word, VA, 0, &a);
            sum = sum * 31 + a.value;
            *(volatile word *)VA = a.value + round;
        }
    }
    csr_write(CSR_ptbr, 0);
    put_hex(sum);
    put_text("\n");
}

static void whole_address_space(const struct boot_page *boot)
{
    word *root = new_root(), sum = 0;

    (void)boot;
    for (unsigned i = 0x100; i < 0x200; i++)
        root[i] = 0x80000000 | LEAF_ALL;
    use_root(root, 1);
    for (unsigned i = 0x100; i < 0x200; i++)
        sum = sum * 3 + *(volatile word *)(uintptr_t)((i << 22) + i * 8);
    put_hex(sum);
    put_text("\n");
}

/* TPS: a trap leaves the address space, and tret returns to it. */
static void trap_root(const struct boot_page *boot)
{
    word *inner = new_root(), *outer = new_root(), *page = new_page();
    struct attempt a;

    (void)boot;
    map_page(inner, VA, ADDRESS(page) | LEAF_ALL);
    page[0] = 77;
    csr_write(CSR_tptbr, ptbr_for(outer, 2));
    csr_write(CSR_ptbr, ptbr_for(outer, 2));
    csr_write(CSR_eptbr, ptbr_for(inner, 1));
    for (word ring = 0; ring < 4; ring++) {
        attempt(IN_RING(ring) | status_tps, load_word, VA, 0, &a);
        put_attempt("inner", load_word, &a);
        put_hex(csr_read(CSR_eptbr) == ptbr_for(inner, 1));
        put_hex(csr_read(CSR_ptbr) == ptbr_for(outer, 2));
        put_text("\n");
    }
    csr_write(CSR_status, 0);
    go("outer", IN_RING(0), load_word, VA, 0);
}

static void probes(const struct boot_page *boot)
{
    word *root = new_root();

    (void)boot;
    map_page(root, VA, 0x80000000 | PTE_V | PTE_R | PTE_PL_OF(2));
    map_page(root, VA + 0x1000, 0x80000000 | PTE_V | PTE_W | PTE_PL_OF(3));
    map_page(root, VA + 0x2000, 0x80000000 | PTE_R);
    map_page(root, VA + 0x3000, 0x80000000 | LEAF_ALL | 0x400);
    for (unsigned paging = 0; paging < 2; paging++) {
        if (paging)
            use_root(root, 0);
        for (word ring = 0; ring < 4; ring++) {
            csr_write(CSR_status, IN_RING(ring));
            for (word va = VA; va < VA + 0x5000; va += 0x1000)
                put_hex(probe(va));
            put_hex(probe(0x80000000));
            put_text("\n");
        }
    }
}

/* ---- devices ------------------------------------------------------------------------------- */

static void widths(const struct boot_page *boot)
{
    static const word where[] = {REGION_finisher, REGION_intc,   REGION_intc + 12, REGION_uart + 7,
                                 REGION_uart + 8, REGION_virtio, 0x20000000,       0};

    (void)boot;
    *(volatile uint8_t *)(REGION_uart + 7) = 0x85;
    for (unsigned i = 0; i < COUNT(where); i++) {
        go("lb", IN_RING(0), load_byte, where[i], 0);
        go("lbu", IN_RING(3), load_byte_unsigned, where[i], 0);
        go("lh", IN_RING(0), load_half, where[i] & ~1u, 0);
        go("lw", IN_RING(1), load_word, where[i] & ~3u, 0);
        go("sb", IN_RING(0), store_byte, where[i], 0x85);
        go("sh", IN_RING(0), store_half, where[i] & ~1u, 0);
        go("fetch", IN_RING(0), jump, where[i] & ~3u, 0);
    }
}

CODE(wait_in_ring, "1: j 1b")

static void interrupts(const struct boot_page *boot)
{
    volatile uint8_t *uart = (volatile uint8_t *)REGION_uart;
    volatile word *intc = (volatile word *)REGION_intc;

    (void)boot;
    csr_write(CSR_timecmph, 0xffffffff);
    csr_write(CSR_ie, ie_soft | ie_timer | ie_ext);
    csr_write(CSR_ip, ip_soft);
    go("software, ring 3", IN_RING(3), wait_in_ring, 0, 0);
    go("software, ring 0, IE", IN_RING(0) | status_pie, wait_in_ring, 0, 0);
    go("software, ring 0, no IE", IN_RING(0), nothing, 0, 0);
    csr_write(CSR_timecmph, 0);
    csr_write(CSR_timecmp, csr_read(CSR_time) + 5000);
    csr_write(CSR_ip, 0);
    go("timer, ring 1", IN_RING(1), wait_in_ring, 0, 0);
    csr_write(CSR_ip, ip_soft);
    go("software before timer", IN_RING(1), wait_in_ring, 0, 0);
    intc[1] = 1u << LINE_uart;
    uart[1] = 2; /* the transmitter is empty */
    go("external before both", IN_RING(2), wait_in_ring, 0, 0);
    put_hex(csr_read(CSR_ip));
    put_hex(intc[0]);
    put_hex(intc[2]);
    put_hex(intc[2]);
    put_hex(csr_read(CSR_ip));
    put_hex(uart[2]);
    put_hex(uart[2]);
    intc[2] = LINE_uart;
    put_hex(csr_read(CSR_ip));
    csr_write(CSR_ip, 0);
    csr_write(CSR_timecmp, csr_read(CSR_time) + 500000); /* not yet, however slow the monitor */
    wfi();
    put_hex(csr_read(CSR_ip));
    put_text("\n");
}

int kernel_main(const struct boot_page *boot)
{
    static const struct kernel_case cases[] = {
        {"every_instruction", every_instruction},
        {"registers", registers},
        {"counters", counters},
        {"steps", steps},
        {"every_leaf", every_leaf},
        {"marks", marks},
        {"wild_tables", wild_tables},
        {"edges", edges},
        {"reach", reach},
        {"tables_of_tables", tables_of_tables},
        {"many_spaces", many_spaces},
        {"whole_address_space", whole_address_space},
        {"trap_root", trap_root},
        {"probes", probes},
        {"widths", widths},
        {"interrupts", interrupts},
    };

    return run_case(cases, sizeof cases / sizeof cases[0], boot);
}
