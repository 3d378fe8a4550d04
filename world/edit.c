/*
 * Writes from outside: registers, control registers, memory. Between runs they take effect at
 * once. Inside an event the instruction is half done, so they are checked, noted, and carried
 * out in order at the next boundary, before the machine goes on.
 */
#include "isa/csr.h"
#include "world/host.h"

#include <stdlib.h>
#include <string.h>

static void carry_out(struct host *h, const struct host_edit *e)
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
    }
}

/* Takes over e->data. */
static bool ask(struct host *h, struct host_edit e)
{
    if (!h->running) {
        carry_out(h, &e);
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
    for (size_t i = 0; i < h->edit_count; i++) {
        carry_out(h, &h->edits[i]);
        free(h->edits[i].data);
    }
    h->edit_count = 0;
}

void host_free_edits(struct host *h)
{
    for (size_t i = 0; i < h->edit_count; i++)
        free(h->edits[i].data);
    free(h->edits);
    h->edits = NULL;
    h->edit_count = h->edit_room = 0;
}

bool host_write(struct host *h, hpa address, const void *data, size_t size)
{
    uint32_t ram = machine_config(h->machine)->ram_size;

    if (address < RAM_BASE || size > ram || address - RAM_BASE > ram - size)
        return false;
    if (!h->running)
        return machine_write(h->machine, address, data, size);
    struct host_edit e = {.kind = EDIT_MEMORY, .where = address, .size = size};
    e.data = malloc(size ? size : 1);
    if (!e.data)
        return false;
    memcpy(e.data, data, size);
    return ask(h, e);
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
