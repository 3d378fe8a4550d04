/*
 * Direct page tables: the guest's own tables are what the processor walks. They hold numbers of
 * real frames, and the guest can only read them: each change is a hypercall, and checked.
 *
 *   root (ROOT) -> tables (LEAVES) -> frames of the VM's own RAM
 *
 *   entry of a root     no superpages; a pointer leads to a frame of type LEAVES
 *   leaf                no reserved bits, W only with R; a frame of the VM's; W takes WRITABLE
 *
 * A pointer never makes its target a table: table_make has done that before, for one page at a
 * time. So no check ever follows a pointer, there is no recursion to bound, and a table that
 * leads to itself, or up, is refused by its type.
 *
 * The TLB: an entry that goes away may live on there. While its frame keeps its type that is the
 * guest's own affair, as on a bare machine. Before a frame changes into a table, everything that
 * may be stale is forgotten (para.stale).
 *
 * Until the guest first sets a root it runs untranslated, on the VM's map, where every page is
 * writable; there a table loses W in the map. The bit stays so afterwards, and says to whoever
 * writes guest memory for the guest (virtqueues) that this page is not to be written.
 */
#include "vmm/para.h"

#include "vmm/arch.h"
#include "vmm/hypercall.h"
#include "vmm/phys.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define TYPE_SHIFT 30
#define USES       ((1u << TYPE_SHIFT) - 1)
#define LEAF_BITS  (PTE_R | PTE_W | PTE_X)
#define ASID_MOST  (PTBR_ASID >> PTBR_ASID_SHIFT)

/* ---- types and counts --------------------------------------------------------------------- */

enum para_type para_type(const struct frame *f)
{
    return (enum para_type)(f->note >> TYPE_SHIFT);
}

word para_uses(const struct frame *f)
{
    return f->note & USES;
}

bool para_take(struct frame *f, enum para_type type)
{
    if (para_uses(f) == 0)
        f->note = (word)type << TYPE_SHIFT;
    if (para_type(f) != type)
        return false;
    f->note++; /* entries and pointers are fewer than 2^30 */
    return true;
}

void para_drop(struct frame *f)
{
    vmm_assert(para_uses(f) > 0);
    if ((--f->note & USES) == 0)
        f->note = PARA_PLAIN;
}

struct frame *para_frame(struct vm *vm, gpa page)
{
    word entry = page & ~PAGE_MASK ? 0 : p2m_entry(&vm->map, page);

    return entry ? alloc_entry(&vm->vmm->alloc, entry & PTE_PPN) : NULL;
}

/* The frame that an entry names, NULL when it is not RAM of this VM. */
static struct frame *named_frame(struct vm *vm, word entry)
{
    struct alloc *a = &vm->vmm->alloc;
    word number = ((entry & PTE_PPN) - a->base) >> PAGE_SHIFT;

    if (number >= a->count || a->frames[number].owner != vm->id ||
        a->frames[number].type != FRAME_RAM)
        return NULL;
    return &a->frames[number];
}

/* ---- entries ------------------------------------------------------------------------------ */

static word get_leaf(struct vm *vm, word entry)
{
    struct frame *f = named_frame(vm, entry);

    if ((entry & PTE_ZERO) || !(entry & LEAF_BITS) || (entry & (PTE_R | PTE_W)) == PTE_W)
        return HYPERCALL_ERROR_entry;
    if (!f)
        return HYPERCALL_ERROR_frame;
    if ((entry & PTE_W) && !para_take(f, PARA_WRITABLE))
        return HYPERCALL_ERROR_type;
    return 0;
}

static word get_pointer(struct vm *vm, word entry)
{
    struct frame *f = named_frame(vm, entry);

    if (entry & (PTE_ZERO | LEAF_BITS))
        return HYPERCALL_ERROR_entry;
    if (!f)
        return HYPERCALL_ERROR_frame;
    if (para_type(f) != PARA_LEAVES)
        return HYPERCALL_ERROR_type;
    para_take(f, PARA_LEAVES);
    return 0;
}

/* Counts what an entry of a table of this type leads to; 0, or why the entry may not be. */
static word get(struct vm *vm, enum para_type table, word entry)
{
    if (!(entry & PTE_V))
        return 0;
    return table == PARA_ROOT ? get_pointer(vm, entry) : get_leaf(vm, entry);
}

/* An entry that was counted goes away. */
static void put(struct vm *vm, enum para_type table, word entry)
{
    if (!(entry & PTE_V))
        return;
    struct frame *f = named_frame(vm, entry);
    vmm_assert(f);
    if (table == PARA_ROOT || (entry & PTE_W))
        para_drop(f);
    vm->para->stale = true;
}

/* A leaf that maps what another VM granted: only grant_unmap takes it away. */
static bool is_foreign(struct vm *vm, word entry)
{
    return (entry & PTE_V) && !named_frame(vm, entry);
}

/* ---- the TLB ------------------------------------------------------------------------------ */

