/*
 * The handlers: each executes one op and jumps to the handler of the next.
 *
 * With clang that jump is a tail call, so the whole run is one host function that never
 * returns to a loop, with the processor, the op, the registers and the countdown in host
 * registers. Elsewhere (gcc promises no tail calls) the same bodies return the next op to the
 * loop in exec_run. A handler that returns NULL leaves: regs.pc and left are exact.
 *
 *   an op that needs C code      settle   -> work -> resume     (or a trap: NULL)
 *   a jump                       pay for the target block, or leave_*
 *
 * The last result goes from handler to handler in a host register, besides being stored: an op
 * that needs it has a handler that takes it from there (enum source), which saves waiting for
 * the host's memory in every chain of dependent instructions.
 *
 * Only the last op of a block is a jump. Charges are per block, so an op in the middle that
 * leaves gives back what the rest of the block was charged (`rest`).
 */
#include "machine/exec.h"

#include "machine/internal.h"
#include "machine/mmu.h"
#include "machine/system.h"
#include "machine/trap.h"

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define UNUSED              __attribute__((unused))
#define ALWAYS_INLINE       inline __attribute__((always_inline))
#define COLD                __attribute__((cold, noinline))

#if defined(__has_attribute)
#if __has_attribute(musttail)
#define TAIL_CALLS 1
#endif
#endif

#ifdef TAIL_CALLS
#define NEXT(to, remaining)                                                                        \
    __attribute__((musttail)) return (to)->handler(c, (to), x, (remaining), last)
#define GOTO(function) __attribute__((musttail)) return function(c, op, x, left, last)
#else
#define NEXT(to, remaining)                                                                        \
    do {                                                                                           \
        c->left = (remaining);                                                                     \
        c->last = last;                                                                            \
        return (to);                                                                               \
    } while (0)
#define GOTO(function) return function(c, op, x, left, last)
#endif

#define HANDLER(name)                                                                              \
    static const struct op *op_##name(struct cpu *c, const struct op *op, word *x UNUSED,          \
                                      charge left UNUSED, word last UNUSED)
#define COLD_HANDLER(name)                                                                         \
    COLD static const struct op *name(struct cpu *c, const struct op *op UNUSED, word *x UNUSED,   \
                                      charge left UNUSED, word last UNUSED)

/* The operands of an op, for each enum source. */
#define A_r x[op->rs1]
#define B_r x[op->rs2]
#define A_a last
#define B_a x[op->rs2]
#define A_b x[op->rs1]
#define B_b last

#define FROM_EACH_SOURCE(MAKE, name, detail)                                                       \
    MAKE(name, r, detail)                                                                          \
    MAKE(name, a, detail)                                                                          \
    MAKE(name, b, detail)

/* The fast work of an op: false when it must be done slowly, and then nothing has changed. a and
 * b are its operands; those that it does not have, the compiler drops. */
#define WORK(name)                                                                                 \
    static ALWAYS_INLINE bool do_##name(struct cpu *c UNUSED, const struct op *op, word *x UNUSED, \
                                        word a UNUSED, word b UNUSED, word *last UNUSED)

/* ---- between handlers and C code -------------------------------------------------------- */

static word pc_of(const struct cpu *c, const struct op *op)
{
    return c->page + block_of(op)->offset + op->index * 4u;
}

/* Makes left, regs.pc and insn exact for the current op. */
static void settle(struct cpu *c, const struct op *op, charge left)
{
    const struct block *block = block_of(op);
    const struct note *note = &block->notes[op->index];

    c->rest = block->charge - note->charged;
    c->left = left + c->rest;
    c->busy = true;
    c->insn = note->bits;
    c->regs.pc = pc_of(c, op);
}

/* After the work of an op in the middle: may the block go on? */
static bool resume(struct cpu *c)
{
    c->busy = false;
    if (unlikely(c->attention || ((c->left - c->rest) & CHARGE_SIGNS))) {
        c->regs.pc += 4;
        return false;
    }
    c->left -= c->rest;
    return true;
}

/* ---- jumps ------------------------------------------------------------------------------ */

static bool affords(charge left, const struct block *block)
{
    return ((left - block->charge) & CHARGE_SIGNS) == 0;
}

/* Where regs.pc leads, when that needs no walk and no decoding and can be paid; else NULL. */
static const struct block *block_at(struct cpu *c, word pc, charge left)
{
    const struct fast_entry *e = fast_entry(&c->fast, ACCESS_FETCH, pc);

    if (!fast_hit(&c->fast, e, pc, sizeof(word)))
        return NULL;
    const struct block *to = ((const struct code_page *)e->addend)->entry[pc / 4 % PT_ENTRIES];
    return affords(left, to) ? to : NULL;
}

