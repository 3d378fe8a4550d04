-- Exits: what leaving the guests costs, by cause. On a bare machine: its own traps.

local function rows()
    local out, vms = {}, false
    local count, cycles = 0, 0

    for _, cost in ipairs(ui.costs()) do
        vms = vms or cost.level > 0
    end
    for _, cost in ipairs(ui.costs()) do
        if not vms or cost.level > 0 then
            out[#out + 1] = cost
            count, cycles = count + cost.count, cycles + cost.cycles
        end
    end
    return out, vms, count, cycles
end

return {
    title = "Exits",
    min = { w = 36, h = 4 },
    share = { w = 1, h = 1 },

    draw = function(p)
        local list, vms, count, cycles = rows()
        local wide = p.w >= 54

        p:note(vms and "from VMs, by cycles" or "no VM: the machine's own traps")
        p:line({ ui.left("cause", 15) .. "  count  share    avg     max"
            .. (wide and "   cycles" or ""), "heading" })
        if count == 0 then
            return p:line { "none yet", "dim" }
        end
        p:list(#list, function(i)
            local c = list[i]
            return ui.left(c.cause, 14), ui.right(c.count, 8),
                ui.right(string.format("%.1f%%", 100 * c.count / count), 7),
                ui.right(c.cycles // c.count, 7), ui.right(c.max, 8),
                wide and { "   " .. ui.bar(c.cycles / math.max(cycles, 1), p.w - 48), "guest1" } or nil
        end)
    end,
}
