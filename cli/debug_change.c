/*
 * Changing the machine: registers, memory, code, and what is typed on its console. All by the
 * world's own calls, so that what was changed is known when the debugger goes back in time.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/debug.h"
#include "isa/asm.h"
#include "world/change.h"

/* ---- set ---------------------------------------------------------------------------------- */

void debug_set(struct debug *d, const char *arguments)
{
    char said[2048];
    struct text t = text_init(said, sizeof said);
    struct error err;

    if (!debug_host(d))
        return;
    int code = change_text(d->verbs.host, debug_context(d), arguments, &t, &err);
    if (t.length)
        debug_say(d, "%s", said);
    if (code)
        debug_fail(d, "%s", err.text);
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

/* The last answer, without its last newline, and what is still to be answered. */
static void say_answer(struct debug *d)
{
    struct machine_answer a = machine_answer(host_machine(d->verbs.host));
    bool newline = a.length > 0 && a.text[a.length - 1] == '\n';

    if (a.answered == 0 && a.waiting == 0)
        debug_say(d, "nobody was asked anything");
    if (a.answered > 0 && a.length == 0)
        debug_say(d, "%s", a.status ? "refused" : "done");
    else if (a.answered > 0)
        debug_say(d, "%.*s", (int)a.length - newline, a.text);
    if (a.waiting)
        debug_say(d, "%u to be answered: let the machine run", a.waiting);
}

void debug_vm(struct debug *d, const char *arguments)
{
    if (!debug_host(d))
        return;
    if (!*arguments)
        say_answer(d);
    else if (host_command(d->verbs.host, arguments) == 0)
        debug_fail(d, "the mailbox is full; the machine has to run before it takes more");
}
