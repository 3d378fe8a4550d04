/*
 * trapeze disasm: a program's instructions, with labels and, when asked, their meaning.
 */
#include <stdio.h>

#include "base/number.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/keys.h"
#include "isa/listing.h"

struct printer {
    bool json;
    bool meaning;
};

static void print_json(const struct listing_line *line)
{
    static const char *const kinds[] = {
        [LISTING_SEGMENT] = "segment", [LISTING_LABEL] = "label", [LISTING_INSN] = "insn",
        [LISTING_DATA] = "data",       [LISTING_ZERO] = "zero",
    };
    char buffer[1024];
    struct text t = text_init(buffer, sizeof buffer);

    text_add(&t, "{\"kind\":\"%s\",\"address\":%u,\"size\":%u,\"bits\":%u,\"text\":\"",
             kinds[line->kind], line->address, line->size, line->bits);
    text_add_json(&t, line->text ? line->text : "");
    text_add(&t, "\"");
    if (line->meaning) {
        text_add(&t, ",\"meaning\":\"");
        text_add_json(&t, line->meaning);
        text_add(&t, "\"");
    }
    text_add(&t, "}");
    puts(buffer);
}

static int print_line(void *context, const struct listing_line *line)
{
    const struct printer *p = context;
    char buffer[512];
    struct text t = text_init(buffer, sizeof buffer);

    if (p->json) {
        print_json(line);
    } else {
        listing_text(&t, line, p->meaning);
        puts(buffer);
    }
    return ferror(stdout);
}

/* PLACE of --from: a symbol of the program, or an address. */
static int find_place(const struct image *image, const char *place, struct listing *range,
                      struct error *err)
{
    const struct image_symbol *symbol = image_symbol_find(image, place);
    struct suggest near = suggest_for(place);
    char hint[96];
    struct text text = text_init(hint, sizeof hint);
    uint64_t address;

    if (symbol) {
        range->from = symbol->value;
        range->to = symbol->size ? symbol->value + symbol->size : 0;
        return 0;
    }
    if (number_parse(place, &address) && address <= UINT32_MAX) {
        range->from = (word)address;
        return 0;
    }
    for (unsigned i = 0; i < image->symbol_count; i++)
        suggest_offer(&near, image->symbols[i].name);
    suggest_add(&near, &text);
    return error_set(err, ERROR_usage, "disasm: %s has no symbol \"%s\"%s", image->path, place,
                     hint);
}

static int find_range(const struct cli_args *args, const struct image *image, struct listing *range,
                      struct error *err)
{
    const char *place = cli_value(args, 'f', 0);
    uint64_t count;

    if (place && find_place(image, place, range, err))
        return err->code;
    if (cli_number(args, 'n', 1, UINT32_MAX, 0, &count, err))
        return err->code;
    if (count)
        range->to = range->from + (word)count;
    return 0;
}

int cli_disasm(const struct cli_args *args)
{
    struct listing options = {
        .plain = cli_flag(args, KEY_RAW),
        .data = cli_flag(args, KEY_DATA),
    };
    struct printer printer = {cli_flag(args, 'j'), cli_flag(args, KEY_MEANING)};
    struct image image;
    struct error err;

    if (image_read(&image, args->positional[0], &err))
        return cli_fail(&err);
    int failed = find_range(args, &image, &options, &err);
    if (!failed)
        listing_image(&image, &options, print_line, &printer);
    image_free(&image);
    return failed ? cli_fail(&err) : 0;
}
