/*
 * Numbers that look random.
 */
#include "guests/lib/random.h"

unsigned random_draw(unsigned *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}
