-- A monitor inside a monitor, two and three levels deep: what one exit of the innermost guest costs, counted.

local session = require "session"

local commands = { "echo two levels down", "primes 30", "faults", "exit" }

-- The monitor's command line for `depth` monitors of one technique around a kernel.
local function command_line(technique, depth, kernel, level)
    level = level or 1
    local nested = depth > 1 and technique ~= "full" and "nested=on " or ""
    local name = depth == 1 and "guest" or "vmm" .. level
    local words = ("vm=%s technique=%s %sram=%dM "):format(name, technique, nested, depth == 1 and 8 or 16 * depth)
    if depth == 1 then
        return words .. kernel
    end
    local modules = depth > 2 and "vmm.elf," or ""
    return words .. ("kernel=vmm.elf modules=%sos.elf,micro.elf,programs cmdline={%s}"):format(modules,
        command_line(technique, depth - 1, kernel, level + 1))
end

local function boot(name, technique, depth, kernel)
    local m = tz.machine { name = name, ram = "64M", vt = technique == "npt", npt = technique == "npt" }
    m:load {
        image = "vmm.elf",
        modules = {
            { name = "vmm.elf", file = "vmm.elf" },
            { name = "os.elf", file = "os.elf" },
            { name = "micro.elf", file = "micro.elf" },
            { name = "programs", file = "programs.pack" },
        },
        cmdline = command_line(technique, depth, kernel),
    }
    return m
end

-- Runs to the innermost guest's loop of cpuid (a thousand of them) and through it: cycles and exits of each level for one.
local function measure(m, depth)
    local r, name, exits = { exits = {} }, nil, {}

    m:on_hint({ hint = "message" }, function(e) name = (e.vm or m.contexts[1]).mem.gva:text(e.value, 32) end)
    m:on_exit({}, function(e) exits[e.level] = (exits[e.level] or 0) + 1 end)
    repeat
        local mark = m:run_until("hint", { hint = "mark", level = depth, max = 400e6 })
        if name == "cpuid" and mark.value ~= 0 then
            r.times, r.from, exits = mark.value, mark.cycle, {}
        end
    until name == "cpuid" and mark.value == 0
    r.cycles, r.all = (m.cycle - r.from) / r.times, 0
    for level = 1, depth do
        r.exits[level] = (exits[level] or 0) / r.times
        r.all = r.all + r.exits[level]
    end
    return r
end

-- Exits in all and of each level, L1 first. Once in a thousand a page that is touched for the first time adds one.
local function per_cpuid(r)
    local list = {}
    for i, n in ipairs(r.exits) do
        list[i] = ("%.0f"):format(n)
    end
    return ("%.0f: %s"):format(r.all, table.concat(list, " "))
end

