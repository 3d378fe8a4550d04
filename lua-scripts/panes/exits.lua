-- Exits: what leaving the guests costs, by cause. On a bare machine: its own traps.

local detail = false

local function sums(rows)
    local count, cycles, contexts = 0, 0, {}

    for _, row in ipairs(rows) do
        count, cycles = count + row.count, cycles + row.cycles
        contexts[#contexts + 1] = row.context ~= rows[1].context or nil
    end
    return math.max(count, 1), math.max(cycles, 1), #contexts > 0
end

return {
    title = "Exits",
    min = { w = 36, h = 4 },
    share = { w = 1, h = 1 },

    draw = function(p)
        local rows, kind = ui.costs(detail)
        local count, cycles, several = sums(rows)
        local label = math.max(10, math.min(24, p.w - 31))
        local wide = p.w - label - 31

        p:note(kind == "exit" and "out of VMs" or "the machine's own traps")
        p:line({ ui.left("cause", label) .. "  count  share     avg     max"
            .. (wide > 18 and "  share of cycles" or ""), "heading" })
        if #rows == 0 then
            return p:line { "none yet", "dim" }
        end
        p:list(#rows, function(i)
            local r = rows[i]
            return ui.left(several and r.vm .. " " .. r.cause or r.cause, label),
                ui.right(r.count, 7), ui.right(string.format("%.1f%%", 100 * r.count / count), 7),
                ui.right(r.average or "-", 8), ui.right(r.average and r.max or "-", 8),
                wide > 18 and { "  " .. ui.bar(r.cycles / cycles, wide - 3), "guest1" } or nil
        end)
    end,

    keys = {
        { "e", "by cause, or by cause and instruction", function()
            detail = not detail
        end },
    },
}
