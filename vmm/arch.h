/*
 * The processor and the board under the monitor: everything that needs an instruction of the
 * machine or the address of a real device. arch_cpu.c and arch_entry.S implement it; unit
 * tests bring their own. Nothing else in vmm/ touches hardware.
 */
#ifndef VMM_ARCH_H
#define VMM_ARCH_H

#include "vmm/types.h"

struct vcpu;

/* Loads the guest's real ring, table and registers and runs it until its next trap, which is
 * then described by exit_cause, exit_tval, the VMCB's pc and the registers. */
void arch_enter(struct vcpu *v);

/* The same by vmrun with the VMCB at v->vmcb: until its next exit, which is described there. Of
 * the general registers a0 is in the VMCB (rs1). */
void arch_enter_assist(struct vcpu *v);

/* Counters of the real machine. */
uint64_t arch_cycle(void);
uint64_t arch_time(void);

/* Which counters other rings may read, bits as in cntren; the monitor opens none. */
void arch_open_counters(word bits);

/* Next timer interrupt, ARCH_NEVER for none. */
#define ARCH_NEVER UINT64_MAX
void arch_set_timer(uint64_t time);

/* Sleeps until an interrupt is pending; it is not taken. */
void arch_wait(void);
/* The pending interrupts, bits as in ip. */
word arch_pending(void);

/* While they are held the guest runs on whatever is pending. */
void arch_hold_interrupts(bool hold);

/* Forgets translations of one address space number: a page of it, or all. */
void arch_forget_page(gva address, word asid);
void arch_forget_asid(word asid);

/* Feature word of this machine, cpuid leaf 1. */
word arch_features(void);
/* What the record is told (isa/hints.def). */
void arch_hint_create(hpa vmcb, hpa gprs, hpa name);
void arch_hint_destroy(word vmid);
void arch_hint_enter(word vmid);
void arch_hint_reflect(word vmid);
void arch_hint_routine(const char *name);
void arch_hint_translations(hpa counts);
void arch_hint_unit(hpa unit);
/* A text for the record, NUL-terminated. */
void arch_hint_message(const char *text);
/* The console output from here on is this VM's; 0: the monitor's. */
void arch_hint_console(word vmid);
/* The running VM tried to reach what it was not given. */
enum refused { REFUSED_MEMORY, REFUSED_PORT, REFUSED_HYPERCALL, REFUSED_VMCB };
void arch_hint_refused(enum refused kind, word what);

/* Real devices. */
word arch_port_in(word port);
void arch_port_out(word port, word value);
uint8_t arch_uart_read(word reg);
void arch_uart_write(word reg, uint8_t value);
word arch_intc_read(word offset);
void arch_intc_write(word offset, word value);
word arch_mailbox_read(word offset);
void arch_mailbox_write(word offset, word value);

/* Ends everything. */
_Noreturn void arch_power_off(word status);
/* Our own mistake: says so on the console and powers off. */
_Noreturn void arch_panic(const char *file, unsigned line, const char *what);

#define vmm_assert(condition)                                                                      \
    ((condition) ? (void)0 : arch_panic(__FILE__, (unsigned)__LINE__, #condition))

#endif
