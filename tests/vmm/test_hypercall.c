/*
 * Hypercalls on their own, without a processor: what is refused and why, that page tables stay
 * what was checked, and that counts are right whatever is asked, in whatever order.
 */
#include <check.h>
#include <string.h>

#include "tests/vmm/fake.h"
#include "vmm/hypercall.h"
#include "vmm/isa.h"
#include "vmm/para.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"

#include "isa/paging.h"

Suite *suite_vmm_hypercall(void);

/* Places in the guest's RAM. */
#define ROOT      (RAM_BASE + 0x10000)
#define LEAVES    (RAM_BASE + 0x11000)
#define ROOT2     (RAM_BASE + 0x12000)
#define LEAVES2   (RAM_BASE + 0x13000)
#define PAGE      (RAM_BASE + 0x20000)
#define OTHER     (RAM_BASE + 0x21000)
#define SHARED    (RAM_BASE + 0x30000)
#define NO_RAM    (RAM_BASE + FAKE_VM_RAM)
#define RW        (PTE_V | PTE_R | PTE_W | PTE_PL_OF(1))
#define RO        (PTE_V | PTE_R | PTE_PL_OF(1))
#define RIGHTS    (PTE_R | PTE_W | PTE_PL_OF(1))
#define RAM_PAGES (FAKE_VM_RAM / PAGE_SIZE)

static struct vmm vmm;
static struct vm *vm, *other;

enum number {
#define HYPERCALL(name, number, who, arguments, meaning) CALL_##name = (number),
#include "isa/hypercalls.def"
};

/* The answer; negative for an error, as the guest gets it. */
static int call_by(struct vm *who, word number, const word *a)
{
    who->vcpu.x[17] = number;
    for (unsigned i = 0; i < 6; i++)
        who->vcpu.x[10 + i] = a[i];
    hypercall(&who->vcpu);
    return (int)who->vcpu.x[10];
}

static int call(word number, word a, word b, word c, word d)
{
    return call_by(vm, number, (const word[6]){a, b, c, d, 0, 0});
}

#define refuses(error, result) ck_assert_int_eq(result, -(int)HYPERCALL_ERROR_##error)

static struct vm *make(struct vm *v)
{
    struct line why = {.length = 0};

    v->technique = &technique_para;
    v->ram_size = FAKE_VM_RAM;
    ck_assert(v->technique->create(v, &why));
    return v;
}

static hpa real(struct vm *v, gpa page)
{
    return p2m_entry(&v->map, page) & PTE_PPN;
}

static void setup(void)
{
    vm = make(fake_vm(&vmm));
    other = make(fake_vm_more(&vmm, "other"));
    ck_assert_int_eq(call(CALL_share, SHARED, 0, 0, 0), 0);
}

/* A root with one table of leaves that maps PAGE, writable, and the shared page. */
static void go_live(void)
{
    fake_write(vm, ROOT + PT_INDEX1(PAGE) * 4, real(vm, LEAVES) | PTE_V);
    fake_write(vm, LEAVES + PT_INDEX0(PAGE) * 4, real(vm, PAGE) | RW);
    fake_write(vm, LEAVES + PT_INDEX0(SHARED) * 4, real(vm, SHARED) | RW);
    ck_assert_int_eq(call(CALL_table_make, LEAVES, 1, 0, 0), 0);
    ck_assert_int_eq(call(CALL_table_make, ROOT, 2, 0, 0), 0);
    ck_assert_int_eq(call(CALL_root, ROOT, 0, 0, 0), 0);
}

static int update(gpa address, word value)
{
    struct hypercall_shared *s = vm->para->shared;

    s->updates[s->update_count++] = (struct hypercall_update){address, value};
    return call(CALL_update, 0, 0, 0, 0);
}

static word leaf_of(gpa page)
{
    return LEAVES + PT_INDEX0(page) * 4;
}

/* ---- counts, counted again ----------------------------------------------------------------- */

struct counted {
    word pointers, writable;
};

static void count_table(struct counted *c, const struct frame *f, const word *table)
{
    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        word e = table[i];
        if (!(e & PTE_V))
            continue;
        struct counted *to = &c[alloc_number(&vmm.alloc, e & PTE_PPN)];
        if (para_type(f) == PARA_ROOT)
            to->pointers++;
        else
            to->writable += (e & PTE_W) != 0;
    }
}

static void check_frame(struct vm *v, gpa page, const struct counted *c)
{
    const struct frame *f = para_frame(v, page);
    const struct para *p = v->para;
    word shared = p->shared && phys_of(p->shared) == real(v, page);
    bool is_table = para_type(f) == PARA_LEAVES || para_type(f) == PARA_ROOT;

    ck_assert(!is_table || c->writable == 0);
    ck_assert(is_table == !(p2m_entry(&v->map, page) & PTE_W));
    switch (para_type(f)) {
    case PARA_PLAIN:
        ck_assert_uint_eq(para_uses(f), 0);
        ck_assert(!c->writable && !c->pointers && !shared);
        break;
    case PARA_WRITABLE:
        ck_assert_uint_eq(para_uses(f), c->writable + shared);
        ck_assert_uint_eq(c->pointers, 0);
        break;
    case PARA_LEAVES:
        ck_assert_uint_eq(para_uses(f), 1 + c->pointers);
        break;
    case PARA_ROOT:
        ck_assert_uint_eq(para_uses(f), 1u + (p->paging && p->root == real(v, page)));
        break;
    }
}

