/* A line that is being typed, with a history. */
#ifndef TUI_LINE_H
#define TUI_LINE_H

#include "base/types.h"

#define LINE_SIZE    512
#define LINE_HISTORY 32

enum line_event { LINE_GOES_ON, LINE_DONE, LINE_CANCELLED };

/* Zero-initialised is empty. The text is UTF-8 and NUL-terminated; cursor is a byte in it. */
struct line {
    char text[LINE_SIZE];
    size_t length, cursor;
    char history[LINE_HISTORY][LINE_SIZE];
    unsigned history_count, history_at;
};

/* An empty line; the history stays. */
void line_begin(struct line *l);
/* LINE_DONE has put the text into the history. */
enum line_event line_key(struct line *l, uint32_t key);
/* Puts `text` in place of the word that ends at the cursor. */
void line_complete(struct line *l, const char *text);

#endif
