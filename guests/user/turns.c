/*
 * turns [N] [NAME]: N (3) lines, and behind each it lets somebody else run: two of them
 * (`turns 3 a & turns 3 b`) take turns without the timer's help, unlike `spin`.
 */
#include "guests/user/arguments.h"

int main(int argc, char **argv)
{
    unsigned lines = argument_number(argc, argv, 1, 3);

    for (unsigned i = 1; i <= lines; i++) {
        printf("%s: %u of %u\n", argc > 2 ? argv[2] : "turns", i, lines);
        yield();
    }
    return 0;
}
