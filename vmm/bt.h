/*
 * Binary translation: the guest's kernel never runs itself; what runs is a copy in which nothing
 * sensitive is left.
 *
 *   source        a page of the guest that was translated from; watched, so that a write is news
 *   unit          guest instructions up to the first that may go elsewhere, at most UNIT_MOST,
 *                 all of one page, and their translation
 *   cache         the translations, one after another; cleared when full. Its pages are mapped
 *                 execute-only into the guest's address spaces, at `slot`
 *   vcpu page     registers of the virtual CPU and the table for indirect jumps, mapped at the top
 *                 of the address space, where a load or store reaches it from x0
 *
 *     guest 80000104: csrrw sp, tscratch, sp   ->   sw   x31, spill(x0)
 *                                                   lw   x31, tscratch(x0)
 *                                                   sw   sp, tscratch(x0)
 *                                                   mv   sp, x31
 *                                                   lw   x31, spill(x0)
 *     guest 80000108: bnez sp, 80000110        ->   bnez sp, taken
 *                                                   ecall (fall through)    later: jal x0, unit
 *                                                   .word what it is
 *                                            taken: ecall                   later: jal x0, unit
 *                                                   .word what it is
 *
 * Everything in the vcpu page can be written by the guest's kernel: it is input, never trusted.
 * Rings 1 to 3 run directly, from pages that were searched for the holes of the classic machine
 * (bt_direct.c).
 */
#ifndef VMM_BT_H
#define VMM_BT_H

#include "vmm/vcpu.h"
#include "vmm/walk.h"

#include "isa/paging.h"

struct vm;

/* ---- the vcpu page ------------------------------------------------------------------------- */

/* Entries of the table for indirect jumps, by bits 9:2 of a hash of the target: the target and
 * itself, shifted right. */
#define BT_TAGS 256
#define BT_HASH 8

struct bt_page {
    word unused[256];
    word tags[BT_TAGS];  /* guest address, or BT_NO_TAG */
    word dests[BT_TAGS]; /* where its translation is */
    word regs[16];       /* the VMCB's words from status on */
    word pending;        /* ip & ie: an interrupt waits for IE */
    word spills[3];      /* a guest register whose place a sequence has taken */
};

#define BT_NO_TAG         1u /* no instruction has an odd address */
#define BT_PAGE_AT        0xfffff000u
/* What a load or store from x0 has as its offset: the upper half is in reach. */
#define BT_OFFSET(member) ((int)offsetof(struct bt_page, member) - (int)PAGE_SIZE)
/* The same from bits 9:2 of the hash with all above set: that brings the tables into reach. */
#define BT_INDEX          (-BT_TAGS * 4)
#define BT_TABLE(member)  (BT_OFFSET(member) - BT_INDEX)

/* ---- units --------------------------------------------------------------------------------- */

#define UNIT_MOST         12 /* guest instructions */
#define UNIT_SPACE        64 /* words of the cache that must be free to begin one */
#define UNIT_NONE         0xffffu
#define CACHE_PAGES       32
#define CACHE_SIZE        (CACHE_PAGES * PAGE_SIZE)
#define CACHE_WORDS       (CACHE_SIZE / 4)
/* Slots for the cache: downwards from the first, none where a machine may have RAM; far enough
 * apart that not many need be tried, in no step with tables of 4 MiB. */
#define BT_SLOT_FIRST     0xfff00000u
#define BT_SLOT_LAST      0xc2000000u
#define BT_SLOT_STRIDE    0x003e0000u
#define SOURCES           96
#define PATCHES           16
#define BUCKETS           512
#define BT_OPCODES        32

/* What an ecall of a translation is for; the word behind it: 31:28 kind, 27:24 which of the two
 * ways out, 15:0 unit. Behind that, for those about one instruction, the instruction. */
enum bt_exit {
    BT_JUMP,       /* goes on at the way out's target; can be patched to a jump */
    BT_MISALIGNED, /* jumps to the way out's target, which is no place for an instruction */
    BT_INDIRECT,   /* jalr whose target is not in the table */
    BT_INSN,       /* an instruction that the monitor must carry out */
    BT_RESUME,     /* goes on with the next instruction: something waits for the monitor */
};

struct bt_way_out {
    gva target;
    uint16_t word;   /* of the unit: the ecall, or the jump that it became */
    uint16_t caller; /* next in the target's list of ways that lead to it, UNIT_NONE at its end */
};

/* Published (hints.def, unit): the first four words and `offsets` stay where they are. Its size
 * is a power of two, since it is often found by its number. */
struct bt_unit {
    _Alignas(64) gva pc; /* of its first guest instruction; bit 0: made for single steps */
    gva at;              /* of its translation */
    hpa code;            /* the same, physical */
    uint8_t count;       /* guest instructions */
    uint8_t words;       /* of the translation */
    bool dead;           /* its source has changed: nothing leads here any more */
    uint8_t unused;
    uint8_t offsets[UNIT_MOST]; /* word of each guest instruction's translation */
    uint16_t next_in_bucket, next_of_source;
    uint16_t callers; /* ways out of others that jump here: unit * 2 + which, or UNIT_NONE */
    struct bt_way_out out[2];
};

#define UNITS_PER_PAGE (PAGE_SIZE / sizeof(struct bt_unit))
#define UNIT_PAGES     22
#define UNITS          (UNIT_PAGES * UNITS_PER_PAGE)

