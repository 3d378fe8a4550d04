/*
 * A board for testing one device by itself: a clock that the test moves, one interrupt line,
 * and a record of what the device did. Most tests are rows of steps.
 */
#ifndef TESTS_MACHINE_FAKE_BOARD_H
#define TESTS_MACHINE_FAKE_BOARD_H

#include "machine/bus.h"
#include "machine/schedule.h"

#define FAKE_EVENTS_MAX 4096

struct fake_board {
    struct board board;
    struct schedule schedule;
    uint64_t now;
    struct event events[FAKE_EVENTS_MAX];
    unsigned event_count;
    bool line;          /* level of the device's interrupt line */
    unsigned line_sets; /* times it was set to anything */
    bool external;
    unsigned external_changes;
    bool halted;
    word status;
};

void fake_board_init(struct fake_board *f);
struct irq fake_board_line(struct fake_board *f);

/* Moves the clock and rings what is due. */
void fake_board_pass(struct fake_board *f, uint64_t cycles);

enum step_op {
    STEP_WRITE, /* value to register */
    STEP_READ,  /* register gives value */
    STEP_LINE,  /* the line has level value */
    STEP_PASS,  /* value cycles pass */
};

struct step {
    enum step_op op;
    word offset, value;
    const char *why;
};

#define WRITE(offset, value, why)                                                                  \
    {                                                                                              \
        STEP_WRITE, offset, value, why                                                             \
    }
#define READ(offset, value, why)                                                                   \
    {                                                                                              \
        STEP_READ, offset, value, why                                                              \
    }
#define LINE(value, why)                                                                           \
    {                                                                                              \
        STEP_LINE, 0, value, why                                                                   \
    }
#define PASS(cycles, why)                                                                          \
    {                                                                                              \
        STEP_PASS, 0, cycles, why                                                                  \
    }

/* Accesses have the least width that the device allows. */
void run_steps(struct fake_board *f, struct device *d, const struct step *steps, size_t count);

#endif
