/* A trap before there is a handler: the machine stops and says why. */
# shutdown: no_vector
#include "tests/programs/program.h"

_start:
    say     "about to trap"             # expect: about to trap
    lw      a0, 1(x0)
    say     "not reached"
