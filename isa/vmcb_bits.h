/*
 * Bits of the VMCB's words as masks, made from the tables: names, nothing else. Shared by the
 * machine's vmrun and the monitor's nested one.
 */
#ifndef ISA_VMCB_BITS_H
#define ISA_VMCB_BITS_H

#define VMCB_EVENT_VALID     0x80000000u /* event words */
#define VMCB_EVENT_INTERRUPT 0x40000000u
#define VMCB_EVENT_CODE      0x0000001fu

#define VMCB_IO_MAP_SIZE     0x2000u /* a bit for each port */

enum vmcb_bits {
    VMCB_INTERCEPT_BITS = 0
#define INTERCEPT(name, bit, meaning) | 1 << (bit)
#include "isa/vmcb.def"
    ,
    VMCB_CAUSE_BITS = 0
#define CAUSE(name, code, tval, text) | 1 << (code)
#include "isa/causes.def"
    ,
    VMCB_INTERRUPT_BITS = 0
#define INTERRUPT(name, code, text) | 1 << (code)
#include "isa/causes.def"
    ,
    VMCB_REGISTER_BITS = 0 /* of the register intercepts */
#define REGISTER_BIT_CONTROL(number) | 1 << ((number)-0x7c0)
#define REGISTER_BIT_COUNTER(number)
#define CSR(name, number, kind, hole, wmask, meaning) REGISTER_BIT_##kind(number)
#include "isa/csrs.def"
};
#undef REGISTER_BIT_CONTROL
#undef REGISTER_BIT_COUNTER

/* The bits that a register can have, those that are only there to be read among them. */
enum vmcb_register_bits {
#define CSR(name, number, kind, hole, wmask, meaning) VMCB_BITS_##name = (int)(wmask),
#include "isa/csrs.def"
    VMCB_READ_ONLY_status = 0x30, /* CRING */
};

#endif
