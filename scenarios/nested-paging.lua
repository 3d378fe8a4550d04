-- Nested paging: the guest's page tables under the monitor's, walked by the processor; every reference is counted.

local session = require "session"

local commands = { "tables 60 3", "faults", "hello", "exit" }

-- The walks that ended in an entry of the TLB: how many there were, with how many references, and the first of the
-- longest. A walk that ends in a trap or an exit fills nothing. (The monitor runs untranslated and walks nothing.)
local function watch_walks(m)
    local seen = { fills = 0, references = 0, longest = {} }
    local now = {}

    m:on_walk({}, function(e) now[#now + 1] = { address = e.gva, entry = e.entry, table = e.b } end)
    m:on_trap({}, function() now = {} end)
    m:on_exit({}, function() now = {} end)
    m:on_tlb({}, function(e)
        if #now > 0 then
            seen.fills, seen.references = seen.fills + 1, seen.references + #now
            if #now > #seen.longest then
                seen.longest, seen.page = now, e.gva
            end
            now = {}
        end
    end)
    return seen
end

-- Which table a reference is to; the processor numbers levels from the leaf, nested ones from 4.
local function table_name(n)
    return (n >= 4 and "nested, " or "the guest's, ") .. (n % 4 == 1 and "root" or "leaf")
end

local function walk_rows(walk)
    local rows = { { "reference", "table", "looks up", "finds" } }
    for i, step in ipairs(walk) do
        rows[i + 1] = { i, table_name(step.table), tz.hex(step.address), tz.hex(step.entry) }
    end
    return rows
end

-- Exits by what they are for. A fault below the programs' and the kernel's addresses is an access to a device, which
-- is an exit either way.
local DEVICES_END = 0x20000000
local faults = { fetch_page = true, load_page = true, store_page = true, nested_fault = true }
local for_tables = { sfence_vma = true, read_ptbr = true, write_ptbr = true, probe = true }

local function watch_exits(m)
    local seen = { tables = 0, devices = 0, others = 0 }
    m:on_exit({ level = 1 }, function(e)
        local fault = faults[e.cause]
        local what = fault and e.tval < DEVICES_END and "devices" or (fault or for_tables[e.cause]) and "tables" or "others"
        seen[what] = seen[what] + 1
    end)
    return seen
end

local function boot(technique)
    local m = tz.machine { name = technique, ram = "24M", vt = true, npt = true }
    m:boot_vmm { guest = "os", technique = technique, ram = "8M", init = "shell" }
    return m
end

return {
    title = "Nested paging: two tables, one walk",

    text = [[
With shadow paging a guest's page tables are a wish. The processor walks tables of the monitor's, so each new mapping,
each flush, each switch of an address space is an exit, and exits are dear. Nested paging gives the walker both: the
guest's tables, which say guest-physical addresses, and one table of the monitor's, which says where those are.

The price is the walk. Every address in the guest's tables is guest-physical and has to be looked up in the nested table
first: two references to find the root entry and one to read it, three for the leaf, two for the page itself. That is 8
where a native walk takes 2; (n + 1)(m + 1) - 1 for n levels under m. It is paid at a miss of the TLB, and only then.

The same session runs on the bare machine, with shadow paging and with nested paging. Its first program changes page
tables all the time. What is better depends on how often tables change and on how often the TLB misses.]],

    dashboard = { { "code", "mem" }, { "traps", "exits" }, { "console" } },

    setup = function(s)
        s.host = boot "npt"
        s.walks, s.exits = { npt = watch_walks(s.host) }, { npt = watch_exits(s.host) }

        -- The references, run here at once: the bare machine, and hardware assist with shadow paging.
        s.bare = tz.machine { name = "bare", ram = "8M" }
        s.bare:boot_os { init = "shell" }
        s.walks.bare = watch_walks(s.bare)
        session.play(s.bare, commands)
        s.shadow = boot "assist"
        s.walks.shadow, s.exits.shadow = watch_walks(s.shadow), watch_exits(s.shadow)
        session.play(s.shadow, commands)
    end,

    run = function(s)
        local m = s.host

        -- The guest switches its paging on: no exit, and from now on two tables count.
        s.on = m:run_until("csr", { level = 1, csr = "ptbr", max = 100e6 })
        s.vm = s.on.vm
        s.ptbr = { guest = s.vm.guest.ptbr, real = s.vm.real.ptbr }
        tz.say(("The guest writes ptbr: no exit. What it wrote is what the processor has: %s."):format(tz.hex(s.ptbr.real)))

        -- The next fetch is not in the TLB, and is looked up in both tables.
        local references = 0
        local counting = m:on_walk({ vm = s.vm }, function() references = references + 1 end)
        m:run_until("tlb", { level = 1, max = 1e5 })
        counting:del()
        tz.say(("The next fetch misses in the TLB and walks both tables: %d references to memory."):format(references))

        session.play(m, commands)
        tz.say "The session is over. What follows is what its walks were, and what they cost."

        print "\nA walk on the bare machine:\n"
        tz.table(walk_rows(s.walks.bare.longest))
        print "\nA walk of the guest with nested paging:\n"
        tz.table(walk_rows(s.walks.npt.longest))

        local none = { tables = 0, devices = 0, others = 0 }
        local rows = { { "the session", "exits: page tables", "devices", "others", "TLB fills", "references", "each", "cycles" } }
        for _, r in ipairs {
            { "bare machine", s.bare, s.walks.bare, none },
            { "shadow paging", s.shadow, s.walks.shadow, s.exits.shadow },
            { "nested paging", m, s.walks.npt, s.exits.npt },
        } do
            rows[#rows + 1] = { r[1], r[4].tables, r[4].devices, r[4].others, r[3].fills, r[3].references,
                ("%.2f"):format(r[3].references / r[3].fills), r[2].cycle }
        end
        print()
        tz.table(rows)
    end,

    expect = {
        { "the machine powers off with status 0", function(s) return s.host.status, 0 end },
        { "the guest's ptbr is the processor's", function(s) return s.ptbr.guest, s.ptbr.real end },
        { "the longest walk on the bare machine takes 2 references", function(s) return #s.walks.bare.longest, 2 end },
        { "with shadow paging too: the processor walks the shadow only", function(s) return #s.walks.shadow.longest, 2 end },
        { "the longest walk with nested paging takes 8", function(s) return #s.walks.npt.longest, 8 end },
        {
            "they are: nested, nested, the guest's root; nested, nested, its leaf; nested, nested",
            function(s)
                local levels = {}
                for i, step in ipairs(s.walks.npt.longest) do
                    levels[i] = step.table
                end
                return table.concat(levels, " "), "5 4 1 5 4 0 5 4"
            end,
        },
        { "no exit is for page tables", function(s) return s.exits.npt.tables, 0 end },
        { "with shadow paging more than 1000 are", function(s) return s.exits.shadow.tables > 1000 end },
        { "devices cost the same exits", function(s) return s.exits.npt.devices, s.exits.shadow.devices end },
        { "the guest prints the same each time", function(s)
            return session.guest_text(s.host.console) == s.bare.console and session.guest_text(s.shadow.console) == s.bare.console
        end },
        { "the session is faster than with shadow paging", function(s) return s.host.cycle < s.shadow.cycle end },
    },
}
