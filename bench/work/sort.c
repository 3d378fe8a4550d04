/* A sieve over 4 MiB, then quicksort of a million words: memory beyond the TLB's reach. */
#include <stdint.h>

#define LIMIT (4u << 20)
#define COUNT (1u << 20)

static uint8_t composite[LIMIT];
static uint32_t values[COUNT];

static uint32_t sieve(void)
{
    uint32_t primes = 0;

    for (uint32_t i = 2; i < LIMIT; i++) {
        if (composite[i])
            continue;
        primes++;
        for (uint32_t k = i * 2; k < LIMIT; k += i)
            composite[k] = 1;
    }
    return primes;
}

static void sort(uint32_t *low, uint32_t *high)
{
    while (low < high) {
        uint32_t pivot = low[(high - low) / 2];
        uint32_t *i = low, *j = high;
        while (i <= j) {
            while (*i < pivot)
                i++;
            while (*j > pivot)
                j--;
            if (i <= j) {
                uint32_t t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        sort(low, j);
        low = i;
    }
}

int main(void)
{
    uint32_t x = 1;

    if (sieve() != 295947)
        return 1;
    for (uint32_t i = 0; i < COUNT; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        values[i] = x;
    }
    sort(values, values + COUNT - 1);
    for (uint32_t i = 1; i < COUNT; i++)
        if (values[i - 1] > values[i])
            return 2;
    return 0;
}
