/*
 * Fuzzing the reader of program images, and the listing and line numbers of what it accepted. An empty input
 * becomes a small correct executable, from which the mutations begin.
 */
#include "isa/image.h"
#include "isa/lines.h"
#include "isa/listing.h"
#include "tests/isa/elf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
    struct elf_file sample = elf_sample();

    (void)seed;
    if (size < sizeof(Elf32_Ehdr) && room >= sizeof sample) {
        memcpy(data, &sample, sizeof sample);
        return sizeof sample;
    }
    return LLVMFuzzerMutate(data, size, room);
}

static int count_line(void *context, const struct listing_line *line)
{
    unsigned *lines = context;
    char buffer[1200];
    struct text t = text_init(buffer, sizeof buffer);

    listing_text(&t, line, true);
    return ++*lines == LINES_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct listing options = {.data = true};
    struct error err = {0};
    struct image m;
    struct lines lines;
    unsigned count = 0;

    if (image_parse(&m, "fuzz", data, size, &err) != 0) {
        if (strlen(err.text) < 10)
            abort();
        return 0;
    }
    for (unsigned i = 0; i < m.segment_count; i++)
        if (m.segments[i].data + m.segments[i].filled > m.bytes + m.byte_count)
            abort();
    listing_image(&m, &options, count_line, &count);
    for (unsigned i = 0; i < m.symbol_count; i++)
        image_symbol_at(&m, m.symbols[i].value);
    if (lines_read(&lines, &m, &err) == 0) {
        lines_at(&lines, m.entry);
        lines_free(&lines);
    }
    image_free(&m);
    return 0;
}
