# Start-up of a workload as a Linux program, for user-mode emulators. Its stack is the one in
# the program, as on the machines.
    .section .start, "ax"
    .globl _start
_start:
    la    sp, stack_top
    call  main
    li    a7, 93                    # exit
    ecall

    .section .bss
    .balign 16
    .space 65536
stack_top:
