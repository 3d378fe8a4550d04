/*
 * From a program in a file to an address space and registers with which it can begin.
 */
#ifndef OS_EXEC_H
#define OS_EXEC_H

#include "guests/os/directory.h"
#include "guests/os/proc.h"
#include "guests/os/trap.h"

/* Fills `space`, which is initialised, empty and not in use, and the frame of a process that
 * begins there. Returns 0 or a negative error: then the frame is as it was, and what has been
 * mapped stays for space_free. */
int exec_load(struct space *space, struct trap_frame *frame, const struct stored_file *file,
              const struct arguments *a);

#endif
