/* The dashboard on the terminal: the main loop; see tui.h. */
#include "tui/tui.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tui/dashboard.h"
#include "tui/term.h"

enum { FRAME_MS = 40, FIRST_SLICE = 100000 };

static void resize(struct tui *t)
{
    bool ascii = t->grid.ascii;
    int w, h;

    screen_size(t->screen, &w, &h);
    if (w == t->grid.w && h == t->grid.h)
        return;
    grid_fini(&t->grid);
    if (!grid_init(&t->grid, w, h))
        t->quit = true;
    t->grid.ascii = ascii;
    screen_redraw(t->screen);
}

/* ^C: whatever was typed ahead is forgotten. */
static void interrupt(struct tui *t)
{
    t->held = KEYS_NONE;
    while (screen_key(t->screen) != KEYS_NONE)
        ;
    if (verbs_running(&t->run))
        verbs_stop(&t->run, "stopped by you");
    else if (t->mode != MODE_KEYS)
        t->mode = MODE_KEYS;
    else
        tui_say(t, "q leaves");
}

static void act_on_notes(struct tui *t, unsigned notes)
{
    if (notes & TERM_INTERRUPT)
        interrupt(t);
    if (notes & TERM_SUSPEND) {
        screen_leave(t->screen);
        term_suspend();
        screen_enter(t->screen);
    }
    if (notes & (TERM_RESIZE | TERM_SUSPEND)) {
        resize(t);
        screen_redraw(t->screen);
    }
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Runs for one picture. How many instructions fit is learnt from the last one. */
static void run_frame(struct tui *t, uint64_t *slice)
{
    int64_t before = now_ms(), took;

    if (tui_pace(t->speed)) {
        verbs_slice(&t->run, tui_pace(t->speed));
        return;
    }
    verbs_slice(&t->run, *slice);
    took = now_ms() - before;
    if (took < FRAME_MS / 2 && *slice < UINT64_C(1) << 32)
        *slice *= 2;
    else if (took > FRAME_MS && *slice > 1000)
        *slice /= 2;
}

static void show(struct tui *t)
{
    frame_draw(t);
    screen_show(t->screen, &t->grid, t->cursor_x, t->cursor_y);
}

/* Whether this key runs the machine; two of them must not overtake each other. */
static bool is_run_key(const struct tui *t, uint32_t key)
{
    char buffer[16];
    const struct key_info *info = keys_find(keys_name(key, buffer));

    return t->mode == MODE_KEYS && info && command_runs(info->command);
}

/* The next key to act on. One that would run the machine waits until what runs has ended,
 * so that keys typed ahead do what they would have done one by one; `c` and ^C stop it. */
static uint32_t next_key(struct tui *t)
{
    uint32_t key = t->held;

    if (t->held != KEYS_NONE && verbs_running(&t->run))
        return KEYS_NONE;
    t->held = KEYS_NONE;
    while (key == KEYS_NONE || key == KEYS_RESIZE) {
        key = screen_key(t->screen);
        if (key == KEYS_NONE)
            return key;
    }
    if (verbs_running(&t->run) && is_run_key(t, key)) {
        t->held = key;
        return KEYS_NONE;
    }
    return key;
}

/* The first of the lines that the program was started with is done; they follow each other
 * as the machine comes to stand. */
static const char *run_line(struct tui *t, const char *lines)
{
    char line[LINE_SIZE];
    size_t n = strcspn(lines, ";\n");

    if (n < sizeof line) {
        memcpy(line, lines, n);
        line[n] = '\0';
        command_line(t, line);
    }
    return lines + n + (lines[n] != '\0');
}

static void loop(struct tui *t)
{
    const char *lines = t->options->commands ? t->options->commands : "";
    uint64_t slice = FIRST_SLICE;

    resize(t);
    while (!t->quit) {
        uint32_t key;
        int64_t began = now_ms(), left;

        act_on_notes(t, term_notes());
        while (!t->quit && (key = next_key(t)) != KEYS_NONE)
            tui_key(t, key);
        if (*lines && !verbs_running(&t->run) && !t->quit)
            lines = run_line(t, lines);
        if (verbs_running(&t->run))
            run_frame(t, &slice);
        tui_log_machines(t);
        show(t);
        left = FRAME_MS - (now_ms() - began);
        if (!verbs_running(&t->run) && t->held == KEYS_NONE && !*lines && !t->quit)
            term_wait(-1);
        else if (tui_pace(t->speed) && left > 0)
            term_wait((int)left);
    }
}

static enum theme theme_of(const struct tui_options *options)
{
    const char *no_color = getenv("NO_COLOR");

    if (options->plain || (no_color && *no_color))
        return THEME_PLAIN;
    return options->light ? THEME_LIGHT : THEME_DARK;
}

bool tui_possible(char *why, size_t size)
{
    return term_possible(why, size);
}

int tui_run(const struct tui_options *options, struct error *err)
{
    struct tui_options ours = *options;
    struct tui *t = calloc(1, sizeof *t);
    char why[256];
    int code;

    if (!t)
        return error_set(err, ERROR_memory, "out of memory");
    setlocale(LC_CTYPE, "");
    ours.ascii |= strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    if (!term_possible(why, sizeof why))
        code = error_set(err, ERROR_usage, "%s", why);
    else
        code = tui_init(t, &ours, err);
    if (code == 0)
        code = term_open(err);
    if (code == 0) {
        code = screen_open(&t->screen, theme_of(&ours), err);
        if (code == 0)
            loop(t);
        screen_close(t->screen);
        term_close();
    }
    tui_fini(t);
    free(t);
    return code;
}
