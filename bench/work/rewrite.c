/* A function that is written again before each call: `li a0, n; ret` with n counting up. */
#include <stdint.h>

#define TIMES 200000

static uint32_t code[2];

int main(void)
{
    for (uint32_t i = 0; i < TIMES; i++) {
        uint32_t n = i % 2048;
        code[0] = n << 20 | 0x513;
        code[1] = 0x8067;
        __asm__ volatile("fence.i" ::: "memory");
        if (((uint32_t(*)(void))(uintptr_t)code)() != n)
            return 1;
    }
    return 0;
}
