/*
 * A kernel that does what monitors have got wrong (tests/vmm/README.md lists the bugs; each case
 * names its number). It knows nothing of monitors: it must print the same, and leave the same
 * memory, on the bare machine and in a virtual one.
 */
#include "tests/vmm/guests/kernel.h"

int kernel_main(const struct boot_page *boot);

#define VA         0x40080000u /* shares no TLB index with the kernel */
#define COUNT(x)   (sizeof(x) / sizeof((x)[0]))
#define LEAF_ALL   (PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL)
#define ADDRESS(p) ((word)(uintptr_t)(p))
#define AT(va)     (*(volatile word *)(uintptr_t)(va))
#define FENCE(va)  __asm__ volatile("sfence.vma %0, zero" : : "r"(va) : "memory")
#define SCRATCH    7 /* register of the UART that only remembers */

CODE(load_word, "lw a0, 0(a0)")
CODE(store_word, "sw a1, 0(a0)")
CODE(load_byte, "lbu a0, 0(a0)")
CODE(store_byte, "sb a1, 0(a0)")
CODE(load_from_above, "lbu a0, 8(a0)")
CODE(load_from_below, "lbu a0, -4(a0)")
CODE(store_from_above, "sb a1, 8(a0)")
CODE(jump, "jr a0")
CODE(wait_for_ever, "1: j 1b")

#define INSN_RET    0x00008067u
#define INSN_LI(n)  (0x00000513u | (word)(n) << 20) /* li a0, n */
#define INSN_J(off) (0x0000006fu | ((word)(off)&0x7fe) << 20 | ((word)(off)&0xff000))

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

static void put_line(word value)
{
    put_hex(value);
    put_text("\n");
}

/* ---- 1 to 5: page tables -------------------------------------------------------------------- */

/* 1: a page is written, becomes a page table, and is written on through the old mapping. */
static void data_turns_into_a_table(const struct boot_page *boot)
{
    word *root = new_root(), *leaf = new_page(), *page = new_page(), *one = new_page(),
         *two = new_page();

    (void)boot;
    one[0] = 1;
    two[0] = 2;
    root[PT_INDEX1(VA)] = ADDRESS(leaf) | PTE_V;
    leaf[PT_INDEX0(VA)] = ADDRESS(page) | LEAF_ALL;
    use_root(root, 1);
    for (unsigned i = 0; i < 6; i++) {
        AT(VA) = ADDRESS(i % 2 ? two : one) | LEAF_ALL;
        root[PT_INDEX1(VA) + 1] = ADDRESS(page) | PTE_V;
        FENCE(VA + SUPERPAGE_SIZE);
        put_hex(AT((VA & ~(SUPERPAGE_SIZE - 1)) + SUPERPAGE_SIZE));
        AT(VA) = ADDRESS(i % 2 ? one : two) | LEAF_ALL;
        FENCE((VA & ~(SUPERPAGE_SIZE - 1)) + SUPERPAGE_SIZE);
        put_line(AT((VA & ~(SUPERPAGE_SIZE - 1)) + SUPERPAGE_SIZE));
    }
}

/* 2: entries of the upper level change; each address is fenced on its own, then a whole ASID. */
static void upper_level_edits(const struct boot_page *boot)
{
    word *root = new_root(), *leaves[2], *pages[4];

    (void)boot;
    for (unsigned i = 0; i < 4; i++) {
        pages[i] = new_page();
        pages[i][0] = 0x10 + i;
    }
    for (unsigned i = 0; i < 2; i++) {
        leaves[i] = new_page();
        leaves[i][PT_INDEX0(VA)] = ADDRESS(pages[i * 2]) | LEAF_ALL;
        leaves[i][PT_INDEX0(VA) + 1] = ADDRESS(pages[i * 2 + 1]) | LEAF_ALL;
    }
    use_root(root, 7);
    for (unsigned i = 0; i < 6; i++) {
        root[PT_INDEX1(VA)] = ADDRESS(leaves[i % 2]) | PTE_V;
        FENCE(VA);
        put_hex(AT(VA));
        FENCE(VA + PAGE_SIZE);
        put_hex(AT(VA + PAGE_SIZE));
        root[PT_INDEX1(VA)] = 0x80000000 | LEAF_ALL;
        __asm__ volatile("sfence.vma zero, %0" : : "r"(7) : "memory");
        put_line(AT(VA & ~(SUPERPAGE_SIZE - 1)) == AT(0x80000000));
    }
    root[PT_INDEX1(VA)] = 0;
    __asm__ volatile("sfence.vma zero, %0" : : "r"(7) : "memory");
    go("gone", IN_RING(0), load_word, VA, 0);
}