/* Every leaf leads to the VM's own RAM, or is a mapping that the monitor knows of. */
static void check_reach(struct vm *v, const word *table)
{
    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        if (!(table[i] & PTE_V) ||
            vmm.alloc.frames[alloc_number(&vmm.alloc, table[i] & PTE_PPN)].owner == v->id)
            continue;
        bool known = false;
        for (unsigned m = 0; m < PARA_GRANTS; m++)
            known |= v->para->mappings[m].entry == phys_of(&table[i]);
        ck_assert(known);
    }
}

static void check_grants(const struct vm *owner, const struct vm *mapper)
{
    for (word g = 0; g < PARA_GRANTS; g++) {
        word mapped = 0;
        for (word m = 0; m < PARA_GRANTS; m++) {
            const struct para_mapping *at = &mapper->para->mappings[m];
            mapped += at->entry && at->vm == owner->id && at->grant == g;
        }
        ck_assert_uint_eq(owner->para->grants[g].mapped, mapped);
    }
}

static void check_all(void)
{
    static struct counted counted[FAKE_SIZE / PAGE_SIZE];
    struct vm *const all[] = {vm, other};

    memset(counted, 0, sizeof counted);
    for (unsigned v = 0; v < 2; v++) {
        for (word i = 0; i < RAM_PAGES; i++) {
            gpa page = RAM_BASE + i * PAGE_SIZE;
            const struct frame *f = para_frame(all[v], page);
            const word *table = phys_ptr(real(all[v], page));
            if (para_type(f) != PARA_LEAVES && para_type(f) != PARA_ROOT)
                continue;
            count_table(counted, f, table);
            check_reach(all[v], table);
        }
    }
    for (unsigned v = 0; v < 2; v++)
        for (word i = 0; i < RAM_PAGES; i++) {
            gpa page = RAM_BASE + i * PAGE_SIZE;
            check_frame(all[v], page, &counted[alloc_number(&vmm.alloc, real(all[v], page))]);
        }
    check_grants(vm, other);
    check_grants(other, vm);
}

