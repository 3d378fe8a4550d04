/*
 * Snapshot files: a whole machine in a file, to go on with later or elsewhere.
 *
 *   offset  size
 *    0      8     magic "TRAPEZE\n"
 *    8      4     version, 1
 *   12      4     0
 *   16      8     bytes of the state (machine/snapshot_stream.h)
 *   24      8     bytes of the state compressed: one frame of zstd, which ends the file
 *   32      8     FNV-1a of the frame, continued over bytes 0 to 31
 *   40            the frame
 * All little-endian. In it are processor, RAM, TLB, devices, and what was written to the disk;
 * not in it: the disk's own file (a disk of the same size has to be there), symbols, events,
 * console text, and the history before.
 *
 * Whatever is wrong with a file, it is refused with a reason and nothing has changed.
 */
#ifndef WORLD_SNAPSHOT_FILE_H
#define WORLD_SNAPSHOT_FILE_H

#include "base/error.h"
#include "world/world.h"

#define SNAPSHOT_FILE_HEADER 40
#define SNAPSHOT_FILE_MAX    (1u << 30) /* bytes */

/* Between runs. Replaces the file when all of it is written. */
int snapshot_file_save(struct host *h, const char *path, struct error *err);

/* Does the file begin as one does? */
bool snapshot_file_is(const char *path);

/* The machine that it is of, to build one (world_add); the caller says which disk. *disk_sectors
 * is 0 for a machine without one. */
int snapshot_file_description(const char *path, struct machine_config *config,
                              uint32_t *disk_sectors, struct error *err);

/* Between runs. Into a host of the same description. Console text, record and counters begin
 * anew, so does the history if one is recorded; a pending goal is set again, with what was left
 * of its budget. */
int snapshot_file_load(struct host *h, const char *path, struct error *err);

#endif
