/*
 * A pane: a Lua file of lua-scripts/panes, or of the scenario's own making, that returns
 *
 *     { title = "...", draw = function(p, m) ... end, keys = ..., commands = ... }
 *
 * (lua-scripts/panes/README.md). An error in it is shown in its own box and nowhere else.
 * Here is what C keeps for each: its place, its title, where its list stands.
 */
#ifndef TUI_PANE_H
#define TUI_PANE_H

#include "base/error.h"
#include "tui/grid.h"

struct host;
struct lua_State;
struct script;

#define PANE_INSTRUCTIONS 2000000u /* of Lua, for one drawing */

struct pane {
    char name[32];
    char title[64]; /* what it is */
    char note[64];  /* what it shows just now; set by p:note */
    int number;     /* its key 1 to 7; 0: none */
    int min_w, min_h, share_w, share_h;
    bool whole;      /* wants the whole screen where it has no place of its own */
    int table, self; /* registry references: what the file returned, the object `p` */

    struct area area; /* empty outside a drawing */
    int height;       /* of its box when it was last drawn */
    int row;          /* where the next p:line goes */
    bool focused;
    const struct pane_view *view; /* NULL outside a call */

    /* The list in it: moved by the keys, read by p:list. */
    int64_t cursor, top;
    int64_t count; /* of lines in the list; -1: no list, the cursor is free */
    bool follow;   /* stays at the end while the list grows */

    struct error error; /* of loading or the last drawing; code 0: none */
};

/* What a drawing, a key or a command is about. */
struct pane_view {
    struct script *script;
    struct host *host;
    uint16_t context;  /* whose eyes we look through */
    uint64_t commands; /* grows with each command that runs the machine */
    bool running;
};

/* Registers the Lua type of `p`; once for each script. */
void pane_library(struct script *s);

/* Loads panes.NAME. A failure is kept in p->error and shown as the pane; then it returns false. */
bool pane_load(struct pane *p, struct script *s, const char *name);
void pane_unload(struct pane *p, struct script *s);

void pane_draw(struct pane *p, const struct pane_view *view, struct area area);

/* A key that is not in keys.def; `name` as keys.c spells it. False: not the pane's either. */
bool pane_key(struct pane *p, const struct pane_view *view, const char *name, struct error *err);
/* A command of the pane's own. False: it has none of that name. */
bool pane_command(struct pane *p, const struct pane_view *view, const char *name,
                  const char *arguments, struct error *err);

/* Pushes the pane's table (nil when it did not load). */
void pane_push(const struct pane *p, struct lua_State *L);

/* The keys that move in every pane. */
enum pane_move { PANE_DOWN, PANE_UP, PANE_PAGE_DOWN, PANE_PAGE_UP, PANE_FIRST, PANE_LAST };
void pane_move(struct pane *p, enum pane_move move);

#endif
