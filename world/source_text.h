/* Source files by the names that line tables have: what the dashboard and the debugger show. */
#ifndef WORLD_SOURCE_TEXT_H
#define WORLD_SOURCE_TEXT_H

#include <stddef.h>

/* The file as the assembler or compiler was given it, or under trapeze's home, where its own guests
 * are. NUL-terminated, to be freed; NULL when it is in neither place. */
char *source_text_read(const char *file);

/* Line `number` of such a text, counted from 1; *size is without its newline. NULL past the end. */
const char *source_text_line(const char *text, unsigned number, size_t *size);

#endif
