/*
 * One simulated computer: built from a description, loaded, run, looked at.
 *
 * Time. `icount` counts steps. A step is one instruction that retired, one instruction that
 * trapped, or one interrupt taken; so an interrupt can be stepped onto, and a loop of traps
 * advances it. `instret`, the architectural counter, counts retired instructions only.
 * `cycle` is simulated time by the cost table. Nothing reads the host's clock: the same
 * description, images and input give the same events, whatever the build and whoever listens.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "base/error.h"
#include "base/types.h"
#include "isa/image.h"
#include "trace/context.h"
#include "trace/event.h"

#define RAM_BASE 0x80000000u

struct cost {
#define COST(name, value, meaning) uint32_t name;
#include "machine/costs.def"
#undef COST
    uint32_t divider; /* time = cycle / divider; 1 to 65536 */
};

struct machine_config {
    bool classic;      /* the holes of section 6 are open */
    bool vt;           /* vmrun exists */
    bool npt;          /* nested paging exists, needs vt */
    uint32_t ram_size; /* bytes, 1 MiB to 2 GiB, page multiple */
    uint32_t tlb;      /* entries of each array, power of two, 1 to 4096 */
    struct cost cost;
    const char *disk; /* path of the disk image, NULL: an empty disk port */
    bool disk_writes; /* writes go to the file; false: copy on write in memory, lost at the end */
    uint8_t number;   /* in its world, for events */
};

/* Strict, no vt, 16 MiB, 256 entries, the default costs, divider 1, no disk. */
struct machine_config machine_config_default(void);

/* What is loaded: one executable, modules, a command line. Copied; nothing is kept. */
struct machine_module {
    const char *name;
    const void *data;
    size_t size;
};
struct machine_program {
    const struct image *image;
    const struct machine_module *modules;
    unsigned module_count;
    const char *cmdline; /* NULL is "" */
};

/* All architectural state of the processor. x[0] is always 0. */
struct cpu_regs {
    word x[32];
    word pc;
    word ring;
    word status; /* without CRING, which is `ring` */
    word tvec, tscratch, epc, cause, tval, ie, ip, ptbr, tptbr, timecmp, timecmph, cntren, eptbr;
};

enum machine_state {
    MACHINE_READY,    /* can run */
    MACHINE_HALTED,   /* the finisher was written; see status */
    MACHINE_SHUTDOWN, /* see shutdown */
};

enum machine_shutdown {
    SHUTDOWN_NONE,
#define SHUTDOWN(name, text) SHUTDOWN_##name,
#include "trace/shutdowns.def"
#undef SHUTDOWN
    SHUTDOWN_COUNT
};

/* Why machine_run came back. */
enum machine_stop {
    STOP_BUDGET,    /* the steps asked for are done */
    STOP_REQUESTED, /* somebody called machine_stop */
    STOP_INPUT,     /* wfi, and only console input can end it */
    STOP_HALTED,
    STOP_SHUTDOWN,
};

struct machine;

int machine_new(struct machine **out, const struct machine_config *config, struct error *err);
void machine_free(struct machine *m); /* NULL is fine */

/* Power off and on: RAM is zero but for the program, the processor at its entry (isa.md 11, Boot). */
int machine_load(struct machine *m, const struct machine_program *program, struct error *err);

/* Runs at most `steps` steps. Exact: icount never passes its value at the call + steps. */
enum machine_stop machine_run(struct machine *m, uint64_t steps);

/* Makes machine_run return at the next instruction boundary. From an `insn` event: before that
 * instruction, which is then not announced a second time. */
void machine_stop(struct machine *m);

/* Whether the instruction at pc was begun before the run came back, and goes on when it does. */
enum machine_begun {
    BEGUN_NOT,
    BEGUN_ANNOUNCED, /* stopped from its `insn` event */
    BEGUN_WAITS,     /* a wfi for which time has passed, and that only input can end */
};
enum machine_begun machine_begun(const struct machine *m);

struct trace *machine_trace(struct machine *m);
const struct machine_config *machine_config(const struct machine *m);
const struct contexts *machine_contexts(const struct machine *m);
uint64_t machine_icount(const struct machine *m);
uint64_t machine_instret(const struct machine *m);
uint64_t machine_cycle(const struct machine *m);
/* What the host has done so far beyond a plain step for each step, in such steps: how long a run
 * has taken, without a clock. Not part of the state, and from creation on. */
