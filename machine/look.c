/*
 * Looking at a machine, and reaching into it between runs. Nothing here lets time pass, and
 * reading changes nothing.
 */
#include <string.h>

#include "base/hash.h"
#include "machine/control.h"
#include "machine/internal.h"
#include "machine/mmu.h"

struct trace *machine_trace(struct machine *m)
{
    return &m->trace;
}
const struct machine_config *machine_config(const struct machine *m)
{
    return &m->config;
}
const struct contexts *machine_contexts(const struct machine *m)
{
    return &m->contexts;
}
enum machine_begun machine_begun(const struct machine *m)
{
    if (m->cpu.announced != cpu_icount(&m->cpu))
        return BEGUN_NOT;
    return m->cpu.waits_input ? BEGUN_WAITS : BEGUN_ANNOUNCED;
}
uint64_t machine_icount(const struct machine *m)
{
    return cpu_icount(&m->cpu);
}
uint64_t machine_instret(const struct machine *m)
{
    return cpu_instret(&m->cpu);
}
uint64_t machine_cycle(const struct machine *m)
{
    return cpu_cycle(&m->cpu);
}
uint64_t machine_slow(const struct machine *m)
{
    return m->cpu.slow;
}
enum machine_state machine_state(const struct machine *m)
{
    return m->state;
}
word machine_status(const struct machine *m)
{
    return m->status;
}
enum machine_shutdown machine_shutdown(const struct machine *m)
{
    return m->shutdown;
}

const char *machine_shutdown_text(enum machine_shutdown why)
{
    static const char *const texts[SHUTDOWN_COUNT] = {
        [SHUTDOWN_NONE] = "not shut down",
#define SHUTDOWN(name, text) [SHUTDOWN_##name] = text,
#include "trace/shutdowns.def"
#undef SHUTDOWN
    };

    return texts[why];
}

/* ---- registers -------------------------------------------------------------------------- */

/* A view that is made when somebody looks; the machine is no constant, only its reader's. */
const struct cpu_regs *machine_regs(const struct machine *m)
{
    struct cpu_regs *view = (struct cpu_regs *)&m->view;

    *view = m->cpu.regs;
    memcpy(view->x, m->cpu.x, sizeof(view->x));
    view->ip = cpu_pending(&m->cpu);
    return view;
}

void machine_set_regs(struct machine *m, const struct cpu_regs *regs)
{
    struct cpu *c = &m->cpu;

    if (c->regs.pc != regs->pc)
        c->announced = NEVER;
    c->entered = NEVER;
    control_set_all(c, regs);
}

bool machine_csr_read(const struct machine *m, word number, word *value)
{
    if (!csr_info(number))
        return false;
    *value = control_get(&m->cpu, number);
    return true;
}

bool machine_csr_write(struct machine *m, word number, word value)
{
    const struct csr_info *csr = csr_info(number);

    if (!csr || csr->kind == CSR_KIND_COUNTER)
        return false;
    control_set(&m->cpu, number, value);
    return true;
}

bool machine_guest(const struct machine *m, struct machine_guest *out)
{
    const struct guest *g = &m->cpu.guest;

    if (!g->inside)
        return false;
    *out = (struct machine_guest){.vmid = (uint16_t)g->vmid, .vmcb = g->vmcb, .host = g->host};
    return true;
}

bool machine_tlb_entry(const struct machine *m, unsigned array, unsigned index,
                       struct machine_tlb_entry *out)
{
    const struct tlb *tlb = &m->cpu.tlb;

    if (array >= ACCESS_COUNT || index > tlb->mask || !tlb->entry[array][index].valid)
        return false;
    const struct tlb_entry *e = &tlb->entry[array][index];
    *out = (struct machine_tlb_entry){
        .page = e->page, .frame = e->frame, .asid = e->asid, .vmid = e->vmid, .level = e->level};
    return true;
}

/* ---- memory ----------------------------------------------------------------------------- */

static bool in_ram(const struct machine *m, hpa address, size_t size)
{
    uint64_t offset = (uint64_t)address - RAM_BASE;

    return address >= RAM_BASE && offset <= m->config.ram_size &&
           size <= m->config.ram_size - offset;
}

bool machine_read(const struct machine *m, hpa address, void *data, size_t size)
{
    if (!in_ram(m, address, size))
        return false;
    memcpy(data, m->ram + (address - RAM_BASE), size);
    return true;
}

bool machine_write(struct machine *m, hpa address, const void *data, size_t size)
{
    if (!in_ram(m, address, size))
        return false;
    if (size == 0)
        return true;
    memcpy(m->ram + (address - RAM_BASE), data, size);
    ram_written(m, address - RAM_BASE, size);
    return true;
}

