/*
 * Interrupt controller: which device wants attention, lowest line first.
 *
 *   offset        read                                 write (words only)
 *   0 PENDING     levels of the lines, bit = line      ignored
 *   4 ENABLE      which lines count                    the same, bit 0 stays 0
 *   8 CLAIM       the lowest line that is pending,     that line is done with
 *                 enabled and not in service, which
 *                 goes into service; 0: none
 *
 * The wire to the processor (ip bit 11) is a level: high while a line is pending, enabled and
 * not in service. A line that is still high when it is completed is pending again.
 */
#include "machine/intc.h"

#include <assert.h>

#include "isa/devices.h"

/* The lines that ask for service. */
static word asking(const struct intc *c)
{
    return c->regs.pending & c->regs.enable & ~c->regs.in_service;
}

static void update_output(struct intc *c)
{
    word level = asking(c) != 0;

    if (level == c->regs.output)
        return;
    c->regs.output = level;
    c->device.board->external(c->device.board->owner, level != 0);
}

static void set_line(void *owner, unsigned line, bool level)
{
    struct intc *c = owner;
    word bit = 1u << line;

    if (level == ((c->regs.pending & bit) != 0))
        return;
    c->regs.pending ^= bit;
    c->device.board->emit(c->device.board->owner, EVENT_irq, 0, line, level);
    update_output(c);
}

struct irq intc_line(struct intc *c, unsigned line)
{
    assert(line > 0 && line < INTC_LINES);
    return (struct irq){set_line, c, line};
}

static word claim(struct intc *c)
{
    for (unsigned line = 1; line < INTC_LINES; line++) {
        if (asking(c) >> line & 1) {
            c->regs.in_service |= 1u << line;
            update_output(c);
            return line;
        }
    }
    return 0;
}

static word read_register(struct device *d, word offset, unsigned width)
{
    struct intc *c = (struct intc *)d;

    (void)width;
    switch (offset) {
    case INTC_PENDING:
        return c->regs.pending;
    case INTC_ENABLE:
        return c->regs.enable;
    default:
        return claim(c);
    }
}

static void write_register(struct device *d, word offset, unsigned width, word value)
{
    struct intc *c = (struct intc *)d;

    (void)width;
    if (offset == INTC_ENABLE)
        c->regs.enable = value & ~1u;
    else if (offset == INTC_CLAIM && value < INTC_LINES)
        c->regs.in_service &= ~(1u << value);
    update_output(c);
}

/* The devices are reset before it and have lowered their lines. */
static void reset(struct device *d)
{
    struct intc *c = (struct intc *)d;

    c->regs = (struct intc_regs){.output = c->regs.output};
    update_output(c);
}

static const struct device_ops ops = {
    .name = "intc",
    .widths = 4,
    .size = 12,
    .read = read_register,
    .write = write_register,
    .reset = reset,
};

void intc_init(struct intc *c, const struct board *board)
{
    *c = (struct intc){.device = {&ops, board, &c->regs, sizeof c->regs}};
}
