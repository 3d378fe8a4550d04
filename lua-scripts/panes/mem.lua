-- Mem: memory in hex, in one of the three kinds of address that a monitor must not mix.
--   gva  what an instruction computes    gpa  what the guest believes to be physical
--   hpa  what is physical in the real machine

local spaces = { "gva", "gpa", "hpa" }
local space, base = 1, nil

local function space_of(name)
    for i, s in ipairs(spaces) do
        if s == name then
            return i
        end
    end
end

-- What the address becomes on its way to the real memory.
local function way(vm, addr)
    local out = { spaces[space] .. " " .. tz.hex(addr) }

    if space == 1 then
        for _, step in ipairs(vm:walk(addr)) do
            out[#out + 1] = "entry " .. tz.hex(step.entry or 0)
        end
    end
    local real = vm.mem[spaces[space]]:hpa(addr)
    out[#out + 1] = real and "hpa " .. tz.hex(real) or "not mapped"
    return table.concat(out, " > ")
end

-- How many bytes a line shows, and whether they stand apart or in fours.
local function form(w)
    if w >= 77 then
        return 16, true
    elseif w >= 63 then
        return 16, false
    end
    return w >= 37 and 8 or 4, false
end

local function dump_line(mem, addr, per_line, apart)
    local hex, text = "", ""

    for i = 0, per_line - 1 do
        local b = mem:u8((addr + i) & 0xffffffff)
        hex = hex .. (b and string.format("%02x", b) or "--") .. (apart and " " or "")
            .. (i % 4 == 3 and " " or "")
        text = text .. (b and (b >= 32 and b < 127 and string.char(b) or ".") or " ")
    end
    return { tz.hex(addr) .. "  ", "dim" }, hex .. " ", { text, "dim" }
end

return {
    title = "Mem",
    min = { w = 34, h = 4 },
    share = { w = 2, h = 2 },

    draw = function(p)
        local vm = p.vm
        if not vm then
            return p:line { "no machine yet", "dim" }
        end
        base = base or (vm.guest.pc or 0) & ~15
        local per_line, apart = form(p.w)
        local first = (base + p.cursor * per_line) & 0xffffffff
        local mem = vm.mem[spaces[space]]

        p:note("of L" .. vm.level .. " " .. vm.name .. ": " .. spaces[space])
        p:wrap(way(vm, first), "symbol")
        while p.y < p.h do
            p:line(dump_line(mem, first, per_line, apart))
            first = (first + per_line) & 0xffffffff
        end
    end,

    keys = {
        { "Space", "the next kind of address: gva, gpa, hpa", function()
            space = space % #spaces + 1
        end },
    },
    commands = {
        { "mem", "PLACE", "show memory there: sp, os.elf:main+8, gpa:0x80001000",
            function(p, m, text)
                local addr, name = ui.place(text)

                if not addr then
                    return ui.message("mem: " .. name, true)
                end
                space, base, p.cursor = space_of(name), addr, 0
                ui.command("pane mem")
            end },
    },
}
