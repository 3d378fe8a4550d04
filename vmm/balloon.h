/*
 * The balloon: a driver in the guest's kernel takes pages from its own allocator, as any user of
 * memory would, and tells the monitor, which gives their frames to others. So the guest decides
 * which of its pages it can do without; the monitor only says how many.
 */
#ifndef VMM_BALLOON_H
#define VMM_BALLOON_H

#include "vmm/types.h"

struct vm;

struct balloon {
    bool driver; /* the guest's kernel has asked: there is somebody who can give */
    bool manual; /* the target was said from outside, and stays */
    word pages;  /* given and not taken back */
    word target; /* pages that the monitor would like to have */
};

/* The driver is told, by its line, if its balloon is not as large as it should be. */
void balloon_ask(struct vm *vm);

/* The most that a VM's balloon can hold: what it was not promised. */
word balloon_most(const struct vm *vm);

#endif
