-- Trap and emulate on a machine whose sensitive instructions do not all trap: how x86 failed before 2005.

-- The bits of a status word that name a ring.
local function current_ring(status)
    return status >> 4 & 3
end
local function previous_ring(status)
    return status >> 2 & 3
end

-- What the instruction of a hole wanted to write: the value of its source register.
local function wanted(m, e)
    return m.regs["x" .. (e.insn >> 15 & 31)]
end

local function boot(name, isa)
    local m = tz.machine { name = name, isa = isa, ram = "24M" }
    m:boot_vmm { guest = "os", technique = "full", ram = "8M", init = "hello" }
    return m
end

return {
    title = "The hole in classical virtualization: instructions that do not trap",

    text = [[
The same monitor, the same guest, another processor. On the classic machine some sensitive instructions do
not trap outside ring 0; they quietly do something else. Reading status gives the true value, ring 1 included.
Writing status changes a few user flags, and the rest of the value is dropped without a word. x86 was like that:
SMSW and PUSHF told the truth, POPF dropped what it did not like.

Trap and emulate depends on the trap. Without it the monitor never learns what the guest wanted. Each such
instruction is marked as a hole. Most of them do no visible harm at once: the kernel believes that it has switched
interrupts off. One of them is fatal. To start its first program the kernel writes "previous ring: 3" into
status and returns with tret. The write is lost, tret traps, and the monitor, which has never heard of the
write, lets the program run with the rights of the kernel. Its first system call gives it away.

The strict machine beside it runs the same images, and there every one of these instructions traps.]],

    dashboard = { { "code", "state" }, { "traps" }, { "console" } },

    setup = function(s)
        s.m = boot("classic", "classic")

        -- Beside it the strict machine, with the same images. It runs here, at once.
        s.strict = boot("strict", "strict")
        s.strict:run_until("exit", { insn = "csrrw", csr = "status", max = 100e6 })
        s.strict:run_until("exit", { insn = "tret", max = 1e6 })
        s.strict:run_until("entry", { max = 1e6 })
        s.strict_ring = s.strict.current.guest.ring
        s.strict:run_until("end", { max = 100e6 })
    end,

    run = function(s)
        local m = s.m

        -- The first hole: the kernel reads status, and the processor tells it the truth.
        s.first = m:run_until("hole", { csr = "status", max = 100e6 })
        s.vm = s.first.vm
        s.told = current_ring(s.first.result)
        s.believed = s.vm.guest.ring
        tz.say(("A hole: '%s' does not trap, and tells the guest the truth: ring 1."):format(s.first.text))

        -- The fatal one: the whole register is written, on the way to the first program.
        s.fatal = m:run_until("hole", { insn = "csrrw", csr = "status", max = 100e6 })
        s.fatal_ring = previous_ring(wanted(m, s.fatal))
        s.fatal_place = s.fatal.sym
        s.kept = previous_ring(s.vm.guest.status)
        tz.say(("The fatal hole: '%s' wants a return to ring 3, and is dropped without a trap."):format(s.fatal.text))

        -- The return: it traps, and the monitor does what it knows.
        m:run_until("exit", { insn = "tret", max = 1e6 })
        m:run_until("entry", { max = 1e6 })
        s.program_ring = s.vm.guest.ring
        tz.say "tret did trap. The monitor knows nothing of the write: the program begins in the guest's ring 0."

        m:run_until("end", { max = 100e6 })
        tz.say "The kernel has killed its own first program: a system call from ring 0."

        print(("\nThe fatal write is at %s (%s): %s\n"):format(tz.hex(s.fatal.pc), s.fatal_place or "?", s.fatal.text))
        print "On the console of the classic machine, then of the strict one:"
        print(m.console)
        print(s.strict.console)
        local rows = { { "instruction of the guest's kernel", "classic: silent", "strict: traps" } }
        for _, row in ipairs(m.counters) do
            if row.kind == "hole" then
                local insn, csr = row.label:match("(%S+) (%S+)$")
                local traps = s.strict:count("exit", { cause = "privileged", insn = insn, csr = csr })
                rows[#rows + 1] = { insn .. " " .. csr, row.count, traps }
            end
        end
        tz.table(rows)
    end,

    expect = {
        { "the guest's kernel believes to be in ring 0", function(s) return s.believed, 0 end },
        { "a read of status tells it the truth: ring 1", function(s) return s.told, 1 end },
        {
            "the write of status that was lost asked for a return to ring 3",
            function(s) return s.fatal_ring, 3 end,
        },
        { "the monitor's virtual CPU still says ring 0", function(s) return s.kept, 0 end },
        { "so the first program runs with the rights of the kernel: in ring 0", function(s) return s.program_ring, 0 end },
        {
            "its first system call comes from ring 0, and the kernel kills it",
            function(s) return s.m.console:find("killed at %x+: system call from ring 0") ~= nil end,
        },
        { "the program never says hello", function(s) return s.m.console:find("Hello", 1, true), nil end },
        { "the guest fails, the monitor does not: it reports the status", function(s) return s.m.state == "halted" and s.m.status ~= 0 end },
        { "on the strict machine nothing is silent", function(s) return s.strict:count("hole"), 0 end },
        { "there the program gets to ring 3", function(s) return s.strict_ring, 3 end },
        {
            "and says hello, and all ends well",
            function(s) return s.strict.console:find("Hello", 1, true) ~= nil and s.strict.status == 0 end,
        },
    },
}
