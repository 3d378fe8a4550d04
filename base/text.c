/* Bounded text; see text.h. */
#include "base/text.h"

#include <assert.h>
#include <stdio.h>

struct text text_init(char *buffer, size_t size)
{
    assert(size > 0);
    buffer[0] = '\0';
    return (struct text){.data = buffer, .size = size};
}

void text_vadd(struct text *t, const char *format, va_list args)
{
    size_t room = t->size - t->length;
    int n = vsnprintf(t->data + t->length, room, format, args);

    if (n < 0)
        return;
    if ((size_t)n >= room) {
        t->overflow = true;
        t->length = t->size - 1;
    } else {
        t->length += (size_t)n;
    }
}

void text_add(struct text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_vadd(t, format, args);
    va_end(args);
}

void text_add_char(struct text *t, char c)
{
    if (t->length + 1 >= t->size) {
        t->overflow = true;
        return;
    }
    t->data[t->length++] = c;
    t->data[t->length] = '\0';
}

void text_add_json(struct text *t, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\')
            text_add(t, "\\%c", c);
        else if (c == '\n')
            text_add(t, "\\n");
        else if (c == '\t')
            text_add(t, "\\t");
        else if (c < 0x20 || c == 0x7f)
            text_add(t, "\\u%04x", c);
        else
            text_add_char(t, (char)c);
    }
}
