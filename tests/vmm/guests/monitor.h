/* A kernel that uses hardware assist: what its two parts share (monitor.c). */
#ifndef TESTS_VMM_GUESTS_MONITOR_H
#define TESTS_VMM_GUESTS_MONITOR_H

#include "tests/vmm/guests/kernel.h"

#define COUNT(x)   (sizeof(x) / sizeof((x)[0]))
#define ADDRESS(p) ((word)(uintptr_t)(p))

/* The VMCB, and its words by name. */
extern word vmcb[PT_ENTRIES];
#define W(name) vmcb[VMCB_##name / 4]

/* A VMCB for a guest at `code` in `ring` that has everything to itself. */
void fresh(const void *code, word ring);
/* Runs it, and prints what the host and its VMCB have then. */
void go(const char *name);

/* Half of the time nothing, else any of the bits. */
word some(word bits);
word random_word(void);
/* By the number on the command line. */
void random_seed(const struct boot_page *boot);

/* Of monitor_paging.c. */
void own_leaves(const struct boot_page *boot);
void own_roots(const struct boot_page *boot);
void nested_rights(const struct boot_page *boot);
void nested_walks(const struct boot_page *boot);
void nested_flushes(const struct boot_page *boot);
void nested_random(const struct boot_page *boot);

#endif
