/*
 * spin [N] [NAME]: N (3) lines, and between them much work and no system call: several of
 * them at once (`spin 3 a & spin 3 b`) show that the timer takes the processor away.
 */
#include "guests/user/arguments.h"

#define WORK 200000u /* rounds of a loop: a few slices */

int main(int argc, char **argv)
{
    unsigned lines = argument_number(argc, argv, 1, 3);
    volatile unsigned done = 0;

    for (unsigned i = 1; i <= lines; i++) {
        for (unsigned round = 0; round < WORK; round++)
            done = done + 1;
        printf("%s: %u of %u\n", argc > 2 ? argv[2] : "spin", i, lines);
    }
    return 0;
}