/* 3: what was the running root becomes data, and a root again with other entries. */
static void root_is_used_again(const struct boot_page *boot)
{
    word *other = new_root(), *again = new_root(), *one = new_page(), *two = new_page(),
         *leaf = new_page();

    (void)boot;
    one[0] = 1;
    two[0] = 2;
    leaf[PT_INDEX0(VA)] = ADDRESS(one) | LEAF_ALL;
    for (unsigned i = 0; i < 4; i++) {
        again[PT_INDEX1(VA)] = ADDRESS(leaf) | PTE_V;
        use_root(again, i % 2);
        put_hex(AT(VA));
        csr_write(CSR_ptbr, ptbr_for(other, 2));
        for (unsigned n = PT_INDEX1(VA); n < PT_INDEX1(VA) + 64; n++)
            again[n] = n * 0x01010101;
        put_hex(again[PT_INDEX1(VA) + 5]);
        for (unsigned n = PT_INDEX1(VA); n < PT_INDEX1(VA) + 64; n++)
            again[n] = 0;
        leaf[PT_INDEX0(VA)] = ADDRESS(i % 2 ? one : two) | LEAF_ALL;
        put_text("\n");
    }
}

/* 4: tables that lead to themselves at both levels, left standing when the kernel ends. */
static void recursive_tables(const struct boot_page *boot)
{
    word *root = new_root(), *leaf = new_page();
    word slot = 0x3f0, below = slot << 22;

    (void)boot;
    root[slot] = ADDRESS(root) | PTE_V;
    root[slot + 1] = ADDRESS(leaf) | PTE_V;
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        leaf[i] = ADDRESS(leaf) | LEAF_ALL;
    use_root(root, 3);
    go("a superpage as a page", IN_RING(3), load_word, below + (0x200u << 12) + 8, 0);
    go("a pointer as a page", IN_RING(0), load_word, below + (slot << 12), 0);
    go("a table in itself", IN_RING(3), load_word, below + SUPERPAGE_SIZE + 5 * PAGE_SIZE, 0);
    go("and written", IN_RING(3), store_word, below + SUPERPAGE_SIZE + 9 * PAGE_SIZE + 4 * 6, 0);
    sfence_vma();
    go("which takes effect", IN_RING(2), load_word, below + SUPERPAGE_SIZE + 6 * PAGE_SIZE, 0);
    put_hex(root[0x200]);
    put_hex(leaf[5]);
    put_hex(leaf[9]);
    put_line(leaf[6]);
}

/* 5: superpages at the edges of what 32 bits of address can say. */
static void superpages_at_the_edges(const struct boot_page *boot)
{
    static const word targets[] = {0x00000000, 0x00400000, 0x7fc00000, 0x80400000,
                                   0x80800000, 0xbfc00000, 0xc0000000, 0xffc00000,
                                   0x80401000, 0xfffff000, 0x80000400};
    static const word offsets[] = {0, 0x1000, 0x3ff000, 0x3ffffc};
    word *root = new_root(), va = VA & ~(SUPERPAGE_SIZE - 1);

    (void)boot;
    use_root(root, 1);
    for (unsigned i = 0; i < COUNT(targets); i++) {
        root[PT_INDEX1(va)] = targets[i] | LEAF_ALL;
        sfence_vma();
        put_line(targets[i]);
        for (unsigned n = 0; n < COUNT(offsets); n++) {
            go("load", IN_RING(n), load_word, va + offsets[n], 0);
            go("store", IN_RING(3 - n), store_word, va + offsets[n], 0);
            go("fetch", IN_RING(n), jump, va + offsets[n], 0);
        }
        put_line(root[PT_INDEX1(va)]);
    }
}

