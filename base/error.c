/* Errors with text; see error.h. */
#include "base/error.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_code;
} errors[ERROR_COUNT] = {
    [ERROR_NONE] = {"none", 0},
#define ERROR(name, exit_code, text) [ERROR_##name] = {text, exit_code},
#include "base/errors.def"
#undef ERROR
};

int error_set(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;

    if (!err)
        return code;
    err->code = code;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return code;
}

int error_prefix(struct error *err, const char *format, ...)
{
    char old[sizeof err->text];
    va_list args;

    if (!err)
        return ERROR_internal;
    memcpy(old, err->text, sizeof old);
    va_start(args, format);
    struct text t = text_init(err->text, sizeof err->text);
    text_vadd(&t, format, args);
    va_end(args);
    text_add(&t, ": %s", old);
    return err->code;
}

int error_exit_code(enum error_code code)
{
    return (unsigned)code < ERROR_COUNT ? errors[code].exit_code : 1;
}

const char *error_name(enum error_code code)
{
    return (unsigned)code < ERROR_COUNT ? errors[code].name : "unknown";
}
