/*
 * The debugger backwards in time: world/backwards.h and world/timeline.h with words around them.
 * Every machine is recorded from its first step on.
 */
#include <string.h>

#include "base/number.h"
#include "base/suggest.h"
#include "cli/debug.h"
#include "world/backwards.h"
#include "world/snapshot_file.h"
#include "world/timeline.h"

/* What `record` has kept of the time from here on is yet to come. */
static void forget_future(struct debug *d)
{
    uint64_t now = machine_icount(host_machine(d->verbs.host));

    if (world_host_count(d->verbs.world) == 1) /* several: their events are not in order of steps */
        recorder_truncate(&d->recorder, recorder_seek(&d->recorder, now));
}

static void back(struct debug *d, enum verb verb, uint64_t steps)
{
    if (!debug_host(d))
        return;
    verbs_back(&d->verbs, verb, steps);
    forget_future(d);
    debug_show_stop(d);
}

void debug_back_step(struct debug *d, const char *arguments)
{
    uint64_t n = 1;

    if (*arguments && (!number_parse(arguments, &n) || n == 0))
        debug_fail(d, "'%s' is no number of instructions", arguments);
    else
        back(d, VERB_STEP, n);
}

void debug_back_next(struct debug *d, const char *arguments)
{
    (void)arguments;
    back(d, VERB_OVER, 0);
}

void debug_back_step_line(struct debug *d, const char *arguments)
{
    (void)arguments;
    back(d, VERB_LINE, 0);
}

void debug_back_next_line(struct debug *d, const char *arguments)
{
    (void)arguments;
    back(d, VERB_LINE_OVER, 0);
}

void debug_back_finish(struct debug *d, const char *arguments)
{
    (void)arguments;
    back(d, VERB_OUT, 0);
}

void debug_back_continue(struct debug *d, const char *arguments)
{
    (void)arguments;
    back(d, VERB_GO, 0);
}

static void back_filtered(struct debug *d, enum verb verb, const char *arguments)
{
    if (debug_filter(d, arguments, &d->verbs.filter))
        back(d, verb, 0);
}

void debug_back_trap(struct debug *d, const char *arguments)
{
    back_filtered(d, VERB_TRAP, arguments);
}

void debug_back_exit(struct debug *d, const char *arguments)
{
    back_filtered(d, VERB_EXIT, arguments);
}

static bool read_step(struct debug *d, const char *text, uint64_t *out)
{
    const struct host *h = d->verbs.host;
    struct suggest near = suggest_for(text);
    char hint[96];
    struct text t = text_init(hint, sizeof hint);
    const char *name;
    uint64_t there;

    if (timeline_find_mark(h, text, out) || number_parse(text, out))
        return true;
    for (unsigned i = 0; (name = timeline_mark_name(h, i, &there)); i++)
        suggest_offer(&near, name);
    suggest_add(&near, &t);
    debug_fail(d, "'%s' is no number of a step, and no mark%s", text, hint);
    return false;
}

/* The machine is somewhere else than where a verb has left it. */
static void stand(struct debug *d, const char *reason)
{
    d->verbs.has_event = false;
    d->verbs.met = 0;
    verbs_stop(&d->verbs, reason);
    debug_show_stop(d);
}

void debug_seek(struct debug *d, const char *arguments)
{
    uint64_t icount;
    struct error err;

    if (!debug_host(d) || !read_step(d, arguments, &icount))
        return;
    if (timeline_seek(d->verbs.host, icount, &err)) {
        debug_fail(d, "%s", err.text);
        return;
    }
    forget_future(d);
    stand(d, "step");
}

void debug_mark(struct debug *d, const char *arguments)
{
    struct error err;
    const char *name;
    uint64_t icount;
    unsigned i = 0;

    if (!debug_host(d))
        return;
    if (*arguments) {
        if (timeline_mark(d->verbs.host, arguments, &err))
            debug_fail(d, "%s", err.text);
        else
            debug_say(d, "#%llu is called %s",
                      (unsigned long long)machine_icount(host_machine(d->verbs.host)), arguments);
        return;
    }
    for (; (name = timeline_mark_name(d->verbs.host, i, &icount)); i++)
        debug_say(d, "#%llu  %s", (unsigned long long)icount, name);
    if (i == 0)
        debug_say(d, "no marks");
}

void debug_save(struct debug *d, const char *arguments)
{
    struct error err;

    if (!debug_host(d))
        return;
    if (!*arguments)
        debug_fail(d, "save needs a file to write");
    else if (snapshot_file_save(d->verbs.host, arguments, &err))
        debug_fail(d, "%s", err.text);
    else
        debug_say(d, "#%llu is in %s",
                  (unsigned long long)machine_icount(host_machine(d->verbs.host)), arguments);
}

void debug_load(struct debug *d, const char *arguments)
{
    struct error err;

    if (!debug_host(d))
        return;
    if (!*arguments) {
        debug_fail(d, "load needs a file that save has written");
    } else if (snapshot_file_load(d->verbs.host, arguments, &err)) {
        debug_fail(d, "%s", err.text);
    } else {
        recorder_truncate(&d->recorder, 0);
        stand(d, "loaded");
    }
}
