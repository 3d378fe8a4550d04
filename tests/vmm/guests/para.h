/* What the paravirtual kernel's cases (para.c) and its storm (para_storm.c) share. */
#ifndef TESTS_VMM_GUESTS_PARA_H
#define TESTS_VMM_GUESTS_PARA_H

#include "isa/boot.h"
#include "isa/hypercall.h"
#include "isa/paging.h"
#include "xrings.h"

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t word;

#define RAM_BASE     REGION_ram
#define RAM_SIZE     (2u << 20)  /* of it all that is used here */
#define WINDOW       0x40000000u /* where cases map things */

#define PAGE_ALIGNED __attribute__((aligned(4096)))

extern volatile struct hypercall_shared shared;
extern word root[PT_ENTRIES], pages[4][PT_ENTRIES];

int ask_all(word number, const word a[6]);
int ask(word number, word a, word b, word c, word d);
_Noreturn void off(word status);
void say(const char *text);

/* Is false when it traps. */
bool store(word address, word value);

word page_of(const void *p);
word frame_of(const void *p); /* the real one behind it, as an entry has it */
word *window(word i);         /* the entry that maps page i of the window */
word *own(const void *page);  /* and the one that maps a page of RAM */

/* Random hypercalls, queues and returns, by the seed; then the VM goes off. */
_Noreturn void para_storm(const char *text);

#endif
