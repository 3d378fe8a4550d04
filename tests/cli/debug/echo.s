# Says ok, then waits for a line on the console, and gives it back.
_start: li    s0, 0x10000000
        li    a0, 'o'
        sb    a0, 0(s0)
        li    a0, 'k'
        sb    a0, 0(s0)
        li    a0, '\n'
        sb    a0, 0(s0)
        li    s1, 0x0c000000
        li    t0, 2
        sw    t0, 4(s1)         # the controller's line 1
        li    t0, 1
        sb    t0, 1(s0)         # the console's receive interrupt
        li    t0, 0x800
        csrw  ie, t0
wait:   wfi
        lbu   a0, 0(s0)
        beqz  a0, wait
        sb    a0, 0(s0)
        li    t1, '\n'
        bne   a0, t1, wait
        li    t0, 0x100000
        li    t1, 0x5555
        sw    t1, 0(t0)
