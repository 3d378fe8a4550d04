-- VMs: which there are, what they use, and what the monitor has said of them last. It is asked by
-- r, or by any command behind :vm; it answers when the machine runs.

local said, told = {}, -1

-- What `list` answered, by name of the VM.
local function read(m)
    local answer = m.answer

    if answer.count == told then
        return answer
    end
    told = answer.count
    if answer.ok and answer.text:sub(1, 5) == "name=" then
        said = {}
        for line in answer.text:gmatch("[^\n]+") do
            local row = {}
            for key, value in line:gmatch("(%w+)=(%S+)") do
                row[key] = value
            end
            said[row.name] = row
        end
    end
    return answer
end

local function of_machine(m)
    local vms, all = {}, 0

    for _, vm in ipairs(m.vms) do
        if vm.level == 1 then
            vms[#vms + 1] = vm
            all = all + vm.cycles
        end
    end
    return vms, math.max(all, 1)
end

local function kib(text)
    return ui.right(text and text .. "K" or "-", 8)
end

local function row_of(vm, all, wide)
    local row = said[vm.name] or {}
    local share = vm.cycles / all
    local state = vm.running and "running" or row.state or "-"

    return { ui.left(vm.name, 10), vm.running and "pc" or "guest1" },
        { ui.left(state, 8), state == "paused" and "changed" or "normal" },
        ui.right(("%.1f%%"):format(100 * share), 7), ui.right(row.weight or "-", 7),
        ui.right(row.cap == "0" and "-" or row.cap or "-", 5), kib(row.held), kib(row.shared), kib(row.balloon),
        wide and { "  " .. ui.bar(share, 16), "guest1" } or nil
end

local function chosen(p, m)
    return of_machine(m)[p.cursor + 1]
end

local function send(m, command)
    m:command(command)
    ui.message("sent to the monitor: " .. command)
end

return {
    title = "VMs",
    min = { w = 40, h = 4 },
    share = { w = 1, h = 1 },

    draw = function(p, m)
        if not m then
            return p:line { "no machine", "dim" }
        end
        local answer = read(m)
        local vms, all = of_machine(m)
        local last = answer.count > 0 and answer.text:match("[^\n]*") or ""

        p:note(answer.waiting > 0 and "a command waits" or "")
        p:line { ui.left("name", 10) .. ui.left("state", 8) .. ui.right("cycles", 7) .. ui.right("weight", 7)
            .. ui.right("cap", 5) .. ui.right("held", 8) .. ui.right("shared", 8) .. ui.right("balloon", 8), "heading" }
        if last:sub(1, 5) ~= "name=" and last ~= "" then
            p:text(0, p.h - 1, "last answer: " .. last, answer.ok and "dim" or "bad")
        end
        if #vms == 0 then
            return p:line { "none", "dim" }
        end
        p:list(#vms, function(i)
            return row_of(vms[i], all, p.w > 84)
        end)
    end,

    keys = {
        { "r", "ask the monitor for its list", function(_, m)
            send(m, "list")
        end },
        { "P", "pause or resume the VM that is chosen", function(p, m)
            local vm = chosen(p, m)
            local state = vm and said[vm.name] and said[vm.name].state
            if vm then
                send(m, (state == "paused" and "resume " or "pause ") .. vm.name)
                send(m, "list")
            end
        end },
    },
}
