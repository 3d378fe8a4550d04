/*
 * The page that a paravirtual guest and its monitor share (hypercalls.def, share). Both write it,
 * each its own words: so no word needs to be changed by two at once.
 *
 *   trap     the monitor fills epc to sp and sets masked; if the trap came from a program, sp is
 *            then kernel_sp, else it is what it was
 *   iret     the guest fills epc, status and a7, and kernel_sp when it returns to a program
 *   events   a bit a port: there is an event while raised and taken differ in it, and that is the
 *            guest's external interrupt. The monitor changes raised, the guest taken.
 *            Interrupts come while masked is 0. Who sets it to 0 looks at waiting then: when
 *            that is not 0, one has come in between, and deliver brings it
 *   clock    the guest's time is the `time` counter, which its kernel may read, plus clock; read
 *            again when clock_version has changed meanwhile
 *   updates  an entry's address and its new value; or, by the low bits of the address, a flush, or
 *            the alarm
 */
#ifndef ISA_HYPERCALL_H
#define ISA_HYPERCALL_H

#define HYPERCALL_VERSION 1
#define HYPERCALL_SIGNATURE                                                                        \
    0x4d4d5654                  /* the bytes TVMM: cpuid 4000_0000, and behind a paravirtual */
                                /* kernel's first instruction */
#define HYPERCALL_UPDATES   128 /* the most that are queued at once */
#define HYPERCALL_PORTS     32

/* Ports of the monitor's own devices; the others are opened. */
#define EVENT_PORT_console  0
#define EVENT_PORT_block    1
#define EVENT_PORT_net      2
#define EVENT_PORT_first    4 /* that can be opened */

/* Offsets in the shared page, for assembly and for who watches. */
#define SHARED_EPC          0
#define SHARED_STATUS       4
#define SHARED_CAUSE        8
#define SHARED_TVAL         12
#define SHARED_SP           16
#define SHARED_A7           20
#define SHARED_KERNEL_SP    24
#define SHARED_MASKED       28
#define SHARED_UPDATE_COUNT 56

/* What an update does: bits 1:0 of its address. */
#define UPDATE_ENTRY        0 /* value becomes the entry at the address */
#define UPDATE_FLUSH_PAGE   1 /* forgets the page at value; bits 10:2 of the address: ASID */
#define UPDATE_FLUSH_SPACE  2 /* forgets all of an ASID, as above */
#define UPDATE_ALARM                                                                               \
    3 /* hypercall timer: value is the low word, bits 31:2 of the address the high, signed */

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct hypercall_update {
    uint32_t address, value;
};

struct hypercall_shared {
    uint32_t epc, status, cause, tval, sp;
    uint32_t a7;
    uint32_t kernel_sp;
    uint32_t masked;  /* not 0: interrupts wait. The monitor writes it at a trap and iret only */
    uint32_t waiting; /* not 0: one does */
    uint32_t raised, taken;
    uint32_t clock_version, clock, clock_high;
    uint32_t update_count;
    struct hypercall_update updates[HYPERCALL_UPDATES];
};

#define SHARED_OFFSET(member) offsetof(struct hypercall_shared, member)
_Static_assert(sizeof(struct hypercall_shared) <= 4096, "it is one page");
_Static_assert(SHARED_OFFSET(epc) == SHARED_EPC && SHARED_OFFSET(status) == SHARED_STATUS &&
                   SHARED_OFFSET(cause) == SHARED_CAUSE && SHARED_OFFSET(tval) == SHARED_TVAL &&
                   SHARED_OFFSET(sp) == SHARED_SP && SHARED_OFFSET(a7) == SHARED_A7 &&
                   SHARED_OFFSET(kernel_sp) == SHARED_KERNEL_SP &&
                   SHARED_OFFSET(masked) == SHARED_MASKED &&
                   SHARED_OFFSET(update_count) == SHARED_UPDATE_COUNT,
               "the offsets are the structure's");
#endif

#endif
