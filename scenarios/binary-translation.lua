-- Binary translation: on the classic machine the kernel runs from a copy in which nothing sensitive is left.

local session = require "session"

local commands = { "hello", "primes 30", "cat motd | wc", "faults", "exit" }

-- ---- what the monitor publishes (vmm/bt.h) ------------------------------------------------------------------

local counts = {
    "units", "insns", "identical", "replaced", "callouts", "words", "chained", "unlinked", "lookups", "misses",
    "indirect", "carried_out", "writes", "dropped", "flushes", "moves", "opened", "patched", "steps",
}

local function read_counts(m, address)
    local t = {}
    for i, name in ipairs(counts) do
        t[name] = m.mem.hpa:u32(address + (i - 1) * 4)
    end
    return t
end

-- The record of one unit: where it comes from, where its translation runs and lies, and how they belong together.
local function read_unit(m, address)
    local mem = m.mem.hpa
    local u = {
        pc = mem:u32(address) & ~1,
        at = mem:u32(address + 4),
        code = mem:u32(address + 8),
        count = mem:u8(address + 12),
        words = mem:u8(address + 13),
        ways = {},
    }
    for i = 1, u.count do
        u[i] = mem:u8(address + 15 + i) -- the word at which instruction i begins
    end
    u[u.count + 1] = u.words
    for _, way in ipairs { 36, 44 } do -- its ways out: target, word
        local word = mem:u16(address + way + 4)
        if mem:u32(address + way) ~= 0 then
            u.ways[word] = mem:u32(address + way)
        end
    end
    return u
end

-- What a load or store from x0 means: the page at the top of the address space.
local page = { [-960] = "pending", [-956] = "spill 0", [-952] = "spill 1" }
for i, name in ipairs {
    "status", "tvec", "tscratch", "epc", "cause", "tval", "ie", "ip", "ptbr", "tptbr", "timecmp", "timecmph",
    "cntren", "eptbr",
} do
    page[-1028 + i * 4] = name
end

local function named(text, u)
    local offset = tonumber(text:match("(%-%d+)%(zero%)") or "")
    local target = tonumber(text:match("0x(%x+)$") or "", 16)
    if page[offset] then
        text = text:gsub("%-%d+%(zero%)", page[offset])
    elseif target and target >= u.code and target < u.code + u.words * 4 then
        text = text:gsub("0x%x+$", tz.hex(u.at + target - u.code)) -- a branch inside the unit
    end
    return text
end

local ecall, jump = 0x73, 0x6f

