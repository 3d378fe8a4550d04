/*
 * The part of monitor.c about paging: the guest's own tables, what a nested table allows, walks of
 * the one under the other, flushes.
 */
#include "tests/vmm/guests/monitor.h"

#define LEAF_ALL (PTE_V | PTE_R | PTE_W | PTE_X | PTE_PL | PTE_A | PTE_D)

#define GPA      0x20000000u /* where the guest believes its memory to be */

CODE(guest_jump, "jr a0")
CODE(guest_load, "lw a0, 0(a0)\n .word 0x0000000b")
CODE(guest_store, "sw a0, 0(a0)\n .word 0x0000000b")

/* ---- the guest's own tables, nothing nested ------------------------------------------------ */

#define OWN 0x50000000u /* where the guest's own table maps its memory */

/* Each leaf that matters, each access, in rings 0 and 3, with page faults intercepted or not. */
void own_leaves(const struct boot_page *boot)
{
    static const void *const codes[] = {guest_load, guest_store, guest_jump};
    word *root = new_root(), *leaf = new_page(), *target = new_page();

    (void)boot;
    target[0] = 0x0000000b; /* hcall */
    root[PT_INDEX1(OWN)] = ADDRESS(leaf) | PTE_V;
    for (word low = 0; low < 0x40; low++) {
        for (word how = 0; how < 12; how++) {
            leaf[0] = ADDRESS(target) | low;
            fresh(codes[how % 3], how & 4 ? 3 : 0);
            W(ptbr) = ptbr_for(root, 2);
            W(rs1) = OWN;
            W(icept_cause) = how >= 6 ? 0xb000 : 0;
            go("own");
            put_text("   leaf ");
            put_hex(leaf[0] & 0xfff);
            put_text("\n");
        }
    }
}

CODE(tps_trap, "csrw 0x7c9, a0\n li a0, 0x400\n csrs 0x7c0, a0\n ecall\n .word 0x0000000b")
CODE(tps_seen, "csrr a0, 0x7cd\n csrw 0x7c2, a0\n csrr a0, 0x7c8\n .word 0x0000000b")
CODE(tps_back, "csrr a0, 0x7c3\n addi a0, a0, 4\n csrw 0x7c3, a0\n .word 0x30200073")
CODE(tps_other, "csrw 0x7cd, a0\n li a1, 0x400\n csrs 0x7c0, a1\n la a0, 1f\n csrw 0x7c3, a0\n"
                " .word 0x30200073\n 1: csrr a0, 0x7c8\n .word 0x0000000b")

/* A guest whose traps and returns move its page table: what it then finds in the registers. */
void own_roots(const struct boot_page *boot)
{
    const word values[] = {0, 5, ptbr_for(new_root(), 1), ptbr_for(new_root(), 2)};
    static const void *const handlers[] = {tps_seen, tps_back};

    (void)boot;
    for (unsigned from = 0; from < COUNT(values); from++) {
        for (unsigned to = 0; to < COUNT(values); to++) {
            for (unsigned i = 0; i < COUNT(handlers); i++) {
                fresh(tps_trap, 0);
                W(tvec) = ADDRESS(handlers[i]);
                W(ptbr) = values[from];
                W(rs1) = values[to];
                go("trap");
            }
            fresh(tps_other, 0);
            W(status) = 0; /* back to ring 0 */
            W(ptbr) = values[from];
            W(rs1) = values[to];
            go("return");
        }
    }
}

/* ---- nested paging ------------------------------------------------------------------------- */

/* Root and leaf tables at hand, so that marks can be looked at. */
struct tables {
    word *root, *leaf;
};

static struct tables nested_tables(const word *target, word rights)
{
    struct tables t = {new_root(), new_page()};

    t.root[PT_INDEX1(GPA)] = ADDRESS(t.leaf) | PTE_V;
    t.leaf[PT_INDEX0(GPA)] = ADDRESS(target) | rights;
    return t;
}

static void go_nested(const char *name, const struct tables *t)
{
    W(nested_paging) = 1;
    W(nptbr) = ptbr_for(t->root, 0);
    go(name);
    put_text("   leaf ");
    put_hex(t->leaf[PT_INDEX0(GPA)] & 0xfff);
    put_text("\n");
}

/* Every right of the nested leaf against load and store. */
void nested_rights(const struct boot_page *boot)
{
    word *target = new_page();

    (void)boot;
    struct tables t = nested_tables(target, 0);
    for (word low = 0; low < 0x100; low++) {
        if (low & (PTE_PL & ~0x10u))
            continue;
        t.leaf[PT_INDEX0(GPA)] = ADDRESS(target) | low;
        for (unsigned i = 0; i < 2; i++) {
            target[0] = 0x1111;
            fresh(i ? (const void *)guest_store : (const void *)guest_load, 0);
            W(rs1) = GPA;
            go_nested("nested", &t);
        }
    }
    fresh(guest_jump, 0);
    W(rs1) = GPA;
    t.leaf[PT_INDEX0(GPA)] = ADDRESS(target) | PTE_V | PTE_R | PTE_W;
    go_nested("fetch without X", &t);
    fresh(guest_jump, 0);
    W(rs1) = 0x30000000;
    go_nested("fetch from nothing", &t);
    fresh(guest_load, 0);
    W(rs1) = 0x10000005;
    go_nested("a device's neighbour", &t);
}

