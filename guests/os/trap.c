/*
 * Who answers a trap.
 *
 *   from a user program: a system call is carried out; a page fault on the heap or the
 *     stack gets its page; every other exception ends the program, and the rest goes on
 *   from the kernel: only interrupts are expected; an exception is a mistake of the
 *     kernel's own, and the end
 */
#include "guests/os/trap.h"

#include "guests/os/arch.h"
#include "guests/os/intc.h"
#include "guests/os/layout.h"
#include "guests/os/printk.h"
#include "guests/os/proc.h"
#include "guests/os/sched.h"
#include "guests/os/syscall.h"

/* What tval holds for a cause: the words of causes.def. */
enum tval_kind { ZERO, ADDR, INSN, PC };

static const struct {
    const char *text;
    enum tval_kind tval;
} causes[] = {
#define CAUSE(name, code, tval, text) [code] = {text, tval},
#include "isa/causes.def"
};

static const char *text_of(word cause)
{
    return cause < COUNT_OF(causes) && causes[cause].text ? causes[cause].text : "unknown trap";
}

static _Noreturn void kill(const struct trap_frame *f, const char *why)
{
    const struct proc *p = sched_running();
    enum tval_kind kind = f->cause < COUNT_OF(causes) ? causes[f->cause].tval : ZERO;

    printk("%s[%d] killed at %08x: %s", p->name, p->pid, f->epc, why);
    if (kind == ADDR)
        printk(" (address %08x)", f->tval);
    if (kind == INSN)
        printk(" (instruction %08x)", f->tval);
    printk("\n");
    proc_exit(STATUS_KILLED | (int)f->cause);
}

static void page_fault(const struct trap_frame *f)
{
    switch (space_demand(&sched_running()->space, f->tval)) {
    case SPACE_MAPPED:
        return;
    case SPACE_NO_MEMORY:
        kill(f, "no memory is left");
    case SPACE_NOT_THERE:
        if (f->tval >= STACK_BASE - STACK_GUARD_SIZE && f->tval < STACK_BASE)
            kill(f, "stack overflow");
        kill(f, text_of(f->cause));
    }
}

static void user_exception(struct trap_frame *f)
{
    switch (f->cause) {
    case CAUSE_ecall_ring3:
        syscall_handle(f);
        break;
    case CAUSE_load_page:
    case CAUSE_store_page:
        page_fault(f);
        break;
    default:
        kill(f, text_of(f->cause));
    }
}

static void interrupt(word cause)
{
    switch (cause) {
    case CAUSE_INTERRUPT | INTERRUPT_external:
        intc_handle();
        break;
    case CAUSE_INTERRUPT | INTERRUPT_timer:
        sched_timer();
        break;
    default:
        panic("an interrupt that nobody enabled, cause %08x", cause);
    }
}

void trap_handle(struct trap_frame *frame)
{
    bool from_user = (frame->status & status_pring) != 0;

    if (frame->cause & CAUSE_INTERRUPT)
        interrupt(frame->cause);
    else if (from_user)
        user_exception(frame);
    else
        panic("%s in the kernel at %08x, tval %08x", text_of(frame->cause), frame->epc,
              frame->tval);
    if (from_user)
        sched_preempt();
}
