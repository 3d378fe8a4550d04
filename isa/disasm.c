/*
 * Disassembler; see disasm.h. The operands are printed from the syntax of formats.def, or of
 * the row of pseudo.def that fits: one letter is one operand, anything else is literal. The
 * meaning is the table's sentence with the operands put in for rd, rs1, rs2, imm, shamt, csr.
 */
#include "isa/disasm.h"
#include "isa/csr.h"
#include "isa/pseudo.h"
#include "isa/registers.h"

#include <ctype.h>
#include <string.h>

static const struct disasm ordinary = {0};

const char *disasm_image_symbol(const void *image, word address, word *offset)
{
    const struct image_symbol *s = image_symbol_at(image, address);

    if (!s)
        return NULL;
    *offset = address - s->value;
    return s->name;
}

void disasm_address(struct text *out, gva address, const struct disasm *how)
{
    word offset = 0;
    const char *name = how && how->symbol ? how->symbol(how->context, address, &offset) : NULL;

    if (!name)
        text_add(out, "0x%08x", address);
    else if (offset)
        text_add(out, "%s+0x%x", name, offset);
    else
        text_add(out, "%s", name);
}

static void put_csr(struct text *out, word number)
{
    const struct csr_info *csr = csr_info(number);

    if (csr)
        text_add(out, "%s", csr->name);
    else
        text_add(out, "0x%03x", number);
}

/* One set of a fence, "rw"; an empty one is 0. */
static void put_fence_set(struct text *out, unsigned set)
{
    static const char letters[] = "iorw";

    if (!set)
        text_add_char(out, '0');
    for (unsigned n = 0; n < 4; n++)
        if (set & 8u >> n)
            text_add_char(out, letters[n]);
}

static void put_operand(struct text *out, char letter, const struct insn *i, gva pc,
                        const struct disasm *how)
{
    switch (letter) {
    case 'd':
    case 's':
    case 't':
        text_add(out, "%s", register_name((unsigned)pseudo_get(i, letter)));
        break;
    case 'c':
        put_csr(out, i->csr);
        break;
    case 'u':
        text_add(out, "0x%x", (word)i->imm >> 12);
        break;
    case 'b':
    case 'j':
        disasm_address(out, pc + (word)i->imm, how);
        break;
    case 'f':
        put_fence_set(out, (unsigned)i->imm >> 4 & 15);
        text_add(out, ", ");
        put_fence_set(out, (unsigned)i->imm & 15);
        break;
    default:
        text_add(out, "%d", i->imm);
    }
}

static void put_mnemonic(struct text *out, const char *name, const struct disasm *how)
{
    text_add(out, "%-*s ", how->width ? (int)how->width - 1 : 0, name);
}

/* A fence with mode bits (of the future) has no operands to say them with. */
static bool writable(const struct insn *i, const struct pseudo *p)
{
    word again;

    return i->id != INSN_ILLEGAL && insn_encode(i, &again) && again == i->bits &&
           !(i->id == INSN_fence && i->imm > 255 && !p);
}

void disasm_insn(struct text *out, word bits, gva pc, const struct disasm *how)
{
    struct insn i = insn_decode(bits);

    if (!how)
        how = &ordinary;
    const struct pseudo *p = how->plain ? NULL : pseudo_for(&i);
    if (!writable(&i, p)) {
        put_mnemonic(out, ".word", how);
        text_add(out, "0x%08x", bits);
        return;
    }
    const char *name = p ? p->name : insn_info(i.id)->name;
    const char *syntax = p ? p->syntax : insn_info(i.id)->syntax;
    if (!*syntax) {
        text_add(out, "%s", name);
        return;
    }
    put_mnemonic(out, name, how);
    for (; *syntax; syntax++) {
        if (islower((unsigned char)*syntax))
            put_operand(out, *syntax, &i, pc, how);
        else
            text_add_char(out, *syntax);
    }
}

/* ---- meaning ---- */

/* The operand letter for a word of the meaning, 0 when it is an ordinary word. */
static char letter_of(const struct insn *i, const char *text, size_t length)
{
    static const struct {
        const char *word;
        char letter;
    } words[] = {
        {"rd", 'd'}, {"rs1", 's'}, {"rs2", 't'}, {"csr", 'c'}, {"shamt", 'h'}, {"uimm", 'z'},
    };

    for (size_t n = 0; n < COUNT_OF(words); n++)
        if (strlen(words[n].word) == length && memcmp(words[n].word, text, length) == 0)
            return words[n].letter;
    if (length != 3 || memcmp(text, "imm", 3) != 0)
        return 0;
    switch (insn_info(i->id)->format) {
    case FORMAT_U:
        return 'u';
    case FORMAT_B:
    case FORMAT_J:
        return 'b';
    default:
        return 'i';
    }
}

/* A clause that does nothing for these operands: x0 as a destination, no bits to change. */
static bool idle(const struct insn *i, const char *clause)
{
    enum insn_format f = insn_info(i->id)->format;

    if (i->rd == 0 && strncmp(clause, "rd = ", 5) == 0)
        return true;
    bool changes = strncmp(clause, "csr |= ", 7) == 0 || strncmp(clause, "csr &= ", 7) == 0;
    return changes && ((f == FORMAT_CSR && i->rs1 == 0) || (f == FORMAT_CSRI && i->imm == 0));
}

static void put_clause(struct text *out, const char *clause, size_t length, const struct insn *i,
                       gva pc, const struct disasm *how)
{
    const char *end = clause + length;

    while (clause < end) {
        size_t n = 0;

        while (clause + n < end && isalnum((unsigned char)clause[n]))
            n++;
        char letter = n ? letter_of(i, clause, n) : 0;
        if (letter == 'b') { /* how far, and where that is */
            text_add(out, "%d (", i->imm);
            put_operand(out, 'b', i, pc, how);
            text_add_char(out, ')');
        } else if (letter) {
            put_operand(out, letter, i, pc, how);
        } else {
            n = n ? n : 1;
            text_add(out, "%.*s", (int)n, clause);
        }
        clause += n;
    }
}

/* What the numbers in the instruction stand for. */
static void put_notes(struct text *out, const struct insn *i)
{
    enum insn_format f = insn_info(i->id)->format;
    const struct csr_info *csr = f == FORMAT_CSR || f == FORMAT_CSRI ? csr_info(i->csr) : NULL;
    const struct hint_info *hint = i->id == INSN_trace ? hint_info((word)i->imm) : NULL;

    if (csr)
        text_add(out, " [%s: %s]", csr->name, csr->meaning);
    if (hint)
        text_add(out, " [%s: %s]", hint->name, hint->value);
}

void disasm_meaning(struct text *out, word bits, gva pc, const struct disasm *how)
{
    struct insn i = insn_decode(bits);
    const char *clause = insn_info(i.id)->meaning;
    bool any = false;

    if (!how)
        how = &ordinary;
    while (*clause) {
        const char *end = strstr(clause, "; ");
        size_t length = end ? (size_t)(end - clause) : strlen(clause);

        if (!idle(&i, clause)) {
            if (any)
                text_add(out, "; ");
            put_clause(out, clause, length, &i, pc, how);
            any = true;
        }
        clause += end ? length + 2 : length;
    }
    if (!any)
        text_add(out, "nothing: zero stays zero");
    put_notes(out, &i);
}
