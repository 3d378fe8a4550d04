/* Memory and messages of the assembler; see asm_core.h. */
#include "isa/asm_core.h"
#include "base/suggest.h"

#include <stdarg.h>
#include <string.h>

#define MESSAGE_SIZE 512
#define SOURCE_SIZE  240 /* characters of a source line that a message shows */

void *asm_alloc(struct assembler *as, size_t size)
{
    void *p = arena_alloc(&as->arena, size);

    if (!p)
        asm_stop(as);
    return p;
}

char *asm_string(struct assembler *as, const char *text, size_t length)
{
    char *copy = asm_alloc(as, length + 1);

    if (length)
        memcpy(copy, text, length);
    return copy;
}

void *asm_grow(struct assembler *as, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t more = *capacity ? 2 * *capacity : 16;
    void *bigger = asm_alloc(as, more * size);
    if (count)
        memcpy(bigger, array, count * size);
    *capacity = more;
    return bigger;
}

_Noreturn void asm_stop(struct assembler *as)
{
    longjmp(as->stop, 1);
}

static char *format_text(struct assembler *as, const char *format, va_list args)
{
    char buffer[MESSAGE_SIZE];
    struct text t = text_init(buffer, sizeof buffer);

    text_vadd(&t, format, args);
    return asm_string(as, buffer, t.length);
}

/* The line around `at`; what cannot be shown becomes a dot. */
static char *line_around(struct assembler *as, const struct asm_where *w, unsigned *column)
{
    const char *from = w->at, *to = w->at, *end = w->source->text + w->source->size;

    while (from > w->source->text && from[-1] != '\n')
        from--;
    while (to < end && *to != '\n' && to - from < SOURCE_SIZE)
        to++;
    *column = (unsigned)(w->at - from) + 1;
    char *line = asm_string(as, w->source->original + (from - w->source->text),
                            to > from ? (size_t)(to - from) : 0);
    for (char *c = line; c < line + (to - from); c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            *c = '.';
    return line;
}

static bool repeated(const struct assembler *as, const struct asm_message *m)
{
    for (unsigned i = 0; i < as->message_count; i++) {
        const struct asm_message *old = &as->messages[i];

        if (old->line == m->line && old->column == m->column && strcmp(old->file, m->file) == 0 &&
            strcmp(old->text, m->text) == 0)
            return true;
    }
    return false;
}

/* Which macro, repetition or include led here, innermost first. */
static void note_origin(struct assembler *as, const struct asm_source *source)
{
    for (unsigned n = 0; n < 2 && source && source->from; n++) {
        asm_note(as, source->from, "%s", source->how);
        source = source->from->source;
    }
}

static void report(struct assembler *as, const struct asm_where *w, bool warning,
                   const char *format, va_list args)
{
    struct asm_message m = {.file = w->file, .line = w->line, .warning = warning};

    m.order = w->order;
    m.length = w->length ? w->length : 1;
    m.text = format_text(as, format, args);
    m.source = line_around(as, w, &m.column);
    as->muted = repeated(as, &m);
    if (warning && as->message_count - as->error_count >= ASM_MESSAGES_MAX / 2)
        as->muted = true; /* warnings leave room for errors */
    if (as->muted)
        return;
    if (as->message_count == ASM_MESSAGES_MAX) {
        as->more = true;
        asm_stop(as);
    }
    as->messages[as->message_count++] = m;
    as->error_count += !warning;
    note_origin(as, w->source);
}

void asm_error(struct assembler *as, const struct asm_where *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(as, where, false, format, args);
    va_end(args);
}

void asm_warning(struct assembler *as, const struct asm_where *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(as, where, true, format, args);
    va_end(args);
}

/* Advice goes before the places that note_origin wrote. */
void asm_note(struct assembler *as, const struct asm_where *where, const char *format, ...)
{
    if (as->muted || as->message_count == 0)
        return;
    struct asm_message *m = &as->messages[as->message_count - 1];
    if (m->note_count == ASM_NOTES_MAX)
        return;
    va_list args;
    va_start(args, format);
    m->notes[m->note_count++] = (struct asm_note){
        .file = where ? where->file : NULL,
        .line = where ? where->line : 0,
        .text = format_text(as, format, args),
    };
    va_end(args);
}

void asm_note_near(struct assembler *as, const struct suggest *near)
{
    if (suggest_best(near))
        asm_note(as, NULL, "did you mean \"%s\"?", suggest_best(near));
}
