/*
 * Text in and out, for programs.
 */
#ifndef GUESTS_LIB_STDIO_H
#define GUESTS_LIB_STDIO_H

#include <stdbool.h>
#include <stddef.h>

#define STDIN  0
#define STDOUT 1
#define STDERR 2

/* To standard output, or to a descriptor. Nothing is kept back: the text has been written
 * when the call returns. Returns its length. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int print_to(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Into a buffer that always ends with NUL; returns the length that all of it would have. */
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads a descriptor line by line. */
struct reader {
    int fd;
    int at, filled;
    char data[256];
};
void reader_init(struct reader *r, int fd);
/* The next line without its newline; what does not fit into `size` is dropped. Returns 1, 0 at the
 * end, or a negative error. */
int reader_line(struct reader *r, char *line, size_t size);

#endif
