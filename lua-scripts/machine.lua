-- Methods of machines that are easier said in Lua: the usual ways to start one.

local M = {}

-- The options are known, or the error names the one that is not.
local function check(what, options, known)
    for key in pairs(options) do
        local found = false
        for _, name in ipairs(known) do
            found = found or name == key
        end
        if not found then
            error(("%s: unknown option '%s' (there are: %s)"):format(what, key, table.concat(known, " ")), 3)
        end
    end
end

-- Words of a command line; those that are nil are left out.
local function words(...)
    local list = {}
    for i = 1, select("#", ...) do
        local word = select(i, ...)
        if word and word ~= "" then
            list[#list + 1] = word
        end
    end
    return table.concat(list, " ")
end

-- m:boot_os { init = "hello", programs = "programs.pack", cmdline = "quiet" }
-- Loads the teaching OS on the bare machine.
function M.boot_os(m, o)
    o = o or {}
    check("boot_os", o, { "kernel", "init", "programs", "cmdline" })
    m:load {
        image = o.kernel or "os.elf",
        modules = { { name = "programs", file = o.programs or "programs.pack" } },
        cmdline = words(o.init and "init=" .. o.init, o.cmdline),
    }
end

-- m:boot_vmm { guest = "os", technique = "full", ram = "8M", init = "hello", cmdline = "quiet" }
-- Loads the monitor with one guest, the same OS image; returns the VM's name.
function M.boot_vmm(m, o)
    o = o or {}
    check("boot_vmm", o, { "guest", "kernel", "technique", "ram", "init", "programs", "cmdline", "vmm" })
    local name = o.guest or "os"
    local kernel = o.kernel or "os.elf"
    local inner = words(o.init and "init=" .. o.init, o.cmdline)
    m:load {
        image = "vmm.elf",
        modules = {
            { name = "os.elf", file = kernel },
            { name = "programs", file = o.programs or "programs.pack" },
        },
        cmdline = words(
            o.vmm,
            "vm=" .. name,
            "technique=" .. (o.technique or "full"),
            "ram=" .. (o.ram or "8M"),
            "kernel=os.elf",
            "modules=programs",
            inner ~= "" and ('cmdline="%s"'):format(inner)
        ),
    }
    return name
end

return M