/* A trap with TPS leaves paging altogether, and tret brings it back: nothing of it need exit. */
static void traps_without_paging(const struct boot_page *boot)
{
    word *root = new_root(), *page = new_page();

    (void)boot;
    map_page(root, VA, ADDRESS(page) | LEAF_ALL);
    page[0] = 77;
    csr_write(CSR_tptbr, 0);
    csr_write(CSR_eptbr, ptbr_for(root, 1));
    for (word i = 0; i < 16; i++) {
        struct attempt a;
        attempt(IN_RING(i % 4) | status_tps, load_word, VA, 0, &a);
        put_attempt("inside", load_word, &a);
        put_hex(csr_read(CSR_eptbr) == ptbr_for(root, 1));
        put_line(csr_read(CSR_ptbr));
    }
}

/* ---- 6, 7: devices -------------------------------------------------------------------------- */

/* 6: who may reach a device is what the page table says, whoever carries the access out. */
static void rights_to_a_device(const struct boot_page *boot)
{
    static const word rights[] = {PTE_V | PTE_R,
                                  PTE_V | PTE_R | PTE_W,
                                  PTE_V | PTE_R | PTE_X,
                                  PTE_V | PTE_X,
                                  PTE_V | PTE_W,
                                  PTE_R | PTE_W,
                                  PTE_V | PTE_R | PTE_W | PTE_A | PTE_D};
    word *root = new_root();

    (void)boot;
    use_root(root, 2);
    for (unsigned i = 0; i < COUNT(rights); i++) {
        for (word pl = 0; pl < 4; pl++) {
            for (word ring = 0; ring < 4; ring++) {
                struct attempt load, store, fetch;
                map_page(root, VA, REGION_uart | rights[i] | PTE_PL_OF(pl));
                FENCE(VA);
                attempt(IN_RING(ring), load_byte, VA + SCRATCH, 0, &load);
                attempt(IN_RING(ring), store_byte, VA + SCRATCH, ring + 4 * i, &store);
                attempt(IN_RING(ring), jump, VA, 0, &fetch);
                word table = root[PT_INDEX1(VA)] & PTE_PPN;
                put_hex(load.cause << 24 | store.cause << 16 | fetch.cause << 8 |
                        *(volatile uint8_t *)(REGION_uart + SCRATCH));
                put_hex(load.tval + store.tval + fetch.tval + AT(table + 4 * PT_INDEX0(VA)));
            }
        }
        put_text("\n");
    }
}

/* 7: behind the last register there is none, however the address is said. */
static void beyond_the_registers(const struct boot_page *boot)
{
    static const word ports[] = {0,      1,      0x1ef,   0x1f8,   0x3f5,      0x400,
                                 0x7fff, 0xffff, 0x103ff, 0x803ff, 0xffff03ff, 0x1f1ef};
    word answers = 0;

    (void)boot;
    for (word at = 8; at < 0x1000; at = at < 64 ? at + 1 : at + 0x3fc) {
        struct attempt a;
        attempt(IN_RING(0), load_byte, REGION_uart + at, 0, &a);
        answers = answers * 3 + a.cause;
        attempt(IN_RING(0), store_byte, REGION_uart + at, 0x55, &a);
        answers = answers * 3 + a.cause;
        attempt(IN_RING(0), load_word, REGION_intc + 4 + (at & ~3u), 0, &a);
        answers = answers * 3 + a.cause;
        attempt(IN_RING(0), store_word, REGION_finisher + (at & ~3u), 0x5555, &a);
        answers = answers * 3 + a.cause;
    }
    put_line(answers);
    *(volatile uint8_t *)(REGION_uart + SCRATCH) = 0x5a;
    for (unsigned i = 0; i < COUNT(ports); i++) {
        put_hex(pin(ports[i]));
        pout(ports[i], 0xa0 + i);
        put_line(pin(ports[i]));
    }
}

