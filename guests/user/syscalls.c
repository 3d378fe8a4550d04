/*
 * syscalls [N]: N (1000) times the shortest system call there is. Nearly all of its time
 * goes into traps.
 */
#include "guests/user/arguments.h"

int main(int argc, char **argv)
{
    unsigned count = argument_number(argc, argv, 1, 1000), wrong = 0;
    int pid = getpid();

    for (unsigned i = 0; i < count; i++)
        wrong += getpid() != pid;
    if (wrong) {
        printf("%u of %u system calls gave a wrong answer\n", wrong, count);
        return 1;
    }
    printf("%u system calls\n", count);
    return 0;
}
