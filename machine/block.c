/*
 * Decoding, and the memory that decoded code lives in; see block.h for its shape.
 *
 * Everything is allocated when the machine is built: a table of pointers for the pages of RAM,
 * some thousand code pages, one pool as large as RAM within limits. When either of the last two is used up, all of it is
 * forgotten; that happens only between blocks, so nobody stands in what is thrown away.
 */
#include "machine/block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "machine/internal.h"

#define CODE_PAGES_MAX 2048u
#define POOL_MIN       (2u << 20)
#define POOL_MAX       (32u << 20)

/* What no countdown can pay: see cpu.h for how large one gets. */
const struct block block_none = {.charge = (charge)0x7fffffff << 32};

/* A block's largest size: header, ops with the one that falls through, tail. */
#define BLOCK_SIZE_MAX                                                                             \
    (sizeof(struct block) + (BLOCK_OPS_MAX + 1) * sizeof(struct op) + sizeof(struct tail))
#define NOTES_SIZE_MAX (BLOCK_OPS_MAX * sizeof(struct note))
#define BLOCK_ALIGN    32u

/* A block of one: the instruction, and the op that leaves or the tail. */
#define SINGLE_SIZE                                                                                \
    (sizeof(struct block) + 2 * sizeof(struct op) + sizeof(struct tail) + sizeof(struct note))

bool code_init(struct code *code, uint32_t ram_size)
{
    code->page_count = ram_size >> PAGE_SHIFT;
    code->pages = calloc(code->page_count, sizeof(struct code_page *));
    code->page_limit = code->page_count < CODE_PAGES_MAX ? code->page_count : CODE_PAGES_MAX;
    code->page_pool = malloc(code->page_limit * sizeof(struct code_page));
    code->size = ram_size < POOL_MIN ? POOL_MIN : ram_size > POOL_MAX ? POOL_MAX : ram_size;
    code->pool = aligned_alloc(BLOCK_ALIGN, code->size);
    code->singles = calloc(PT_ENTRIES, SINGLE_SIZE);
    return code->pages && code->page_pool && code->pool && code->singles;
}

void code_fini(struct code *code)
{
    free(code->pages);
    free(code->page_pool);
    free(code->pool);
    free(code->singles);
}

static void page_clear(struct code_page *page)
{
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        page->entry[i] = &block_none;
    memset(page->decoded, 0, sizeof(page->decoded));
    page->any = false;
}

void code_flush(struct cpu *c)
{
    struct code *code = &c->code;

    for (uint32_t i = 0; i < code->page_used; i++)
        code->pages[code->page_pool[i].number] = NULL;
    code->page_used = 0;
    code->used = 0;
    code->notes = (struct note *)(code->pool + code->size);
    fast_forget_fetches(c);
}

struct code_page *code_page(struct cpu *c, uint32_t number)
{
    struct code *code = &c->code;

    if (code->pages[number])
        return code->pages[number];
    if (code->page_used == code->page_limit)
        code_flush(c);
    struct code_page *page = &code->page_pool[code->page_used++];
    page_clear(page);
    page->number = number;
    code->pages[number] = page;
    return page;
}

/* ---- one instruction -------------------------------------------------------------------- */

enum ending { ENDS, GOES_ON, ENDS_WITH_TARGETS };

static const uint8_t endings[FORMAT_COUNT] = {
    [FORMAT_R] = GOES_ON,
    [FORMAT_I] = GOES_ON,
    [FORMAT_SHIFT] = GOES_ON,
    [FORMAT_LOAD] = GOES_ON,
    [FORMAT_STORE] = GOES_ON,
    [FORMAT_U] = GOES_ON,
    [FORMAT_FENCE] = GOES_ON,
    [FORMAT_B] = ENDS_WITH_TARGETS,
    [FORMAT_J] = ENDS_WITH_TARGETS,
    [FORMAT_JALR] = ENDS_WITH_TARGETS,
    [FORMAT_CSR] = ENDS_WITH_TARGETS,
    [FORMAT_CSRI] = ENDS_WITH_TARGETS,
};

static enum ending ending_of(enum insn_id id)
{
    return id == INSN_ILLEGAL ? ENDS : (enum ending)endings[insn_info(id)->format];
}

/* Writes no register. */
static bool keeps_last(enum insn_id id)
{
    return insn_info(id)->format == FORMAT_STORE;
}

enum extra { EXTRA_none, EXTRA_mul, EXTRA_div };

static const uint8_t extras[INSN_COUNT] = {
#define ALU(name, cost, value) [INSN_##name] = EXTRA_##cost,
#include "machine/semantics.def"
};

