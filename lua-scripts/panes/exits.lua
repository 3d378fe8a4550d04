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

-- Where there is little room the instruction says more than the cause.
local function label_of(row, several, width)
    local label = several and row.vm .. " " .. row.cause or row.cause

    if detail and width < 20 then
        label = row.cause:match("^%S+ (.+)$") or label
    end
    return ui.left(label, width)
end

-- A number in a column: where it would touch the one before, in thousands or millions.
local function column(n, width)
    for _, unit in ipairs { "", "k", "M", "G" } do
        local text = n .. unit
        if #text < width then
            return ui.right(text, width)
        end
        n = n // 1000
    end
end

return {
    title = "Exits",
    min = { w = 36, h = 4 },
    share = { w = 1, h = 1 },

    draw = function(p)
        local rows, kind = ui.costs(detail)
        local count, cycles, several = sums(rows)
        local tight = p.w < 44
        local w = tight and { 6, 7, 6, 7 } or { 7, 7, 8, 8 }
        local label = math.max(10, math.min(24, p.w - (tight and 26 or 30)))
        local wide = p.w - label - 31

        p:note(kind == "exit" and "out of VMs" or "the machine's own traps")
        p:line({ ui.left("cause", label) .. ui.right("count", w[1]) .. ui.right("share", w[2])
            .. ui.right("avg", w[3]) .. ui.right("max", w[4])
            .. (wide > 18 and "  share of cycles" or ""), "heading" })
        if #rows == 0 then
            return p:line { "none yet", "dim" }
        end
        p:list(#rows, function(i)
            local r = rows[i]
            return label_of(r, several, label), column(r.count, w[1]),
                ui.right(string.format("%.1f%%", 100 * r.count / count), w[2]),
                r.average and column(r.average, w[3]) or ui.right("-", w[3]),
                r.average and column(r.max, w[4]) or ui.right("-", w[4]),
                wide > 18 and { "  " .. ui.bar(r.cycles / cycles, wide - 3), "guest1" } or nil
        end)
    end,

    keys = {
        { "e", "by cause, or by cause and instruction", function()
            detail = not detail
        end },
    },
}
