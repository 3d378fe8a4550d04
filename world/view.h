/*
 * Looking at a host: address spaces, contexts, "guest sees | real", symbols. Everything here
 * only reads; nothing fills a TLB or sets a bit in a page table.
 *
 * A context (trace/context.h) is a machine of its own in its own eyes. Its monitor publishes
 * its state as a page in VMCB layout (isa/vmcb.def), in the monitor's physical memory:
 *
 *     context 2 --gva--> gpa of 2 --nptbr of 2--> gpa of 1 --nptbr of 1--> hpa
 *                  ptbr in the page of 2, which lies in the gpa of 1
 *
 * so a space is named by a context and by whether its own page table is in force. For the
 * root context gpa and hpa are the same, and its page table is the machine's ptbr.
 */
#ifndef WORLD_VIEW_H
#define WORLD_VIEW_H

#include "base/types.h"
#include "isa/lines.h"
#include "world/world.h"

enum space_kind {
    SPACE_HPA, /* the machine's physical memory; `context` is not looked at */
    SPACE_GPA, /* what `context` believes to be physical */
    SPACE_GVA, /* through the page table that `context` has loaded, or believes to have */
};

struct space {
    enum space_kind kind;
    uint16_t context;
};

const char *space_name(enum space_kind kind);

/* False (and nothing is written) when a byte is not mapped or not RAM. */
bool view_translate(const struct host *h, struct space space, word address, hpa *out);
bool view_read(const struct host *h, struct space space, word address, void *data, size_t size);
/* The instruction at a gva of the context: where its own table has nothing, as the table says that is
 * real while it runs, or was. A translator's cache is mapped there only. */
bool view_fetch(const struct host *h, uint16_t context, gva address, word *bits);
/* As host_write: at the next boundary when called inside an event. */
bool view_write(struct host *h, struct space space, word address, const void *data, size_t size);

/* Digest of what `context` believes to be its RAM, `size` bytes from RAM_BASE (isa.md 11). A page that its
 * monitor has not given it yet is zeros. The same bytes give the same digest at every level. */
uint64_t view_ram_digest(const struct host *h, uint16_t context, word size);

/* The words of a walk of the context's own page table, outermost first; for display. */
struct walk_step {
    word address; /* of the entry, physical in the context's eyes */
    word entry;
    bool readable; /* false: the entry lies outside its memory; entry is 0 */
};
/* Returns the number of steps (0 with paging off, at most 2). */
unsigned view_walk(const struct host *h, uint16_t context, gva address, struct walk_step steps[2]);
/* The same of the table in the machine's own memory that this value of ptbr means. */
unsigned view_walk_real(const struct host *h, word ptbr, gva address, struct walk_step steps[2]);

/* ---- contexts ----------------------------------------------------------------------------- */

/* NULL past the end. */
const struct context *view_context(const struct host *h, uint16_t id);
uint16_t view_current(const struct host *h); /* whose code runs at the machine's pc */
/* "machine" (or "vmm", when it has made a VM) for the root, else the name that its monitor
 * gave, or "vm1" by vmid. */
const char *view_context_name(const struct host *h, uint16_t id, char *buffer, size_t size);
bool view_is_monitor(const struct host *h, uint16_t id); /* has ever made a VM */

/* Registers in one row: x0-x31 0 to 31, then these, then control registers by number. */
#define VIEW_PC   32
#define VIEW_RING 33

/* "a0", "pc", "status": the name that view_register knows. */
const char *view_register_name(word reg);

/*
 * What the context sees: of the root the machine's own registers; of a running VM the
 * machine's x registers and pc, and the control registers of its page; of a VM that does not
 * run what its monitor keeps. False when unknown (no page published, no such register).
 */
bool view_guest(const struct host *h, uint16_t context, word reg, word *value);
/* What is in the machine while the context's code runs. False while it does not run. */
bool view_real(const struct host *h, uint16_t context, word reg, word *value);

/* Where in memory the monitor of a VM keeps a register of it. False: nowhere that is known. */
bool view_kept(const struct host *h, uint16_t context, word reg, hpa *out);

/* What was in it when the context last ran, as far as no other VM of its level has run since. False
 * while it runs, and for counters. */
bool view_was_real(const struct host *h, uint16_t context, word reg, word *value);

/* By name: "a0", "x10", "pc", "ring", "status", "cycle"...; false when there is none. */
bool view_register(const char *name, word *reg);

/* ---- symbols ------------------------------------------------------------------------------ */

/*
 * The images of a host are those that were loaded. Which of them is meant at an address is
 * seen in memory: the one whose bytes are there, in that context's address space. So each VM's
 * kernel and each user program gets its own names, whoever has loaded it.
 */
struct symbol_at {
    const struct image *image;
    const char *image_name; /* "os.elf" */
    const struct image_symbol *symbol;
    word offset; /* address - symbol->value */
};
bool view_symbol(const struct host *h, uint16_t context, gva address, struct symbol_at *out);
/* "boot+8", with `image` "os.elf:boot+8"; "" when there is none. */
const char *view_symbol_text(const struct host *h, uint16_t context, gva address, bool image,
                             char *buffer, size_t size);
/* The source line that the code at `address` comes from; NULL when none is known. */
const struct line_row *view_line(const struct host *h, uint16_t context, gva address);
/* Where "FILE:LINE" begins, FILE being the end of a path, or "IMAGE:" and that; false when nowhere. */
bool view_line_find(const struct host *h, const char *file, uint32_t line, word *address);
/* The same of one image, by the address that its file gives the code, wherever that is now. */
const struct line_row *view_image_line(const struct host *h, const char *image, word address);
/* "NAME" or "IMAGE:NAME"; the first image that has it. False when none does. */
bool view_symbol_find(const struct host *h, const char *name, word *value);
/* The same two, and which image it is in. */
bool view_line_owner(const struct host *h, const char *file, uint32_t line, word *address,
                     const char **image);
bool view_symbol_owner(const struct host *h, const char *name, word *value, const char **image);
/* From its first to its last byte. */
bool view_symbol_range(const struct host *h, const char *name, word *first, word *last);

/* Symbols of the host as names for filters (filter.h). */
struct filter_names view_filter_names(const struct host *h);

/* The name of the image whose code, as it was loaded, lies at the address; NULL: none's. */
const char *view_image_name(const struct host *h, uint16_t context, gva address);
/* All symbols of all images, then all source files; NULL past the end. */
const struct image_symbol *view_symbol_index(const struct host *h, unsigned index,
                                             const char **image);
const char *view_file_index(const struct host *h, unsigned index);

#endif