/* ---- 8, 9: emulated accesses ---------------------------------------------------------------- */

/*
 * 8: the table says another page of code than the one that runs from the TLB. Either may run; the
 * one's operands with the other's effect may not.
 */
static void changed_while_it_ran(const struct boot_page *boot)
{
    volatile uint8_t *scratch = (volatile uint8_t *)(REGION_uart + SCRATCH);
    word *root = new_root(), *old = new_page(), *new = new_page();

    (void)boot;
    old[0] = new[0] = INSN_RET;
    old[1] = 0x00054503; /* lbu a0, 0(a0) */
    new[1] = 0x00b50023; /* sb a1, 0(a0) */
    old[2] = new[2] = INSN_RET;
    for (unsigned i = 0; i < 4; i++) {
        struct attempt a;
        map_page(root, VA, ADDRESS(old) | LEAF_ALL);
        use_root(root, 1);
        *scratch = 0x11;
        go("it ran", IN_RING(1), (const void *)VA, 0, 0);
        map_page(root, VA, ADDRESS(new) | LEAF_ALL);
        attempt(IN_RING(i), (const void *)(VA + 4), REGION_uart + SCRATCH, 0x22, &a);
        word loaded = a.value == 0x11 && *scratch == 0x11;
        word stored = a.value == REGION_uart + SCRATCH && *scratch == 0x22;
        put_text(loaded || stored ? "one of both\n" : "a mixture\n");
        put_line(a.cause);
    }
}

/* 9: base and offset meet beyond the end of the address space. */
static void around_the_end(const struct boot_page *boot)
{
    word *root = new_root(), *page = new_page();

    (void)boot;
    root[0] = 0;
    map_page(root, 0, REGION_uart | LEAF_ALL);
    map_page(root, 0xfffff000, ADDRESS(page) | LEAF_ALL);
    use_root(root, 1);
    page[PT_ENTRIES - 1] = 0x12345678;
    for (word ring = 0; ring < 4; ring++) {
        go("into a device", IN_RING(ring), load_from_above, 0xffffffff, 0);
        go("a store", IN_RING(ring), store_from_above, 0xffffffff, 0x60 + ring);
        go("it is there", IN_RING(ring), load_byte, SCRATCH, 0);
        go("out of it", IN_RING(ring), load_from_below, 3, 0);
        go("the last word", IN_RING(ring), store_word, 0xfffffffc, 0x9abcdef0 + ring);
        put_line(page[PT_ENTRIES - 1]);
    }
    map_page(root, 0xfffff000, REGION_uart | LEAF_ALL);
    map_page(root, 0, ADDRESS(page) | LEAF_ALL);
    sfence_vma();
    for (word ring = 0; ring < 4; ring++) {
        go("no register there", IN_RING(ring), load_byte, 0xfffffff0, 0);
        go("a register", IN_RING(ring), load_byte, 0xfffff000 + SCRATCH, 0);
        go("the page behind", IN_RING(ring), load_from_above, 0xfffffffc, 0);
    }
    csr_write(CSR_ptbr, 0); /* there is a switch again */
}

/* ---- 11, 13: events ------------------------------------------------------------------------- */

/* A trap handler on a page of its own: after a fence nothing has seen that page. */
__attribute__((naked, aligned(4096))) static void far_handler(void)
{
    __asm__ volatile("j trapped\n .balign 4096");
}

