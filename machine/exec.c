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
 * The handlers are made from two lists: what each instruction does is in semantics.def; which
 * there are, of which shape, and which pairs, is in handlers.def, which tools/gen-handlers.c makes
 * from isa/instructions.def and a profile.
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
#define A_r                   x[op->rs1]
#define B_r                   x[op->rs2]
#define A_a                   last
#define B_a                   x[op->rs2]
#define A_b                   x[op->rs1]
#define B_b                   last

/* A handler for each that an instruction reads (handlers.def). */
#define FROM_none(MAKE, name) MAKE(name, r)
#define FROM_a(MAKE, name)    MAKE(name, r) MAKE(name, a)
#define FROM_ab(MAKE, name)   FROM_a(MAKE, name) MAKE(name, b)

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

/* ---- what instructions do ----------------------------------------------------------------- */

/* Each a function of its operands. */
#define ALU(name, cost, expression)                                                                \
    static ALWAYS_INLINE word value_##name(word a UNUSED, word b UNUSED, word i UNUSED,            \
                                           word page UNUSED)                                       \
    {                                                                                              \
        return (expression);                                                                       \
    }
#define BRANCH(name, condition)                                                                    \
    static ALWAYS_INLINE bool taken_##name(word a, word b)                                         \
    {                                                                                              \
        return (condition);                                                                        \
    }
#define LOAD(name, type)  typedef type type_##name;
#define STORE(name, type) typedef type type_##name;
#define CSR(name, from, writes, value)                                                             \
    static ALWAYS_INLINE word operand_##name(const struct op *op, const word *x UNUSED)            \
    {                                                                                              \
        return (from);                                                                             \
    }                                                                                              \
    static ALWAYS_INLINE bool writes_##name(const struct op *op UNUSED)                            \
    {                                                                                              \
        return (writes);                                                                           \
    }                                                                                              \
    static ALWAYS_INLINE word value_##name(word old UNUSED, word operand)                          \
    {                                                                                              \
        return (value);                                                                            \
    }
#include "machine/semantics.def"

/* ---- one format, one shape -------------------------------------------------------------- */

#define JUMP_AND_LINK(name, from)                                                                  \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        if (unlikely(tail_of(op)->target[1] & 3))                                                  \
            GOTO(leave_1);                                                                         \
        x[op->rd] = c->page + tail_of(op)->target[0];                                              \
        JUMP(1);                                                                                   \
    }

#define JUMP_REGISTER(name, from)                                                                  \
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

#define BRANCH_FROM(name, from)                                                                    \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        if (taken_##name(A_##from, B_##from))                                                      \
            JUMP(1);                                                                               \
        JUMP(0);                                                                                   \
    }

#define NOTHING(name, from)                                                                        \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        NEXT(op + 1, left);                                                                        \
    }

#define ALU_FROM(name, from)                                                                       \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        do_##name(c, op, x, A_##from, B_##from, &last);                                            \
        NEXT(op + 1, left);                                                                        \
    }
#define ALU_WORK(name)                                                                             \
    WORK(name)                                                                                     \
    {                                                                                              \
        *last = x[op->rd] = value_##name(a, b, (word)op->imm, c->page);                            \
        return true;                                                                               \
    }

