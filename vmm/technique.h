/*
 * Ways to run a guest, side by side: same names, comparable line by line.
 */
#ifndef VMM_TECHNIQUE_H
#define VMM_TECHNIQUE_H

#include "vmm/lib.h"
#include "vmm/vcpu.h"
#include "vmm/walk.h"

struct technique {
    const char *name;  /* as on the command line */
    bool fixed_memory; /* its guests hold frames by number: none may move or be lacking */
    word frames;       /* the most that `create` and what follows take beyond shadow tables */

    /* Makes what this technique keeps for a VM, or says why not; NULL: nothing to make. */
    bool (*create)(struct vm *vm, struct line *why);
    /* Looks at what has been loaded (pc is its entry), or says why not; NULL: anything will do. */
    bool (*start)(struct vm *vm, struct line *why);
    /* Before the VM's frames are taken back, which needs no help; NULL: nothing else to undo. */
    void (*destroy)(struct vm *vm);

    /* The real table for the guest's ptbr and ring; called before enter when they changed. */
    void (*set_root)(struct vcpu *v);
    /* Runs the guest until it needs the monitor. */
    void (*enter)(struct vcpu *v);
    /* Answers what enter came back with. */
    void (*handle_exit)(struct vcpu *v);
    /* Has the processor deliver a trap at the next entry; it also delivers what is pending in ip.
     * NULL: the monitor does both to the virtual CPU. */
    void (*inject)(struct vcpu *v, word cause, word tval);
    /* The virtual CPU has taken a trap: the guest's handler comes next; NULL: nothing to add. */
    void (*trapped)(struct vcpu *v);
    /* The guest touched what its real table lacks. */
    void (*map)(struct vcpu *v, gva address, enum access access);
    /* The guest's sfence.vma; NULL stands for x0. */
    void (*unmap)(struct vcpu *v, const gva *address, const word *asid);
    /* The map's entry of a page of RAM lost rights, or will lead to another frame than this one:
     * whatever was made of it, in tables and TLB, must be made again. */
    void (*forget)(struct vm *vm, gpa page, hpa frame);
    /* A page under p2m_watch is about to be written; NULL: this technique watches none. */
    void (*written)(struct vm *vm, gpa page);
    /* What the guest fetched at an address may no longer be what its table says. */
    void (*refetch)(struct vcpu *v, gva address);
};

extern const struct technique technique_full;   /* full.c: trap and emulate */
extern const struct technique technique_bt;     /* bt.c: binary translation */
extern const struct technique technique_assist; /* assist.c: vmrun, shadow paging */
extern const struct technique technique_npt;    /* assist.c: vmrun, nested paging */
extern const struct technique technique_para;   /* para.c: the guest knows, and asks */

/* NULL when there is none of this name. */
const struct technique *technique_find(struct slice name);
/* Appends all names. */
void technique_names(struct line *l);

#endif
