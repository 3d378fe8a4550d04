/* Eight MiB read word by word, each from another page than the last: every load misses a TLB that
 * has fewer entries than there are pages. */
#include <stdint.h>

#define PAGES  2048
#define PAGE   4096
#define ROUNDS 500

static volatile uint32_t memory[PAGES][PAGE / sizeof(uint32_t)];

int main(void)
{
    uint32_t sum = 0;

    for (uint32_t round = 0; round < ROUNDS; round++)
        for (uint32_t page = 0; page < PAGES; page++)
            sum += memory[page][round];
    return sum == 0 ? 0 : 1;
}
