/* The fake machine; see fake.h. */
#include "tests/vmm/fake.h"

#include <stdlib.h>
#include <string.h>

#include "vmm/arch.h"
#include "vmm/phys.h"
#include "vmm/platform.h"
#include "vmm/technique.h"

static struct fake state;

struct fake *fake(void)
{
    return &state;
}

struct fake *fake_reset(void)
{
    free(state.ram);
    state = (struct fake){.ram = calloc(1, FAKE_SIZE), .time = 1000, .cycle = 5000, .features = 1};
    return &state;
}

struct vm *fake_vm(struct vmm *vmm)
{
    fake_reset();
    *vmm = (struct vmm){.vm_count = 0};
    if (!alloc_init(&vmm->alloc, FAKE_BASE, FAKE_SIZE, FAKE_BASE + 0x1000))
        abort();
    sched_init(vmm);
    return fake_vm_more(vmm, "test");
}

struct vm *fake_vm_more(struct vmm *vmm, const char *name)
{
    word id = ++vmm->vm_slots;
    hpa frame, vmcb;

    vmm->vm_count++;
    if (!alloc_frame_zero(&vmm->alloc, id, FRAME_VM, &frame) ||
        !alloc_frame_zero(&vmm->alloc, id, FRAME_VMCB, &vmcb))
        abort();
    struct vm *vm = phys_ptr(frame);
    vm->vmm = vmm;
    vm->id = id;
    strcpy(vm->name, name);
    vm->technique = &technique_full;
    vm->vcpu.vm = vm;
    vm->vcpu.cb = vm->vcpu.home = phys_ptr(vmcb);
    vm->map.vm = vm;
    if (!p2m_init(&vm->map, &vmm->alloc, id) || !p2m_populate(&vm->map, RAM_BASE, FAKE_VM_RAM) ||
        !shadow_init(&vm->shadow, &vmm->alloc, id, &vm->map))
        abort();
    vmm->vms[id - 1] = vm;
    sched_admit(vm, SCHED_WEIGHT, 0);
    vata_init(vm, FAKE_SECTORS);
    vcpu_reset(&vm->vcpu, RAM_BASE, RAM_BASE + 0x1000);
    vm->vcpu.cb->tvec = RAM_BASE + 0x100;
    return vm;
}

word fake_read(struct vm *vm, gpa address)
{
    word value = 0;

    if (!p2m_read(&vm->map, address, &value, sizeof value))
        abort();
    return value;
}

void fake_write(struct vm *vm, gpa address, word value)
{
    if (!p2m_write(&vm->map, address, &value, sizeof value))
        abort();
}

/* ---- phys.h ------------------------------------------------------------------------------- */

void *phys_ptr(hpa address)
{
    if (address - FAKE_BASE >= FAKE_SIZE)
        arch_panic(__FILE__, __LINE__, "an address outside RAM");
    return state.ram + (address - FAKE_BASE);
}

hpa phys_of(const void *pointer)
{
    return (hpa)((const uint8_t *)pointer - state.ram) + FAKE_BASE;
}

/* ---- arch.h ------------------------------------------------------------------------------- */

/* Unit tests do not run guests. */
void arch_enter(struct vcpu *v)
{
    (void)v;
    abort();
}

void arch_enter_assist(struct vcpu *v)
{
    if (!state.vmrun)
        abort();
    state.vmrun(v);
}

uint64_t arch_cycle(void)
{
    return state.cycle;
}

uint64_t arch_time(void)
{
    return state.time;
}

void arch_open_counters(word bits)
{
    (void)bits;
}

void arch_set_timer(uint64_t time)
{
    state.timer = time;
}

void arch_wait(void)
{
}

word arch_pending(void)
{
    return 0;
}

void arch_hold_interrupts(bool hold)
{
    (void)hold;
}

void arch_forget_page(gva address, word asid)
{
    state.forgotten_pages++;
    state.last_page = address;
    state.last_asid = asid;
}

void arch_forget_asid(word asid)
{
    state.forgotten_asids++;
    state.last_asid = asid;
}

word arch_features(void)
{
    return state.features;
}

void arch_hint_create(hpa vmcb, hpa gprs, hpa name)
{
    (void)vmcb, (void)gprs, (void)name;
}

void arch_hint_destroy(word vmid)
{
    (void)vmid;
}

void arch_hint_enter(word vmid)
{
    (void)vmid;
}

void arch_hint_reflect(word vmid)
{
    (void)vmid;
    state.reflections++;
}

void arch_hint_routine(const char *name)
{
    state.routine = name;
}

void arch_hint_message(const char *text)
{
    state.message = text;
}

void arch_hint_console(word vmid)
{
    state.speaker = vmid;
}

void arch_hint_refused(enum refused kind, word what)
{
    (void)kind, (void)what;
}

void arch_hint_translations(hpa counts)
{
    (void)counts;
}

void arch_hint_unit(hpa unit)
{
    (void)unit;
}

word arch_port_in(word port)
{
    switch (port - PORT_ata) {
    case 0:
        return state.disk_data++ & 0xffff;
    case 1:
        return state.disk_error;
    case 7:
        return state.disk_status;
    default:
        return state.ports[(port - PORT_ata) & 7];
    }
}

void arch_port_out(word port, word value)
{
    if (port == PORT_ata)
        state.words_out++;
    state.ports[(port - PORT_ata) & 7] = value;
}

uint8_t arch_uart_read(word reg)
{
    bool waits = state.in_at < state.in_length;

    if (reg == 5)
        return waits;
    return reg == 0 && waits ? (uint8_t)state.in[state.in_at++] : 0;
}

void arch_uart_write(word reg, uint8_t value)
{
    if (reg == 1)
        state.uart_ier = value;
    else if (reg == 0 && state.out_length + 1 < FAKE_OUT_SIZE)
        state.out[state.out_length++] = (char)value;
}

word arch_intc_read(word offset)
{
    (void)offset;
    return 0;
}

void arch_intc_write(word offset, word value)
{
    if (offset == 4)
        state.intc_enable = value;
}

/* A command is what is in `command`; its answer collects in `answer`. */
word arch_mailbox_read(word offset)
{
    if (offset == MAILBOX_STATUS)
        return state.command ? MAILBOX_STATUS_COMMAND : 0;
    if (offset == MAILBOX_DATA && state.command && state.command[state.command_at])
        return (uint8_t)state.command[state.command_at++];
    return 0;
}

void arch_mailbox_write(word offset, word value)
{
    if (offset == MAILBOX_DATA && state.answer_length + 1 < FAKE_OUT_SIZE)
        state.answer[state.answer_length++] = (char)value;
    else if (offset == MAILBOX_IRQ)
        state.mailbox_irq = value;
    else if (offset == MAILBOX_STATUS) {
        state.answer_status = value;
        state.command = NULL;
    }
}

_Noreturn void arch_power_off(word status)
{
    (void)status;
    abort();
}

_Noreturn void arch_panic(const char *file, unsigned line, const char *what)
{
    (void)file, (void)line, (void)what;
    abort();
}
