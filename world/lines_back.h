/*
 * Where the source line before this one began: a search through the past for backwards.c.
 *
 * The past is looked at in pieces, the latest first, and each from its beginning to its end
 * (timeline_back_to). In a piece a stack of frames is kept, each with the place where its line began:
 *
 *     call, trap -> a new frame      return, tret -> the frame is dropped
 *
 * At the end the frame is wanted in which the machine stands; returns that found no frame belong
 * to calls of earlier pieces, where the search goes on. Going into calls, only traps make frames.
 * Before the first line of a trap handler is what has trapped; before the first line of a program
 * is the tret that led there.
 */
#ifndef WORLD_LINES_BACK_H
#define WORLD_LINES_BACK_H

#include "trace/filter.h"
#include "world/view.h"

#define LINES_BACK_DEPTH 1024

struct line_frame {
    const struct line_row *row; /* the line that it is in; NULL: not known */
    word pc;                    /* where that began */
    uint64_t begin;             /* icount of that, plus 1; 0: not in this piece */
};

struct lines_back {
    const struct host *host;
    bool over;     /* a call counts as one */
    uint64_t from; /* where the machine stands: nothing from here on counts */
    uint16_t context;
    uint8_t ring;
    word ptbr;
    uint64_t last;    /* icount of the event before; an earlier one begins an earlier piece */
    uint64_t trapped; /* icount of a trap that may be handled in this ring, plus 1; 0: none */
    struct line_frame frames[LINES_BACK_DEPTH];
    unsigned depth;     /* of the top frame */
    unsigned unmatched; /* returns of this piece that found no frame */
    unsigned wanted;    /* of all later pieces */
    uint64_t entered;   /* icount of the last tret into this ring, plus 1 */
    uint64_t answer;    /* icount, plus 1; 0: not found yet */
};

/* From where the machine stands. */
void lines_back_begin(struct lines_back *l, const struct host *h, bool over);
/* For timeline_back_to. */
struct filter lines_back_filter(struct lines_back *l);
/* After it: true and the instruction count, or false when there is none. */
bool lines_back_end(struct lines_back *l, uint64_t *icount);

#endif
