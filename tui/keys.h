/*
 * Keys by name, and what they stand for (keys.def). A key is a number: a Unicode character,
 * or one of the names below, which lie past Unicode.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include "base/types.h"

enum key_code {
    KEYS_NONE = 0,
    KEYS_PAST_UNICODE = 0x110000,
    KEYS_UP,
    KEYS_DOWN,
    KEYS_LEFT,
    KEYS_RIGHT,
    KEYS_HOME,
    KEYS_END,
    KEYS_PAGE_UP,
    KEYS_PAGE_DOWN,
    KEYS_DELETE,
    KEYS_RESIZE,
    KEYS_UNKNOWN, /* a key that nothing here means anything by */
};

/* A row of keys.def. A row without a name is the title of a group, in `meaning`. */
struct key_info {
    const char *name;
    const char *command;
    const char *hint;
    const char *meaning;
};
extern const struct key_info key_table[];
extern const unsigned key_count;

/* "Tab", "^L", "PgDn", "s"; "" for KEYS_NONE. The text lies in `buffer`. */
const char *keys_name(uint32_t key, char buffer[16]);
/* NULL when no key has that name. */
const struct key_info *keys_find(const char *name);

#endif
