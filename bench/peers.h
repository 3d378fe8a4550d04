/*
 * The comparison: the same object files, compiled once for rv32im, run by this machine and by
 * others; and the same sources compiled for the host.
 *
 *   build/bench/WORK.o -- start-trapeze.S --> WORK.trapeze.elf   paging on, ring 3
 *                      -- start-virt.S    --> WORK.virt.elf      machine mode, bare
 *                      -- start-linux.S   --> WORK.linux.elf     a Linux process
 *
 * One round runs every workload on every engine once, so that what else the host does meets
 * all alike. Times are processor time of the whole process, start and end included.
 */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "base/error.h"
#include "bench/samples.h"

#define PEER_WORKS 4

enum peer {
    PEER_TRAPEZE,
    PEER_QEMU_ICOUNT, /* the one that counts exactly, as ours: ratios are to this */
    PEER_QEMU,
    PEER_QEMU_USER,
    PEER_NATIVE,
    PEER_COUNT
};

struct peers {
    const char *directory; /* of the built workloads */
    const char *trapeze;   /* the program */
    bool present[PEER_COUNT];
    struct samples seconds[PEER_COUNT][PEER_WORKS];
    uint64_t instructions[PEER_COUNT][PEER_WORKS]; /* of main, 0 where the engine cannot say */
};

extern const char *const peer_works[PEER_WORKS];
const char *peer_name(enum peer peer);
const char *peer_program(enum peer peer);

/* Looks which engines are here. */
void peers_find(struct peers *p);
/* Fails when a result is wrong, or when a count differs from the last round's or another's. */
int peers_round(struct peers *p, struct error *err);

/* How much faster than qemu-system -icount, from medians; 0 when either is missing. */
double peers_ratio(const struct peers *p, enum peer peer, unsigned work);
double peers_mean(const struct peers *p, enum peer peer); /* geometric */

#endif
