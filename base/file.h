/*
 * Whole files as bytes.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Reads all of `path` into memory that the caller frees; a NUL follows the last byte. Refuses
 * directories and what is longer than `limit` bytes. `what` names the thing in messages
 * ("program", "source file").
 */
int file_read(const char *path, const char *what, size_t limit, uint8_t **data, size_t *size,
              struct error *err);

#endif
