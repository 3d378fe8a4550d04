/*
 * wild [N]: N (1000) system calls with arguments that no honest program would give, drawn at
 * random but the same in every run. The kernel may refuse them or carry them out; it must
 * not fall, and this program must live to tell.
 */
#include "guests/lib/random.h"
#include "guests/user/arguments.h"

static unsigned own[1024]; /* the one good address */

static int call(unsigned number, const unsigned *a)
{
    register unsigned a0 __asm__("a0") = a[0];
    register unsigned a1 __asm__("a1") = a[1];
    register unsigned a2 __asm__("a2") = a[2];
    register unsigned a3 __asm__("a3") = a[3];
    register unsigned a7 __asm__("a7") = number;

    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a7) : "memory");
    return (int)a0;
}

enum {
#define SYSCALL(number, name, result, parameters, meaning) CALL_##name = (number),
#include "guests/syscalls.def"
#undef SYSCALL
    CALLS, /* one more than the last */
};

/* These would end the program, wait for somebody, or write to console and disk in earnest. */
static bool is_harmful(unsigned number, const unsigned *a)
{
    switch (number) {
    case CALL_exit:
    case CALL_sleep:
    case CALL_disk_write:
        return true;
    case CALL_read:
    case CALL_write:
    case CALL_close:
        return a[0] <= STDERR;
    case CALL_pipe: /* one that nobody but this program can fill: reading it never ends */
        return a[0] == (unsigned)own;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    const unsigned words[] = {
        0,          1,          2,          3,          7,          31,
        0x1000,     0x3ffffffe, 0x40000000, 0x50000001, 0x7fefffff, 0x7ffffffd,
        0x7fffffff, 0x80000000, 0x90000000, 0xfffffffc, 0xffffffff, (unsigned)own,
    };
    unsigned count = argument_number(argc, argv, 1, 1000), seed = 1, refused = 0, done = 0;

    open("motd");
    while (done < count) {
        unsigned number = random_draw(&seed) % (CALLS + 2), a[4];
        for (unsigned i = 0; i < 4; i++)
            a[i] = words[random_draw(&seed) % (sizeof words / sizeof words[0])];
        if (is_harmful(number, a))
            continue;
        refused += call(number, a) < 0;
        done++;
    }
    printf("%u wild calls, %u of them refused\n", done, refused);
    return 0;
}
