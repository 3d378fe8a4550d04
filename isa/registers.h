/*
 * General registers by number and name.
 */
#ifndef ISA_REGISTERS_H
#define ISA_REGISTERS_H

#define REGISTER_COUNT 32

/* The ABI name, "zero" to "t6"; number below REGISTER_COUNT. */
const char *register_name(unsigned number);
const char *register_role(unsigned number);

/* ABI name, x0 to x31, or fp; -1 when it is none. */
int register_find(const char *name);

#endif
