/* The key table; see keys.def. */
#include "tui/keys.h"

#include <stdio.h>
#include <string.h>

const struct key_info key_table[] = {
#define GROUP(title)                      {NULL, NULL, NULL, title},
#define KEY(name, command, hint, meaning) {name, command, hint, meaning},
#include "tui/keys.def"
};
const unsigned key_count = COUNT_OF(key_table);

static const struct {
    uint32_t key;
    const char *name;
} named[] = {
    {'\t', "Tab"},       {'\r', "Enter"},        {'\n', "Enter"},          {' ', "Space"},
    {27, "Esc"},         {127, "Backspace"},     {8, "Backspace"},         {KEYS_UP, "Up"},
    {KEYS_DOWN, "Down"}, {KEYS_LEFT, "Left"},    {KEYS_RIGHT, "Right"},    {KEYS_HOME, "Home"},
    {KEYS_END, "End"},   {KEYS_PAGE_UP, "PgUp"}, {KEYS_PAGE_DOWN, "PgDn"}, {KEYS_DELETE, "Delete"},
};

const char *keys_name(uint32_t key, char buffer[16])
{
    for (size_t i = 0; i < COUNT_OF(named); i++)
        if (named[i].key == key)
            return named[i].name;
    if (key > 0 && key < ' ')
        snprintf(buffer, 16, "^%c", (int)key + '@');
    else if (key > ' ' && key < 127)
        snprintf(buffer, 16, "%c", (int)key);
    else
        buffer[0] = '\0';
    return buffer;
}

const struct key_info *keys_find(const char *name)
{
    for (unsigned i = 0; i < key_count; i++)
        if (key_table[i].name && strcmp(key_table[i].name, name) == 0)
            return &key_table[i];
    return NULL;
}