/* The guest's own table under the nested one: where it may lie, and what is marked. A is set from
 * the beginning: a monitor in between may set it for a walk that then ends in the guest's fault. */
void nested_walks(const struct boot_page *boot)
{
    word *own = new_root(), *own_leaf = new_page(), *target = new_page();

    (void)boot;
    own[PT_INDEX1(0x50000000)] = GPA | PTE_V; /* its second level is at GPA */
    for (unsigned how = 0; how < 24; how++) {
        static const word rights[] = {0, PTE_V | PTE_R | PTE_A, PTE_V | PTE_R | PTE_W | PTE_A,
                                      PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D};
        static const word leaves[] = {0, PTE_V | PTE_R | PTE_W | PTE_PL,
                                      PTE_V | PTE_R | PTE_W | PTE_PL | PTE_A | PTE_D};
        struct tables t = nested_tables(own_leaf, rights[how & 3]);
        own_leaf[0] = leaves[how >> 3] ? ADDRESS(target) | leaves[how >> 3] : 0;
        target[0] = 0x2222;
        fresh(how & 4 ? (const void *)guest_store : (const void *)guest_load, 0);
        W(rs1) = 0x50000000;
        W(ptbr) = ptbr_for(own, 3);
        go_nested("walk", &t);
        put_text("   own leaf ");
        put_hex(own_leaf[0] & 0xfff);
        put_text("\n");
    }
    fresh(guest_load, 0);
    W(rs1) = 0x60000000;
    own[PT_INDEX1(0x60000000)] = 0x70000000 | PTE_V;
    struct tables t = nested_tables(own_leaf, LEAF_ALL);
    W(ptbr) = ptbr_for(own, 3);
    go_nested("a walk into nothing", &t);
}

/* What the processor keeps is forgotten when the VMCB says so, and what was not there is found. */
void nested_flushes(const struct boot_page *boot)
{
    word *one = new_page(), *two = new_page();

    (void)boot;
    one[0] = 0x1111;
    two[0] = 0x2222;
    struct tables t = nested_tables(one, LEAF_ALL);
    for (word how = 0; how < 8; how++) {
        t.leaf[PT_INDEX0(GPA)] = ADDRESS(how & 1 ? two : one) | LEAF_ALL;
        fresh(guest_load, 0);
        W(rs1) = GPA;
        W(tlb_control) = how & 2 ? 1 : 2;
        go_nested("flushed", &t);
    }
    for (word page = 1; page < 6; page++) {
        fresh(guest_load, 0);
        W(rs1) = GPA + page * PAGE_SIZE;
        W(tlb_control) = 0;
        go_nested("not yet", &t);
        t.leaf[PT_INDEX0(GPA) + page] = ADDRESS(two) | LEAF_ALL;
        fresh(guest_load, 0);
        W(rs1) = GPA + page * PAGE_SIZE;
        W(tlb_control) = 0;
        go_nested("found", &t);
    }
    for (word vmid = 1; vmid < 40; vmid++) { /* more than a monitor of ours keeps apart */
        fresh(guest_load, 0);
        W(rs1) = GPA;
        W(vmid) = vmid;
        W(tlb_control) = 0;
        go_nested("many", &t);
    }
}

/* ---- at random ----------------------------------------------------------------------------- */

#define PAGES 4

/* A from the beginning, see nested_walks. */
static word random_rights(void)
{
    return (random_word() & (PTE_R | PTE_W | PTE_X | PTE_PL | PTE_D)) | PTE_A |
           (random_word() & 7 ? PTE_V : 0);
}

static word random_address(word base)
{
    return base + (random_word() % (PAGES + 1)) * PAGE_SIZE + (random_word() & 0xffc);
}

static void put_leaves(const char *name, const word *leaf)
{
    put_text(name);
    for (unsigned i = 0; i < PAGES; i++) {
        put_text(" ");
        put_hex(leaf[i] & 0xfff);
    }
    put_text("\n");
}

/* Both tables at random: pages of the guest's own table, some of which hold that table itself. */
void nested_random(const struct boot_page *boot)
{
    static const void *const codes[] = {guest_load, guest_store, guest_jump};
    word *target = new_page(), *own = new_root(), *own_leaf = new_page();
    struct tables t = nested_tables(target, 0);
    word *leaf = &t.leaf[PT_INDEX0(GPA)];

    random_seed(boot);
    for (unsigned n = 0; n < 300; n++) {
        word ring = random_word() & 3;
        for (unsigned i = 0; i < PAGES; i++) {
            leaf[i] = ADDRESS(random_word() & 3 ? target : own_leaf) | random_rights();
            own_leaf[i] = (GPA + (random_word() % PAGES) * PAGE_SIZE) | random_rights();
        }
        own[PT_INDEX1(OWN)] = (random_word() & 3 ? ADDRESS(own_leaf) : GPA) | PTE_V;
        for (unsigned i = 0; i < PT_ENTRIES; i++)
            ((volatile word *)target)[i] = 0x0000000b; /* hcall */
        fresh(codes[random_word() % COUNT(codes)], ring);
        W(ptbr) = random_word() & 3 ? ptbr_for(own, 1) : 0;
        W(rs1) = random_address(W(ptbr) ? OWN : GPA);
        W(icept_cause) = some(0xb000);
        go_nested("random", &t);
        put_leaves("   nested", leaf);
        put_leaves("   own", own_leaf);
    }
}