-- What leads in and out of VMs from one cpuid of the innermost guest to the next: a line for each, indented by level.
local function fan_out(m, depth)
    local lines, first = {}, nil

    local function why(e)
        return "exits: " .. (e.text ~= "" and e.text or e.cause)
    end
    local function note(e, what)
        lines[#lines + 1] = ("%8d  %sL%d %s %s"):format(e.cycle - first, ("    "):rep(e.vm.level - 1), e.vm.level, e.vm.name, what)
    end
    local start
    for _ = 1, 10 do -- the first ones still fill tables
        start = m:run_until("exit", { level = depth, insn = "cpuid", max = 1e9 })
    end
    first = start.cycle
    tz.say(("L%d executes cpuid: an exit, to L0. (x goes from exit to exit; u and d change the level.)"):format(depth))
    note(start, why(start))
    local on = {
        m:on_entry({}, function(e) note(e, "goes on") end),
        m:on_exit({}, function(e) note(e, why(e)) end),
    }
    m:run_until("exit", { level = depth, insn = "cpuid", max = 1e6 })
    for _, handle in ipairs(on) do
        handle:del()
    end
    lines[#lines] = nil -- the next one's
    tz.say(("L%d is at its next cpuid. The pane traps shows what the first one took."):format(depth))
    return lines
end

return {
    title = "A monitor in a monitor: what nesting costs, exit by exit",

    text = [[
The monitor is a program for ring 0 of the machine, so it runs in a virtual machine too: the same vmm.elf, unmodified,
which makes a virtual machine of its own. L0 is the machine's monitor, L1 its guest, L2 the guest of the guest.

By trap and emulate that needs nothing new (Popek and Goldberg's second theorem). But whatever the inner monitor does
to answer one exit of L2 is privileged, so it traps to L0 itself: one exit becomes a dozen. With hardware assist L1 keeps its
guest in a VMCB, which is memory. It reads and writes it as it likes, and needs L0 only for its vmrun. There L0 copies
L1's VMCB once, checks it as the processor would, merges it with its own, and runs L2 on the processor. An exit that L1
asked for is written into L1's VMCB, and L1 goes on behind its vmrun as if the processor had done it.

The Turtles project (2010) counted on x86: 13 exits for one of L2 where each access of L1 to its guest's state traps, 2
where it does not. Three levels work as two do, and each level multiplies.]],

    dashboard = { { "code", "state" }, { "traps", "exits" }, { "console" } },

    setup = function(s)
        -- The reference, run here at once.
        s.bare = tz.machine { name = "bare", ram = "8M" }
        s.bare:boot_os { init = "shell" }
        session.play(s.bare, commands)

        s.host = boot("host", "npt", 2, 'kernel=os.elf modules=programs cmdline="init=shell"')
    end,

    run = function(s)
        local m = s.host

        -- The operating system two levels down.
        session.play(m, commands)
        tz.say "The OS ran two levels down, and printed what it prints on the bare machine."
        print "\nOn the console:"
        print(m.console)

        -- One instruction, cpuid, everywhere.
        s.ways = {
            { what = "trap and emulate", technique = "full", depth = 1 },
            { what = "trap and emulate, twice", technique = "full", depth = 2 },
            { what = "hardware assist", technique = "npt", depth = 1 },
            { what = "hardware assist, twice", technique = "npt", depth = 2 },
            { what = "hardware assist, three times", technique = "npt", depth = 3 },
        }
        local rows = { { "one cpuid of the innermost guest", "exits", "L1", "L2", "L3", "cycles" } }
        for i, way in ipairs(s.ways) do
            local one = boot("cpuid" .. i, way.technique, way.depth, "kernel=micro.elf")
            way.result = measure(one, way.depth)
            local e = way.result.exits
            rows[i + 1] = { way.what, ("%.1f"):format(way.result.all), ("%.1f"):format(e[1]),
                e[2] and ("%.1f"):format(e[2]) or "", e[3] and ("%.1f"):format(e[3]) or "",
                ("%.0f"):format(way.result.cycles) }
        end
        s.trees = {}
        for i, depth in ipairs { 2, 3 } do
            s.trees[depth] = fan_out(boot("tree" .. i, "npt", depth, "kernel=micro.elf"), depth)
            print(("\nOne cpuid, %d levels down, by cycle:\n"):format(depth))
            print(table.concat(s.trees[depth], "\n"))
        end
        print()
        tz.table(rows)
    end,

    expect = {
        { "the machine powers off with status 0", function(s) return s.host.status, 0 end },
        { "the OS two levels down prints the same as on the bare machine", function(s)
            return session.guest_text(s.host.console), s.bare.console
        end },
        { "its system calls are no exits at any level", function(s)
            return s.host:count("exit", { cause = "ecall_ring3" }), 0
        end },
        { "a nested cpuid under hardware assist is two exits: L2's, and L1's vmrun", function(s)
            return per_cpuid(s.ways[4].result), "2: 1 1"
        end },
        { "by trap and emulate the inner monitor has more than ten of its own", function(s)
            return s.ways[2].result.exits[1] > 10
        end },
        { "three levels down it is four: L3's, L2's vmrun, and L1's vmrun twice", function(s)
            return per_cpuid(s.ways[5].result), "4: 2 1 1"
        end },
        { "each level multiplies the cycles", function(s)
            local one, two, three = s.ways[3].result.cycles, s.ways[4].result.cycles, s.ways[5].result.cycles
            return two > 4 * one and three > 2 * two
        end },
        { "the fan-outs are what was counted", function(s) return #s.trees[2] == 4 and #s.trees[3] == 8 end },
    },
}
