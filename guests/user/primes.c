/*
 * primes [N]: counts the primes up to N (1000) with the sieve of Eratosthenes: computing
 * and memory, hardly a system call.
 */
#include "guests/lib/malloc.h"
#include "guests/user/arguments.h"

static unsigned sieve(char *composite, unsigned limit, unsigned *largest)
{
    unsigned count = 0;

    memset(composite, 0, limit + 1);
    for (unsigned i = 2; i <= limit; i++) {
        if (composite[i])
            continue;
        count++;
        *largest = i;
        for (unsigned j = 2 * i; j <= limit; j += i)
            composite[j] = 1;
    }
    return count;
}

int main(int argc, char **argv)
{
    unsigned limit = argument_number(argc, argv, 1, 1000), largest = 0;
    char *composite = limit < 0x10000000 ? malloc(limit + 1) : NULL;

    if (!composite) {
        print_to(STDERR, "primes: %u is too much for the memory\n", limit);
        return 1;
    }
    unsigned count = sieve(composite, limit, &largest);
    printf("%u primes up to %u", count, limit);
    if (count)
        printf(", the largest is %u", largest);
    printf("\n");
    free(composite);
    return 0;
}
