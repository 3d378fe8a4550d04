-- Story: what this scenario is about, what it has printed, and whether its expectations hold.

local function add(lines, text, width, style)
    for _, line in ipairs(ui.wrap(text, width)) do
        lines[#lines + 1] = { line, style }
    end
end

-- Lines of a paragraph belong together, however wide the author's editor was; an indented
-- line stands for itself.
local function paragraphs(text)
    return (text:gsub("([^\n])\n(%S)", "%1 %2"))
end

local function add_checks(lines, checks, width)
    for _, check in ipairs(checks) do
        lines[#lines + 1] = { (check.passed and "[ok]   " or "[FAIL] ") .. check.sentence,
            check.passed and "good" or "bad" }
        if not check.passed and check.detail ~= "" then
            add(lines, ("       " .. check.detail):gsub("\n", "\n       "), width, "normal")
        end
    end
end

return {
    title = "Story",
    whole = true,
    min = { w = 30, h = 4 },
    share = { w = 1, h = 2 },

    draw = function(p)
        local s = ui.scenario()
        local lines = {}

        local failed = {}
        for _, check in ipairs(s.checks) do
            failed[#failed + 1] = not check.passed and check or nil
        end
        if #failed > 0 then
            add_checks(lines, failed, p.w - 1)
            lines[#lines + 1] = { "", "normal" }
        end
        if s.title ~= "" then
            add(lines, s.title, p.w - 1, "heading")
            lines[#lines + 1] = { "", "normal" }
        end
        add(lines, paragraphs(s.text), p.w - 1, "normal")
        if s.printed ~= "" then
            lines[#lines + 1] = { "", "normal" }
            add(lines, s.printed, p.w - 1, "normal")
        end
        if #s.checks > 0 then
            lines[#lines + 1] = { "", "normal" }
            add_checks(lines, s.checks, p.w - 1)
        end
        p:note(s.state)
        p:list(#lines, function(i)
            return lines[i]
        end, { text = true })
    end,
}
