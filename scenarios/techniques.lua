-- The same session of the same operating system under every technique of virtualization, side by side.

local properties = require "properties"
local session = require "session"
local techniques = require "techniques"

local RAM = "8M"
local commands = { "echo rings", "primes 50", "hello", "faults", "cat motd", "syscalls", "exit" }

local function machine(technique)
    local options = { name = technique.name, ram = "32M" }
    for name, value in pairs(technique.machine) do
        options[name] = value
    end
    return tz.machine(options)
end

-- The faults and system calls that the guest's own handler saw. Interrupts are timing, and so is which of two programs
-- comes first.
local function saw(list, cause, epc, tval)
    list[#list + 1] = ("%s %s %s"):format(cause, tz.hex(epc), tz.hex(tval))
end

local function run_native()
    local r = { name = "native", saw = {} }
    local m = tz.machine { name = "native", ram = RAM }
    m:on_trap({ when = function(e) return e.code < 32 end }, function(e) saw(r.saw, e.cause, e.pc, e.tval) end)
    m:boot_os { init = "shell" }
    session.play(m, commands)
    r.console, r.disk, r.status, r.steps, r.cycles = m.console, m.disk_digest, m.status, m.icount, m.cycle
    return r
end

-- A trap of the guest is its own handler's unless it became an exit; what the monitor hands on, it says.
local function listen(m, r, technique)
    local names = {}
    for _, row in ipairs(tz.causes) do
        names[row.cause] = row.name
    end
    local own
    m:on_trap({ level = 1, when = function(e) return e.code < 32 end }, function(e)
        saw(r.saw, e.cause, e.pc, e.tval)
        own = true
    end)
    m:on_exit({ level = 1 }, function(e)
        if own and e.code < 32 then
            r.saw[#r.saw] = nil
        end
        own = false
    end)
    -- With hardware assist the processor delivers what the monitor hands on: a trap as any other.
    m:on_hint({ hint = "reflect", when = function() return not technique.machine.vt end }, function()
        local guest = m.vms[1].guest
        if guest.cause < 32 then
            saw(r.saw, names[guest.cause], guest.epc, guest.tval)
        end
    end)
    m:on_hint({ hint = "vm_destroy" }, function()
        local vm = m.vms[1]
        r.exits, r.own = m:count("exit", { vm = vm }), vm.cycles
        r.direct = properties.efficiency(m, vm)
    end)
end

local function run_virtual(technique)
    local r = { name = technique.name, saw = {} }
    local m = machine(technique)
    m:boot_vmm { guest = "os", technique = technique.name, ram = RAM, init = "shell" }
    listen(m, r, technique)
    m:run_until("trap", { cause = "ecall_ring3", max = 100e6 })
    tz.say(("%s: %s. A program calls its kernel, and %s."):format(technique.name, technique.what,
        m.current.level == 0 and "the processor enters the monitor, which hands the call on"
            or "the processor enters that kernel: no exit"))
    session.play(m, commands)
    r.machine, r.status, r.disk, r.console = m, m.status, m.disk_digest, session.guest_text(m.console)
    r.monitor = m.contexts[1].cycles
    r.refusals, r.refused = properties.refusals(m)
    return r
end

-- The first fault that only one of the two handlers saw, or nil.
local function unlike(a, b)
    table.sort(a)
    table.sort(b)
    for i = 1, math.max(#a, #b) do
        if a[i] ~= b[i] then
            return ("number %d: %s, not %s"):format(i, a[i], b[i])
        end
    end
end

-- The causes of its exits, most frequent first.
local function causes(m, n)
    local sums, list = {}, {}
    for _, row in ipairs(m.counters) do
        if row.kind == "exit" then
            sums[row.cause] = (sums[row.cause] or 0) + row.count
        end
    end
    for cause, count in pairs(sums) do
        list[#list + 1] = { cause, count }
    end
    table.sort(list, function(a, b) return a[2] > b[2] or a[2] == b[2] and a[1] < b[1] end)
    local text = {}
    for i = 1, math.min(n, #list) do
        text[i] = list[i][1] .. " " .. list[i][2]
    end
    return table.concat(text, ", ")
end

return {
    title = "Every technique of virtualization, side by side",

    text = [[
One session is typed into the teaching OS: on the bare machine, then in a virtual machine under each technique. All
are the same OS; paravirtualization has its own build of the same source, and binary translation runs on the classic
machine, where trap and emulate goes wrong.

For each: how often the guest left for its monitor and why, the cycles that the guest's own code took and those of the
monitor, the share of the guest's instructions that the processor ran directly, and whether what the guest printed, its
disk and its exit status equal the bare machine's. (The scenario escape-oracle compares every register.)]],

    dashboard = { { "code", "state" }, { "traps", "properties" }, { "console" } },

    run = function(s)
        s.native = run_native()
        s.results = {}
        for i, technique in ipairs(techniques) do
            s.results[i] = run_virtual(technique)
            tz.say(("%s: the session took %d exits."):format(technique.name, s.results[i].exits))
        end

        local rows = { { "technique", "exits", "cycles of the guest", "of the monitor", "direct", "refused", "equal" } }
        rows[2] = { "native", 0, s.native.cycles, 0, "100%", 0, "" }
        for _, r in ipairs(s.results) do
            r.equal = r.console == s.native.console and r.disk == s.native.disk and r.status == s.native.status
            r.unlike = unlike(r.saw, s.native.saw)
            rows[#rows + 1] = { r.name, r.exits, r.own, r.monitor, ("%.2f%%"):format(100 * r.direct), r.refused,
                r.equal and "yes" or "NO" }
        end
        print()
        tz.table(rows)
        for _, r in ipairs(s.results) do
            for _, row in ipairs(r.refusals) do
                print(("%s was refused: %s, %d times"):format(r.name, row[1], row[2]))
            end
        end
        print "\nExits by cause:"
        for _, r in ipairs(s.results) do
            print(("  %-7s %s"):format(r.name, causes(r.machine, 6)))
        end
    end,

    expect = {
        { "the session on the bare machine ends with status 0", function(s) return s.native.status, 0 end },
        { "every technique was run", function(s) return #s.results, #techniques end },
        {
            "each prints the same as the bare machine, leaves the same disk and ends alike",
            function(s)
                for _, r in ipairs(s.results) do
                    if not r.equal then
                        return r.name, "equal"
                    end
                end
                return true
            end,
        },
        {
            "each guest's handler sees the same faults and system calls, at the same pc",
            function(s)
                for _, r in ipairs(s.results) do
                    if r.unlike and not r.paravirtual then
                        return r.name .. ": " .. r.unlike, "alike"
                    end
                end
                return #s.native.saw > 1000
            end,
        },
        {
            "each runs more than nine instructions of ten directly",
            function(s)
                for _, r in ipairs(s.results) do
                    if r.direct < 0.9 then
                        return ("%s: %.2f"):format(r.name, r.direct), "0.9 or more"
                    end
                end
                return true
            end,
        },
    },
}