/* ---- arguments ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    word number, a[6];
    enum hypercall_error error;
} wild[] = {
    {"no such number", 999, {0}, HYPERCALL_ERROR_unknown},
    {"a negative number", ~0u, {0}, HYPERCALL_ERROR_unknown},
    {"text in nothing", CALL_write, {0, 4}, HYPERCALL_ERROR_address},
    {"text that leaves RAM", CALL_write, {NO_RAM - 2, 4}, HYPERCALL_ERROR_address},
    {"text around the end of addresses", CALL_write, {~0u - 1, 4}, HYPERCALL_ERROR_address},
    {"endless text", CALL_write, {RAM_BASE, ~0u}, HYPERCALL_ERROR_invalid},
    {"a second shared page", CALL_share, {PAGE}, HYPERCALL_ERROR_state},
    {"a callback that no instruction is at",
     CALL_callback,
     {RAM_BASE + 2},
     HYPERCALL_ERROR_invalid},
    {"no callback", CALL_callback, {0}, HYPERCALL_ERROR_invalid},
    {"frames of nothing", CALL_frames, {NO_RAM, 1, PAGE}, HYPERCALL_ERROR_address},
    {"frames to nothing", CALL_frames, {PAGE, 1, NO_RAM}, HYPERCALL_ERROR_address},
    {"frames without end", CALL_frames, {PAGE, ~0u, PAGE}, HYPERCALL_ERROR_invalid},
    {"frames into a table", CALL_frames, {PAGE, 1, LEAVES}, HYPERCALL_ERROR_address},
    {"a table of level 0", CALL_table_make, {OTHER, 0}, HYPERCALL_ERROR_invalid},
    {"a table of level 3", CALL_table_make, {OTHER, 3}, HYPERCALL_ERROR_invalid},
    {"a table in nothing", CALL_table_make, {NO_RAM, 1}, HYPERCALL_ERROR_address},
    {"a table across pages", CALL_table_make, {OTHER + 4, 1}, HYPERCALL_ERROR_address},
    {"a table that is writable", CALL_table_make, {PAGE, 1}, HYPERCALL_ERROR_type},
    {"the shared page as a table", CALL_table_make, {SHARED, 1}, HYPERCALL_ERROR_type},
    {"a table twice", CALL_table_make, {LEAVES, 1}, HYPERCALL_ERROR_type},
    {"a table of leaves as a root", CALL_table_make, {LEAVES, 2}, HYPERCALL_ERROR_type},
    {"freeing a plain page", CALL_table_free, {OTHER}, HYPERCALL_ERROR_type},
    {"freeing the running root", CALL_table_free, {ROOT}, HYPERCALL_ERROR_busy},
    {"freeing a table that is pointed to", CALL_table_free, {LEAVES}, HYPERCALL_ERROR_busy},
    {"a root that is a plain page", CALL_root, {OTHER, 0}, HYPERCALL_ERROR_type},
    {"a root of leaves", CALL_root, {LEAVES, 0}, HYPERCALL_ERROR_type},
    {"a root in nothing", CALL_root, {0, 0}, HYPERCALL_ERROR_address},
    {"an ASID too large", CALL_root, {ROOT, 512}, HYPERCALL_ERROR_invalid},
    {"a port for nobody", CALL_event_open, {7}, HYPERCALL_ERROR_no_vm},
    {"a port for VM 0", CALL_event_open, {0}, HYPERCALL_ERROR_no_vm},
    {"a port for VM 2^32 - 1", CALL_event_open, {~0u}, HYPERCALL_ERROR_no_vm},
    {"binding what is not open", CALL_event_bind, {2, 5}, HYPERCALL_ERROR_refused},
    {"binding port 2^31", CALL_event_bind, {2, 1u << 31}, HYPERCALL_ERROR_refused},
    {"sending to a closed port", CALL_event_send, {5}, HYPERCALL_ERROR_invalid},
    {"sending to port 32", CALL_event_send, {32}, HYPERCALL_ERROR_invalid},
    {"closing a closed port", CALL_event_close, {5}, HYPERCALL_ERROR_invalid},
    {"closing port 2^32 - 1", CALL_event_close, {~0u}, HYPERCALL_ERROR_invalid},
    {"granting nothing", CALL_grant, {NO_RAM, 2, 1}, HYPERCALL_ERROR_address},
    {"granting to nobody", CALL_grant, {PAGE, 3, 1}, HYPERCALL_ERROR_no_vm},
    {"granting to oneself", CALL_grant, {PAGE, 1, 1}, HYPERCALL_ERROR_no_vm},
    {"ending no grant", CALL_grant_end, {0}, HYPERCALL_ERROR_invalid},
    {"ending grant 2^32 - 1", CALL_grant_end, {~0u}, HYPERCALL_ERROR_invalid},
    {"mapping no grant", CALL_grant_map, {LEAVES, 2, 0, RIGHTS}, HYPERCALL_ERROR_refused},
    {"mapping grant 2^32 - 1", CALL_grant_map, {LEAVES, 2, ~0u, RIGHTS}, HYPERCALL_ERROR_refused},
    {"mapping from nobody", CALL_grant_map, {LEAVES, 9, 0, RIGHTS}, HYPERCALL_ERROR_no_vm},
    {"unmapping what is not mapped", CALL_grant_unmap, {LEAVES}, HYPERCALL_ERROR_invalid},
    {"unmapping in nothing", CALL_grant_unmap, {NO_RAM}, HYPERCALL_ERROR_invalid},
    {"a queue of no device", CALL_queue, {9, 0, 16, PAGE, PAGE, PAGE}, HYPERCALL_ERROR_invalid},
    {"a queue too many", CALL_queue, {0, 2, 16, PAGE, PAGE, PAGE}, HYPERCALL_ERROR_invalid},
    {"a queue of 3", CALL_queue, {0, 0, 3, PAGE, PAGE, PAGE}, HYPERCALL_ERROR_invalid},
    {"a queue too large", CALL_queue, {0, 0, 256, PAGE, PAGE, PAGE}, HYPERCALL_ERROR_invalid},
    {"descriptors in nothing", CALL_queue, {0, 0, 16, NO_RAM, PAGE, PAGE}, HYPERCALL_ERROR_address},
    {"avail not aligned", CALL_queue, {0, 0, 16, PAGE, PAGE + 1, PAGE}, HYPERCALL_ERROR_address},
    {"used leaves RAM", CALL_queue, {0, 0, 16, PAGE, PAGE, NO_RAM - 4}, HYPERCALL_ERROR_address},
    {"used wraps", CALL_queue, {0, 0, 16, PAGE, PAGE, ~3u}, HYPERCALL_ERROR_address},
    {"notifying no device", CALL_notify, {77, 0}, HYPERCALL_ERROR_invalid},
    {"notifying no queue", CALL_notify, {1, 1}, HYPERCALL_ERROR_invalid},
};

START_TEST(wild_arguments_are_refused_by_name)
{
    go_live();
    ck_assert_msg(call_by(vm, wild[_i].number, wild[_i].a) == -(int)wild[_i].error, "%s: %d",
                  wild[_i].name, (int)vm->vcpu.x[10]);
    check_all();
    ck_assert(!vm->ended && !other->ended);
}
END_TEST

START_TEST(a_guest_that_is_not_paravirtual_has_only_the_calls_for_all)
{
    vm->para = NULL;
    refuses(technique, call(CALL_table_make, PAGE, 1, 0, 0));
    ck_assert_int_eq(call(CALL_version, 0, 0, 0, 0), HYPERCALL_VERSION);
}
END_TEST

/* ---- entries ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    gpa address;
    word frame, bits; /* frame: page of RAM that it names; 0: bits are all of the entry */
    int answer;
} entries[] = {
    {"a page, writable", LEAVES, OTHER, RW, 1},
    {"a page, read-only", LEAVES, OTHER, RO, 1},
    {"nothing, with any bits", LEAVES, 0, 0xfffffffe, 1},
    {"a table, read-only", LEAVES, LEAVES, RO, 1},
    {"the root, read-only", LEAVES, ROOT, RO, 1},
    {"a table, writable", LEAVES, LEAVES, RW, -HYPERCALL_ERROR_type},
    {"the root, writable", LEAVES, ROOT, RW, -HYPERCALL_ERROR_type},
    {"the monitor's memory", LEAVES, 0, FAKE_BASE | RW, -HYPERCALL_ERROR_frame},
    {"the monitor's memory, read-only", LEAVES, 0, FAKE_BASE | RO, -HYPERCALL_ERROR_frame},
    {"beyond RAM", LEAVES, 0, (FAKE_BASE + FAKE_SIZE) | RO, -HYPERCALL_ERROR_frame},
    {"a device", LEAVES, 0, 0x10000000 | RW, -HYPERCALL_ERROR_frame},
    {"the last page of all", LEAVES, 0, 0xfffff000 | RW, -HYPERCALL_ERROR_frame},
    {"reserved bits", LEAVES, OTHER, RO | 0x400, -HYPERCALL_ERROR_entry},
    {"W without R", LEAVES, OTHER, PTE_V | PTE_W, -HYPERCALL_ERROR_entry},
    {"a pointer among leaves", LEAVES, OTHER, PTE_V, -HYPERCALL_ERROR_entry},
    {"a pointer to leaves", ROOT, LEAVES, PTE_V, 1},
    {"a pointer to the root itself", ROOT, ROOT, PTE_V, -HYPERCALL_ERROR_type},
    {"a pointer to a plain page", ROOT, OTHER, PTE_V, -HYPERCALL_ERROR_type},
    {"a pointer to a writable page", ROOT, PAGE, PTE_V, -HYPERCALL_ERROR_type},
    {"a superpage", ROOT, 0, 0x80000000 | RW, -HYPERCALL_ERROR_entry},
    {"a superpage of one's own page", ROOT, OTHER, RO, -HYPERCALL_ERROR_entry},
    {"in no table", OTHER, OTHER, RW, -HYPERCALL_ERROR_type},
    {"in the shared page", SHARED, OTHER, RW, -HYPERCALL_ERROR_type},
    {"in nothing", NO_RAM, OTHER, RW, -HYPERCALL_ERROR_address},
    {"at the end of addresses", ~3u, OTHER, RW, -HYPERCALL_ERROR_address},
};

