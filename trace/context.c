/*
 * The tracker of contexts; see context.h.
 *
 * The running context is the root, or what a chain of `inside` leads to from the VM that the
 * root entered. A speaker other than the root cannot enter anything by itself: its tret or
 * vmrun traps to the root, which carries it out and then enters the speaker's VM; so what it
 * said is believed at that trap and not at an interrupt that comes between.
 *
 * Invariants: a child's id is greater than its parent's, so that chains end; only living
 * contexts are `current`, `inside`, `entering` or `created`.
 */
#include "trace/context.h"

#include "base/text.h"
#include "isa/csr.h"
#include "isa/insn.h"
#include "isa/paging.h"
#include "isa/vmcb.h"

static const struct context fresh = {
    .parent = CONTEXT_NONE,
    .inside = CONTEXT_NONE,
    .entering = CONTEXT_NONE,
    .created = CONTEXT_NONE,
    .writer = CONTEXT_NONE,
    .alive = true,
};

void contexts_init(struct contexts *c, context_read_fn *read, void *user)
{
    *c = (struct contexts){.count = 1, .read = read, .user = user};
    c->table[0] = fresh;
}

uint16_t contexts_find(const struct contexts *c, uint16_t parent, uint16_t vmid)
{
    for (unsigned i = 1; i < c->count; i++) {
        const struct context *k = &c->table[i];

        if (k->alive && k->parent == parent && k->vmid == vmid)
            return (uint16_t)i;
    }
    return CONTEXT_NONE;
}

/* A hint names a child of the speaker by a whole word. */
static uint16_t child_of(const struct contexts *c, uint16_t parent, word vmid)
{
    return vmid <= 0xffff ? contexts_find(c, parent, (uint16_t)vmid) : CONTEXT_NONE;
}

/* ---- memory in the eyes of a context ---- */

/* `address` of the parent's page table `root`, walked in the parent's memory. */
static bool walk(const struct contexts *c, uint16_t parent, word root, gpa address, gpa *out)
{
    word table = (root & PTBR_PPN) << PAGE_SHIFT, entry;

    if (!contexts_read_word(c, parent, table + PT_INDEX1(address) * 4, &entry) || !(entry & PTE_V))
        return false;
    if (entry & (PTE_R | PTE_X)) {
        *out = (entry & ~(SUPERPAGE_SIZE - 1)) | (address & (SUPERPAGE_SIZE - 1));
        return true;
    }
    table = entry & PTE_PPN;
    if (!contexts_read_word(c, parent, table + PT_INDEX0(address) * 4, &entry) ||
        !(entry & PTE_V) || !(entry & (PTE_R | PTE_X)))
        return false;
    *out = (entry & PTE_PPN) | (address & ~PAGE_MASK);
    return true;
}

bool contexts_physical(const struct contexts *c, uint16_t id, gpa address, hpa *out)
{
    /* One step up per round: the address becomes one of the parent's. */
    while (id != 0) {
        word root;

        if (id >= c->count || c->table[id].vmcb == 0)
            return false;
        const struct context *k = &c->table[id];
        if (!contexts_read_word(c, k->parent, k->vmcb + VMCB_nptbr, &root) ||
            ((root & PTBR_ON) && !walk(c, k->parent, root, address, &address)))
            return false;
        id = k->parent;
    }
    *out = address;
    return true;
}

bool contexts_read_word(const struct contexts *c, uint16_t id, gpa address, word *value)
{
    hpa where;

    return address % 4 == 0 && c->read && contexts_physical(c, id, address, &where) &&
           c->read(c->user, where, value);
}

bool contexts_read_text(const struct contexts *c, uint16_t id, gpa address, char *out, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++) {
        gpa at = address + (gpa)i;
        word value;

        out[i] = '\0';
        if (!contexts_read_word(c, id, at & ~3u, &value))
            return false;
        uint8_t byte = (uint8_t)(value >> at % 4 * 8);
        if (byte == 0)
            return true;
        out[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : '?';
        out[i + 1] = '\0';
    }
    return true;
}

void contexts_name(const struct contexts *c, uint16_t id, char *out, size_t size)
{
    struct text t = text_init(out, size);

    if (id == 0) {
        text_add(&t, "machine");
        return;
    }
    if (id >= c->count) {
        text_add(&t, "context %u", id);
        return;
    }
    const struct context *k = &c->table[id];
    char name[16]; /* hints.def: at most 15 bytes */
    if (k->name && contexts_read_text(c, k->parent, k->name, name, sizeof name) && name[0])
        text_add(&t, "%s", name);
    else
        text_add(&t, "vm%u", k->vmid);
}

/* ---- hints ---- */

static void create(struct contexts *c, uint16_t speaker, word vmcb)
{
    struct context *parent = &c->table[speaker];
    word vmid;

    if (vmcb == 0 || parent->level + 1 > CONTEXT_LEVELS ||
        !contexts_read_word(c, speaker, vmcb + VMCB_vmid, &vmid) || vmid == 0 || vmid > 0xffff)
        return;
    uint16_t id = contexts_find(c, speaker, (uint16_t)vmid);
    if (id == CONTEXT_NONE) {
        if (c->count == CONTEXT_MAX)
            return;
        id = c->count++;
    }
    struct context *k = &c->table[id];
    *k = fresh;
    k->id = id;
    k->parent = speaker;
    k->level = (uint16_t)(parent->level + 1);
    k->vmid = (uint16_t)vmid;
    k->vmcb = vmcb;
    k->gprs = 0;
    k->name = 0;
    parent->created = id;
}

