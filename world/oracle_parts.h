/* What the two ways of watching share; for oracle*.c alone. */
#ifndef WORLD_ORACLE_PARTS_H
#define WORLD_ORACLE_PARTS_H

#include "isa/insn.h"
#include "world/oracle.h"

#define ORACLE_REGISTERS 64

/* Values of the registers that are compared, in the order of oracle.registers. */
struct oracle_state {
    word value[ORACLE_REGISTERS];
    uint64_t unknown; /* bit: of this register nobody knows now what it is for the guest */
};

/* What an instruction of the guest was answered from outside, and the reference will ask. */
struct oracle_answer {
    gva pc;
    word value;
};

struct oracle {
    struct host *host;
    uint16_t context;
    struct machine *reference;
    struct trace_subscriber watcher;  /* of the host's machine */
    struct trace_subscriber outside;  /* of the reference: it asks a device */
    word registers[ORACLE_REGISTERS]; /* view.h */
    unsigned count;
    struct oracle_report report;
    bool asked;   /* the reference's instruction read a device register */
    bool trapped; /* or trapped */

    /* By instructions. */
    bool begun;  /* the instruction before which the reference stands was announced */
    bool exited; /* and since then the guest has left for its monitor */
    gva pc;      /* of that instruction; by events: of the reference's last */
    word insn;

    /* By events. */
    bool by_events;
    bool asking;  /* a routine of the monitor answers an instruction that may ask the outside: */
    gva asked_pc; /* there, */
    unsigned asked_rd;
    struct oracle_answer *answers; /* first_answer to answer_count are not used yet */
    size_t first_answer, answer_count, answer_room;
};

/* By events: with the pc that the monitor keeps, which is the guest's own. False: not known now. */
bool oracle_guest(const struct oracle *o, struct oracle_state *s);
/* A register as the monitor keeps it. */
bool oracle_kept(const struct oracle *o, word reg, word *value);
void oracle_reference(const struct oracle *o, struct oracle_state *s);
word oracle_value(const struct oracle *o, const struct oracle_state *s, word reg);
/* The first register that differs, else o->count. */
unsigned oracle_difference(const struct oracle *o, const struct oracle_state *guest,
                           const struct oracle_state *reference);
/* Is the guest in its handler because of something between instructions, where the reference
 * stands? */
bool oracle_trapped_there(const struct oracle *o, const struct oracle_state *guest,
                          const struct oracle_state *reference);
/* Does the result of the instruction come from outside the guest's own program? `rs1` is the value
 * of that register. A load does if it finds a device: that is seen when it runs. */
bool oracle_asks(const struct insn *i, word rs1);
void oracle_escape(struct oracle *o, const struct event *e, unsigned index,
                   const struct oracle_state *guest, const struct oracle_state *reference);

/* oracle_events.c */
void oracle_watch_events(struct oracle *o, const struct event *e);
/* The reference runs to its end: the guest has come to its own. */
void oracle_finish_events(struct oracle *o);

#endif
