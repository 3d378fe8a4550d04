-- A monitor and its guest, each some twenty instructions, put into memory as words: what the
-- screens show of them is the same whatever compiler there is.
--
--   80000000  monitor: names its one VM, enters it in ring 1
--   80001000  the guest's state, in VMCB layout
--   80002000  handler: answers a read of status, prints a character for an ecall, powers off
--   80003000  guest: reads status, prints "hi"
local program = {
    [0x80000000] = {
        0x800012b7, -- lui   t0, 0x80001
        0x0012a013, -- trace t0, vm_create
        0x80004337, -- lui   t1, 0x80004
        0x02030313, -- addi  t1, t1, 32
        0x00332013, -- trace t1, vm_name
        0x80002337, -- lui   t1, 0x80002
        0x7c131073, -- csrw  tvec, t1
        0x80003337, -- lui   t1, 0x80003
        0x7c331073, -- csrw  epc, t1
        0x00400e13, -- li    t3, 4            PRING 1
        0x7c0e1073, -- csrw  status, t3
        0x00100393, -- li    t2, 1
        0x0053a013, -- trace t2, enter
        0x30200073, -- tret
    },
    [0x80002000] = {
        0x80001db7, -- lui   s11, 0x80001
        0x7c302ef3, -- csrr  t4, epc
        0x11dda023, -- sw    t4, 0x100(s11)   the guest's pc
        0x7c402f73, -- csrr  t5, cause
        0x01800f93, -- li    t6, 24           privileged
        0x03ff0063, -- beq   t5, t6, 80002034
        0x80004e37, -- lui   t3, 0x80004
        0x010e0e13, -- addi  t3, t3, 16
        0x007e2013, -- trace t3, routine
        0x02050863, -- beqz  a0, 80002054
        0x10000e37, -- lui   t3, 0x10000      the console
        0x00ae0023, -- sb    a0, 0(t3)
        0x0100006f, -- j     80002040
        0x80004e37, -- 80002034: lui t3, 0x80004
        0x007e2013, -- trace t3, routine
        0x108da303, -- lw    t1, 0x108(s11)   the guest's status
        0x004e8e93, -- 80002040: addi t4, t4, 4
        0x7c3e9073, -- csrw  epc, t4
        0x11dda023, -- sw    t4, 0x100(s11)
        0x0053a013, -- trace t2, enter
        0x30200073, -- tret
        0x00100e37, -- 80002054: lui t3, 0x100   the finisher
        0x00005eb7, -- lui   t4, 5
        0x555e8e93, -- addi  t4, t4, 0x555
        0x01de2023, -- sw    t4, 0(t3)
        0x0000006f, -- j     .
    },
    [0x80003000] = {
        0x7c002373, -- csrr  t1, status
        0x06800513, -- li    a0, 'h'
        0x00000073, -- ecall
        0x06900513, -- li    a0, 'i'
        0x00000073, -- ecall
        0x00a00513, -- li    a0, '\n'
        0x00000073, -- ecall
        0x00000513, -- li    a0, 0
        0x00000073, -- ecall
    },
    [0x80001000] = { 0x42434d56, 1 }, -- "VMCB", vmid 1
    [0x80001020] = { 0x80080006 },    -- the map from guest-physical to real addresses: at
    [0x80006800] = { 0x800000ff },    -- 80006000, one entry of 4 MiB, the same on both sides
}
local names = { [0x80004000] = "read_status", [0x80004010] = "print", [0x80004020] = "tiny" }

return {
    title = "A monitor that one can read",
    text = [[The smallest monitor there is, and a guest that believes to be in ring 0.

Press t: the guest reads status, which its real ring 1 may not. The monitor answers.]],

    setup = function(s)
        s.m = tz.machine { ram = "1M" }
        for addr, words in pairs(program) do
            for i, word in ipairs(words) do
                s.m.mem.hpa:set_u32(addr + 4 * (i - 1), word)
            end
        end
        for addr, name in pairs(names) do
            s.m.mem.hpa:set_bytes(addr, name .. "\0")
        end
        s.m.regs.pc = 0x80000000
    end,

    run = function(s)
        s.m:run_until("end", { max = 1000 })
        print("the guest printed " .. #s.m.console .. " characters")
    end,

    expect = {
        { "the guest prints hi", function(s) return s.m.console, "hi\n" end },
        { "the machine powers off with status 0", function(s) return s.m.status, 0 end },
    },
}
