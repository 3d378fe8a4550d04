/* Sections; see asm_section.h. */
#include "isa/asm_section.h"

#include <string.h>

#define SEGMENT_ALIGN 4096u /* so that a kernel can give each segment its own rights */
#define NOP           0x00000013u

static const struct {
    const char *prefix; /* of the name: .text, .text.start */
    enum asm_group group;
} known[] = {
    {".text", ASM_TEXT},       {".init", ASM_TEXT},     {".rodata", ASM_RODATA},
    {".srodata", ASM_RODATA},  {".bss", ASM_BSS},       {".sbss", ASM_BSS},
    {".data", ASM_DATA},       {".sdata", ASM_DATA},    {".note", ASM_DISCARD},
    {".comment", ASM_DISCARD}, {".debug", ASM_DISCARD}, {".riscv.attributes", ASM_DISCARD},
};

static enum asm_group group_of(const char *name, const char *flags, bool nobits)
{
    if (flags && nobits)
        return strchr(flags, 'a') ? ASM_BSS : ASM_DISCARD;
    if (flags && *flags) {
        if (!strchr(flags, 'a'))
            return ASM_DISCARD;
        if (strchr(flags, 'x'))
            return ASM_TEXT;
        return strchr(flags, 'w') ? ASM_DATA : ASM_RODATA;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        size_t n = strlen(known[i].prefix);

        if (strncmp(name, known[i].prefix, n) == 0 && (name[n] == '\0' || name[n] == '.'))
            return known[i].group;
    }
    return flags ? ASM_DISCARD : ASM_DATA;
}

void asm_sections_init(struct assembler *as)
{
    as->sections = asm_alloc(as, sizeof *as->sections);
    as->sections->last = &as->sections->first;
    asm_section_switch(as, ".text", 5, NULL, false, NULL);
    as->sections->previous = as->sections->current;
}

struct asm_section *asm_section_current(const struct assembler *as)
{
    return as->sections->current;
}

void asm_section_select(struct assembler *as, struct asm_section *section)
{
    as->sections->previous = as->sections->current;
    as->sections->current = section;
}

void asm_section_switch(struct assembler *as, const char *name, size_t length, const char *flags,
                        bool nobits, const struct asm_where *where)
{
    struct asm_sections *all = as->sections;
    struct asm_section *s = all->first;

    while (s && (strlen(s->name) != length || memcmp(s->name, name, length) != 0))
        s = s->next;
    if (!s) {
        if (++all->count > ASM_SECTIONS_MAX) {
            asm_error(as, where, "more than %u sections", ASM_SECTIONS_MAX);
            asm_stop(as);
        }
        s = asm_alloc(as, sizeof *s);
        s->name = asm_string(as, name, length);
        s->group = group_of(s->name, flags, nobits);
        s->align = 4;
        *all->last = s;
        all->last = &s->next;
    } else if (flags && *flags && group_of(s->name, flags, nobits) != s->group) {
        asm_error(as, where, "section \"%s\" had other flags before", s->name);
        asm_note(as, NULL, "give a section its flags once, where it is first named");
    }
    asm_section_select(as, s);
}

static void too_big(struct assembler *as, const struct asm_where *where, uint64_t n,
                    const char *what, uint64_t limit)
{
    asm_error(as, where, "%llu more bytes: %s may have %llu", (unsigned long long)n, what,
              (unsigned long long)limit);
    asm_stop(as);
}

uint8_t *asm_emit(struct assembler *as, const struct asm_where *where, uint64_t n, bool data)
{
    struct asm_section *s = as->sections->current;
    bool bss = s->group == ASM_BSS;
    uint64_t *total = bss ? &as->sections->zeros : &as->sections->total;
    uint64_t limit = bss ? ASM_ZERO_MAX : ASM_OUTPUT_MAX;

    if (n > limit || *total + n > limit)
        too_big(as, where, n, bss ? "zeroed sections" : "a program", limit);
    if (bss && data) {
        asm_error(as, where, "\"%s\" holds zeros only", s->name);
        asm_note(as, NULL, "reserve room with .space, or put values into .data");
    }
    *total += n;
    word at = s->size;
    s->size += (word)n;
    if (bss || n == 0)
        return NULL;
    if (s->size > s->room) {
        size_t room = s->room ? s->room : 256;

        while (room < s->size)
            room *= 2;
        uint8_t *bytes = asm_alloc(as, room);
        if (at)
            memcpy(bytes, s->bytes, at);
        s->bytes = bytes;
        s->room = room;
    }
    return s->bytes + at;
}

void asm_align(struct assembler *as, const struct asm_where *where, word align, int fill, word most)
{
    struct asm_section *s = as->sections->current;
    word n = -s->size & (align - 1);

    if (most && n > most)
        return;
    if (align > s->align)
        s->align = align;
    if (n == 0)
        return;
    word at = s->size;
    uint8_t *p = asm_emit(as, where, n, false);
    if (!p)
        return;
    memset(p, fill > 0 ? fill : 0, n);
    if (fill >= 0 || s->group != ASM_TEXT)
        return;
    word nop = NOP;
    for (word i = -at & 3; i + 4 <= n; i += 4)
        memcpy(p + i, &nop, 4);
}

bool asm_layout(struct assembler *as, word base)
{
    uint64_t address = base;

    for (enum asm_group g = ASM_TEXT; g < ASM_GROUPS; g++) {
        address = (address + SEGMENT_ALIGN - 1) / SEGMENT_ALIGN * SEGMENT_ALIGN;
        if (g == ASM_TEXT)
            address = base;
        for (struct asm_section *s = as->sections->first; s; s = s->next) {
            if (s->group != g)
                continue;
            address = (address + s->align - 1) / s->align * s->align;
            s->address = (word)address;
            address += s->size;
            if (address > 1ull << 32)
                return false;
        }
    }
    return true;
}
