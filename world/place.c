/*
 * Places; see place.h. A term is cut off the text, tried as each of its kinds in turn, and added
 * up; the first that is none of them ends the parse with what it may have been meant to be.
 */
#include "world/place.h"

#include "base/number.h"
#include "base/suggest.h"
#include "base/text.h"
#include "isa/csr.h"
#include "isa/registers.h"

#include <stdio.h>
#include <string.h>

#define TERM_SIZE   256
#define LINES_AHEAD 50 /* how far a line without code may look for one that has some */

struct parse {
    const struct host *host;
    struct place *out;
    struct error *err;
};

static void keep_image(struct place *p, const char *image)
{
    snprintf(p->image, sizeof p->image, "%s", image);
}

static int unknown(const struct parse *p, const char *term)
{
    struct suggest near = suggest_for(term);
    const struct image_symbol *symbol;
    const char *image;
    char hint[160];
    struct text t = text_init(hint, sizeof hint);

    for (unsigned i = 0; (symbol = view_symbol_index(p->host, i, &image)); i++)
        suggest_offer(&near, symbol->name);
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        suggest_offer(&near, register_name(i));
    for (unsigned i = 0; i < csr_count; i++)
        suggest_offer(&near, csr_table[i].name);
    suggest_add(&near, &t);
    return error_set(p->err, ERROR_usage, "'%s' is no number, symbol, register or FILE:LINE%s%s",
                     term, hint, *hint ? "" : " (0x80000000, main, main+8, sp and prog.s:12 are)");
}

/* A line of a file that is known has no code: which line behind it has? */
static int no_code(const struct parse *p, const char *file, uint32_t line)
{
    struct suggest near = suggest_for(file);
    char hint[160];
    struct text t = text_init(hint, sizeof hint);
    const char *name, *image;
    word address;

    for (uint32_t next = line + 1; next < line + LINES_AHEAD; next++)
        if (view_line_owner(p->host, file, next, &address, &image))
            return error_set(p->err, ERROR_usage, "line %u of %s has no code; line %u has", line,
                             file, next);
    for (unsigned i = 0; (name = view_file_index(p->host, i)); i++) {
        const char *slash = strrchr(name, '/');
        const char *last = slash ? slash + 1 : name;
        if (strcmp(last, file) == 0)
            return error_set(p->err, ERROR_usage, "no line of %s from %u on has code", file, line);
        suggest_offer(&near, last);
    }
    suggest_add(&near, &t);
    return error_set(p->err, ERROR_usage, "no program here comes from a file '%s'%s", file, hint);
}

/* FILE:LINE; *known is false when it has not that form. */
static int line_term(const struct parse *p, const char *term, word *value, bool *known)
{
    const char *colon = strrchr(term, ':'), *image;
    char file[TERM_SIZE];
    uint64_t line;

    *known = colon && colon != term && number_parse(colon + 1, &line) && line <= UINT32_MAX;
    if (!*known)
        return 0;
    snprintf(file, sizeof file, "%.*s", (int)(colon - term), term);
    if (!view_line_owner(p->host, file, (uint32_t)line, value, &image))
        return no_code(p, file, (uint32_t)line);
    keep_image(p->out, image);
    return 0;
}

static int register_term(const struct parse *p, const char *name, word *value)
{
    word reg;

    if (!view_register(name, &reg))
        return unknown(p, name);
    if (!view_guest(p->host, p->out->space.context, reg, value))
        return error_set(p->err, ERROR_usage, "nobody knows what %s holds there now", name);
    return 0;
}

/* Of several programs that have the symbol, the one that is there in the context's memory. */
static bool find_symbol(const struct parse *p, const char *name, word *value, const char **image)
{
    const struct image_symbol *symbol;
    const char *owner;

    if (!view_symbol_owner(p->host, name, value, image))
        return false;
    for (unsigned i = 0; (symbol = view_symbol_index(p->host, i, &owner)); i++) {
        if (strcmp(symbol->name, name) != 0)
            continue;
        const char *there = view_image_name(p->host, p->out->space.context, symbol->value);
        if (there && strcmp(there, owner) == 0) {
            *value = symbol->value;
            *image = owner;
            break;
        }
    }
    return true;
}

static int read_term(const struct parse *p, const char *term, word *value)
{
    const char *image;
    uint64_t number;
    bool known;

    if (number_parse(term, &number)) {
        *value = (word)number;
        return number <= UINT32_MAX
                   ? 0
                   : error_set(p->err, ERROR_usage, "%s: an address has 32 bits, not more", term);
    }
    if (*term == '$')
        return register_term(p, term + 1, value);
    int code = line_term(p, term, value, &known);
    if (code || known)
        return code;
    if (find_symbol(p, term, value, &image)) {
        keep_image(p->out, image);
        return 0;
    }
    return register_term(p, term, value);
}

static bool is_known(const struct parse *p, const char *term)
{
    struct parse quiet = {.host = p->host, .out = &(struct place){.space = p->out->space}};
    word value;

    return read_term(&quiet, term, &value) == 0;
}

/* Names of files and programs may have signs in them: the longest term that means something, else
 * up to the first sign. What ends as FILE:LINE is one term, right or wrong. */
static size_t term_length(const struct parse *p, const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t line;
    char term[TERM_SIZE];

    for (size_t n = strlen(text); n > 0; n--) {
        if ((text[n] && text[n] != '+' && text[n] != '-') || n >= sizeof term)
            continue;
        memcpy(term, text, n);
        term[n] = '\0';
        if (is_known(p, term))
            return n;
    }
    return colon && number_parse(colon + 1, &line) ? strlen(text) : strcspn(text, "+-");
}

/* Takes "gpa:" and the like off the text. */
static const char *read_space(const char *text, enum space_kind *kind)
{
    for (enum space_kind k = SPACE_HPA; k <= SPACE_GVA; k++) {
        size_t n = strlen(space_name(k));
        if (strncmp(text, space_name(k), n) == 0 && text[n] == ':') {
            *kind = k;
            return text + n + 1;
        }
    }
    return text;
}

int place_parse(struct place *out, const struct host *h, uint16_t context, const char *text,
                struct error *err)
{
    struct parse p = {.host = h, .out = out, .err = err};
    bool minus = false;

    *out = (struct place){.space = {.kind = SPACE_GVA, .context = context}};
    text = read_space(text, &out->space.kind);
    for (;;) {
        char term[TERM_SIZE];
        size_t n = term_length(&p, text);
        word value = 0;

        if (n == 0 || n >= sizeof term)
            return error_set(err, ERROR_usage,
                             "%s: a place is wanted: 0x80000000, main, main+8, sp, prog.s:12",
                             text);
        memcpy(term, text, n);
        term[n] = '\0';
        int code = read_term(&p, term, &value);
        if (code)
            return code;
        out->address += minus ? -value : value;
        if (!text[n])
            return 0;
        minus = text[n] == '-';
        text += n + 1;
    }
}

bool place_is(const struct place *p, const struct host *h, uint16_t context, gva address)
{
    const char *here;

    if (p->address != address)
        return false;
    here = *p->image ? view_image_name(h, context, address) : NULL;
    return here ? strcmp(here, p->image) == 0 : p->space.context == context;
}
