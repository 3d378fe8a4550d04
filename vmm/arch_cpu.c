/*
 * The processor and the board, as the monitor uses them; see arch.h.
 */
#include <stddef.h>

#include "vmm/arch.h"
#include "vmm/lib.h"
#include "vmm/vmm.h"

#include "vmm/vcpu.h"

#undef CAUSE_INTERRUPT /* isa.h and xrings.h name the same numbers in two ways */
#include "xrings.h"

_Static_assert(offsetof(struct vcpu, cb) == 128, "arch_entry.S");
_Static_assert(offsetof(struct vcpu, real_status) == 132, "arch_entry.S");
_Static_assert(offsetof(struct vcpu, real_ptbr) == 136, "arch_entry.S");
_Static_assert(offsetof(struct vcpu, exit_cause) == 140, "arch_entry.S");
_Static_assert(offsetof(struct vcpu, exit_tval) == 144, "arch_entry.S");
_Static_assert(offsetof(struct vcpu, monitor_sp) == 148, "arch_entry.S");
_Static_assert(offsetof(struct vcpu, entered) == 152, "arch_entry.S");
_Static_assert(offsetof(struct vcpu, ran) == 156, "arch_entry.S");
_Static_assert(offsetof(struct vcpu, vmcb) == 160, "arch_entry.S");

#define STATUS_MISTAKE 255u /* power-off status when the monitor itself has failed */

_Noreturn void arch_main(const struct boot_page *boot);
_Noreturn void arch_fault(word cause, word pc, word tval);

_Noreturn void arch_main(const struct boot_page *boot)
{
    struct vmm vmm;

    arch_power_off(vmm_main(&vmm, boot));
}

/* ---- counters, timer, interrupts ---------------------------------------------------------- */

/* The two halves of a counter, read so that no carry falls between them. */
#define READ_PAIR(low, high)                                                                       \
    __extension__({                                                                                \
        word high_, low_;                                                                          \
        do {                                                                                       \
            high_ = csr_read(high);                                                                \
            low_ = csr_read(low);                                                                  \
        } while (high_ != csr_read(high));                                                         \
        (uint64_t) high_ << 32 | low_;                                                             \
    })

uint64_t arch_cycle(void)
{
    return READ_PAIR(CSR_cycle, CSR_cycleh);
}

uint64_t arch_time(void)
{
    return READ_PAIR(CSR_time, CSR_timeh);
}

void arch_open_counters(word bits)
{
    csr_write(CSR_cntren, bits);
}

/* Interrupts are not taken in ring 0, so a moment with half of a new value does no harm. */
void arch_set_timer(uint64_t time)
{
    csr_write(CSR_timecmp, (word)time);
    csr_write(CSR_timecmph, (word)(time >> 32));
}

void arch_wait(void)
{
    wfi();
}

word arch_pending(void)
{
    return csr_read(CSR_ip) & csr_read(CSR_ie);
}

void arch_hold_interrupts(bool hold)
{
    csr_write(CSR_ie, hold ? 0 : ie_ext | ie_timer);
}

/* ---- translation -------------------------------------------------------------------------- */

void arch_forget_page(gva address, word asid)
{
    __asm__ volatile("sfence.vma %0, %1" : : "r"(address), "r"(asid) : "memory");
}

void arch_forget_asid(word asid)
{
    __asm__ volatile("sfence.vma zero, %0" : : "r"(asid) : "memory");
}

word arch_features(void)
{
    return cpuid(1);
}

/* ---- the record --------------------------------------------------------------------------- */

void arch_hint_create(hpa vmcb, hpa gprs, hpa name)
{
    trace_hint(HINT_vm_create, vmcb);
    trace_hint(HINT_vm_gprs, gprs);
    trace_hint(HINT_vm_name, name);
}

void arch_hint_destroy(word vmid)
{
    trace_hint(HINT_vm_destroy, vmid);
}

void arch_hint_enter(word vmid)
{
    trace_hint(HINT_enter, vmid);
}

void arch_hint_reflect(word vmid)
{
    trace_hint(HINT_reflect, vmid);
}

void arch_hint_routine(const char *name)
{
    trace_hint(HINT_routine, name);
}

void arch_hint_refused(enum refused kind, word what)
{
    switch (kind) {
    case REFUSED_MEMORY:
        trace_hint(HINT_refused_memory, what);
        break;
    case REFUSED_PORT:
        trace_hint(HINT_refused_port, what);
        break;
    case REFUSED_HYPERCALL:
        trace_hint(HINT_refused_hypercall, what);
        break;
    case REFUSED_VMCB:
        trace_hint(HINT_refused_vmcb, what);
        break;
    }
}

void arch_hint_translations(hpa counts)
{
    trace_hint(HINT_translations, counts);
}

void arch_hint_unit(hpa unit)
{
    trace_hint(HINT_unit, unit);
}

void arch_hint_message(const char *text)
{
    trace_hint(HINT_message, text);
}

void arch_hint_console(word vmid)
{
    trace_hint(HINT_console, vmid);
}

/* ---- devices ------------------------------------------------------------------------------ */

word arch_port_in(word port)
{
    return pin(port);
}

void arch_port_out(word port, word value)
{
    pout(port, value);
}

uint8_t arch_uart_read(word reg)
{
    return *(volatile uint8_t *)(REGION_uart + reg);
}

void arch_uart_write(word reg, uint8_t value)
{
    *(volatile uint8_t *)(REGION_uart + reg) = value;
}

word arch_intc_read(word offset)
{
    return *(volatile word *)(REGION_intc + offset);
}

void arch_intc_write(word offset, word value)
{
    *(volatile word *)(REGION_intc + offset) = value;
}

word arch_mailbox_read(word offset)
{
    return *(volatile word *)(REGION_mailbox + offset);
}

void arch_mailbox_write(word offset, word value)
{
    *(volatile word *)(REGION_mailbox + offset) = value;
}

/* ---- the end ------------------------------------------------------------------------------ */

_Noreturn void arch_power_off(word status)
{
    for (;;)
        *(volatile word *)REGION_finisher =
            status ? status << 16 | FINISHER_END_FAIL : FINISHER_END_PASS;
}

static void say(const char *s)
{
    while (*s)
        arch_uart_write(UART_DATA, (uint8_t)*s++);
}

static _Noreturn void give_up(const struct line *l)
{
    say("\nvmm: internal error: ");
    say(l->text);
    say("\n");
    arch_power_off(STATUS_MISTAKE);
}

_Noreturn void arch_panic(const char *file, unsigned line, const char *what)
{
    struct line l = {.length = 0};

    line_str(&l, file);
    line_str(&l, ":");
    line_dec(&l, line);
    line_str(&l, ": ");
    line_str(&l, what);
    give_up(&l);
}

_Noreturn void arch_fault(word cause, word pc, word tval)
{
    struct line l = {.length = 0};

    line_str(&l, "trap ");
    line_hex(&l, cause);
    line_str(&l, " at pc ");
    line_hex(&l, pc);
    line_str(&l, ", value ");
    line_hex(&l, tval);
    give_up(&l);
}
