-- More memory promised than there is: equal pages kept once, balloons, and what happens when both are not enough.

local function machine(name, ram, words)
    local m = tz.machine { name = name, ram = ram }
    m:load {
        image = "vmm.elf",
        modules = { "os.elf", { name = "programs", file = "programs.pack" } },
        cmdline = table.concat(words, " "),
    }
    return m
end

local function vms(count, words)
    local list = {}
    for i = 1, count do
        list[i] = ("vm=v%d modules=programs %s"):format(i, words)
    end
    return list
end

-- The monitor's own words about itself, with numbers where there are some.
local function stat(m)
    local row = {}
    for key, value in m:manage("stat"):gmatch("(%w+)=(%S+)") do
        row[key] = tonumber(value) or value
    end
    return row
end

local function sum(m, field)
    local all = 0
    for _, row in ipairs(m:list_vms()) do
        all = all + row[field]
    end
    return all
end

-- Types a line for one VM and runs until nobody has anything to do.
local function command(m, name, line)
    m:vm(name):input(line .. "\n")
    m:run(400e6)
    return m:vm(name).console:match("([^\n]+)\n[^\n]*$")
end

local function percent(part, all)
    return ("%.0f %%"):format(100 * part / math.max(all, 1))
end

return {
    title = "More memory than there is: equal pages, balloons, and their end",

    text = [[
Ten machines run the same operating system. Most of their pages hold the same: the monitor looks at a page now and
then, takes a hash of it, compares byte by byte with a page of the same hash, and keeps one frame for both. Whoever
writes to it gets a copy first, and the others see nothing. (The paper that introduced this, on ESX, shared 67 % of the
pages of ten equal machines at work and got 60 % of them back. Ours have only started, and are more alike.)

Then three machines of 8 MiB share one of 12. Each was promised 2 MiB; the rest is its own while there is enough. Each
in turn fills 4000 KiB with numbers. When less than 4 % of the memory is left that was promised to nobody, the
monitor asks the kernels of the others for pages: a driver in each takes pages from its own allocator and gives them
back by hypercall. So each kernel decides itself which pages it can do without: those that its last program left.

Last, two machines without that driver. Nobody can be asked; who wants more than there is waits, and when no other
machine can change that, the one with the most beyond its promise ends, by name and with the reason. What was promised is
never given away: a machine that is promised too much is not made at all.]],

    dashboard = { { "vms", "exits" }, { "code", "state" }, { "console" } },

    setup = function(s)
        s.ten = machine("ten", "64M", vms(10, "ram=8M min=2M share=on cmdline=quiet"))
        s.three = machine("three", "12M", vms(3, "ram=8M min=2M cmdline={quiet balloon}"))
        s.two = machine("two", "10M", vms(2, "ram=8M min=2M cmdline=quiet"))
    end,

    run = function(s)
        -- Equal pages.
        local m = s.ten
        m:run(400e6)
        s.used, s.stat = sum(m, "used"), stat(m)
        tz.say "Ten machines stand at their prompts, and the monitor has looked at all their pages."
        s.output = { command(m, "v1", "hello"), command(m, "v2", "primes 100") }
        s.after = stat(m)
        tz.say "Two of them have run a program: what they wrote to was copied first."

        -- Balloons.
        m = s.three
        s.states = {}
        m:on_hint({ hint = "message" }, function(e)
            s.states[#s.states + 1] = m.mem.hpa:text(e.b, 16)
        end)
        m:run(400e6)
        s.rows, s.said = {}, {}
        for i = 1, 3 do
            s.said[i] = command(m, "v" .. i, "hoard 4000 0 " .. i)
            local row = { "v" .. i .. " has taken 4000 KiB" }
            for _, vm in ipairs(m:list_vms()) do
                row[#row + 1] = ("%d + %d"):format(vm.used, vm.balloon)
            end
            local now = stat(m)
            row[#row + 1], row[#row + 2] = now.spare, now.memory
            s.rows[i] = row
            tz.say(("Machine v%d has filled 4000 KiB, checked them, and gone back to its prompt."):format(i))
        end
        s.alive = #m:list_vms()

        -- Refusals.
        s.refused, s.why = m:manage "create vm=v4 ram=8M modules=programs"
        m = s.two
        m:run(400e6)
        m:vm("v1"):input "hoard 6000 100000\n"
        m:vm("v2"):input "hoard 6000 100000\n"
        m:run(60e6)
        s.ended = m.console:match "vmm: v%d ended: [^\n]*"
        s.left = m:list_vms()
        tz.say "Without a driver nobody can be asked: one machine ends, and the other has its memory."

        tz.table {
            { "ten machines of 8 MiB, in KiB", "" },
            { "memory that they use", s.used },
            { "of that in frames that they share", ("%d (%s)"):format(s.stat.shared, percent(s.stat.shared, s.used)) },
            { "saved", ("%d (%s)"):format(s.stat.saved, percent(s.stat.saved, s.used)) },
            { "pages copied while two programs ran", s.after.copied - s.stat.copied },
        }
        print()
        tz.table { { "used + in the balloon, KiB", "v1", "v2", "v3", "spare", "state" }, table.unpack(s.rows) }
        print("\n" .. (s.why or ""):gsub("\n", ""))
        print(s.ended or "")
    end,

    expect = {
        { "ten equal machines share most of what they use", function(s) return s.stat.shared / s.used > 0.5 end },
        { "and most of that is saved", function(s) return s.stat.saved / s.used > 0.5 end },
        { "a program does the same on shared memory", function(s)
            return table.concat(s.output, "; "), "Hello from process 2, ring 3.; 25 primes up to 100, the largest is 97"
        end },
        { "its writes were made to copies", function(s) return s.after.copied > s.stat.copied end },
        { "three machines take 4000 KiB each, and every number stays right", function(s)
            return table.concat(s.said, "; "),
                "4000 KiB, 0 numbers wrong; 4000 KiB, 0 numbers wrong; 4000 KiB, 0 numbers wrong"
        end },
        { "memory was scarce, and then no longer", function(s)
            return table.concat(s.states, " "):find("soft") ~= nil and s.alive == 3
        end },
        { "the second one's memory came from the first one's balloon", function(s)
            return s.rows[1][2]:match("%+ 0") and not s.rows[2][2]:match("%+ 0$")
        end },
        { "a machine that would have to be promised too much is refused", function(s)
            return s.why and s.why:find("promised to nobody", 1, true) ~= nil
        end },
        { "with nobody to ask, one machine ends for want of memory", function(s)
            return s.ended and s.ended:match("ended: ([%a ]+) at pc"), "this machine has no memory left for it"
        end },
        { "and the other one goes on", function(s) return #s.left, 1 end },
    },
}
