/*
 * For tests of time travel: sessions at the teaching OS, recorded, and what can be seen of them.
 */
#ifndef TESTS_WORLD_TRAVEL_H
#define TESTS_WORLD_TRAVEL_H

#include "trace/recorder.h"
#include "world/timeline.h"
#include "world/world.h"

#define TRAVEL_STEPS    200000000u
#define TRAVEL_PLACES   40
#define TRAVEL_SESSIONS 3

struct travel {
    struct world *world;
    struct error err;
    char disk[32]; /* path of a small disk image */
    uint64_t seed;
};

void travel_init(struct travel *t);
void travel_fini(struct travel *t);

/* Less than n, the next from `seed`. */
uint64_t travel_random(struct travel *t, uint64_t n);

/* What runs, and what is typed whenever it waits. */
struct travel_session {
    bool vmm;
    uint64_t spacing;
    const char *lines[6];
};
extern const struct travel_session travel_sessions[TRAVEL_SESSIONS];

struct host *travel_boot(struct travel *t, const struct travel_session *s);
/* Goes to `icount`, typing the next line whenever it waits. */
void travel_go(struct host *h, const struct travel_session *s, unsigned *line, uint64_t icount);

/* Everything about it that can be seen. */
uint64_t travel_look(struct host *h);

/* How long a session takes, and what it looks like at random places on the way. */
struct travel_straight {
    uint64_t end, place[TRAVEL_PLACES], look[TRAVEL_PLACES];
};
/* Runs it without a timeline for that, and then again, recorded, to its end. */
struct host *travel_recorded(struct travel *t, const struct travel_session *s,
                             struct travel_straight *out);

/* The printing program (programs.h), recorded from its first instruction. */
struct host *travel_printing(struct travel *t);
word travel_reg(struct host *h, unsigned x);

#endif