/* Looking changes nothing in the processor, though an access would. */
bool machine_translate_by(const struct machine *m, word ptbr, gva address, hpa *out)
{
    return mmu_look_by((struct cpu *)&m->cpu, ptbr, address, out);
}

bool machine_translate(const struct machine *m, gva address, hpa *out)
{
    return mmu_look((struct cpu *)&m->cpu, address, out);
}

static bool read_pages(const struct machine *m, gva address, uint8_t *data, size_t size)
{
    while (size > 0) {
        size_t part = PAGE_SIZE - (address & ~PAGE_MASK);
        hpa where;

        if (part > size)
            part = size;
        if (!machine_translate(m, address, &where) || !in_ram(m, where, part))
            return false;
        if (data) {
            machine_read(m, where, data, part);
            data += part;
        }
        address += (gva)part;
        size -= part;
    }
    return true;
}

/* All of it is found before the first byte is given. */
bool machine_read_virtual(const struct machine *m, gva address, void *data, size_t size)
{
    return size <= UINT32_MAX && read_pages(m, address, NULL, size) &&
           read_pages(m, address, data, size);
}

bool machine_disk_read(const struct machine *m, uint32_t lba, void *sector)
{
    return disk_read(&m->devices.disk, lba, sector);
}

/* ---- digests ---------------------------------------------------------------------------- */

/* FNV-1a over a page of zeros is a multiplication by prime^4096. */
static uint64_t hash_zero_page(uint64_t hash)
{
    uint64_t factor = 0x100000001b3;

    for (unsigned i = 0; i < PAGE_SHIFT; i++)
        factor *= factor;
    return hash * factor;
}

static uint64_t hash_ram(const struct machine *m, hpa base, size_t size, uint64_t hash)
{
    const uint8_t *p = m->ram + (base - RAM_BASE);

    for (; size >= PAGE_SIZE; p += PAGE_SIZE, size -= PAGE_SIZE)
        hash = page_is_zero(p) ? hash_zero_page(hash) : hash_bytes(hash, p, PAGE_SIZE);
    return hash_bytes(hash, p, size);
}

static uint64_t hash_number(uint64_t hash, uint64_t n)
{
    return hash_bytes(hash, &n, sizeof(n));
}

static uint64_t hash_tlb(const struct tlb *tlb, uint64_t hash)
{
    for (unsigned kind = 0; kind < ACCESS_COUNT; kind++) {
        for (unsigned i = 0; i <= tlb->mask; i++) {
            const struct tlb_entry *e = &tlb->entry[kind][i];
            if (!e->valid)
                continue;
            hash = hash_number(hash, (uint64_t)kind << 32 | i);
            hash = hash_number(hash, (uint64_t)e->page << 32 | e->frame);
            hash = hash_number(hash, (uint64_t)e->vmid << 32 | e->asid << 8 | e->level);
        }
    }
    return hash;
}

/* What is not in the VMCB, or no longer. */
static uint64_t hash_guest(const struct guest *g, uint64_t hash)
{
    const word words[] = {g->rs1,       g->wires,       g->virtual_ip,     g->icept_insn,
                          g->io_map,    g->icept_cause, g->icept_csr_read, g->icept_csr_write,
                          g->nptbr,     g->vmid,        g->vmcb,           g->event,
                          g->event_tval};

    if (!g->inside)
        return hash;
    hash = hash_bytes(hash, words, sizeof words);
    hash = hash_number(hash, g->time_offset);
    hash = hash_number(hash, g->instret_offset);
    return hash_bytes(hash, &g->host, sizeof g->host);
}

static uint64_t hash_cpu(const struct machine *m, uint64_t hash)
{
    const struct cpu *c = &m->cpu;

    hash = hash_bytes(hash, machine_regs(m), sizeof(struct cpu_regs));
    hash = hash_number(hash, cpu_icount(c));
    hash = hash_number(hash, cpu_cycle(c));
    hash = hash_number(hash, c->not_retired);
    hash = hash_number(hash, c->entered);
    hash = hash_guest(&c->guest, hash);
    return hash_tlb(&c->tlb, hash);
}

uint64_t machine_digest(const struct machine *m)
{
    uint64_t hash = hash_cpu(m, HASH_START);

    hash = hash_number(hash, (uint64_t)m->state << 32 | (uint64_t)m->shutdown);
    hash = hash_number(hash, (uint64_t)m->status << 32 | m->input_ended);
    hash = hash_ram(m, RAM_BASE, m->config.ram_size, hash);
    return devices_digest(&m->devices, hash);
}

uint64_t machine_ram_digest(const struct machine *m, hpa base, size_t size)
{
    return in_ram(m, base, size) ? hash_ram(m, base, size, HASH_START) : 0;
}

uint64_t machine_disk_digest(const struct machine *m)
{
    return disk_digest(&m->devices.disk, HASH_START);
}
