/*
 * Code and what it comes from: instructions with their source lines, source, symbols, and the
 * contexts through whose eyes all of that is looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/suggest.h"
#include "cli/debug.h"
#include "isa/disasm.h"
#include "world/source_text.h"

#define LIST_LINES   10
#define CODE_LINES   10
#define SYMBOL_LINES 200 /* of one function, when no count is given */

/* ---- source ------------------------------------------------------------------------------- */

/* Lines first to last of a text that are there. Returns how many. */
static unsigned say_lines(struct debug *d, const char *text, unsigned first, unsigned last,
                          unsigned mark)
{
    unsigned line = 1, shown = 0;

    for (; *text && line <= last; line++) {
        size_t n = strcspn(text, "\n");

        if (line >= first) {
            debug_say(d, "%s%5u  %.*s", line == mark ? ">" : " ", line, (int)n, text);
            shown++;
        }
        text += n + (text[n] == '\n');
    }
    return shown;
}

/* The line of a row, unless it was the last that was shown. */
static void say_row(struct debug *d, const struct line_row *row)
{
    char *text;

    if (!row || !row->line || (row->line == d->shown_line && strcmp(row->file, d->shown_file) == 0))
        return;
    d->shown_line = row->line;
    snprintf(d->shown_file, sizeof d->shown_file, "%s", row->file);
    text = source_text_read(row->file);
    if (text)
        say_lines(d, text, row->line, row->line, 0);
    free(text);
}

/* FILE:LINE, or a place that has a line. */
static bool find_line(struct debug *d, const char *arguments)
{
    const char *colon = strrchr(arguments, ':');
    const struct line_row *row;
    struct place p;
    uint64_t line;

    if (colon && number_parse(colon + 1, &line) && line > 0 && line < UINT32_MAX) {
        const char *name;
        size_t n = (size_t)(colon - arguments);
        for (unsigned i = 0; (name = view_file_index(d->verbs.host, i)); i++) {
            size_t length = strlen(name);
            if (length >= n && strncmp(name + length - n, arguments, n) == 0) {
                snprintf(d->list_file, sizeof d->list_file, "%s", name);
                d->list_line = (unsigned)line;
                return true;
            }
        }
    }
    if (!debug_place(d, arguments, &p))
        return false;
    row = *p.image ? view_image_line(d->verbs.host, p.image, p.address)
                   : view_line(d->verbs.host, debug_context(d), p.address);
    if (!row) {
        debug_fail(d, "no source line is known for %08x", p.address);
        return false;
    }
    snprintf(d->list_file, sizeof d->list_file, "%s", row->file);
    d->list_line = row->line;
    return true;
}

void debug_list(struct debug *d, const char *arguments)
{
    const struct line_row *here;
    unsigned first, shown;
    char *text;

    if (!debug_host(d))
        return;
    bool goes_on = !*arguments && d->list_line;
    if (!goes_on && !find_line(d, *arguments ? arguments : "$pc"))
        return;
    text = source_text_read(d->list_file);
    if (!text) {
        debug_fail(d, "%s: the source file is not there", d->list_file);
        return;
    }
    here = view_line(d->verbs.host, view_current(d->verbs.host),
                     machine_regs(host_machine(d->verbs.host))->pc);
    first = goes_on                         ? d->list_line
            : d->list_line > LIST_LINES / 2 ? d->list_line - LIST_LINES / 2
                                            : 1;
    shown = say_lines(d, text, first, first + LIST_LINES - 1,
                      here && strcmp(here->file, d->list_file) == 0 ? here->line : 0);
    if (!shown)
        debug_say(d, "%s ends before line %u", d->list_file, first);
    d->list_line = first + shown;
    free(text);
}

/* ---- code --------------------------------------------------------------------------------- */

static const char *symbol_at(const void *context, word address, word *offset)
{
    const struct debug *d = context;
    struct symbol_at at;

    if (!view_symbol(d->verbs.host, debug_context(d), address, &at))
        return NULL;
    *offset = at.offset;
    return at.symbol->name;
}

void debug_show_code(struct debug *d, struct space space, word address)
{
    bool runs = space.kind == SPACE_GVA; /* symbols are for addresses at which code can run */
    struct disasm how = {.width = 8, .symbol = runs ? symbol_at : NULL, .context = d};
    const struct host *h = d->verbs.host;
    bool here =
        runs && address == machine_regs(host_machine(h))->pc && space.context == view_current(h);
    bool stops = runs && breaks_at(d->verbs.breaks, h, space.context, address);
    char line[256], name[96] = "";
    struct text t = text_init(line, sizeof line);
    word bits;

    text_add(&t, "%s%s%08x  ", here ? ">" : " ", stops ? "b" : " ", address);
    if (!(runs ? view_fetch(h, space.context, address, &bits)
               : view_read(h, space, address, &bits, sizeof bits))) {
        debug_say(d, "%s(no memory is mapped there)", line);
        return;
    }
    disasm_insn(&t, bits, address, &how);
    if (runs) {
        say_row(d, view_line(h, space.context, address));
        view_symbol_text(h, space.context, address, false, name, sizeof name);
    }
    if (*name)
        debug_say(d, "%-44s <%s>", line, name);
    else
        debug_say(d, "%s", line);
}

