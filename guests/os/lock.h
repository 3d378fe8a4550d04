/*
 * A lock for things that take long: who finds it taken sleeps. Not for interrupt handlers.
 */
#ifndef OS_LOCK_H
#define OS_LOCK_H

#include "guests/os/types.h"

struct lock {
    bool taken;
};

void lock_take(struct lock *l);
void lock_give(struct lock *l);

#endif
