/*
 * Address spaces, contexts and "guest sees | real"; see view.h. How a guest-physical address
 * becomes a real one is the context tracker's knowledge (trace/context.h); the guest's own
 * page table is walked here, in the guest's memory.
 */
#include "world/view.h"

#include "base/hash.h"
#include "base/text.h"
#include "isa/csr.h"
#include "isa/paging.h"
#include "world/host.h"

#include <stdio.h>
#include <string.h>

enum vmcb_offset {
#define VMCB(area, name, offset, meaning) VMCB_##name = (offset),
#include "isa/vmcb.def"
};

static const char *const abi_names[32] = {
#define REGISTER(number, name, role) [number] = #name,
#include "isa/registers.def"
#undef REGISTER
};

/* Where a register of a context that is kept by a monitor lies in its page. */
static const struct {
    word reg;
    word offset;
} kept[] = {
    {VIEW_PC, VMCB_pc},          {VIEW_RING, VMCB_ring},        {CSR_status, VMCB_status},
    {CSR_tvec, VMCB_tvec},       {CSR_tscratch, VMCB_tscratch}, {CSR_epc, VMCB_epc},
    {CSR_cause, VMCB_cause},     {CSR_tval, VMCB_tval},         {CSR_ie, VMCB_ie},
    {CSR_ip, VMCB_ip},           {CSR_ptbr, VMCB_ptbr},         {CSR_tptbr, VMCB_tptbr},
    {CSR_timecmp, VMCB_timecmp}, {CSR_timecmph, VMCB_timecmph}, {CSR_cntren, VMCB_cntren},
    {CSR_eptbr, VMCB_eptbr},     {CSR_instret, VMCB_instret},   {CSR_instreth, VMCB_instreth},
};

static const struct contexts *contexts(const struct host *h)
{
    return machine_contexts(h->machine);
}

/* ---- contexts ---- */

const struct context *view_context(const struct host *h, uint16_t id)
{
    return id < contexts(h)->count ? &contexts(h)->table[id] : NULL;
}

uint16_t view_current(const struct host *h)
{
    return contexts(h)->current;
}

bool view_is_monitor(const struct host *h, uint16_t id)
{
    const struct contexts *c = contexts(h);

    for (unsigned i = 1; i < c->count; i++)
        if (c->table[i].parent == id)
            return true;
    return false;
}

const char *view_context_name(const struct host *h, uint16_t id, char *buffer, size_t size)
{
    struct text t = text_init(buffer, size);

    if (id == 0 && view_is_monitor(h, 0))
        text_add(&t, "vmm");
    else
        contexts_name(contexts(h), id, buffer, size);
    return buffer;
}

/* ---- registers ---- */

bool view_register(const char *name, word *reg)
{
    const struct csr_info *csr = csr_find(name);
    unsigned number;
    char rest;

    for (unsigned i = 0; i < 32; i++) {
        if (strcmp(name, abi_names[i]) == 0) {
            *reg = i;
            return true;
        }
    }
    if (sscanf(name, "x%2u%c", &number, &rest) == 1 && number < 32)
        *reg = number;
    else if (strcmp(name, "fp") == 0)
        *reg = 8;
    else if (strcmp(name, "pc") == 0)
        *reg = VIEW_PC;
    else if (strcmp(name, "ring") == 0)
        *reg = VIEW_RING;
    else if (csr)
        *reg = csr->number;
    else
        return false;
    return true;
}

const char *view_register_name(word reg)
{
    const struct csr_info *csr = csr_info(reg);

    if (reg < 32)
        return abi_names[reg];
    if (reg == VIEW_PC || reg == VIEW_RING)
        return reg == VIEW_PC ? "pc" : "ring";
    return csr ? csr->name : "?";
}

static bool machine_register(const struct host *h, word reg, word *value)
{
    const struct cpu_regs *regs = machine_regs(h->machine);

    if (reg < 32)
        *value = regs->x[reg];
    else if (reg == VIEW_PC)
        *value = regs->pc;
    else if (reg == VIEW_RING)
        *value = regs->ring;
    else
        return machine_csr_read(h->machine, reg, value);
    return true;
}

bool view_real(const struct host *h, uint16_t context, word reg, word *value)
{
    return context == view_current(h) && machine_register(h, reg, value);
}

