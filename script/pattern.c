/*
 * The matcher; see pattern.h. A pattern is a sequence of items: a single (a character, a class,
 * a set) with or without a repetition, or one of the special forms below. An item is tried
 * with what follows it, so that matching is a search by recursion:
 *
 *   x*  x+   as many as possible, then fewer       x-  as few as possible, then more
 *   x?       one, then none                        (  )  open and close a capture
 *   %1       what capture 1 holds                  %bxy  from x to its balancing y
 *   %f[set]  the border of a run of the set        $ at the end: the subject's end
 */
#include "script/pattern.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

void pattern_init(struct pattern *p, const char *subject, size_t subject_size, const char *text,
                  size_t text_size, uint64_t allowed)
{
    *p = (struct pattern){
        .subject = subject,
        .subject_end = subject + subject_size,
        .text = text,
        .text_end = text + text_size,
        .allowed = allowed,
    };
    if (text_size > 0 && text[0] == '^') {
        p->anchored = true;
        p->text++;
    }
}

static bool stopped(const struct pattern *p)
{
    return p->error || p->exhausted;
}

static void *refuse(struct pattern *p, const char *what)
{
    if (!p->error)
        p->error = what;
    return NULL;
}

/* One more step. False: that was one too many. */
static bool step(struct pattern *p)
{
    if (++p->steps > p->allowed)
        p->exhausted = true;
    return !p->exhausted;
}

/* ---- singles ---- */

/* Behind the set whose [ is at `t`; NULL: it has no end. */
static const char *set_end(struct pattern *p, const char *t)
{
    t++;
    if (t < p->text_end && *t == '^')
        t++;
    do { /* a ] that comes first means itself */
        if (t == p->text_end)
            return refuse(p, "malformed pattern (missing ']')");
        if (*t++ == '%') {
            if (t == p->text_end)
                return refuse(p, "malformed pattern (ends with '%')");
            t++;
        }
    } while (t == p->text_end || *t != ']');
    return t + 1;
}

/* Behind the single at `t`. */
static const char *single_end(struct pattern *p, const char *t)
{
    if (*t == '[')
        return set_end(p, t);
    if (*t != '%')
        return t + 1;
    if (t + 1 == p->text_end)
        return refuse(p, "malformed pattern (ends with '%')");
    return t + 2;
}

/* %z: from before patterns could hold zeros; Lua still has it. */
static int iszero(int c)
{
    return c == 0;
}

static bool in_class(unsigned char c, unsigned char class)
{
    static const struct {
        char letter;
        int (*test)(int);
    } classes[] = {
        {'a', isalpha}, {'c', iscntrl},  {'d', isdigit}, {'g', isgraph},
        {'l', islower}, {'p', ispunct},  {'s', isspace}, {'u', isupper},
        {'w', isalnum}, {'x', isxdigit}, {'z', iszero},
    };

    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (tolower(class) == classes[i].letter)
            return (classes[i].test(c) != 0) == (islower(class) != 0);
    return c == class;
}

/* The set from its [ at `t` to behind its ] at `end`. */
static bool in_set(unsigned char c, const char *t, const char *end)
{
    bool wanted = true;

    end--;
    t++;
    if (*t == '^') {
        wanted = false;
        t++;
    }
    for (; t < end; t++) {
        if (*t == '%') {
            t++;
            if (in_class(c, (unsigned char)*t))
                return wanted;
        } else if (t + 2 < end && t[1] == '-') {
            if ((unsigned char)t[0] <= c && c <= (unsigned char)t[2])
                return wanted;
            t += 2;
        } else if ((unsigned char)*t == c) {
            return wanted;
        }
    }
    return !wanted;
}

/* Whether the character at `s` is what the single from `t` to `end` stands for. */
static bool fits(struct pattern *p, const char *s, const char *t, const char *end)
{
    if (s >= p->subject_end || !step(p))
        return false;
    if (*t == '.')
        return true;
    if (*t == '%')
        return in_class((unsigned char)*s, (unsigned char)t[1]);
    if (*t == '[')
        return in_set((unsigned char)*s, t, end);
    return *t == *s;
}

/* ---- items ---- */

static const char *match(struct pattern *p, const char *s, const char *t);

static const char *match_most(struct pattern *p, const char *s, const char *t, const char *end)
{
    ptrdiff_t n = 0;

    while (fits(p, s + n, t, end))
        n++;
    for (; n >= 0 && !stopped(p); n--) {
        const char *rest = match(p, s + n, end + 1);
        if (rest)
            return rest;
    }
    return NULL;
}

static const char *match_least(struct pattern *p, const char *s, const char *t, const char *end)
{
    for (;;) {
        const char *rest = match(p, s, end + 1);
        if (rest || stopped(p))
            return rest;
        if (!fits(p, s, t, end))
            return NULL;
        s++;
    }
}

static const char *match_balanced(struct pattern *p, const char *s, const char *t)
{
    int open = 0;

    if (p->text_end - t < 4)
        return refuse(p, "malformed pattern (missing arguments to '%b')");
    if (s == p->subject_end || *s != t[2])
        return NULL;
    for (; s < p->subject_end && step(p); s++) {
        if (*s == t[3] && (open > 0 || t[2] == t[3])) {
            if (open == 1)
                return s + 1;
            open += t[2] == t[3] ? 1 : -1;
        } else if (*s == t[2]) {
            open++;
        }
    }
    return NULL;
}

