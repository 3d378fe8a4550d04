# a program
        .equ    COUNT, 10
        .macro  push reg        # a macro
        addi    sp, sp, -4
        sw      \reg, 0(sp)
        .endm
        .text
        .globl  _start
_start: la      sp, stack_top
        li      a0, COUNT
        li      a1, 0x12345678
1:      addi    a0, a0, -1
        push    a0
        bnez    a0, 1b
        beq     a0, a1, 2f
        call    func
2:      csrr    t0, status
        csrwi   tvec, 4
        lw      a0, value
        sw      a0, value, t1
        lui     a3, %hi(value)
        lw      a3, %lo(value)(a3)
lab:    auipc   a4, %pcrel_hi(value)
        lw      a4, %pcrel_lo(lab)(a4)
        pin     a0, a1 ; pout a0, a1
        hcall
        tret
        fence   rw, w
        .type func, @function
func:   ret
        .size func, . - func
        .data
value:  .word   42, func, value + 4
        .byte   'a', '\n', 1 + 2 * 3
        .asciz  "hi; # there"
        .section .rodata
        .half   -1
        .bss
        .balign 16
        .space  4096
stack_top:
