-- A session at the shell of the teaching OS, the same on every machine, and what it printed.

local M = {}

-- Types a command when the shell asks for it.
function M.answer(m, command)
    m:run_until("text", "$ ", { max = 400e6 })
    m:input(command .. "\n")
end

-- Types the commands, from the one of this number on (1), each when the shell asks for it, and runs to the end.
function M.play(m, commands, first)
    for i = first or 1, #commands do
        M.answer(m, commands[i])
    end
    return m:run_until("end", { max = 800e6 })
end

-- What the guest printed: the console without the lines of its monitors.
function M.guest_text(console)
    local lines = {}
    for line in console:gmatch("[^\n]*\n?") do
        if line:sub(1, 5) ~= "vmm: " then
            lines[#lines + 1] = line
        end
    end
    return table.concat(lines)
end

return M
