/*
 * Errors with text: a function returns 0 or an error number, and writes the sentence that
 * the user reads into the caller's struct error. Only the command line prints it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_code {
    ERROR_NONE,
#define ERROR(name, exit_code, text) ERROR_##name,
#include "base/errors.def"
#undef ERROR
    ERROR_COUNT
};

struct error {
    enum error_code code;
    char text[1024]; /* one or more lines, no newline at the end; truncated, never overrun */
};

/* Replaces what was there. Returns code, so that `return error_set(...)` reads well. err may be NULL. */
int error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text, for callers who know more about where. Returns the code. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The process's exit code for an error (errors.def). */
int error_exit_code(enum error_code code);
const char *error_name(enum error_code code);

#endif
