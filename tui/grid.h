/*
 * The picture: a grid of cells, each a character and a style. Everything is drawn here
 * first, so that layout and panes are tested, and a screen is saved, without a terminal.
 *
 * Drawing goes through an area, a rectangle of the grid with its own origin: what lies
 * outside of it is cut off, so a pane cannot draw over its neighbour.
 */
#ifndef TUI_GRID_H
#define TUI_GRID_H

#include <stdio.h>

#include "base/types.h"

enum style {
#define STYLE(name, dark, light, ansi, attributes, meaning) STYLE_##name,
#include "tui/styles.def"
#undef STYLE
    STYLE_COUNT
};

enum attribute { NORMAL = 0, BOLD = 1, DIM = 2, UNDERLINE = 4, REVERSE = 8 };

struct style_info {
    const char *name;
    int dark, light, ansi, attributes; /* see styles.def */
};
const struct style_info *style_info(enum style style);
/* STYLE_COUNT when there is none of that name. */
enum style style_find(const char *name);

struct cell {
    uint32_t ch;    /* Unicode; 0 is the right half of a wide character */
    uint32_t style; /* enum style */
};

struct grid {
    int w, h;
    bool ascii; /* lines and marks are drawn with ASCII only */
    struct cell *cells;
};

struct rect {
    int x, y, w, h;
};

struct area {
    struct grid *grid;
    struct rect at;
};

/* Blank. False: no memory (then the grid is 0 by 0). A negative size counts as 0. */
bool grid_init(struct grid *g, int w, int h);
void grid_fini(struct grid *g);
void grid_clear(struct grid *g);
struct area grid_area(struct grid *g);

/* The part of `a` at x, y (in its own coordinates), cut to what `a` has. */
struct area area_part(struct area a, int x, int y, int w, int h);

void area_put(struct area a, int x, int y, uint32_t ch, enum style style);
/* UTF-8; what is not text is shown as ?, a tab as one blank. Returns the column behind it. */
int area_text(struct area a, int x, int y, const char *s, enum style style);
int area_text_n(struct area a, int x, int y, const char *s, size_t bytes, enum style style);
int area_format(struct area a, int x, int y, enum style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void area_fill(struct area a, enum style style);
/* Gives a whole row another style and keeps its characters. */
void area_restyle_row(struct area a, int y, enum style style);
void area_hline(struct area a, int y, enum style style);
void area_vline(struct area a, int x, int y, int h, enum style style);

/* Columns that `bytes` bytes of UTF-8 take on the screen. */
int text_columns(const char *s, size_t bytes);

/* Rows without the blanks at their ends, each with a newline. */
void grid_write_text(const struct grid *g, FILE *f);
void grid_write_svg(const struct grid *g, FILE *f);

#endif
