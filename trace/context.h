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
 *   exit of vmrun            -> the root
 *   enter v, then tret       -> child v of the speaker, and from there on down to whoever
 *                               is entered inside; taken only when the next tret leaves ring 0
 *   vmrun                    -> the same; where nothing was said, the root's child of the VMCB's
 *                               vmid, which is made if there is none
 *   reflect v                -> child v no longer has an entered child
 *
 * In non-root mode traps and tret move too, without the root: between the software in the guest's
 * ring 0 (`base`) and the VM that it has said to enter. A monitor that traps and emulates inside a
 * hardware-assisted VM is such software. Whether an inner VM was entered by tret or by vmrun says
 * whose ring 0 the guest's is.
 *
 * Hints are claims of software, perhaps hostile: they can spoil what is shown of the speaker's
 * own VMs, and nothing else. Unknown numbers, vmids and addresses are ignored.
 */
#ifndef TRACE_CONTEXT_H
#define TRACE_CONTEXT_H

#include "base/types.h"

#define CONTEXT_MAX  1024
#define CONTEXT_NONE 0xffff
#define CONTEXT_LEVELS                                                                             \
    6 /* deeper nesting is not tracked: each level costs four times as many reads */

struct context {
    uint16_t id;
    uint16_t parent;   /* CONTEXT_NONE for the root */
    uint16_t inside;   /* entered child, CONTEXT_NONE when its own code runs */
    uint16_t entering; /* said by its last `enter`, CONTEXT_NONE once it has left for there */
    uint16_t created;  /* its youngest child, which vm_gprs and vm_name are about */
    uint16_t writer;   /* child whose output it writes to its console, CONTEXT_NONE its own */
    uint16_t level;    /* 0 the machine, 1 a VM, 2 a VM in a VM */
    uint16_t vmid;
    bool alive;
    bool by_vmrun; /* `inside` was entered by a vmrun, so ring 0 of non-root mode is its own */
    word vmcb;     /* physical address in the parent's eyes (isa/vmcb.def), 0 unknown */
    word gprs;     /* the same: 32 words */
    word name;     /* the same: NUL-terminated */
    uint64_t exit_cycle; /* when control last left it, 0 never */
};

/* Reads an aligned word of the machine's RAM without side effects; false outside it. */
typedef bool context_read_fn(void *user, hpa address, word *value);

struct contexts {
    struct context table[CONTEXT_MAX];
    uint16_t count; /* ids are given in order of creation and not used again */
    uint16_t current;
    uint16_t base; /* whose software traps go to: 0 in root mode */
    context_read_fn *read;
    void *user;
};

/* Only the root. VMs are created once there is memory to read their vmid from. */
void contexts_init(struct contexts *c, context_read_fn *read, void *user);
/* The running software executed trace rs1, number, in real ring `ring`. The root's are heard from
 * ring 0 only: a user program of the machine's own system has no VMs. */
void contexts_hint(struct contexts *c, word ring, word number, word value);
/* A trap to ring 0 of the running mode at `cycle`, taken by `insn` (0 for interrupts and fetch
 * faults). Returns the context it came from. */
uint16_t contexts_trap(struct contexts *c, uint64_t cycle, word insn);
/* A tret that leaves ring 0 of the running mode. Returns the context that runs now. */
uint16_t contexts_return(struct contexts *c);
/* A vmrun of the root with this VMCB, and the exit, by `insn`, that ends it. */
uint16_t contexts_vmrun(struct contexts *c, uint16_t vmid, hpa vmcb);
uint16_t contexts_exit(struct contexts *c, uint64_t cycle, word insn);
/* Whose output a byte on the machine's console is: the root's writer, that one's writer, ... */
uint16_t contexts_writer(const struct contexts *c);
/* Is `id` that context, or somewhere inside it? */
bool contexts_is_inside(const struct contexts *c, uint16_t id, uint16_t ancestor);
/* Child of `parent` by vmid among the living, CONTEXT_NONE when there is none. */
uint16_t contexts_find(const struct contexts *c, uint16_t parent, uint16_t vmid);

/* Where an address that context `id` believes to be physical really is: through the nptbr of its
 * VMCB and those of its ancestors. Where nptbr is off its tables hold its parent's addresses, as
 * those of a paravirtual guest do. False: no such context, or one of them does not map it. */
bool contexts_physical(const struct contexts *c, uint16_t id, gpa address, hpa *out);
/* Word and bounded text (at most size - 1 bytes, NUL-terminated, unprintable bytes as '?') at such an address. */
bool contexts_read_word(const struct contexts *c, uint16_t id, gpa address, word *value);
bool contexts_read_text(const struct contexts *c, uint16_t id, gpa address, char *out, size_t size);
/* The name its parent gave a VM; "vm" and its vmid when none, "machine" for the root. */
void contexts_name(const struct contexts *c, uint16_t id, char *out, size_t size);

#endif
