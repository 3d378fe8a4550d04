-- The same session under hardware assist: the guest's kernel in its own ring 0, and an exit only where it is asked for.

local session = require "session"

local commands = { "echo rings", "primes 30", "sleep 3", "faults", "syscalls", "exit" }

-- The registers that tell the two views apart, noted while the guest's kernel runs.
local function look(vm)
    local seen = {}
    for _, name in ipairs { "ring", "status", "tvec", "ptbr" } do
        seen[name] = { guest = vm.guest[name], real = vm.real[name] }
    end
    return seen
end

-- How many system calls of the VM's programs went to its kernel and back without an exit in between.
local function watch_calls(m, s)
    local exits
    s.quiet = 0
    m:on_trap({ level = 1, cause = "ecall_ring3" }, function() exits = 0 end)
    m:on_exit({ level = 1 }, function() exits = exits and exits + 1 end)
    m:on_ret({ level = 1 }, function(e)
        if e.ring_to == 3 and exits then
            s.quiet = s.quiet + (exits == 0 and 1 or 0)
            exits = nil
        end
    end)
end

-- How often each cause led out of the VM, and what it cost: { { cause, count, cycles }, ... }, costliest first.
local function exits(m)
    local sums, rows = {}, {}
    for _, row in ipairs(m.counters) do
        if row.kind == "exit" then
            local sum = sums[row.cause]
            if not sum then
                sum = { row.cause, 0, 0 }
                sums[row.cause], rows[#rows + 1] = sum, sum
            end
            sum[2], sum[3] = sum[2] + row.count, sum[3] + row.cycles
        end
    end
    table.sort(rows, function(a, b) return a[3] > b[3] or a[3] == b[3] and a[1] < b[1] end)
    return rows
end

-- Exits of two machines side by side, by the cause's name.
local function compare(a, b)
    local rows, at = { { "exits", "trap and emulate", "cycles", "hardware assist", "cycles" } }, {}
    for column, list in ipairs { exits(a), exits(b) } do
        for _, exit in ipairs(list) do
            if not at[exit[1]] then
                rows[#rows + 1] = { exit[1], "", "", "", "" }
                at[exit[1]] = rows[#rows]
            end
            at[exit[1]][2 * column], at[exit[1]][2 * column + 1] = exit[2], exit[3]
        end
    end
    return rows
end

local function boot(name, technique, isa)
    local m = tz.machine { name = name, ram = "24M", vt = technique == "assist", isa = isa }
    m:boot_vmm { guest = "os", technique = technique, ram = "8M", init = "shell" }
    return m
end

return {
    title = "Hardware assist: vmrun, and exits where they are asked for",

    text = [[
This machine has one instruction more: vmrun. The monitor describes a virtual CPU in a page of memory, the VMCB, and
executes vmrun. The processor puts the monitor's control registers away, loads the guest's, and goes on as the
guest, in its ring 0. It comes back (an exit) only for what the VMCB asks for. The guest's kernel has the real
registers: it writes status and tvec, takes its programs' system calls and returns from them, all without the monitor.

This monitor asks for little: ports (they are virtual devices), wfi (others may want the processor), cpuid, interrupts
(real devices are its own) and, since it shadows the guest's page tables, page faults, sfence.vma and the
registers that name a page table. The VMCB tells it which instruction was about to do what, so nothing is decoded.

Compare with trap and emulate. There, each system call of a program is five exits: the call, the kernel's
accesses to privileged registers, the return. Here it is none. What remains are page faults and devices, and each of those
costs more than before: a whole world is switched. The scenario nested-paging is about that.

It is also the end of the holes. The guest's kernel is in ring 0 when it reads status, so nothing has to trap to keep it from
the truth: the same monitor works on the classic machine.]],

    dashboard = { { "code", "state" }, { "traps", "exits" }, { "console" } },

    setup = function(s)
        s.host = boot("host", "assist")
        watch_calls(s.host, s)

        -- The references, run here at once: the bare machine, and trap and emulate.
        s.bare = tz.machine { name = "bare", ram = "8M" }
        s.bare:boot_os { init = "shell" }
        session.play(s.bare, commands)
        s.full = boot("full", "full")
        session.play(s.full, commands)
        -- And the same on the classic machine, where trap and emulate goes wrong (scenario classic-hole).
        s.classic = boot("classic", "assist", "classic")
        session.play(s.classic, commands)
    end,

    run = function(s)
        local m = s.host

        -- The first exit, and what the processor tells about it.
        s.first = m:run_until("exit", { max = 100e6 })
        s.vm = s.first.vm
        tz.say(("The first exit: %s, by '%s'. The VMCB says so; nothing is decoded."):format(s.first.cause, s.first.text))

        -- A system call: the processor takes it to the guest's own handler.
        session.answer(m, commands[1])
        s.call = m:run_until("trap", { vm = s.vm, cause = "ecall_ring3", max = 100e6 })
        s.seen = look(s.vm)
        s.handler = m:symbol(s.vm.guest.pc, s.vm)
        tz.say(("A system call: the guest's own handler runs, in the real ring %d. Its monitor does not notice."):format(
            s.seen.ring.real))

        -- The guest's timer: its compare register is the processor's while the guest runs.
        local ticks = m:on_trap({ vm = s.vm, cause = "timer" }, function() end)

        session.play(m, commands, 2)
        s.ticks = ticks.count
        tz.say(("Timer interrupts of the guest: %d, delivered by the processor. Its compare register is the real one."):format(
            s.ticks))
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
        tz.table(compare(s.full, m))
        s.own = { full = s.full:count("exit"), assist = m:count("exit") }
        print(("\nSystem calls: %d, of them %d without any exit on the way (the others use a device)."):format(
            m:count("trap", { cause = "ecall_ring3" }), s.quiet))
        print(("Exits in all: %d under trap and emulate, %d here. Cycles of the session: %d bare, %d and %d."):format(
            s.own.full, s.own.assist, s.bare.cycle, s.full.cycle, m.cycle))
    end,

    expect = {
        { "the machine powers off with status 0", function(s) return s.host.status, 0 end },
        { "the guest's kernel believes to be in ring 0, and is", function(s)
            return s.seen.ring.guest == 0 and s.seen.ring.real == 0
        end },
        { "its trap vector is the processor's", function(s) return s.seen.tvec.guest, s.seen.tvec.real end },
        { "its page table is not: the monitor shadows it", function(s)
            return s.seen.ptbr.guest ~= s.seen.ptbr.real
        end },
        { "a system call lands in the guest's own handler", function(s) return s.handler, "trap_entry" end },
        { "and takes no exit", function(s) return s.host:count("exit", { cause = "ecall_ring3" }), 0 end },
        { "its programs make the same number of system calls as on the bare machine", function(s)
            return s.host:count("trap", { cause = "ecall_ring3" }), s.bare:count("trap", { cause = "ecall_ring3" })
        end },
        { "more than 1000 of them came back without an exit of any kind", function(s) return s.quiet > 1000 end },
        { "the guest had its timer interrupts", function(s) return s.ticks > 0 end },
        { "the guest prints the same as on the bare machine, byte by byte", function(s)
            return session.guest_text(s.host.console), s.bare.console
        end },
        { "there are less than half as many exits as under trap and emulate", function(s)
            return s.own.assist * 2 < s.own.full
        end },
        { "it prints the same on the classic machine, and no hole was in its way", function(s)
            return session.guest_text(s.classic.console) == s.bare.console and s.classic:count("hole") == 0
        end },
        { "no VMCB was refused", function(s) return s.host:count("refused"), 0 end },
    },
}
