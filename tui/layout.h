/*
 * Where the panes go. A dashboard is rows of panes; a pane says what it needs and how much
 * of the rest it wants. Too small a screen drops panes, from the end, but never the one that
 * has the keys: that one is shown in whatever room there is.
 *
 *   +- title -----------+- title ---------+
 *   | pane 0            | pane 1          |   a pane's first line is its title;
 *   +- title -----------+-----------------+   panes behind the first of a row begin with
 *   | pane 2                              |   a column that holds the line between them
 *   +-------------------------------------+
 */
#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include "tui/grid.h"

#define LAYOUT_PANES_MAX 16

struct layout_pane {
    int row;                /* panes of a row follow each other, rows count up from 0 */
    int min_w, min_h;       /* title line and line between panes included */
    int weight_w, weight_h; /* share of what is left over; 0: happy with the least */
};

/*
 * Fills at[i] for each pane; a dropped pane has width 0. `focus` is the pane that stays
 * (below count). With `zoom` it is the only one. Never overlaps, never leaves `area`.
 */
void layout_compute(const struct layout_pane *panes, int count, int focus, bool zoom,
                    struct rect area, struct rect *at);

#endif
