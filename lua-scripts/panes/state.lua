-- State: every privileged register as the guest believes it, and as it is in the processor; as it
-- was there when the guest last ran, while its monitor is busy.
--   !=  the two differ         *  changed by the last command

local shown = { "pc", "ring", "status", "tvec", "epc", "cause", "tval", "ptbr", "ie", "ip",
    "tscratch", "tptbr", "eptbr", "timecmp", "timecmph", "cntren" }
local abi = { "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6" }

-- Values at the last picture, and at the end of the command before this one.
local seen, before, last_command, last_id = {}, {}, nil, nil

local function remember(p, vm)
    if p.commands ~= last_command or vm.id ~= last_id then
        before = vm.id == last_id and seen or {}
        seen = {}
        last_command, last_id = p.commands, vm.id
    end
end

local function changed(name, v)
    seen[name] = v
    return before[name] ~= nil and before[name] ~= v
end

local function number(name, v)
    if not v then
        return "       ?"
    elseif name == "ring" then
        return ui.right(v, 8)
    end
    return tz.hex(v)
end

-- The fields of a control register that are not 0, and the cause in words.
local fields = {}
for _, csr in ipairs(tz.csrs) do
    fields[csr.name] = csr.fields
end

local function words(name, v)
    if not v or v == 0 then
        return ""
    elseif name == "cause" then
        for _, c in ipairs(tz.causes) do
            if c.cause == v then
                return c.name
            end
        end
        return ""
    end
    local out = {}
    for _, f in ipairs(fields[name] or {}) do
        local width = f.high - f.low + 1
        local part = v >> f.low & ((1 << width) - 1)
        if part ~= 0 and f.name ~= "ppn" and f.name ~= "cring" then
            out[#out + 1] = width == 1 and f.name or f.name .. "=" .. part
        end
    end
    return table.concat(out, " ")
end

local function register_line(name, vm)
    local guest, real = vm.guest[name], vm.running and vm.real[name] or vm.was_real[name]
    local star = changed(name, guest) and "*" or " "
    local style = star == "*" and "changed" or "number"

    if vm.level == 0 then
        return ui.left(name, 9), { number(name, guest), style }, { star, "changed" },
            { " " .. words(name, guest), "dim" }
    end
    local differ = real and guest and real ~= guest
    return ui.left(name, 9), { number(name, guest), style }, { star, "changed" }, { "| ", "border" },
        { real and number(name, real) or "  -     ", vm.running and "normal" or "dim" },
        { differ and " != " or "    ", "differ" }, { words(name, guest), "dim" }
end

-- General registers, several to a line; they are the guest's own while it runs.
local function general_line(first, per_line, vm)
    local parts, registers = {}, vm.guest
    for i = first, math.min(first + per_line - 1, #abi) do
        local v = registers[abi[i]]
        local star = changed(abi[i], v)
        parts[#parts + 1] = ui.left(abi[i], 4)
        parts[#parts + 1] = { number(abi[i], v), star and "changed" or "number" }
        parts[#parts + 1] = { star and "*" or " ", "changed" }
    end
    return table.unpack(parts)
end

return {
    title = "State",
    min = { w = 38, h = 6 },
    share = { w = 1, h = 3 },

    draw = function(p)
        local vm = p.vm
        if not vm then
            return p:line { "no machine yet", "dim" }
        end
        remember(p, vm)
        p:note(vm.level == 0 and "L0 " .. vm.name or "L" .. vm.level .. " " .. vm.name)
        if vm.level > 0 then
            p:line({ "       guest sees  | " .. (vm.running and "real (L0)"
                or vm.was_real.pc and "real when it ran" or "real: not running"), "heading" })
        end
        local per_line = math.max(1, p.w // 13)
        local general = (#abi + per_line - 1) // per_line
        p:list(#shown + general, function(i)
            if i <= #shown then
                return register_line(shown[i], vm)
            end
            return general_line((i - #shown - 1) * per_line + 1, per_line, vm)
        end, { text = true })
    end,
}