/* In a copy of the processor's registers; those that a copy cannot have are not there. */
static bool copied_register(const struct cpu_regs *r, word reg, word *value)
{
    const struct {
        word reg, value;
    } rows[] = {
        {VIEW_PC, r->pc},
        {VIEW_RING, r->ring},
        {CSR_status, (r->status & ~(word)FIELD_status_cring) | r->ring << SHIFT_status_cring},
        {CSR_tvec, r->tvec},
        {CSR_tscratch, r->tscratch},
        {CSR_epc, r->epc},
        {CSR_cause, r->cause},
        {CSR_tval, r->tval},
        {CSR_ie, r->ie},
        {CSR_ip, r->ip},
        {CSR_ptbr, r->ptbr},
        {CSR_tptbr, r->tptbr},
        {CSR_timecmp, r->timecmp},
        {CSR_timecmph, r->timecmph},
        {CSR_cntren, r->cntren},
        {CSR_eptbr, r->eptbr},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].reg == reg) {
            *value = rows[i].value;
            return true;
        }
    }
    return false;
}

bool view_was_real(const struct host *h, uint16_t context, word reg, word *value)
{
    const struct context *c = view_context(h, context);

    return c && c->level < CONTEXT_LEVELS && context != view_current(h) &&
           h->real[c->level].context == context &&
           copied_register(&h->real[c->level].regs, reg, value);
}

/* A word of the page that the context's monitor publishes. */
static bool page_word(const struct host *h, const struct context *k, word offset, word *value)
{
    return k->vmcb && contexts_read_word(contexts(h), k->parent, k->vmcb + offset, value);
}

static bool kept_x(const struct host *h, const struct context *k, word reg, word *value)
{
    if (reg != 0)
        return k->gprs && contexts_read_word(contexts(h), k->parent, k->gprs + reg * 4, value);
    *value = 0;
    return true;
}

static bool kept_control(const struct host *h, const struct context *k, word reg, word *value)
{
    word ring;

    for (unsigned i = 0; i < COUNT_OF(kept); i++) {
        if (kept[i].reg != reg)
            continue;
        if (!page_word(h, k, kept[i].offset, value))
            return false;
        /* The ring has a word of its own; the register shows it too. */
        if (reg == CSR_status && page_word(h, k, VMCB_ring, &ring))
            *value = (*value & ~(word)FIELD_status_cring) |
                     (ring << SHIFT_status_cring & FIELD_status_cring);
        return true;
    }
    return false;
}

bool view_kept(const struct host *h, uint16_t context, word reg, hpa *out)
{
    const struct context *k = context ? view_context(h, context) : NULL;

    if (!k)
        return false;
    if (reg > 0 && reg < 32)
        return k->gprs && contexts_physical(contexts(h), k->parent, k->gprs + reg * 4, out);
    for (unsigned i = 0; i < COUNT_OF(kept); i++)
        if (kept[i].reg == reg)
            return k->vmcb &&
                   contexts_physical(contexts(h), k->parent, k->vmcb + kept[i].offset, out);
    return false;
}

/*
 * With hardware assist the control registers of the guest's own kernel are in the processor; but for
 * those that a monitor keeps and therefore intercepts, as the ones of paging where it shadows the
 * guest's tables. With TPS a trap or tret moves these from one register to another, without an
 * exit: which is where now is seen from what the VMCB still says of the entry. A monitor inside
 * knows it at its next exit only, and what a monitor further out keeps is not known inside.
 */
enum where { IN_PAGE, IN_PROCESSOR, MOVED, UNKNOWN };

/* Does the context's monitor hear of its reading this control register? */
static bool is_intercepted(const struct host *h, uint16_t context, word reg)
{
    word reads = 0;

    page_word(h, view_context(h, context), VMCB_icept_csr_read, &reads);
    return reads >> (reg - CSR_status) & 1;
}

static bool has_tps(const struct host *h)
{
    return (machine_regs(h->machine)->status & FIELD_status_tps) != 0;
}

static enum where where_is(const struct host *h, uint16_t context, word reg)
{
    struct machine_guest guest;

    if (context == 0 || context != view_current(h) || context != contexts(h)->base ||
        !machine_guest(h->machine, &guest))
        return IN_PAGE;
    for (uint16_t id = context; id != 0 && reg >= CSR_status; id = view_context(h, id)->parent) {
        if (!is_intercepted(h, id, reg))
            continue;
        if (view_context(h, context)->parent == 0)
            return MOVED;
        return id != context || reg == CSR_eptbr || has_tps(h) ? UNKNOWN : IN_PAGE;
    }
    return IN_PROCESSOR;
}

