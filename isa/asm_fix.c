/* The second pass; see asm_fix.h. */
#include "isa/asm_fix.h"
#include "isa/pseudo.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What an operand may be, for messages. */
static const struct {
    char letter;
    const char *what;
    int64_t low, high;
    const char *advice;
} ranges[] = {
    {'i', "an immediate", -2048, 2047, "li loads any 32-bit number into a register"},
    {'m', "an offset", -2048, 2047, "compute the address into a register first"},
    {'h', "a shift amount", 0, 31, NULL},
    {'z', "an immediate", 0, 31, "use the form that takes a register"},
    {'u', "an upper immediate", 0, 0xfffff, "it is the upper 20 bits: %hi(x) or x >> 12"},
    {'c', "a register number", 0, 0xfff, NULL},
    {'b', "a branch", -4096, 4094, "branch on the opposite condition around a j"},
    {'j', "a jump", -1048576, 1048574, "use call or tail, which reach everything"},
};

void asm_fixups_init(struct assembler *as)
{
    as->fixups = asm_alloc(as, sizeof *as->fixups);
}

static struct asm_fixup *add(struct assembler *as, word offset, struct asm_expr *expr,
                             const struct asm_where *where)
{
    struct asm_fixups *f = as->fixups;

    f->list = asm_grow(as, f->list, f->count, &f->room, sizeof *f->list);
    struct asm_fixup *fix = &f->list[f->count++];
    *fix = (struct asm_fixup){
        .section = asm_section_current(as), .offset = offset, .expr = expr, .where = *where};
    return fix;
}

void asm_fix_insn(struct assembler *as, word offset, const struct insn *insn, char letter,
                  struct asm_expr *expr, const struct asm_where *where)
{
    struct asm_fixups *f = as->fixups;
    struct asm_fixup *fix = add(as, offset, expr, where);

    fix->insn = *insn;
    fix->letter = letter;
    if (expr->op == ASM_PCREL_HI) {
        f->pcrel = asm_grow(as, f->pcrel, f->pcrel_count, &f->pcrel_room, sizeof *f->pcrel);
        f->pcrel[f->pcrel_count++].fixup = f->count - 1;
    }
}

void asm_fix_data(struct assembler *as, word offset, unsigned size, struct asm_expr *expr,
                  const struct asm_where *where)
{
    add(as, offset, expr, where)->size = (uint8_t)size;
}

static int by_address(const void *a, const void *b)
{
    const struct asm_pcrel *p = a, *q = b;

    return p->address < q->address ? -1 : p->address > q->address;
}

/* The source may jump between sections, so the list is not in order of addresses. */
static void sort_pcrel(struct asm_fixups *f)
{
    for (size_t i = 0; i < f->pcrel_count; i++) {
        const struct asm_fixup *fix = &f->list[f->pcrel[i].fixup];

        f->pcrel[i].address = fix->section->address + fix->offset;
    }
    if (f->pcrel_count)
        qsort(f->pcrel, f->pcrel_count, sizeof *f->pcrel, by_address);
}

const struct asm_fixup *asm_fix_pcrel_hi(const struct assembler *as, word address)
{
    const struct asm_fixups *f = as->fixups;
    const struct asm_pcrel key = {.address = address}, *found = NULL;

    if (f->pcrel_count)
        found = bsearch(&key, f->pcrel, f->pcrel_count, sizeof *f->pcrel, by_address);
    return found ? &f->list[found->fixup] : NULL;
}

static void out_of_range(struct assembler *as, const struct asm_fixup *f, int64_t value)
{
    const char *name = insn_info(f->insn.id)->name;
    bool jump = f->letter == 'b' || f->letter == 'j';

    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        if (ranges[i].letter != f->letter)
            continue;
        if (jump && value % 2) {
            asm_error(as, &f->where, "the target of %s is at an odd address", name);
            return;
        }
        if (jump)
            asm_error(as, &f->where,
                      "the target is %" PRId64 " bytes away: %s reaches %" PRId64 " to %" PRId64,
                      value, name, ranges[i].low, ranges[i].high);
        else
            asm_error(as, &f->where,
                      "%" PRId64 " does not fit: %s of %s is %" PRId64 " to %" PRId64, value,
                      ranges[i].what, name, ranges[i].low, ranges[i].high);
        if (ranges[i].advice)
            asm_note(as, NULL, "%s", ranges[i].advice);
        return;
    }
}

static bool in_range(char letter, int64_t value)
{
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (ranges[i].letter == letter)
            return value >= ranges[i].low && value <= ranges[i].high;
    return true;
}

static void fix_insn(struct assembler *as, struct asm_fixup *f, int64_t value)
{
    word bits;

    if (f->letter == 'b' || f->letter == 'j')
        value = (int32_t)((word)value - f->section->address - f->offset);
    struct insn i = f->insn;
    pseudo_set(&i, f->letter, (int32_t)(f->letter == 'u' ? (word)value << 12 : (word)value));
    if (!in_range(f->letter, value) || !insn_encode(&i, &bits)) {
        out_of_range(as, f, value);
        return;
    }
    memcpy(f->section->bytes + f->offset, &bits, sizeof bits);
}

static void fix_data(struct assembler *as, const struct asm_fixup *f, int64_t value)
{
    unsigned bits = 8u * f->size;

    if (bits < 64 && (value < -(1ll << (bits - 1)) || value >= 1ll << bits)) {
        asm_error(as, &f->where, "%" PRId64 " does not fit %u byte%s", value, f->size,
                  f->size == 1 ? "" : "s");
        asm_note(as, NULL, "from %lld to %lld", -(1ll << (bits - 1)), (1ll << bits) - 1);
        return;
    }
    memcpy(f->section->bytes + f->offset, &value, f->size);
}

void asm_fix_all(struct assembler *as)
{
    sort_pcrel(as->fixups);
    for (size_t i = 0; i < as->fixups->count; i++) {
        struct asm_fixup *f = &as->fixups->list[i];
        struct asm_place place = {f->section, f->offset};
        int64_t value;

        if (!f->section->bytes || !asm_final(as, f->expr, &place, &f->where, &value))
            continue;
        if (f->size)
            fix_data(as, f, value);
        else
            fix_insn(as, f, value);
    }
}
