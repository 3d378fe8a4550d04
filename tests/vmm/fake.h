/*
 * A machine for the monitor's pure parts: RAM in an array, devices and counters that tests
 * read and set, and one VM that is ready to be used.
 */
#ifndef TESTS_VMM_FAKE_H
#define TESTS_VMM_FAKE_H

#include "base/types.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#define FAKE_BASE     0x80000000u
#define FAKE_SIZE     (16u << 20)
#define FAKE_VM_RAM   (2u << 20)
#define FAKE_SECTORS  100u
#define FAKE_OUT_SIZE 4096

/* What the code under test has done to the outside, and what it will find there. */
struct fake {
    uint8_t *ram;
    uint64_t cycle, time;
    uint64_t timer;
    word features;
    unsigned forgotten_pages, forgotten_asids;
    gva last_page;
    word last_asid;
    unsigned reflections;
    const char *routine;
    char out[FAKE_OUT_SIZE]; /* console */
    unsigned out_length;
    char in[64]; /* console input that waits */
    unsigned in_at, in_length;
    uint8_t uart_ier;
    word ports[8]; /* of the disk, last written */
    word disk_status, disk_error, disk_data;
    unsigned words_out;
    word intc_enable;
    const char *message; /* for the record, the last */
    word speaker;        /* whose console output it is */
    const char *command; /* in the mailbox, NULL none */
    unsigned command_at;
    char answer[FAKE_OUT_SIZE];
    unsigned answer_length;
    word answer_status, mailbox_irq;
    void (*vmrun)(struct vcpu *v); /* plays the processor; NULL: no guest runs */
};

/* Starts afresh: all zero, time 1000, empty console. */
struct fake *fake_reset(void);
struct fake *fake(void);

/* A monitor with an allocator over the fake RAM and one VM with FAKE_VM_RAM, reset at RAM_BASE
 * with its trap handler at RAM_BASE + 100h. */
struct vm *fake_vm(struct vmm *vmm);

/* Another one in the same monitor. */
struct vm *fake_vm_more(struct vmm *vmm, const char *name);

word fake_read(struct vm *vm, gpa address);
void fake_write(struct vm *vm, gpa address, word value);

#endif
