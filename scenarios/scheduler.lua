-- Several virtual machines on one processor: shares, caps, and a thief that gains nothing.

local function vm(name, words, init)
    return ("vm=%s ram=2M modules=programs %s cmdline={init=%s quiet}"):format(name, words, init)
end

local function machine(name, ...)
    local m = tz.machine { name = name, ram = "32M" }
    m:load {
        image = "vmm.elf",
        modules = { "os.elf", { name = "programs", file = "programs.pack" } },
        cmdline = table.concat({ ... }, " "),
    }
    return m
end

-- What the monitor has charged each VM, and what it slept through, at this moment.
local function accounts(m)
    local now = { idle = tonumber(m:manage("stat"):match("idle=(%d+)")), cycle = m.cycle }
    for _, row in ipairs(m:list_vms()) do
        now[row.name] = row.cycles
    end
    return now
end

-- Runs on, and returns each VM's part of the time, in percent.
local function measure(m, steps)
    local before = accounts(m)
    m:run(steps)
    local after = accounts(m)
    local part, all = {}, after.cycle - before.cycle
    for name, cycles in pairs(after) do
        if name ~= "cycle" then
            part[name] = 100 * (cycles - before[name]) / all
        end
    end
    return part
end

local function percent(n)
    return ("%.1f %%"):format(n)
end

-- Within two of a hundred.
local function near(is, wanted)
    if math.abs(is - wanted) <= 2 then
        return true
    end
    return percent(is), percent(wanted)
end

return {
    title = "Three virtual machines, one processor: shares, caps, and a thief",

    text = [[
One monitor runs three virtual machines whose programs never stop working. It gives them the processor in proportion
to their weights, 256 to 512 to 1024: each has a virtual time that grows with the cycles it uses, the slower the
larger its weight, and whoever is furthest behind runs next, for a slice of 200,000 cycles at most.

Weights and caps are changed while the machines run, by commands through the machine's mailbox: type :vm weight a
1024 yourself, or :vm help. A cap is a limit even when nobody else wants to run: the processor then sleeps.

The last part is an attack that worked on a well-known hypervisor, whose scheduler charged whoever was running when
the tick came. A virtual machine that works until just before the tick and sleeps over it was hardly ever charged, and
had up to 95 % of the processor. Here cycles are read at both ends of each run, so there is nothing to gain.]],

    dashboard = { { "vms", "exits" }, { "code", "state" }, { "console" } },

    setup = function(s)
        s.m = machine("shares", vm("a", "weight=256", "busy"), vm("b", "weight=512", "busy"),
            vm("c", "weight=1024", "busy"))
        -- A slice is 20 ms of the guests' time: the thief works for less, and sleeps over its end.
        s.t = machine("thief", vm("thief", "", "busy,14,4"), vm("honest", "", "busy"))
    end,

    run = function(s)
        local m = s.m
        m:run(20e6)
        s.weights = measure(m, 60e6)
        tz.say "Three machines that never stop working, with weights 256, 512 and 1024."

        m:set_vm("a", "weight", 1024)
        m:run(5e6)
        s.changed = measure(m, 60e6)
        tz.say "The first one's weight was changed to 1024 while they ran."

        m:set_vm("c", "cap", 20)
        m:run(5e6)
        s.capped = measure(m, 60e6)
        tz.say "The third may have 20 % at most: what it leaves goes to the others by their weights."

        m:pause_vm "a"
        m:pause_vm "b"
        m:run(5e6)
        s.alone = measure(m, 30e6)
        tz.say "The others are paused. The third still has 20 %: the rest of the time the processor sleeps."

        m:resume_vm "b"
        m:run(5e6)
        s.resumed = measure(m, 30e6)

        -- Who is taken off the processor by the end of its slice? That is who a sampling scheduler would charge.
        local t, last, preempted = s.t, nil, { thief = 0, honest = 0 }
        t:run(10e6)
        t:on_exit({ cause = "timer", level = 1 }, function(e)
            last = e.vm.name
        end)
        t:on_entry(function(e)
            if last and e.vm and e.vm.name ~= last then
                preempted[last] = preempted[last] + 1
            end
            last = nil
        end)
        s.theft = measure(t, 80e6)
        s.preempted = preempted
        tz.say "The thief sleeps over the end of every slice, and has no more than the honest one."

        tz.table {
            { "", "a", "b", "c", "asleep" },
            { "weights 256, 512, 1024", percent(s.weights.a), percent(s.weights.b), percent(s.weights.c),
                percent(s.weights.idle) },
            { "weights 1024, 512, 1024", percent(s.changed.a), percent(s.changed.b), percent(s.changed.c),
                percent(s.changed.idle) },
            { "c capped at 20 %", percent(s.capped.a), percent(s.capped.b), percent(s.capped.c), percent(s.capped.idle) },
            { "a and b paused", percent(s.alone.a), percent(s.alone.b), percent(s.alone.c), percent(s.alone.idle) },
            { "b resumed", percent(s.resumed.a), percent(s.resumed.b), percent(s.resumed.c), percent(s.resumed.idle) },
        }
        print()
        tz.table {
            { "", "of the processor", "caught at the end of a slice" },
            { "thief", percent(s.theft.thief), preempted.thief },
            { "honest", percent(s.theft.honest), preempted.honest },
        }
    end,

    expect = {
        { "with weights 1 to 2 to 4 the first has a seventh", function(s) return near(s.weights.a, 100 / 7) end },
        { "the second two", function(s) return near(s.weights.b, 200 / 7) end },
        { "and the third four", function(s) return near(s.weights.c, 400 / 7) end },
        { "a changed weight counts at once: 2 to 1 to 2", function(s) return near(s.changed.a, 40) end },
        { "a cap of 20 % holds against the others", function(s) return near(s.capped.c, 20) end },
        { "what it leaves is shared 2 to 1", function(s) return near(s.capped.a / s.capped.b, 2) end },
        { "it holds when nobody else wants to run", function(s) return near(s.alone.c, 20) end },
        { "the processor sleeps meanwhile", function(s) return near(s.alone.idle, 80) end },
        { "who is paused uses nothing", function(s) return s.alone.a + s.alone.b == 0 end },
        { "who is resumed has what the capped one leaves", function(s) return near(s.resumed.b, 80) end },
        { "a scheduler that samples would have charged the thief hardly ever", function(s)
            return s.preempted.thief * 20 < s.preempted.honest
        end },
        { "it has no more than half all the same", function(s) return s.theft.thief <= 50.5 end },
        { "it is not starved either", function(s) return s.theft.thief > 35 end },
    },
}
