/*
 * ps: what runs.
 */
#include "guests/lib/stdio.h"
#include "guests/lib/syscalls.h"

static const char *const states[] = {
    [PROCESS_READY] = "ready",
    [PROCESS_RUNNING] = "running",
    [PROCESS_WAITING] = "waiting",
    [PROCESS_ENDED] = "ended",
};

int main(void)
{
    struct process_info list[32];
    int count = processes(list, sizeof list / sizeof list[0]);

    printf("PID PARENT STATE   PAGES FAULTS MILLISECONDS NAME\n");
    for (int i = 0; i < count; i++)
        printf("%3d %6d %-7s %5u %6u %12u %s\n", list[i].pid, list[i].parent, states[list[i].state],
               list[i].pages, list[i].faults, list[i].milliseconds, list[i].name);
    return 0;
}