/* An instruction has ended by C code, or trapped: to wherever regs.pc is now. Not into the run
 * loop, if nothing asks for it: system calls and monitors go this way all the time. */
static const struct op *onward(struct cpu *c, const struct op *op UNUSED, word *x UNUSED,
                               charge left UNUSED, word last UNUSED)
{
    const struct block *to = c->attention ? NULL : block_at(c, c->regs.pc, c->left);

    if (!to)
        return NULL;
    c->page = c->regs.pc & PAGE_MASK;
    NEXT(to->ops, c->left - to->charge);
}

/* A direct jump that is not chained, or cannot be paid. k: 1 taken, 0 not. */
static const struct op *leave(struct cpu *c, const struct op *op, charge left, unsigned k)
{
    struct tail *tail = tail_of(op);
    word target = tail->target[k];
    const struct block *to;

    if (target & 3) {
        settle(c, op, left);
        cpu_trap(c, CAUSE_fetch_misaligned, c->page + target);
        return NULL;
    }
    if (target < PAGE_SIZE) {
        to = block_of(op)->page->entry[target / 4];
        if (affords(left, to)) {
            tail->next[k] = to;
            c->left = left - to->charge;
            return to->ops;
        }
    } else {
        to = block_at(c, c->page + target, left);
        if (to) {
            c->page = (c->page + target) & PAGE_MASK;
            c->left = left - to->charge;
            return to->ops;
        }
    }
    c->left = left;
    c->regs.pc = c->page + target;
    return NULL;
}

COLD_HANDLER(leave_0)
{
    const struct op *to = leave(c, op, left, 0);

    if (to)
        NEXT(to, c->left);
    return NULL;
}

COLD_HANDLER(leave_1)
{
    const struct op *to = leave(c, op, left, 1);

    if (to)
        NEXT(to, c->left);
    return NULL;
}

/* Ends a handler: to successor k of the block. */
#define JUMP(k)                                                                                    \
    do {                                                                                           \
        const struct block *to = tail_of(op)->next[k];                                             \
        const charge after = left - to->charge;                                                    \
        if (unlikely(after & CHARGE_SIGNS))                                                        \
            GOTO(leave_##k);                                                                       \
        NEXT(to->ops, after);                                                                      \
    } while (0)

const struct op *op_fall(struct cpu *c, const struct op *op, word *x UNUSED, charge left,
                         word last UNUSED)
{
    JUMP(0);
}

const struct op *op_stop(struct cpu *c, const struct op *op, word *x UNUSED, charge left,
                         word last UNUSED)
{
    c->left = left;
    c->regs.pc = pc_of(c, op);
    return NULL;
}

HANDLER(jal_r)
{
    if (unlikely(tail_of(op)->target[1] & 3))
        GOTO(leave_1);
    x[op->rd] = c->page + tail_of(op)->target[0];
    JUMP(1);
}

COLD_HANDLER(jalr_slow)
{
    word target = (x[op->rs1] + (word)op->imm) & ~1u;

    if (target & 2) {
        settle(c, op, left);
        cpu_trap(c, CAUSE_fetch_misaligned, target);
        GOTO(onward);
    }
    x[op->rd] = c->page + tail_of(op)->target[0];
    c->left = left;
    c->regs.pc = target;
    return NULL;
}

#define JUMP_REGISTER(name, from, detail)                                                          \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        const word target = (A_##from + (word)op->imm) & ~1u;                                      \
        const struct fast_entry *e = fast_entry(&c->fast, ACCESS_FETCH, target);                   \
        if (unlikely(!fast_hit(&c->fast, e, target, sizeof(word))))                                \
            GOTO(jalr_slow);                                                                       \
        const struct code_page *page = (const struct code_page *)e->addend;                        \
        const struct block *to = page->entry[target / 4 % PT_ENTRIES];                             \
        const charge after = left - to->charge;                                                    \
        if (unlikely(after & CHARGE_SIGNS))                                                        \
            GOTO(jalr_slow);                                                                       \
        x[op->rd] = c->page + tail_of(op)->target[0];                                              \
        c->page = target & PAGE_MASK;                                                              \
        NEXT(to->ops, after);                                                                      \
    }
FROM_EACH_SOURCE(JUMP_REGISTER, jalr, )

/* They have no such operand. */
#define op_jal_a op_jal_r
#define op_jal_b op_jal_r

#define BRANCH_FROM(name, from, condition)                                                         \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        const word a = A_##from, b = B_##from;                                                     \
        if (condition)                                                                             \
            JUMP(1);                                                                               \
        JUMP(0);                                                                                   \
    }
#define BRANCH(name, condition) FROM_EACH_SOURCE(BRANCH_FROM, name, condition)

