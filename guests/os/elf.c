/*
 * Programs: ELF32 executables. Only what a loader needs: the header, and the segments that
 * are to be loaded. The file is not trusted.
 */
#include "guests/os/elf.h"

#include "guests/lib/string.h"
#include "guests/os/layout.h"
#include "isa/paging.h"

#define ELF_TYPE_EXECUTABLE 2
#define ELF_MACHINE_RISCV   243
#define ELF_LOAD            1
#define ELF_FLAG_X          1
#define ELF_FLAG_W          2
#define ELF_FLAG_R          4

struct elf_header {
    uint8_t magic[16];
    uint16_t type, machine;
    uint32_t version, entry, program_offset, section_offset, flags;
    uint16_t header_size, program_size, program_count, section_size, section_count, names;
};

struct elf_program_header {
    uint32_t type, offset, vaddr, paddr, file_size, memory_size, flags, align;
};

/* 32-bit, little-endian, version 1 */
static const uint8_t magic[ELF_MAGIC_SIZE] = {0x7f, 'E', 'L', 'F', 1, 1, 1};

bool elf_is_program(const void *head, word size)
{
    return size >= sizeof(struct elf_header) && memcmp(head, magic, sizeof magic) == 0;
}

static word rights_of(word flags)
{
    return (flags & ELF_FLAG_R ? PTE_R : 0) | (flags & ELF_FLAG_W ? PTE_R | PTE_W : 0) |
           (flags & ELF_FLAG_X ? PTE_X : 0);
}

static const char *add_segment(struct elf_program *p, const struct elf_program_header *h, word size)
{
    word floor = p->segment_count ? p->end : USER_BASE;

    if (p->segment_count == COUNT_OF(p->segments))
        return "too many segments";
    if (h->file_size > h->memory_size || h->offset > size || h->file_size > size - h->offset)
        return "a segment ends behind the end of the file";
    if (h->vaddr % PAGE_SIZE != 0)
        return "a segment is not page-aligned";
    if (h->vaddr < floor || h->vaddr >= HEAP_LIMIT || h->memory_size > HEAP_LIMIT - h->vaddr)
        return "a segment lies outside the user's addresses, or on another";
    if (!rights_of(h->flags))
        return "a segment that nobody may use";
    p->segments[p->segment_count++] = (struct elf_segment){h->vaddr, h->memory_size, h->file_size,
                                                           h->offset, rights_of(h->flags)};
    p->end = (h->vaddr + h->memory_size + PAGE_SIZE - 1) & PAGE_MASK;
    return NULL;
}

static bool entry_is_code(const struct elf_program *p)
{
    for (word i = 0; i < p->segment_count; i++) {
        const struct elf_segment *s = &p->segments[i];
        if ((s->rights & PTE_X) && p->entry - s->address < s->size)
            return p->entry % 4 == 0;
    }
    return false;
}

const char *elf_parse(struct elf_program *out, const void *head, word size)
{
    word head_size = size < ELF_HEAD_SIZE ? size : ELF_HEAD_SIZE;
    struct elf_header h;

    if (!elf_is_program(head, size))
        return "not a 32-bit ELF file";
    memcpy(&h, head, sizeof h);
    if (h.type != ELF_TYPE_EXECUTABLE || h.machine != ELF_MACHINE_RISCV)
        return "not a RISC-V executable";
    if (h.program_size != sizeof(struct elf_program_header) || h.program_offset > head_size ||
        (head_size - h.program_offset) / sizeof(struct elf_program_header) < h.program_count)
        return "its program headers are cut off";
    *out = (struct elf_program){.entry = h.entry};
    for (word i = 0; i < h.program_count; i++) {
        struct elf_program_header ph;
        memcpy(&ph, (const char *)head + h.program_offset + i * sizeof ph, sizeof ph);
        const char *wrong =
            ph.type == ELF_LOAD && ph.memory_size ? add_segment(out, &ph, size) : NULL;
        if (wrong)
            return wrong;
    }
    return entry_is_code(out) ? NULL : "its entry is not code";
}
