/*
 * Runs a kernel on a bare machine, or under the monitor on a simulated one, and collects what
 * can be compared: console, disk, the guest's memory at its end.
 */
#ifndef TESTS_VMM_RUN_H
#define TESTS_VMM_RUN_H

#include "machine/machine.h"

#define RUN_RAM         (8u << 20)  /* of the guest, bare or virtual */
#define RUN_VMS         65          /* numbers of VMs, from 1 */
#define RUN_HOST        (64u << 20) /* of the machine under the monitor */

#define GUEST_OS        "build/guest/os.elf"
#define GUEST_PROGRAMS  "build/guest/programs.pack"
#define GUEST_VMM       "build/guest/vmm.elf"
#define GUEST_CONFORM   "build/guest/tests/vmm/conform.elf"
#define GUEST_HOSTILE   "build/guest/hostile.elf"
#define GUEST_TRANSLATE "build/guest/tests/vmm/translate.elf"
#define GUEST_MISBEHAVE "build/guest/tests/vmm/misbehave.elf"
#define GUEST_MONITOR   "build/guest/tests/vmm/monitor.elf"

struct run_module {
    const char *name, *path;
};

struct run_request {
    const char *program;
    const char *cmdline;
    const struct run_module *modules; /* ends with a NULL name; may be NULL */
    const char *const *lines;         /* typed one by one, each when the machine waits for input */
    const char *disk;                 /* image, NULL for none */
    uint32_t ram;
    uint32_t tlb;          /* 0: default */
    uint32_t divider;      /* of the cycles into time, 0: default */
    bool classic, vt, npt; /* the machine's variant */
    uint64_t steps;
};

struct run_result {
    enum machine_stop stop;
    word status;
    char *console;  /* what guests wrote */
    char *messages; /* lines of the monitor, without "vmm: " */
    uint64_t disk;  /* digest */
    uint8_t *ram;   /* of the guest (of the last one) at its end, RUN_RAM bytes */
    bool intact;    /* the program's read-only segments are as they were loaded */
    uint64_t cycles, exits, holes;
    uint64_t longest;      /* cycles from an exit to the next entry */
    uint64_t ran[RUN_VMS]; /* cycles inside each VM, by its number */
    uint64_t had[RUN_VMS]; /* and from each entry to the next: with the monitor's work for it */
    uint64_t had_then[RUN_VMS]; /* the same when the VM that was created last ended */
};

/* Asserts what is no part of the question: files, loading. */
struct run_result run(const struct run_request *request);
void run_free(struct run_result *r);
/* Fails with the line in which two texts first differ, of each its first characters. */
void run_check_text(const char *bare, const char *virtual, const char *what);

#endif