/* ---- arithmetic ------------------------------------------------------------------------- */

#define ALU_FROM(name, from, detail)                                                               \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        do_##name(c, op, x, A_##from, B_##from, &last);                                            \
        NEXT(op + 1, left);                                                                        \
    }
#define ALU(name, cost, expression)                                                                \
    WORK(name)                                                                                     \
    {                                                                                              \
        const word i UNUSED = (word)op->imm, page UNUSED = c->page;                                \
        *last = x[op->rd] = (expression);                                                          \
        return true;                                                                               \
    }                                                                                              \
    FROM_EACH_SOURCE(ALU_FROM, name, )

HANDLER(fence_r)
{
    NEXT(op + 1, left);
}

/* ---- memory ----------------------------------------------------------------------------- */

#define MEMORY_FROM(name, from, detail)                                                            \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        if (unlikely(!do_##name(c, op, x, A_##from, B_##from, &last)))                             \
            GOTO(name##_slow);                                                                     \
        NEXT(op + 1, left);                                                                        \
    }

#define LOAD(name, type)                                                                           \
    COLD_HANDLER(name##_slow)                                                                      \
    {                                                                                              \
        settle(c, op, left);                                                                       \
        if (!mmu_load(c, x[op->rs1] + (word)op->imm, sizeof(type)))                                \
            GOTO(onward);                                                                          \
        last = x[op->rd] = (word)(type)c->value;                                                   \
        if (!resume(c))                                                                            \
            return NULL;                                                                           \
        NEXT(op + 1, c->left);                                                                     \
    }                                                                                              \
    WORK(name)                                                                                     \
    {                                                                                              \
        const word address = a + (word)op->imm;                                                    \
        const struct fast_entry *e = fast_entry(&c->fast, ACCESS_LOAD, address);                   \
        if (unlikely(!fast_hit(&c->fast, e, address, sizeof(type))))                               \
            return false;                                                                          \
        type value;                                                                                \
        __builtin_memcpy(&value, (const void *)(e->addend + address), sizeof(value));              \
        *last = x[op->rd] = (word)value;                                                           \
        return true;                                                                               \
    }                                                                                              \
    FROM_EACH_SOURCE(MEMORY_FROM, name, )

#define STORE(name, type)                                                                          \
    COLD_HANDLER(name##_slow)                                                                      \
    {                                                                                              \
        settle(c, op, left);                                                                       \
        if (!mmu_store(c, x[op->rs1] + (word)op->imm, sizeof(type), x[op->rs2]))                   \
            GOTO(onward);                                                                          \
        if (!resume(c))                                                                            \
            return NULL;                                                                           \
        NEXT(op + 1, c->left);                                                                     \
    }                                                                                              \
    WORK(name)                                                                                     \
    {                                                                                              \
        const word address = a + (word)op->imm;                                                    \
        const struct fast_entry *e = fast_entry(&c->fast, ACCESS_STORE, address);                  \
        if (unlikely(!fast_hit(&c->fast, e, address, sizeof(type))))                               \
            return false;                                                                          \
        const type value = (type)b;                                                                \
        __builtin_memcpy((void *)(e->addend + address), &value, sizeof(value));                    \
        return true;                                                                               \
    }                                                                                              \
    FROM_EACH_SOURCE(MEMORY_FROM, name, )

/* ---- system instructions ---------------------------------------------------------------- */

#define SYSTEM(name)                                                                               \
    HANDLER(name##_r)                                                                              \
    {                                                                                              \
        settle(c, op, left);                                                                       \
        c->next = c->regs.pc + 4;                                                                  \
        if (system_##name(c, op)) {                                                                \
            c->busy = false;                                                                       \
            c->regs.pc = c->next;                                                                  \
        }                                                                                          \
        GOTO(onward);                                                                              \
    }

/* Most accesses are those of a trap handler to registers that are nothing but words: csr_plain in
 * block.c. They need no more than the word, an event when it is written, and the next block. */
#define CSR(name, from, writes, value)                                                             \
    SYSTEM(name)                                                                                   \
    __attribute__((noinline)) HANDLER(name##_told)                                                 \
    {                                                                                              \
        const word operand = from;                                                                 \
        word *csr = (word *)&c->regs + op->rs2;                                                    \
        const word old = *csr;                                                                     \
                                                                                                   \
        *csr = (value)&csr_table[op->imm].wmask;                                                   \
        settle(c, op, left - charge_of(0, c->machine->config.cost.csr));                           \
        machine_emit(c->machine, EVENT_csr, 0, csr_table[op->imm].number, old, *csr);              \
        x[op->rd] = old;                                                                           \
        if (!resume(c))                                                                            \
            return NULL;                                                                           \
        left = c->left;                                                                            \
        JUMP(0);                                                                                   \
    }                                                                                              \
    HANDLER(name##_plain)                                                                          \
    {                                                                                              \
        const word operand UNUSED = from;                                                          \
        word *csr = (word *)&c->regs + op->rs2;                                                    \
                                                                                                   \
        if (unlikely((c->regs.ring | c->guest.icept_csr_read | c->guest.icept_csr_write) != 0))    \
            GOTO(op_##name##_r);                                                                   \
        if (writes && trace_wants(&c->machine->trace, EVENT_csr))                                  \
            GOTO(op_##name##_told);                                                                \
        const word old = *csr;                                                                     \
        if (writes)                                                                                \
            *csr = (value)&csr_table[op->imm].wmask;                                               \
        x[op->rd] = old;                                                                           \
        left -= charge_of(0, c->machine->config.cost.csr);                                         \
        JUMP(0);                                                                                   \
    }

#include "machine/semantics.def"

HANDLER(ILLEGAL_r)
{
    settle(c, op, left);
    cpu_trap(c, CAUSE_illegal, c->insn);
    GOTO(onward);
}

/* ---- pairs ------------------------------------------------------------------------------ */

/* The second half is the second's own handler, inlined. A first half that cannot be done fast
 * is left to its own handler, which then goes on to the second's: each op keeps its place. */
#define PAIR_FROM(first, second, f1, f2)                                                           \
    HANDLER(first##_##second##_##f1##f2)                                                           \
    {                                                                                              \
        if (unlikely(!do_##first(c, op, x, A_##f1, B_##f1, &last)))                                \
            GOTO(op_##first##_##f1);                                                               \
        op++;                                                                                      \
        GOTO(op_##second##_##f2);                                                                  \
    }

/* One for each source that their operands allow; of the first's, its b is not worth it. */
#define SECOND_none(first, second, f1) PAIR_FROM(first, second, f1, r)
#define SECOND_a(first, second, f1)                                                                \
    PAIR_FROM(first, second, f1, r)                                                                \
    PAIR_FROM(first, second, f1, a)
#define SECOND_ab(first, second, f1)      SECOND_a(first, second, f1) PAIR_FROM(first, second, f1, b)
#define FIRST_none(first, second, reads2) SECOND_##reads2(first, second, r)
#define FIRST_a(first, second, reads2)                                                             \
    SECOND_##reads2(first, second, r) SECOND_##reads2(first, second, a)
#define FIRST_ab(first, second, reads2)     FIRST_a(first, second, reads2)

#define PAIR(first, reads1, second, reads2) FIRST_##reads1(first, second, reads2)
#include "machine/pairs.def"

/* ---- tables ----------------------------------------------------------------------------- */

#define ONE_SOURCE(name)  [INSN_##name] = {op_##name##_r, NULL, NULL},
#define EACH_SOURCE(name) [INSN_##name] = {op_##name##_r, op_##name##_a, op_##name##_b},

op_fn *const op_handlers[INSN_COUNT][SOURCE_COUNT] = {ONE_SOURCE(ILLEGAL) ONE_SOURCE(fence)
                                                          ONE_SOURCE(jal) EACH_SOURCE(jalr)
#define ALU(name, cost, value)            EACH_SOURCE(name)
#define BRANCH(name, condition)           EACH_SOURCE(name)
#define LOAD(name, type)                  EACH_SOURCE(name)
#define STORE(name, type)                 EACH_SOURCE(name)
#define SYSTEM(name)                      ONE_SOURCE(name)
#define CSR(name, operand, writes, value) ONE_SOURCE(name)
#include "machine/semantics.def"
};

op_fn *const op_plain_csr[INSN_COUNT] = {
#define CSR(name, operand, writes, value) [INSN_##name] = op_##name##_plain,
#include "machine/semantics.def"
};

const uint16_t op_pairs[INSN_COUNT][INSN_COUNT] = {
#define PAIR(first, reads1, second, reads2) [INSN_##first][INSN_##second] = PAIR_##first##_##second,
#include "machine/pairs.def"
};

#undef PAIR_FROM
#define PAIR_FROM(first, second, f1, f2)                                                           \
    [PAIR_##first##_##second].from[SOURCE_##f1][SOURCE_##f2] = op_##first##_##second##_##f1##f2,

const struct pair_handlers op_pair_handlers[PAIR_COUNT] = {
#define PAIR(first, reads1, second, reads2) FIRST_##reads1(first, second, reads2)
#include "machine/pairs.def"
};

void exec_run(struct cpu *c, const struct block *block)
{
    const struct op *op = block->ops;

    c->left -= block->charge;
    while (op)
        op = op->handler(c, op, c->x, c->left, c->last);
}