/* 11: each event arrives once, although the handler's page is missing when it does. */
static void each_event_once(const struct boot_page *boot)
{
    word *root = new_root(), causes[4] = {0};

    (void)boot;
    csr_write(CSR_timecmph, 0xffffffff);
    csr_write(CSR_timecmp, 0);
    csr_write(CSR_tvec, ADDRESS(far_handler));
    csr_write(CSR_ie, ie_soft | ie_timer);
    use_root(root, 1);
    for (unsigned i = 0; i < 40; i++) {
        struct attempt a;
        csr_write(CSR_ip, i % 2 ? ip_soft : 0);
        csr_write(CSR_timecmph, i % 2 ? 0xffffffff : 0);
        sfence_vma();
        attempt(IN_RING(i % 4) | status_pie, wait_for_ever, 0, 0, &a);
        causes[0] += a.cause == (CAUSE_INTERRUPT | (i % 2 ? 3 : 7));
        csr_write(CSR_ip, 0);
        csr_write(CSR_timecmph, 0xffffffff);
        sfence_vma();
        attempt(IN_RING(i % 4) | status_pie, done, 0, 0, &a);
        causes[1] += a.cause == 8 + i % 4;
        sfence_vma();
        attempt(IN_RING(i % 4) | status_pie, load_word, 0x3ffff000, 0, &a);
        causes[2] += a.cause == CAUSE_load_page && a.tval == 0x3ffff000;
        attempt(IN_RING(i % 4) | status_pie | status_ptf, load_word, VA, 0, &a);
        causes[3] += a.cause == CAUSE_load_page;
    }
    for (unsigned i = 0; i < 4; i++)
        put_line(causes[i]);
}

/* 13: the timer rings at every moment around a wfi, which must not sleep through it. */
static void waking_up(const struct boot_page *boot)
{
    word woken = 0, taken = 0;

    (void)boot;
    csr_write(CSR_timecmph, 0xffffffff);
    csr_write(CSR_ie, ie_timer);
    for (word in = 0; in < 200; in += in < 40 ? 1 : 13) {
        struct attempt a;
        csr_write(CSR_timecmp, csr_read(CSR_time) + in);
        csr_write(CSR_timecmph, 0);
        wfi();
        woken += csr_read(CSR_ip) >> 7 & 1;
        csr_write(CSR_timecmph, 0xffffffff);
        csr_write(CSR_timecmp, csr_read(CSR_time) + in);
        csr_write(CSR_timecmph, 0);
        attempt(IN_RING(in % 4) | status_pie, wait_for_ever, 0, 0, &a);
        taken += a.cause == (CAUSE_INTERRUPT | 7);
        csr_write(CSR_timecmph, 0xffffffff);
    }
    put_line(woken);
    put_line(taken);
}

/* ---- 15: marks ------------------------------------------------------------------------------ */

/* 15: a page is written again after its D was cleared, by whichever of its two addresses. */
static void dirty_again(const struct boot_page *boot)
{
    word *root = new_root(), *page = new_page();
    word alias = VA + 0x3000;

    (void)boot;
    map_page(root, VA, ADDRESS(page) | LEAF_ALL);
    map_page(root, alias, ADDRESS(page) | LEAF_ALL);
    volatile word *leaf = &AT((root[PT_INDEX1(VA)] & PTE_PPN) + 4 * PT_INDEX0(VA));
    use_root(root, 1);
    for (unsigned i = 0; i < 8; i++) {
        word at = i & 1 ? alias : VA;
        go("store", IN_RING(i % 4), store_word, at, i);
        put_hex(leaf[0] & 0xff);
        put_hex(leaf[3] & 0xff);
        leaf[0] &= ~(word)(i & 2 ? PTE_D | PTE_A : PTE_D);
        leaf[3] &= ~(word)(i & 4 ? PTE_D | PTE_A : PTE_D);
        FENCE(VA);
        FENCE(alias);
        go("load", IN_RING(i % 4), load_word, at, 0);
        put_hex(leaf[0] & 0xff);
        put_line(leaf[3] & 0xff);
    }
}

/* ---- 17: code that changes ------------------------------------------------------------------ */

