/*
 * The picture around the panes:
 *
 *    trap-and-emulate  L0 vmm > [L1 os]  ring 1  STOP trap privileged         #48213
 *    -1 Code  L1 os ------------------+-2 State  guest sees | real ------------------
 *     ...                             | ...
 *    message, or the command line
 *    s step  n over  f out  t trap  x exit  c run/stop  Tab pane  ? help  q quit
 *
 * A low screen gives up the hints, then the message line, then the title.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "machine/machine.h"
#include "tui/dashboard.h"
#include "tui/paint.h"
#include "world/explain.h"
#include "world/view.h"

/* Columns from which on the title names the program: why the machine stands says more. */
enum { WIDE = 100 };

/* Which context is which: the one that runs stands in brackets; alone where there is no room. */
static void add_chain(const struct tui *t, bool alone, struct text *out)
{
    uint16_t chain[8], running = view_current(tui_host(t));
    unsigned count = tui_chain(t, chain, COUNT_OF(chain));
    char name[32];

    for (unsigned i = 0; i < count; i++) {
        const char *s = view_context_name(tui_host(t), chain[i], name, sizeof name);

        if (chain[i] == running)
            text_add(out, "%s[L%u %s]", i && !alone ? " > " : "", i, s);
        else if (!alone)
            text_add(out, "%sL%u %s", i ? " > " : "", i, s);
    }
}

/* What the title says beside the step: the more there is to leave out, the less. */
enum { WITHOUT_SCENARIO = 1, WITHOUT_CHAIN, WITHOUT_RING, WITHOUT_CONTEXT, WITHOUT_ALL };

static void add_title(const struct tui *t, int without, struct text *out)
{
    const struct host *h = tui_host(t);

    if (without < WITHOUT_SCENARIO)
        text_add(out, "%s  ", script_name(t->script));
    if (!h || without >= WITHOUT_ALL)
        return;
    if (without < WITHOUT_CHAIN && world_host_count(script_world(t->script)) > 1)
        text_add(out, "%s  ", host_name(h));
    if (without < WITHOUT_CONTEXT)
        add_chain(t, without >= WITHOUT_CHAIN, out);
    if (without < WITHOUT_RING)
        text_add(out, "  ring %u", (unsigned)machine_regs(host_machine(h))->ring);
    text_add(out, "%s%s", without < WITHOUT_CONTEXT ? "  " : "",
             verbs_running(&t->run) ? "RUN" : "STOP");
}

static void draw_title(struct tui *t, struct area a)
{
    const struct host *h = tui_host(t);
    char left[256] = "", right[40] = "";
    int x = 1, width = 0;

    t->reason_shown = false;
    area_fill(a, STYLE_title);
    if (a.at.w >= WIDE)
        x = area_text(a, x, 0, "trapeze ", STYLE_title);
    if (h)
        width = snprintf(right, sizeof right, " #%llu",
                         (unsigned long long)machine_icount(host_machine(h)));
    for (int without = 0; without <= WITHOUT_ALL; without++) {
        struct text text = text_init(left, sizeof left);

        add_title(t, without, &text);
        if (x + text_columns(left, strlen(left)) <= a.at.w - width)
            break;
    }
    x = area_text(a, x, 0, left, STYLE_title);
    t->reason_shown = h && x + 1 + (int)strlen(t->run.reason) <= a.at.w - width;
    if (!verbs_running(&t->run) && t->reason_shown)
        area_text(a, x + 1, 0, t->run.reason, STYLE_title);
    area_text(a, a.at.w - width, 0, right, STYLE_title);
}

/* The line above a pane: its number and name, what it shows just now. */
static void draw_pane_title(const struct pane *p, struct area a)
{
    int x = 1;

    area_hline(a, 0, STYLE_border);
    if (p->number)
        x = area_format(a, x, 0, STYLE_key, "%d", p->number);
    x = area_format(a, x, 0, p->focused ? STYLE_focus : STYLE_heading, " %s ", p->title);
    if (p->note[0])
        area_format(a, x, 0, STYLE_dim, "%s ", p->note);
}

static void draw_pane(struct tui *t, struct pane *p, struct rect at, const struct pane_view *view)
{
    struct area a = area_part(grid_area(&t->grid), at.x, at.y, at.w, at.h);
    int left = at.x > 0; /* room for the line between two panes */

    p->focused = p == tui_focused(t);
    pane_draw(p, view, area_part(a, left, 1, a.at.w - left, a.at.h - 1));
    draw_pane_title(p, area_part(a, left, 0, a.at.w - left, 1));
    if (left) {
        area_vline(a, 0, 1, a.at.h - 1, STYLE_border);
        area_put(a, 0, 0, t->grid.ascii ? '+' : 0x252c, STYLE_border);
    }
}

static void draw_panes(struct tui *t, struct rect area)
{
    struct layout_pane panes[LAYOUT_PANES_MAX];
    struct rect at[LAYOUT_PANES_MAX];
    struct pane_view view = tui_view(t);

    if (t->over >= 0) {
        draw_pane(t, tui_focused(t), area, &view);
        return;
    }
    for (int i = 0; i < t->slot_count; i++) {
        const struct pane *p = &t->panes[t->slots[i].pane];

        panes[i] =
            (struct layout_pane){t->slots[i].row, p->min_w, p->min_h + 1, p->share_w, p->share_h};
    }
    layout_compute(panes, t->slot_count, t->focus, t->zoom, area, at);
    for (int i = 0; i < t->slot_count; i++) {
        if (at[i].w > 0 && at[i].h > 0)
            draw_pane(t, &t->panes[t->slots[i].pane], at[i], &view);
    }
}

