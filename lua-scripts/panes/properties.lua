-- Popek and Goldberg's three properties of a monitor, as they are measured here, for each VM that lives.

local properties = require "properties"

local function direct(m, vm)
    local share = properties.efficiency(m, vm)
    return share and ("%.2f%%"):format(100 * share) or "-"
end

local function equivalence(m)
    local o = m.oracle
    if not o then
        return "not watched (vm:oracle())"
    end
    return o.escape and { "ESCAPED: " .. o.escape.text, "bad" } or o.steps .. " steps equal to bare hardware"
end

return {
    title = "Properties",
    min = { w = 36, h = 5 },
    share = { w = 1, h = 1 },

    draw = function(p, m)
        if not m or #m.vms == 0 then
            return p:line { "no VM lives on this machine", "dim" }
        end
        p:note "efficiency, equivalence, control"
        for _, vm in ipairs(m.vms) do
            p:line({ vm.name, "heading" }, "  ", direct(m, vm), " ran directly")
            p:line("  ", m:count("exit", { vm = vm }), " exits, ", vm.cycles, " cycles its own")
            p:line("  ", equivalence(m))
        end
        p:line("monitor: ", m.contexts[1].cycles, " cycles")
        local list, sum = properties.refusals(m)
        p:line("refused: ", sum)
        for _, row in ipairs(list) do
            p:line("  ", row[1], " ", row[2])
        end
    end,
}
