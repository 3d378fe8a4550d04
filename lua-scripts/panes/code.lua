-- Code: the instructions around pc, as the context that we look at sees its memory.
--   >  runs next       !S  sensitive: touches what a monitor must control
--   -  where this context goes on once it is entered again
--   b  breakpoint
-- Below them the source line of the one at pc, or the chosen one, and what it does.

-- Popek and Goldberg's sensitive instructions, by the classes of isa/instructions.def.
local sensitive = { csr = true, sensitive = true, privileged = true, port = true, vt = true }

local top, last_pc, last_command

local function program_counter(vm)
    if vm.running then
        return vm.real.pc
    end
    return vm.guest.pc
end

-- The first address shown: it stays while pc is well inside the window.
local function place(pc, rows, offset)
    if not top or pc < top + 4 or pc >= top + 4 * (rows - 2) then
        top = pc - 4 * (rows // 3)
    end
    local at = pc + 4 * offset
    if at < top then
        return at
    elseif at >= top + 4 * rows then
        return at - 4 * (rows - 1)
    end
    return top
end

-- "kernel.c:98    if (pid < 0)": where the code at `at` comes from, where that is known.
local function source_line(at)
    local file, line, text = ui.source(at)

    if file then
        return string.format("%s:%d  %s", file:match("[^/]*$"), line, (text or ""):match("^%s*(.-)%s*$"))
    end
end

local function draw_line(p, vm, pc, line, picked)
    local here = line.addr == pc
    local mark = here and (vm.running and ">" or "-") or " "
    local style = here and "pc" or "normal"
    local y = p.y
    local name, operands = (line.text or "not mapped"):match("^(%S+)%s*(.*)$")

    p:line({ mark, "pc" }, { ui.breakpoint(line.addr) and "b" or " ", "bad" },
        { tz.hex(line.addr) .. "  ", here and "pc" or "dim" },
        { line.text and ui.left(name, math.max(7, #name + 1)) .. operands or "not mapped", line.text and style or "dim" })
    if sensitive[line.class] then
        p:text(p.w - 3, y, " !S", "sensitive")
    end
    if line.symbol and not line.symbol:find("+", 1, true) and #line.text + #line.symbol + 20 < p.w then
        p:text(p.w - 4 - #line.symbol, y, line.symbol, "symbol")
    end
    if picked and p.focus then
        p:text(0, y, ">", "selected")
    end
end

-- What lies below the first mapped address says nothing.
local function lines_from(m, first, rows, pc, vm)
    local lines = m:disasm(first, 2 * rows, vm)
    local skip = 0

    while skip < rows and not lines[skip + 1].text and lines[skip + 1].addr < pc do
        skip = skip + 1
    end
    return table.move(lines, skip + 1, skip + rows, 1, {})
end

return {
    title = "Code",
    min = { w = 36, h = 6 },
    share = { w = 3, h = 3 },

    draw = function(p, m)
        local vm = p.vm
        local pc = vm and program_counter(vm)

        if not pc then
            return p:line { "nothing runs here yet", "dim" }
        end
        if p.commands ~= last_command or pc ~= last_pc then
            p.cursor = 0
        end
        last_command, last_pc = p.commands, pc

        local source = p.h >= 7 and source_line(pc + 4 * p.cursor)
        local rows = p.h - (source and 2 or 1)
        local first = place(pc, rows, p.cursor)
        local at = pc + 4 * p.cursor
        local meaning = ""
        local where = m:symbol(at, vm)

        p:note(string.format("L%d %s%s", vm.level, vm.name, where and ("  " .. where) or ""))
        for _, line in ipairs(lines_from(m, first, rows, pc, vm)) do
            draw_line(p, vm, pc, line, p.cursor ~= 0 and line.addr == at)
            if line.addr == at then
                meaning = line.meaning or ""
            end
        end
        if ui.width(meaning) > p.w - 3 then
            meaning = meaning:gsub(" %[.*%]$", "") -- the register's own meaning
        end
        if source then
            p:text(2, p.h - 2, source, "symbol")
        end
        p:text(2, p.h - 1, meaning, "dim")
    end,

    keys = {
        { "b", "breakpoint at the chosen instruction, on and off", function(p)
            local pc = p.vm and program_counter(p.vm)
            if pc then
                ui.command(string.format("break 0x%x", pc + 4 * p.cursor))
            end
        end },
    },
}
