/*
 * Finisher: ends the machine's run.
 *
 *   offset   read   write (words only)
 *   0        0      5555h                    power off, status 0
 *                   (code << 16) + 3333h     power off, status code
 *                   anything else            ignored
 *
 * It has no state: what was written is the machine's state.
 */
#include "machine/finisher.h"

#include "isa/devices.h"

static word read_register(struct device *d, word offset, unsigned width)
{
    (void)d, (void)offset, (void)width;
    return 0;
}

static void write_register(struct device *d, word offset, unsigned width, word value)
{
    (void)offset, (void)width;
    if (value == FINISHER_END_PASS)
        d->board->halt(d->board->owner, 0);
    else if ((value & 0xffff) == FINISHER_END_FAIL)
        d->board->halt(d->board->owner, value >> 16);
}

static void reset(struct device *d)
{
    (void)d;
}

static const struct device_ops ops = {
    .name = "finisher",
    .widths = 4,
    .size = 4,
    .read = read_register,
    .write = write_register,
    .reset = reset,
};

void finisher_init(struct finisher *f, const struct board *board)
{
    *f = (struct finisher){.device = {.ops = &ops, .board = board}};
}