/* What the keys do where they do not do what the table says. */
static const char *special_hints(const struct tui *t)
{
    switch (t->mode) {
    case MODE_TYPE:
        return "typing to the machine   Esc ends it";
    case MODE_COMMAND:
        return "Enter does it   Tab completes   Esc forgets it";
    default:
        return t->over >= 0 ? "j k PgDn PgUp move   Esc goes back" : NULL;
    }
}

/* Columns that a key's hint takes, with the blanks behind it; 0: it has none. */
static int hint_width(const struct key_info *k)
{
    return k->name && k->hint[0] ? (int)(strlen(k->name) + strlen(k->hint)) + 3 : 0;
}

/* As many hints as fit, whole; the last two, help and the way out, before all others. */
static void draw_hints(const struct tui *t, struct area a)
{
    const char *special = special_hints(t);
    unsigned last = key_count, kept = 0;
    int x = 1, reserved = 0;
    bool full = false;

    if (special) {
        area_text(a, 1, 0, special, STYLE_dim);
        return;
    }
    while (last > 0 && kept < 2) {
        int width = hint_width(&key_table[--last]);

        reserved += width;
        kept += width > 0;
    }
    for (unsigned i = 0; i < key_count; i++) {
        const struct key_info *k = &key_table[i];
        int width = hint_width(k);

        if (!width)
            continue;
        full = full || x + width + (i < last ? reserved : 0) - 2 > a.at.w;
        if (full && i < last)
            continue;
        if (x + width - 2 > a.at.w)
            return;
        x = area_text(a, x, 0, k->name, STYLE_key);
        x = area_format(a, x + 1, 0, STYLE_dim, "%s", k->hint) + 2;
    }
}

static void draw_command(struct tui *t, struct area a)
{
    int cursor = 1 + text_columns(t->line.text, t->line.cursor);
    int scroll = cursor >= a.at.w ? cursor - a.at.w + 1 : 0;

    area_text(a, -scroll, 0, ":", STYLE_key);
    area_text(a, 1 - scroll, 0, t->line.text, STYLE_normal);
    t->cursor_x = a.at.x + cursor - scroll;
    t->cursor_y = a.at.y;
}

/* The beginning of an explanation, in place of the rest where that is. */
static void shorten(char *why, int lines)
{
    char *end = why;

    for (int i = 0; i < lines && end; i++)
        end = strchr(i ? end + 1 : end, '\n');
    if (end)
        snprintf(end, EXPLAIN_SIZE - (size_t)(end - why), "  (w: all of it)");
}

/* What was said last, else what the machine cannot get out of, else why it stands, else what this
 * is about. */
static const char *message(struct tui *t, char why[EXPLAIN_SIZE], enum style *style)
{
    *style = STYLE_normal;
    why[0] = '\0';
    if (t->message[0]) {
        *style = t->message_bad ? STYLE_bad : STYLE_normal;
        return t->message;
    }
    if (strcmp(tui_focused(t)->name, "why") != 0 && *tui_why(t, true, why, EXPLAIN_SIZE)) {
        shorten(why, t->grid.h / 8);
        return why;
    }
    if (!verbs_running(&t->run) && !t->reason_shown && t->run.reason[0])
        snprintf(why, EXPLAIN_SIZE, "%s", t->run.reason);
    if (script_failed_count(t->script) > 0) {
        size_t n = strlen(why);

        *style = STYLE_bad;
        snprintf(why + n, EXPLAIN_SIZE - n, "%s7: which checks fail, and why", n ? "; " : "");
    }
    if (*why)
        return why;
    *style = STYLE_dim;
    return script_title(t->script);
}

/* Draws the message, wrapped, into as many lines as `a` has. Returns how many it needs. */
static int draw_message(struct tui *t, struct area a)
{
    char why[EXPLAIN_SIZE];
    enum style style;
    const char *s = message(t, why, &style);
    int lines = 0;

    while (*s) {
        size_t n = text_wrap(s, a.at.w - 2);

        area_text_n(a, 1, lines++, s, n, style);
        s += n;
        s += *s == '\n' ? 1 : strspn(s, " ");
    }
    return lines;
}

/* Lines for the message: one, or more where there is room and much to say. */
static int message_lines(struct tui *t, int w, int h)
{
    struct area nowhere = area_part(grid_area(&t->grid), 0, 0, w, 0);
    int lines, most = h / 4;

    if (t->mode == MODE_COMMAND)
        return 1;
    if (h < 4)
        return 0;
    lines = draw_message(t, nowhere);
    return lines < 1 ? 1 : lines > most ? most : lines;
}

void frame_draw(struct tui *t)
{
    struct area all = grid_area(&t->grid);
    int w = t->grid.w, h = t->grid.h, title = h >= 3, hints = h >= 8, said;

    t->cursor_x = t->cursor_y = -1;
    grid_clear(&t->grid);
    if (title)
        draw_title(t, area_part(all, 0, 0, w, 1));
    said = message_lines(t, w, h);
    draw_panes(t, (struct rect){0, title, w, h - title - said - hints});
    if (hints)
        draw_hints(t, area_part(all, 0, h - 1, w, 1));
    all = area_part(all, 0, h - said - hints, w, said);
    if (t->mode == MODE_COMMAND)
        draw_command(t, all);
    else
        draw_message(t, all);
}