-- One guest instruction's translation as lines of text, and what became of it.
local function translation(m, u, i, source)
    local lines, how = {}, "replaced"
    local list = m:disasm(u.code + u[i] * 4, u[i + 1] - u[i], m.contexts[1])
    if #list == 1 and list[1].bits == source.bits then
        how = "identical"
    end
    local k = 1
    while k <= #list do
        local word, bits = u[i] + k - 1, list[k].bits
        local target = u.ways[word]
        if target then
            local where = target == 1 and "where it goes the first time" or tz.hex(target)
            lines[#lines + 1] = (bits == ecall and "ecall: go on at %s" or "j, chained: on to %s"):format(where)
            k = k + 2
        elseif bits == ecall then
            local kind = list[k + 1].bits >> 28
            local what = { [2] = "look it up", [3] = "carry it out", [4] = "something waits" }
            lines[#lines + 1] = "ecall: " .. what[kind]
            how = kind == 3 and "callout" or how
            k = k + (kind == 4 and 2 or 3)
        else
            lines[#lines + 1] = named(list[k].text, u)
            k = k + 1
        end
    end
    return lines, how
end

-- Rows of a table: the guest's unit and its translation, side by side. `seen` collects what became of them.
local function side_by_side(m, u, vm, seen)
    local rows = { { "guest", "instruction", "becomes", "at", "in the cache" } }
    for i, source in ipairs(m:disasm(u.pc, u.count, vm)) do
        local lines, how = translation(m, u, i, source)
        seen[how] = (seen[how] or 0) + 1
        for k, line in ipairs(lines) do
            rows[#rows + 1] = {
                k == 1 and tz.hex(source.addr) or "", k == 1 and source.text or "", k == 1 and how or "",
                k == 1 and tz.hex(u.at + u[i] * 4) or "", line,
            }
        end
    end
    return rows
end

local function chained_ways(m, u)
    local n = 0
    for word in pairs(u.ways) do
        n = n + (m.mem.hpa:u32(u.code + word * 4) & 0xfff == jump and 1 or 0)
    end
    return n
end

return {
    title = "Binary translation: a kernel that cannot trap, made to run",

    text = [[
The machine is the classic one, where sensitive instructions do not trap outside ring 0. Trap and emulate fails on
it (the scenario classic-hole). Here the monitor does what VMware did in 1999: the guest's kernel never runs
itself. What runs is a copy of it, made piece by piece as it is needed, in which nothing sensitive is left.

A unit is a few instructions up to the first that may go elsewhere. Most are copied as they are. Registers of the
processor become words of a page at the top of the address space, which loads and stores reach from x0: no trap,
no register lost. Jumps keep the guest's addresses; a unit that leads to another leaves to the monitor the first
time (ecall), and is then chained to it by a jump. What no few instructions can do is a callout: the monitor
carries it out. The page that was translated may not be written meanwhile, so code that changes is noticed.

Programs run directly in ring 3, after a search of each page for instructions that would see the real processor.

Beside it the same session runs on a bare classic machine, and under trap and emulate, which fails.]],

    dashboard = { { "code", "state" }, { "traps", "exits" }, { "console" } },

    setup = function(s)
        s.m = tz.machine { name = "translated", isa = "classic", ram = "24M" }
        s.m:boot_vmm { guest = "os", technique = "bt", ram = "8M", init = "shell" }

        s.bare = tz.machine { name = "bare", isa = "classic", ram = "8M" }
        s.bare:boot_os { init = "shell" }
        session.play(s.bare, commands)

        s.full = tz.machine { name = "full", isa = "classic", ram = "24M" }
        s.full:boot_vmm { guest = "os", technique = "full", ram = "8M", init = "shell" }
        s.full:run_until("end", { max = 100e6, optional = true })

        s.seen, s.hints = {}, {}
        s.m:on("hint", { hint = "translations" }, function(e) s.counts_at = e.value end)
    end,

    run = function(s)
        local m = s.m

        -- The first unit of all: where the kernel begins.
        local first = m:run_until("hint", { hint = "unit", max = 100e6 })
        s.vm = m.vms[1]
        s.first = read_unit(m, first.value)
        tz.say(("The first unit: %d instructions of the kernel, from %s. They will run as %d, at %s."):format(
            s.first.count, tz.hex(s.first.pc), s.first.words, tz.hex(s.first.at)))
        print(("\nThe first unit, from %s:"):format(m:symbol(s.first.pc, s.vm) or tz.hex(s.first.pc)))
        tz.table(side_by_side(m, s.first, s.vm, s.seen))

        -- The kernel's trap handler, when it is needed first.
        local handler = m:address("os.elf:trap_entry")
        local entry = m:run_until("hint", {
            hint = "unit",
            max = 100e6,
            when = function(e) return m.mem.hpa:u32(e.value) == handler end,
        })
        s.entry_at, s.entry = entry.value, read_unit(m, entry.value)
        print "\nThe first unit of its trap handler, as it is made:"
        tz.table(side_by_side(m, s.entry, s.vm, s.seen))
        tz.say "The trap handler begins with an exchange of tscratch: five loads and stores, and no trap."

        -- A program: directly in ring 3.
        m:run_until("entry", { max = 100e6, when = function() return s.vm.guest.ring == 3 end })
        s.user = { pc = s.vm.guest.pc, ring = s.vm.real.ring }
        tz.say(("A program runs directly: at its own address %s, in real ring %d."):format(tz.hex(s.user.pc), s.user.ring))

        -- A system call: the handler's unit is in the cache already.
        m:run_until("exit", { cause = "ecall_ring3", max = 100e6 })
        m:run_until("entry", { max = 1e6 })
        s.handler = { real = s.vm.real.pc, ring = s.vm.real.ring, tvec = s.vm.guest.tvec }
        tz.say(("Its system call enters the kernel's handler: the translation at %s, in real ring %d."):format(
            tz.hex(s.handler.real), s.handler.ring))

        -- The return to the program is a callout: it changes the ring. The shell waits for its first command.
        m:input(commands[1] .. "\n")
        m:run_until("hint", { hint = "routine", max = 1e6, when = function(e) return m.mem.hpa:text(e.value, 8) == "tret" end })
        tz.say "tret is a callout: the monitor returns to ring 3 for the kernel."

        session.play(m, commands, 2)
        s.counts = read_counts(m, s.counts_at)
        s.entry_chained = chained_ways(m, s.entry)
        tz.say "The guest is off. It printed what the bare machine printed; no instruction saw the real processor."

        print "\nThe same unit at the end: the way that was taken is chained."
        tz.table(side_by_side(m, s.entry, s.vm, {}))
        print "\nOn the console:"
        print(m.console)
        local c = s.counts
        tz.table {
            { "the translator", "" },
            { "units made, of guest instructions", ("%d, %d"):format(c.units, c.insns) },
            { "of these identical, replaced, callouts", ("%d, %d, %d"):format(c.identical, c.replaced, c.callouts) },
            { "instructions of their translations", c.words },
            { "ways out chained", c.chained },
            { "jumps by register that the monitor looked up", c.indirect },
            { "lookups by the monitor, of them new", ("%d, %d"):format(c.lookups, c.misses) },
            { "instructions carried out by the monitor", c.carried_out },
            { "writes to translated pages, units dropped", ("%d, %d"):format(c.writes, c.dropped) },
            { "pages of programs searched and opened", c.opened },
            { "interrupts that waited for a sequence: steps", c.steps },
        }
        print(("\nHoles used: %d here, %d under trap and emulate."):format(m:count("hole"), s.full:count("hole")))
        print(("Exits: %d here. The kernel and its programs took %d steps of their own."):format(
            m:count("exit"), s.vm.steps))
    end,

    expect = {
        { "the machine powers off with status 0", function(s) return s.m.status, 0 end },
        {
            "the guest prints the same as on the bare classic machine, byte by byte",
            function(s) return session.guest_text(s.m.console), s.bare.console end,
        },
        {
            "its programs make the same number of system calls",
            function(s)
                return s.m:count("exit", { cause = "ecall_ring3" }), s.bare:count("trap", { cause = "ecall_ring3" })
            end,
        },
        {
            "on the same machine trap and emulate goes wrong",
            function(s) return s.full:count("hole") > 0 and s.full.status ~= 0 end,
        },
        { "no sensitive instruction is ever answered by the real processor", function(s) return s.m:count("hole"), 0 end },
        {
            "the trap handler's unit begins with what the guest has there",
            function(s) return s.entry.pc, s.m:address("os.elf:trap_entry") end,
        },
        { "some instructions are copied as they are", function(s) return s.seen.identical > 0 end },
        { "some are replaced in line", function(s) return s.seen.replaced > 0 end },
        { "some are callouts", function(s) return s.counts.callouts > 0 and s.counts.carried_out > 0 end },
        { "the handler's unit is chained to the next in the end", function(s) return s.entry_chained > 0 end },
        { "a program runs directly, in real ring 3", function(s) return s.user.ring, 3 end },
        {
            "the kernel's handler runs from the cache, in real ring 1, not where the guest has it",
            function(s) return s.handler.ring == 1 and s.handler.real ~= s.handler.tvec end,
        },
        {
            "units lead to each other: more ways are chained than there are units",
            function(s) return s.counts.chained > s.counts.units end,
        },
    },
}
