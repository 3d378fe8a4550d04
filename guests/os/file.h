/*
 * What a descriptor stands for: the console, a stored file, an end of a pipe.
 */
#ifndef OS_FILE_H
#define OS_FILE_H

#include "guests/os/directory.h"
#include "guests/os/space.h"
#include "guests/os/types.h"

struct pipe;
struct file;

struct file_ops {
    /* NULL: cannot be done with it. Both give a count of bytes or a negative error. */
    int (*read)(struct file *f, struct space *s, word address, word size);
    int (*write)(struct file *f, struct space *s, word address, word size);
    void (*close)(struct file *f); /* the last reference is gone; may be NULL */
};

struct file {
    const struct file_ops *ops; /* NULL: the slot is free */
    word references;
    struct stored_file stored;
    word offset; /* of the next byte to read, in a stored file */
    struct pipe *pipe;
};

/* The console; it is always open. */
struct file *file_console(void);
/* A negative error, or 0 and one reference in *out. */
int file_open(struct file **out, const char *name);
/* Two files, one reference each; reads come from the first, writes go to the second. */
int file_pipe(struct file **from, struct file **to);

void file_share(struct file *f);
void file_close(struct file *f);
int file_read(struct file *f, struct space *s, word address, word size);
int file_write(struct file *f, struct space *s, word address, word size);

#endif
