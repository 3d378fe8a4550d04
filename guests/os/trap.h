/*
 * Traps: how they arrive (entry.S) and who answers (trap.c).
 */
#ifndef OS_TRAP_H
#define OS_TRAP_H

#define KERNEL_STACK_SIZE 4096

/* Offsets of struct trap_frame, for assembly. */
#define FRAME_EPC         128
#define FRAME_STATUS      132
#define FRAME_CAUSE       136
#define FRAME_TVAL        140
#define FRAME_SIZE        144

#ifndef __ASSEMBLER__
#include "guests/os/types.h"

/* The interrupted program's registers. They lie on the kernel stack; for a trap from a user
 * program at its very top. */
struct trap_frame {
    word x[32]; /* x[0] is not used */
    word epc, status, cause, tval;
};
_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "entry.S knows this size");

enum { REG_RA = 1, REG_SP = 2, REG_A0 = 10, REG_A1 = 11, REG_A7 = 17 };

/* entry.S */
void trap_entry(void);
void trap_return(void); /* sp = a trap frame at the top of a kernel stack */

/* Called by trap_entry with interrupts off; returns with interrupts off. */
void trap_handle(struct trap_frame *frame);
#endif

#endif