word para_real_asid(const struct para *p, word asid)
{
    const struct para_space *s = p->space_count ? &p->spaces[asid % p->space_count] : NULL;

    return s && s->guest == asid ? s->real : ASID_NONE;
}

void para_forget(struct vm *vm)
{
    struct para *p = vm->para;

    for (unsigned i = 0; i < p->space_count; i++)
        arch_forget_asid(p->spaces[i].real);
    p->stale = false;
}

/* As many numbers as the VM can have, up to one for each place; the first time. */
static bool take_spaces(struct vm *vm)
{
    struct para *p = vm->para;

    while (p->space_count < PARA_SPACES) {
        word real = alloc_asid(&vm->vmm->alloc, vm->id);
        if (real == ASID_NONE)
            break;
        p->spaces[p->space_count] = (struct para_space){p->space_count, real};
        p->space_count++;
    }
    return p->space_count > 0;
}

/* The guest's numbers share the real ones out by their low digits; a new holder finds it empty. */
static word space_for(struct para *p, word asid)
{
    struct para_space *s = &p->spaces[asid % p->space_count];

    if (s->guest != asid) {
        arch_forget_asid(s->real);
        s->guest = asid;
    }
    return s->real;
}

word para_root(struct vm *vm)
{
    word asid = (vm->vcpu.cb->ptbr & PTBR_ASID) >> PTBR_ASID_SHIFT;

    return PTBR_ON | space_for(vm->para, asid) << PTBR_ASID_SHIFT | vm->para->root >> PAGE_SHIFT;
}

/* ---- tables ------------------------------------------------------------------------------- */

/* Who writes for the guest, and the guest itself while it has no paging, sees it in the map. */
static void set_writable(struct vm *vm, gpa page, bool writable)
{
    if (writable)
        p2m_allow_writes(&vm->map, page);
    else
        p2m_forbid_writes(&vm->map, page);
    if (!vm->para->paging)
        arch_forget_page(page, vm->shadow.bare_asid);
}

/* The first entry from number i on that is not 0, PT_ENTRIES when there is none. Most tables are
 * nearly empty, and a hypercall waits for this. */
static unsigned next_entry(const word *table, unsigned i)
{
    for (; i % 8 && i < PT_ENTRIES; i++)
        if (table[i])
            return i;
    for (; i < PT_ENTRIES; i += 8) {
        const word *t = &table[i];
        if (t[0] | t[1] | t[2] | t[3] | t[4] | t[5] | t[6] | t[7])
            break;
    }
    while (i < PT_ENTRIES && !table[i])
        i++;
    return i;
}

/* Counts all that a table leads to, or nothing. */
static word get_all(struct vm *vm, enum para_type type, const word *table)
{
    for (unsigned i = next_entry(table, 0); i < PT_ENTRIES; i = next_entry(table, i + 1)) {
        word error = get(vm, type, table[i]);
        if (!error)
            continue;
        while (i--)
            put(vm, type, table[i]);
        return error;
    }
    return 0;
}

enum outcome hypercall_table_make(struct vcpu *v)
{
    struct vm *vm = v->vm;
    gpa page = hypercall_argument(v, 0);
    word level = hypercall_argument(v, 1);
    struct frame *f = para_frame(vm, page);

    if (level != 1 && level != 2)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    if (!f)
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    word error = para_update(vm);
    if (error)
        return hypercall_end(v, error);
    if (para_uses(f) > 0)
        return hypercall_refuse(v, HYPERCALL_ERROR_type);
    if (vm->para->stale)
        para_forget(vm);
    enum para_type type = level == 1 ? PARA_LEAVES : PARA_ROOT;
    para_take(f, type); /* from here on it is not writable, not even by an entry of its own */
    set_writable(vm, page, false);
    error = get_all(vm, type, p2m_word(&vm->map, page));
    if (error) {
        para_drop(f);
        set_writable(vm, page, true);
    }
    return hypercall_end(v, error);
}

static bool holds_foreign(const struct para *p, const word *table)
{
    for (unsigned i = 0; i < PARA_GRANTS; i++)
        if ((p->mappings[i].entry & PAGE_MASK) == phys_of(table))
            return true;
    return false;
}

enum outcome hypercall_table_free(struct vcpu *v)
{
    struct vm *vm = v->vm;
    gpa page = hypercall_argument(v, 0);
    struct frame *f = para_frame(vm, page);

    if (!f)
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    word error = para_update(vm);
    if (error)
        return hypercall_end(v, error);
    enum para_type type = para_type(f);
    const word *table = p2m_word(&vm->map, page);
    if (type != PARA_LEAVES && type != PARA_ROOT)
        return hypercall_refuse(v, HYPERCALL_ERROR_type);
    if (para_uses(f) > 1 || holds_foreign(vm->para, table))
        return hypercall_refuse(v, HYPERCALL_ERROR_busy);
    for (unsigned i = next_entry(table, 0); i < PT_ENTRIES; i = next_entry(table, i + 1))
        put(vm, type, table[i]);
    para_drop(f);
    set_writable(vm, page, true);
    return hypercall_answer(v, 0);
}

