/*
 * Open files: a table, each entry counted by the descriptors that stand for it.
 */
#include "guests/os/file.h"

#include "guests/abi.h"
#include "guests/os/console.h"
#include "guests/os/pipe.h"

#define FILES_MAX 64

static int read_console(struct file *f, struct space *s, word address, word size)
{
    (void)f;
    return console_read(s, address, size);
}

static int write_console(struct file *f, struct space *s, word address, word size)
{
    (void)f;
    return console_write(s, address, size);
}

/* The offset moves before the bytes are there: while the disk works, another process that has
 * this file open may read the next ones. */
static int read_stored(struct file *f, struct space *s, word address, word size)
{
    char part[SECTOR_SIZE];
    word done = 0;

    while (done < size && f->offset < f->stored.size) {
        word at = f->offset, count = f->stored.size - at;
        if (count > size - done)
            count = size - done;
        if (count > sizeof part)
            count = sizeof part;
        f->offset += count;
        int error = directory_read(&f->stored, at, part, count);
        if (error)
            return error;
        if (!space_write(s, address + done, part, count))
            return -ERROR_bad_address;
        done += count;
    }
    return (int)done;
}

static int read_pipe(struct file *f, struct space *s, word address, word size)
{
    return pipe_read(f->pipe, s, address, size);
}

static int write_pipe(struct file *f, struct space *s, word address, word size)
{
    return pipe_write(f->pipe, s, address, size);
}

static void close_reader(struct file *f)
{
    pipe_close(f->pipe, PIPE_READER);
}

static void close_writer(struct file *f)
{
    pipe_close(f->pipe, PIPE_WRITER);
}

static const struct file_ops console_ops = {read_console, write_console, NULL};
static const struct file_ops stored_ops = {read_stored, NULL, NULL};
static const struct file_ops reader_ops = {read_pipe, NULL, close_reader};
static const struct file_ops writer_ops = {NULL, write_pipe, close_writer};

static struct file console = {.ops = &console_ops, .references = 1};
static struct file table[FILES_MAX];

struct file *file_console(void)
{
    return &console;
}

static struct file *new_file(const struct file_ops *ops)
{
    for (word i = 0; i < FILES_MAX; i++)
        if (!table[i].ops) {
            table[i] = (struct file){.ops = ops, .references = 1};
            return &table[i];
        }
    return NULL;
}

int file_open(struct file **out, const char *name)
{
    struct stored_file stored;

    if (!directory_find(&stored, name))
        return -ERROR_not_found;
    struct file *f = new_file(&stored_ops);
    if (!f)
        return -ERROR_no_room;
    f->stored = stored;
    *out = f;
    return 0;
}

int file_pipe(struct file **from, struct file **to)
{
    struct file *reader = new_file(&reader_ops);
    struct file *writer = new_file(&writer_ops);
    struct pipe *pipe = reader && writer ? pipe_new() : NULL;

    if (!pipe) {
        int error = reader && writer ? -ERROR_no_memory : -ERROR_no_room;
        if (reader)
            reader->ops = NULL;
        if (writer)
            writer->ops = NULL;
        return error;
    }
    reader->pipe = writer->pipe = pipe;
    *from = reader;
    *to = writer;
    return 0;
}

void file_share(struct file *f)
{
    f->references++;
}

void file_close(struct file *f)
{
    if (--f->references)
        return;
    if (f->ops->close)
        f->ops->close(f);
    f->ops = NULL;
}

int file_read(struct file *f, struct space *s, word address, word size)
{
    return f->ops->read ? f->ops->read(f, s, address, size) : -ERROR_bad_descriptor;
}

int file_write(struct file *f, struct space *s, word address, word size)
{
    return f->ops->write ? f->ops->write(f, s, address, size) : -ERROR_bad_descriptor;
}
