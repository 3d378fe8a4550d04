/*
 * The first instructions. The loader has put the kernel at 8000_0000, zeroed its bss, and
 * jumped here: ring 0, paging off, interrupts off, a1 = the boot page (isa/boot.h).
 */
#include "guests/os/trap.h"
#include "xrings.h"

    .section .text.boot, "ax", @progbits
    .globl  _start
_start:
    la      sp, boot_stack + KERNEL_STACK_SIZE
    la      t0, trap_entry
    csrw    CSR_tvec, t0
    csrw    CSR_tscratch, zero      # zero says: the kernel is running (entry.S)
    mv      fp, zero
    mv      a0, a1
    call    kernel_main             # does not return

/* The stack of the start-up code, which becomes the idle process. */
    .bss
    .balign KERNEL_STACK_SIZE
    .globl  boot_stack
boot_stack:
    .space  KERNEL_STACK_SIZE