/* What `reg` holds some register held at entry: what that was for the guest, the page tells. */
static bool moved(const struct host *h, const struct context *k, word reg, word *value)
{
    static const word tables[] = {VMCB_ptbr, VMCB_tptbr, VMCB_eptbr};
    struct machine_guest guest;
    word now, loaded;

    if (!machine_guest(h->machine, &guest) || !machine_csr_read(h->machine, reg, &now))
        return false;
    for (unsigned i = 0; i < COUNT_OF(tables); i++)
        if (machine_read(h->machine, guest.vmcb + tables[i], &loaded, sizeof loaded) &&
            loaded == now)
            return page_word(h, k, tables[i], value);
    return false;
}

/* What one that is on its way out had: all that was its own in the processor is still nowhere else. */
static bool leavers(const struct host *h, uint16_t context, word reg, word *value)
{
    const struct context *k = view_context(h, context);

    if (context != h->leaver.context)
        return false;
    if (reg < 32 || reg == VIEW_PC) {
        *value = reg == VIEW_PC ? h->leaver.pc : h->leaver.x[reg];
        return true;
    }
    if (k->level >= CONTEXT_LEVELS || !h->real[k->level].vmrun)
        return false; /* real registers were its monitor's */
    for (uint16_t id = context; id != 0 && reg >= CSR_status; id = view_context(h, id)->parent)
        if (is_intercepted(h, id, reg))
            return false;
    return view_was_real(h, context, reg, value);
}

bool view_guest(const struct host *h, uint16_t context, word reg, word *value)
{
    const struct context *k = view_context(h, context);
    bool plain = reg < 32 || reg == VIEW_PC;

    if (!k)
        return false;
    if (context == 0 ? view_current(h) == 0 || !plain : plain && context == view_current(h))
        return machine_register(h, reg, value);
    enum where where = where_is(h, context, reg);
    if (where == IN_PROCESSOR)
        return machine_register(h, reg, value);
    if (where == MOVED)
        return moved(h, k, reg, value);
    if (context == 0 || where == UNKNOWN)
        return false; /* a root that does not run has its registers on its stack, if at all */
    if (leavers(h, context, reg, value))
        return true;
    return reg < 32 ? kept_x(h, k, reg, value) : kept_control(h, k, reg, value);
}

/* ---- spaces ---- */

const char *space_name(enum space_kind kind)
{
    static const char *const names[] = {
        [SPACE_HPA] = "hpa",
        [SPACE_GPA] = "gpa",
        [SPACE_GVA] = "gva",
    };
    return names[kind];
}

/* The page table that the context believes to have loaded. Of the root: what is loaded, or,
 * while a guest runs, none: a monitor is entered with paging as tptbr says (isa.md 4). */
static bool page_table(const struct host *h, uint16_t context, word *ptbr)
{
    if (context != 0 || view_current(h) == 0 ||
        !(machine_regs(h->machine)->status & FIELD_status_tps))
        return view_guest(h, context, CSR_ptbr, ptbr);
    *ptbr = machine_regs(h->machine)->tptbr;
    return true;
}

static bool entry_maps(word entry)
{
    return (entry & (PTE_R | PTE_X)) != 0;
}

/* Tables in the memory that the context believes to be physical. */
static unsigned walk(const struct host *h, uint16_t context, word ptbr, gva address,
                     struct walk_step steps[2])
{
    word table = (ptbr & PTBR_PPN) << PAGE_SHIFT;

    if (!(ptbr & PTBR_ON))
        return 0;
    for (unsigned level = 0; level < 2; level++) {
        unsigned index = level == 0 ? PT_INDEX1(address) : PT_INDEX0(address);
        struct walk_step *s = &steps[level];

        *s = (struct walk_step){.address = table + index * 4};
        s->readable = contexts_read_word(contexts(h), context, s->address, &s->entry);
        if (!s->readable || !(s->entry & PTE_V) || entry_maps(s->entry))
            return level + 1;
        table = s->entry & PTE_PPN;
    }
    return 2;
}

unsigned view_walk(const struct host *h, uint16_t context, gva address, struct walk_step steps[2])
{
    word ptbr;

    return page_table(h, context, &ptbr) ? walk(h, context, ptbr, address, steps) : 0;
}

unsigned view_walk_real(const struct host *h, word ptbr, gva address, struct walk_step steps[2])
{
    return walk(h, 0, ptbr, address, steps);
}

