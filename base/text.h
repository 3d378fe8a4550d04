/*
 * Bounded text: appends never overrun; what does not fit is dropped and remembered.
 * The buffer always ends with NUL.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data;
    size_t size;   /* bytes of the buffer, at least 1 */
    size_t length; /* without the NUL, always < size */
    bool overflow;
};

struct text text_init(char *buffer, size_t size);
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vadd(struct text *t, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void text_add_char(struct text *t, char c);

/* Appends `s` as the inside of a JSON string (no quotes around it). JSON is UTF-8: a byte that
 * is not part of a letter in it becomes the letter of that number. */
void text_add_json(struct text *t, const char *s);
void text_add_json_n(struct text *t, const char *s, size_t size);

#endif
