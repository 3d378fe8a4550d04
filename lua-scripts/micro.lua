-- Runs the micro-benchmarks (guests/micro) and forkwait under one technique and reads the cycles off the record.

local M = {}

-- The bare machine, then every technique.
M.techniques = { { name = "native", machine = {} }, table.unpack(require "techniques") }

local function machine(technique, cost)
    local options = { ram = "32M", cost = cost }
    for name, value in pairs(technique.machine) do
        options[name] = value
    end
    return tz.machine(options)
end

-- The kernel is named as on the bare machine; a technique may need another build of it.
local function boot(m, technique, kernel, cmdline)
    if technique.name == "native" then
        m:load { image = kernel, modules = { { name = "programs", file = "programs.pack" } }, cmdline = cmdline }
    else
        m:boot_vmm {
            guest = "bench",
            technique = technique.name,
            kernel = technique.kernels and technique.kernels[kernel] or kernel,
            ram = "8M",
            cmdline = cmdline,
        }
    end
end

-- Cycles of one operation, by name: begun by a mark that tells how many there are, ended by a mark of 0. The kernel
-- does each twice: the second time counts.
local function listen(m, result, name)
    local times, start
    m:on_hint({ hint = "message" }, function(e) name = (e.vm or m.contexts[1]).mem.gva:text(e.value, 32) end)
    m:on_hint({ hint = "mark" }, function(e)
        if e.value ~= 0 then
            times, start = e.value, e.cycle
        else
            result[name] = (e.cycle - start) / times
        end
    end)
end

-- { syscall = 79.1, ... }: cycles each; loops of the kernel and of programs without their empty loop.
function M.measure(technique, cost)
    local result = {}
    local m = machine(technique, cost)
    boot(m, technique, "micro.elf")
    listen(m, result)
    m:run_until("end", { max = 1e9 })
    assert(m.status == 0, ("%s: micro.elf %s\n%s"):format(technique.name, m.ending, m.console))
    for name, value in pairs(result) do
        if name ~= "kernel_loop" and name ~= "user_loop" and name ~= "compute" then
            local user = name == "syscall" or name == "pgfault" or name == "illegal"
            result[name] = value - result[user and "user_loop" or "kernel_loop"]
        end
    end

    local os = machine(technique, cost)
    boot(os, technique, "os.elf", "init=forkwait quiet")
    listen(os, result, "forkwait")
    os:run_until("end", { max = 1e9 })
    assert(os.status == 0, ("%s: forkwait %s\n%s"):format(technique.name, os.ending, os.console))
    return result
end

return M
