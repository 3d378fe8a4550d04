/* Bounded text; see text.h. */
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

/* Bytes of the well-formed UTF-8 letter beyond ASCII that `s` begins with; 0: there is none. */
static size_t letter_size(const unsigned char *s, size_t size)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte; of the second */
        size_t size;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t n = forms[i].size, k = 2;

        if (s[0] < forms[i].first || s[0] > forms[i].last)
            continue;
        if (size < n || s[1] < forms[i].low || s[1] > forms[i].high)
            return 0;
        while (k < n && (s[k] & 0xc0) == 0x80)
            k++;
        return k == n ? n : 0;
    }
    return 0;
}

void text_add_json_n(struct text *t, const char *s, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)s[i];
        size_t letter = letter_size((const unsigned char *)s + i, size - i);

        if (letter) {
            text_add(t, "%.*s", (int)letter, s + i);
            i += letter - 1;
        } else if (c == '"' || c == '\\') {
            text_add(t, "\\%c", c);
        } else if (c == '\n') {
            text_add(t, "\\n");
        } else if (c == '\t') {
            text_add(t, "\\t");
        } else if (c < 0x20 || c >= 0x7f) {
            text_add(t, "\\u%04x", c);
        } else {
            text_add_char(t, (char)c);
        }
    }
}

void text_add_json(struct text *t, const char *s)
{
    text_add_json_n(t, s, strlen(s));
}
