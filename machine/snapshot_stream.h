/*
 * Snapshots as a stream of bytes: little-endian, the same on every host.
 *
 *   description   what the machine is (all but its disk's path), so that one can be built
 *   disk          its number of sectors; what is on it stays in its file
 *   state         of processor, TLB, contexts, devices
 *   RAM           count, then number and contents of each page that is not all zeros
 *   overlay       count, then number, mask and contents of each block of the disk written to
 *   end           the word "DONE"
 *
 * Reading trusts nothing: every number is checked before it is used, memory is taken only for
 * what has arrived or what the machine at hand has as well, and what was read is a state that a
 * machine can be in as far as the simulator depends on it. A damaged stream that passes is a
 * strange guest, never a danger.
 */
#ifndef MACHINE_SNAPSHOT_STREAM_H
#define MACHINE_SNAPSHOT_STREAM_H

#include "base/error.h"
#include "machine/snapshot.h"

/* Moves `size` bytes; false: it cannot (the end, no room). Nothing is asked of it after that. */
typedef bool snapshot_write_fn(void *user, const void *data, size_t size);
typedef bool snapshot_read_fn(void *user, void *data, size_t size);

/* False when `write` was. */
bool snapshot_write(const struct snapshot *s, snapshot_write_fn *write, void *user);

/* The description at the start: the rest is not read. Whether machine_new likes it is not asked. */
int snapshot_read_description(struct machine_config *config, uint32_t *disk_sectors,
                              snapshot_read_fn *read, void *user, struct error *err);

/* For a machine of that description, with a disk of that size (all else is refused before more
 * is read). On failure *out is NULL. */
int snapshot_read(struct snapshot **out, const struct machine *m, snapshot_read_fn *read,
                  void *user, struct error *err);

#endif
