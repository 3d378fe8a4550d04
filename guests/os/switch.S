/*
 * The way from one process to another.
 */
    .text
    .balign 4

/*
 * void context_switch(struct context *from, const struct context *to)
 * Called as a function in one process, returns in another. The caller of a function expects
 * only ra, sp and s0 to s11 to survive, so these are all there is to keep.
 */
    .globl  context_switch
context_switch:
    sw      ra, 0(a0)
    sw      sp, 4(a0)
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11
    sw      s\n, 8+\n*4(a0)
    .endr
    lw      ra, 0(a1)
    lw      sp, 4(a1)
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11
    lw      s\n, 8+\n*4(a1)
    .endr
    ret
