/*
 * cat [FILE...]: prints files, or what it reads when none is named.
 */
#include "guests/lib/stdio.h"
#include "guests/lib/syscalls.h"

static int copy(int fd)
{
    char data[512];
    int got;

    while ((got = read(fd, data, sizeof data)) > 0)
        if (write(STDOUT, data, (unsigned)got) < 0)
            return 1;
    return got < 0;
}

int main(int argc, char **argv)
{
    int status = 0;

    if (argc == 1)
        return copy(STDIN);
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i]);
        if (fd < 0) {
            print_to(STDERR, "cat: %s: %s\n", argv[i], error_text(fd));
            status = 1;
            continue;
        }
        status |= copy(fd);
        close(fd);
    }
    return status;
}
