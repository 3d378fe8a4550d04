-- A machine that runs in a circle: for stopping it.
return {
    title = "Round and round",
    setup = function(s)
        s.m = tz.machine { ram = "1M" }
        s.m.mem.hpa:set_u32(0x80000000, 0x0000006f) -- j .
        s.m.regs.pc = 0x80000000
    end,
    run = function(s)
        s.m:run(1e15)
    end,
}
