/*
 * Comments become blanks; see asm_comment.h. `#` and `//` reach to the end of the line, the
 * others from slash-star to star-slash, over lines too. Strings and character constants are
 * left alone.
 */
#include "isa/asm_comment.h"
#include "isa/asm_lex.h"

#include <ctype.h>
#include <string.h>

struct strip {
    struct assembler *as;
    const struct asm_source *source;
    char *p, *end;
};

static void blank(struct strip *s)
{
    if (*s->p != '\n')
        *s->p = ' ';
    s->p++;
}

static void strip_line(struct strip *s)
{
    while (s->p < s->end && *s->p != '\n')
        blank(s);
}

static unsigned line_of(const struct asm_source *source, const char *at)
{
    unsigned line = 1;

    for (const char *p = source->text; p < at; p++)
        line += *p == '\n';
    return line;
}

static void strip_block(struct strip *s)
{
    const char *at = s->p;

    blank(s);
    blank(s);
    while (s->p < s->end) {
        if (s->end - s->p >= 2 && s->p[0] == '*' && s->p[1] == '/') {
            blank(s);
            blank(s);
            return;
        }
        blank(s);
    }
    struct asm_where w = {s->source, s->source->name, line_of(s->source, at), 2, at, 0};
    asm_error(s->as, &w, "the comment has no closing */");
}

static void strip_quoted(struct strip *s)
{
    char quote = *s->p++;

    if (quote == '\'') {
        if (s->p < s->end && *s->p == '\\')
            s->p++;
        if (s->p < s->end && *s->p != '\n')
            s->p++;
        if (s->p < s->end && *s->p == '\'')
            s->p++;
        return;
    }
    while (s->p < s->end && *s->p != '"' && *s->p != '\n')
        s->p += *s->p == '\\' && s->end - s->p > 1 && s->p[1] != '\n' ? 2 : 1;
    if (s->p < s->end && *s->p == '"')
        s->p++;
}

/* `#include "x"` and `#define X` look like comments; nobody means them so. */
static void warn_preprocessor(struct strip *s)
{
    static const char *const words[] = {"#include", "#define", "#ifdef", "#ifndef", "#endif"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t n = strlen(words[i]);

        if ((size_t)(s->end - s->p) < n || memcmp(s->p, words[i], n) != 0 ||
            (s->p + n < s->end && asm_is_name(s->p[n])))
            continue;
        struct asm_where w = {
            s->source, s->source->name, line_of(s->source, s->p), (unsigned)n, s->p, 0};
        asm_warning(s->as, &w, "%s is a comment here: # begins one", words[i]);
        asm_note(s->as, NULL,
                 "use .include, .equ, .ifdef, or run the C preprocessor first: "
                 "clang -E prog.S");
    }
}

bool asm_is_marker(const char *p, const char *end)
{
    return end - p > 3 && p[0] == '#' && p[1] == ' ' && isdigit((unsigned char)p[2]);
}

void asm_comments(struct assembler *as, const struct asm_source *source, char *text)
{
    struct strip s = {as, source, text, text + source->size};
    bool line_start = true;

    while (s.p < s.end) {
        char c = *s.p, next = s.end - s.p > 1 ? s.p[1] : '\0';

        if (c == '#' && line_start && asm_is_marker(s.p, s.end)) {
            while (s.p < s.end && *s.p != '\n')
                s.p++;
        } else if (c == '#') {
            if (line_start)
                warn_preprocessor(&s);
            strip_line(&s);
        } else if (c == '/' && next == '/') {
            strip_line(&s);
        } else if (c == '/' && next == '*') {
            strip_block(&s);
        } else if (c == '"' || c == '\'') {
            strip_quoted(&s);
        } else {
            s.p++;
        }
        line_start = c == '\n';
    }
}
