/*
 * From a program in the pack to a process ready to run.
 */
#ifndef OS_EXEC_H
#define OS_EXEC_H

#include "guests/os/proc.h"

/* Fills p->space, which is initialised and empty, and the frame at the top of p->stack. Returns 0
 * or a negative error; what has been mapped then stays for space_free. */
int exec_load(struct proc *p, const void *image, word size, const struct arguments *a);

#endif
