/* A disk that is a module of the monitor's (disk.h). */
#ifndef VMM_IMAGE_H
#define VMM_IMAGE_H

#include "vmm/lib.h"

struct vm;
struct vmm;

/* Gives a VM the module as its disk, or says why not. */
bool image_give(struct vm *vm, struct slice name, struct line *why);
/* Frames for the copies of all its blocks, and the table of them; 0 where there is no such module. */
word image_frames(const struct vmm *vmm, struct slice name);

/* The VM's request; returns the error as ATA's register has it, 0 good. */
uint8_t image_carry_out(struct vm *vm);

#endif
