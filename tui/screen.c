/* Curses; see screen.h. */
#include "tui/screen.h"

#include <curses.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

struct screen {
    SCREEN *curses;
    attr_t attributes[STYLE_COUNT];
    short pairs[STYLE_COUNT];
};

static attr_t attributes_of(int attributes)
{
    return (attributes & BOLD ? A_BOLD : 0) | (attributes & DIM ? A_DIM : 0) |
           (attributes & UNDERLINE ? A_UNDERLINE : 0) | (attributes & REVERSE ? A_REVERSE : 0);
}

static int colour_of(const struct style_info *style, enum theme theme)
{
    if (COLORS < 256)
        return style->ansi;
    return theme == THEME_LIGHT ? style->light : style->dark;
}

void screen_theme(struct screen *s, enum theme theme)
{
    bool colour = theme != THEME_PLAIN && has_colors() && use_default_colors() == OK;

    for (int i = 0; i < STYLE_COUNT; i++) {
        const struct style_info *style = style_info((enum style)i);

        s->attributes[i] = attributes_of(style->attributes);
        s->pairs[i] = 0;
        if (colour && colour_of(style, theme) >= 0) {
            s->pairs[i] = (short)(i + 1);
            init_pair(s->pairs[i], (short)colour_of(style, theme), -1);
        }
    }
    screen_redraw(s);
}

int screen_open(struct screen **out, enum theme theme, struct error *err)
{
    struct screen *s = calloc(1, sizeof *s);

    *out = NULL;
    if (!s)
        return error_set(err, ERROR_memory, "out of memory");
    s->curses = newterm(NULL, stdout, stdin);
    if (!s->curses) {
        free(s);
        return error_set(err, ERROR_io, "curses cannot use this terminal");
    }
    set_term(s->curses);
    set_escdelay(25);
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    if (has_colors())
        start_color();
    screen_theme(s, theme);
    *out = s;
    return 0;
}

void screen_close(struct screen *s)
{
    if (!s)
        return;
    endwin();
    delscreen(s->curses);
    free(s);
}

void screen_size(struct screen *s, int *w, int *h)
{
    struct winsize size;

    (void)s;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        resizeterm(size.ws_row, size.ws_col);
    getmaxyx(stdscr, *h, *w);
}

void screen_show(struct screen *s, const struct grid *g, int cx, int cy)
{
    for (int y = 0; y < g->h; y++) {
        for (int x = 0; x < g->w; x++) {
            const struct cell *c = &g->cells[y * g->w + x];
            wchar_t text[2] = {(wchar_t)c->ch, 0};
            cchar_t cell;

            if (c->ch == 0)
                continue;
            setcchar(&cell, text, s->attributes[c->style], s->pairs[c->style], NULL);
            mvadd_wch(y, x, &cell);
        }
    }
    curs_set(cx >= 0);
    if (cx >= 0)
        move(cy, cx);
    refresh();
}

uint32_t screen_key(struct screen *s)
{
    static const struct {
        wint_t curses;
        uint32_t key;
    } keys[] = {
        {KEY_UP, KEYS_UP},         {KEY_DOWN, KEYS_DOWN},       {KEY_LEFT, KEYS_LEFT},
        {KEY_RIGHT, KEYS_RIGHT},   {KEY_HOME, KEYS_HOME},       {KEY_END, KEYS_END},
        {KEY_PPAGE, KEYS_PAGE_UP}, {KEY_NPAGE, KEYS_PAGE_DOWN}, {KEY_BACKSPACE, 127},
        {KEY_DC, KEYS_DELETE},     {KEY_ENTER, '\r'},           {KEY_RESIZE, KEYS_RESIZE},
    };
    wint_t c = 0;

    (void)s;
    switch (get_wch(&c)) {
    case OK:
        return (uint32_t)c;
    case KEY_CODE_YES:
        for (size_t i = 0; i < COUNT_OF(keys); i++)
            if (keys[i].curses == c)
                return keys[i].key;
        return KEYS_UNKNOWN;
    default:
        return KEYS_NONE;
    }
}

void screen_redraw(struct screen *s)
{
    (void)s;
    clearok(curscr, TRUE);
}

void screen_leave(struct screen *s)
{
    (void)s;
    endwin();
}

void screen_enter(struct screen *s)
{
    screen_redraw(s);
    refresh();
}
