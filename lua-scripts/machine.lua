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
-- Loads the monitor with one guest, the same OS image (for technique para its paravirtual build);
-- returns the VM's name.
function M.boot_vmm(m, o)
    o = o or {}
    check("boot_vmm", o, { "guest", "kernel", "technique", "ram", "disk", "init", "programs", "cmdline", "vmm" })
    local name = o.guest or "os"
    local image = o.technique == "para" and "os-pv.elf" or "os.elf"
    local inner = words(o.init and "init=" .. o.init, o.cmdline)
    m:load {
        image = "vmm.elf",
        modules = {
            { name = image, file = o.kernel or image },
            { name = "programs", file = o.programs or "programs.pack" },
        },
        cmdline = words(
            o.vmm,
            "vm=" .. name,
            "technique=" .. (o.technique or "full"),
            "ram=" .. (o.ram or "8M"),
            "kernel=" .. image,
            "modules=programs",
            o.disk and "disk=" .. o.disk,
            inner ~= "" and ('cmdline="%s"'):format(inner)
        ),
    }
    return name
end

-- m:manage("pause a") sends a command to the monitor and runs until it has answered. Returns the
-- answer, or nil and why it refused. `max` bounds the steps, as in run_until.
function M.manage(m, command, max)
    local number = m:command(command)
    while m.answer.count < number do
        local e, why = m:run_until("mailbox", { max = max or 1e8, optional = true })
        if not e then
            return nil, "nobody answers (" .. why .. ")"
        end
    end
    local answer = m.answer
    if answer.ok then
        return answer.text
    end
    return nil, answer.text
end

-- The same, where a refusal is a mistake of the script.
local function manage(m, ...)
    local answer, why = M.manage(m, words(...))
    return answer or error(why, 3)
end

-- A VM by name, or as a context.
local function name_of(vm)
    return type(vm) == "string" and vm or vm.name
end

-- m:create_vm { vm = "b", ram = "8M", kernel = "os.elf", modules = "programs", weight = 512,
-- cmdline = "init=hello" } makes a VM of the monitor's modules, which m:start_vm("b") starts.
function M.create_vm(m, o)
    check("create_vm", o, {
        "vm", "technique", "ram", "min", "kernel", "modules", "disk", "nested", "weight", "cap", "share", "balloon", "cmdline",
    })
    local list = {}
    for key, value in pairs(o) do
        if key ~= "vm" then
            list[#list + 1] = key == "cmdline" and ("cmdline={%s}"):format(value) or ("%s=%s"):format(key, value)
        end
    end
    manage(m, "create vm=" .. o.vm, table.unpack(list))
    return o.vm
end

for _, verb in ipairs { "start", "pause", "resume", "destroy" } do
    M[verb .. "_vm"] = function(m, vm)
        return manage(m, verb, name_of(vm))
    end
end

-- m:set_vm("b", "weight", 512)
function M.set_vm(m, vm, what, value)
    return manage(m, what, name_of(vm), value)
end

-- m:list_vms(): what the monitor says of its VMs, a list of tables with numbers where there are some.
function M.list_vms(m)
    local list = {}
    for line in manage(m, "list"):gmatch("[^\n]+") do
        local row = {}
        for key, value in line:gmatch("(%w+)=(%S+)") do
            row[key] = tonumber(value) or value
        end
        list[#list + 1] = row
    end
    return list
end

return M
