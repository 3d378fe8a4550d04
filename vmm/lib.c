/* Strings and lines; see lib.h. */
#include "vmm/lib.h"

unsigned string_length_max(const char *s, unsigned max)
{
    unsigned n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

unsigned string_length(const char *s)
{
    return string_length_max(s, ~0u);
}

/* Bit by bit: the processor divides words only. */
word multiply_divide(word a, word b, word c)
{
    uint64_t product = (uint64_t)a * b, left = 0;
    word result = 0;

    for (int bit = 63; bit >= 0; bit--) {
        left = left << 1 | (product >> bit & 1);
        result = result << 1 | (left >= c);
        if (left >= c)
            left -= c;
    }
    return result;
}

bool slice_is(struct slice s, const char *text)
{
    for (unsigned i = 0; i < s.length; i++)
        if (text[i] != s.at[i]) /* a shorter text differs at its NUL */
            return false;
    return text[s.length] == '\0';
}

void slice_copy(struct slice s, char *to, unsigned size)
{
    unsigned n = s.length < size - 1 ? s.length : size - 1;

    memcpy(to, s.at, n);
    to[n] = '\0';
}

void line_char(struct line *l, char c)
{
    if (l->length + 1 < sizeof l->text) {
        l->text[l->length++] = c;
        l->text[l->length] = '\0';
    }
}

void line_str(struct line *l, const char *s)
{
    for (; *s; s++)
        line_char(l, *s);
}

void line_slice(struct line *l, struct slice s)
{
    for (unsigned i = 0; i < s.length; i++)
        line_char(l, s.at[i]);
}

void line_hex(struct line *l, word value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        line_char(l, "0123456789abcdef"[value >> shift & 15]);
}

void line_dec(struct line *l, word value)
{
    char digits[10];
    unsigned n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n)
        line_char(l, digits[--n]);
}

/* The last digit; the rest stays in `value`. In halves of words: there is no division of more. */
static unsigned take_digit(uint64_t *value)
{
    word left = 0;
    uint64_t result = 0;

    for (int shift = 48; shift >= 0; shift -= 16) {
        word part = left << 16 | (word)(*value >> shift & 0xffff);
        result = result << 16 | part / 10;
        left = part % 10;
    }
    *value = result;
    return left;
}

void line_dec64(struct line *l, uint64_t value)
{
    char digits[20];
    unsigned n = 0;

    do {
        digits[n++] = (char)('0' + take_digit(&value));
    } while (value);
    while (n)
        line_char(l, digits[--n]);
}
