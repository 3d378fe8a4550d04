/*
 * Program images: an ELF32 RISC-V executable, checked before anything of it is believed.
 *
 *   header -> program headers -> segments (sorted by physical address)
 *          -> section headers -> .symtab, .strtab -> symbols (sorted by address)
 *
 * libelf gives the tables; every offset in them is compared with the file's size here first,
 * so a damaged file is refused with a sentence instead of being half loaded. Tables must be
 * aligned too: libelf gives them in place. The image keeps the file's bytes: segment data and
 * symbol names point into them.
 */
#include "isa/image.h"
#include "base/file.h"

#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_LIMIT (512u << 20) /* bytes of a file; more is no program for a 32-bit machine */
#define HOW_TO_BUILD                                                                               \
    "build it with: clang --target=riscv32 -march=rv32im -nostdlib -static -fuse-ld=lld "          \
    "-Wl,--image-base=0x80000000"
#define FLAG_RVC       0x1u
#define FLAG_FLOAT_ABI 0x6u

static int refuse(const struct image *m, struct error *err, const char *what)
{
    return error_set(err, ERROR_input, "%s: %s", m->path, what);
}

/* Does [offset, offset + count * size) lie in the file? */
static bool inside(const struct image *m, uint64_t offset, uint64_t count, uint64_t size)
{
    return offset <= m->byte_count && count * size <= m->byte_count - offset;
}

/* The first bytes, before libelf looks at them. */
static int check_ident(const struct image *m, struct error *err)
{
    const uint8_t *b = m->bytes;

    if (m->byte_count == 0)
        return refuse(m, err, "the file is empty; " HOW_TO_BUILD);
    if (m->byte_count < SELFMAG || memcmp(b, ELFMAG, SELFMAG) != 0)
        return refuse(m, err, "not an ELF file; " HOW_TO_BUILD);
    if (m->byte_count < sizeof(Elf32_Ehdr))
        return refuse(m, err, "truncated: it ends inside the ELF header; build or copy it again");
    if (b[EI_CLASS] != ELFCLASS32)
        return refuse(m, err, "a 64-bit program, the machine has 32 bits; " HOW_TO_BUILD);
    if (b[EI_DATA] != ELFDATA2LSB)
        return refuse(m, err, "a big-endian program, the machine is little-endian; " HOW_TO_BUILD);
    if (b[EI_VERSION] != EV_CURRENT)
        return refuse(m, err, "damaged: unknown ELF version; build or copy it again");
    return 0;
}

static int check_type(const struct image *m, const Elf32_Ehdr *h, struct error *err)
{
    if (h->e_machine != EM_RISCV)
        return error_set(err, ERROR_input,
                         "%s: a program for another processor (ELF machine %u, RISC-V is %u); %s",
                         m->path, h->e_machine, EM_RISCV, HOW_TO_BUILD);
    if (h->e_type == ET_REL)
        return refuse(m, err,
                      "an object file, not an executable; link it with: "
                      "ld.lld -m elf32lriscv --image-base=0x80000000 FILE.o -o FILE.elf");
    if (h->e_type == ET_DYN)
        return refuse(m, err,
                      "position-independent or a shared library, the machine has no dynamic "
                      "linker; link it with -static -no-pie");
    if (h->e_type != ET_EXEC)
        return error_set(err, ERROR_input, "%s: not an executable (ELF type %u); %s", m->path,
                         h->e_type, HOW_TO_BUILD);
    if (h->e_flags & FLAG_RVC)
        return refuse(m, err,
                      "contains compressed (16-bit) instructions, which the machine does not "
                      "have; compile without C: -march=rv32im");
    if (h->e_flags & FLAG_FLOAT_ABI)
        return refuse(m, err,
                      "passes floating-point numbers in registers that the machine does not "
                      "have; compile with -march=rv32im -mabi=ilp32");
    return 0;
}

