# 12 "data.S"
    .data
    .balign 8, 0, 4
a = 1 << 4 | 3 ^ ~2 && (5 % 3)
    .equ b, a * -a / 2
    .comm buffer, 100, 8
    .section .rodata.x, "a", @progbits
s:  .asciz "text \x41\101\\" /* comment */
    .size s, . - s
    .type s, @object
    .pushsection .bss
    .space 16 ; .zero 4
    .popsection
    .fill 3, 2, 0x1234
    .dword b, %hi(s), %lo(s)
    .previous
x:  auipc a0, %pcrel_hi(s)
    lw a0, %pcrel_lo(x)(a0)
    .half 'a', 0b11, 017, 0x1f