bool debug_code_is_there(struct debug *d, const struct place *p)
{
    const char *there =
        *p->image ? view_image_name(d->verbs.host, debug_context(d), p->address) : p->image;
    char name[64];

    if (there && strcmp(there, p->image) == 0)
        return true;
    debug_fail(d,
               "what %s has at %08x is not the code of %s; 'context NAME' looks through "
               "another's eyes",
               view_context_name(d->verbs.host, debug_context(d), name, sizeof name), p->address,
               p->image);
    return false;
}

void debug_disassemble(struct debug *d, const char *arguments)
{
    char word_[256];
    const char *rest = arguments;
    uint64_t count = 0;
    struct symbol_at at;
    struct place p;

    if (!debug_host(d))
        return;
    if (debug_word(&rest, word_, sizeof word_)) {
        if (!debug_place(d, word_, &p) || !debug_code_is_there(d, &p))
            return;
        d->next_code = p.address & ~3u;
        if (view_symbol(d->verbs.host, debug_context(d), d->next_code, &at) && at.offset == 0 &&
            at.symbol->size)
            count = at.symbol->size / 4;
    }
    if (debug_word(&rest, word_, sizeof word_) && (!number_parse(word_, &count) || !count)) {
        debug_fail(d, "'%s' is no number of instructions", word_);
        return;
    }
    count = count ? count : CODE_LINES;
    d->shown_line = 0;
    for (uint64_t i = 0; i < count && i < SYMBOL_LINES; i++, d->next_code += 4)
        debug_show_code(d, (struct space){SPACE_GVA, debug_context(d)}, d->next_code);
}

/* ---- symbols and contexts ----------------------------------------------------------------- */

void debug_symbols(struct debug *d, const char *arguments)
{
    const struct image_symbol *s;
    const char *image;
    unsigned shown = 0;

    if (!debug_host(d))
        return;
    for (unsigned i = 0; (s = view_symbol_index(d->verbs.host, i, &image)); i++) {
        if (!strstr(s->name, arguments))
            continue;
        debug_say(d, "%08x  %-28s %6u  %s", s->value, s->name, s->size, image);
        shown++;
    }
    if (!shown)
        debug_say(d, *arguments ? "no symbol has '%s' in it" : "no symbols%s", arguments);
}

void debug_contexts(struct debug *d, const char *arguments)
{
    const struct context *c;
    const struct host *h;
    char name[64];

    (void)arguments;
    if (!(h = debug_host(d)))
        return;
    for (uint16_t id = 0; (c = view_context(h, id)); id++) {
        word pc = 0, ring = 0;
        char state[64] = "";

        if (view_guest(h, id, VIEW_PC, &pc) && view_guest(h, id, VIEW_RING, &ring))
            snprintf(state, sizeof state, "  pc %08x  ring %u", pc, ring);
        debug_say(d, "%s%2u  L%u  %*s%-12s%s%s%s", id == debug_context(d) ? ">" : " ", id, c->level,
                  c->level * 2, "", view_context_name(h, id, name, sizeof name),
                  id == view_current(h) ? "  runs"
                  : c->alive            ? ""
                                        : "  ended",
                  view_is_monitor(h, id) ? "  monitor" : "", state);
    }
}

void debug_look_at(struct debug *d, const char *arguments)
{
    struct suggest near = suggest_for(arguments);
    char name[64], hint[128];
    static const char follow[] = "auto";
    struct text t = text_init(hint, sizeof hint);
    const struct host *h;
    uint64_t number;

    if (!(h = debug_host(d)))
        return;
    if (!*arguments) {
        debug_contexts(d, "");
        return;
    }
    if (strcmp(arguments, follow) == 0) {
        d->context = -1;
        debug_say(d, "looking at whatever runs");
        return;
    }
    int found = number_parse(arguments, &number) && number < CONTEXT_MAX &&
                        view_context(h, (uint16_t)number)
                    ? (int)number
                    : -1;
    for (uint16_t id = 0; found < 0 && view_context(h, id); id++)
        if (strcmp(view_context_name(h, id, name, sizeof name), arguments) == 0)
            found = id;
    if (found < 0) {
        suggest_offer(&near, follow);
        suggest_add(&near, &t);
        debug_fail(d, "there is no context '%s'%s; 'info contexts' lists them", arguments, hint);
        return;
    }
    d->context = found;
    debug_say(d, "looking at %s", view_context_name(h, (uint16_t)found, name, sizeof name));
}