static const char *match_border(struct pattern *p, const char *s, const char *t)
{
    const char *end;
    unsigned char before = s == p->subject ? '\0' : (unsigned char)s[-1];
    unsigned char after = s == p->subject_end ? '\0' : (unsigned char)*s;

    t += 2;
    if (t == p->text_end || *t != '[')
        return refuse(p, "missing '[' after '%f' in pattern");
    if (!(end = set_end(p, t)) || in_set(before, t, end) || !in_set(after, t, end))
        return NULL;
    return match(p, s, end);
}

static const char *match_open(struct pattern *p, const char *s, const char *t)
{
    bool position = t + 1 < p->text_end && t[1] == ')';

    if (p->count == PATTERN_CAPTURES)
        return refuse(p, "too many captures");
    p->captures[p->count].start = s;
    p->captures[p->count].length = position ? CAPTURE_POSITION : CAPTURE_OPEN;
    p->count++;
    const char *rest = match(p, s, t + (position ? 2 : 1));
    if (!rest)
        p->count--;
    return rest;
}

static const char *match_close(struct pattern *p, const char *s, const char *t)
{
    unsigned i = p->count;

    while (i > 0 && p->captures[i - 1].length != CAPTURE_OPEN)
        i--;
    if (i == 0)
        return refuse(p, "invalid pattern capture");
    p->captures[i - 1].length = s - p->captures[i - 1].start;
    const char *rest = match(p, s, t + 1);
    if (!rest)
        p->captures[i - 1].length = CAPTURE_OPEN;
    return rest;
}

/* %1 to %9: the same text again. */
static const char *match_again(struct pattern *p, const char *s, const char *t)
{
    unsigned i = (unsigned)(t[1] - '1');

    if (t[1] == '0' || i >= p->count || p->captures[i].length == CAPTURE_OPEN)
        return refuse(p, "invalid capture index in pattern");
    /* A position is no text; it is as long as nothing could be. */
    size_t n = (size_t)p->captures[i].length;
    if ((size_t)(p->subject_end - s) < n || memcmp(s, p->captures[i].start, n) != 0)
        return NULL;
    p->steps += n;
    return match(p, s + n, t + 2);
}

/* A single and its repetition. A single alone is left to the caller's loop: `*next` says how. */
static const char *match_single(struct pattern *p, const char *s, const char *t, bool *go_on,
                                const char **next)
{
    const char *end = single_end(p, t);
    char repeat = end && end < p->text_end ? *end : '\0';

    *go_on = false;
    if (!end)
        return NULL;
    switch (repeat) {
    case '*':
        return match_most(p, s, t, end);
    case '+':
        return fits(p, s, t, end) ? match_most(p, s + 1, t, end) : NULL;
    case '-':
        return match_least(p, s, t, end);
    case '?': {
        const char *rest = fits(p, s, t, end) ? match(p, s + 1, end + 1) : NULL;
        if (rest || stopped(p))
            return rest;
        *go_on = true;
        *next = end + 1;
        return s;
    }
    default:
        *go_on = fits(p, s, t, end);
        *next = end;
        return *go_on ? s + 1 : NULL;
    }
}

/* Special forms; false: there is none at `t`. */
static bool match_special(struct pattern *p, const char *s, const char *t, const char **result)
{
    char second = t + 1 < p->text_end ? t[1] : '\0';

    if (*t == '(')
        *result = match_open(p, s, t);
    else if (*t == ')')
        *result = match_close(p, s, t);
    else if (*t == '$' && t + 1 == p->text_end)
        *result = s == p->subject_end ? s : NULL;
    else if (*t == '%' && second == 'f')
        *result = match_border(p, s, t);
    else if (*t == '%' && isdigit((unsigned char)second))
        *result = match_again(p, s, t);
    else
        return false;
    return true;
}

/* The rest of the pattern from `t` on, at `s`. */
static const char *match(struct pattern *p, const char *s, const char *t)
{
    const char *result = NULL;
    bool go_on = true;

    assert(s && t);
    if (p->depth == PATTERN_DEPTH)
        return refuse(p, "pattern too complex");
    p->depth++;
    while (go_on && !stopped(p)) {
        if (t == p->text_end) {
            result = s;
            break;
        }
        if (*t == '%' && t + 1 < p->text_end && t[1] == 'b') {
            result = s = match_balanced(p, s, t);
            go_on = s != NULL;
            t += 4;
        } else if (match_special(p, s, t, &result)) {
            break;
        } else {
            result = match_single(p, s, t, &go_on, &t);
            go_on = go_on && result;
            s = go_on ? result : s;
        }
    }
    p->depth--;
    return stopped(p) ? NULL : result;
}

/* ---- from outside ---- */

const char *pattern_match(struct pattern *p, const char *at)
{
    p->count = 0;
    p->depth = 0;
    return match(p, at, p->text);
}

bool pattern_search(struct pattern *p, const char *at, const char **start, const char **end)
{
    for (; at <= p->subject_end && step(p); at++) {
        *start = at;
        *end = pattern_match(p, at);
        if (*end)
            return true;
        if (p->anchored || stopped(p))
            break;
    }
    return false;
}

const char *pattern_search_plain(struct pattern *p, const char *at)
{
    size_t size = (size_t)(p->text_end - p->text);

    for (; (size_t)(p->subject_end - at) >= size; at++) {
        size_t same = 0;
        while (same < size && at[same] == p->text[same])
            same++;
        p->steps += same;
        if (same == size)
            return at;
        if (!step(p))
            break;
    }
    return NULL;
}

bool pattern_is_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\0' && strchr("^$*+?.([%-", text[i]))
            return false;
    return true;
}
