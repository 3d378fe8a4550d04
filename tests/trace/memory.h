/*
 * A machine's RAM for tests of what looks into it: VMs nested to any depth, all laid out alike.
 *
 * Every context has its RAM at 8000_0000, and its parent maps it MEMORY_UNIT higher in its own:
 * what context n of a chain calls A lies at A + n units really. In the parent's eyes a
 * VM's table is at VM_TABLE, its VMCB at VM_VMCB, its name at VM_NAME.
 */
#ifndef TESTS_TRACE_MEMORY_H
#define TESTS_TRACE_MEMORY_H

#include "trace/context.h"

#define MEMORY_BASE 0x80000000u
#define MEMORY_UNIT 0x20000u
#define MEMORY_SIZE (8 * MEMORY_UNIT)
#define VM_TABLE    0x80010000u
#define VM_VMCB     0x80012000u
#define VM_NAME     0x80013000u

struct memory {
    word words[MEMORY_SIZE / 4];
    unsigned reads;
};

struct memory *memory_new(void);
bool memory_read(void *memory, hpa address, word *value);

/* In the eyes of software at `level`. */
void memory_put(struct memory *m, unsigned level, gpa address, word value);
void memory_put_text(struct memory *m, unsigned level, gpa address, const char *text);

/* What a monitor at `level` prepares for a VM of its own. */
void memory_make_vm(struct memory *m, unsigned level, word vmid, const char *name);

/* The same, said in hints by the running context, and entered: the next trap by tret goes on. */
void memory_start_vm(struct memory *m, struct contexts *c, word vmid, const char *name);

#endif
