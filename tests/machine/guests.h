/*
 * A rig with hardware assist: a host whose vmrun stands at CODE and names S0, which holds the
 * address of the VMCB; a guest at GUEST in ring 0, bare, with an endless loop as its handler; the
 * VMCB valid, with nothing intercepted but what must be.
 *
 *   struct rig r;
 *   guests_init(&r);
 *   rig_put_at(&r, GUEST, PLAIN(wfi));
 *   guests_set(&r, VMCB_icept_insn, FORCED | 1u << INTERCEPT_wfi);
 *   rig_run(&r, 2);
 *   guests_expect_exit(&r, INTERCEPT_wfi, 0, 0);
 */
#ifndef TESTS_MACHINE_GUESTS_H
#define TESTS_MACHINE_GUESTS_H

#include "isa/vmcb.h"
#include "tests/machine/harness.h"

#define GUEST        (RAM_BASE + 0x20000)
#define GUEST_VECTOR (RAM_BASE + 0x21000)
#define CONTROL      (RAM_BASE + 0x22000) /* the VMCB */
#define IO_MAP       (RAM_BASE + 0x24000)
#define FORCED       (1u << INTERCEPT_hcall | 1u << INTERCEPT_vmrun)

struct machine_config guests_config(void);
void guests_init(struct rig *r);
void guests_init_with(struct rig *r, struct machine_config config);
/* The VMCB as after guests_init, and the host before its vmrun. */
void guests_restart(struct rig *r);

void guests_set(struct rig *r, word offset, word value);
word guests_get(const struct rig *r, word offset);

/* In root mode behind the vmrun, after an exit with this code. */
void guests_expect_exit(const struct rig *r, word code, word info1, word info2);
/* Goes back to the vmrun and runs `steps` steps from there. */
void guests_again(struct rig *r, unsigned steps);

#endif
