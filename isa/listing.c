/*
 * Listing of an image; see listing.h.
 *
 *   segment 0x80000000 to 0x8000001f: 32 bytes, read, execute
 *   _start:
 *     80000000  00500513  li      a0, 5              # a0 = zero + 5
 */
#include "isa/listing.h"

#include <string.h>

#define MNEMONIC_WIDTH 8
#define TEXT_SIZE      512
#define FLAG_R         4u
#define FLAG_W         2u
#define FLAG_X         1u

struct walk {
    const struct image *image;
    const struct listing *options;
    struct disasm how;
    listing_each *each;
    void *context;
    unsigned symbol; /* the next label to print */
};

static int put_segment(struct walk *w, const struct image_segment *s)
{
    char buffer[TEXT_SIZE];
    struct text t = text_init(buffer, sizeof buffer);
    struct listing_line line = {LISTING_SEGMENT, s->vaddr, s->size, 0, buffer, NULL};

    text_add(&t, "segment 0x%08x to 0x%08x: %u bytes", s->vaddr, s->vaddr + (s->size - 1), s->size);
    text_add(&t, "%s%s%s", s->flags & FLAG_R ? ", read" : "", s->flags & FLAG_W ? ", write" : "",
             s->flags & FLAG_X ? ", execute" : "");
    if (s->paddr != s->vaddr)
        text_add(&t, ", loaded at 0x%08x", s->paddr);
    return w->each(w->context, &line);
}

/* Labels that stand at `address`; those before it belong to no line. */
static int put_labels(struct walk *w, gva address)
{
    const struct image *m = w->image;
    int stop = 0;

    while (w->symbol < m->symbol_count && m->symbols[w->symbol].value < address)
        w->symbol++;
    for (; w->symbol < m->symbol_count && m->symbols[w->symbol].value == address && !stop;
         w->symbol++) {
        struct listing_line line = {LISTING_LABEL, address, 0, 0, m->symbols[w->symbol].name, NULL};

        stop = w->each(w->context, &line);
    }
    return stop;
}

static int put_insn(struct walk *w, gva address, word bits)
{
    char text_buffer[TEXT_SIZE], meaning_buffer[TEXT_SIZE];
    struct text text = text_init(text_buffer, sizeof text_buffer);
    struct text meaning = text_init(meaning_buffer, sizeof meaning_buffer);
    struct listing_line line = {LISTING_INSN, address, 4, bits, text_buffer, meaning_buffer};

    disasm_insn(&text, bits, address, &w->how);
    disasm_meaning(&meaning, bits, address, &w->how);
    return w->each(w->context, &line);
}

static int put_data(struct walk *w, gva address, word size, word bits)
{
    char buffer[32];
    struct text t = text_init(buffer, sizeof buffer);
    struct listing_line line = {LISTING_DATA, address, size, bits, buffer, NULL};

    if (size == 4)
        text_add(&t, "%-*s 0x%08x", MNEMONIC_WIDTH - 1, ".word", bits);
    else
        text_add(&t, "%-*s 0x%02x", MNEMONIC_WIDTH - 1, ".byte", bits);
    return w->each(w->context, &line);
}

static int put_zero(struct walk *w, gva address, word size)
{
    char buffer[32];
    struct text t = text_init(buffer, sizeof buffer);
    struct listing_line line = {LISTING_ZERO, address, size, 0, buffer, NULL};

    text_add(&t, "%-*s %u", MNEMONIC_WIDTH - 1, ".zero", size);
    return w->each(w->context, &line);
}

static bool wanted(const struct walk *w, uint64_t address)
{
    return address >= w->options->from && (!w->options->to || address < w->options->to);
}

/* Words, but bytes where a word is not aligned, not all there, or has a label inside. */
static word item_size(struct walk *w, const struct image_segment *s, word at)
{
    gva address = s->vaddr + at;
    const struct image *m = w->image;

    if (address % 4 || s->filled - at < 4)
        return 1;
    while (w->symbol < m->symbol_count && m->symbols[w->symbol].value <= address)
        w->symbol++;
    return w->symbol < m->symbol_count && m->symbols[w->symbol].value - address < 4 ? 1 : 4;
}

static int put_item(struct walk *w, const struct image_segment *s, word at, word size)
{
    word bits = 0;

    memcpy(&bits, s->data + at, size);
    if (size == 4 && (s->flags & FLAG_X))
        return put_insn(w, s->vaddr + at, bits);
    return put_data(w, s->vaddr + at, size, bits);
}

static int walk_segment(struct walk *w, const struct image_segment *s)
{
    int stop = put_segment(w, s);
    word at = 0;

    if (!(s->flags & FLAG_X) && !w->options->data)
        return stop;
    w->symbol = 0;
    while (at < s->filled && !stop) {
        bool show = wanted(w, (uint64_t)s->vaddr + at);

        if (show)
            stop = put_labels(w, s->vaddr + at);
        word size = item_size(w, s, at);
        if (show && !stop)
            stop = put_item(w, s, at, size);
        at += size;
    }
    if (!stop && s->size > s->filled && wanted(w, (uint64_t)s->vaddr + at)) {
        stop = put_labels(w, s->vaddr + at);
        if (!stop)
            stop = put_zero(w, s->vaddr + at, s->size - s->filled);
    }
    return stop;
}

static bool touches(const struct walk *w, const struct image_segment *s)
{
    return (uint64_t)s->vaddr + s->size > w->options->from &&
           (!w->options->to || s->vaddr < w->options->to);
}

int listing_image(const struct image *image, const struct listing *options, listing_each *each,
                  void *context)
{
    struct walk w = {
        .image = image,
        .options = options,
        .how = {.plain = options->plain,
                .width = MNEMONIC_WIDTH,
                .symbol = disasm_image_symbol,
                .context = image},
        .each = each,
        .context = context,
    };
    int stop = 0;

    for (unsigned i = 0; i < image->segment_count && !stop; i++)
        if (touches(&w, &image->segments[i]))
            stop = walk_segment(&w, &image->segments[i]);
    return stop;
}

void listing_text(struct text *out, const struct listing_line *line, bool meaning)
{
    switch (line->kind) {
    case LISTING_SEGMENT:
        text_add(out, "%s", line->text);
        break;
    case LISTING_LABEL:
        text_add(out, "%s:", line->text);
        break;
    case LISTING_INSN:
        text_add(out, meaning && line->meaning ? "  %08x  %08x  %-28s" : "  %08x  %08x  %s",
                 line->address, line->bits, line->text);
        if (meaning && line->meaning)
            text_add(out, " # %s", line->meaning);
        break;
    case LISTING_DATA:
        text_add(out, "  %08x  %0*x%*s  %s", line->address, (int)line->size * 2, line->bits,
                 8 - (int)line->size * 2, "", line->text);
        break;
    case LISTING_ZERO:
        text_add(out, "  %08x            %s", line->address, line->text);
        break;
    }
}
