-- The escape oracle: the same guest twice, instruction by instruction, until the two differ.

-- Boots the monitor with the teaching OS on this variant of the machine and watches the VM from its first entry.
local function watched(name, isa, technique)
    local m = tz.machine { name = name, isa = isa, ram = "24M" }
    m:boot_vmm { guest = "os", technique = technique, ram = "8M", init = "hello" }
    -- A translated guest's instructions do not run one for one: it is compared at each trap that it gets.
    local translated = technique == "bt"
    m:run_until("hint", { hint = "enter", max = 50e6 })
    if not translated then
        m:run_until("entry", { max = 50e6 })
    end
    return m, m.vms[1]:oracle(translated and "events" or "instructions")
end

return {
    title = "The escape oracle: where a virtual machine stops being a machine",

    text = [[
Popek and Goldberg ask of a monitor that a guest does in a virtual machine what it would do on bare hardware. The
oracle takes them at their word: it makes a second, bare machine from the guest's memory and registers, and runs both in
lockstep. Before every guest instruction all registers must be equal. What comes from outside, the moments at which
interrupts arrive and what counters and devices answer, is given to the bare machine as the guest had it.

On the strict machine the two never differ, from the first instruction of the kernel to the end of its program.

On the classic machine the monitor is the same and the guest is the same. There reading and writing `status`
outside ring 0 is not privileged: it is a hole, as POPF was on x86. Nothing traps, the monitor does not know, and the
kernel reads the monitor's status in place of its own. The oracle stops at that instruction.

Binary translation closes the holes: on the same classic machine the kernel runs from translations in which such
instructions are replaced. Its registers are compared at each trap that is delivered to it, and all of its memory
in the end.]],

    dashboard = { { "code", "state" }, { "traps", "exits" }, { "console" } },

    setup = function(s)
        s.strict, s.quiet = watched("strict", "strict", "full")
        s.classic, s.loud = watched("classic", "classic", "full")
        s.closed, s.still = watched("closed", "classic", "bt")
        s.closed:on_hint({ hint = "vm_destroy" }, function() s.memory = s.still:memory() or "equal" end)
    end,

    run = function(s)
        s.strict:run_until("end", { max = 200e6 })
        tz.say(("Strict: %d guest instructions, each equal to bare hardware's."):format(s.quiet.steps))
        s.event = s.classic:run_until("escape", { max = 200e6 })
        s.found = s.loud.escape
        tz.say(("Classic: after %d guest instructions, %s."):format(s.loud.steps, s.found.text))

        s.closed:run_until("end", { max = 200e6 })
        tz.say(("Classic, translated: %d guest instructions, equal at every trap."):format(s.still.steps))

        tz.table {
            { "machine", "technique", "guest instructions", "first difference" },
            { "strict", "trap and emulate", s.quiet.steps, s.quiet.escape and s.quiet.escape.text or "none" },
            { "classic", "trap and emulate", s.loud.steps, s.found.text },
            { "classic", "binary translation", s.still.steps, s.still.escape and s.still.escape.text or "none" },
        }
        print(("\nThe instruction is at %s, in %s."):format(tz.hex(s.found.pc), s.classic:symbol(s.found.pc, s.classic.vms[1])))
    end,

    expect = {
        { "on the strict machine the guest runs to its end", function(s) return s.strict.status, 0 end },
        { "and never differs from bare hardware", function(s) return s.quiet.escape, nil end },
        { "some 100000 of its instructions were compared", function(s) return s.quiet.steps > 50000 end },
        { "under binary translation it runs to its end on the classic machine too", function(s) return s.closed.status, 0 end },
        { "and does not differ there", function(s) return s.still.escape, nil end },
        { "nor does its memory, to the last bit", function(s) return s.memory, "equal" end },
        { "on the classic machine it differs under trap and emulate", function(s) return s.found ~= nil end },
        { "at an instruction that did not trap: a hole", function(s) return s.classic:count("hole") > 0 end },
        { "which touches status", function(s) return s.event.text:find("status", 1, true) ~= nil end },
        { "the guest got what only the monitor's status has", function(s) return s.found.guest ~= s.found.bare end },
    },
}
