/* Numbers as people write them; see number.h. */
#include "base/number.h"

#include <stddef.h>
#include <string.h>

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Digits of `base` with single underscores between them; returns the end, NULL on overflow or no digit. */
static const char *digits(const char *s, unsigned base, uint64_t *out)
{
    uint64_t n = 0;
    bool any = false;

    for (;; s++) {
        if (*s == '_' && any && digit_value(s[1]) >= 0)
            continue;
        int d = digit_value(*s);
        if (d < 0 || (unsigned)d >= base)
            break;
        if (n > (UINT64_MAX - (unsigned)d) / base)
            return NULL;
        n = n * base + (unsigned)d;
        any = true;
    }
    *out = n;
    return any ? s : NULL;
}

static bool scale(uint64_t *n, uint64_t factor)
{
    if (factor && *n > UINT64_MAX / factor)
        return false;
    *n *= factor;
    return true;
}

static bool suffix(const char *s, uint64_t *n)
{
    static const char units[] = "KMG";
    const char *unit;

    if (*s == '\0')
        return true;
    if ((*s == 'e' || *s == 'E') && s[1]) {
        uint64_t exponent;
        s = digits(s + 1, 10, &exponent);
        if (!s || *s || exponent > 19)
            return false;
        while (exponent--)
            if (!scale(n, 10))
                return false;
        return true;
    }
    unit = strchr(units, *s >= 'a' ? *s - 'a' + 'A' : *s);
    if (!unit || s[1])
        return false;
    return scale(n, 1ull << (10 * (unit - units + 1)));
}

bool number_parse(const char *text, uint64_t *out)
{
    uint64_t n;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *end = digits(hex ? text + 2 : text, hex ? 16 : 10, &n);

    if (!end || !suffix(end, &n))
        return false;
    *out = n;
    return true;
}