/* What it costs when nothing happens. */
static uint32_t cost_of(const struct cost *cost, enum insn_id id)
{
    if (id == INSN_trace)
        return 0;
    return cost->base + (extras[id] == EXTRA_mul   ? cost->mul
                         : extras[id] == EXTRA_div ? cost->div
                                                   : 0);
}

/* Control registers whose value is a word of cpu_regs and which do nothing at once: by number from
 * the first on, the word's place, 0 for all others. */
#define PLAIN(name) [CSR_##name - CSR_status] = offsetof(struct cpu_regs, name) / sizeof(word)
static const uint8_t csr_plain[] = {
    PLAIN(tvec), PLAIN(tscratch), PLAIN(epc),    PLAIN(cause),
    PLAIN(tval), PLAIN(tptbr),    PLAIN(cntren), PLAIN(eptbr),
};
#undef PLAIN

/* What an op holds of the control register that it is about: the row of csr_table, -1 for a
 * register that does not exist; and the place of a plain one. */
static void op_set_csr(struct op *op, const struct insn *i)
{
    const struct csr_info *info = csr_info(i->csr);
    unsigned index = i->csr - (unsigned)CSR_status;

    op->imm = info ? (int32_t)(info - csr_table) : -1;
    if (index < COUNT_OF(csr_plain) && csr_plain[index]) {
        op->rs2 = csr_plain[index];
        op->handler = op_plain_csr[i->id];
    }
}

static struct op op_make(const struct insn *i, word offset, unsigned index)
{
    struct op op = {
        .handler = op_handlers[i->id][SOURCE_r],
        .rd = i->rd ? i->rd : 32,
        .rs1 = i->rs1,
        .rs2 = i->rs2,
        .index = (uint8_t)index,
        .imm = i->imm,
    };

    if (i->id == INSN_auipc)
        op.imm = (int32_t)(offset + (word)i->imm);
    switch (insn_info(i->id)->format) {
    case FORMAT_CSRI:
        op.rs1 = (uint8_t)i->imm;
        op_set_csr(&op, i);
        break;
    case FORMAT_CSR:
        op_set_csr(&op, i);
        break;
    default:
        break;
    }
    return op;
}

/* ---- one block -------------------------------------------------------------------------- */

/* A block being made, at `block`; its notes are kept aside until their number is known. */
struct maker {
    struct cpu *cpu;
    struct block *block;
    char *end; /* behind the last op and its tail */
    struct note notes[BLOCK_OPS_MAX];
    uint8_t ids[BLOCK_OPS_MAX];
    uint8_t sources[BLOCK_OPS_MAX]; /* enum source */
    uint8_t last;                   /* the register that holds `last`, 0: none does */
};

static void maker_begin(struct maker *k, struct cpu *c, struct block *at, struct code_page *page,
                        unsigned index)
{
    k->cpu = c;
    k->block = at;
    k->last = 0;
    *at = (struct block){.page = page, .offset = (uint16_t)(index * sizeof(word))};
}

static void maker_tail(struct maker *k, word behind, word taken)
{
    *(struct tail *)k->end = (struct tail){
        .next = {&block_none, &block_none},
        .target = {behind, taken},
    };
    k->end += sizeof(struct tail);
}

/* Chooses the handler that takes what it can from `last`. */
static void maker_source(struct maker *k, const struct insn *i)
{
    unsigned at = k->block->count;
    enum source source = k->last == 0        ? SOURCE_r
                         : i->rs1 == k->last ? SOURCE_a
                         : i->rs2 == k->last ? SOURCE_b
                                             : SOURCE_r;

    if (!op_handlers[i->id][source])
        source = SOURCE_r;
    if (source != SOURCE_r)
        k->block->ops[at].handler = op_handlers[i->id][source];
    k->sources[at] = (uint8_t)source;
    if (!keeps_last(i->id))
        k->last = i->rd;
}

/* Returns how the instruction ends the block. */
static enum ending maker_add(struct maker *k, word bits)
{
    struct block *b = k->block;
    struct insn i = insn_decode(bits);
    word offset = b->offset + b->count * 4u;

    cpu_slow(k->cpu, SLOW_DECODE);
    b->ops[b->count] = op_make(&i, offset, b->count);
    maker_source(k, &i);
    b->charge += charge_of(1, cost_of(&k->cpu->machine->config.cost, i.id));
    k->ids[b->count] = (uint8_t)i.id;
    k->notes[b->count] = (struct note){.charged = b->charge, .bits = bits};
    b->count++;
    k->end = (char *)&b->ops[b->count];
    if (ending_of(i.id) == ENDS_WITH_TARGETS)
        maker_tail(k, offset + 4, offset + (word)i.imm);
    return ending_of(i.id);
}

