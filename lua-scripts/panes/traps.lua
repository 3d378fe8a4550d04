-- Traps: each line a trap, newest last; what a trap's handling caused is indented below it.

local tree = true

-- Widths of the columns; what is left belongs to the instruction.
local function columns(w)
    if w < 60 then
        return { step = 7, who = 5, indent = 1, ring = 4, cause = 11, cycles = 6, answer = 0 }
    elseif w < 100 then
        return { step = 8, who = 10, indent = 1, ring = 5, cause = 13, cycles = 7,
            answer = w >= 76 and 12 or 0 }
    end
    return { step = 12, who = 16, indent = 2, ring = 5, cause = 17, cycles = 7, answer = 18 }
end

local function who(trap, c)
    local level = (tree and (" "):rep(c.indent * trap.depth) or "") .. "L" .. trap.level
    local whole = level .. " " .. trap.vm

    -- A name that does not fit says less than none.
    return ui.left(ui.width(whole) <= c.who and whole or level, c.who)
end

local function line(trap, c)
    local text = trap.text ~= "" and trap.text or (trap.sym ~= "" and "at " .. trap.sym or "")
    -- A hypercall says less than its name, which is that of the routine that answers.
    if c.answer == 0 and trap.text == "hcall" then
        text = trap.answer or text
    end
    local answered = trap.kind == "trap" or trap.kind == "exit"
    local cost = answered and (trap.cost or "...") or ""

    return { ui.right(trap.icount, c.step) .. " ", "dim" },
        { who(trap, c) .. " ", trap.level == 0 and "machine" or "guest" .. math.min(trap.level, 2) },
        ui.left(trap.from .. ">" .. trap.to, c.ring),
        { ui.left(trap.cause, c.cause), answered and "normal" or "bad" },
        ui.right(cost, c.cycles) .. " ",
        { ui.left(trap.answer or "", c.answer) .. (c.answer > 0 and " " or ""), "symbol" },
        text
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
        local c = columns(p.w)
        p:line { ui.right("step", c.step) .. " " .. ui.left("who", c.who) .. " "
            .. ui.left(c.ring > 4 and "ring" or "rg", c.ring) .. ui.left("cause", c.cause) .. ui.right("cycles", c.cycles)
            .. " " .. ui.left("answered by", c.answer) .. (c.answer > 0 and " " or "")
            .. "instruction", "heading" }
        if count == 0 then
            return p:line { ui.right("", c.step + 1) .. "none yet", "dim" }
        end
        p:list(count, function(i)
            return line(ui.trap(i), c)
        end, { follow = true })
    end,

    keys = {
        { "v", "traps as a tree or as a list", function()
            tree = not tree
        end },
    },
}
