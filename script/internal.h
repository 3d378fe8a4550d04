/*
 * What a script is made of, for script/ alone; everybody else has script.h.
 *
 *   script.c    life: open, start, resume, run
 *   embed.c     what the dashboard uses: its library, panes, the `:` line
 *   check.c     what was expected and what came of it
 *   sandbox.c   memory, instructions, globals, require
 *   guard.c     library functions that could run for ever or differ from run to run
 *   pattern.c   Lua's patterns with a bound on the work, for lib_string.c
 *   object.c    classes: userdata with getters and methods, errors that suggest
 *   options.c   tables of options: known keys, types, "did you mean"
 *   lib_*.c     what Lua sees: tz, machine, context, memory, registers, event
 */
#ifndef SCRIPT_INTERNAL_H
#define SCRIPT_INTERNAL_H

#include "base/text.h"
#include "script/script.h"

#include <lauxlib.h>
#include <lua.h>

#define SAID_SIZE    256
#define PANE_ROWS    6
#define PANE_COLUMNS 4

struct script {
    struct script_options options;
    char *path;                /* as given */
    char *name;                /* last part without .lua */
    char base[HOME_PATH_SIZE]; /* its directory */
    char *source;              /* the text, NUL-terminated */
    size_t source_size;
    char *title, *text;
    char *panes[PANE_ROWS][PANE_COLUMNS];
    struct home home;
    struct world *world;

    lua_State *lua;
    lua_State *run;      /* coroutine of run(), NULL before */
    lua_State *handlers; /* thread that event handlers run on */
    enum script_state state;
    bool is_scenario;     /* the file returned a table */
    struct host *waiting; /* whose goal run() waits for */

    struct script_check *checks;
    unsigned check_count, check_room, failed_count;

    size_t memory_used, memory_limit;
    int64_t left; /* Lua instructions of the running entry */
    uint64_t allowed;
    bool exhausted; /* used up: every further instruction fails until the entry ends */
    int64_t run_left;

    bool in_handler; /* an event is being delivered: the machine cannot be run */
    bool looking;    /* a pane draws: the machine cannot be run */
    bool failed;     /* a handler failed; `failure` says how */
    struct error failure;
    /* What kind of error the last one was that we raised, and how its text begins: a script may
     * have caught it, and then it says nothing of the next. */
    enum error_code blame;
    char blame_text[64];
    char said[SAID_SIZE]; /* by tz.say */
    unsigned said_count;
    uint64_t random;
    unsigned row_width[16];
};

struct script *script_of(lua_State *L);

/* ---- sandbox.c ---- */

int sandbox_open(struct script *s, struct error *err);
void sandbox_close(struct script *s);
/* Protected call within a budget; on failure the text is in err and nothing is left. */
int sandbox_call(struct script *s, lua_State *L, int args, int results, uint64_t instructions,
                 struct error *err);
/* Begins and ends an entry from C. `left` goes on from what an earlier entry left. */
struct entry {
    int64_t left;
    uint64_t allowed;
    bool exhausted;
};
struct entry sandbox_enter(struct script *s, lua_State *L, int64_t left, uint64_t allowed);
void sandbox_leave(struct script *s, lua_State *L, struct entry before);
/* Work done in C counts like so many Lua instructions; raises the same error when they are used
 * up. */
void sandbox_charge(lua_State *L, uint64_t instructions);
/* The error value on top of L's stack as text, with the place; pops it. `standing`: L is a
 * coroutine whose stack still shows where it failed. */
int sandbox_error(struct script *s, lua_State *L, int status, bool standing, struct error *err);

/* ---- guard.c ---- */

void guard_libraries(lua_State *L);

/* ---- object.c ---- */

struct member {
    const char *name;
    lua_CFunction get;    /* a field; or */
    lua_CFunction method; /* called with the object first */
};

/* Makes the metatable of a class; `members` ends with a NULL name. */
void object_class(lua_State *L, const char *class, const struct member *members);
/* More of them, from another file. */
void object_members(lua_State *L, const char *class, const struct member *members);
/* The `__index` of a class: upvalues methods, getters, class. A class may put its own before it,
 * which gets the same upvalues and may end by calling it. */
int object_index(lua_State *L);
void object_set_index(lua_State *L, const char *class, lua_CFunction index);
/* Adds the functions of the table on the top of the stack as methods; pops it. */
void object_extend(lua_State *L, const char *class);
/* Replaces the metamethod `event` of a class. */
void object_meta(lua_State *L, const char *class, const char *event, lua_CFunction fn);
/* The key of the table at `names` that was meant by `name`, NULL when none is near. */
const char *object_suggest(lua_State *L, const char *name, int names);
/* Raises "a CLASS has no field 'NAME'; did you mean ...". `names` is a table with the names as keys. */
int object_unknown(lua_State *L, const char *class, const char *name, int names);

/* ---- options.c ---- */

