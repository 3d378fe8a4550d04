/*
 * "Did you mean": the nearest of the names that would have been right.
 *
 *   struct suggest s = suggest_for("adid");
 *   for each valid name: suggest_offer(&s, name);
 *   suggest_best(&s)  ->  "addi", or NULL when nothing is near
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include "base/text.h"

struct suggest {
    const char *word;
    const char *best;
    unsigned distance; /* edits from word to best; more than is near means no answer */
};

struct suggest suggest_for(const char *word);
/* Of equally near names the likelier slip wins (letters swapped, then one lost, changed, too many),
 * then the first offered. The name must outlive the answer. */
void suggest_offer(struct suggest *s, const char *name);
const char *suggest_best(const struct suggest *s);

/* Appends `; did you mean "NAME"?` when there is one. */
void suggest_add(const struct suggest *s, struct text *out);

/*
 * Edits that turn `a` into `b`: a letter put in, left out, changed, or swapped with its
 * neighbour; case does not count. Names longer than SUGGEST_LENGTH are compared by their start.
 */
#define SUGGEST_LENGTH 63
unsigned suggest_distance(const char *a, const char *b);

#endif
