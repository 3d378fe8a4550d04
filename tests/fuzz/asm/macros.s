.macro push reg, n=4
    addi sp, sp, -\n
    sw \reg, 0(sp)
.endm
.macro all first:req, rest:vararg
    .irp r, \rest
    push \r
    .endr
    .ifc \first, a0
    .exitm
    .endif
l\@: push \first
.endm
.set n, 0
.rept 3
    all a1, a2, a3
    .set n, n + 1
    .if n > 1
    .byte n, 1, 2, 3
    .elseif n == 1
    .word 1f - 1b
    .else
    .ascii "x\n", "abc"
    .endif
1:
.endr
1:  all a0, a1
.irpc c, 0123
    .byte \c
.endr
.insn r 11, 2, 0, a0, a1, x0
.purgem push
.end
