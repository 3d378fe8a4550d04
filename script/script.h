/*
 * Scripts: a Lua state in which a scenario builds machines and runs them.
 *
 * A scenario is one Lua file (lua-scripts/README.md). Its life:
 *
 *   script_open      the file is compiled and run once: title, text, dashboard are known
 *   script_start     setup() is called: machines are built and loaded
 *   script_resume    run() goes on as a coroutine until it needs a machine to run
 *     SCRIPT_WAITING   a goal is set in the world: whoever drives advances it, then resumes
 *     SCRIPT_DONE      run() has returned, the expectations are checked
 *     SCRIPT_FAILED    an error, with file and line; the world stays as it was for looking
 *
 * Headless, script_run does all of that. The dashboard advances the same goals by its keys:
 *
 *     while (script_resume(s, &err) == SCRIPT_WAITING)
 *         while (world_advance(script_world(s), 100000)) redraw();
 *
 * A plain Lua file, one that returns no scenario, runs as that coroutine from its first line on,
 * which script_open does already; its checks are its calls of tz.expect.
 *
 * Sandbox: no io, os, debug, package, load, coroutine; `require` finds modules of
 * lua-scripts/ only; assigning an undefined global is an error; every entry from C has a
 * budget of Lua instructions, and the whole state one of memory. No error leaves this
 * module other than as text.
 */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "base/error.h"
#include "world/home.h"
#include "world/world.h"

struct lua_State;
struct script;

struct script_check {
    const char *sentence; /* "the guest prints the same as natively" */
    bool passed;
    const char *detail; /* what was expected and what was found; "" when passed */
};

struct script_options {
    const char *path; /* of the file; with `text` only its name in messages */
    const char *text; /* the script itself, NULL: read it from `path` */
    size_t text_size; /* 0: text is NUL-terminated */
    /* print and ui.row outside the dashboard; NULL: dropped. A whole line with its newline. */
    void (*output)(void *user, const char *line, size_t size);
    /* Every check as soon as it is decided; NULL: only collected. */
    void (*checked)(void *user, const struct script_check *check);
    void *user;
    uint64_t seed;         /* of tz.rng; 0 gives 1 */
    uint64_t instructions; /* Lua instructions for each entry; 0: SCRIPT_INSTRUCTIONS */
    size_t memory;         /* bytes for the whole state; 0: SCRIPT_MEMORY */
};

#define SCRIPT_INSTRUCTIONS         100000000u /* file, setup, run: seconds of work */
#define SCRIPT_HANDLER_INSTRUCTIONS 1000000u   /* one event handler */
#define SCRIPT_MEMORY               (128u << 20)

enum script_state { SCRIPT_OPEN, SCRIPT_WAITING, SCRIPT_DONE, SCRIPT_FAILED };

/* On failure *out is NULL; err has file, line and text. */
int script_open(struct script **out, const struct script_options *options, struct error *err);
void script_free(struct script *s); /* NULL is fine */

int script_start(struct script *s, struct error *err);
enum script_state script_resume(struct script *s, struct error *err);
enum script_state script_state(const struct script *s);

/* From start to end. 0; ERROR_check when a check failed (err names the first); ERROR_budget
 * when what a run_until waited for did not come within its steps, or the script itself used up
 * its budget; else what went wrong. */
int script_run(struct script *s, struct error *err);

/* A goal's slice is never longer than this in script_run; callers may choose any. */
#define SCRIPT_SLICE 10000000u

struct world *script_world(const struct script *s);
const struct home *script_home(const struct script *s);

/* What the scenario says about itself; "" where it says nothing. Valid until script_free. */
const char *script_name(const struct script *s); /* file's name without .lua */
const char *script_title(const struct script *s);
const char *script_text(const struct script *s);
/* Dashboard: rows of pane names; NULL past the end. No rows: the reader chooses. */
const char *script_pane(const struct script *s, unsigned row, unsigned column);

/* What run() said last by tz.say (a moment of the story worth stopping at), "" before; *count
 * (may be NULL) is how often it has said something. The text went to `output` too. */
const char *script_said(const struct script *s, unsigned *count);

unsigned script_check_count(const struct script *s);
const struct script_check *script_check(const struct script *s, unsigned index);
unsigned script_failed_count(const struct script *s);

/* ---- for the dashboard -------------------------------------------------------------------- */

/* The state, to add a library to (the global `ui` is there, with what works without a screen):
 * between resumes only. */
struct lua_State *script_lua(struct script *s);

/* Makes or replaces a global, although scripts cannot. The value is on the top of the stack and
 * is popped. From inside a protected call, as script_push_host. */
void script_set_global(struct script *s, const char *name);

/* `require`s a module of lua-scripts/ ("panes.code"), leaving its value on the stack. Runs
 * within `instructions` (0: SCRIPT_HANDLER_INSTRUCTIONS). On failure nothing is left. */
int script_require(struct script *s, const char *module, uint64_t instructions, struct error *err);

/* lua_pcall within budgets: function and `args` values are on the stack of script_lua; leaves
 * `results` values or, on failure, nothing. The error has file, line and text, no traceback.
 * What is called only looks: it cannot run machines. */
int script_call(struct script *s, int args, int results, uint64_t instructions, struct error *err);

/* A line typed by the user (`:` in the dashboard): an expression or statements. What it gives
 * back is written to `out` as text. A machine that it runs is run before this returns; a goal
 * that run() waits for stays, less the steps that were used. */
int script_eval(struct script *s, const char *line, char *out, size_t size, struct error *err);

/* Pushes the Lua object of a host (what tz.machine returned). Like lua_* calls this may run out
 * of memory: call it from inside a protected call. */
void script_push_host(struct script *s, struct host *h);

#endif