bool contexts_is_inside(const struct contexts *c, uint16_t id, uint16_t ancestor)
{
    while (id != ancestor && id != 0)
        id = c->table[id].parent;
    return id == ancestor;
}

/* A context dies with all that run inside it. */
static void destroy(struct contexts *c, uint16_t dead)
{
    struct context *parent = &c->table[c->table[dead].parent];

    for (unsigned i = dead; i < c->count; i++)
        if (contexts_is_inside(c, (uint16_t)i, dead))
            c->table[i].alive = false;
    if (parent->inside == dead)
        parent->inside = CONTEXT_NONE;
    if (parent->entering == dead)
        parent->entering = CONTEXT_NONE;
    if (parent->created == dead)
        parent->created = CONTEXT_NONE;
    if (parent->writer == dead)
        parent->writer = CONTEXT_NONE;
}

void contexts_hint(struct contexts *c, word ring, word number, word value)
{
    uint16_t speaker = c->current;
    struct context *s = &c->table[speaker];
    uint16_t child = child_of(c, speaker, value);

    if (speaker == 0 && ring != 0)
        return;
    switch (number) {
    case HINT_vm_create:
        create(c, speaker, value);
        break;
    case HINT_vm_gprs:
        if (s->created != CONTEXT_NONE)
            c->table[s->created].gprs = value;
        break;
    case HINT_vm_name:
        if (s->created != CONTEXT_NONE)
            c->table[s->created].name = value;
        break;
    case HINT_vm_destroy:
        if (child != CONTEXT_NONE)
            destroy(c, child);
        break;
    case HINT_enter:
        if (child != CONTEXT_NONE)
            s->entering = child;
        break;
    case HINT_console:
        s->writer = child;
        break;
    case HINT_reflect:
        if (child != CONTEXT_NONE) {
            c->table[child].inside = CONTEXT_NONE;
            c->table[child].entering = CONTEXT_NONE;
        }
        break;
    default:
        break;
    }
}

uint16_t contexts_writer(const struct contexts *c)
{
    uint16_t id = 0;

    while (c->table[id].writer != CONTEXT_NONE)
        id = c->table[id].writer;
    return id;
}

/* ---- control moves ---- */

static bool is_vmrun(word insn)
{
    return (insn & insn_info(INSN_vmrun)->mask) == insn_info(INSN_vmrun)->match;
}

/* What the speaker has said comes true if this is the instruction that it was said of. */
static void believe(struct context *k, word insn)
{
    bool by_vmrun = is_vmrun(insn);

    if (k->entering == CONTEXT_NONE || (!by_vmrun && insn != insn_info(INSN_tret)->match))
        return;
    k->inside = k->entering;
    k->by_vmrun = by_vmrun;
    k->entering = CONTEXT_NONE;
}

static void leave(struct contexts *c, uint16_t from, uint16_t to, uint64_t cycle)
{
    for (uint16_t i = from; i != to; i = c->table[i].parent)
        c->table[i].exit_cycle = cycle;
    c->current = to;
}

static uint16_t innermost(const struct contexts *c, uint16_t id)
{
    while (c->table[id].inside != CONTEXT_NONE)
        id = c->table[id].inside;
    return id;
}

uint16_t contexts_trap(struct contexts *c, uint64_t cycle, word insn)
{
    uint16_t from = c->current, base = c->base;

    if (from == base)
        return from;
    believe(&c->table[from], insn);
    leave(c, from, base, cycle);
    if (base != 0) /* of the root it is not kept */
        c->table[base].inside = CONTEXT_NONE;
    return from;
}

uint16_t contexts_exit(struct contexts *c, uint64_t cycle, word insn)
{
    uint16_t from = c->current;

    if (from != 0)
        believe(&c->table[from], insn);
    c->base = 0;
    leave(c, from, 0, cycle);
    return from;
}

uint16_t contexts_return(struct contexts *c)
{
    struct context *base = &c->table[c->base];

    if (c->current != c->base || base->entering == CONTEXT_NONE)
        return c->current;
    c->current = innermost(c, base->entering);
    if (c->base != 0) {
        base->inside = base->entering;
        base->by_vmrun = false;
    }
    base->entering = CONTEXT_NONE;
    return c->current;
}

/* The child that a vmrun enters though nobody announced it. */
static uint16_t unannounced(struct contexts *c, uint16_t vmid, hpa vmcb)
{
    uint16_t id = contexts_find(c, 0, vmid), created = c->table[0].created;

    if (id != CONTEXT_NONE)
        return id;
    create(c, 0, vmcb);
    c->table[0].created = created;
    return contexts_find(c, 0, vmid);
}

uint16_t contexts_vmrun(struct contexts *c, uint16_t vmid, hpa vmcb)
{
    uint16_t to = c->table[0].entering;

    if (to == CONTEXT_NONE)
        to = unannounced(c, vmid, vmcb);
    c->table[0].entering = CONTEXT_NONE;
    if (to == CONTEXT_NONE) /* the table is full */
        return c->current;
    while (c->table[to].inside != CONTEXT_NONE && c->table[to].by_vmrun)
        to = c->table[to].inside;
    c->base = to;
    c->current = innermost(c, to);
    return c->current;
}
