/*
 * The address space of every process.
 *
 *   0000_0000  nothing, so that a null pointer faults
 *   0010_0000  finisher             \
 *   0c00_0000  interrupt controller  } ring 0 only, at their physical addresses
 *   1000_0000  console              /
 *   4000_0000  the program: code, constants, data; then its heap, growing up
 *      ...
 *   7fef_f000  nothing, so that a stack that grows too far faults
 *   7ff0_0000  the stack, growing down from 8000_0000
 *   8000_0000  RAM, ring 0 only, at its physical address; the kernel first
 */
#ifndef OS_LAYOUT_H
#define OS_LAYOUT_H

#define USER_BASE        0x40000000u
#define USER_END         0x80000000u
#define STACK_SIZE       0x00100000u
#define STACK_BASE       (USER_END - STACK_SIZE)
#define STACK_GUARD_SIZE 0x00010000u
#define HEAP_LIMIT       (STACK_BASE - STACK_GUARD_SIZE)

#endif
