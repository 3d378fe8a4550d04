/*
 * Events as lines: text for people, JSON for programs. One event, one line, fields named after
 * the columns of events.def; causes, registers, hints and instructions by name.
 *
 *   #48213 L1 os 1>0 80001044 trap privileged tval=0x30200073 tvec=0x80000100 | tret
 *   {"event":"trap","icount":48213,...,"pc":"0x80001044","cause":"privileged",...}
 *
 * In JSON addresses and words are strings in hexadecimal, counts and small numbers are numbers.
 */
#ifndef TRACE_EXPORT_H
#define TRACE_EXPORT_H

#include "base/text.h"
#include "isa/disasm.h"
#include "trace/context.h"
#include "trace/event.h"

#define EXPORT_LINE_SIZE 1024 /* enough for any event whose symbols are no longer than usual */

/* Both may be NULL: context numbers instead of names, plain disassembly without symbols. */
struct export_names {
    const struct contexts *contexts;
    const struct disasm *disasm;
};

/* Append the event to `out`, without a newline. names may be NULL. */
void export_text(struct text *out, const struct event *e, const struct export_names *names);
void export_json(struct text *out, const struct event *e, const struct export_names *names);

#endif
