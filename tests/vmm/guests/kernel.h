/* What the test kernels share: attempts (start.S), the console, page tables. */
#ifndef TESTS_VMM_GUESTS_KERNEL_H
#define TESTS_VMM_GUESTS_KERNEL_H

#include <stdint.h>

#include "isa/boot.h"
#include "isa/paging.h"
#include "xrings.h"

typedef uint32_t word;

struct attempt {
    word cause, tval, epc, status;
    word value; /* a0 at the trap */
};

/* status: PRING is the ring to run in, PIE and PTF as it shall have IE and TF. */
void attempt(word status, const void *code, word a0, word a1, struct attempt *out);
extern const char done[], trapped[];

/* Code for attempts, without a stack: what it leaves in a0 is the value. */
#define CODE(name, text)                                                                           \
    __attribute__((naked)) static void name(void)                                                  \
    {                                                                                              \
        __asm__ volatile(text "\n ret");                                                           \
    }

#define IN_RING(ring) ((word)(ring) << status_pring_SHIFT)

struct kernel_case {
    const char *name;
    void (*run)(const struct boot_page *boot);
};

void put_text(const char *s);
void put_hex(word value);
/* name: cause tval epc-relative-to-code status value */
void put_attempt(const char *name, const void *code, const struct attempt *a);

/* Runs the case that the command line names; status 2 when there is none. `digest` before it has
 * only a digest of the text printed: the console is what takes time in deep nesting. */
int run_case(const struct kernel_case *cases, unsigned count, const struct boot_page *boot);

/* A cleared page. */
word *new_page(void);
/* A root that maps RAM and the devices to themselves, every right in every ring. */
word *new_root(void);
/* Maps one page; leaf is the whole entry. */
void map_page(word *root, word va, word leaf);
/* ptbr for a root */
word ptbr_for(const word *root, word asid);

#endif
