# A monitor of one guest, for a machine with vmrun (chapter 5): trapeze run --vt first-monitor.s -t entry -t exit
_start: la      s0, vmcb
again:  vmrun   s0                  # into the guest, and some time later out again
        lw      a0, 0x40(s0)        # exit_code
        li      a1, 1               # 1: cpuid was intercepted
        bne     a0, a1, over
        li      a2, 42              # this guest's cpuid answers 42
        lw      a3, 0x50(s0)        # exit_next_pc
        sw      a3, 0x100(s0)       # pc
        j       again
over:   li      t0, 0x100000        # the finisher:
        li      t1, 0x5555          # power off, status 0
        sw      t1, 0(t0)

guest:  cpuid   a2, x0              # is asked of the monitor
        csrwi   tscratch, 7         # is not: this register is the guest's own
        hcall                       # always leaves

        .balign 4096
vmcb:   .ascii  "VMCB"              # magic
        .word   1                   # vmid
        .word   0x302               # icept_insn: cpuid, and the two that must be, hcall and vmrun
        .zero   0xf4
        .word   guest               # pc; everything behind it 0: ring 0, no paging
        .zero   0xefc
