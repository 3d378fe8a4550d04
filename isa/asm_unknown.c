/*
 * Unknown words; see asm_unknown.h. First the habits from other machines that have a better
 * answer than a near name, then the near names of everything that could have stood there.
 */
#include "isa/asm_unknown.h"
#include "isa/asm_directive.h"
#include "isa/asm_macro.h"
#include "isa/insn.h"
#include "isa/pseudo.h"
#include "base/suggest.h"

#include <string.h>

/* A name that ends in * stands for all that begin so. */
static const struct {
    const char *name, *advice;
} habits[] = {
    {"mov", "mv copies a register, li loads a number"},
    {"subi", "there is none: addi with the negative number"},
    {"inc", "addi adds 1"},
    {"dec", "addi adds -1"},
    {"cmp", "there are no flags: branches compare two registers, slt gives 0 or 1"},
    {"jmp", "j jumps, jr jumps to the address in a register"},
    {"b", "j jumps; branches compare: beq, bne, blt, bge, bltu, bgeu"},
    {"je", "beq compares two registers and branches"},
    {"jne", "bne compares two registers and branches"},
    {"jz", "beqz branches when a register is zero"},
    {"jnz", "bnez branches when a register is not zero"},
    {"push", "there is none: addi sp, sp, -4 and sw; or write a macro"},
    {"pop", "there is none: lw and addi sp, sp, 4; or write a macro"},
    {"int", "ecall calls the system"},
    {"syscall", "ecall calls the system"},
    {"hlt", "wfi waits for an interrupt"},
    {"in", "pin reads a port"},
    {"out", "pout writes a port"},
    {"iret", "tret returns from a trap"},
    {"sret", "this machine has tret"},
    {"uret", "this machine has tret"},
    {"ld", "registers have 32 bits: lw"},
    {"sd", "registers have 32 bits: sw"},
    {"lwu", "registers have 32 bits: lw"},
    {"addiw", "registers have 32 bits: addi"},
    {"addw", "registers have 32 bits: add"},
    {"lr.w", "the machine has no atomic instructions (A): it has one processor"},
    {"sc.w", "the machine has no atomic instructions (A): it has one processor"},
    {"amo*", "the machine has no atomic instructions (A): it has one processor"},
    {"f*.s", "the machine has no floating point (F, D)"},
    {"f*.d", "the machine has no floating point (F, D)"},
    {"flw", "the machine has no floating point (F, D)"},
    {"fsw", "the machine has no floating point (F, D)"},
    {"c.*", "the machine has no compressed instructions (C)"},
    {"vm*", "vmrun is the machine's only instruction for guests"},
};

/* At most one star. */
static bool matches(const char *pattern, struct asm_slice name)
{
    const char *star = strchr(pattern, '*');

    if (!star)
        return asm_slice_is(name, pattern);
    size_t before = (size_t)(star - pattern), behind = strlen(star + 1);
    return name.length >= before + behind && memcmp(name.at, pattern, before) == 0 &&
           memcmp(name.at + name.length - behind, star + 1, behind) == 0;
}

static bool note_habit(struct asm_cursor *c, struct asm_slice name)
{
    for (size_t i = 0; i < COUNT_OF(habits); i++) {
        if (!matches(habits[i].name, name))
            continue;
        asm_note(c->as, NULL, "%s", habits[i].advice);
        return true;
    }
    return false;
}

static void offer_instructions(struct suggest *near)
{
    for (unsigned id = 1; id < INSN_COUNT; id++)
        suggest_offer(near, insn_info((enum insn_id)id)->name);
    for (unsigned i = 0; i < pseudo_count; i++)
        suggest_offer(near, pseudo_table[i].name);
    for (unsigned i = 0; i < pseudo_pair_count; i++)
        suggest_offer(near, pseudo_pairs[i].name);
}

void asm_unknown(struct asm_cursor *c, struct asm_slice name)
{
    char *text = asm_slice_string(c->as, name);
    struct asm_where w = asm_where_slice(c, name);
    struct suggest near = suggest_for(text);

    if (*text == '.') {
        asm_error(c->as, &w, "unknown directive \"%s\"", text);
        asm_directive_offer(&near);
        asm_note_near(c->as, &near);
        return;
    }
    asm_error(c->as, &w, "unknown instruction \"%s\"", text);
    if (note_habit(c, name))
        return;
    offer_instructions(&near);
    asm_macro_offer(c->as, &near);
    asm_note_near(c->as, &near);
    if (!suggest_best(&near) && asm_at_end(c))
        asm_note(c->as, NULL, "a label ends with a colon: %s:", text);
}
