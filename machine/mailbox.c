/*
 * Management mailbox: commands from outside the machine, answered by its software. Word registers.
 *
 *   offset      read                                   write
 *   0  STATUS   bit 0: a command waits                 the command at hand is answered, with this
 *                                                      status: 0 well; the next one is at hand
 *   4  DATA     its next byte, 0 behind the last       a byte of the answer
 *   8  IRQ      bit 0: the line is enabled             the same
 *
 *     commands  |pause a\0list\0...     |      at: next byte read       used
 *     answer    |ok ...                 |      written; the last one stays readable from outside
 *
 * The line is a level: high while enabled and a command waits. A command that came is at hand
 * until it is answered, also when nothing was written. Only texts pass: no NUL inside.
 */
#include "machine/mailbox.h"

#include "isa/devices.h"

#include <string.h>

static void update_irq(const struct mailbox *b)
{
    irq_set(&b->irq, b->regs.irq && b->regs.used > 0);
}

/* Bytes of the command at hand, without its NUL; 0 when there is none. */
static uint32_t length(const struct mailbox_regs *r)
{
    return r->used ? (uint32_t)strlen((const char *)r->commands) : 0;
}

static word next_byte(struct mailbox_regs *r)
{
    return r->at < length(r) ? r->commands[r->at++] : 0;
}

static void finish(struct mailbox *b, word status)
{
    struct mailbox_regs *r = &b->regs;

    if (r->used == 0)
        return;
    uint32_t gone = length(r) + 1;
    r->used -= gone;
    memmove(r->commands, r->commands + gone, r->used);
    memset(r->commands + r->used, 0, gone);
    r->at = 0;
    memset(r->answer + r->written, 0, sizeof r->answer - r->written);
    r->length = r->written;
    r->written = 0;
    r->status = status;
    r->answered++;
    b->device.board->emit(b->device.board->owner, EVENT_mailbox, 0, status, 0);
}

static word read_register(struct device *d, word offset, unsigned width)
{
    struct mailbox *b = (struct mailbox *)d;

    (void)width;
    switch (offset) {
    case MAILBOX_STATUS:
        return b->regs.used ? MAILBOX_STATUS_COMMAND : 0;
    case MAILBOX_DATA:
        return next_byte(&b->regs);
    default:
        return b->regs.irq;
    }
}

static void write_register(struct device *d, word offset, unsigned width, word value)
{
    struct mailbox *b = (struct mailbox *)d;

    (void)width;
    switch (offset) {
    case MAILBOX_STATUS:
        finish(b, value);
        break;
    case MAILBOX_DATA:
        if (b->regs.used && b->regs.written < MAILBOX_ANSWER)
            b->regs.answer[b->regs.written++] = (uint8_t)value;
        break;
    default:
        b->regs.irq = value & MAILBOX_IRQ_ENABLE;
        break;
    }
    update_irq(b);
}

static void reset(struct device *d)
{
    struct mailbox *b = (struct mailbox *)d;

    b->regs = (struct mailbox_regs){0};
    update_irq(b);
}

static const struct device_ops ops = {
    .name = "mailbox",
    .widths = 4,
    .size = 12,
    .read = read_register,
    .write = write_register,
    .reset = reset,
};

void mailbox_init(struct mailbox *b, const struct board *board, struct irq irq)
{
    *b = (struct mailbox){.device = {&ops, board, &b->regs, sizeof b->regs}, .irq = irq};
}

bool mailbox_command(struct mailbox *b, const void *text, size_t size)
{
    struct mailbox_regs *r = &b->regs;

    if (size == 0 || r->used + size + 1 > MAILBOX_COMMANDS || memchr(text, '\0', size))
        return false;
    b->device.board->emit(b->device.board->owner, EVENT_mailbox, 0, (word)size, 1);
    memcpy(r->commands + r->used, text, size);
    r->commands[r->used + size] = '\0';
    r->used += (uint32_t)size + 1;
    update_irq(b);
    return true;
}

unsigned mailbox_waiting(const struct mailbox *b)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < b->regs.used; i++)
        n += b->regs.commands[i] == '\0';
    return n;
}

bool mailbox_command_raises(const struct mailbox *b)
{
    return b->regs.irq != 0;
}