struct option {
    const char *name;
    int type; /* LUA_T...; LUA_TNONE: any */
};
/* The table at `index` has only these keys, of these types; raises an error that names the key. */
void options_check(lua_State *L, int index, const char *what, const struct option *options);
/* A size or count: an integer, or text such as "64M". */
uint64_t options_number(lua_State *L, int index, const char *what, uint64_t low, uint64_t high);
/* Any number of 32 bits, signed or unsigned. */
word options_word(lua_State *L, int index);
/* Raises the text of err, and remembers its kind for the exit code. */
int raise_error(lua_State *L, const struct error *err);
/* An error with this text is about to be raised: of the kind `code`, and not ERROR_input. */
void blame(struct script *s, enum error_code code, const char *text);
/* Raises the failure of a handler, which has its place in its text. */
int raise_failure(lua_State *L);
/* A handler failed in the middle of a run: the run stops and the script has failed. */
void fail_run(struct script *s, struct host *h);

/* ---- check.c ---- */

void check_add(struct script *s, const char *sentence, bool passed, const char *detail);
void check_free(struct script *s);
/* Compares value and wanted on the stack (wanted LUA_TNONE: value alone). */
bool check_value(lua_State *L, int value, int wanted, char *detail, size_t size);
int check_expectations(struct script *s, struct error *err);

/* ---- handlers (lib_handler.c) ---- */

/* Conditions of a filter that are Lua's: the function `when`. Lies where it does not move. */
struct lua_filter {
    struct filter filter;
    struct script *script;
    struct host *host;
    int when; /* reference in the registry, LUA_NOREF: none */
    bool optional;
    bool searching; /* asked about old events: a failure stops no run, it is for the caller */
    bool failed;
};
/* From the table at `index` (none and nil are the empty filter). `out` needs
 * filter_release when it is no longer used. `host` gives meaning to symbols. */
void filter_arg(lua_State *L, int index, const char *what, struct host *host,
                struct lua_filter *out);
void filter_release(lua_State *L, struct lua_filter *f);

/* Calls, on the handlers' thread, the function behind `ref` with the event. False: it failed,
 * s->failure says how. `result` (may be NULL) gets the truth of what it returned. */
bool handler_call(struct script *s, struct host *h, int ref, const struct event *e, bool *result);

/* ---- lib_*.c: classes ---- */

#define CLASS_MACHINE   "a machine"
#define CLASS_CONTEXT   "a context"
#define CLASS_SPACES    "mem"
#define CLASS_MEMORY    "a memory"
#define CLASS_REGISTERS "registers"
#define CLASS_EVENT     "an event"
#define CLASS_HANDLE    "a handle"
#define CLASS_STOP      "a stop"
#define CLASS_BREAK     "a breakpoint"
#define CLASS_ORACLE    "an oracle"

void lib_string(lua_State *L);
void lib_tz(lua_State *L);
void lib_machine(lua_State *L);
void lib_context(lua_State *L);
void lib_oracle(lua_State *L); /* after lib_context and lib_machine */
void lib_memory(lua_State *L);
void lib_registers(lua_State *L);
void lib_event(lua_State *L);
void lib_handler(lua_State *L);
void lib_stop(lua_State *L);
void lib_breaks(lua_State *L);

/* Methods of machines that lie in files of their own; tables that end with a NULL name. */
extern const struct member machine_run_members[];
extern const struct member machine_look_members[];
extern const struct member machine_handler_members[];
extern const struct member machine_time_members[];
extern const struct member machine_mailbox_members[];
extern const struct member context_console_members[];
extern const struct member machine_verb_members[];
extern const struct member machine_break_members[];

/* Raises an error where a machine cannot be run: in a handler, in a pane. */
void script_may_run(lua_State *L);

/* Sets a goal. True: whoever drives advances the machine, and the caller yields; false: it has
 * come to its end. */
bool script_goal(lua_State *L, struct host *h, const struct goal *goal);

struct host *machine_arg(lua_State *L, int index);
void machine_push(lua_State *L, struct host *h);
/* The table that keeps what Lua has of a host: its machine object, contexts by number. */
void host_objects_push(lua_State *L, struct host *h);
int machine_create(lua_State *L); /* tz.machine */
int tz_classify(lua_State *L);    /* tz.classify */

/* A context of a host: what Lua's context, memory and register objects hold. */
struct spot {
    struct host *host;
    uint16_t context;
    uint8_t kind; /* of memories: enum space_kind; of registers: enum view */
};
struct spot *context_arg(lua_State *L, int index);
/* Context number: a context object of this host, or none and nil for the running one. */
uint16_t context_opt(lua_State *L, int index, struct host *h);
void context_push(lua_State *L, struct host *h, uint16_t id);
void spaces_push(lua_State *L, struct host *h, uint16_t id);

#define RUNNING_CONTEXT 0xfffe /* of m.mem and m.regs: whoever runs at the time */
enum view { VIEW_GUEST, VIEW_REAL, VIEW_WAS, VIEW_REGS, VIEW_CSRS };
void registers_push(lua_State *L, struct host *h, enum view view, uint16_t id);
void event_push(lua_State *L, struct host *h, const struct event *e);

/* A place or event as text or address at 2, a filter at 3; leaves the Lua part of the filter, which
 * the breakpoint needs for as long as it is there. */
struct break_point;
struct lua_filter *break_place_arg(lua_State *L, const char *what, struct host *h,
                                   struct break_point *out);
void break_push(lua_State *L, unsigned number);

/* Why a machine stands. */
struct stop {
    const char *reason; /* one word */
    char text[400];     /* a sentence */
    unsigned number;    /* of the breakpoint; 0: none */
    bool has_event;
    struct event event; /* that was met */
};
void stop_push(lua_State *L, struct host *h, const struct stop *why);

#endif