START_TEST(an_entry_is_checked_before_it_counts)
{
    go_live();
    word before = fake_read(vm, LEAVES), value = entries[_i].bits;
    if (entries[_i].frame)
        value |= real(vm, entries[_i].frame);
    int answer = update(entries[_i].address, value);
    ck_assert_msg(answer == entries[_i].answer, "%s: %d", entries[_i].name, answer);
    if (answer > 0)
        ck_assert_uint_eq(fake_read(vm, entries[_i].address), value);
    else
        ck_assert_uint_eq(fake_read(vm, LEAVES), before);
    check_all();
}
END_TEST

START_TEST(another_vms_frame_is_nobody_elses)
{
    go_live();
    refuses(frame, update(LEAVES, real(other, PAGE) | RO));
    fake_write(vm, LEAVES2, real(other, PAGE) | RO);
    refuses(frame, call(CALL_table_make, LEAVES2, 1, 0, 0));
    check_all();
}
END_TEST

/* What was counted up to the bad entry is counted back. */
START_TEST(a_table_with_one_bad_entry_is_no_table)
{
    go_live();
    fake_write(vm, LEAVES2, real(vm, OTHER) | RW);
    fake_write(vm, LEAVES2 + 4, real(vm, OTHER) | RW);
    fake_write(vm, LEAVES2 + 4092, real(vm, LEAVES) | RW);
    refuses(type, call(CALL_table_make, LEAVES2, 1, 0, 0));
    check_all();
    fake_write(vm, LEAVES2 + 4092, 0);
    ck_assert_int_eq(call(CALL_table_make, LEAVES2, 1, 0, 0), 0);
    check_all();
}
END_TEST

START_TEST(a_table_cannot_make_itself_writable)
{
    fake_write(vm, LEAVES, real(vm, LEAVES) | RW);
    refuses(type, call(CALL_table_make, LEAVES, 1, 0, 0));
    fake_write(vm, ROOT, real(vm, ROOT) | PTE_V);
    refuses(type, call(CALL_table_make, ROOT, 2, 0, 0));
    check_all();
}
END_TEST

