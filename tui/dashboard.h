/* What the dashboard is made of; for tui/ alone. */
#ifndef TUI_DASHBOARD_H
#define TUI_DASHBOARD_H

#include "tui/layout.h"
#include "tui/line.h"
#include "tui/pane.h"
#include "script/story.h"
#include "tui/screen.h"
#include "tui/traplog.h"
#include "tui/tui.h"

#define TUI_PANES_MAX   24
#define TUI_PRINTED_MAX 65536

enum tui_mode {
    MODE_KEYS,    /* keys are commands */
    MODE_COMMAND, /* a line behind the colon is typed */
    MODE_TYPE,    /* keys go to the machine's console */
};

/* A place on the screen, and the pane in it. */
struct tui_slot {
    int row;
    int pane; /* index of tui.panes */
};

struct tui {
    const struct tui_options *options;
    struct script *script;
    struct screen *screen; /* NULL in tests */
    struct grid grid;
    struct verbs run;
    struct script_story story;
    struct traplog *logs[WORLD_HOSTS_MAX]; /* of the hosts in order */
    unsigned log_count;
    struct filter filter; /* of traps, t and x */
    char filter_text[128];

    struct pane panes[TUI_PANES_MAX];
    int pane_count;
    struct tui_slot slots[LAYOUT_PANES_MAX];
    int slot_count;
    int focus; /* index of slots */
    bool zoom;
    int over; /* pane that lies over all of them, -1: none */

    int level; /* to look at; -1: follows what runs */
    unsigned speed;
    enum tui_mode mode;
    uint32_t held; /* a key that waits until the machine stands */
    struct line line;
    int cursor_x, cursor_y; /* of the line that is typed, -1: none */

    bool reason_shown;  /* the title line had room for it */
    char message[1024]; /* for the line above the hints, until the next key */
    bool message_bad;
    char printed[TUI_PRINTED_MAX]; /* what the scenario has printed */
    size_t printed_length;
    char *source; /* the file that was asked for last; NULL: none, or it is not there */
    char source_file[256];
    bool quit;
};

/* ---- dashboard.c ---- */

/* Everything but the screen. tui_fini also after a failure. */
int tui_init(struct tui *t, const struct tui_options *options, struct error *err);
void tui_fini(struct tui *t);
/* Begins to log the traps of machines that the scenario has made since the last time. */
void tui_log_machines(struct tui *t);
void tui_say(struct tui *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tui_complain(struct tui *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tui_key(struct tui *t, uint32_t key);

/* Instructions between two pictures at a speed; 0: as many as the time allows. */
uint64_t tui_pace(unsigned speed);
#define TUI_SPEEDS 8

struct host *tui_host(const struct tui *t);
/* Why the machine stands (explain_stop), "" when there is nothing to explain. With `only_end` only
 * what it cannot get out of by itself: a shutdown, a loop of traps. */
const char *tui_why(const struct tui *t, bool only_end, char *buffer, size_t size);
/* NULL while there is no machine. */
struct traplog *tui_log(const struct tui *t);
struct pane_view tui_view(const struct tui *t);
/* The contexts from the machine itself to the innermost that is entered; at least one. */
unsigned tui_chain(const struct tui *t, uint16_t chain[], unsigned size);

/* The pane's index; loads it when nobody has yet. -1: no room. */
int tui_pane(struct tui *t, const char *name);
/* Is there one of this name, loaded or as a file? */
bool tui_has_pane(const struct tui *t, const char *name);
struct pane *tui_focused(struct tui *t);
/* Gives the pane the keys. One that has no place on the dashboard comes in place of the one that
 * had them, or, when it wants the whole screen, over all until tui_uncover. */
void tui_focus(struct tui *t, int pane);
void tui_uncover(struct tui *t);

/* ---- frame.c ---- */

/* Draws everything into t->grid. */
void frame_draw(struct tui *t);

/* ---- ui.c ---- */

/* The global `ui`. Panes and scenarios see it from now on. */
void ui_library(struct tui *t);

/* ---- command.c ---- */

void command_line(struct tui *t, const char *line);
/* Whether a command begins to run the machine, and is not the one that also stops it. */
bool command_runs(const char *line);
/* Completes the word at the cursor. */
void command_complete(struct tui *t);

struct command_info {
    const char *name, *arguments, *meaning;
};
const struct command_info *command_info(unsigned index); /* NULL past the end */

#endif
