/*
 * relay [N]: N (100) programs one after the other in a single process. Each checks that it
 * began with fresh memory, and becomes the next with exec; what one hands to the next are
 * arguments and open descriptors, nothing else.
 */
#include "guests/user/arguments.h"

static unsigned baton[2048]; /* a fresh program finds zeros in it */

static bool is_fresh(void)
{
    unsigned left = 0;

    for (unsigned i = 0; i < sizeof baton / sizeof baton[0]; i++) {
        left |= baton[i];
        baton[i] = i + 1;
    }
    return left == 0;
}

int main(int argc, char **argv)
{
    unsigned count = argument_number(argc, argv, 1, 100);
    unsigned runner = argument_number(argc, argv, 2, 1);
    unsigned first = argument_number(argc, argv, 3, (unsigned)getpid());
    char words[3][12];
    const char *const next[] = {argv[0], words[0], words[1], words[2], NULL};

    if (!is_fresh() || (unsigned)getpid() != first) {
        printf("relay: number %u has the memory or the process of another\n", runner);
        return 1;
    }
    if (runner >= count) {
        printf("%u programs, one process\n", runner);
        return 0;
    }
    snprintf(words[0], sizeof words[0], "%u", count);
    snprintf(words[1], sizeof words[1], "%u", runner + 1);
    snprintf(words[2], sizeof words[2], "%u", first);
    print_to(STDERR, "relay: %s\n", error_text(exec(argv[0], next)));
    return 1;
}
