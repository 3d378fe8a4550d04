-- Help: every key and command there is, from the tables that the dashboard itself reads.

local KEYS, COMMANDS = 12, 30 -- widths of the first column

local marks = {
    { ">", "pc", "the instruction that runs next" },
    { "-", "pc", "where this context goes on when it is entered again" },
    { "b", "bad", "a breakpoint" },
    { "!S", "sensitive", "a sensitive instruction: a monitor must get a trap for it" },
    { "*", "changed", "changed by the last command" },
    { "!=", "differ", "the guest sees something else than is real" },
    { "[L1 os]", "heading", "in the top line: whose code runs" },
}

-- The name in a column of its own, the meaning in as many lines as it needs.
local function add(lines, name, meaning, width, style, column)
    for i, part in ipairs(ui.wrap(meaning, math.max(10, width - column))) do
        lines[#lines + 1] = { { ui.left(i == 1 and "  " .. name or "", column), style }, part }
    end
end

local function heading(lines, text)
    if #lines > 0 then
        lines[#lines + 1] = { "" }
    end
    lines[#lines + 1] = { { text, "heading" } }
end

local function collect(width)
    local lines = {}

    for _, key in ipairs(ui.keys()) do
        if key.name then
            add(lines, key.name, key.meaning, width, "key", KEYS)
        else
            heading(lines, key.meaning)
        end
    end
    for _, pane in ipairs(ui.panes()) do
        for i, key in ipairs(pane.table and pane.table.keys or {}) do
            if i == 1 then
                heading(lines, "In the pane " .. pane.name)
            end
            add(lines, key[1], key[2], width, "key", KEYS)
        end
    end
    heading(lines, "Marks")
    for _, mark in ipairs(marks) do
        add(lines, mark[1], mark[3], width, mark[2], KEYS)
    end
    heading(lines, "Commands (:)")
    for _, c in ipairs(ui.commands()) do
        add(lines, c.name .. " " .. c.arguments, c.meaning, width, "key", COMMANDS)
    end
    for _, pane in ipairs(ui.panes()) do
        for _, c in ipairs(pane.table and pane.table.commands or {}) do
            add(lines, c[1] .. " " .. c[2], c[3], width, "key", COMMANDS)
        end
    end
    add(lines, "anything else", "is Lua: tz.machines[1].icount", width, "key", COMMANDS)
    return lines
end

return {
    title = "Help",
    whole = true,
    min = { w = 30, h = 4 },

    draw = function(p)
        local lines = collect(p.w - 1)

        p:note("the keys and the commands")
        p:list(#lines, function(i)
            return table.unpack(lines[i])
        end, { text = true })
    end,
}
