/*
 * ls: the files there are; programs are marked with *.
 */
#include "guests/lib/stdio.h"
#include "guests/lib/syscalls.h"

int main(void)
{
    struct file_info info;

    for (unsigned i = 0; list(i, &info) == 0; i++)
        printf("%8u %s%s\n", info.size, info.name, info.is_program ? "*" : "");
    return 0;
}
