-- Traps: each line a trap, newest last; what a trap's handling caused is indented below it.

local tree = true

local function who(trap)
    return string.format("%sL%d %s", tree and string.rep("  ", trap.depth) or "", trap.level, trap.vm)
end

local function line(trap, w)
    local text = trap.text ~= "" and trap.text or (trap.sym ~= "" and "at " .. trap.sym or "")
    local bad = trap.kind ~= "trap"

    return { ui.right(trap.icount, 9) .. "  ", "dim" },
        { ui.left(who(trap), 12) .. " ", "guest" .. math.min(math.max(trap.level, 1), 2) },
        ui.left(string.format("%d>%d", trap.from, trap.to), 5),
        { ui.left(trap.cause, 16), bad and "bad" or "normal" },
        ui.right(trap.cost or (bad and "" or "..."), 7) .. "  ",
        w >= 76 and { ui.left(trap.answer or "", 14) .. " ", "symbol" } or nil,
        { text, "normal" }
end

return {
    title = "Traps",
    min = { w = 40, h = 4 },
    share = { w = 1, h = 2 },

    draw = function(p)
        local count = ui.trap_count()
        local filter = ui.filter()

        p:note(string.format("%s, filter: %s", tree and "tree" or "list",
            filter ~= "" and filter or "none"))
        p:line({ ui.right("step", 9) .. "  " .. ui.left("who", 13) .. "ring cause            cycles  "
            .. (p.w >= 76 and ui.left("answered by", 15) or "") .. "instruction", "heading" })
        if count == 0 then
            return p:line { "           none yet", "dim" }
        end
        p:list(count, function(i)
            return line(ui.trap(i), p.w)
        end, { follow = true })
    end,

    keys = {
        { "v", "traps as a tree or as a list", function()
            tree = not tree
        end },
    },
}