/* A guest-virtual address in the context's physical memory. */
static bool own_physical(const struct host *h, uint16_t context, gva address, gpa *out)
{
    struct walk_step steps[2];
    word ptbr;

    if (!page_table(h, context, &ptbr))
        return false;
    if (!(ptbr & PTBR_ON)) {
        *out = address;
        return true;
    }
    unsigned n = view_walk(h, context, address, steps);
    if (n == 0)
        return false;
    word entry = steps[n - 1].entry;
    word offset = n == 1 ? SUPERPAGE_SIZE - 1 : PAGE_SIZE - 1;
    if (!steps[n - 1].readable || !(entry & PTE_V) || !entry_maps(entry))
        return false;
    *out = (entry & PTE_PPN & ~offset) | (address & offset);
    return true;
}

bool view_translate(const struct host *h, struct space space, word address, hpa *out)
{
    gpa physical = address;

    if (space.kind == SPACE_GVA && !own_physical(h, space.context, address, &physical))
        return false;
    if (space.kind != SPACE_HPA)
        return contexts_physical(contexts(h), space.context, physical, out);
    *out = address;
    return true;
}

/* Page by page, since neighbours may lie apart; `step` sees each piece. */
static bool pieces(const struct host *h, struct space space, word address, size_t size,
                   bool (*step)(void *user, hpa at, size_t offset, size_t n), void *user)
{
    for (size_t done = 0; done < size;) {
        word at = address + (word)done;
        size_t n = PAGE_SIZE - (at & ~PAGE_MASK);
        hpa where;

        if (n > size - done)
            n = size - done;
        if (at < address || !view_translate(h, space, at, &where) || !step(user, where, done, n))
            return false;
        done += n;
    }
    return true;
}

struct transfer {
    struct host *h;
    const struct machine *machine;
    uint8_t *to;
    const uint8_t *from;
};

static bool read_piece(void *user, hpa at, size_t offset, size_t n)
{
    struct transfer *t = user;

    return machine_read(t->machine, at, t->to + offset, n);
}

static bool check_piece(void *user, hpa at, size_t offset, size_t n)
{
    struct transfer *t = user;
    uint8_t probe;

    (void)offset;
    return machine_read(t->machine, at, &probe, 1) &&
           machine_read(t->machine, at + (hpa)n - 1, &probe, 1);
}

static bool write_piece(void *user, hpa at, size_t offset, size_t n)
{
    struct transfer *t = user;

    return host_write(t->h, at, t->from + offset, n);
}

bool view_read(const struct host *h, struct space space, word address, void *data, size_t size)
{
    struct transfer t = {.machine = h->machine, .to = data};

    return pieces(h, space, address, size, check_piece, &t) &&
           pieces(h, space, address, size, read_piece, &t);
}

bool view_fetch(const struct host *h, uint16_t context, gva address, word *bits)
{
    struct walk_step steps[2];
    word own = 0, real;

    if (view_read(h, (struct space){SPACE_GVA, context}, address, bits, sizeof *bits))
        return true;
    page_table(h, context, &own);
    if (context == 0 ||
        (!view_real(h, context, CSR_ptbr, &real) && !view_was_real(h, context, CSR_ptbr, &real)) ||
        real == own) /* nested paging: it is a table in the guest's memory */
        return false;
    unsigned n = view_walk_real(h, real, address, steps);
    if (n == 0 || !(steps[n - 1].entry & PTE_V) || !(steps[n - 1].entry & PTE_X))
        return false;
    word inside = n == 1 ? SUPERPAGE_SIZE - 1 : PAGE_SIZE - 1;
    hpa where = (steps[n - 1].entry & PTE_PPN & ~inside) | (address & inside);
    return machine_read(h->machine, where, bits, sizeof *bits);
}

bool view_write(struct host *h, struct space space, word address, const void *data, size_t size)
{
    struct transfer t = {.h = h, .machine = h->machine, .from = data};

    return pieces(h, space, address, size, check_piece, &t) &&
           pieces(h, space, address, size, write_piece, &t);
}

uint64_t view_ram_digest(const struct host *h, uint16_t context, word size)
{
    struct space space = {SPACE_GPA, context};
    uint8_t page[PAGE_SIZE];
    uint64_t hash = HASH_START;

    for (word done = 0; done < size; done += PAGE_SIZE) {
        if (!view_read(h, space, RAM_BASE + done, page, sizeof page))
            memset(page, 0, sizeof page);
        hash = hash_bytes(hash, page, sizeof page);
    }
    return hash;
}
