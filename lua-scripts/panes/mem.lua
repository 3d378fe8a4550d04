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

-- How many bytes a line shows.
local function bytes_of(w)
    return w >= 63 and 16 or w >= 37 and 8 or 4
end

-- Words as a load would see them: the byte with the lowest address stands last. Beside them the
-- same bytes as text, in the order of their addresses.
local function dump_line(mem, addr, per_line)
    local words, text = "", ""

    for i = 0, per_line - 1, 4 do
        local word = ""
        for j = i, i + 3 do
            local b = mem:u8((addr + j) & 0xffffffff)
            word = (b and string.format("%02x", b) or "--") .. word
            text = text .. (b and (b >= 32 and b < 127 and string.char(b) or ".") or " ")
        end
        words = words .. word .. " "
    end
    return { tz.hex(addr) .. "  ", "dim" }, words .. " ", { text, "dim" }
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
        local per_line = bytes_of(p.w)
        local first = (base + p.cursor * per_line) & 0xffffffff
        local mem = vm.mem[spaces[space]]

        p:note("of L" .. vm.level .. " " .. vm.name .. ": " .. spaces[space] .. ", words")
        p:wrap(way(vm, first), "symbol")
        while p.y < p.h do
            p:line(dump_line(mem, first, per_line))
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
