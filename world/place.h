/*
 * Places as people write them: one small language for breakpoints, memory and listings, the same
 * in the debugger and in the dashboard.
 *
 *     place   [SPACE:] term {(+|-) term}       SPACE: gva (unless told), gpa, hpa
 *     term    0x80000000                       a number (base/number.h)
 *             main   os.elf:main               a symbol, and whose
 *             trap.c:31  os.elf:vm.c:108       where the code of a source line begins
 *             sp   $sp                         what a register holds now, as the context sees it
 *
 * Of several programs that have a symbol the one is meant whose code lies there in the context's
 * memory, else the first. Where a symbol and a register have the same name the symbol is meant; `$` says register.
 */
#ifndef WORLD_PLACE_H
#define WORLD_PLACE_H

#include "base/error.h"
#include "world/view.h"

#define PLACE_IMAGE_SIZE 64

struct place {
    struct space space;
    word address;
    char image[PLACE_IMAGE_SIZE]; /* whose symbol or line was meant; "" for numbers */
};

/* A place in the eyes of `context`. ERROR_usage names what is unknown, and near names. */
int place_parse(struct place *out, const struct host *h, uint16_t context, const char *text,
                struct error *err);

/* Whether `context` executing `address` is there: in the program whose symbol was meant, else in
 * the context that was. Code that was changed since it was loaded belongs to no program. */
bool place_is(const struct place *p, const struct host *h, uint16_t context, gva address);

#endif
