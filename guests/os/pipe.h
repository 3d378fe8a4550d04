/*
 * Pipes: bytes written at one end are read at the other.
 */
#ifndef OS_PIPE_H
#define OS_PIPE_H

#include "guests/os/space.h"
#include "guests/os/types.h"

struct pipe;
enum pipe_end { PIPE_READER, PIPE_WRITER };

/* Both ends open; NULL without memory. */
struct pipe *pipe_new(void);
/* When both ends are closed, the pipe is gone. */
void pipe_close(struct pipe *p, enum pipe_end end);

/* Waits until there is something. Bytes read; 0: empty, and the writer is gone. */
int pipe_read(struct pipe *p, struct space *s, word address, word size);
/* Waits until all of it is in. Bytes written, or a negative error. */
int pipe_write(struct pipe *p, struct space *s, word address, word size);

#endif
