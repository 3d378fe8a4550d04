/*
 * Memory of all VMs together: how scarce it is, and what is done about that. States and their
 * bounds as in ESX, in percent of the machine's RAM that is free and promised to nobody:
 *
 *            below 4            below 2            below 1
 *   high  ------------>  soft  -------->  hard  -------->  low
 *         <------------        <--------        <--------
 *            above 6            above 4            above 2
 *
 *   high   balloons deflate; sharing looks at a page now and then
 *   soft   balloons inflate: each VM by what it has beyond what it was promised
 *   hard   sharing looks at as many pages as it can
 *   low    who wants more than it was promised does not run until there is memory (P2M_ROOM)
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include "vmm/types.h"

struct vm;
struct vmm;

enum memory_state { MEMORY_HIGH, MEMORY_SOFT, MEMORY_HARD, MEMORY_LOW };

struct memory {
    bool looks; /* some VM may lack frames, shares or has a balloon: else there is nothing to do */
    enum memory_state state;
    word spare;     /* frames, when nobody could run last */
    unsigned asked; /* how often in vain, while all that could run waited for memory */
};

const char *memory_state_name(enum memory_state state);

/* Time has passed: the state, balloons' targets, some sharing. */
void memory_tick(struct vmm *vmm);

/* A VM has got a frame that it was not promised. */
void memory_taken(struct vmm *vmm);

/* Nobody can run: time for what else can be done. True when there was something: ask again then.
 * While memory is scarce, balloons are asked as long as that brings any. Where all that could run
 * wait for memory, they are asked some times more; when that is in vain, the one of those that
 * wait with the most beyond its promise ends. */
bool memory_idle(struct vmm *vmm);

/* Sets a VM's balloon to so many pages, and keeps it there; 0: as memory is scarce. */
void memory_set_balloon(struct vm *vm, word pages);

#endif
