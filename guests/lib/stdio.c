/*
 * Text in and out. A call of printf gathers its text in a small buffer on the stack, so
 * that a line is one system call and not one for each piece.
 */
#include "guests/lib/stdio.h"

#include "guests/lib/format.h"
#include "guests/lib/string.h"
#include "guests/lib/syscalls.h"

struct gather {
    int fd;
    size_t used, total;
    char data[120];
};

static void gather_flush(struct gather *g)
{
    if (g->used)
        write(g->fd, g->data, g->used);
    g->used = 0;
}

static void gather_sink(void *user, const char *text, size_t size)
{
    struct gather *g = user;

    for (size_t i = 0; i < size; i++) {
        if (g->used == sizeof g->data)
            gather_flush(g);
        g->data[g->used++] = text[i];
    }
    g->total += size;
}

static int print_list(int fd, const char *format, va_list args)
{
    struct gather g;

    g.fd = fd;
    g.used = g.total = 0;
    format_text(gather_sink, &g, format, args);
    gather_flush(&g);
    return (int)g.total;
}

int printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int total = print_list(STDOUT, format, args);
    va_end(args);
    return total;
}

int print_to(int fd, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int total = print_list(fd, format, args);
    va_end(args);
    return total;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int total = format_buffer(buffer, size, format, args);
    va_end(args);
    return total;
}

void reader_init(struct reader *r, int fd)
{
    r->fd = fd;
    r->at = r->filled = 0;
}

int reader_line(struct reader *r, char *line, size_t size)
{
    size_t used = 0;

    for (;;) {
        if (r->at == r->filled) {
            int got = read(r->fd, r->data, sizeof r->data);
            if (got <= 0) {
                line[used] = 0;
                return got < 0 ? got : used > 0;
            }
            r->filled = got;
            r->at = 0;
        }
        char c = r->data[r->at++];
        if (c == '\n') {
            line[used] = 0;
            return 1;
        }
        if (used + 1 < size)
            line[used++] = c;
    }
}
