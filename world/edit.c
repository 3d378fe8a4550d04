/*
 * What is done from outside: writes to registers, control registers and memory, console input.
 * Between runs it takes effect at once. Inside an event the instruction is half done, so it is
 * checked, noted, and carried out in order at the next boundary, before the machine goes on.
 */
#include "isa/csr.h"
#include "world/history.h"
#include "world/host.h"

#include <stdlib.h>
#include <string.h>

void host_carry_out(struct host *h, const struct host_edit *e)
{
    struct cpu_regs regs;

    switch (e->kind) {
    case EDIT_MEMORY:
        machine_write(h->machine, e->where, e->data, e->size);
        break;
    case EDIT_CSR:
        machine_csr_write(h->machine, e->where, e->value);
        break;
    case EDIT_REG:
        regs = *machine_regs(h->machine);
        if (e->where == HOST_REG_PC)
            regs.pc = e->value;
        else if (e->where != 0)
            regs.x[e->where] = e->value;
        machine_set_regs(h->machine, &regs);
        break;
    case EDIT_INPUT:
        machine_input(h->machine, e->data, e->size);
        break;
    case EDIT_INPUT_END:
        machine_input_end(h->machine);
        break;
    case EDIT_COMMAND:
        machine_command(h->machine, e->data, e->size);
        break;
    }
}

/* The history has to know before and after. */
static void perform(struct host *h, const struct host_edit *e)
{
    history_note(h, e);
    host_carry_out(h, e);
    history_noted(h);
}

/* Takes over e->data. */
static bool ask(struct host *h, struct host_edit e)
{
    if (!h->running) {
        perform(h, &e);
        free(e.data);
        return true;
    }
    if (h->edit_count == h->edit_room) {
        size_t room = h->edit_room ? 2 * h->edit_room : 16;
        struct host_edit *more = realloc(h->edits, room * sizeof *more);

        if (!more) {
            free(e.data);
            return false;
        }
        h->edits = more;
        h->edit_room = room;
    }
    h->edits[h->edit_count++] = e;
    machine_stop(h->machine);
    return true;
}

void host_apply_edits(struct host *h)
{
    for (size_t i = 0; i < h->edit_count; i++)
        perform(h, &h->edits[i]);
    host_drop_edits(h);
}

void host_drop_edits(struct host *h)
{
    for (size_t i = 0; i < h->edit_count; i++)
        free(h->edits[i].data);
    h->edit_count = 0;
}

void host_free_edits(struct host *h)
{
    host_drop_edits(h);
    free(h->edits);
    h->edits = NULL;
    h->edit_room = 0;
}

/* With a copy of the data. */
static bool ask_with(struct host *h, struct host_edit e, const void *data)
{
    if (e.size == 0)
        return true;
    e.data = malloc(e.size);
    if (!e.data)
        return false;
    memcpy(e.data, data, e.size);
    return ask(h, e);
}

bool host_write(struct host *h, hpa address, const void *data, size_t size)
{
    uint32_t ram = machine_config(h->machine)->ram_size;

    if (address < RAM_BASE || size > ram || address - RAM_BASE > ram - size)
        return false;
    return ask_with(h, (struct host_edit){.kind = EDIT_MEMORY, .where = address, .size = size},
                    data);
}

bool host_write_csr(struct host *h, word number, word value)
{
    const struct csr_info *info = csr_info(number);

    if (!info || info->kind == CSR_KIND_COUNTER)
        return false;
    return ask(h, (struct host_edit){.kind = EDIT_CSR, .where = number, .value = value});
}

bool host_write_reg(struct host *h, unsigned x, word value)
{
    if (x > HOST_REG_PC)
        return false;
    return ask(h, (struct host_edit){.kind = EDIT_REG, .where = x, .value = value});
}

void host_input(struct host *h, const void *data, size_t size)
{
    ask_with(h, (struct host_edit){.kind = EDIT_INPUT, .size = size}, data);
}

void host_input_end(struct host *h)
{
    ask(h, (struct host_edit){.kind = EDIT_INPUT_END});
}

/* Bytes of commands that are noted and not yet carried out; `count` is how many they are. */
static size_t commands_noted(const struct host *h, unsigned *count)
{
    size_t bytes = 0;

    *count = 0;
    for (size_t i = 0; i < h->edit_count; i++) {
        if (h->edits[i].kind != EDIT_COMMAND)
            continue;
        bytes += h->edits[i].size + 1;
        ++*count;
    }
    return bytes;
}

unsigned host_command(struct host *h, const char *text)
{
    struct machine_answer a = machine_answer(h->machine);
    unsigned noted;
    size_t size = strlen(text);

    if (size == 0 || commands_noted(h, &noted) + size > a.room ||
        !ask_with(h, (struct host_edit){.kind = EDIT_COMMAND, .size = size}, text))
        return 0;
    return a.answered + a.waiting + noted + 1;
}
