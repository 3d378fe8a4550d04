-- The same OS image inside a virtual machine: trap and emulate, as Popek and Goldberg describe it.

local session = require "session"

-- One session, typed twice: into the virtual machine, and into a bare machine to compare with.
local commands = { "echo rings 0 and 1", "primes 30", "hello", "ls", "exit" }

-- The registers that tell the two views apart, noted while the guest's kernel runs.
local function look(vm)
    local seen = {}
    for _, name in ipairs { "ring", "status", "tvec", "ptbr" } do
        seen[name] = { guest = vm.guest[name], real = vm.real[name] }
    end
    return seen
end

-- The exits that cost most, as rows of a table.
local function costs(m, n)
    local exits, rows = {}, { { "exits of the guest", "times", "cycles each", "in all" } }
    for _, row in ipairs(m.counters) do
        if row.kind == "exit" then
            exits[#exits + 1] = row
        end
    end
    table.sort(exits, function(a, b) return a.cycles > b.cycles end)
    for i = 1, math.min(n, #exits) do
        local row = exits[i]
        rows[#rows + 1] = { row.label, row.count, row.average or "", row.cycles }
    end
    return rows
end

return {
    title = "The same operating system in a virtual machine: trap and emulate",

    text = [[
The program that runs in ring 0 of this machine is a virtual machine monitor. It has made one virtual machine and
put the unmodified operating system of the scenario bare-metal into it. The guest's kernel believes that it runs in
ring 0. It runs in ring 1, so every privileged instruction that it executes traps to the monitor, which looks
at it, does to the virtual CPU what the instruction would have done, and goes back (an exit, and an entry).

Watch "guest sees | real". The guest set its own trap vector; the processor has the monitor's. The guest built a
page table; the processor walks a shadow of it that the monitor fills in, fault by fault. The guest reads status
and sees ring 0.

Then compare. The same session is typed into a bare machine, and the guest must print the same, byte by byte, and
make the same system calls. That is equivalence, the first of the three properties of a monitor.]],

    dashboard = { { "code", "state" }, { "traps", "exits" }, { "console" } },

    setup = function(s)
        s.host = tz.machine { name = "host", ram = "24M" }
        s.host:boot_vmm { guest = "os", technique = "full", ram = "8M", init = "shell" }

        -- The reference: the same image and the same words, nothing in between. It runs here, at once.
        s.bare = tz.machine { name = "bare", ram = "8M" }
        s.bare:boot_os { init = "shell" }
        session.play(s.bare, commands)
    end,

    run = function(s)
        local m = s.host

        -- The first privileged instruction of the guest's kernel: it traps, since ring 1 is not ring 0.
        s.first = m:run_until("exit", { cause = "privileged", max = 100e6 })
        s.vm = s.first.vm
        tz.say(("The guest's kernel executes '%s'. It is not in ring 0, so it traps: an exit."):format(s.first.text))
        -- The monitor has done to the virtual CPU what the instruction asked for, and goes back.
        m:run_until("entry", { max = 1e6 })
        tz.say "The monitor has set the virtual register and goes back. Compare: guest sees | real."

        -- On to the kernel's first system call from a program; by then the guest has its own page table.
        m:run_until("exit", { cause = "ecall_ring3", max = 100e6 })
        tz.say "A program of the guest calls its kernel. Every trap goes to ring 0: to the monitor."
        m:run_until("entry", { max = 1e6 })
        s.seen = look(s.vm)
        s.handler = m:symbol(s.vm.guest.pc, s.vm)
        tz.say "The monitor has handed it on: the guest's own handler runs, and believes to be in ring 0."

        session.play(m, commands)
        tz.say "The guest is off. On the bare machine the same session prints the same."

        print "\nOn the console:"
        print(m.console)
        tz.table {
            { "register", "guest sees", "real" },
            { "ring", s.seen.ring.guest, s.seen.ring.real },
            { "status", tz.hex(s.seen.status.guest), tz.hex(s.seen.status.real) },
            { "tvec", tz.hex(s.seen.tvec.guest), tz.hex(s.seen.tvec.real) },
            { "ptbr", tz.hex(s.seen.ptbr.guest), tz.hex(s.seen.ptbr.real) },
        }
        print()
        tz.table(costs(m, 12))
        local since = m.icount - s.first.icount
        print(("\nThe guest's own code took %d steps on the processor; the same session takes %d on the bare machine."):format(
            s.vm.steps, s.bare.icount))
        print(("From its first exit on, %d%% of all steps were its own; the rest is the monitor's work."):format(
            s.vm.steps * 100 // since))
    end,

    expect = {
        { "the machine powers off with status 0", function(s) return s.host.status, 0 end },
        {
            "a privileged instruction of the guest's kernel trapped from ring 1 to the monitor",
            function(s)
                return ("%s %d>%d"):format(s.first.cause, s.first.ring_from, s.first.ring_to), "privileged 1>0"
            end,
        },
        { "the guest's kernel believes to be in ring 0", function(s) return s.seen.ring.guest, 0 end },
        { "it really runs in ring 1", function(s) return s.seen.ring.real, 1 end },
        {
            "the guest sees its own trap vector, which is not the processor's",
            function(s)
                return s.host:address("os.elf:trap_entry") == s.seen.tvec.guest and s.seen.tvec.real ~= s.seen.tvec.guest
            end,
        },
        {
            "the guest sees its own page table; the processor walks the monitor's shadow of it",
            function(s) return s.seen.ptbr.real ~= s.seen.ptbr.guest end,
        },
        {
            "a system call of its program lands in the guest's own handler",
            function(s) return s.handler, "trap_entry" end,
        },
        {
            "the guest prints the same as on the bare machine, byte by byte",
            function(s) return session.guest_text(s.host.console), s.bare.console end,
        },
        {
            "its programs make the same number of system calls",
            function(s)
                return s.host:count("exit", { cause = "ecall_ring3" }), s.bare:count("trap", { cause = "ecall_ring3" })
            end,
        },
        { "no sensitive instruction slipped through: there is no hole", function(s) return s.host:count("hole"), 0 end },
        {
            "on the bare machine nothing exits",
            function(s) return s.bare:count("exit"), 0 end,
        },
    },
}