static int check_tables(const struct image *m, const Elf32_Ehdr *h, struct error *err)
{
    if (h->e_phnum == 0)
        return refuse(
            m, err,
            "no code and no data, so nothing to load; or it was not linked as an executable");
    if (h->e_phnum == PN_XNUM || h->e_phentsize != sizeof(Elf32_Phdr) || h->e_phoff % 4)
        return refuse(m, err, "damaged: impossible program header table; build it again");
    if (!inside(m, h->e_phoff, h->e_phnum, sizeof(Elf32_Phdr)))
        return refuse(m, err,
                      "truncated: it ends inside the program headers; build or copy it again");
    if (h->e_shoff == 0)
        return 0;
    if (h->e_shnum == 0 || h->e_shnum >= SHN_LORESERVE || h->e_shentsize != sizeof(Elf32_Shdr) ||
        h->e_shoff % 4)
        return refuse(m, err, "damaged: impossible section header table; build it again");
    if (!inside(m, h->e_shoff, h->e_shnum, sizeof(Elf32_Shdr)))
        return refuse(m, err,
                      "truncated: it ends inside the section headers; build or copy it again");
    return 0;
}

static int check_segment(const struct image *m, const Elf32_Phdr *p, unsigned number,
                         struct error *err)
{
    const char *what = NULL;

    if (!inside(m, p->p_offset, p->p_filesz, 1))
        what = "truncated: the file ends inside the segment; build or copy it again";
    else if (p->p_filesz > p->p_memsz)
        what = "damaged: the segment has more bytes in the file than in memory";
    else if ((uint64_t)p->p_vaddr + p->p_memsz > 1ull << 32 ||
             (uint64_t)p->p_paddr + p->p_memsz > 1ull << 32)
        what = "the segment wraps around the end of the address space; mend the linker script";
    if (!what)
        return 0;
    return error_set(err, ERROR_input, "%s: %s (segment %u at 0x%08x, 0x%x bytes)", m->path, what,
                     number, p->p_paddr, p->p_memsz);
}

static int by_paddr(const void *a, const void *b)
{
    const struct image_segment *s = a, *t = b;

    return s->paddr < t->paddr ? -1 : s->paddr > t->paddr;
}

static int check_overlap(const struct image *m, struct error *err)
{
    for (unsigned i = 1; i < m->segment_count; i++) {
        const struct image_segment *a = &m->segments[i - 1], *b = &m->segments[i];

        if (b->paddr - a->paddr < a->size)
            return error_set(err, ERROR_input,
                             "%s: segments overlap: 0x%08x-0x%08x and 0x%08x-0x%08x; "
                             "mend the linker script",
                             m->path, a->paddr, a->paddr + a->size - 1, b->paddr,
                             b->paddr + b->size - 1);
    }
    return 0;
}

static int read_segments(struct image *m, const Elf32_Phdr *headers, unsigned count,
                         struct error *err)
{
    m->segments = calloc(count, sizeof *m->segments);
    if (!m->segments)
        return error_set(err, ERROR_memory, "%s: out of memory", m->path);
    for (unsigned i = 0; i < count; i++) {
        const Elf32_Phdr *p = &headers[i];

        if (p->p_type == PT_INTERP)
            return refuse(m, err, "needs a dynamic linker, the machine has none; link -static");
        if (p->p_type != PT_LOAD || p->p_memsz == 0)
            continue;
        int failed = check_segment(m, p, i, err);
        if (failed)
            return failed;
        m->segments[m->segment_count++] = (struct image_segment){
            .vaddr = p->p_vaddr,
            .paddr = p->p_paddr,
            .size = p->p_memsz,
            .filled = p->p_filesz,
            .flags = p->p_flags & (PF_R | PF_W | PF_X),
            .data = m->bytes + p->p_offset,
        };
    }
    if (m->segment_count == 0)
        return refuse(m, err, "nothing to load: no PT_LOAD segment; link it as an executable");
    qsort(m->segments, m->segment_count, sizeof *m->segments, by_paddr);
    return check_overlap(m, err);
}

