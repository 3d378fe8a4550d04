/*
 * ls: the files there are; programs are marked with *.
 */
#include "guests/lib/stdio.h"
#include "guests/lib/syscalls.h"

int main(void)
{
    struct file_info info;
    int error;

    for (unsigned i = 0; (error = list(i, &info)) == 0; i++)
        printf("%8u %s%s\n", info.size, info.name, info.is_program ? "*" : "");
    if (error == -ERROR_not_found) /* the end of the directory */
        return 0;
    print_to(STDERR, "ls: %s\n", error_text(error));
    return 1;
}
