/* Where the panes go; see layout.h. */
#include "tui/layout.h"

#include <assert.h>

/* One line of things that share a length: rows down the screen, or panes along a row. */
struct share {
    int min, weight;
    int size; /* result */
};

/* Each gets its least, then the rest by weight; rounding never loses a cell. */
static void divide(struct share *s, int count, int length)
{
    int rest = length, weights = 0, given = 0, seen = 0;

    for (int i = 0; i < count; i++) {
        rest -= s[i].min;
        weights += s[i].weight;
    }
    for (int i = 0; i < count; i++) {
        /* Nobody wants more: the last one takes it. */
        int weight = weights ? s[i].weight : i == count - 1;

        seen += weight;
        int upto = rest * seen / (weights ? weights : 1);
        s[i].size = s[i].min + upto - given;
        given = upto;
    }
    /* One alone takes what there is, even if that is less than it needs. */
    if (count == 1)
        s[0].size = length;
}

struct plan {
    const struct layout_pane *panes;
    int count, focus;
    bool shown[LAYOUT_PANES_MAX];
};

static int row_height(const struct plan *p, int row)
{
    int h = 0;

    for (int i = 0; i < p->count; i++)
        if (p->shown[i] && p->panes[i].row == row && p->panes[i].min_h > h)
            h = p->panes[i].min_h;
    return h;
}

static int row_weight(const struct plan *p, int row)
{
    int weight = 0;

    for (int i = 0; i < p->count; i++)
        if (p->shown[i] && p->panes[i].row == row && p->panes[i].weight_h > weight)
            weight = p->panes[i].weight_h;
    return weight;
}

static int rows_of(const struct plan *p)
{
    return p->panes[p->count - 1].row + 1;
}

/* Drops panes from the end of a row until the rest fit side by side. */
static void fit_row(struct plan *p, int row, int width)
{
    for (;;) {
        int need = 0, last = -1, shown = 0;

        for (int i = 0; i < p->count; i++) {
            if (!p->shown[i] || p->panes[i].row != row)
                continue;
            need += p->panes[i].min_w;
            shown++;
            if (i != p->focus)
                last = i;
        }
        if (need <= width || shown <= 1 || last < 0)
            return;
        p->shown[last] = false;
    }
}

/* Drops rows from the end until the rest fit below each other. */
static void fit_rows(struct plan *p, int height)
{
    int keep = p->panes[p->focus].row;

    for (int row = rows_of(p) - 1; row >= 0; row--) {
        int need = 0;

        for (int r = 0; r < rows_of(p); r++)
            need += row_height(p, r);
        if (need <= height)
            return;
        for (int i = 0; i < p->count && row != keep; i++)
            if (p->panes[i].row == row)
                p->shown[i] = false;
    }
}

static void place_row(const struct plan *p, int row, struct rect line, struct rect *at)
{
    struct share s[LAYOUT_PANES_MAX];
    int members[LAYOUT_PANES_MAX], n = 0;

    for (int i = 0; i < p->count; i++) {
        if (!p->shown[i] || p->panes[i].row != row)
            continue;
        members[n] = i;
        s[n++] = (struct share){p->panes[i].min_w, p->panes[i].weight_w, 0};
    }
    divide(s, n, line.w);
    for (int i = 0; i < n; i++) {
        at[members[i]] = (struct rect){line.x, line.y, s[i].size, line.h};
        line.x += s[i].size;
    }
}

void layout_compute(const struct layout_pane *panes, int count, int focus, bool zoom,
                    struct rect area, struct rect *at)
{
    struct plan p = {.panes = panes, .count = count, .focus = focus};
    struct share s[LAYOUT_PANES_MAX];
    int rows[LAYOUT_PANES_MAX], n = 0;

    assert(count > 0 && count <= LAYOUT_PANES_MAX && focus >= 0 && focus < count);
    for (int i = 0; i < count; i++) {
        at[i] = (struct rect){area.x, area.y, 0, 0};
        p.shown[i] = !zoom || i == focus;
    }
    if (area.w <= 0 || area.h <= 0)
        return;
    for (int row = 0; row < rows_of(&p); row++)
        fit_row(&p, row, area.w);
    fit_rows(&p, area.h);
    for (int row = 0; row < rows_of(&p); row++) {
        if (row_height(&p, row) == 0)
            continue;
        rows[n] = row;
        s[n++] = (struct share){row_height(&p, row), row_weight(&p, row), 0};
    }
    divide(s, n, area.h);
    for (int i = 0; i < n; i++) {
        place_row(&p, rows[i], (struct rect){area.x, area.y, area.w, s[i].size}, at);
        area.y += s[i].size;
    }
}
