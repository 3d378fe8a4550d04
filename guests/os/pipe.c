/*
 * Pipes. A page each. No interrupt handler uses them, and the kernel is not preempted, so
 * only the sleeps below are places where another process can come in between.
 */
#include "guests/os/pipe.h"

#include "guests/abi.h"
#include "guests/os/arch.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"
#include "guests/os/vm.h"

#define PIPE_SIZE 2048u /* a power of two; with the rest it fits into a page */

struct pipe {
    bool open[2];    /* by enum pipe_end */
    word head, tail; /* they only grow: bytes read and bytes written */
    char data[PIPE_SIZE];
};

struct pipe *pipe_new(void)
{
    struct pipe *p = page_new();

    if (p)
        p->open[PIPE_READER] = p->open[PIPE_WRITER] = true;
    return p;
}

void pipe_close(struct pipe *p, enum pipe_end end)
{
    p->open[end] = false;
    if (p->open[PIPE_READER] || p->open[PIPE_WRITER])
        sched_wake(p);
    else
        page_free(p);
}

static void wait_for_change(const struct pipe *p)
{
    word irq = irq_save();

    sched_sleep(p, TIMER_NEVER);
    irq_restore(irq);
}

static word smaller(word a, word b)
{
    return a < b ? a : b;
}

int pipe_read(struct pipe *p, struct space *s, word address, word size)
{
    while (p->head == p->tail && p->open[PIPE_WRITER])
        wait_for_change(p);
    word at = p->head % PIPE_SIZE;
    word count = smaller(size, smaller(p->tail - p->head, PIPE_SIZE - at));
    if (!space_write(s, address, &p->data[at], count))
        return -ERROR_bad_address;
    p->head += count;
    sched_wake(p);
    return (int)count;
}

int pipe_write(struct pipe *p, struct space *s, word address, word size)
{
    for (word done = 0; done < size;) {
        while (p->tail - p->head == PIPE_SIZE && p->open[PIPE_READER])
            wait_for_change(p);
        if (!p->open[PIPE_READER])
            return -ERROR_broken_pipe;
        word at = p->tail % PIPE_SIZE;
        word room = smaller(PIPE_SIZE - (p->tail - p->head), PIPE_SIZE - at);
        word count = smaller(size - done, room);
        if (!space_read(s, &p->data[at], address + done, count))
            return -ERROR_bad_address;
        p->tail += count;
        done += count;
        sched_wake(p);
    }
    return (int)size;
}