/* The entry is a virtual address; a kernel linked high names it by its physical address. */
static int check_entry(const struct image *m, struct error *err)
{
    for (unsigned i = 0; i < m->segment_count && m->entry % 4 == 0; i++) {
        const struct image_segment *s = &m->segments[i];

        if (m->entry - s->vaddr < s->size || m->entry - s->paddr < s->size)
            return 0;
    }
    return error_set(err, ERROR_input,
                     "%s: the entry point 0x%08x is %s; define the global label _start", m->path,
                     m->entry, m->entry % 4 ? "not a multiple of 4" : "in no segment");
}

/* Tools number local labels .L1, mark code and data with $x and $d: nobody wrote those. */
static bool wanted(const Elf32_Sym *s, const char *name)
{
    unsigned type = ELF32_ST_TYPE(s->st_info);

    return type != STT_SECTION && type != STT_FILE && s->st_shndx != SHN_UNDEF &&
           s->st_shndx != SHN_ABS && name[0] != '\0' && name[0] != '$' &&
           strncmp(name, ".L", 2) != 0;
}

/* Where two names share an address the one worth printing comes last: functions, then sized. */
static int by_value(const void *a, const void *b)
{
    const struct image_symbol *s = a, *t = b;

    if (s->value != t->value)
        return s->value < t->value ? -1 : 1;
    if (s->is_function != t->is_function)
        return s->is_function ? 1 : -1;
    if ((s->size != 0) != (t->size != 0))
        return s->size ? 1 : -1;
    return strcmp(t->name, s->name);
}

static int add_symbols(struct image *m, const Elf32_Sym *table, size_t count, const char *strings,
                       size_t strings_size, struct error *err)
{
    m->symbols = calloc(count ? count : 1, sizeof *m->symbols);
    if (!m->symbols)
        return error_set(err, ERROR_memory, "%s: out of memory", m->path);
    for (size_t i = 0; i < count; i++) {
        const Elf32_Sym *s = &table[i];

        if (s->st_name >= strings_size ||
            !memchr(strings + s->st_name, 0, strings_size - s->st_name))
            return refuse(m, err, "damaged: a symbol's name lies outside the string table");
        if (!wanted(s, strings + s->st_name))
            continue;
        m->symbols[m->symbol_count++] = (struct image_symbol){
            .name = strings + s->st_name,
            .value = s->st_value,
            .size = s->st_size,
            .is_function = ELF32_ST_TYPE(s->st_info) == STT_FUNC,
        };
    }
    qsort(m->symbols, m->symbol_count, sizeof *m->symbols, by_value);
    return 0;
}

/* A section's header when its bytes are all in the file, else NULL. */
static const Elf32_Shdr *section(const struct image *m, Elf *elf, size_t index, word type)
{
    Elf_Scn *scn = elf_getscn(elf, index);
    const Elf32_Shdr *h = scn ? elf32_getshdr(scn) : NULL;

    if (!h || h->sh_type != type || (h->sh_flags & SHF_COMPRESSED) ||
        !inside(m, h->sh_offset, h->sh_size, 1))
        return NULL;
    return h;
}

static int read_symbols(struct image *m, Elf *elf, struct error *err)
{
    Elf_Scn *scn = NULL;

    while ((scn = elf_nextscn(elf, scn))) {
        const Elf32_Shdr *h = elf32_getshdr(scn);

        if (!h || h->sh_type != SHT_SYMTAB)
            continue;
        const Elf32_Shdr *names = section(m, elf, h->sh_link, SHT_STRTAB);
        if (!section(m, elf, elf_ndxscn(scn), SHT_SYMTAB) || !names ||
            h->sh_entsize != sizeof(Elf32_Sym) || h->sh_offset % 4)
            return refuse(m, err,
                          "truncated or damaged: the symbol table is not all there; "
                          "build or copy it again");
        Elf_Data *data = elf_getdata(scn, NULL);
        if (!data || !data->d_buf)
            return 0;
        return add_symbols(m, data->d_buf, data->d_size / sizeof(Elf32_Sym),
                           (const char *)m->bytes + names->sh_offset, names->sh_size, err);
    }
    return 0;
}

