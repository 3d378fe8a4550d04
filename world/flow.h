/*
 * Calls and returns, as the calling convention makes them: what "over" and "out" count.
 */
#ifndef WORLD_FLOW_H
#define WORLD_FLOW_H

#include "isa/insn.h"

enum { FLOW_RA = 1, FLOW_SP = 2 };

static inline bool flow_is_call(const struct insn *i)
{
    return (i->id == INSN_jal || i->id == INSN_jalr) && i->rd == FLOW_RA;
}

static inline bool flow_is_return(const struct insn *i)
{
    return i->id == INSN_jalr && i->rd == 0 && i->rs1 == FLOW_RA;
}

#endif
