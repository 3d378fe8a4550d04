-- Costs after the Core 2, the second generation with hardware assist (Adams and Agesen, ASPLOS 2006, section 6.2).
--
-- Published are the entry into a guest, 937 cycles, and an exit for a page fault, 1186. The native costs of this
-- processor are not published there: they are those of the preset pentium4, so that the two differ in what the
-- hardware's improvement was about and in nothing else.
local costs = {}
for name, value in pairs(require "costs.pentium4".costs) do
    costs[name] = value
end
costs.vmrun = 937
costs.exit = 1186

return {
    title = "after the Core 2",
    source = "Adams and Agesen, A Comparison of Software and Hardware Techniques for x86 Virtualization, ASPLOS 2006",
    costs = costs,
}
