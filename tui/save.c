/*
 * A picture as a file: plain text, which is also how screens are tested, and SVG for notes
 * and slides (the light palette; a cell is 8 by 16).
 */
#include "tui/grid.h"

enum { CELL_W = 8, CELL_H = 16 };

static void write_char(uint32_t c, FILE *f)
{
    if (c < 0x80) {
        fputc((int)c, f);
    } else if (c < 0x800) {
        fprintf(f, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        fprintf(f, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
                (int)(0x80 | (c & 0x3f)));
    } else {
        fprintf(f, "%c%c%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3f)),
                (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
    }
}

void grid_write_text(const struct grid *g, FILE *f)
{
    for (int y = 0; y < g->h; y++) {
        const struct cell *row = g->cells + y * g->w;
        int end = g->w;

        while (end > 0 && (row[end - 1].ch == ' ' || row[end - 1].ch == 0))
            end--;
        for (int x = 0; x < end; x++)
            if (row[x].ch != 0)
                write_char(row[x].ch, f);
        fputc('\n', f);
    }
}

/* A colour of the 256 as red, green, blue: 16-231 a cube of six, 232-255 greys; -1 is ink. */
static unsigned rgb(int colour)
{
    static const unsigned step[] = {0, 95, 135, 175, 215, 255};
    unsigned c = (unsigned)colour, grey;

    if (colour < 16)
        return 0x202020;
    if (colour < 232) {
        c -= 16;
        return step[c / 36] << 16 | step[c / 6 % 6] << 8 | step[c % 6];
    }
    grey = 8 + 10 * (c - 232);
    return grey << 16 | grey << 8 | grey;
}

static void write_xml_char(uint32_t c, FILE *f)
{
    switch (c) {
    case '&':
        fputs("&amp;", f);
        break;
    case '<':
        fputs("&lt;", f);
        break;
    case '>':
        fputs("&gt;", f);
        break;
    default:
        write_char(c, f);
    }
}

/* Cells of one style in a row: a background where it is reversed, and the text. */
static void write_run(const struct grid *g, int y, int from, int to, FILE *f)
{
    const struct cell *row = g->cells + y * g->w;
    const struct style_info *style = style_info(row[from].style);
    unsigned colour = rgb(style->light);
    bool reverse = style->attributes & REVERSE;

    if (reverse)
        fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n",
                from * CELL_W, y * CELL_H, (to - from) * CELL_W, CELL_H, colour);
    fprintf(f, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%06x\"%s>", from * CELL_W,
            y * CELL_H + 12, (to - from) * CELL_W, reverse ? 0xffffffu : colour,
            style->attributes & BOLD ? " font-weight=\"bold\"" : "");
    for (int x = from; x < to; x++)
        if (row[x].ch != 0)
            write_xml_char(row[x].ch, f);
    fputs("</text>\n", f);
}

void grid_write_svg(const struct grid *g, FILE *f)
{
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"monospace\" font-size=\"13\" xml:space=\"preserve\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
            g->w * CELL_W, g->h * CELL_H);
    for (int y = 0; y < g->h; y++) {
        const struct cell *row = g->cells + y * g->w;

        for (int from = 0, to; from < g->w; from = to) {
            for (to = from + 1; to < g->w && row[to].style == row[from].style; to++)
                ;
            write_run(g, y, from, to, f);
        }
    }
    fputs("</svg>\n", f);
}
