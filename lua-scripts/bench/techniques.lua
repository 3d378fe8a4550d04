-- Every technique of virtualization on the same operations: trapeze bench techniques.

local micro = require "micro"

-- Adams and Agesen, ASPLOS 2006, table 5 and figure 4: cycles natively, under their software monitor (binary translation), and
-- under their monitor with the first hardware assist (shadow paging); forkwait in seconds for 40000 of them.
local published = {
    { op = "syscall",   theirs = "syscall",         native = 242,  bt = 2308,  assist = 246 },
    { op = "in",        theirs = "in",              native = 3209, bt = 216,   assist = 15826 },
    { op = "regwr",     theirs = "cr8wr",           native = 150,  bt = 35,    assist = 177 },
    { op = "callret",   theirs = "call/ret",        native = 11,   bt = 51,    assist = 11 },
    { op = "pgfault",   theirs = "pgfault",         native = 1093, bt = 3927,  assist = 11242 },
    { op = "illegal",   theirs = "divzero",         native = 889,  bt = 3223,  assist = 1014 },
    { op = "pte_same",  theirs = "ptemod same",     native = 1,    bt = 391,   assist = 12733 },
    { op = "pte_clear", theirs = "ptemod P to NP",  native = 4,    bt = 17,    assist = 9154 },
    { op = "pte_set",   theirs = "ptemod NP to P",  native = 5,    bt = 2121,  assist = 17020 },
    { op = "forkwait",  theirs = "forkwait, s",     native = 6.02, bt = 36.95, assist = 106.4 },
    { op = "compute",   theirs = "compute" },
}

local function cell(cycles)
    if not cycles then
        return "-"
    end
    return cycles < 100 and ("%.1f"):format(cycles) or ("%.0f"):format(cycles)
end

local function figures(cost)
    local results, rows = {}, { { "cycles each" } }
    for i, technique in ipairs(micro.techniques) do
        results[technique.name] = micro.measure(technique, cost)
        rows[1][i + 1] = technique.name
    end
    for _, p in ipairs(published) do
        local row = { p.op }
        for i, technique in ipairs(micro.techniques) do
            row[i + 1] = cell(results[technique.name][p.op])
        end
        rows[#rows + 1] = row
    end
    tz.table(rows)
    return results
end

return {
    title = "Every technique on the same operations, in cycles",

    text = [[
One small kernel (guests/micro) does each operation in a loop, on the bare machine and under each technique; forkwait
is a program of the teaching OS that starts processes and waits for them. The cycles are the simulated machine's,
read off its record between two marks. Loops are counted without their empty loop.]],

    run = function(s)
        for _, name in ipairs { "pentium4", "core2" } do
            local preset = require("costs." .. name)
            print(("\nCosts %s (%s)"):format(preset.title, preset.source))
            s[name] = figures(name)
        end
        print "\nPublished: Adams and Agesen, on a Pentium 4"
        local rows = { { "cycles each", "native", "bt", "assist" } }
        for _, p in ipairs(published) do
            if p.native then
                rows[#rows + 1] = { p.theirs, p.native, p.bt, p.assist }
            end
        end
        tz.table(rows)
    end,
}
