/*
 * Breakpoints: what ends a run that nobody has bounded. Three kinds:
 *
 *   place    an instruction is about to run there. An address alone says little, since the
 *            monitor and its guests use the same ones: it belongs to the context whose code was
 *            looked at when it was set, a symbol or source line to its program (place.h)
 *   event    something was published that passes a filter: a trap, a VM exit, an access to a
 *            control register, a change of ring
 *   memory   bytes of a named space are read or written; by whatever address, in the physical ones
 *
 * A place may have a filter too: it stops there only when the rest holds.
 */
#ifndef WORLD_BREAKS_H
#define WORLD_BREAKS_H

#include "base/text.h"
#include "world/place.h"

#define BREAKS_MAX      32
#define BREAK_TEXT_SIZE 128
#define BREAKS_UNLISTED UINT32_MAX

enum break_kind { BREAK_PLACE, BREAK_EVENT, BREAK_MEMORY };

struct break_point {
    enum break_kind kind;
    unsigned number;            /* from 1, not used again */
    struct place place;         /* PLACE; MEMORY: the first byte */
    word size;                  /* MEMORY: bytes */
    bool reads, writes;         /* MEMORY: which accesses */
    struct filter filter;       /* EVENT; PLACE and MEMORY: on top */
    const struct host *host;    /* of this machine only; NULL: of any */
    bool unlisted;              /* nobody will ask for it by number: it gets BREAKS_UNLISTED */
    bool once;                  /* gone when the run ends, whatever ended it */
    bool off;                   /* stops nothing until it is on again */
    uint64_t hits;              /* how often it has stopped a machine */
    uint64_t hit_at;            /* icount of the last time, plus 1 */
    char text[BREAK_TEXT_SIZE]; /* as it was typed */
};

/* Zero-initialised is empty. */
struct breaks {
    struct break_point list[BREAKS_MAX];
    unsigned count, last_number;
};

/*
 * From what a user typed: "PLACE [FILTER]" or "FILTER" (filter.h). A filter without a kind of
 * event gets the one that its words are about; `ring` stands for every change of ring. Where a
 * word is both, the event is meant: write IMAGE:SYMBOL.
 */
int break_parse(struct break_point *out, const struct host *h, uint16_t context, const char *text,
                struct error *err);
/* "PLACE[,BYTES] [read|write|access]": 4 bytes, or the whole symbol; write. */
int break_parse_memory(struct break_point *out, const struct host *h, uint16_t context,
                       const char *text, struct error *err);

/* The breakpoints of a world: the debugger, the dashboard and Lua have the same. */
struct breaks *world_breaks(struct world *w);

/* NULL when there is none of this number. */
struct break_point *breaks_find(struct breaks *b, unsigned number);
/* Its number; 0 when there is no room. */
unsigned breaks_add(struct breaks *b, const struct break_point *point);
bool breaks_remove(struct breaks *b, unsigned number);
void breaks_remove_once(struct breaks *b);

enum breaks_change { BREAKS_SET, BREAKS_CLEARED, BREAKS_FULL };
/* Sets it, or clears the one that is the same. */
enum breaks_change breaks_toggle(struct breaks *b, const struct break_point *point);

/* Whether one is met where `context` executes `address`, whatever its filter says. */
bool breaks_at(const struct breaks *b, const struct host *h, uint16_t context, word address);
/* Whether it is met by the event. */
bool break_meets(const struct break_point *p, const struct host *h, const struct event *e);
/* It has stopped a machine: counts once for an event, however many say so. */
void break_hit(struct break_point *p, const struct event *e);
/* What it has met, in a few words. */
void break_say(const struct break_point *p, const struct host *h, const struct event *e,
               struct text *out);
/* The first that the event meets; NULL when none. */
struct break_point *breaks_match(struct breaks *b, const struct host *h, const struct event *e);
/* The kinds of events that breaks_match must see. */
uint32_t breaks_mask(const struct breaks *b);

#endif
