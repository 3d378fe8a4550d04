/* The picture that is drawn before it is shown; see grid.h. */
#include "tui/grid.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct style_info styles[STYLE_COUNT] = {
#define STYLE(name, dark, light, ansi, attributes, meaning)                                        \
    [STYLE_##name] = {#name, dark, light, ansi, attributes},
#include "tui/styles.def"
#undef STYLE
};

const struct style_info *style_info(enum style style)
{
    return &styles[style < STYLE_COUNT ? style : STYLE_normal];
}

enum style style_find(const char *name)
{
    enum style s = 0;

    while (s < STYLE_COUNT && strcmp(styles[s].name, name) != 0)
        s++;
    return s;
}

bool grid_init(struct grid *g, int w, int h)
{
    *g = (struct grid){.w = w > 0 ? w : 0, .h = h > 0 ? h : 0};
    g->cells = calloc((size_t)g->w * (size_t)g->h + 1, sizeof *g->cells);
    if (!g->cells) {
        *g = (struct grid){0};
        return false;
    }
    grid_clear(g);
    return true;
}

void grid_fini(struct grid *g)
{
    free(g->cells);
    *g = (struct grid){0};
}

void grid_clear(struct grid *g)
{
    for (int i = 0; i < g->w * g->h; i++)
        g->cells[i] = (struct cell){' ', STYLE_normal};
}

struct area grid_area(struct grid *g)
{
    return (struct area){g, {0, 0, g->w, g->h}};
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

struct area area_part(struct area a, int x, int y, int w, int h)
{
    int left = clamp(x, 0, a.at.w), top = clamp(y, 0, a.at.h);
    int right = clamp(x + w, left, a.at.w), bottom = clamp(y + h, top, a.at.h);

    a.at = (struct rect){a.at.x + left, a.at.y + top, right - left, bottom - top};
    return a;
}

static struct cell *cell_at(struct area a, int x, int y)
{
    if (x < 0 || y < 0 || x >= a.at.w || y >= a.at.h)
        return NULL;
    return &a.grid->cells[(a.at.y + y) * a.grid->w + a.at.x + x];
}

/* Half of a wide character that gets its other half overwritten becomes a blank. */
static void put(struct area a, int x, int y, uint32_t ch, enum style style)
{
    struct cell *c = cell_at(a, x, y);

    if (!c)
        return;
    if (c->ch == 0 && ch != 0 && x > 0 && cell_at(a, x - 1, y))
        c[-1].ch = ' ';
    if (ch != 0 && x + 1 < a.at.w && c[1].ch == 0)
        c[1].ch = ' ';
    *c = (struct cell){ch, style};
}

void area_put(struct area a, int x, int y, uint32_t ch, enum style style)
{
    put(a, x, y, ch, style);
}

/* One character of UTF-8; a byte that starts none is U+FFFD. Returns its length. */
static size_t decode(const unsigned char *s, size_t bytes, uint32_t *ch)
{
    size_t more = s[0] < 0x80 ? 0 : s[0] >= 0xf0 && s[0] < 0xf5 ? 3 : s[0] >= 0xe0 ? 2 : 1;
    uint32_t v = more == 0 ? s[0] : s[0] & (0x3fu >> more);
    bool bad = (s[0] >= 0x80 && s[0] < 0xc2) || s[0] >= 0xf5 || more >= bytes;

    for (size_t i = 1; i <= more && !bad; i++) {
        bad = (s[i] & 0xc0) != 0x80;
        v = v << 6 | (s[i] & 0x3f);
    }
    *ch = bad ? 0xfffd : v;
    return bad ? 1 : more + 1;
}

/* Columns on the screen: the blocks that terminals show twice as wide, and those that
 * stand on top of the character before them. */
static int char_columns(uint32_t c)
{
    static const struct {
        uint32_t first, last;
        int columns;
    } ranges[] = {
        {0x300, 0x36f, 0},     {0x200b, 0x200f, 0},   {0xfe00, 0xfe0f, 0}, {0x1100, 0x115f, 2},
        {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2},
        {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2}, {0x1f300, 0x1f64f, 2},
        {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
    };

    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return ranges[i].columns;
    return 1;
}

/* What is drawn for a character: control characters and broken text never reach the terminal. */
static uint32_t printable(uint32_t ch)
{
    if (ch == '\t')
        return ' ';
    return ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || ch == 0xfffd ? '?' : ch;
}

int area_text_n(struct area a, int x, int y, const char *s, size_t bytes, enum style style)
{
    const unsigned char *p = (const unsigned char *)s;

    while (bytes > 0 && *p) {
        uint32_t ch;
        size_t n = decode(p, bytes, &ch);
        int columns = char_columns(ch);

        if (a.grid->ascii && ch >= 0x80)
            ch = '?';
        if (columns == 2 && x + 1 < a.at.w) {
            put(a, x, y, ch, style);
            put(a, x + 1, y, 0, style);
        } else if (columns > 0) {
            put(a, x, y, columns == 2 ? ' ' : printable(ch), style);
        }
        x += columns;
        p += n;
        bytes -= n;
    }
    return x;
}

int area_text(struct area a, int x, int y, const char *s, enum style style)
{
    return area_text_n(a, x, y, s, strlen(s), style);
}

int area_format(struct area a, int x, int y, enum style style, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return area_text(a, x, y, line, style);
}

int text_columns(const char *s, size_t bytes)
{
    const unsigned char *p = (const unsigned char *)s;
    int columns = 0;

    while (bytes > 0 && *p) {
        uint32_t ch;
        size_t n = decode(p, bytes, &ch);

        columns += char_columns(ch);
        p += n;
        bytes -= n;
    }
    return columns;
}

void area_fill(struct area a, enum style style)
{
    for (int y = 0; y < a.at.h; y++)
        for (int x = 0; x < a.at.w; x++)
            put(a, x, y, ' ', style);
}

void area_restyle_row(struct area a, int y, enum style style)
{
    for (int x = 0; x < a.at.w; x++) {
        struct cell *c = cell_at(a, x, y);

        if (c)
            c->style = style;
    }
}

void area_hline(struct area a, int y, enum style style)
{
    for (int x = 0; x < a.at.w; x++)
        put(a, x, y, a.grid->ascii ? '-' : 0x2500, style);
}

void area_vline(struct area a, int x, int y, int h, enum style style)
{
    for (int i = 0; i < h; i++)
        put(a, x, y + i, a.grid->ascii ? '|' : 0x2502, style);
}