static int damaged(const struct image *m, struct error *err)
{
    return error_set(err, ERROR_input, "%s: damaged: %s; build it again", m->path, elf_errmsg(-1));
}

static int parse_elf(struct image *m, Elf *elf, struct error *err)
{
    const Elf32_Ehdr *h = elf32_getehdr(elf);

    if (!h)
        return damaged(m, err);
    int failed = check_type(m, h, err);
    if (!failed)
        failed = check_tables(m, h, err);
    if (failed)
        return failed;
    const Elf32_Phdr *p = elf32_getphdr(elf);
    if (!p)
        return damaged(m, err);
    m->entry = h->e_entry;
    failed = read_segments(m, p, h->e_phnum, err);
    if (!failed)
        failed = check_entry(m, err);
    return failed ? failed : read_symbols(m, elf, err);
}

static int parse(struct image *m, struct error *err)
{
    int failed = check_ident(m, err);

    if (failed)
        return failed;
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)m->bytes, m->byte_count);
    if (!elf)
        return damaged(m, err);
    failed = parse_elf(m, elf, err);
    elf_end(elf);
    return failed;
}

/* Takes over `bytes`. */
static int take(struct image *out, const char *name, uint8_t *bytes, size_t size, struct error *err)
{
    *out = (struct image){.bytes = bytes, .byte_count = size};
    out->path = malloc(strlen(name) + 1);
    if (!out->path) {
        image_free(out);
        return error_set(err, ERROR_memory, "%s: out of memory", name);
    }
    strcpy(out->path, name);
    int failed = parse(out, err);
    if (failed)
        image_free(out);
    return failed;
}

int image_parse(struct image *out, const char *name, const void *data, size_t size,
                struct error *err)
{
    uint8_t *bytes = malloc(size + 1);

    *out = (struct image){0};
    if (!bytes)
        return error_set(err, ERROR_memory, "%s: out of memory", name);
    if (size)
        memcpy(bytes, data, size);
    return take(out, name, bytes, size, err);
}

int image_read(struct image *out, const char *path, struct error *err)
{
    uint8_t *bytes;
    size_t size;

    *out = (struct image){0};
    int failed = file_read(path, "program", IMAGE_LIMIT, &bytes, &size, err);
    return failed ? failed : take(out, path, bytes, size, err);
}

void image_free(struct image *image)
{
    free(image->path);
    free(image->segments);
    free(image->symbols);
    free(image->bytes);
    *image = (struct image){0};
}

/* Both in one segment: an unsized label covers what follows, but not beyond. */
static bool same_segment(const struct image *image, word a, word b)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];

        if (a - s->vaddr < s->size)
            return b - s->vaddr < s->size;
    }
    return false;
}

static bool covers(const struct image *image, const struct image_symbol *s, word address)
{
    return s->size ? address - s->value < s->size : same_segment(image, s->value, address);
}

const struct image_symbol *image_symbol_at(const struct image *image, word address)
{
    const struct image_symbol *label = NULL;
    unsigned low = 0, high = image->symbol_count;

    while (low < high) { /* the first symbol past the address */
        unsigned middle = low + (high - low) / 2;

        if (image->symbols[middle].value <= address)
            low = middle + 1;
        else
            high = middle;
    }
    while (low-- > 0) {
        const struct image_symbol *s = &image->symbols[low];

        if (s->is_function)
            return covers(image, s, address) ? s : label;
        if (!label && covers(image, s, address))
            label = s;
    }
    return label;
}

const struct image_symbol *image_symbol_find(const struct image *image, const char *name)
{
    for (unsigned i = 0; i < image->symbol_count; i++)
        if (strcmp(image->symbols[i].name, name) == 0)
            return &image->symbols[i];
    return NULL;
}
