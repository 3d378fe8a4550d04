-- The techniques of virtualization that the monitor knows, in the order of the course: the word for its command line, and
-- what the machine must be.

return {
    { name = "full", machine = {}, what = "trap and emulate" },
    { name = "bt", machine = { isa = "classic" }, what = "binary translation" },
    {
        name = "para",
        machine = {},
        what = "paravirtualization: a kernel that asks",
        kernels = { ["os.elf"] = "os-pv.elf", ["micro.elf"] = "micro-pv.elf" },
    },
    { name = "assist", machine = { vt = true }, what = "hardware assist with shadow page tables" },
    { name = "npt", machine = { vt = true, npt = true }, what = "hardware assist with nested page tables" },
}
