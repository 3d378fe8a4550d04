/* Directives that make bytes; see asm_data.h. */
#include "isa/asm_data.h"
#include "isa/asm_fix.h"
#include "isa/asm_input.h"

#include <string.h>

#define ALIGN_MAX 65536

void asm_data_values(struct asm_cursor *c, const struct asm_directive *d)
{
    do {
        asm_blanks(c);
        const char *at = c->p;
        struct asm_expr *e = asm_expr(c);

        if (!e)
            return;
        struct asm_where w = asm_where_from(c, at);
        word offset = asm_section_current(c->as)->size;
        bool zero = e->op == ASM_NUMBER && e->number == 0;
        asm_emit(c->as, &w, (uint64_t)d->argument, !zero);
        if (!zero)
            asm_fix_data(c->as, offset, (unsigned)d->argument, e, &w);
    } while (asm_take(c, ','));
    asm_end_expected(c, "a value but a comma");
}

void asm_data_string(struct asm_cursor *c, const struct asm_directive *d)
{
    const char *bytes;
    size_t length;

    do {
        if (!asm_string_literal(c, &bytes, &length))
            return;
        uint8_t *p = asm_emit(c->as, &c->where, length + (size_t)d->argument, true);
        if (p && length)
            memcpy(p, bytes, length);
    } while (asm_take(c, ','));
    asm_end_expected(c, "a string but a comma");
}

/* The next number of a list, when there is one; false after a message. */
static bool optional(struct asm_cursor *c, int64_t *out, const char *what)
{
    if (!asm_take(c, ',') || asm_peek(c) == ',' || asm_at_end(c))
        return true;
    return asm_constant(c, out, what);
}

void asm_data_space(struct asm_cursor *c, const struct asm_directive *d)
{
    int64_t n, fill = 0;

    (void)d;
    if (!asm_constant(c, &n, "the number of bytes") || !optional(c, &fill, "the fill value") ||
        !asm_end_expected(c, "the fill value"))
        return;
    if (n < 0) {
        asm_error(c->as, &c->where, "the number of bytes is negative");
        return;
    }
    uint8_t *p = asm_emit(c->as, &c->where, (uint64_t)n, fill != 0);
    if (p && n)
        memset(p, (int)(fill & 255), (size_t)n);
}

void asm_data_fill(struct asm_cursor *c, const struct asm_directive *d)
{
    int64_t count, size = 1, value = 0;

    (void)d;
    if (!asm_constant(c, &count, "the count") || !optional(c, &size, "the size") ||
        !optional(c, &value, "the value") || !asm_end_expected(c, "the value"))
        return;
    if (count < 0 || size < 0 || size > 8 || count > (int64_t)ASM_ZERO_MAX) {
        asm_error(c->as, &c->where, "a fill has a count from 0 on and a size from 0 to 8");
        return;
    }
    uint8_t *p = asm_emit(c->as, &c->where, (uint64_t)(count * size), value != 0);
    for (int64_t i = 0; p && i < count; i++)
        memcpy(p + i * size, &value, (size_t)size);
}

void asm_data_align(struct asm_cursor *c, const struct asm_directive *d)
{
    int64_t n, fill = -1, most = 0;

    if (!asm_constant(c, &n, "the alignment") || !optional(c, &fill, "the fill value") ||
        !optional(c, &most, "the limit") || !asm_end_expected(c, "the limit"))
        return;
    if (d->argument)
        n = n >= 0 && n <= 16 ? 1ll << n : -1;
    if (n == 0)
        return;
    if (n < 0 || n > ALIGN_MAX || (n & (n - 1)) || most < 0) {
        asm_error(c->as, &c->where,
                  d->argument ? "the alignment is a power of two from 0 to 16"
                              : "the alignment must be a power of two up to "
                                "65536");
        if (d->argument)
            asm_note(c->as, NULL, "%s 2 means 4 bytes; .balign 4 says it in bytes", d->name);
        return;
    }
    asm_align(c->as, &c->where, (word)n, fill < 0 ? -1 : (int)(fill & 255),
              most > ALIGN_MAX ? 0 : (word)most);
}

void asm_data_incbin(struct asm_cursor *c, const struct asm_directive *d)
{
    const uint8_t *bytes;
    const char *path;
    size_t size;

    (void)d;
    if (!asm_find_file(c, &bytes, &size, &path) || !asm_end_expected(c, "the file's name"))
        return;
    uint8_t *p = asm_emit(c->as, &c->where, size, true);
    if (p && size)
        memcpy(p, bytes, size);
}

void asm_data_common(struct asm_cursor *c, const struct asm_directive *d)
{
    struct assembler *as = c->as;
    struct asm_slice name = asm_name(c);
    struct asm_section *before = asm_section_current(as);
    int64_t size = 0, align = 4;

    if (name.length == 0 || !asm_take(c, ',')) {
        asm_error(as, &c->where, "valid form: %s %s", d->name, d->syntax);
        return;
    }
    if (!asm_constant(c, &size, "the size") || !optional(c, &align, "the alignment") ||
        !asm_end_expected(c, "the alignment"))
        return;
    if (size < 0 || align < 1 || align > ALIGN_MAX || (align & (align - 1))) {
        asm_error(as, &c->where, "the size is from 0 on, the alignment a power of two");
        return;
    }
    asm_section_switch(as, ".bss", 4, NULL, true, &c->where);
    asm_align(as, &c->where, (word)align, -1, 0);
    struct asm_symbol *s = asm_symbol(as, name.at, name.length);
    struct asm_where w = asm_where_slice(c, name);
    asm_label(as, s, &w);
    s->size = asm_expr_number(as, size);
    s->object = true;
    s->global = s->global || d->argument;
    asm_emit(as, &c->where, (uint64_t)size, false);
    asm_section_select(as, before);
}
