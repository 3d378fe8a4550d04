/*
 * What a host is made of, for world/ alone; everybody else has world.h and view.h.
 */
#ifndef WORLD_HOST_H
#define WORLD_HOST_H

#include "isa/image.h"
#include "isa/lines.h"
#include "trace/context.h"
#include "trace/recorder.h"
#include "world/world.h"

#define CONSOLE_KEEP (1u << 20) /* bytes of console output that are kept for certain */

/* A file whose symbols and source lines can be asked for. */
struct host_image {
    char *name;
    struct image image;
    struct lines lines; /* empty when the file has none, or damaged ones */
    struct host_image *next;
};

/* From this byte ever written on, the console's output is that context's. */
struct console_piece {
    uint64_t from;
    uint16_t context;
};

/* Something done to the machine from outside; `data` of writes and input is its own allocation. */
struct host_edit {
    enum { EDIT_MEMORY, EDIT_CSR, EDIT_REG, EDIT_INPUT, EDIT_INPUT_END, EDIT_COMMAND } kind;
    word where;
    word value;
    size_t size;
    uint8_t *data;
};

/*
 * A context that has just left for its monitor: until the monitor speaks for the first time
 * (a hint follows the saving of registers), what it had is what the processor held.
 */
struct host_leaver {
    uint16_t context; /* CONTEXT_NONE: nobody is on the way */
    word x[32];
    word pc;
};

/*
 * What was in the processor while a context last ran, one for each level of nesting. Entered by
 * tret: taken then (a trap overwrites epc, cause, tval and status), pc and ip when it is left.
 * Entered by vmrun: taken from the VMCB that the processor has stored it in at the exit.
 */
struct host_real {
    uint16_t context; /* CONTEXT_NONE: nobody's */
    uint8_t vmrun;    /* register that the vmrun named; 0: entered by tret */
    struct cpu_regs regs;
};

struct host {
    struct world *world;
    char name[HOST_NAME_SIZE];
    struct machine *machine;
    struct host_image *images; /* in order of loading */

    char *console; /* console_room bytes, NUL-terminated */
    size_t console_length, console_room;
    uint64_t console_total;
    struct console_piece *pieces; /* whose output it is, in order; the first begins before it */
    size_t piece_count, piece_room;

    struct trace_subscriber watcher; /* console text and contexts on their way out */
    struct host_leaver leaver;
    struct host_real real[CONTEXT_LEVELS];

    struct goal goal;
    enum goal_state goal_state;
    uint64_t goal_end;          /* icount at which the budget is used up */
    uint64_t goal_from;         /* icount when it was set: nothing before counts */
    uint64_t goal_console_from; /* console_total when it was set */
    struct event goal_event;
    bool goal_has_event;
    struct trace_subscriber goal_watcher;

    bool running; /* inside machine_run */
    bool stop;    /* host_stop was called */
    struct host_edit *edits;
    size_t edit_count, edit_room;

    struct recorder recorder;
    struct counters *counters;

    struct oracle *oracle;     /* oracle.h; NULL: nobody watches */
    struct timeline *timeline; /* history.h; NULL: not recorded */
    uint64_t moves;            /* how often it went elsewhere in time */
    bool silent;               /* the past is run again: nobody is told */
};

/* Begins and ends listening to the machine (run.c). */
int host_attach(struct host *h, struct error *err);
void host_detach(struct host *h);

/* Forgets what contexts held, as long as they have not run again. */
void host_forget_contexts(struct host *h);

/* A pending goal counts from here at the latest: what was known of the time until then is not
 * going to happen. Console output is counted in bytes ever written. */
void host_goal_from(struct host *h, uint64_t icount, uint64_t console_total);

/* Takes back what was printed beyond so many bytes. */
void host_truncate_console(struct host *h, uint64_t total);

/* Edits that wait for an instruction boundary (edit.c). */
void host_apply_edits(struct host *h);
void host_drop_edits(struct host *h);
void host_free_edits(struct host *h);
/* Does it, now. */
void host_carry_out(struct host *h, const struct host_edit *e);

#endif
