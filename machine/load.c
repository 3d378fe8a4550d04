/*
 * The loader; see load.h. Everything is checked and placed before the first byte is copied.
 *
 *   base        program's segments                         end
 *     |......[text][rodata][data bss]|module 0 |module 1 |boot|.....|
 *                                   page      page      page
 *
 * Places are 64-bit numbers while they are checked, so that no sum wraps.
 */
#include "machine/load.h"

#include <string.h>

#include "isa/boot.h"
#include "isa/paging.h"

static uint64_t page_up(uint64_t address)
{
    return (address + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}

static uint64_t end_of(const struct load_memory *ram)
{
    return (uint64_t)ram->base + ram->size;
}

static const char *path_of(const struct image *image)
{
    return image->path ? image->path : "program";
}

/* Every segment lies in RAM; `end` is where the highest ends. */
static int check_segments(const struct load_memory *ram, const struct image *image, uint64_t *end,
                          struct error *err)
{
    *end = ram->base;
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];
        uint64_t s_end = (uint64_t)s->paddr + s->size;

        if (s->size == 0)
            continue;
        if (s->paddr < ram->base || s_end > end_of(ram))
            return error_set(err, ERROR_input,
                             "%s: segment %u goes to %08x-%08x, outside RAM (%08x-%08x); link the "
                             "program there (-Wl,--image-base=0x%08x)%s",
                             path_of(image), i, s->paddr, (word)(s_end - 1), ram->base,
                             (word)(end_of(ram) - 1), ram->base,
                             s->paddr >= ram->base ? ", or give the machine more" : "");
        if (s_end > *end)
            *end = s_end;
    }
    if (*end == ram->base)
        return error_set(err, ERROR_input, "%s: there is nothing to load in it", path_of(image));
    return 0;
}

/* Start addresses are physical: paging is off. */
static int check_entry(const struct image *image, struct error *err)
{
    if (image->entry % 4 != 0)
        return error_set(err, ERROR_input,
                         "%s: the entry %08x is not 4-byte aligned, as instructions are",
                         path_of(image), image->entry);
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];

        if (image->entry - s->paddr < s->size)
            return 0;
    }
    return error_set(
        err, ERROR_input,
        "%s: the entry %08x is in none of its segments; the machine starts with paging "
        "off, so the entry must be a physical address",
        path_of(image), image->entry);
}

static int check_name(const struct machine_program *p, unsigned index, struct error *err)
{
    const char *name = p->modules[index].name;

    if (!name || !*name)
        return error_set(err, ERROR_input, "module %u has no name; guests find modules by name",
                         index);
    if (strlen(name) >= BOOT_NAME_SIZE)
        return error_set(
            err, ERROR_input,
            "module name %s: %zu bytes, the boot page has room for %d; use a shorter one", name,
            strlen(name), BOOT_NAME_SIZE - 1);
    for (unsigned i = 0; i < index; i++)
        if (strcmp(p->modules[i].name, name) == 0)
            return error_set(err, ERROR_input,
                             "modules %u and %u are both named %s; guests find modules by name", i,
                             index, name);
    return 0;
}

static int check_texts(const struct machine_program *p, struct error *err)
{
    size_t length = p->cmdline ? strlen(p->cmdline) : 0;

    if (length >= BOOT_CMDLINE_SIZE)
        return error_set(err, ERROR_input,
                         "the command line has %zu bytes, the boot page has room for %d", length,
                         BOOT_CMDLINE_SIZE - 1);
    if (p->module_count > BOOT_MODULES_MAX)
        return error_set(err, ERROR_input,
                         "%u modules, the boot page has room for %d; pack several into one",
                         p->module_count, BOOT_MODULES_MAX);
    for (unsigned i = 0; i < p->module_count; i++) {
        int code = check_name(p, i, err);

        if (code)
            return code;
    }
    return 0;
}

/* Addresses of the modules and of the boot page, in `page` and `*boot`. */
static int place(const struct load_memory *ram, const struct machine_program *p, uint64_t end,
                 struct boot_page *page, hpa *boot, struct error *err)
{
    uint64_t at = page_up(end);

    for (unsigned i = 0; i < p->module_count; i++) {
        const struct machine_module *m = &p->modules[i];

        if (at > end_of(ram) || m->size > end_of(ram) - at)
            return error_set(err, ERROR_input,
                             "no room for module %s: %zu bytes, and %llu of %u bytes of RAM are "
                             "left behind what comes before it; give the machine more RAM",
                             m->name, m->size,
                             at < end_of(ram) ? (unsigned long long)(end_of(ram) - at) : 0,
                             ram->size);
        page->modules[i].address = (hpa)at;
        page->modules[i].size = (uint32_t)m->size;
        at = page_up(at + m->size);
    }
    if (at + PAGE_SIZE > end_of(ram))
        return error_set(err, ERROR_input,
                         "no room for the boot page behind the program and its modules: "
                         "give the machine more than %u bytes of RAM",
                         ram->size);
    *boot = (hpa)at;
    return 0;
}

static void copy_segment(const struct load_memory *ram, const struct image_segment *s)
{
    uint8_t *to = ram->data + (s->paddr - ram->base);
    word filled = s->filled < s->size ? s->filled : s->size;

    if (s->size == 0)
        return;
    if (filled)
        memcpy(to, s->data, filled);
    memset(to + filled, 0, s->size - filled);
}

static void copy(const struct load_memory *ram, const struct machine_program *p,
                 struct boot_page *page, hpa boot)
{
    if (ram->used)
        memset(ram->data, 0, ram->size);
    for (unsigned i = 0; i < p->image->segment_count; i++)
        copy_segment(ram, &p->image->segments[i]);
    for (unsigned i = 0; i < p->module_count; i++) {
        const struct machine_module *m = &p->modules[i];

        strcpy(page->modules[i].name, m->name);
        if (m->size)
            memcpy(ram->data + (page->modules[i].address - ram->base), m->data, m->size);
    }
    page->magic = BOOT_MAGIC;
    page->ram_base = ram->base;
    page->ram_size = ram->size;
    page->module_count = p->module_count;
    strcpy(page->cmdline, p->cmdline ? p->cmdline : "");
    memcpy(ram->data + (boot - ram->base), page, sizeof *page);
}

int load_program(const struct load_memory *ram, const struct machine_program *program,
                 struct load_start *start, struct error *err)
{
    struct boot_page page = {0};
    uint64_t end;
    hpa boot = 0;
    int code = check_segments(ram, program->image, &end, err);

    if (!code)
        code = check_entry(program->image, err);
    if (!code)
        code = check_texts(program, err);
    if (!code)
        code = place(ram, program, end, &page, &boot, err);
    if (code)
        return code;
    copy(ram, program, &page, boot);
    *start = (struct load_start){.entry = program->image->entry, .boot_page = boot};
    return 0;
}