enum outcome hypercall_root(struct vcpu *v)
{
    struct vm *vm = v->vm;
    struct para *p = vm->para;
    struct frame *f = para_frame(vm, hypercall_argument(v, 0));
    word asid = hypercall_argument(v, 1);

    if (asid > ASID_MOST)
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    if (!f)
        return hypercall_refuse(v, HYPERCALL_ERROR_address);
    word error = para_update(vm);
    if (error)
        return hypercall_end(v, error);
    if (para_type(f) != PARA_ROOT)
        return hypercall_refuse(v, HYPERCALL_ERROR_type);
    if (!p->paging && !take_spaces(vm))
        return hypercall_refuse(v, HYPERCALL_ERROR_no_memory);
    para_take(f, PARA_ROOT);
    if (p->paging)
        para_drop(alloc_entry(&vm->vmm->alloc, p->root));
    else
        arch_forget_asid(vm->shadow.bare_asid); /* where tables were still plain pages */
    p->paging = true;
    p->root = phys_of(p2m_word(&vm->map, hypercall_argument(v, 0)));
    v->cb->ptbr = PTBR_ON | asid << PTBR_ASID_SHIFT | p->root >> PAGE_SHIFT;
    v->cb->nptbr = 0; /* its tables hold real addresses */
    v->root_stale = true;
    return hypercall_answer(v, 0);
}

/* ---- updates ------------------------------------------------------------------------------ */

/* Where an entry is, and what kind of table it is in; NULL when it is in none. */
static word *table_slot(struct vm *vm, gpa address, enum para_type *type)
{
    const struct frame *f = para_frame(vm, address & PAGE_MASK);

    *type = f ? para_type(f) : PARA_PLAIN;
    if (*type != PARA_LEAVES && *type != PARA_ROOT)
        return NULL;
    return p2m_word(&vm->map, address);
}

word *para_leaf_slot(struct vm *vm, gpa address)
{
    enum para_type type;
    word *slot = address & 3 ? NULL : table_slot(vm, address, &type);

    return slot && type == PARA_LEAVES ? slot : NULL;
}

static word set_entry(struct vm *vm, gpa address, word value)
{
    enum para_type type;
    word *slot = table_slot(vm, address, &type);

    if (!para_frame(vm, address & PAGE_MASK))
        return HYPERCALL_ERROR_address;
    if (!slot)
        return HYPERCALL_ERROR_type;
    word old = *slot;
    if (type == PARA_LEAVES && is_foreign(vm, old))
        return HYPERCALL_ERROR_busy;
    word error = get(vm, type, value);
    if (error)
        return error;
    *slot = value;
    put(vm, type, old);
    return 0;
}

static word apply(struct vm *vm, struct hypercall_update u)
{
    word real = para_real_asid(vm->para, u.address >> 2 & ASID_MOST);

    switch (u.address & 3) {
    case UPDATE_ENTRY:
        return set_entry(vm, u.address, u.value);
    case UPDATE_FLUSH_PAGE:
        if (real != ASID_NONE)
            arch_forget_page(u.value, real);
        return 0;
    case UPDATE_FLUSH_SPACE:
        if (real != ASID_NONE)
            arch_forget_asid(real);
        return 0;
    default: /* the two bits that are not there repeat the highest: all ones is never */
        para_alarm(&vm->vcpu, u.value, (word)((int32_t)u.address >> 2));
        return 0;
    }
}

word para_update(struct vm *vm)
{
    struct hypercall_shared *s = vm->para->shared;
    word count = s ? s->update_count : 0, error = 0;

    if (count == 0)
        return 0;
    s->update_count = 0;
    if (count > HYPERCALL_UPDATES)
        return HYPERCALL_ERROR_invalid;
    for (word i = 0; i < count && !error; i++) {
        struct hypercall_update u = s->updates[i]; /* read once: what is checked is what is done */
        error = apply(vm, u);
    }
    return error;
}

enum outcome hypercall_update(struct vcpu *v)
{
    const struct hypercall_shared *s = v->vm->para->shared;
    word count = s ? s->update_count : 0;
    word error = para_update(v->vm);

    return error ? hypercall_end(v, error) : hypercall_answer(v, count);
}

enum outcome hypercall_frames(struct vcpu *v)
{
    struct vm *vm = v->vm;
    gpa page = hypercall_argument(v, 0), to = hypercall_argument(v, 2);
    word count = hypercall_argument(v, 1);

    if (count > PT_ENTRIES || (to & 3))
        return hypercall_refuse(v, HYPERCALL_ERROR_invalid);
    for (word i = 0; i < count; i++) {
        word entry = p2m_entry(&vm->map, (page & PAGE_MASK) + i * PAGE_SIZE);
        word *slot = p2m_word_write(&vm->map, to + i * 4);
        if (!entry || !slot)
            return hypercall_refuse(v, HYPERCALL_ERROR_address);
        *slot = entry >> PAGE_SHIFT;
    }
    return hypercall_answer(v, 0);
}
