/*
 * queens [N]: in how many ways N (8) queens stand on a board of N x N so that none attacks another:
 * computing, and nothing else.
 */
#include "guests/user/arguments.h"

/* Rows are filled from the first; each word says which columns are taken or attacked there. */
static unsigned place(unsigned all, unsigned columns, unsigned left, unsigned right)
{
    unsigned ways = 0;

    if (columns == all)
        return 1;
    for (unsigned free = all & ~(columns | left | right); free; free &= free - 1) {
        unsigned queen = free & -free;
        ways += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
    }
    return ways;
}

int main(int argc, char **argv)
{
    unsigned n = argument_number(argc, argv, 1, 8);

    if (n < 1 || n > 16) {
        print_to(STDERR, "queens: give a number from 1 to 16\n");
        return 1;
    }
    printf("%u queens stand in %u ways\n", n, place((1u << n) - 1, 0, 0, 0));
    return 0;
}
