/*
 * The balloon: pages of this machine that the kernel keeps unused, because its monitor asked for
 * them. Only in a VM, and only when the command line says so.
 */
#ifndef OS_BALLOON_H
#define OS_BALLOON_H

/* Looks for a monitor; where there is none, or no balloon for this kernel, says so. */
void balloon_init(void);

#endif
