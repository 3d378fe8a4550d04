/*
 * hoard [KIB [MILLISECONDS [KEY]]]: takes so much memory (1024), fills it with numbers, keeps it for a
 * while (0), and looks whether every number is still there. The numbers come from the key (its
 * process number): the same key, the same pages.
 */
#include "guests/user/arguments.h"

#define PAGE 4096u

/* No two pages have the same. */
static unsigned number(unsigned key, unsigned page, unsigned i)
{
    return (page * 2654435761u) ^ (i * 40503u) ^ key;
}

static unsigned check(const unsigned *base, unsigned pages, unsigned key)
{
    unsigned wrong = 0;

    for (unsigned p = 0; p < pages; p++)
        for (unsigned i = 0; i < PAGE / 4; i += 8)
            wrong += base[p * (PAGE / 4) + i] != number(key, p, i);
    return wrong;
}

int main(int argc, char **argv)
{
    unsigned kib = argument_number(argc, argv, 1, 1024), pages = (kib * 1024 + PAGE - 1) / PAGE;
    unsigned key = argument_number(argc, argv, 3, (unsigned)getpid()) << 24;
    unsigned *base = sbrk((int)(pages * PAGE));

    if ((unsigned)base >= 0u - PAGE) { /* an error is a small negative number */
        print_to(STDERR, "hoard: there are no %u KiB\n", kib);
        return 1;
    }
    for (unsigned p = 0; p < pages; p++)
        for (unsigned i = 0; i < PAGE / 4; i += 8)
            base[p * (PAGE / 4) + i] = number(key, p, i);
    sleep(argument_number(argc, argv, 2, 0));
    unsigned wrong = check(base, pages, key);
    printf("%u KiB, %u numbers wrong\n", kib, wrong);
    return wrong != 0;
}
