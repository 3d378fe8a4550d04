/*
 * A rig for machine tests: one machine, words put at addresses, events collected.
 *
 *   struct rig r;
 *   rig_init(&r, rig_config());
 *   rig_put(&r, R(add, A0, A1, A2));          placed at CODE, CODE + 4, ...
 *   rig_x(&r, A1, 5);
 *   rig_run(&r, 1);
 *   ck_assert_uint_eq(rig_regs(&r)->x[A0], 5);
 *   rig_fini(&r);
 *
 * A rig starts in ring 0, bare, at CODE, with tvec = VECTOR, where an endless loop stands, and
 * with timecmp at its largest value, so that no timer interrupt is pending.
 * TRAPEZE_HARD in the environment (make check HARD=1) makes rig_config ask for a TLB of one
 * entry, and rig_run take a snapshot and restore it after each run.
 */
#ifndef TESTS_MACHINE_HARNESS_H
#define TESTS_MACHINE_HARNESS_H

#include "isa/csr.h"
#include "isa/insn.h"
#include "isa/paging.h"
#include "machine/machine.h"

#include <check.h>

/* Where tests put things: offsets are free choices, all inside the 1 MiB of rig_config. */
#define CODE        (RAM_BASE + 0x1000)
#define VECTOR      (RAM_BASE + 0x2000)
#define DATA        (RAM_BASE + 0x4000)
#define ROOT        (RAM_BASE + 0x10000) /* root page table */
#define TABLE       (RAM_BASE + 0x11000) /* a table of the second level */
#define OTHER_ROOT  (RAM_BASE + 0x12000)
#define OTHER_TABLE (RAM_BASE + 0x13000)
#define NOWHERE     0x40000000u /* no RAM, no device */

enum rig_register { ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5, A6, A7 };

#define RIG_EVENTS 4096

struct rig {
    struct machine *m;
    word at; /* where rig_put writes next */
    struct trace_subscriber subscriber;
    struct event events[RIG_EVENTS]; /* the first ones; `event_count` goes on counting */
    unsigned event_count;
};

/* 1 MiB of RAM, the default otherwise; see above for TRAPEZE_HARD. */
struct machine_config rig_config(void);
bool rig_hard(void);

void rig_init(struct rig *r, struct machine_config config);
/* Registers as after rig_init, and writing at CODE again; memory, TLB and counters stay. Building
 * a machine is slow where every allocation is checked, so long tables use one. */
void rig_restart(struct rig *r);
void rig_fini(struct rig *r);

void rig_put(struct rig *r, word bits);
void rig_put_at(struct rig *r, hpa address, word bits);
word rig_word(const struct rig *r, hpa address);

const struct cpu_regs *rig_regs(const struct rig *r);
void rig_x(struct rig *r, unsigned n, word value);
void rig_pc(struct rig *r, word pc);
void rig_ring(struct rig *r, unsigned ring);
/* By number; the counters read through the same door. */
word rig_csr(const struct rig *r, word number);
void rig_set_csr(struct rig *r, word number, word value);

/* Runs exactly `steps` steps: anything else fails the test. */
void rig_run(struct rig *r, uint64_t steps);
/* Forgets collected events and collects those of `mask` from now on. */
void rig_listen(struct rig *r, uint32_t mask);
/* The nth event of a kind, NULL when there were fewer. */
const struct event *rig_event(const struct rig *r, enum event_kind kind, unsigned nth);

/* The last trap was `cause` with `tval` at `epc`, the handler is about to run in ring 0. */
void rig_expect_trap(const struct rig *r, word cause, word tval, word epc);
/* No trap: pc is where it should be. */
void rig_expect_pc(const struct rig *r, word pc);

/* Page tables. A root with every entry clear; identity for the superpage of RAM (PL 3, all rights). */
void rig_clear_page(struct rig *r, hpa page);
void rig_map_ram(struct rig *r, hpa root);
/* A 4 KiB page under `root` through the second-level table `table`. */
void rig_map(struct rig *r, hpa root, hpa table, gva va, word entry);
word rig_ptbr(hpa root, unsigned asid);

/* One access by one instruction at CODE in the current mode and ring; T0 and T1 are used. False
 * when it trapped. A fetch jumps to the address and runs what is there. */
bool rig_load(struct rig *r, gva address, word *value);
bool rig_store(struct rig *r, gva address, word value);
bool rig_fetch(struct rig *r, gva address);
/* Runs one instruction at CODE in ring 0, whatever the ring is now. */
void rig_do(struct rig *r, word bits);

/* Encoding; a field that does not fit fails the test. */
word rig_encode(struct insn i);

#define R(op, d, s, t) rig_encode((struct insn){.id = INSN_##op, .rd = (d), .rs1 = (s), .rs2 = (t)})
#define I(op, d, s, value)                                                                         \
    rig_encode((struct insn){.id = INSN_##op, .rd = (d), .rs1 = (s), .imm = (value)})
#define LOAD(op, d, offset, s) I(op, d, s, offset)
#define STORE(op, t, offset, s)                                                                    \
    rig_encode((struct insn){.id = INSN_##op, .rs1 = (s), .rs2 = (t), .imm = (offset)})
#define BRANCH(op, s, t, offset) STORE(op, t, offset, s)
#define UPPER(op, d, value)                                                                        \
    rig_encode((struct insn){.id = INSN_##op, .rd = (d), .imm = (int32_t)(value)})
#define JAL(d, offset) UPPER(jal, d, offset)
#define CSRR(op, d, number, s)                                                                     \
    rig_encode((struct insn){.id = INSN_##op, .rd = (d), .csr = (number), .rs1 = (s)})
#define CSRI(op, d, number, value)                                                                 \
    rig_encode((struct insn){.id = INSN_##op, .rd = (d), .csr = (number), .imm = (value)})
#define PLAIN(op)       rig_encode((struct insn){.id = INSN_##op})
#define TRACE(s, value) I(trace, 0, s, value)

#endif