#define MEMORY_FROM(name, from)                                                                    \
    HANDLER(name##_##from)                                                                         \
    {                                                                                              \
        if (unlikely(!do_##name(c, op, x, A_##from, B_##from, &last)))                             \
            GOTO(name##_slow);                                                                     \
        NEXT(op + 1, left);                                                                        \
    }

#define LOAD_WORK(name)                                                                            \
    COLD_HANDLER(name##_slow)                                                                      \
    {                                                                                              \
        settle(c, op, left);                                                                       \
        if (!mmu_load(c, x[op->rs1] + (word)op->imm, sizeof(type_##name)))                         \
            GOTO(onward);                                                                          \
        last = x[op->rd] = (word)(type_##name)c->value;                                            \
        if (!resume(c))                                                                            \
            return NULL;                                                                           \
        NEXT(op + 1, c->left);                                                                     \
    }                                                                                              \
    WORK(name)                                                                                     \
    {                                                                                              \
        const word address = a + (word)op->imm;                                                    \
        const struct fast_entry *e = fast_entry(&c->fast, ACCESS_LOAD, address);                   \
        if (unlikely(!fast_hit(&c->fast, e, address, sizeof(type_##name))))                        \
            return false;                                                                          \
        type_##name value;                                                                         \
        __builtin_memcpy(&value, (const void *)(e->addend + address), sizeof(value));              \
        *last = x[op->rd] = (word)value;                                                           \
        return true;                                                                               \
    }

#define STORE_WORK(name)                                                                           \
    COLD_HANDLER(name##_slow)                                                                      \
    {                                                                                              \
        settle(c, op, left);                                                                       \
        if (!mmu_store(c, x[op->rs1] + (word)op->imm, sizeof(type_##name), x[op->rs2]))            \
            GOTO(onward);                                                                          \
        if (!resume(c))                                                                            \
            return NULL;                                                                           \
        NEXT(op + 1, c->left);                                                                     \
    }                                                                                              \
    WORK(name)                                                                                     \
    {                                                                                              \
        const word address = a + (word)op->imm;                                                    \
        const struct fast_entry *e = fast_entry(&c->fast, ACCESS_STORE, address);                  \
        if (unlikely(!fast_hit(&c->fast, e, address, sizeof(type_##name))))                        \
            return false;                                                                          \
        const type_##name value = (type_##name)b;                                                  \
        __builtin_memcpy((void *)(e->addend + address), &value, sizeof(value));                    \
        return true;                                                                               \
    }

#define SYSTEM_FROM(name, from)                                                                    \
    HANDLER(name##_##from)                                                                         \
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
#define CSR_PLAIN(name)                                                                            \
    __attribute__((noinline)) HANDLER(name##_told)                                                 \
    {                                                                                              \
        const word operand = operand_##name(op, x);                                                \
        word *csr = (word *)&c->regs + op->rs2;                                                    \
        const word old = *csr;                                                                     \
                                                                                                   \
        *csr = value_##name(old, operand) & csr_table[op->imm].wmask;                              \
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
        word *csr = (word *)&c->regs + op->rs2;                                                    \
                                                                                                   \
        if (unlikely((c->regs.ring | c->guest.icept_csr) != 0))                                    \
            GOTO(op_##name##_r);                                                                   \
        if (writes_##name(op) && trace_wants(&c->machine->trace, EVENT_csr))                       \
            GOTO(op_##name##_told);                                                                \
        const word old = *csr, operand = operand_##name(op, x);                                    \
        if (writes_##name(op))                                                                     \
            *csr = value_##name(old, operand) & csr_table[op->imm].wmask;                          \
        x[op->rd] = old;                                                                           \
        left -= charge_of(0, c->machine->config.cost.csr);                                         \
        JUMP(0);                                                                                   \
    }

/* ---- each instruction ------------------------------------------------------------------- */

/* One that lacks its row in semantics.def, or its function in system.c, does not compile. */
#define OP_R(name, reads)       ALU_WORK(name) FROM_##reads(ALU_FROM, name)
#define OP_I(name, reads)       OP_R(name, reads)
#define OP_SHIFT(name, reads)   OP_R(name, reads)
#define OP_U(name, reads)       OP_R(name, reads)
#define OP_LOAD(name, reads)    LOAD_WORK(name) FROM_##reads(MEMORY_FROM, name)
#define OP_STORE(name, reads)   STORE_WORK(name) FROM_##reads(MEMORY_FROM, name)
#define OP_B(name, reads)       FROM_##reads(BRANCH_FROM, name)
#define OP_J(name, reads)       FROM_##reads(JUMP_AND_LINK, name)
#define OP_JALR(name, reads)    FROM_##reads(JUMP_REGISTER, name)
#define OP_FENCE(name, reads)   FROM_##reads(NOTHING, name)
#define OP_CSR(name, reads)     FROM_##reads(SYSTEM_FROM, name) CSR_PLAIN(name)
#define OP_CSRI(name, reads)    OP_CSR(name, reads)
#define OP_NONE(name, reads)    FROM_##reads(SYSTEM_FROM, name)
#define OP_FENCEI(name, reads)  OP_NONE(name, reads)
#define OP_ST(name, reads)      OP_NONE(name, reads)
#define OP_S1(name, reads)      OP_NONE(name, reads)
#define OP_DS(name, reads)      OP_NONE(name, reads)
#define OP_HINT(name, reads)    OP_NONE(name, reads)

#define OP(name, format, reads) OP_##format(name, reads)
#include "handlers.def"

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
#include "handlers.def"

/* ---- tables ----------------------------------------------------------------------------- */

#define SOURCES_none(name) op_##name##_r
#define SOURCES_a(name)    SOURCES_none(name), op_##name##_a
#define SOURCES_ab(name)   SOURCES_a(name), op_##name##_b

op_fn *const op_handlers[INSN_COUNT][SOURCE_COUNT] = {
    [INSN_ILLEGAL] = {op_ILLEGAL_r},
#define OP(name, format, reads) [INSN_##name] = {SOURCES_##reads(name)},
#include "handlers.def"
};

op_fn *const op_plain_csr[INSN_COUNT] = {
#define CSR(name, operand, writes, value) [INSN_##name] = op_##name##_plain,
#include "machine/semantics.def"
};

const uint16_t op_pairs[INSN_COUNT][INSN_COUNT] = {
#define PAIR(first, reads1, second, reads2) [INSN_##first][INSN_##second] = PAIR_##first##_##second,
#include "handlers.def"
};

#undef PAIR_FROM
#define PAIR_FROM(first, second, f1, f2)                                                           \
    [PAIR_##first##_##second].from[SOURCE_##f1][SOURCE_##f2] = op_##first##_##second##_##f1##f2,

const struct pair_handlers op_pair_handlers[PAIR_COUNT] = {
#define PAIR(first, reads1, second, reads2) FIRST_##reads1(first, second, reads2)
#include "handlers.def"
};

void exec_run(struct cpu *c, const struct block *block)
{
    const struct op *op = block->ops;

    c->left -= block->charge;
    while (op)
        op = op->handler(c, op, c->x, c->left, c->last);
}
