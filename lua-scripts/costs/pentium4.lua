-- Costs after the Pentium 4 on which Adams and Agesen measured (ASPLOS 2006, sections 4 and 6.3).
--
-- What they measured natively, in cycles: a division by zero and its handler 889, a page fault 1093, a write of a
-- control register (cr8) 150, a byte from a port 3209; entry into a guest 2409, an exit for a page fault 1931. The
-- costs below are those with which the micro-benchmarks take as long on the bare machine: csr, port, vmrun and exit
-- directly; trap and tret so that `illegal`, whose handler reads two registers and writes one, takes 889; walk so
-- that `pgfault` takes two references more. The other costs are not published there and stay the machine's own.
--
-- This machine enters its kernel in one way, so a system call costs here what any trap does; the Pentium 4 had a
-- faster one for it (242). And a VMCB is memory here; there, reading a word of it took 178 cycles and writing 171.
return {
    title = "after the Pentium 4",
    source = "Adams and Agesen, A Comparison of Software and Hardware Techniques for x86 Virtualization, ASPLOS 2006",
    costs = {
        trap = 280,
        tret = 150,
        walk = 100,
        csr = 150,
        port = 3209,
        mmio = 3209,
        vmrun = 2409,
        exit = 1931,
    },
}
