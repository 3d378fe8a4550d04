/*
 * Lua's patterns (manual 6.4.1) with a bound: matching can take time exponential in the length
 * of the pattern, in C, where the interpreter counts no instructions. This matcher counts its
 * steps and stops.
 */
#ifndef SCRIPT_PATTERN_H
#define SCRIPT_PATTERN_H

#include "base/types.h"

#define PATTERN_CAPTURES 32
#define PATTERN_DEPTH    200 /* calls inside each other: bounds the stack */

/* What a capture holds when it is not a length. */
#define CAPTURE_OPEN     (-1)
#define CAPTURE_POSITION (-2)

struct pattern {
    const char *subject, *subject_end;
    const char *text, *text_end; /* of the pattern, without a leading ^ */
    bool anchored;
    unsigned count; /* captures so far */
    struct {
        const char *start;
        ptrdiff_t length;
    } captures[PATTERN_CAPTURES];
    unsigned depth;
    uint64_t steps, allowed; /* steps stop at allowed */
    const char *error;       /* what is wrong with the pattern; NULL: nothing */
    bool exhausted;
};

void pattern_init(struct pattern *p, const char *subject, size_t subject_size, const char *text,
                  size_t text_size, uint64_t allowed);

/* Matches at exactly `at`: the end of the match, or NULL: none, or error, or exhausted. */
const char *pattern_match(struct pattern *p, const char *at);

/* The first match at or after `at`: its beginning and end. */
bool pattern_search(struct pattern *p, const char *at, const char **start, const char **end);

/* The first place of the plain text at or after `at`, NULL: none, or exhausted. */
const char *pattern_search_plain(struct pattern *p, const char *at);

/* No magic characters: the pattern means itself. */
bool pattern_is_plain(const char *text, size_t size);

#endif