/* Two roots that point to each other's tables: no call follows more than one pointer. */
START_TEST(a_batch_is_applied_up_to_what_is_wrong_and_no_further)
{
    struct hypercall_shared *s = vm->para->shared;

    go_live();
    s->updates[0] = (struct hypercall_update){LEAVES, real(vm, OTHER) | RO};
    s->updates[1] = (struct hypercall_update){LEAVES + 4, real(vm, LEAVES) | RW};
    s->updates[2] = (struct hypercall_update){LEAVES + 8, real(vm, OTHER) | RO};
    s->update_count = 3;
    refuses(type, call(CALL_update, 0, 0, 0, 0));
    ck_assert_uint_eq(fake_read(vm, LEAVES), real(vm, OTHER) | RO);
    ck_assert_uint_eq(fake_read(vm, LEAVES + 8), 0);
    ck_assert_uint_eq(s->update_count, 0);
    s->update_count = HYPERCALL_UPDATES + 1;
    refuses(invalid, call(CALL_update, 0, 0, 0, 0));
    s->update_count = ~0u;
    refuses(invalid, call(CALL_iret, 0, 0, 0, 0));
    check_all();
}
END_TEST

START_TEST(an_alarm_waits_with_the_updates)
{
    struct hypercall_shared *s = vm->para->shared;

    s->updates[0] = (struct hypercall_update){5u << 2 | UPDATE_ALARM, 77};
    s->update_count = 1;
    ck_assert_uint_eq(vm->vcpu.cb->timecmp, ~0u);
    ck_assert_int_eq(call(CALL_block, 0, 0, 0, 0), 0);
    ck_assert_uint_eq(vm->vcpu.cb->timecmp, 77);
    ck_assert_uint_eq(vm->vcpu.cb->timecmph, 5);
}
END_TEST

/* ---- the TLB ------------------------------------------------------------------------------- */

/* A writable translation may still be in the TLB when its page becomes a table (XSA-401). */
START_TEST(before_a_page_becomes_a_table_the_tlb_forgets_it)
{
    go_live();
    unsigned before = fake()->forgotten_asids;
    ck_assert_int_eq(update(leaf_of(PAGE), 0), 1);
    ck_assert_msg(fake()->forgotten_asids == before, "a change alone is the guest's own affair");
    ck_assert_int_eq(call(CALL_table_make, PAGE, 1, 0, 0), 0);
    ck_assert_uint_ge(fake()->forgotten_asids, before + vm->para->space_count);
    check_all();
}
END_TEST

/* The same, where an entry of the root is what went away (XSA-286). */
START_TEST(so_it_does_after_a_pointer_went_away)
{
    go_live();
    ck_assert_int_eq(call(CALL_table_make, ROOT2, 2, 0, 0), 0);
    ck_assert_int_eq(call(CALL_root, ROOT2, 1, 0, 0), 0);
    ck_assert_int_eq(call(CALL_table_free, ROOT, 0, 0, 0), 0);
    ck_assert_int_eq(call(CALL_table_free, LEAVES, 0, 0, 0), 0);
    check_all();
    unsigned before = fake()->forgotten_asids;
    ck_assert_int_eq(call(CALL_table_make, PAGE, 1, 0, 0), 0);
    ck_assert_uint_ge(fake()->forgotten_asids, before + vm->para->space_count);
}
END_TEST

/* The guest's numbers are more than the real ones that it has; two never share one at a time. */
START_TEST(address_space_numbers_are_the_guests_own)
{
    go_live();
    ck_assert_int_eq(call(CALL_root, ROOT, 3, 0, 0), 0);
    word three = para_root(vm);
    unsigned before = fake()->forgotten_asids;
    ck_assert_int_eq(call(CALL_root, ROOT, 3 + PARA_SPACES, 0, 0), 0);
    word also = para_root(vm);
    ck_assert_uint_eq(three, also);
    ck_assert_uint_gt(fake()->forgotten_asids, before);
    ck_assert_uint_eq(para_real_asid(vm->para, 3), ASID_NONE);
    ck_assert_uint_eq(vmm.alloc.asid_owner[para_real_asid(vm->para, 3 + PARA_SPACES)], vm->id);
}
END_TEST

/* ---- grants -------------------------------------------------------------------------------- */

static int granted(bool writable)
{
    return call_by(other, CALL_grant, (const word[6]){PAGE, 1, writable});
}

START_TEST(a_granted_page_is_mapped_and_given_back)
{
    go_live();
    word reference = (word)granted(true);
    ck_assert_int_eq(call(CALL_grant_map, LEAVES, 2, reference, RIGHTS), 0);
    ck_assert_uint_eq(fake_read(vm, LEAVES), real(other, PAGE) | RW);
    check_all();
    ck_assert_int_eq(call(CALL_grant_unmap, LEAVES, 0, 0, 0), 0);
    ck_assert_uint_eq(fake_read(vm, LEAVES), 0);
    check_all();
    ck_assert_int_eq(call_by(other, CALL_grant_end, (const word[6]){reference}), 0);
    refuses(refused, call(CALL_grant_map, LEAVES, 2, reference, RIGHTS));
}
END_TEST

