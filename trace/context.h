/*
 * Whose code is running: the machine's own ring 0 software (the root monitor, where there
 * is one), a VM, a VM inside that VM.
 *
 * Contexts form a tree. The tracker moves through it from two sources only: traps, tret,
 * vmrun and exits (hardware), and the hints vm_create, enter, reflect, vm_destroy
 * (software). Every context remembers which of its children its own software has said to
 * be running: when the root monitor enters VM 1 whose monitor has entered VM 2, the running
 * context is 2-in-1.
 *
 *   trap to real ring 0      -> the root
 *   enter v, then tret       -> child v of the speaker, and from there on down to whoever
 *                               is entered inside; taken only when the next tret leaves ring 0
 *   reflect v                -> child v no longer has an entered child
 */
#ifndef TRACE_CONTEXT_H
#define TRACE_CONTEXT_H

#include "base/types.h"

#define CONTEXT_MAX  1024
#define CONTEXT_NONE 0xffff

struct context {
    uint16_t id;
    uint16_t parent; /* CONTEXT_NONE for the root */
    uint16_t inside; /* entered child, CONTEXT_NONE when its own code runs */
    uint16_t level;  /* 0 the machine, 1 a VM, 2 a VM in a VM */
    uint16_t vmid;
    bool alive;
    word vmcb;           /* physical address in the parent's eyes (isa/vmcb.def), 0 unknown */
    word gprs;           /* the same: 32 words */
    word name;           /* the same: NUL-terminated */
    uint64_t exit_cycle; /* when control last left it */
};

struct contexts {
    struct context table[CONTEXT_MAX];
    uint16_t count; /* ids are given in order of creation and not used again */
    uint16_t current;
    uint16_t entering; /* said by the last `enter` of the root, CONTEXT_NONE when done */
};

void contexts_init(struct contexts *c);
/* The running software executed trace rs1, number. Unknown numbers and wild values are ignored. */
void contexts_hint(struct contexts *c, word number, word value);
/* A real trap to ring 0 at `cycle`. Returns the context it came from. */
uint16_t contexts_trap(struct contexts *c, uint64_t cycle);
/* A real tret or vmrun that leaves the root's ring 0. Returns the context that runs now. */
uint16_t contexts_return(struct contexts *c);
/* Child of `parent` by vmid among the living, CONTEXT_NONE when there is none. */
uint16_t contexts_find(const struct contexts *c, uint16_t parent, uint16_t vmid);

#endif
