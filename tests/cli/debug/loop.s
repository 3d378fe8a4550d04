# Says so, and goes round for ever.
_start: li    s0, 0x10000000
        la    s1, text
next:   lbu   a0, 0(s1)
        beqz  a0, round
        sb    a0, 0(s0)
        addi  s1, s1, 1
        j     next
round:  addi  a1, a1, 1
        j     round
text:   .asciz "round and round\n"
