/*
 * Small programs as words, put straight into a host's memory: for tests that need a machine
 * that does something known, to the instruction.
 */
#ifndef TESTS_WORLD_PROGRAMS_H
#define TESTS_WORLD_PROGRAMS_H

#include "world/world.h"

/*
 * Prints "hi\n" (steps 3, 5 and 7 are the stores), counts a0 from 0 to 5 in a loop, powers off
 * with status 7. It has halted after PRINT_STEPS.
 */
#define PRINT_STEPS 22
void program_print(struct host *h);

/*
 * A monitor in miniature. It publishes a VM (vmid 9, page at 80003000, registers at 80004000,
 * name "guest" at 80004100), enters it in ring 1 at 80002000 after VM_ENTRY_STEPS steps; the
 * guest sets a0 = 66 and reads `status`, which traps to the monitor. The monitor saves t0,
 * says which routine answers ("csr", at 80004110), puts 77 into the guest's a0, and loops.
 */
#define VM_ENTRY_STEPS 16
#define VM_PAGE        0x80003000u
#define VM_GPRS        0x80004000u
#define VM_CODE        0x80002000u
void program_vm(struct host *h);

/* A world with one host "m" of 1 MiB; both in *w. Asserts. */
struct host *program_host(struct world **w);

#endif
