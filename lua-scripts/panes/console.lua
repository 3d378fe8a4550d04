-- Console: what the machine has printed. `i` types to it.

local lines, width, total = {}, nil, nil

-- A carriage return goes back to the line's beginning, as on a terminal.
local function split(text, w)
    lines = {}
    for line in (text .. "\n"):gmatch("(.-)\n") do
        line = line:gsub("\r$", ""):gsub("^.*\r", "")
        local parts = ui.wrap(line, w)
        lines[#lines + 1] = parts[1] or ""
        for i = 2, #parts do
            lines[#lines + 1] = parts[i]
        end
    end
end

return {
    title = "Console",
    min = { w = 24, h = 4 },
    share = { w = 1, h = 1 },

    draw = function(p)
        local text, bytes = ui.console()

        if bytes ~= total or p.w ~= width then
            split(text, p.w - 1)
            total, width = bytes, p.w
        end
        p:note(ui.typing() and "typing, Esc ends it" or "")
        p:list(#lines, function(i)
            return lines[i], i == #lines and ui.typing() and { " ", "cursor" } or nil
        end, { follow = true, text = true })
    end,
}