static word call(word address, word a0)
{
    return ((word(*)(word))(uintptr_t)address)(a0);
}

static void in_every_ring(const char *name, word address, word a0, word a1)
{
    for (word ring = 0; ring < 4; ring++) {
        struct attempt a;
        attempt(IN_RING(ring), (const void *)address, a0, a1, &a);
        put_text(name);
        put_text(" ");
        put_hex(a.cause);
        put_hex(a.epc == ADDRESS(done) ? 0 : a.epc);
        put_hex(a.tval);
        put_line(a.value);
    }
}

static void code_that_changes_itself(const struct boot_page *boot)
{
    word *page = new_page(), *next = new_page();

    (void)boot;
    /* the next instruction; one that has run before; the first of the next page */
    for (unsigned i = 1; i < 5; i++) {
        page[0] = 0x00b52223; /* sw a1, 4(a0) */
        page[1] = INSN_LI(0);
        page[2] = INSN_RET;
        in_every_ring("the next one", ADDRESS(page), ADDRESS(page), INSN_LI(i));
        put_line(call(ADDRESS(page) + 4, 0));
    }
    page[PT_ENTRIES - 1] = 0x00b52023; /* sw a1, 0(a0); pages lie side by side */
    for (unsigned i = 1; i < 5; i++) {
        next[0] = INSN_LI(0);
        next[1] = INSN_RET;
        in_every_ring("on the next page", ADDRESS(&page[PT_ENTRIES - 1]), ADDRESS(next),
                      INSN_LI(i));
    }
}

/* Through another address, with the code's own page read-only; and remapped under its feet. */
static void code_with_two_addresses(const struct boot_page *boot)
{
    word *root = new_root(), *page = new_page(), *other = new_page();
    word alias = VA + 0x2000;

    (void)boot;
    page[0] = INSN_LI(1);
    page[1] = other[1] = INSN_RET;
    other[0] = INSN_LI(99);
    map_page(root, VA, ADDRESS(page) | (LEAF_ALL & ~(word)PTE_W));
    map_page(root, alias, ADDRESS(page) | LEAF_ALL);
    use_root(root, 1);
    for (word i = 2; i < 6; i++) {
        in_every_ring("before", VA, 0, 0);
        AT(alias) = INSN_LI(i);
        in_every_ring("after", VA, 0, 0);
        page[0] = INSN_LI(i + 100); /* by a third address: RAM's own */
        put_line(call(VA, 0));
        map_page(root, VA, ADDRESS(other) | LEAF_ALL);
        FENCE(VA);
        put_line(call(VA, 0));
        map_page(root, VA, ADDRESS(page) | LEAF_ALL);
        FENCE(VA);
    }
    map_page(root, VA, 0);
    FENCE(VA);
    in_every_ring("unmapped", VA, 0, 0);
}

/* Pieces that jump to each other many times, and then one of them is another. */
static void code_that_was_chained(const struct boot_page *boot)
{
    static const word loop[] = {
        0x00000513, /*     li a0, 0          */
        0x06400613, /*     li a2, 100        */
        0x0080006f, /*     j 2f              */
        0x00350513, /* 1:  addi a0, a0, 3    the one that changes */
        0xfff60613, /* 2:  addi a2, a2, -1   */
        0xfe061ce3, /*     bnez a2, 1b       */
        0x00008067, /*     ret               */
    };
    word *root = new_root(), *first = new_page(), *second = new_page();

    (void)boot;
    for (unsigned i = 0; i < COUNT(loop); i++)
        first[i] = loop[i];
    for (word i = 1; i < 5; i++) {
        put_line(call(ADDRESS(first), 0));
        first[3] = 0x00050513 | i << 20; /* addi a0, a0, i */
        put_line(call(ADDRESS(first), 0));
        in_every_ring("chained", ADDRESS(first), 0, 0);
    }
    /* from one page to another, which goes away, and comes back as another one */
    map_page(root, VA, ADDRESS(first) | LEAF_ALL);
    map_page(root, VA + PAGE_SIZE, ADDRESS(second) | LEAF_ALL);
    use_root(root, 1);
    first[0] = INSN_J(PAGE_SIZE);
    for (word i = 0; i < 4; i++) {
        second[0] = INSN_LI(i);
        second[1] = INSN_RET;
        put_line(call(VA, 0));
        in_every_ring("across", VA, 0, 0);
        map_page(root, VA + PAGE_SIZE, 0);
        FENCE(VA + PAGE_SIZE);
        in_every_ring("gone", VA, 0, 0);
        map_page(root, VA + PAGE_SIZE, ADDRESS(second) | LEAF_ALL);
        FENCE(VA + PAGE_SIZE);
    }
}

