/*
 * forkwait [N]: N (20) times, starts a process that ends at once, and waits for it. Between two
 * marks of the record, so that its cost can be read off the machine (guests/micro/micro.def).
 */
#include "guests/user/arguments.h"
#include "xrings.h"

int main(int argc, char **argv)
{
    static const char *const child[] = {"forkwait", "0", NULL};
    unsigned count = argument_number(argc, argv, 1, 20);

    if (count == 0)
        return 0;
    trace_hint(HINT_mark, count);
    for (unsigned i = 0; i < count; i++) {
        int pid = spawn(child[0], child, STDIN, STDOUT), status;
        if (pid < 0 || wait(pid, &status) != pid || status != 0) {
            print_to(STDERR, "forkwait: child %u went wrong\n", i + 1);
            return 1;
        }
    }
    trace_hint(HINT_mark, 0);
    return 0;
}