uint64_t machine_slow(const struct machine *m);
enum machine_state machine_state(const struct machine *m);
word machine_status(const struct machine *m); /* finisher's code, once halted */
enum machine_shutdown machine_shutdown(const struct machine *m);
const char *machine_shutdown_text(enum machine_shutdown why);

/* Sets between runs only; one takes effect at the next instruction, bits that do not exist are
 * dropped. What machine_regs returns is a picture of now, overwritten by the next call. */
const struct cpu_regs *machine_regs(const struct machine *m);
void machine_set_regs(struct machine *m, const struct cpu_regs *regs);
/* By number (csrs.def), counters included; false when there is none, or it is read-only. */
bool machine_csr_read(const struct machine *m, word number, word *value);
bool machine_csr_write(struct machine *m, word number, word value);

/* Hardware assist: false in root mode. In non-root mode all of the above is the guest's, and this is
 * what is hidden from it: control registers, ring and pc to go back to at the exit (x is 0: the
 * general registers are not the processor's to keep). */
struct machine_guest {
    uint16_t vmid;
    hpa vmcb;
    struct cpu_regs host;
};
bool machine_guest(const struct machine *m, struct machine_guest *out);

/* Memory from outside, no side effects, devices refused. Return false (and change nothing) when
 * any byte is outside RAM, or not mapped. The gva forms go through the current page table the
 * way ring 0 would, but fill no TLB and set no bits. */
bool machine_read(const struct machine *m, hpa address, void *data, size_t size);
bool machine_write(struct machine *m, hpa address, const void *data, size_t size);
bool machine_translate(const struct machine *m, gva address, hpa *out);
bool machine_read_virtual(const struct machine *m, gva address, void *data, size_t size);

/* The same through any table: `ptbr` as the register. What a monitor's table says. */
bool machine_translate_by(const struct machine *m, word ptbr, gva address, hpa *out);

/* The TLB as it is (isa.md 5): entry `index` of array 0 load, 1 store, 2 fetch, as the `tlb` event
 * numbers them; there are machine_config()->tlb of each. False when the entry is empty. */
struct machine_tlb_entry {
    gva page;
    hpa frame;
    uint16_t asid, vmid;
    uint8_t level; /* the outermost ring that may use it */
};
bool machine_tlb_entry(const struct machine *m, unsigned array, unsigned index,
                       struct machine_tlb_entry *out);

/* Console input, taken in at the current step; more than the device's queue holds waits outside.
 * After machine_input_end a wfi that only input could end is a shutdown, not STOP_INPUT. */
void machine_input(struct machine *m, const void *data, size_t size);
void machine_input_end(struct machine *m);

/* From now on the machine follows another's run: it takes an interrupt only when machine_take says
 * so (by cause, bit 31 set; between runs; that is a step), and its wfi ends at once. */
void machine_follow(struct machine *m);
void machine_take(struct machine *m, word interrupt);

/* A management command: a text for whoever answers the mailbox (mailbox.h), taken in at the
 * current step. False when it is empty, has a NUL in it, or too much waits already. */
bool machine_command(struct machine *m, const void *text, size_t size);
/* The last answer. `text` is valid until the machine runs on. */
struct machine_answer {
    const char *text; /* not NUL-terminated */
    size_t length;
    word status;       /* 0 well */
    unsigned answered; /* commands answered so far */
    unsigned waiting;  /* and those that are not */
    size_t room;       /* for one more: bytes */
};
struct machine_answer machine_answer(const struct machine *m);

/* Digest (FNV-1a, 64 bit) of all state: registers, counters, RAM, TLB, devices, disk overlay. */
uint64_t machine_digest(const struct machine *m);
uint64_t machine_ram_digest(const struct machine *m, hpa base, size_t size);
uint64_t machine_disk_digest(const struct machine *m);

/* Sector as the guest would read it now. False: no disk, or past its end. */
bool machine_disk_read(const struct machine *m, uint32_t lba, void *sector);

#endif
