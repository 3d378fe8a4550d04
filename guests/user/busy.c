/*
 * busy [RUN SLEEP]: works, and never ends. With two numbers: works for RUN milliseconds by the
 * clock, sleeps for SLEEP, again and again.
 */
#include "guests/user/arguments.h"

#define ROUNDS 100u /* between two looks at the clock */

static void work(void)
{
    volatile unsigned done = 0;

    for (unsigned i = 0; i < ROUNDS; i++)
        done = done + 1;
}

int main(int argc, char **argv)
{
    unsigned run = argument_number(argc, argv, 1, 0), pause = argument_number(argc, argv, 2, 0);

    while (run == 0)
        work();
    for (;;) {
        unsigned begun = uptime();
        while (uptime() - begun < run)
            work();
        sleep(pause);
    }
}
