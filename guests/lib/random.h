/*
 * Numbers that look random and are the same in every run.
 */
#ifndef GUESTS_LIB_RANDOM_H
#define GUESTS_LIB_RANDOM_H

/* The next number; *state must not be 0, and never becomes it (Marsaglia's xorshift). */
unsigned random_draw(unsigned *state);

#endif
