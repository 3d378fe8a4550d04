-- A kernel that knows its monitor and asks, instead of being trapped: paravirtualization.

local session = require "session"

local commands = { "echo asking costs less than trapping", "faults", "tables 60 3", "cat motd | wc", "disk count", "exit" }

-- Counts the exits from a program's page fault to its next instruction, for every fault that its own kernel answers.
local function watch_faults(m)
    local seen, exits = {}, nil
    m:on_exit({ level = 1 }, function(e)
        if exits then
            exits = exits + 1
        elseif e.ring_from == 3 and (e.cause == "load_page" or e.cause == "store_page") then
            exits = 1
        end
    end)
    m:on_entry({ level = 1 }, function(e)
        if exits and e.ring_to == 3 then
            if exits > 1 then -- else the monitor's own tables lacked the page, and the guest's kernel saw nothing
                seen[exits] = (seen[exits] or 0) + 1
            end
            exits = nil
        end
    end)
    return seen
end

-- The number of exits that most of the faults took, and how many faults there were.
local function mostly(seen)
    local best, all = nil, 0
    for exits, times in pairs(seen) do
        all = all + times
        if not best or times > seen[best] or (times == seen[best] and exits < best) then
            best = exits
        end
    end
    return best, all
end

-- Where the page that kernel and monitor share says how many updates are queued (isa/hypercall.h, SHARED_UPDATE_COUNT).
local QUEUED = 56

-- How many page-table updates each hypercall carried.
local function watch_updates(m, r)
    r.updates, r.carriers, r.most = 0, 0, 0
    local shared = m:address("os-pv.elf:pv_shared")
    m:on_hypercall({}, function(e)
        local queued = e.number > 8 and e.vm.guest.ptbr ~= 0 and e.vm.mem.gva:u32(shared + QUEUED) or 0
        if queued > 0 then
            r.updates = r.updates + queued
            r.carriers = r.carriers + 1
            r.most = math.max(r.most, queued)
        end
    end)
end

local function run_virtual(m, technique)
    local r = { name = technique, machine = m }
    m:boot_vmm { guest = "os", technique = technique, ram = "8M", init = "shell", disk = 0 }
    r.faults = watch_faults(m)
    m:on_hint({ hint = "vm_destroy" }, function()
        r.exits, r.own, r.steps = m:count("exit", { vm = m.vms[1] }), m.vms[1].cycles, m.vms[1].steps
    end)
    return r
end

-- Rows of a table: what was counted under labels that begin with `kind`.
local function by_name(m, kind)
    local rows = {}
    for _, row in ipairs(m.counters) do
        if row.kind == kind then
            rows[#rows + 1] = { row.label:gsub("^hypercall ", ""), row.count }
        end
    end
    table.sort(rows, function(a, b) return a[2] > b[2] or (a[2] == b[2] and a[1] < b[1]) end)
    return rows
end

return {
    title = "A kernel that asks: paravirtualization",

    text = [[
An unmodified kernel in ring 1 traps at every privileged instruction, and its page tables have to be shadowed. Xen
asked in 2003 what a kernel would cost that is changed a little. This one is: the same source as the OS of the other
scenarios, whose privileged operations (guests/os/arch.h) are made once for ring 0 of the machine and once for a monitor.

Where the native kernel writes a register, this one makes a hypercall, or none: interrupts are off while a word of a page
that it shares with the monitor says so, and the time is the counter plus an offset. Its page tables are the ones that the
processor walks. They hold numbers of real frames, and the kernel can only read them: the monitor checks each change, and a
page that is a page table is never writable. Changes wait in the shared page until the next hypercall carries them; so a
page fault costs two exits: the fault, and the return to the program with the new entry.

The console and the disk are virtqueues: rings of descriptors in memory, one hypercall for a whole request.

What it prints, its disk and its exit status must be the bare machine's. Its memory cannot be: it is another kernel.
`trapeze help hypercall` lists what it can ask for.]],

    dashboard = { { "code", "state" }, { "traps", "exits" }, { "console" } },

    setup = function(s)
        s.para = tz.machine { name = "para", ram = "24M", disk = "disk.img" }
        s.one = run_virtual(s.para, "para")
        watch_updates(s.para, s.one)
    end,

    run = function(s)
        local m = s.para

        s.first = m:run_until("hypercall", { max = 100e6 })
        tz.say(("The kernel's first words to its monitor: hypercall %s, in ring %d."):format(s.first.name,
            s.first.ring_from))
        m:run_until("hypercall", { when = function(e) return e.name == "table_make" end, max = 100e6 })
        tz.say "It has filled in a page table, and asks for it to be one. The monitor looks at all 1024 entries."
        m:run_until("exit", { cause = "ecall_ring3", max = 100e6 })
        m:run_until("entry", { max = 1e6 })
        s.vm = m.vms[1]
        s.seen = {}
        for _, name in ipairs { "ring", "tvec", "ptbr" } do
            s.seen[name] = { guest = s.vm.guest[name], real = s.vm.real[name] }
        end
        tz.say "A program's system call. Compare, guest sees | real: the root table is the guest's own."
        session.play(m, commands)

        local full = tz.machine { name = "full", ram = "24M", disk = "disk.img" }
        s.other = run_virtual(full, "full")
        session.play(full, commands)
        s.bare = tz.machine { name = "bare", ram = "8M", disk = "disk.img" }
        s.bare:boot_os { init = "shell" }
        session.play(s.bare, commands)

        print "\nOn the console:"
        print(m.console)
        local rows = { { "technique", "exits", "cycles of the guest", "of the monitor", "exits of a page fault" } }
        rows[2] = { "native", 0, s.bare.cycle, 0, 0 }
        for _, r in ipairs { s.other, s.one } do
            r.exits_of_fault, r.faults_seen = mostly(r.faults)
            rows[#rows + 1] = { r.name, r.exits, r.own, r.machine.contexts[1].cycles, r.exits_of_fault }
        end
        tz.table(rows)
        print "\nHypercalls:"
        tz.table(by_name(m, "hypercall"))
        print(("\n%d page-table updates and flushes came with %d hypercalls, at most %d with one."):format(
            s.one.updates, s.one.carriers, s.one.most))
    end,

    expect = {
        { "the machine powers off with status 0", function(s) return s.para.status, 0 end },
        { "the kernel asks from ring 1", function(s) return s.first.ring_from, 1 end },
        { "it believes to be in ring 0", function(s) return s.seen.ring.guest, 0 end },
        {
            "the processor walks the guest's own root table",
            function(s) return s.seen.ptbr.guest & 0xfffff, s.seen.ptbr.real & 0xfffff end,
        },
        {
            "it prints the same as the unmodified kernel on the bare machine, byte by byte",
            function(s) return session.guest_text(s.para.console), s.bare.console end,
        },
        { "the disks are the same", function(s) return s.para.disk_digest, s.bare.disk_digest end },
        {
            "a page fault takes two exits: the fault, and the return with the new entry",
            function(s) return s.one.exits_of_fault, 2 end,
        },
        {
            "under trap and emulate it takes more than ten",
            function(s) return s.other.exits_of_fault > 10 end,
        },
        {
            "the unmodified kernel exits more than five times as often",
            function(s) return s.other.exits > 5 * s.one.exits end,
        },
        {
            "one hypercall carries more than one update, on average",
            function(s) return s.one.updates > s.one.carriers end,
        },
        {
            "each hypercall was one exit with this cause",
            function(s)
                return s.para:count("hypercall", {}), s.para:count("exit", { cause = "hcall" })
            end,
        },
    },
}
