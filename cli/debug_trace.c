/*
 * Events: printed as they come (trace), kept for later (record), shown again (events), and
 * explained.
 */
#include <string.h>

#include "base/number.h"
#include "cli/debug.h"
#include "world/explain.h"

#define SHOWN 20 /* events, unless told otherwise */

static bool is_off(const char *arguments)
{
    return strcmp(arguments, "off") == 0;
}

void debug_trace(struct debug *d, const char *arguments)
{
    struct filter f;

    if (is_off(arguments)) {
        d->tracing = false;
    } else if (!*arguments) {
        debug_fail(d, "trace which events? trace trap cause=privileged; trace off");
        return;
    } else if (debug_filter(d, arguments, &f)) {
        d->trace = f;
        d->tracing = true;
    }
    debug_listen(d);
}

void debug_record(struct debug *d, const char *arguments)
{
    struct filter f;

    if (!*arguments) {
        debug_say(d,
                  d->recording ? "%llu events recorded"
                               : "off: 'events' shows what is always kept, which is all but "
                                 "insn, mem, walk and tlb",
                  (unsigned long long)recorder_total(&d->recorder));
        return;
    }
    if (is_off(arguments)) {
        d->recording = false;
    } else if (debug_filter(d, arguments, &f)) {
        recorder_truncate(&d->recorder, 0);
        d->record = f;
        d->recording = true;
    }
    debug_listen(d);
}

/* The last `count` that pass, oldest first: backwards to find where to begin. */
static void show(struct debug *d, const struct recorder *r, const struct filter *f, uint64_t count)
{
    const struct contexts *contexts = machine_contexts(host_machine(d->verbs.host));
    uint64_t from = RECORDER_NONE, at = recorder_total(r);

    while (count-- > 0 && at > recorder_first(r)) {
        at = recorder_search(r, f, contexts, at - 1, true);
        if (at == RECORDER_NONE)
            break;
        from = at;
    }
    if (from == RECORDER_NONE)
        debug_say(d, "no such event was recorded");
    for (at = from; at != RECORDER_NONE; at = recorder_search(r, f, contexts, at + 1, false))
        debug_event(d, d->verbs.host, recorder_at(r, at));
}

void debug_events(struct debug *d, const char *arguments)
{
    char first[64];
    const char *rest = arguments;
    uint64_t count = SHOWN;
    struct filter f;

    if (!debug_host(d))
        return;
    if (debug_word(&rest, first, sizeof first) && number_parse(first, &count))
        arguments = rest;
    if (count == 0) {
        debug_fail(d, "how many events? at least 1");
        return;
    }
    if (debug_filter(d, arguments, &f))
        show(d, d->recording ? &d->recorder : host_recorder(d->verbs.host), &f, count);
}

void debug_explain(struct debug *d, const char *arguments)
{
    char story[EXPLAIN_SIZE];
    struct text t = text_init(story, sizeof story);

    (void)arguments;
    if (!debug_host(d))
        return;
    explain_stop(d->verbs.host, &t);
    if (t.length)
        debug_say(d, "%s", story);
    else
        debug_fail(
            d, "nothing to explain here: it explains a trap, exit or hole that has just stopped "
               "the machine ('trap' runs to the next), and shutdowns");
}
