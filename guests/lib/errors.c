/*
 * What the kernel's error numbers mean.
 */
#include "guests/lib/errors.h"

const char *error_text(int error)
{
    switch (error < 0 ? -error : error) {
#define ERROR(number, name, text)                                                                  \
    case number:                                                                                   \
        return text;
#include "guests/errors.def"
#undef ERROR
    default:
        return "unknown error";
    }
}