START_TEST(a_grant_cannot_be_taken_back_while_it_is_mapped)
{
    go_live();
    word reference = (word)granted(true);
    ck_assert_int_eq(call(CALL_grant_map, LEAVES, 2, reference, RIGHTS), 0);
    refuses(busy, call_by(other, CALL_grant_end, (const word[6]){reference}));
    refuses(busy, update(LEAVES, 0));
    refuses(type, call_by(other, CALL_table_make, (const word[6]){PAGE, 1}));
    ck_assert_int_eq(call(CALL_table_make, ROOT2, 2, 0, 0), 0);
    ck_assert_int_eq(call(CALL_root, ROOT2, 0, 0, 0), 0);
    ck_assert_int_eq(call(CALL_table_free, ROOT, 0, 0, 0), 0);
    refuses(busy, call(CALL_table_free, LEAVES, 0, 0, 0));
    check_all();
}
END_TEST

START_TEST(a_grant_gives_no_more_than_it_says)
{
    go_live();
    word reference = (word)granted(false);
    refuses(refused, call(CALL_grant_map, LEAVES, 2, reference, RIGHTS));
    refuses(entry, call(CALL_grant_map, LEAVES, 2, reference, PTE_R | 0x400));
    refuses(entry, call(CALL_grant_map, LEAVES, 2, reference, 0x80000000 | PTE_R));
    refuses(busy, call(CALL_grant_map, leaf_of(PAGE), 2, reference, PTE_R));
    refuses(type, call(CALL_grant_map, ROOT, 2, reference, PTE_R));
    refuses(type, call(CALL_grant_map, OTHER, 2, reference, PTE_R));
    ck_assert_int_eq(call(CALL_grant_map, LEAVES, 2, reference, PTE_R), 0);
    ck_assert_uint_eq(fake_read(vm, LEAVES), real(other, PAGE) | PTE_R | PTE_V);
    check_all();
}
END_TEST

/* Granted while plain, a page table by the time it is mapped. */
START_TEST(a_grant_does_not_make_a_page_table_writable)
{
    go_live();
    word reference = (word)granted(true);
    ck_assert_int_eq(call_by(other, CALL_table_make, (const word[6]){PAGE, 1}), 0);
    refuses(type, call(CALL_grant_map, LEAVES, 2, reference, RIGHTS));
    check_all();
}
END_TEST

START_TEST(what_a_vm_granted_ends_with_it)
{
    go_live();
    word reference = (word)granted(true);
    ck_assert_int_eq(call(CALL_grant_map, LEAVES, 2, reference, RIGHTS), 0);
    ck_assert_int_eq(call(CALL_grant, OTHER, 2, 1, 0), 0);
    unsigned before = fake()->forgotten_asids;
    para_end_grants(other);
    ck_assert_uint_eq(fake_read(vm, LEAVES), 0);
    ck_assert_uint_gt(fake()->forgotten_asids, before);
    ck_assert_msg(vm->para->grants[0].vm == 0, "the next VM of that number was not meant");
    check_all();
}
END_TEST

START_TEST(what_a_vm_has_mapped_it_gives_back_in_the_end)
{
    go_live();
    word reference = (word)granted(true);
    ck_assert_int_eq(call(CALL_grant_map, LEAVES, 2, reference, RIGHTS), 0);
    para_end_grants(vm);
    check_all();
    refuses(invalid, call_by(other, CALL_grant_end, (const word[6]){reference}));
}
END_TEST

/* ---- events -------------------------------------------------------------------------------- */

START_TEST(an_event_goes_from_one_vm_to_the_other)
{
    int there, here;

    ck_assert_int_eq(call_by(other, CALL_share, (const word[6]){SHARED}), 0);
    there = call_by(other, CALL_event_open, (const word[6]){1});
    ck_assert_int_eq(there, EVENT_PORT_first);
    here = call(CALL_event_bind, 2, (word)there, 0, 0);
    ck_assert_int_ge(here, EVENT_PORT_first);
    ck_assert_int_eq(call(CALL_event_send, (word)here, 0, 0, 0), 0);
    ck_assert_uint_eq(other->para->shared->raised, 1u << there);
    ck_assert(other->vcpu.cb->ip & FIELD_ip_ext);
    ck_assert_int_eq(call(CALL_event_send, (word)here, 0, 0, 0), 0);
    ck_assert_msg(other->para->shared->raised == 1u << there, "one that was not taken is one");
    other->para->shared->taken ^= 1u << there;
    ck_assert_int_eq(call(CALL_event_send, (word)here, 0, 0, 0), 0);
    ck_assert_uint_eq(other->para->shared->raised, 0);
    refuses(refused, call(CALL_event_bind, 2, (word)there, 0, 0));
    ck_assert_int_eq(call_by(other, CALL_event_close, (const word[6]){(word)there}), 0);
    refuses(invalid, call(CALL_event_send, (word)here, 0, 0, 0));
}
END_TEST

