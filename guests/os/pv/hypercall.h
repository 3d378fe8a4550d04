/*
 * Asking the monitor (isa/hypercalls.def).
 */
#ifndef OS_PV_HYPERCALL_H
#define OS_PV_HYPERCALL_H

#include "guests/os/types.h"
#include "isa/hypercall.h"
#include "xrings.h"

/* The page that both sides use. Its words change under the kernel's hands, at any trap. */
extern volatile struct hypercall_shared pv_shared;

/* The answer as it comes: negative for an error. */
static inline int hypercall(word number, word a, word b, word c, word d, word e, word f)
{
    register word a0 __asm__("a0") = a;
    register word a1 __asm__("a1") = b;
    register word a2 __asm__("a2") = c;
    register word a3 __asm__("a3") = d;
    register word a4 __asm__("a4") = e;
    register word a5 __asm__("a5") = f;
    register word a7 __asm__("a7") = number;

    __asm__ volatile(".word 0x0000000b" /* hcall */
                     : "+r"(a0)
                     : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
                     : "memory");
    return (int)a0;
}

/* The same where a refusal would be a mistake of the kernel's own: panics then. */
word hypercall_do(word number, word a, word b, word c);

#endif
