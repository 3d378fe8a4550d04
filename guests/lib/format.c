/*
 * printf's formatting. A conversion is first read into a struct spec, then its text is made
 * in a small buffer, then the text is padded to its width.
 */
#include "guests/lib/format.h"

#include "guests/lib/divide.h"

#include <stdbool.h>
#include <stdint.h>

struct spec {
    bool left, zero, is_long_long;
    unsigned width;
    unsigned precision; /* of %s */
    char conversion;
};

struct out {
    format_sink *sink;
    void *user;
};

static void pad(const struct out *out, char c, unsigned count)
{
    while (count--)
        out->sink(out->user, &c, 1);
}

/* Text with an optional sign or prefix, which zeros go behind and blanks in front of. */
static void put_padded(const struct out *out, const struct spec *spec, const char *prefix,
                       unsigned prefix_size, const char *text, unsigned size)
{
    unsigned used = prefix_size + size;
    unsigned fill = spec->width > used ? spec->width - used : 0;

    if (!spec->left && !spec->zero)
        pad(out, ' ', fill);
    out->sink(out->user, prefix, prefix_size);
    if (!spec->left && spec->zero)
        pad(out, '0', fill);
    out->sink(out->user, text, size);
    if (spec->left)
        pad(out, ' ', fill);
}

static void put_number(const struct out *out, const struct spec *spec, uint64_t value,
                       bool negative, unsigned base)
{
    const char *digits = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[20]; /* 2^64 has 20 digits */
    unsigned at = sizeof text;

    do {
        uint64_t digit;
        value = u64_divide(value, base, &digit);
        text[--at] = digits[digit];
    } while (value);
    if (spec->conversion == 'p')
        put_padded(out, spec, "0x", 2, text + at, sizeof text - at);
    else
        put_padded(out, spec, "-", negative, text + at, sizeof text - at);
}

static void put_string(const struct out *out, const struct spec *spec, const char *s)
{
    unsigned size = 0;

    if (!s)
        s = "(null)";
    while (size < spec->precision && s[size])
        size++;
    struct spec blanks = *spec;
    blanks.zero = false;
    put_padded(out, &blanks, "", 0, s, size);
}

static unsigned read_number(const char **format)
{
    unsigned n = 0;

    for (; **format >= '0' && **format <= '9'; (*format)++)
        n = n * 10 + (unsigned)(**format - '0');
    return n;
}

/* `format` is behind the %; on return behind the conversion. */
static struct spec read_spec(const char **format)
{
    struct spec spec = {.precision = UINT32_MAX};

    for (;; (*format)++) {
        if (**format == '-')
            spec.left = true;
        else if (**format == '0')
            spec.zero = true;
        else
            break;
    }
    spec.width = read_number(format);
    if (**format == '.') {
        (*format)++;
        spec.precision = read_number(format);
    }
    for (; **format == 'l'; (*format)++)
        spec.is_long_long = (*format)[1] == 'l' || (*format)[-1] == 'l';
    spec.conversion = **format;
    if (spec.conversion)
        (*format)++;
    return spec;
}

/* va_list travels by pointer, so that what was taken here is taken for the caller too. */
struct arguments {
    va_list list;
};

static void put_conversion(const struct out *out, const struct spec *spec, struct arguments *args)
{
    char c;

    switch (spec->conversion) {
    case 'd':
    case 'i': {
        int64_t v = spec->is_long_long ? va_arg(args->list, long long) : va_arg(args->list, int);
        put_number(out, spec, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, 10);
        break;
    }
    case 'u':
    case 'x':
    case 'X': {
        uint64_t v = spec->is_long_long ? va_arg(args->list, unsigned long long)
                                        : va_arg(args->list, unsigned);
        put_number(out, spec, v, false, spec->conversion == 'u' ? 10 : 16);
        break;
    }
    case 'p':
        put_number(out, spec, (uintptr_t)va_arg(args->list, void *), false, 16);
        break;
    case 's':
        put_string(out, spec, va_arg(args->list, const char *));
        break;
    case 'c':
        c = (char)va_arg(args->list, int);
        put_padded(out, spec, "", 0, &c, 1);
        break;
    default: /* %% and what is unknown */
        out->sink(out->user, &spec->conversion, spec->conversion != 0);
    }
}

void format_text(format_sink *sink, void *user, const char *format, va_list list)
{
    struct out out = {sink, user};
    struct arguments args;

    va_copy(args.list, list);
    while (*format) {
        size_t plain = 0;
        while (format[plain] && format[plain] != '%')
            plain++;
        if (plain)
            sink(user, format, plain);
        format += plain;
        if (*format == '%') {
            format++;
            struct spec spec = read_spec(&format);
            put_conversion(&out, &spec, &args);
        }
    }
    va_end(args.list);
}

struct buffer {
    char *data;
    size_t size, used;
};

static void buffer_sink(void *user, const char *text, size_t size)
{
    struct buffer *b = user;

    for (size_t i = 0; i < size; i++, b->used++)
        if (b->used + 1 < b->size)
            b->data[b->used] = text[i];
}

int format_buffer(char *buffer, size_t size, const char *format, va_list args)
{
    struct buffer b = {buffer, size, 0};

    format_text(buffer_sink, &b, format, args);
    if (size)
        buffer[b.used < size ? b.used : size - 1] = 0;
    return (int)b.used;
}
