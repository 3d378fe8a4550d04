-- The teaching OS on the bare machine: what the later scenarios are measured against.

return {
    title = "The operating system on the bare machine",

    text = [[
A small operating system boots on the simulated computer, with nothing below it. Its kernel runs in ring 0;
its programs run in ring 3, each in an address space of its own. The shell starts three programs here.

Watch the traps. Every crossing from ring 3 to ring 0 is one: a system call (ecall), a page fault, the timer.
And watch what is not there: no exit, because there is nobody to exit to. When the kernel reads or writes a
control register, it simply does; each such instruction is one step.

Keep the console text in mind. The next scenario, trap-and-emulate, runs the same image, and it must print
the same.]],

    dashboard = { { "code", "state" }, { "traps" }, { "console" } },

    setup = function(s)
        s.m = tz.machine { ram = "8M" }
        s.m:boot_os { init = "shell" }
        s.commands = { "echo rings 0 and 3", "primes 30", "hello" }
    end,

    run = function(s)
        local m = s.m

        -- The first trap of all: the kernel has let the first program out into ring 3, and it calls back.
        s.first = m:run_until("trap", { from = 3, max = 20e6 })
        tz.say "The first program calls its kernel: ecall takes it from ring 3 to ring 0."

        -- The registers that a guest of a monitor will only believe to write are really written here.
        s.tvec = m.csr.tvec
        s.kernel = m:symbol(s.tvec)

        m:run_until("text", "$ ", { max = 20e6 })
        tz.say "The shell waits for a line; now some are typed."
        for i, command in ipairs(s.commands) do
            if i > 1 then
                m:run_until("text", "$ ", { max = 20e6 })
            end
            m:input(command .. "\n")
        end
        m:run_until("text", "$ ", { max = 20e6 })
        m:input("exit\n")
        m:run_until("end", { max = 20e6 })
        tz.say "The machine is off. It trapped for calls, faults and devices, and never exited."

        print "\nOn the console:"
        print(m.console)
        local rows = { { "trap", "times", "cycles each" } }
        for _, row in ipairs(m.counters) do
            if row.kind == "trap" then
                rows[#rows + 1] = { row.label, row.count, row.average or "" }
            end
        end
        tz.table(rows)
    end,

    expect = {
        { "the machine powers off with status 0", function(s) return s.m.status, 0 end },
        {
            "the first trap is a system call from ring 3 to ring 0",
            function(s)
                return ("%s %d>%d"):format(s.first.cause, s.first.ring_from, s.first.ring_to), "ecall_ring3 3>0"
            end,
        },
        { "traps go to the kernel's own handler", function(s) return s.kernel, "trap_entry" end },
        {
            "the programs print what they should",
            function(s)
                return s.m.console:find("rings 0 and 3", 1, true)
                    and s.m.console:find("Hello from process", 1, true)
                    and s.m.console:find("29", 1, true)
            end,
        },
        { "nothing is emulated: there was not one exit", function(s) return s.m:count("exit"), 0 end },
        {
            "no privileged instruction trapped: the kernel may do what it does",
            function(s) return s.m:count("trap", { cause = "privileged" }), 0 end,
        },
    },
}