/* Ends a block whose last instruction goes on: at a page's end or at the greatest length. */
static void maker_continue(struct maker *k, op_fn *how)
{
    struct block *b = k->block;

    b->ops[b->count] = (struct op){.handler = how, .index = (uint8_t)b->count};
    k->end = (char *)&b->ops[b->count + 1];
    maker_tail(k, b->offset + b->count * 4u, 0);
}

/* Lets two ops run as one where there is a handler for it; from the end, since the pairs that
 * hold a jump gain most. */
static void maker_pair(struct maker *k)
{
    for (unsigned i = k->block->count; i >= 2; i--) {
        const struct pair_handlers *pair =
            &op_pair_handlers[op_pairs[k->ids[i - 2]][k->ids[i - 1]]];
        enum source first = k->sources[i - 2] == SOURCE_a ? SOURCE_a : SOURCE_r;
        op_fn *both = pair->from[first][k->sources[i - 1]];
        if (both) {
            k->block->ops[i - 2].handler = both;
            i--;
        }
    }
}

static void maker_finish(struct maker *k, struct note *notes)
{
    k->block->notes = memcpy(notes, k->notes, k->block->count * sizeof(struct note));
}

word code_word(const struct cpu *c, uint32_t number, unsigned index)
{
    word bits;

    memcpy(&bits, c->machine->ram + ((size_t)number << PAGE_SHIFT) + index * sizeof(bits),
           sizeof(bits));
    return bits;
}

static void mark(struct cpu *c, struct code_page *page, const struct block *b)
{
    for (unsigned i = b->offset / 4; i < b->offset / 4u + b->count; i++)
        page->decoded[i / 32] |= 1u << i % 32;
    if (!page->any)
        fast_forget_stores(c, page->number);
    page->any = true;
}

static size_t room_left(const struct code *code)
{
    return (size_t)((uint8_t *)code->notes - code->pool) - code->used;
}

const struct block *code_decode(struct cpu *c, uint32_t number, unsigned index)
{
    struct maker k;
    enum ending ending = GOES_ON;

    if (room_left(&c->code) < BLOCK_SIZE_MAX + NOTES_SIZE_MAX)
        code_flush(c);
    struct code_page *page = code_page(c, number);
    maker_begin(&k, c, (struct block *)(c->code.pool + c->code.used), page, index);
    for (unsigned at = index;
         at < PT_ENTRIES && k.block->count < BLOCK_OPS_MAX && ending == GOES_ON; at++)
        ending = maker_add(&k, code_word(c, number, at));
    if (ending == GOES_ON)
        maker_continue(&k, op_fall);
    maker_pair(&k);
    c->code.notes -= k.block->count;
    maker_finish(&k, c->code.notes);
    c->code.used = ((size_t)(k.end - (char *)c->code.pool) + BLOCK_ALIGN - 1) & ~(BLOCK_ALIGN - 1);
    mark(c, page, k.block);
    page->entry[index] = k.block;
    return k.block;
}

/* One is kept for each place in a page; what it depends on is compared, so it is never stale. */
const struct block *code_single(struct cpu *c, struct code_page *page, unsigned index, word bits)
{
    struct block *kept = (struct block *)(c->code.singles + index * SINGLE_SIZE);
    struct maker k;

    if (kept->page == page && kept->notes[0].bits == bits)
        return kept;
    maker_begin(&k, c, kept, page, index);
    if (maker_add(&k, bits) == GOES_ON)
        maker_continue(&k, op_stop);
    maker_finish(&k, (struct note *)k.end);
    return kept;
}

/* ---- writes to code --------------------------------------------------------------------- */

static bool any_decoded(const struct code_page *page, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++)
        if (page->decoded[i / 32] >> i % 32 & 1)
            return true;
    return false;
}

void code_written(struct cpu *c, uint32_t ram_offset, size_t size)
{
    uint64_t end = (uint64_t)ram_offset + size;

    for (uint64_t at = ram_offset; at < end;) {
        struct code_page *page = c->code.pages[at >> PAGE_SHIFT];
        uint64_t page_end = (at | (PAGE_SIZE - 1)) + 1;
        uint64_t stop = page_end < end ? page_end : end;
        unsigned first = (unsigned)(at % PAGE_SIZE / 4);
        unsigned last = (unsigned)((stop - 1) % PAGE_SIZE / 4);

        if (page && page->any && any_decoded(page, first, last)) {
            cpu_slow(c, SLOW_REWRITTEN);
            page_clear(page);
            c->attention = true;
        }
        at = stop;
    }
}
