-- Why: what has stopped the machine, in words: a shutdown, a loop of traps, the trap, exit, hole or
-- escape that a command ran to. Source line, instruction, operands, the rule of the manual, the page walk.

local nothing = "Nothing to explain here. t runs to the next trap and x to the next VM exit, which "
    .. "are explained here then; so are holes, escapes, a refused vmrun, a shutdown and a loop of traps, wherever "
    .. "they end a run."

return {
    title = "Why",
    whole = true,
    min = { w = 30, h = 4 },
    share = { w = 1, h = 2 },

    draw = function(p)
        local text, reason = ui.why()
        local lines = ui.wrap(text or nothing, p.w - 1)

        if #reason < p.w - 12 then -- a sentence of the story stands in the message line anyway
            p:note(reason)
        end
        p:list(#lines, function(i)
            return { lines[i], text and i == 1 and "bad" or "normal" }
        end, { text = true })
    end,
}
