/*
 * Near names; see suggest.h. The distance is optimal string alignment: the table of
 * Levenshtein, three rows of it at a time, with a swap of neighbours as one edit.
 */
#include "base/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

static unsigned smallest(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static int lower(char c)
{
    return tolower((unsigned char)c) & UCHAR_MAX;
}

static size_t bounded(const char *s)
{
    size_t n = strlen(s);

    return n < SUGGEST_LENGTH ? n : SUGGEST_LENGTH;
}

unsigned suggest_distance(const char *a, const char *b)
{
    unsigned rows[3][SUGGEST_LENGTH + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    size_t la = bounded(a), lb = bounded(b);

    for (size_t j = 0; j <= lb; j++)
        above[j] = before[j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned change = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

            row[j] = smallest(change, smallest(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = smallest(row[j], before[j - 2] + 1);
        }
        unsigned *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[lb];
}

/* Of words of one length: letters in another order, so that a swap is what happened. */
static bool same_letters(const char *a, const char *b)
{
    int counts[UCHAR_MAX + 1] = {0};

    for (; *a && *b; a++, b++) {
        counts[lower(*a)]++;
        counts[lower(*b)]--;
    }
    for (size_t i = 0; i <= UCHAR_MAX; i++)
        if (counts[i])
            return false;
    return true;
}

/* Of as many edits, the likelier slip first: two letters swapped, a letter lost, a letter changed, a
 * letter too many. */
static unsigned unlikeliness(const char *word, size_t length, const char *name, size_t other)
{
    if (other != length)
        return other > length ? 1 : 3;
    return same_letters(word, name) ? 0 : 2;
}

struct suggest suggest_for(const char *word)
{
    return (struct suggest){.word = word};
}

void suggest_offer(struct suggest *s, const char *name)
{
    size_t length = bounded(s->word), other = bounded(name);
    size_t near = length / 3 + 1; /* one edit in three letters is a slip, more another word */

    if (other > length + near || length > other + near) /* spares the table */
        return;
    unsigned edits = suggest_distance(s->word, name);
    if (edits > near || edits >= length || edits >= other) /* nothing in common is no likeness */
        return;
    unsigned distance = 4 * edits + unlikeliness(s->word, length, name, other);
    if (!s->best || distance < s->distance) {
        s->best = name;
        s->distance = distance;
    }
}

const char *suggest_best(const struct suggest *s)
{
    return s->best;
}

void suggest_add(const struct suggest *s, struct text *out)
{
    if (s->best)
        text_add(out, "; did you mean \"%s\"?", s->best);
}
