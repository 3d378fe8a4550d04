/* Arguments into a body; see asm_substitute.h. */
#include "isa/asm_substitute.h"
#include "isa/asm_input.h"

#include <stdio.h>
#include <string.h>

struct output {
    struct assembler *as;
    char *data;
    size_t size, room;
};

static void put(struct output *o, const char *text, size_t length)
{
    o->as->expanded += length;
    if (o->as->expanded > ASM_EXPANSION_MAX) {
        const struct asm_input *in = o->as->input;
        struct asm_where w = {in->source, in->file, in->line, 1, in->source->text, 0};

        asm_error(o->as, &w, "macros made more than %zu bytes of text", ASM_EXPANSION_MAX);
        asm_note(o->as, NULL, "does a macro use itself without end?");
        asm_stop(o->as);
    }
    if (!o->data || o->size + length > o->room) {
        size_t room = 2 * o->room + length + 256;
        char *more = asm_alloc(o->as, room);

        if (o->size)
            memcpy(more, o->data, o->size);
        o->data = more;
        o->room = room;
    }
    memcpy(o->data + o->size, text, length);
    o->size += length;
}

const struct asm_parameter *asm_parameter(const struct asm_parameter *params, unsigned count,
                                          struct asm_slice name)
{
    for (unsigned n = 0; n < count; n++)
        if (params[n].name.length == name.length &&
            memcmp(params[n].name.at, name.at, name.length) == 0)
            return &params[n];
    return NULL;
}

struct asm_slice asm_substitute(struct assembler *as, struct asm_slice body,
                                const struct asm_parameter *params, unsigned count)
{
    struct output o = {.as = as};
    const char *p = body.at, *end = body.at + body.length;

    as->rounds++;
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));

        if (!slash) {
            put(&o, p, (size_t)(end - p));
            break;
        }
        put(&o, p, (size_t)(slash - p));
        p = slash + 1;
        struct asm_slice name = {p, 0};
        while (p + name.length < end && asm_is_name(p[name.length]))
            name.length++;
        const struct asm_parameter *param = asm_parameter(params, count, name);
        if (param) {
            put(&o, param->value.at, param->value.length);
            p += name.length;
        } else if (end - p >= 2 && p[0] == '(' && p[1] == ')') {
            p += 2;
        } else if (p < end && *p == '@') {
            char number[16];
            int n = snprintf(number, sizeof number, "%u", as->rounds);

            put(&o, number, (size_t)n);
            p++;
        } else {
            put(&o, "\\", 1);
        }
    }
    return (struct asm_slice){o.data ? o.data : "", o.size};
}

struct asm_slice asm_unquoted(struct asm_slice s)
{
    if (s.length >= 2 && s.at[0] == '"' && s.at[s.length - 1] == '"' &&
        !memchr(s.at + 1, '"', s.length - 2))
        return (struct asm_slice){s.at + 1, s.length - 2};
    return s;
}
