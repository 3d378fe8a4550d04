/* The first instructions: a stack, and the boot page. */
    .section .text.start, "ax", @progbits
    .globl _start
_start:
    la   sp, stack_top
    mv   a0, a1
    j    kernel_main            # does not return

    .bss
    .balign 16
    .space 4096
    .globl stack_top
stack_top:
