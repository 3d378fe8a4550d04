/*
 * The world: one or more machines with names, and the one way to control them. The command
 * line, Lua and the dashboard all go through here; nobody has a private way in.
 *
 * A host is a machine in its world, together with what belongs to looking at it: the images
 * that were loaded (for symbols), the console text so far, the recorder, the counters, and
 * at most one goal.
 *
 * A goal is a run that has not come to its end: a condition and a budget. It does not run
 * anything; whoever advances the host (a headless loop, the dashboard's `c` key, one `s` at
 * a time) brings it closer, and host_goal() says when it is reached. So a script can wait
 * for the same thing whether it is run straight through or stepped by hand.
 *
 *     host_set_goal(h, &goal);
 *     while (host_goal(h) == GOAL_PENDING)
 *         host_advance(h, 1000000);       refresh the screen, look at keys, go on
 *
 * Bounds are steps (machine.h), never seconds.
 */
#ifndef WORLD_WORLD_H
#define WORLD_WORLD_H

#include "base/error.h"
#include "base/types.h"
#include "machine/machine.h"
#include "trace/event.h"
#include "trace/filter.h"

struct counters;
struct host;
struct recorder;
struct world;

#define WORLD_HOSTS_MAX 64
#define HOST_NAME_SIZE  16

int world_new(struct world **out, struct error *err);
void world_free(struct world *w); /* and all its hosts; NULL is fine */

/* A new machine called `name` (letters, digits, - and _; unique; NULL: "m0", "m1", ...), with
 * `config` but for `number`, which the world gives. */
int world_add(struct world *w, const char *name, const struct machine_config *config,
              struct host **out, struct error *err);
unsigned world_host_count(const struct world *w);
struct host *world_host(const struct world *w, unsigned index); /* NULL past the end */
struct host *world_find(const struct world *w, const char *name);

const char *host_name(const struct host *h);
struct machine *host_machine(const struct host *h);

/* ---- loading ------------------------------------------------------------------------------ */

/* Paths as the host system's. Modules that are ELF executables, and program packs, also give
 * their symbols. A module's name is `name`, or the last part of its path when name is NULL. */
struct host_module {
    const char *name;
    const char *path;
};
struct host_program {
    const char *image; /* path; with `bytes` only the name */
    const void *bytes; /* the executable itself, as the assembler made it; NULL: read the file */
    size_t byte_count;
    const struct host_module *modules;
    unsigned module_count;
    const char *cmdline; /* NULL is "" */
};
int host_load(struct host *h, const struct host_program *program, struct error *err);

/* Names and source lines of an executable, or of the programs of a pack beside which their files
 * lie, for what is in the machine already (a snapshot). `path` is of the file that `data` is. */
int host_add_symbols(struct host *h, const char *path, const void *data, size_t size,
                     struct error *err);

/* ---- running ------------------------------------------------------------------------------ */

/* Why host_advance came back. */
enum advance {
    ADVANCE_SLICE,    /* the steps asked for are done */
    ADVANCE_GOAL,     /* the goal ended (see host_goal) */
    ADVANCE_STOPPED,  /* host_stop was called: a handler failed, a breakpoint, the user */
    ADVANCE_INPUT,    /* only console input can end a wfi */
    ADVANCE_HALTED,   /* powered off, now or before */
    ADVANCE_SHUTDOWN, /* can go no further, now or before */
};

enum goal_kind {
    GOAL_STEPS, /* `budget` steps are done */
    GOAL_EVENT, /* an event that passes `filter` */
    GOAL_TEXT,  /* the console's output since the goal was set contains `text`; of the filter, whose
                   output (vm, level) is all that counts */
    GOAL_END,   /* the machine halted or shut down */
};

enum goal_state {
    GOAL_NONE,    /* no goal was set */
    GOAL_PENDING, /* go on */
    GOAL_REACHED,
    GOAL_BUDGET,  /* `budget` steps were not enough */
    GOAL_ENDED,   /* the machine halted or shut down first */
    GOAL_INPUT,   /* the machine waits for input first */
    GOAL_STOPPED, /* host_stop_goal was called */
};

#define GOAL_TEXT_SIZE 256

struct goal {
    enum goal_kind kind;
    uint64_t budget;           /* at most so many steps from now on */
    struct filter filter;      /* its max and once are not looked at */
    char text[GOAL_TEXT_SIZE]; /* GOAL_TEXT, NUL-terminated */
};

/* Replaces a goal that was there; NULL removes it. May be called between runs only. */
void host_set_goal(struct host *h, const struct goal *goal);
enum goal_state host_goal(const struct host *h);
const struct goal *host_goal_set(const struct host *h);    /* what was set last */
const struct event *host_goal_event(const struct host *h); /* what reached it; NULL when nothing */
uint64_t host_goal_left(const struct host *h);             /* steps of its budget */

/* Runs at most `steps` steps, and no further than the goal. Exact, like machine_run. */
enum advance host_advance(struct host *h, uint64_t steps);

/* Every host with a pending goal by at most `steps`, in order. False when no goal is pending. */
bool world_advance(struct world *w, uint64_t steps);

/* From inside an event: come back at the next instruction boundary with ADVANCE_STOPPED. */
void host_stop(struct host *h);

/* As host_stop, and the pending goal ends unreached. Also between runs. */
void host_stop_goal(struct host *h);

/* Memory and register writes asked for inside an event wait for the next boundary; outside
 * they take effect at once. Return false for an address outside RAM or no such register. */
bool host_write(struct host *h, hpa address, const void *data, size_t size);
bool host_write_csr(struct host *h, word number, word value);
bool host_write_reg(struct host *h, unsigned x, word value); /* x 0 to 31; HOST_REG_PC */
#define HOST_REG_PC 32

/* ---- what can be seen --------------------------------------------------------------------- */

/* Console input, at the next boundary when called inside an event; and its end (machine.h). */
void host_input(struct host *h, const void *data, size_t size);
void host_input_end(struct host *h);
/* A management command for whoever runs the machine's ring 0 (machine.h, machine_command), at the
 * next boundary when called inside an event. Returns which answer will be its: so many must have
 * come. 0: refused, for it is empty, or too much waits already. */
unsigned host_command(struct host *h, const char *text);
/* Console output so far, NUL-terminated; the oldest part goes when it passes 1 MiB. `length`
 * may be NULL. Valid until the host runs on. */
const char *host_console(const struct host *h, size_t *length);
uint64_t host_console_total(const struct host *h); /* bytes ever written */

/* Of that, what a context wrote to its own console, and what is inside it, piece by piece: *at is 0
 * first; NULL behind the last. What went past as the oldest part is lost here too. */
const char *host_console_of(const struct host *h, uint16_t context, uint64_t *at, size_t *length);

/* On from creation; every kind but insn, mem, walk and tlb (COUNTERS_MASK). */
struct recorder *host_recorder(struct host *h);
struct counters *host_counters(struct host *h);
/* Both off and on (what happens is the same; this is how that is tested). */
void host_record(struct host *h, bool on);

/* How it ended, as a sentence: "powered off with status 0", ...; "" while it can run. */
const char *host_end_text(const struct host *h, char *buffer, size_t size);

#endif
