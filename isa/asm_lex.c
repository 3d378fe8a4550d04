/* The characters of a statement; see asm_lex.h. Comments are blanks already (asm_input.c). */
#include "isa/asm_lex.h"

#include <ctype.h>
#include <string.h>

void asm_blanks(struct asm_cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r' || *c->p == '\f'))
        c->p++;
}

bool asm_at_end(struct asm_cursor *c)
{
    asm_blanks(c);
    return c->p >= c->end;
}

char asm_peek(struct asm_cursor *c)
{
    return asm_at_end(c) ? '\0' : *c->p;
}

bool asm_take(struct asm_cursor *c, char wanted)
{
    if (asm_at_end(c) || *c->p != wanted)
        return false;
    c->p++;
    return true;
}

bool asm_is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

struct asm_slice asm_name(struct asm_cursor *c)
{
    asm_blanks(c);
    struct asm_slice s = {c->p, 0};
    if (c->p < c->end && isdigit((unsigned char)*c->p))
        return s;
    while (c->p < c->end && asm_is_name(*c->p))
        c->p++;
    s.length = (size_t)(c->p - s.at);
    return s;
}

bool asm_slice_is(struct asm_slice s, const char *text)
{
    return strlen(text) == s.length && memcmp(s.at, text, s.length) == 0;
}

char *asm_slice_string(struct assembler *as, struct asm_slice s)
{
    return asm_string(as, s.at, s.length);
}

/* Behind the string or character constant that begins at p. */
static const char *skip_quoted(const char *p, const char *end)
{
    char quote = *p++;

    if (quote == '\'') { /* 'c', '\c' or the old 'c without an end */
        p += p < end && *p == '\\';
        p += p < end;
        return p + (p < end && *p == '\'');
    }
    while (p < end && *p != '"')
        p += *p == '\\' && p + 1 < end ? 2 : 1;
    return p < end ? p + 1 : p;
}

struct asm_slice asm_argument(struct asm_cursor *c)
{
    unsigned depth = 0;

    asm_blanks(c);
    struct asm_slice s = {c->p, 0};
    while (c->p < c->end && (depth || *c->p != ',')) {
        if (*c->p == '"' || *c->p == '\'') {
            c->p = skip_quoted(c->p, c->end);
            continue;
        }
        if (*c->p == '(')
            depth++;
        else if (*c->p == ')' && depth)
            depth--;
        c->p++;
    }
    s.length = (size_t)(c->p - s.at);
    while (s.length && isspace((unsigned char)s.at[s.length - 1]))
        s.length--;
    return s;
}

static int digit_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 99;
}

static char number_escape(struct asm_cursor *c, int base, int digits)
{
    int v = 0;

    for (; digits > 0 && c->p < c->end && digit_value(*c->p) < base; digits--)
        v = v * base + digit_value(*c->p++);
    return (char)v;
}

bool asm_escape(struct asm_cursor *c, char *out)
{
    static const char letters[] = "n\nt\tr\rb\bf\fa\av\ve\033\\\\\"\"''";

    if (*c->p != '\\') {
        *out = *c->p++;
        return true;
    }
    const char *at = c->p++;
    if (c->p < c->end && *c->p >= '0' && *c->p <= '7') {
        *out = number_escape(c, 8, 3);
        return true;
    }
    if (c->end - c->p > 1 && *c->p == 'x' && isxdigit((unsigned char)c->p[1])) {
        c->p++;
        *out = number_escape(c, 16, 2);
        return true;
    }
    for (const char *l = letters; c->p < c->end && *l; l += 2) {
        if (*l == *c->p) {
            *out = l[1];
            c->p++;
            return true;
        }
    }
    c->p += c->p < c->end;
    struct asm_where w = asm_where_from(c, at);
    asm_error(c->as, &w, "unknown escape in a string");
    asm_note(c->as, NULL, "known: \\n \\t \\r \\b \\f \\0 \\\\ \\\" \\xHH \\ooo");
    return false;
}

bool asm_string_literal(struct asm_cursor *c, const char **bytes, size_t *length)
{
    if (asm_peek(c) != '"') {
        struct asm_where w = asm_where_next(c);

        asm_error(c->as, &w, "expected a string in double quotes");
        return false;
    }
    const char *at = c->p++;
    char *out = asm_alloc(c->as, (size_t)(c->end - at) + 1);
    *bytes = out;
    while (c->p < c->end && *c->p != '"')
        if (!asm_escape(c, out++))
            return false;
    *length = (size_t)(out - *bytes);
    if (c->p < c->end) {
        c->p++;
        return true;
    }
    struct asm_where w = asm_where_from(c, at);
    asm_error(c->as, &w, "the string has no closing \"");
    return false;
}

struct asm_where asm_where_slice(const struct asm_cursor *c, struct asm_slice s)
{
    struct asm_where w = c->where;

    w.at = s.at;
    w.length = (unsigned)s.length;
    return w;
}

struct asm_where asm_where_from(const struct asm_cursor *c, const char *at)
{
    return asm_where_slice(c, (struct asm_slice){at, (size_t)(c->p - at)});
}

struct asm_where asm_where_next(struct asm_cursor *c)
{
    asm_blanks(c);
    const char *end = c->p;
    while (end < c->end && asm_is_name(*end))
        end++;
    return asm_where_slice(c, (struct asm_slice){c->p, (size_t)(end - c->p)});
}

bool asm_end_expected(struct asm_cursor *c, const char *behind)
{
    if (asm_at_end(c))
        return true;
    struct asm_where w = asm_where_slice(c, (struct asm_slice){c->p, (size_t)(c->end - c->p)});
    asm_error(c->as, &w, "nothing more may follow %s", behind);
    return false;
}
