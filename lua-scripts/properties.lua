-- Popek and Goldberg's properties of a monitor, as numbers.

local M = {}

-- Instructions of a VM that the processor ran itself: its steps but for those that trapped or became exits.
function M.direct(m, vm)
    local not_retired = m:count("trap", { vm = vm })
    for _, row in ipairs(m.counters) do
        if row.kind == "exit" and row.hardware and row.context == vm then
            not_retired = not_retired + row.count
        end
    end
    return vm.steps - not_retired
end

-- Their share of all that the guest believes to have run; nil while it has run nothing.
function M.efficiency(m, vm)
    local all = vm.guest.instret
    return all and all > 0 and math.min(1, M.direct(m, vm) / all) or nil
end

-- What VMs of a machine tried to reach and were not given: a list of { kind, count }, and the sum.
function M.refusals(m)
    local list, sum = {}, 0
    for _, kind in ipairs { "memory", "port", "hypercall", "vmcb" } do
        local count = m:count("hint", { hint = "refused_" .. kind })
        if count > 0 then
            list[#list + 1] = { kind, count }
        end
        sum = sum + count
    end
    return list, sum
end

return M
