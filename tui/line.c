/* A line that is being typed; see line.h. */
#include "tui/line.h"

#include <string.h>

#include "tui/keys.h"

void line_begin(struct line *l)
{
    l->text[0] = '\0';
    l->length = l->cursor = 0;
    l->history_at = l->history_count;
}

static void insert(struct line *l, const char *s, size_t n)
{
    if (l->length + n >= sizeof l->text)
        return;
    memmove(l->text + l->cursor + n, l->text + l->cursor, l->length - l->cursor + 1);
    memcpy(l->text + l->cursor, s, n);
    l->length += n;
    l->cursor += n;
}

static void remove_bytes(struct line *l, size_t from, size_t to)
{
    memmove(l->text + from, l->text + to, l->length - to + 1);
    l->length -= to - from;
    l->cursor = from;
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t before(const struct line *l)
{
    size_t i = l->cursor;

    while (i > 0 && continues(l->text[--i]))
        ;
    return i;
}

static size_t behind(const struct line *l)
{
    size_t i = l->cursor;

    if (i < l->length)
        i++;
    while (i < l->length && continues(l->text[i]))
        i++;
    return i;
}

static void show_history(struct line *l, unsigned at)
{
    l->history_at = at;
    if (at == l->history_count)
        l->text[0] = '\0';
    else
        memcpy(l->text, l->history[at], sizeof l->text);
    l->cursor = l->length = strlen(l->text);
}

static void remember(struct line *l)
{
    if (l->length == 0)
        return;
    if (l->history_count == LINE_HISTORY) {
        memmove(l->history[0], l->history[1], sizeof l->history - sizeof l->history[0]);
        l->history_count--;
    }
    memcpy(l->history[l->history_count++], l->text, sizeof l->text);
}

static void insert_char(struct line *l, uint32_t c)
{
    char s[4] = {(char)c};
    size_t n = 1;

    if (c < ' ' || c >= 0x110000)
        return;
    if (c >= 0x80) {
        n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = n; --i > 0; c >>= 6)
            s[i] = (char)(0x80 | (c & 0x3f));
        s[0] = (char)((0xf00 >> n & 0xf0) | c);
    }
    insert(l, s, n);
}

enum line_event line_key(struct line *l, uint32_t key)
{
    switch (key) {
    case '\r':
    case '\n':
        remember(l);
        return LINE_DONE;
    case 27:
        return LINE_CANCELLED;
    case 127:
    case 8:
        if (l->length == 0)
            return LINE_CANCELLED;
        remove_bytes(l, before(l), l->cursor);
        break;
    case KEYS_DELETE:
        remove_bytes(l, l->cursor, behind(l));
        break;
    case KEYS_LEFT:
        l->cursor = before(l);
        break;
    case KEYS_RIGHT:
        l->cursor = behind(l);
        break;
    case KEYS_HOME:
    case 'A' - '@':
        l->cursor = 0;
        break;
    case KEYS_END:
    case 'E' - '@':
        l->cursor = l->length;
        break;
    case 'U' - '@':
        remove_bytes(l, 0, l->cursor);
        break;
    case KEYS_UP:
        if (l->history_at > 0)
            show_history(l, l->history_at - 1);
        break;
    case KEYS_DOWN:
        if (l->history_at < l->history_count)
            show_history(l, l->history_at + 1);
        break;
    default:
        insert_char(l, key);
        break;
    }
    return LINE_GOES_ON;
}

void line_complete(struct line *l, const char *text)
{
    size_t from = l->cursor;

    while (from > 0 && l->text[from - 1] != ' ')
        from--;
    remove_bytes(l, from, l->cursor);
    insert(l, text, strlen(text));
}
