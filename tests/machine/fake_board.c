/* A board for testing one device by itself; see fake_board.h. */
#include "tests/machine/fake_board.h"

#include <check.h>

static uint64_t now(void *owner)
{
    return ((struct fake_board *)owner)->now;
}

static void set_alarm(void *owner, struct alarm *a, uint64_t at)
{
    schedule_set(&((struct fake_board *)owner)->schedule, a, at);
}

static void emit(void *owner, enum event_kind kind, word tval, word a, word b)
{
    struct fake_board *f = owner;

    ck_assert_uint_lt(f->event_count, FAKE_EVENTS_MAX);
    f->events[f->event_count++] =
        (struct event){.kind = (uint16_t)kind, .cycle = f->now, .tval = tval, .a = a, .b = b};
}

static void halt(void *owner, word status)
{
    struct fake_board *f = owner;

    f->halted = true;
    f->status = status;
}

static void external(void *owner, bool level)
{
    struct fake_board *f = owner;

    f->external = level;
    f->external_changes++;
}

static void set_line(void *owner, unsigned line, bool level)
{
    struct fake_board *f = owner;

    (void)line;
    f->line = level;
    f->line_sets++;
}

void fake_board_init(struct fake_board *f)
{
    *f = (struct fake_board){.board = {f, now, set_alarm, emit, halt, external}};
    schedule_init(&f->schedule);
}

struct irq fake_board_line(struct fake_board *f)
{
    return (struct irq){set_line, f, 1};
}

void fake_board_pass(struct fake_board *f, uint64_t cycles)
{
    f->now += cycles;
    schedule_run(&f->schedule, f->now);
}

void run_steps(struct fake_board *f, struct device *d, const struct step *steps, size_t count)
{
    unsigned width = d->ops->widths & -d->ops->widths;

    for (size_t i = 0; i < count; i++) {
        const struct step *s = &steps[i];

        switch (s->op) {
        case STEP_WRITE:
            d->ops->write(d, s->offset, width, s->value);
            break;
        case STEP_READ: {
            word got = d->ops->read(d, s->offset, width);
            ck_assert_msg(got == s->value, "step %zu: register %u is %#x, not %#x: %s", i,
                          s->offset, got, s->value, s->why);
            break;
        }
        case STEP_LINE:
            ck_assert_msg(f->line == (s->value != 0), "step %zu: line is %d: %s", i, f->line,
                          s->why);
            break;
        case STEP_PASS:
            fake_board_pass(f, s->value);
            break;
        }
    }
}
