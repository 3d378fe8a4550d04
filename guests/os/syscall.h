/*
 * System calls (guests/syscalls.def).
 */
#ifndef OS_SYSCALL_H
#define OS_SYSCALL_H

#include "guests/os/trap.h"

/* Carries out the call that the running process makes; its result goes into the frame. */
void syscall_handle(struct trap_frame *frame);

#endif