START_TEST(ports_are_used_up_and_come_back)
{
    unsigned opened = 0;

    while (call(CALL_event_open, 2, 0, 0, 0) >= 0)
        opened++;
    ck_assert_uint_eq(opened, HYPERCALL_PORTS - EVENT_PORT_first);
    refuses(full, call(CALL_event_open, 2, 0, 0, 0));
    para_close_ports(other);
    ck_assert_int_eq(call(CALL_event_open, 2, 0, 0, 0), EVENT_PORT_first);
}
END_TEST

/* ---- iret ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    word epc, status;
    int answer; /* 0: it returns */
    word ring;
} returns[] = {
    {"to a program", 0x40000000, 3 << 2 | FIELD_status_pie, 0, 3},
    {"to the kernel", 0x80000000, 0, 0, 0},
    {"to ring 1", 0x40000000, 1 << 2, -HYPERCALL_ERROR_invalid, 0},
    {"to ring 2", 0x40000000, 2 << 2, -HYPERCALL_ERROR_invalid, 0},
    {"to no instruction", 0x40000002, 3 << 2, -HYPERCALL_ERROR_invalid, 0},
    {"with every bit set", 0xfffffffc, ~0u, 0, 3},
};

START_TEST(iret_returns_to_ring_0_or_3_and_gives_nothing_else_away)
{
    struct hypercall_shared *s = vm->para->shared;
    union vmcb *cb = vm->vcpu.cb;

    go_live();
    s->epc = returns[_i].epc;
    s->status = returns[_i].status;
    s->a7 = 77;
    int answer = call(CALL_iret, 0, 0, 0, 0);
    ck_assert_uint_eq(cb->ring, returns[_i].ring);
    ck_assert_uint_eq(cb->status & (FIELD_status_tps | FIELD_status_iopl), 0);
    if (returns[_i].answer) {
        ck_assert_int_eq(answer, returns[_i].answer);
        return;
    }
    ck_assert_uint_eq(cb->pc, returns[_i].epc);
    ck_assert_uint_eq(vm->vcpu.x[17], 77);
    ck_assert_uint_eq(s->masked, !(returns[_i].status & FIELD_status_pie));
}
END_TEST

/* ---- everything ---------------------------------------------------------------------------- */

static word seed;
static unsigned succeeded[64]; /* by number */

static word random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    return seed ^= seed << 5;
}

static word pick(const word *from, word count)
{
    return from[random_word() % count];
}

/* A page that is worth a try: few, so that they meet. */
static gpa random_page(void)
{
    static const word pages[] = {ROOT, LEAVES, ROOT2, LEAVES2, PAGE, OTHER, SHARED, NO_RAM};

    return pick(pages, 8);
}

static word random_entry(const struct vm *v)
{
    static const word bits[] = {RW, RO, PTE_V, 0, RW | 0x400, PTE_V | PTE_W};
    gpa page = random_page();
    struct vm *whose = random_word() % 8 ? (struct vm *)v : other == v ? vm : other;

    return (page == NO_RAM ? random_word() : real(whose, page)) | pick(bits, 6);
}

/* What an argument is, when it is not nonsense. */
enum kind { NONE, A_PAGE, AN_ENTRY, A_LEVEL, AN_ASID, A_VM, A_REFERENCE, SOME_RIGHTS, A_PORT };

static word random_argument(enum kind kind)
{
    static const word nonsense[] = {0, 3, 32, 0x80000000, 0xffffffff};
    static const word rights[] = {RIGHTS, PTE_R, PTE_R | PTE_W, PTE_W};

    if (random_word() % 16 == 0)
        return pick(nonsense, COUNT_OF(nonsense));
    switch (kind) {
    case A_PAGE:
        return random_page();
    case AN_ENTRY:
        return random_page() + (random_word() % 16) * 4;
    case A_LEVEL:
        return 1 + random_word() % 2;
    case A_VM:
        return 1 + random_word() % 2;
    case SOME_RIGHTS:
        return pick(rights, COUNT_OF(rights));
    case A_PORT:
        return EVENT_PORT_first + random_word() % 3;
    default:
        return random_word() % 4;
    }
}

