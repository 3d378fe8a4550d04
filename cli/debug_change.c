/*
 * Changing the machine: registers, memory, code, and what is typed on its console. All by the
 * world's own calls, so that what was changed is known when the debugger goes back in time.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/debug.h"
#include "isa/asm.h"
#include "isa/csr.h"
#include "world/change.h"

/* ---- set ---------------------------------------------------------------------------------- */

static bool value_of(struct debug *d, const char *text, word *out)
{
    struct place p;

    if (*text == '-') { /* a place begins with no sign */
        char negative[256];
        snprintf(negative, sizeof negative, "0%s", text);
        if (!debug_place(d, negative, &p))
            return false;
    } else if (!debug_place(d, text, &p)) {
        return false;
    }
    *out = p.address;
    return true;
}

static void set_register(struct debug *d, word reg, const char *name, word value, bool real)
{
    enum change_side side = real ? CHANGE_REAL : CHANGE_SEEN;
    uint16_t context = debug_context(d);
    char owner[64], seen[96] = "";
    struct text t = text_init(seen, sizeof seen);
    struct error err;
    word now;

    if (change_register(d->verbs.host, context, side, reg, value, &now, &err)) {
        debug_fail(d, "%s", err.text);
        return;
    }
    if (reg > VIEW_RING && context != 0)
        text_add(&t, real ? "  in the processor" : "  as %s sees it",
                 view_context_name(d->verbs.host, context, owner, sizeof owner));
    debug_say(d, "%s = %08x%s%s", name, now, seen,
              now != value ? "  (bits that it does not have were dropped)" : "");
}

/* Words one behind the other, from a place on. */
static void set_memory(struct debug *d, const char *place, unsigned unit, const char *values)
{
    char text[256];
    struct place p;
    word value;

    if (!debug_place(d, place, &p))
        return;
    while (debug_word(&values, text, sizeof text)) {
        if (!value_of(d, text, &value))
            return;
        if (!view_write(d->verbs.host, p.space, p.address, &value, unit)) {
            debug_fail(d, "%s %08x: no memory is mapped there", space_name(p.space.kind),
                       p.address);
            return;
        }
        debug_say(d, "%s %08x = %0*x", space_name(p.space.kind), p.address, (int)(2 * unit),
                  unit < 4 ? value & ((1u << 8 * unit) - 1) : value);
        p.address += unit;
    }
}

void debug_set(struct debug *d, const char *arguments)
{
    char target[256], value[256];
    const char *rest = arguments;
    unsigned unit = 4;
    word reg, number;
    bool real;

    if (!debug_host(d))
        return;
    if (*rest == '/') {
        unit = rest[1] == 'b' ? 1 : rest[1] == 'h' ? 2 : rest[1] == 'w' ? 4 : 0;
        if (!unit || (rest[2] && rest[2] != ' ')) {
            debug_fail(d, "set%.4s: /b, /h or /w says the size in memory", rest);
            return;
        }
        rest += 2;
    }
    debug_word(&rest, target, sizeof target);
    real = strcmp(target, "real") == 0 && debug_word(&rest, target, sizeof target);
    const char *values = rest + strspn(rest, " \t");
    values += *values == '=';
    rest = values;
    if (!*target || !debug_word(&rest, value, sizeof value)) {
        debug_fail(d, "set what to what? set a0 5, set status 0x80, set gpa:0x80001000 1 2 3");
        return;
    }
    if (!view_register(target + (*target == '$'), &reg))
        set_memory(d, target, unit, values);
    else if (value_of(d, value, &number))
        set_register(d, reg, reg <= VIEW_RING ? target : csr_info(reg)->name, number, real);
}

/* ---- asm ---------------------------------------------------------------------------------- */

static void say_messages(struct debug *d, const struct asm_result *result)
{
    char buffer[4096];

    for (unsigned i = 0; i < result->message_count; i++) {
        const struct asm_message *m = &result->messages[i];
        struct text t = text_init(buffer, sizeof buffer);

        text_add(&t, "%s\n  %s\n  %*s^", m->text, m->source ? m->source : "",
                 m->column ? (int)m->column - 1 : 0, "");
        for (unsigned n = 0; n < m->note_count; n++)
            if (m->notes[n].text)
                text_add(&t, "\n  %s", m->notes[n].text);
        debug_fail(d, "%s", buffer);
    }
}

static void put_code(struct debug *d, const struct image *image, const struct place *at)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];

        if (!view_write(d->verbs.host, at->space, s->vaddr, s->data, s->filled)) {
            debug_fail(d, "%s %08x: no memory is mapped there", space_name(at->space.kind),
                       s->vaddr);
            return;
        }
        for (word done = 0; done < s->filled; done += 4)
            debug_show_code(d, at->space, s->vaddr + done);
    }
}

void debug_asm(struct debug *d, const char *arguments)
{
    char place[256];
    const char *source = arguments;
    struct asm_options options = {0};
    struct asm_result result;
    struct symbol_at at;
    struct image image;
    struct place p;
    struct error err;

    if (!debug_host(d))
        return;
    if (!debug_word(&source, place, sizeof place) || !source[strspn(source, " \t")]) {
        debug_fail(d, "asm PLACE INSTRUCTION: asm $pc addi a0, a0, 1; several between ';'");
        return;
    }
    source += strspn(source, " \t");
    if (!debug_place(d, place, &p))
        return;
    if (p.address & 3) {
        debug_fail(d, "0x%08x is no multiple of 4: no instruction begins there", p.address);
        return;
    }
    options.base = p.address;
    if (view_symbol(d->verbs.host, debug_context(d), p.address, &at))
        options.known = at.image;
    int code = asm_source(&result, "asm", source, strlen(source), &options, &err);
    say_messages(d, &result);
    if (code == 0 && image_parse(&image, "asm", result.elf, result.elf_size, &err) == 0) {
        put_code(d, &image, &p);
        image_free(&image);
    } else if (!result.message_count) {
        debug_fail(d, "%s", err.text);
    }
    asm_result_free(&result);
}

/* ---- the console -------------------------------------------------------------------------- */

void debug_type(struct debug *d, const char *arguments)
{
    if (!debug_host(d))
        return;
    host_input(d->verbs.host, arguments, strlen(arguments));
    host_input(d->verbs.host, "\n", 1);
}

void debug_type_end(struct debug *d, const char *arguments)
{
    (void)arguments;
    if (debug_host(d))
        host_input_end(d->verbs.host);
}
