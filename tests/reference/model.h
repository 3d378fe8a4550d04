/*
 * A second reading of the manual: the processor as one plain switch, written to be obviously
 * right rather than fast. Fetch, decode, execute; nothing is kept between instructions but the
 * architectural state. It shares the numbers of isa/ with the machine and no code at all, so
 * that a mistake has to be made twice to go unseen.
 *
 * What it leaves out: devices. Touching one ends the model's knowledge (MODEL_OUTSIDE).
 */
#ifndef TESTS_REFERENCE_MODEL_H
#define TESTS_REFERENCE_MODEL_H

#include "machine/machine.h"

enum model_end {
    MODEL_RUNS,
    MODEL_NO_VECTOR,  /* a trap while tvec is 0 */
    MODEL_BAD_VECTOR, /* a fetch fault right behind a trap */
    MODEL_WAITS,      /* a wfi that nothing can end */
    MODEL_OUTSIDE,    /* a device or its port was touched */
};

struct model_entry {
    bool valid, bare; /* bare: of a guest whose own paging is off */
    word vpn, asid, vmid, ppn;
    unsigned pl;
};

enum model_access { MODEL_LOAD, MODEL_STORE, MODEL_FETCH };

/* Non-root mode. */
struct model_guest {
    bool on;
    word at;            /* address of the VMCB */
    word control[0x10]; /* its words 00 to 3C, as they were at vmrun */
    unsigned rs1;       /* which register vmrun named */
    word inject;        /* 0 once it is delivered */
    uint64_t instret;   /* added to the real one */
    struct cpu_regs host;
};

struct model {
    struct cpu_regs r; /* ip: the software bit only */
    struct model_guest guest;
    bool vt, npt;
    uint64_t cycle, instret;
    bool classic;
    struct cost cost;
    uint32_t tlb_size;
    struct model_entry *tlb[3]; /* by enum model_access */
    uint8_t *ram;
    uint32_t ram_size;
    bool entered;     /* a trap was taken and its handler has not fetched yet */
    uint64_t trapped; /* the step of the last trap */
    enum model_end end;
    word insn; /* of this step, 0 before it is fetched */
    uint64_t steps;
    trace_fn *emit; /* what happens, as trace/events.def has it; NULL: nobody listens */
    void *user;
};

/* The kinds of event that the model knows. It knows nothing of contexts, so its exits name no VM. */
#define MODEL_EVENTS                                                                               \
    (EVENT_BIT(EVENT_insn) | EVENT_BIT(EVENT_mem) | EVENT_BIT(EVENT_trap) | EVENT_BIT(EVENT_ret) | \
     EVENT_BIT(EVENT_hole) | EVENT_BIT(EVENT_csr) | EVENT_BIT(EVENT_walk) | EVENT_BIT(EVENT_tlb) | \
     EVENT_BIT(EVENT_port) | EVENT_BIT(EVENT_hint) | EVENT_BIT(EVENT_wait) |                       \
     EVENT_BIT(EVENT_exit) | EVENT_BIT(EVENT_entry) | EVENT_BIT(EVENT_refused))

void model_init(struct model *m, const struct machine_config *config);
void model_fini(struct model *m);

/* One instruction retired or trapped, or one interrupt taken; nothing once `end` is set. */
void model_step(struct model *m);

/* A register as ring 0 reads it. Numbers that do not exist read 0. */
word model_csr(const struct model *m, word number);

#endif
