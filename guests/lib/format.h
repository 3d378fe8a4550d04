/*
 * printf's formatting, without knowing where the text goes.
 *
 * Understood: %d %i %u %x %X %c %s %p %%, with the flags - and 0, a width, a precision for
 * %s, and l or ll. Anything else is printed as it stands.
 */
#ifndef GUESTS_LIB_FORMAT_H
#define GUESTS_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

typedef void format_sink(void *user, const char *text, size_t size);

void format_text(format_sink *sink, void *user, const char *format, va_list args);

/* Into a buffer that always ends with NUL; returns the length that all of it would have. */
int format_buffer(char *buffer, size_t size, const char *format, va_list args);

#endif