struct bt_source {
    gva page;
    gpa from;
    uint16_t units; /* chained */
};

/* A page with holes, as rings 1 to 3 execute it: each hole replaced by something that traps. */
struct bt_patch {
    gpa page;
    hpa frame; /* 0: unused */
};

/* Published (hints.def, translation), in this order. */
struct bt_counts {
    word units, insns;    /* made, and the guest instructions in them */
    word identical;       /* of these: copied as they are */
    word replaced;        /* other instructions in their place */
    word callouts;        /* an exit in their place */
    word words;           /* instructions of all translations */
    word chained;         /* ways out that became jumps */
    word unlinked;        /* and that became exits again */
    word lookups, misses; /* of an address among the units; not there, so translated */
    word indirect;        /* exits of indirect jumps that the table did not know */
    word carried_out;     /* instructions that the monitor carried out */
    word writes;          /* to pages that were translated */
    word dropped;         /* units that this or another page table made invalid */
    word flushes, moves;  /* of the whole cache; to another slot */
    word opened, patched; /* pages of programs: without holes, with */
    word steps;           /* to the end of a sequence that an interrupt came into */
};

struct bt {
    struct bt_counts counts;
    struct bt_page *page;
    hpa cache[CACHE_PAGES];
    struct bt_unit *units[UNIT_PAGES];
    word unit_count, words_used;
    gva slot;       /* where the cache is in the guest's address spaces */
    bool look;      /* tables may have changed: does the guest want the top now? */
    bool withdrawn; /* the guest wants the top of the address space: no vcpu page */
    word drops;     /* changes when units become invalid */
    uint16_t buckets[BUCKETS];
    uint8_t first_row[BT_OPCODES]; /* of the translator's table, by bits 6:2 of an instruction */
    struct bt_source sources[SOURCES];
    word source_count;
    word checked_ptbr; /* the sources are known to be where this table says */
    bool unchecked;

    struct bt_unit *last; /* that ran, NULL when it may be gone */
    bool translated;      /* it was a translation that ran last */
    word exit_host;       /* where it stopped, in the slot */
    /* The unit for this address, once there is one, is entered into a way out or the table. */
    struct {
        enum { ARRIVAL_NONE, ARRIVAL_LINK, ARRIVAL_TAG } kind;
        gva pc;
        word way, drops;
    } arrival;
    struct bt_patch patches[PATCHES];
    word patch_count;
};

/* ---- bt_cache.c: units --------------------------------------------------------------------- */

struct bt_unit *bt_unit(const struct bt *bt, word number);

/* The unit that begins at a guest address (pc with bit 0 as in struct bt_unit), NULL for none. */
struct bt_unit *bt_find(struct bt *bt, word pc);

/* The unit in which an address of the slot lies, NULL outside all. */
struct bt_unit *bt_find_host(const struct bt *bt, gva host);

/* A new, empty unit of a source, with room behind it; may clear the cache. */
struct bt_unit *bt_begin(struct vm *vm, word pc, gpa from);
/* It is complete. */
void bt_commit(struct bt *bt, struct bt_unit *u);

/* The way out jumps to the unit from now on, as long as that lives. */
void bt_link(struct bt *bt, word way, struct bt_unit *to);
/* The table for indirect jumps knows the unit from now on. */
void bt_tag(struct bt *bt, struct bt_unit *to);

/* All units from a guest-physical page are invalid. True when there were any. */
bool bt_drop(struct bt *bt, gpa from);
void bt_flush(struct bt *bt);

/* Another page table or a fence: units whose page is no longer where it was are dropped. */
void bt_check(struct vcpu *v);
/* Is this guest-virtual page a source? */
bool bt_is_source(const struct bt *bt, gva address);

/* ---- bt_translate.c ------------------------------------------------------------------------ */

void bt_translate_init(struct bt *bt);
/* Translates from the guest's pc. NULL when that cannot be fetched: the guest has its trap. */
struct bt_unit *bt_translate(struct vcpu *v);

/* A jump by a register has led to `target`: bt_jump.c. Its unit goes there by its first way out
 * from now on, when rs1 is the same again. False when it does so already, or cannot. */
bool bt_predict(struct bt_unit *u, word bits, gva target);

/* ---- bt_space.c: the guest's address spaces ------------------------------------------------ */

/* Why a VM ends whose guest has spoilt its own way back. */
extern const char bt_left[];

/* Before an entry: gives the guest the top of its address space if it wants it now. */
void bt_look(struct vcpu *v);

/* Rows of the technique. */
void bt_set_root(struct vcpu *v);
void bt_map(struct vcpu *v, gva address, enum access access);
void bt_unmap(struct vcpu *v, const gva *address, const word *asid);
void bt_written(struct vm *vm, gpa page);
void bt_refetch(struct vcpu *v, gva address);

/* ---- bt_direct.c: rings 1 to 3 ------------------------------------------------------------- */

/* A fetch of the guest from a page that is not open. */
void bt_direct_fetch(struct vcpu *v, gva address);
/* A load of the guest: true when it was from a page with holes, and has been carried out. */
bool bt_direct_load(struct vcpu *v, gva address);
/* The instruction that was refused: what the guest has there. */
void bt_direct_refused(struct vcpu *v);
/* The page is about to change. */
void bt_direct_written(struct vm *vm, gpa page);

#endif
