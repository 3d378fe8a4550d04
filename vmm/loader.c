/*
 * The guest loader; see loader.h. A module is data from outside: every offset and size is
 * compared with what is there before it is used, in a form that cannot wrap.
 */
#include "vmm/loader.h"

#include "vmm/p2m.h"
#include "vmm/phys.h"
#include "vmm/platform.h"

#include "isa/boot.h"
#include "isa/paging.h"

/* ELF32, as far as an executable needs it. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf_segment {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

#define ELF_MAGIC   0x464c457fu
#define ELF_EXEC    2
#define ELF_RISCV   243
#define ELF_LOAD    1
#define CLASS_32    1
#define DATA_LITTLE 1

struct loading {
    struct p2m *map;
    const struct boot_page *boot;
    const struct vm_description *d;
    struct line *why;
    const uint8_t *file;
    word size; /* of it */
    struct elf_header header;
    gpa end; /* behind what has been placed */
    struct boot_page page;
};

static bool fail(const struct loading *l, struct slice which, const char *what)
{
    line_slice(l->why, which);
    line_str(l->why, ": ");
    line_str(l->why, what);
    return false;
}

static gpa page_up(gpa address)
{
    return (address + PAGE_SIZE - 1) & PAGE_MASK;
}

static gpa ram_end(const struct loading *l)
{
    return RAM_BASE + l->d->ram;
}

/* [offset, offset + size) inside `limit`? */
static bool inside(word offset, word size, word limit)
{
    return offset <= limit && size <= limit - offset;
}

/* ---- the kernel --------------------------------------------------------------------------- */

const struct boot_module *loader_find(const struct boot_page *boot, struct slice name)
{
    for (unsigned i = 0; i < boot->module_count && i < BOOT_MODULES_MAX; i++)
        if (slice_is(name, boot->modules[i].name))
            return &boot->modules[i];
    return NULL;
}

static bool open_kernel(struct loading *l)
{
    const struct boot_module *m = loader_find(l->boot, l->d->kernel);
    const struct elf_header *h = &l->header;
    word magic;

    if (!m)
        return fail(l, l->d->kernel, "there is no module of this name for the kernel");
    l->file = phys_ptr(m->address);
    l->size = m->size;
    if (m->size < sizeof l->header)
        return fail(l, l->d->kernel, "not an ELF file: too short");
    memcpy(&l->header, l->file, sizeof l->header);
    memcpy(&magic, h->ident, sizeof magic);
    if (magic != ELF_MAGIC)
        return fail(l, l->d->kernel, "not an ELF file");
    if (h->ident[4] != CLASS_32 || h->ident[5] != DATA_LITTLE || h->machine != ELF_RISCV ||
        h->type != ELF_EXEC)
        return fail(l, l->d->kernel, "not a 32-bit little-endian RISC-V executable");
    if (h->phentsize != sizeof(struct elf_segment) || h->phnum == 0 ||
        !inside(h->phoff, h->phnum * (word)sizeof(struct elf_segment), l->size))
        return fail(l, l->d->kernel, "its program headers are damaged or missing");
    return true;
}

static struct elf_segment segment(const struct loading *l, unsigned index)
{
    struct elf_segment s;

    memcpy(&s, l->file + l->header.phoff + index * sizeof s, sizeof s);
    if (s.type != ELF_LOAD)
        s.memsz = 0;
    return s;
}

static bool check_segment(const struct loading *l, unsigned index)
{
    struct elf_segment s = segment(l, index);

    if (s.memsz == 0)
        return true;
    if (s.filesz > s.memsz || !inside(s.offset, s.filesz, l->size))
        return fail(l, l->d->kernel, "a segment is truncated");
    if (s.paddr < RAM_BASE || !inside(s.paddr - RAM_BASE, s.memsz, l->d->ram))
        return fail(l, l->d->kernel, "a segment lies outside the VM's RAM");
    for (unsigned i = 0; i < index; i++) {
        struct elf_segment o = segment(l, i);
        if (o.memsz && s.paddr < o.paddr + o.memsz && o.paddr < s.paddr + s.memsz)
            return fail(l, l->d->kernel, "two segments overlap");
    }
    return true;
}

static bool check_entry(const struct loading *l)
{
    word entry = l->header.entry;

    for (unsigned i = 0; i < l->header.phnum; i++) {
        struct elf_segment s = segment(l, i);
        if (entry % 4 == 0 && entry - s.paddr < s.memsz)
            return true;
    }
    return fail(l, l->d->kernel, "its entry is not a physical address inside it");
}

static bool load_kernel(struct loading *l)
{
    if (!open_kernel(l))
        return false;
    for (unsigned i = 0; i < l->header.phnum; i++)
        if (!check_segment(l, i))
            return false;
    if (!check_entry(l))
        return false;
    l->end = RAM_BASE;
    for (unsigned i = 0; i < l->header.phnum; i++) {
        struct elf_segment s = segment(l, i);
        if (s.memsz == 0)
            continue;
        if (!p2m_write(l->map, s.paddr, l->file + s.offset, s.filesz))
            return fail(l, l->d->kernel, "a segment lies outside the VM's RAM");
        if (s.paddr + s.memsz > l->end)
            l->end = s.paddr + s.memsz;
    }
    return true;
}

/* ---- modules and the boot page ------------------------------------------------------------ */

static bool load_module(struct loading *l, struct slice name)
{
    const struct boot_module *m = loader_find(l->boot, name);
    gpa at = page_up(l->end);

    if (!m)
        return fail(l, name, "there is no module of this name");
    if (l->page.module_count == BOOT_MODULES_MAX)
        return fail(l, name, "too many modules");
    if (loader_find(&l->page, name))
        return fail(l, name, "the same module twice");
    if (!inside(at - RAM_BASE, m->size, l->d->ram))
        return fail(l, name, "no room for this module; give the VM more ram=");
    struct boot_module *to = &l->page.modules[l->page.module_count++];
    *to = *m;
    to->address = at;
    l->end = at + m->size;
    if (!p2m_write(l->map, at, phys_ptr(m->address), m->size))
        return fail(l, name, "no room for this module; give the VM more ram=");
    return true;
}

static bool write_boot_page(struct loading *l)
{
    struct boot_page *page = &l->page;

    l->end = page_up(l->end);
    if (l->end > ram_end(l) - PAGE_SIZE)
        return fail(l, l->d->name, "no room for the boot page; give the VM more ram=");
    if (l->d->cmdline.length >= BOOT_CMDLINE_SIZE)
        return fail(l, l->d->name, "its command line is too long");
    page->magic = BOOT_MAGIC;
    page->ram_base = RAM_BASE;
    page->ram_size = l->d->ram;
    slice_copy(l->d->cmdline, page->cmdline, BOOT_CMDLINE_SIZE);
    return p2m_write(l->map, l->end, page, sizeof *page);
}

bool loader_load(struct p2m *map, const struct boot_page *boot, const struct vm_description *d,
                 struct loaded *out, struct line *why)
{
    struct loading l = {.map = map, .boot = boot, .d = d, .why = why};
    struct slice rest = d->modules, name;

    if (!load_kernel(&l))
        return false;
    while (cmdline_next(&rest, &name))
        if (!load_module(&l, name))
            return false;
    if (!write_boot_page(&l))
        return false;
    *out = (struct loaded){l.header.entry, l.end};
    return true;
}
