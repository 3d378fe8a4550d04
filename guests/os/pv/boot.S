/*
 * The first instructions, as native/boot.S: ring 1 here, which the monitor calls 0. The second
 * word says to the monitor that this kernel knows it. Before anything can trap it gets the page
 * that both use, and the address of the one way into the kernel.
 */
#include "guests/os/trap.h"
#include "isa/hypercall.h"
#include "xrings.h"

    .section .text.boot, "ax", @progbits
    .globl  _start
_start:
    j       1f
    .word   HYPERCALL_SIGNATURE
1:  la      sp, boot_stack + KERNEL_STACK_SIZE
    mv      s0, a1                  # the boot page
    la      a0, pv_shared
    li      a7, HYPERCALL_share
    hcall
    la      a0, trap_entry
    li      a7, HYPERCALL_callback
    hcall
    mv      a0, s0
    mv      fp, zero
    call    kernel_main             # does not return

/* The stack of the start-up code, which becomes the idle process. */
    .bss
    .balign KERNEL_STACK_SIZE
    .globl  boot_stack
boot_stack:
    .space  KERNEL_STACK_SIZE

/* The shared page, alone on it. */
    .balign 4096
    .globl  pv_shared
pv_shared:
    .space  4096
