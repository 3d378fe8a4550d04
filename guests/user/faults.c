/*
 * faults [N]: N (100) page faults. The heap grows by some pages, which the kernel gives only
 * when they are touched, one fault each; then it shrinks, so that the same addresses fault
 * again. Each page must come as zeros, and keep what is written to it.
 */
#include "guests/user/arguments.h"

#define PAGE  4096u
#define ROUND 16u /* pages */

static unsigned touch(volatile unsigned *page, unsigned value)
{
    unsigned was = page[0] | page[PAGE / 4 - 1];

    page[0] = value;
    return was;
}

/* Returns how many pages were not as they should be. */
static unsigned one_round(unsigned pages, unsigned first)
{
    unsigned wrong = 0;
    char *base = sbrk((int)(pages * PAGE));

    for (unsigned i = 0; i < pages; i++)
        wrong += touch((unsigned *)(void *)(base + i * PAGE), first + i) != 0;
    for (unsigned i = 0; i < pages; i++)
        wrong += *(unsigned *)(void *)(base + i * PAGE) != first + i;
    sbrk(-(int)(pages * PAGE));
    return wrong;
}

static unsigned my_faults(void)
{
    struct process_info list[32];
    int count = processes(list, sizeof list / sizeof list[0]), self = getpid();

    for (int i = 0; i < count; i++)
        if (list[i].pid == self)
            return list[i].faults;
    return 0;
}

int main(int argc, char **argv)
{
    unsigned count = argument_number(argc, argv, 1, 100), wrong = 0;
    unsigned before = my_faults();

    for (unsigned done = 0; done < count; done += ROUND)
        wrong += one_round(count - done < ROUND ? count - done : ROUND, done + 1);
    unsigned faults = my_faults() - before;
    if (wrong || faults != count) {
        printf("%u pages were wrong, %u faults instead of %u\n", wrong, faults, count);
        return 1;
    }
    printf("%u page faults\n", faults);
    return 0;
}
