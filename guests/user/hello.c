/*
 * hello [NAME...]: the smallest program, and what its arguments are.
 */
#include "guests/lib/stdio.h"
#include "guests/lib/syscalls.h"

int main(int argc, char **argv)
{
    if (argc == 1)
        printf("Hello from process %d, ring 3.\n", getpid());
    for (int i = 1; i < argc; i++)
        printf("Hello, %s.\n", argv[i]);
    return 0;
}
