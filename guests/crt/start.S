/*
 * Where a program begins. The kernel has set sp, a0 = argc and a1 = argv; what main
 * returns is the status of the process.
 */
    .section .text.start, "ax", @progbits
    .globl _start
_start:
    mv      fp, zero
    call    main
    call    exit
