/*
 * The executable; see asm_elf.h. In the file:
 *
 *   header, one program header for each group that is not empty
 *   the bytes of text, rodata and data sections, in order of address
 *   .debug_info .debug_abbrev .debug_line .riscv.attributes .symtab .strtab .shstrtab
 *   section headers
 */
#include "isa/asm_elf.h"
#include "isa/asm_expr.h"
#include "isa/asm_symbol.h"

#include <libelf.h>
#include <string.h>

#define EXTRA_MAX      8 /* sections that are not the program's */
#define SHT_ATTRIBUTES 0x70000003u
#define TAG_FILE       1
#define TAG_ARCH       5
#define ARCHITECTURE   "rv32i2p0_m2p0_zicsr2p0_zifencei2p0"

struct writer {
    struct assembler *as;
    struct asm_bytes *out;
    struct asm_bytes names, strings; /* .shstrtab, .strtab */
    Elf32_Shdr headers[ASM_SECTIONS_MAX + EXTRA_MAX];
    unsigned header_count;
    Elf32_Phdr segments[ASM_GROUPS];
    unsigned segment_count;
};

static const word group_flags[ASM_GROUPS] = {
    [ASM_TEXT] = PF_R | PF_X,
    [ASM_RODATA] = PF_R,
    [ASM_DATA] = PF_R | PF_W,
    [ASM_BSS] = PF_R | PF_W,
};

static const word section_flags[ASM_GROUPS] = {
    [ASM_TEXT] = SHF_ALLOC | SHF_EXECINSTR,
    [ASM_RODATA] = SHF_ALLOC,
    [ASM_DATA] = SHF_ALLOC | SHF_WRITE,
    [ASM_BSS] = SHF_ALLOC | SHF_WRITE,
};

static void align_out(struct writer *w, size_t align)
{
    static const uint8_t zeros[16];

    asm_bytes(w->as, w->out, zeros, -w->out->size & (align - 1));
}

static word add_name(struct writer *w, struct asm_bytes *table, const char *name)
{
    word at = (word)table->size;

    asm_bytes(w->as, table, name, strlen(name) + 1);
    return at;
}

static Elf32_Shdr *add_header(struct writer *w, const char *name, word type)
{
    Elf32_Shdr *h = &w->headers[w->header_count++];

    *h = (Elf32_Shdr){.sh_name = add_name(w, &w->names, name),
                      .sh_type = type,
                      .sh_offset = (word)w->out->size,
                      .sh_addralign = 1};
    return h;
}

/* ---- the program ---- */

static void write_section(struct writer *w, struct asm_section *s)
{
    bool bss = s->group == ASM_BSS;
    Elf32_Shdr *h = add_header(w, s->name, bss ? SHT_NOBITS : SHT_PROGBITS);

    s->elf_index = w->header_count - 1;
    h->sh_flags = section_flags[s->group];
    h->sh_addr = s->address;
    h->sh_size = s->size;
    h->sh_addralign = s->align;
    if (!bss)
        asm_bytes(w->as, w->out, s->bytes, s->size);
}

/* Sections of a group follow each other in memory with gaps for alignment, so in the file too. */
static void write_group(struct writer *w, enum asm_group group)
{
    static const uint8_t zero;
    Elf32_Phdr p = {.p_type = PT_LOAD, .p_flags = group_flags[group], .p_align = 4};
    bool begun = false;
    word end = 0;

    align_out(w, 16);
    p.p_offset = (word)w->out->size;
    for (struct asm_section *s = w->as->sections->first; s; s = s->next) {
        if (s->group != group)
            continue;
        if (!begun)
            p.p_vaddr = p.p_paddr = end = s->address;
        begun = true;
        for (; group != ASM_BSS && end < s->address; end++)
            asm_bytes(w->as, w->out, &zero, 1);
        write_section(w, s);
        end = s->address + s->size;
    }
    p.p_memsz = end - p.p_vaddr;
    p.p_filesz = group == ASM_BSS ? 0 : p.p_memsz;
    if (p.p_memsz)
        w->segments[w->segment_count++] = p;
}

/* ---- what goes with it ---- */

static void write_extra(struct writer *w, const char *name, word type, const void *data,
                        size_t size)
{
    Elf32_Shdr *h = add_header(w, name, type);

    h->sh_size = (word)size;
    asm_bytes(w->as, w->out, data, size);
}

static void write_debug(struct writer *w, const char *name)
{
    struct asm_bytes info = {0}, abbrev = {0}, line = {0};

    asm_dwarf(w->as, name, &info, &abbrev, &line);
    write_extra(w, ".debug_info", SHT_PROGBITS, info.data, info.size);
    write_extra(w, ".debug_abbrev", SHT_PROGBITS, abbrev.data, abbrev.size);
    write_extra(w, ".debug_line", SHT_PROGBITS, line.data, line.size);
}

/* Tells disassemblers that M is there: version A, vendor "riscv", one file attribute. */
static void write_attributes(struct writer *w)
{
    struct asm_bytes b = {0};
    word inner = 1 + 4 + 1 + sizeof ARCHITECTURE, outer = 4 + sizeof "riscv" + inner;
    const uint8_t file = TAG_FILE, arch = TAG_ARCH;

    asm_bytes(w->as, &b, "A", 1);
    asm_bytes(w->as, &b, &outer, 4);
    asm_bytes(w->as, &b, "riscv", sizeof "riscv");
    asm_bytes(w->as, &b, &file, 1);
    asm_bytes(w->as, &b, &inner, 4);
    asm_bytes(w->as, &b, &arch, 1);
    asm_bytes(w->as, &b, ARCHITECTURE, sizeof ARCHITECTURE);
    write_extra(w, ".riscv.attributes", SHT_ATTRIBUTES, b.data, b.size);
}

/* ---- symbols ---- */

static bool wanted(const struct asm_symbol *s)
{
    return !s->hidden && s->kind != ASM_UNDEFINED && strncmp(s->name, ".L", 2) != 0 &&
           !(s->kind == ASM_LABEL && s->section->group == ASM_DISCARD);
}

/* False when its value cannot be told. */
static bool symbol_entry(struct writer *w, const struct asm_symbol *s, Elf32_Sym *out)
{
    struct asm_place place = {w->as->sections->first, 0};
    unsigned type = s->function ? STT_FUNC : s->object ? STT_OBJECT : STT_NOTYPE;
    int64_t v;

    *out = (Elf32_Sym){.st_info = (uint8_t)ELF32_ST_INFO(s->global ? STB_GLOBAL : STB_LOCAL, type)};
    if (s->size && asm_final(w->as, s->size, &place, NULL, &v))
        out->st_size = (word)v;
    if (s->kind == ASM_LABEL) {
        out->st_value = s->section->address + s->offset;
        out->st_shndx = (uint16_t)s->section->elf_index;
        return true;
    }
    out->st_shndx = SHN_ABS;
    if (!asm_final(w->as, s->value, &place, NULL, &v))
        return false;
    out->st_value = (word)v;
    return true;
}

static unsigned add_symbols(struct writer *w, struct asm_bytes *table, bool global)
{
    unsigned count = 0;
    Elf32_Sym entry;

    for (const struct asm_symbol *s = asm_symbol_first(w->as); s; s = s->next) {
        if (!wanted(s) || s->global != global || !symbol_entry(w, s, &entry))
            continue;
        entry.st_name = add_name(w, &w->strings, s->name);
        asm_bytes(w->as, table, &entry, sizeof entry);
        count++;
    }
    return count;
}

static void write_symbols(struct writer *w, const char *name)
{
    struct asm_bytes table = {0};
    Elf32_Sym entry = {0};

    add_name(w, &w->strings, "");
    asm_bytes(w->as, &table, &entry, sizeof entry);
    entry.st_name = add_name(w, &w->strings, name);
    entry.st_info = ELF32_ST_INFO(STB_LOCAL, STT_FILE);
    entry.st_shndx = SHN_ABS;
    asm_bytes(w->as, &table, &entry, sizeof entry);
    unsigned locals = add_symbols(w, &table, false);
    add_symbols(w, &table, true);
    align_out(w, 4);
    write_extra(w, ".symtab", SHT_SYMTAB, table.data, table.size);
    Elf32_Shdr *h = &w->headers[w->header_count - 1];
    h->sh_link = w->header_count; /* .strtab is next */
    h->sh_info = 2 + locals;
    h->sh_entsize = sizeof entry;
    h->sh_addralign = 4;
    write_extra(w, ".strtab", SHT_STRTAB, w->strings.data, w->strings.size);
}

/* ---- the whole ---- */

/* _start, else where the text begins, else where the program does. */
static word entry_of(const struct writer *w)
{
    const struct asm_symbol *s = asm_symbol_lookup(w->as, "_start", 6);

    if (s && s->kind == ASM_LABEL)
        return s->section->address + s->offset;
    return w->segment_count ? w->segments[0].p_vaddr : 0;
}

static void write_header(struct writer *w)
{
    Elf32_Ehdr h = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_RISCV,
        .e_version = EV_CURRENT,
        .e_entry = entry_of(w),
        .e_phoff = sizeof h,
        .e_shoff = (word)w->out->size,
        .e_ehsize = sizeof h,
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = (uint16_t)w->segment_count,
        .e_shentsize = sizeof(Elf32_Shdr),
        .e_shnum = (uint16_t)w->header_count,
        .e_shstrndx = (uint16_t)(w->header_count - 1),
    };

    memcpy(w->out->data, &h, sizeof h);
    memcpy(w->out->data + sizeof h, w->segments, w->segment_count * sizeof w->segments[0]);
}

void asm_elf(struct assembler *as, const char *name, struct asm_bytes *out)
{
    struct writer *w = asm_alloc(as, sizeof *w);
    static const uint8_t room[sizeof(Elf32_Ehdr) + ASM_GROUPS * sizeof(Elf32_Phdr)];

    w->as = as;
    w->out = out;
    asm_bytes(as, out, room, sizeof room);
    add_header(w, "", SHT_NULL)->sh_offset = 0;
    w->headers[0].sh_addralign = 0;
    for (enum asm_group g = ASM_TEXT; g < ASM_GROUPS; g++)
        write_group(w, g);
    write_debug(w, name);
    write_attributes(w);
    write_symbols(w, name);
    Elf32_Shdr *names = add_header(w, ".shstrtab", SHT_STRTAB);
    names->sh_size = (word)w->names.size;
    asm_bytes(as, out, w->names.data, w->names.size);
    align_out(w, 4);
    size_t headers = w->header_count * sizeof w->headers[0];
    size_t at = out->size;
    asm_bytes(as, out, w->headers, headers);
    size_t end = out->size;
    out->size = at;
    write_header(w);
    out->size = end;
}
