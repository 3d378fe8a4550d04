/*
 * Decoded code: instructions turned into operations once, in blocks, and kept until the words
 * they came from change.
 *
 * A block is a run of instructions up to the first that may go elsewhere, inside one physical
 * page:
 *
 *   block | header | op 0 | op 1 | ... | op n-1 | tail |   in one piece; a note for each op is kept
 *                                                          apart, where it takes no cache
 *                    {handler, rd, rs1, rs2, index, imm}
 *
 * It is found through the table of its page, one pointer for each word; a word that is not
 * decoded points to `block_none`, whose charge nothing can pay, so that whoever jumps needs no
 * test of its own. The pc is not kept: the processor knows its virtual page (cpu.page), an op
 * its place in the block, the block its place in the page; one physical page may be mapped at
 * several addresses.
 *
 * A write to a decoded word empties the table of its page. Direct jumps are chained only within
 * a page, so nothing else leads into the old blocks; their memory comes back when the pool is
 * full and everything is forgotten at once.
 */
#ifndef MACHINE_BLOCK_H
#define MACHINE_BLOCK_H

#include "isa/insn.h"
#include "isa/paging.h"
#include "base/types.h"

struct cpu;
struct op;

/*
 * Steps and cycles in one number: steps in the upper half, cycles in the lower. Either half may
 * go below zero; the number stays exact under addition.
 */
typedef uint64_t charge;
#define CHARGE_SIGNS 0x8000000080000000u

static inline charge charge_of(int64_t steps, int64_t cycles)
{
    return ((charge)steps << 32) + (charge)cycles;
}
static inline int32_t charge_cycles(charge c)
{
    return (int32_t)(uint32_t)c;
}
static inline int32_t charge_steps(charge c)
{
    return (int32_t)(uint32_t)((c - (charge)(int64_t)charge_cycles(c)) >> 32);
}

/* Executes one op and goes on to the next; returns NULL to leave (exec.c). `last` is the value
 * that the last op of this block that wrote a register has written. */
typedef const struct op *op_fn(struct cpu *c, const struct op *op, word *x, charge left, word last);

/* Where an op has its operands from: both from the registers, or one of them, rs1 or rs2, is
 * `last`. Every result is in its register as well, so the first is always right. */
enum source { SOURCE_r, SOURCE_a, SOURCE_b, SOURCE_COUNT };

struct op {
    op_fn *handler;
    uint8_t rd; /* 32 stands for x0: a place that nobody reads */
    uint8_t rs1, rs2;
    uint8_t index; /* in its block */
    int32_t imm;
};

/* What the slow paths want to know of an op. */
struct note {
    charge charged; /* by the block up to and with this op */
    word bits;
};

struct block {
    struct code_page *page;
    const struct note *notes;
    uint16_t offset; /* bytes, in the page */
    uint16_t count;  /* instructions */
    charge charge;   /* of all of them, before anything dynamic */
    struct op ops[];
};

/* Behind the last op of a block that ends by a jump, or by falling into the next. Targets are
 * relative to the page: [0] the instruction behind, [1] where the jump goes. */
struct tail {
    const struct block *next[2];
    word target[2];
};

#define BLOCK_OPS_MAX 128u

struct code_page {
    const struct block *entry[PT_ENTRIES];
    uint32_t decoded[PT_ENTRIES / 32]; /* bit: the word is in a block */
    uint32_t number;                   /* of its page in RAM */
    bool any;                          /* something is decoded */
};

extern const struct block block_none;

/* All decoded code of a machine. */
struct code {
    struct code_page **pages; /* for each page of RAM, NULL: never executed */
    uint32_t page_count;
    struct code_page *page_pool;
    uint32_t page_used, page_limit;
    uint8_t *pool; /* blocks from its start, their notes from its end */
    size_t used, size;
    struct note *notes;
    uint8_t *singles; /* the blocks of one instruction that single steps run */
};

/* Returns false when the host has no memory. */
bool code_init(struct code *code, uint32_t ram_size);
void code_fini(struct code *code);
/* Forgets everything. Not while a block runs. */
void code_flush(struct cpu *c);

/* The table of a page of RAM. May flush, so not while a block runs. */
struct code_page *code_page(struct cpu *c, uint32_t number);
/* Decodes the block that begins at word `index`; may flush as well, and then `page` is new. */
const struct block *code_decode(struct cpu *c, uint32_t number, unsigned index);
/* The block that runs the instruction `bits` at word `index` of `page`, and then leaves. */
const struct block *code_single(struct cpu *c, struct code_page *page, unsigned index, word bits);

/* An instruction word in RAM. */
word code_word(const struct cpu *c, uint32_t number, unsigned index);

/* RAM was or will be written there: forgets what was decoded from it. */
void code_written(struct cpu *c, uint32_t ram_offset, size_t size);

static inline const struct block *block_of(const struct op *op)
{
    const char *first = (const char *)(op - op->index);
    return (const struct block *)(first - offsetof(struct block, ops));
}
/* Chaining writes it; the pool is ours. */
static inline struct tail *tail_of(const struct op *last)
{
    return (struct tail *)(uintptr_t)(last + 1);
}

/* The handlers of each instruction, and of what is none (exec.c). NULL: it has no such operand. */
extern op_fn *const op_handlers[INSN_COUNT][SOURCE_COUNT];

/* Those of an access to a control register that is a plain word: rs2 says which of cpu_regs. */
extern op_fn *const op_plain_csr[INSN_COUNT];

/* Two in a row that have a handler of their own; it stands in the place of the first's. */
enum pair {
    PAIR_NONE,
#define PAIR(first, reads1, second, reads2) PAIR_##first##_##second,
#include "handlers.def"
    PAIR_COUNT
};
struct pair_handlers {
    op_fn *from[SOURCE_COUNT][SOURCE_COUNT]; /* of the first, of the second; NULL: there is none */
};
extern const uint16_t op_pairs[INSN_COUNT][INSN_COUNT]; /* enum pair */
extern const struct pair_handlers op_pair_handlers[PAIR_COUNT];

op_fn op_fall; /* the end of a block that runs into the next */
op_fn op_stop; /* the end of a single step */

#endif