static const struct {
    word number;
    enum kind kinds[4];
} calls[] = {
    {CALL_table_make, {A_PAGE, A_LEVEL}},
    {CALL_table_make, {A_PAGE, A_LEVEL}},
    {CALL_table_free, {A_PAGE}},
    {CALL_root, {A_PAGE, AN_ASID}},
    {CALL_root, {A_PAGE, AN_ASID}},
    {CALL_update, {NONE}},
    {CALL_update, {NONE}},
    {CALL_grant, {A_PAGE, A_VM, A_LEVEL}},
    {CALL_grant, {A_PAGE, A_VM, A_LEVEL}},
    {CALL_grant_map, {AN_ENTRY, A_VM, A_REFERENCE, SOME_RIGHTS}},
    {CALL_grant_map, {AN_ENTRY, A_VM, A_REFERENCE, SOME_RIGHTS}},
    {CALL_grant_unmap, {AN_ENTRY}},
    {CALL_grant_unmap, {AN_ENTRY}},
    {CALL_grant_end, {A_REFERENCE}},
    {CALL_event_open, {A_VM}},
    {CALL_event_bind, {A_VM, A_PORT}},
    {CALL_event_send, {A_PORT}},
    {CALL_event_close, {A_PORT}},
    {CALL_frames, {A_PAGE, A_LEVEL, A_PAGE}},
    {CALL_iret, {NONE}},
    {CALL_share, {A_PAGE}},
    {CALL_queue, {A_LEVEL, A_LEVEL, A_LEVEL, A_PAGE}},
    {CALL_block, {NONE}},
};

static void queue_updates(const struct vm *v, struct hypercall_shared *s)
{
    s->update_count = random_word() % 4;
    for (word i = 0; i < s->update_count; i++)
        s->updates[i] = (struct hypercall_update){random_argument(AN_ENTRY), random_entry(v)};
}

/* A plain page is filled in by its owner, as it will be with a table to be. */
static void fill_in(struct vm *v, gpa page)
{
    if (page == NO_RAM || page == SHARED || !(p2m_entry(&v->map, page) & PTE_W))
        return;
    memset(p2m_word(&v->map, page), 0, 64);
    if (random_word() % 4)
        fake_write(v, page + (random_word() % 8) * 4, random_entry(v));
}

static void random_call(void)
{
    unsigned n = random_word() % COUNT_OF(calls);
    struct vm *v = random_word() % 3 ? vm : other;
    struct hypercall_shared *s = v->para->shared;
    word a[6] = {0};

    for (unsigned i = 0; i < 4; i++)
        a[i] = random_argument(calls[n].kinds[i]);
    if (s && (calls[n].number == CALL_update || random_word() % 8 == 0))
        queue_updates(v, s);
    fill_in(v, random_page());
    if (call_by(v, calls[n].number, a) >= 0)
        succeeded[calls[n].number]++;
}

START_TEST(whatever_is_asked_the_counts_are_right)
{
    static const word some[] = {CALL_table_make, CALL_table_free,  CALL_root,     CALL_update,
                                CALL_grant_map,  CALL_grant_unmap, CALL_grant_end};

    seed = 0x9e3779b9u * (word)(_i + 1);
    if (_i % 2)
        go_live();
    for (unsigned n = 0; n < 5000; n++) {
        random_call();
        if (n % 32 == 0)
            check_all();
    }
    check_all();
    for (unsigned i = 0; i < COUNT_OF(some); i++)
        ck_assert_msg(succeeded[some[i]] > 0, "%u was always refused", some[i]);
    para_close_ports(vm);
    para_end_grants(vm);
    check_all();
}
END_TEST

Suite *suite_vmm_hypercall(void)
{
    Suite *s = suite_create("vmm_hypercall");
    TCase *t = tcase_create("hypercall");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_loop_test(t, wild_arguments_are_refused_by_name, 0, COUNT_OF(wild));
    tcase_add_test(t, a_guest_that_is_not_paravirtual_has_only_the_calls_for_all);
    tcase_add_loop_test(t, an_entry_is_checked_before_it_counts, 0, COUNT_OF(entries));
    tcase_add_test(t, another_vms_frame_is_nobody_elses);
    tcase_add_test(t, a_table_with_one_bad_entry_is_no_table);
    tcase_add_test(t, a_table_cannot_make_itself_writable);
    tcase_add_test(t, a_batch_is_applied_up_to_what_is_wrong_and_no_further);
    tcase_add_test(t, an_alarm_waits_with_the_updates);
    tcase_add_test(t, before_a_page_becomes_a_table_the_tlb_forgets_it);
    tcase_add_test(t, so_it_does_after_a_pointer_went_away);
    tcase_add_test(t, address_space_numbers_are_the_guests_own);
    tcase_add_test(t, a_granted_page_is_mapped_and_given_back);
    tcase_add_test(t, a_grant_cannot_be_taken_back_while_it_is_mapped);
    tcase_add_test(t, a_grant_gives_no_more_than_it_says);
    tcase_add_test(t, a_grant_does_not_make_a_page_table_writable);
    tcase_add_test(t, what_a_vm_granted_ends_with_it);
    tcase_add_test(t, what_a_vm_has_mapped_it_gives_back_in_the_end);
    tcase_add_test(t, an_event_goes_from_one_vm_to_the_other);
    tcase_add_test(t, ports_are_used_up_and_come_back);
    tcase_add_loop_test(t, iret_returns_to_ring_0_or_3_and_gives_nothing_else_away, 0,
                        COUNT_OF(returns));
    tcase_add_loop_test(t, whatever_is_asked_the_counts_are_right, 0, 12);
    suite_add_tcase(s, t);
    return s;
}