CODE(fault_in_the_middle, "addi a0, a0, 1\n"
                          "csrrw a0, 0x7c2, a0\n"
                          "csrrw t6, 0x7c2, t6\n"
                          "csrrw t6, 0x7c2, t6\n"
                          "csrrw a0, 0x7c2, a0\n"
                          "addi a0, a0, 2\n"
                          "lw a1, 0(a1)\n"
                          "addi a0, a0, 4")
CODE(trap_behind_a_store, "sw a0, 0(a1)\n"
                          "addi a0, a0, 1\n"
                          ".word 0xffffffff\n"
                          "addi a0, a0, 2")

/* A fault between two instructions of one piece: all before it has happened, nothing behind it. */
static void faults_in_the_middle(const struct boot_page *boot)
{
    word *page = new_page();

    (void)boot;
    for (unsigned i = 0; i < 4; i++) {
        go("a load", IN_RING(0), fault_in_the_middle, 0x100, 4 + i);
        go("no fault", IN_RING(0), fault_in_the_middle, 0x100, ADDRESS(page));
        go("an illegal one", IN_RING(i), trap_behind_a_store, 0x200 + i, ADDRESS(&page[i]));
        put_line(page[i]);
    }
}

CODE(two_pieces, "1: beqz zero, 2f\n nop\n2: j 1b")

/* A loop that needs no monitor is interrupted all the same. */
static void interrupted_loops(const struct boot_page *boot)
{
    word taken = 0;

    (void)boot;
    csr_write(CSR_ie, ie_timer);
    for (unsigned i = 0; i < 20; i++) {
        struct attempt a;
        csr_write(CSR_timecmph, 0xffffffff);
        csr_write(CSR_timecmp, csr_read(CSR_time) + 100 + 37 * i);
        csr_write(CSR_timecmph, 0);
        attempt(IN_RING(i % 4) | status_pie, i % 8 < 4 ? two_pieces : wait_for_ever, 0, 0, &a);
        taken += a.cause == (CAUSE_INTERRUPT | 7);
    }
    put_line(taken);
}

int kernel_main(const struct boot_page *boot)
{
    static const struct kernel_case cases[] = {
        {"data_turns_into_a_table", data_turns_into_a_table},
        {"upper_level_edits", upper_level_edits},
        {"root_is_used_again", root_is_used_again},
        {"recursive_tables", recursive_tables},
        {"superpages_at_the_edges", superpages_at_the_edges},
        {"traps_without_paging", traps_without_paging},
        {"rights_to_a_device", rights_to_a_device},
        {"beyond_the_registers", beyond_the_registers},
        {"changed_while_it_ran", changed_while_it_ran},
        {"around_the_end", around_the_end},
        {"each_event_once", each_event_once},
        {"waking_up", waking_up},
        {"dirty_again", dirty_again},
        {"code_that_changes_itself", code_that_changes_itself},
        {"code_with_two_addresses", code_with_two_addresses},
        {"code_that_was_chained", code_that_was_chained},
        {"faults_in_the_middle", faults_in_the_middle},
        {"interrupted_loops", interrupted_loops},
    };

    return run_case(cases, sizeof cases / sizeof cases[0], boot);
}
