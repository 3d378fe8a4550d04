-- A hostile virtual machine beside a well-behaved one, under four techniques.

local properties = require "properties"

local RAM = 2 * 1024 * 1024
local SEED = 11
local SLICES = 3 * 200000 -- cycles that one of two equals may be ahead

local ways = {
    { name = "full", technique = "full" },
    { name = "bt", technique = "bt", isa = "classic" },
    { name = "assist", technique = "assist nested=on", vt = true },
    { name = "npt", technique = "npt nested=on", vt = true, npt = true },
}

local function describe(name, way, words)
    return ("vm=%s technique=%s kernel=hostile.elf ram=2M cmdline={%s}"):format(name, way.technique, words)
end

local function machine(name, way, ...)
    local m = tz.machine { name = name, isa = way.isa, vt = way.vt, npt = way.npt, ram = "32M" }
    m:load { image = "vmm.elf", modules = { "hostile.elf" }, cmdline = table.concat({ ... }, " ") }
    return m
end

-- Cycles of each VM by its vmid, from its entries to the next VM's: with what the monitor did for it.
local function charge(m)
    local had, running, since = {}, nil, 0
    m:on_hint({ hint = "enter", level = 0 }, function(e)
        if running then
            had[running] = (had[running] or 0) + e.cycle - since
        end
        running, since = e.value, e.cycle
    end)
    return had
end

-- Runs until the good VM ends, and keeps what it leaves behind.
local function watch(m, r)
    local had = charge(m)
    m:on_hint({ hint = "vm_destroy", level = 0 }, function(e)
        local vm = m:vm("good")
        if not vm or e.value ~= vm.vmid then
            return
        end
        r.digest, r.console = vm:ram_digest(RAM), vm.console:match "%x+"
        r.good = had[e.value]
        for vmid, cycles in pairs(had) do
            if vmid ~= e.value then
                r.bad = cycles
            end
        end
        m:stop()
    end)
    m:run_until("end", { max = 400e6, optional = true })
    r.refusals = {}
    for _, row in ipairs((properties.refusals(m))) do
        r.refusals[row[1]] = row[2]
    end
end

local function run_alone(way)
    local r = {}
    watch(machine(way.name .. "-alone", way, describe("good", way, "orderly 5")), r)
    return r
end

local function run_beside(way)
    local r = {}
    r.machine = machine(way.name, way, describe("bad", way, SEED), describe("good", way, "orderly 5"))
    watch(r.machine, r)
    -- The bad one goes on alone for a while.
    r.machine:run_until("end", { max = 20e6, optional = true })
    r.ending = r.machine.console:match("vmm: bad (ended: [^\n]*) at pc") or "it was not done"
    return r
end

-- What was refused, but for what the good one is refused as well when it is alone.
local function refused(r, kind)
    return (r.refusals[kind] or 0) - (r.alone.refusals[kind] or 0)
end

-- The causes of its exits, most frequent first.
local function causes(m, n)
    local sums, list, all = {}, {}, 0
    for _, row in ipairs(m.counters) do
        if row.kind == "exit" and row.context and row.context.name == "bad" then
            sums[row.cause] = (sums[row.cause] or 0) + row.count
            all = all + row.count
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
    return table.concat(text, ", "), all
end

return {
    title = "A hostile virtual machine, and its neighbour that does not notice",

    text = [[
Two virtual machines run side by side. One is hostile: its kernel makes up instructions at random, privileged ones
above all, in every ring and on random page tables; it writes to its own code, to ports and to memory that is not
there, makes hypercalls with wild arguments and, where its processor has vmrun, starts guests of its own from control
blocks that are half nonsense. The other runs the same program on its good behaviour: also random, but only what must
have the same outcome on every processor. In the end it prints a digest of all that its traps left.

Resource control is Popek and Goldberg's second property: no program has an effect on what it was not given. So the
good one must print the same as when it is alone, leave the same bytes in its memory, and have had its share of the
processor. What the other was refused, the monitor counts.]],

    dashboard = { { "code", "vms" }, { "traps", "exits" }, { "console" } },

    run = function(s)
        s.results = {}
        local rows = { { "technique", "its exits", "memory", "port", "hypercall", "vmcb", "time of the bad", "of the good", "unharmed" } }
        for i, way in ipairs(ways) do
            local r, alone = run_beside(way), run_alone(way)
            r.way, r.alone = way, alone
            r.causes, r.exits = causes(r.machine, 7)
            r.unharmed = r.console == alone.console and r.digest == alone.digest
            s.results[i] = r
            rows[#rows + 1] = { way.name, r.exits, refused(r, "memory"), refused(r, "port"), refused(r, "hypercall"),
                refused(r, "vmcb"), r.bad, r.good, r.unharmed and "yes" or "NO" }
            tz.say(("%s: the bad one tried %d times; the good one printed %s"):format(way.name, r.exits, r.console))
        end
        print "\nWhat the hostile one tried, and was refused:"
        tz.table(rows)
        print "\nWhy it left for the monitor, and how it ended:"
        for _, r in ipairs(s.results) do
            print(("  %-7s %s"):format(r.way.name, r.causes))
            print(("          %s"):format(r.ending))
        end
    end,

    expect = {
        {
            "the good one prints the same as when it is alone",
            function(s)
                for _, r in ipairs(s.results) do
                    if r.console ~= r.alone.console then
                        return r.way.name .. ": " .. r.console, r.alone.console
                    end
                end
                return #s.results, #ways
            end,
        },
        {
            "and leaves the same memory",
            function(s)
                for _, r in ipairs(s.results) do
                    if not r.digest or r.digest ~= r.alone.digest then
                        return r.way.name .. " another", "the same"
                    end
                end
                return true
            end,
        },
        {
            "the hostile one was refused memory under each technique",
            function(s)
                for _, r in ipairs(s.results) do
                    if refused(r, "memory") <= 0 then
                        return r.way.name .. ": " .. refused(r, "memory"), "more"
                    end
                end
                return true
            end,
        },
        {
            "and control blocks where it has vmrun",
            function(s) return refused(s.results[3], "vmcb") > 0 and refused(s.results[4], "vmcb") > 0 end,
        },
        {
            "while both lived it had no more of the processor's time than its neighbour",
            function(s)
                for _, r in ipairs(s.results) do
                    if r.bad > r.good + SLICES then
                        return ("%s: %d"):format(r.way.name, r.bad), r.good
                    end
                end
                return true
            end,
        },
    },
}
