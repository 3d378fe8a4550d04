/*
 * trapeze.1: mdoc(7) from the command table, the debugger's table and the dashboard's keys.
 *
 * In texts of the tables a line that begins with two blanks is an example; an empty line ends a
 * paragraph. Everything else is running text.
 */
#include "cli/manual.h"

#include <string.h>

#include "cli/debug.h"
#include "cli/help.h"

#define LINE_MAX_LENGTH 78

/* Text as roff wants it: no escape, and no line that looks like a request. */
static void put_literal(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (i == 0 && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", out);
        if (text[i] == '\\')
            fputs("\\e", out);
        else
            fputc(text[i], out);
    }
    fputc('\n', out);
}

static bool ends_sentence(const char *text, size_t length)
{
    while (length > 1 && (text[length - 1] == ')' || text[length - 1] == '\''))
        length--;
    return length > 0 && strchr(".!?", text[length - 1]);
}

/* Running text in lines of its own: each sentence begins one. */
static void put(FILE *out, const char *text, size_t length)
{
    char line[LINE_MAX_LENGTH + 1];
    size_t used = 0;

    for (size_t at = 0; at < length;) {
        size_t n = strcspn(text + at, " \n");

        if (n > length - at)
            n = length - at;
        if (used && used + 1 + n >= sizeof line) {
            put_literal(out, line, used);
            used = 0;
        }
        if (n >= sizeof line) {
            put_literal(out, text + at, n);
        } else if (n > 0) {
            if (used)
                line[used++] = ' ';
            memcpy(line + used, text + at, n);
            used += n;
            if (ends_sentence(text + at, n)) {
                put_literal(out, line, used);
                used = 0;
            }
        }
        at += n + 1;
    }
    if (used)
        put_literal(out, line, used);
}

/* One argument of a macro. */
static void put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++)
        fputs(*text == '"' ? "\"\"" : *text == '\\' ? "\\e" : (char[]){*text, '\0'}, out);
    fputs("\\&\"", out); /* a bracket at the end belongs to the text */
}

/* How far the lines of the same kind go: examples, or running text up to an empty line. */
static size_t piece(const char *text, bool example)
{
    size_t n = 0;

    while (text[n] && text[n] != '\n' && (strncmp(text + n, "  ", 2) == 0) == example)
        n += strcspn(text + n, "\n") + (text[n + strcspn(text + n, "\n")] == '\n');
    return n;
}

static void put_examples(FILE *out, const char *text, size_t length)
{
    fputs(".Bd -literal -offset indent\n", out);
    for (size_t at = 0; at < length;) {
        size_t n = strcspn(text + at, "\n");
        put_literal(out, text + at + 2, n - 2);
        at += n + 1;
    }
    fputs(".Ed\n", out);
}

/* Paragraphs and examples. */
static void put_text(FILE *out, const char *text)
{
    bool begun = false;

    while (*text) {
        bool example = strncmp(text, "  ", 2) == 0;
        size_t n = piece(text, example);

        if (n == 0) { /* an empty line */
            text++;
            continue;
        }
        if (example) {
            put_examples(out, text, n);
        } else {
            if (begun)
                fputs(".Pp\n", out);
            put(out, text, n);
        }
        begun = true;
        text += n;
    }
}

static void put_options(FILE *out, const struct cli_option *o)
{
    for (; o->name; o++) {
        fputs(".It ", out);
        if (o->key >= ' ')
            fprintf(out, "Fl %c , ", o->key);
        fprintf(out, "Fl -%s", o->name);
        if (o->value) {
            fputs(" Ar ", out);
            put_quoted(out, o->value);
        }
        fputc('\n', out);
        put(out, o->meaning, strlen(o->meaning));
    }
}

static void put_command(FILE *out, const struct cli_command *c)
{
    char heading[128];

    snprintf(heading, sizeof heading, "%s%s%s", c->name, *c->arguments ? " " : "", c->arguments);
    fputs(".Ss ", out);
    put_quoted(out, heading);
    fputc('\n', out);
    /* A summary is half a line; here it is a sentence. */
    fprintf(out, "%c%s.\n", c->summary[0] - 'a' + 'A', c->summary + 1);
    if (strncmp(c->text, "  ", 2) != 0)
        fputs(".Pp\n", out);
    put_text(out, c->text);
    if (!c->options->name)
        return;
    fputs(".Bl -tag -width Ds\n", out);
    put_options(out, c->options);
    fputs(".El\n", out);
}

static void put_debugger(FILE *out)
{
    fputs(".Sh DEBUGGER\n"
          "What\n.Nm\n.Cm debug\n"
          "understands, one command a line.\n"
          "A beginning is enough: the first of this list that has it is meant.\n",
          out);
    for (unsigned i = 0; i < debug_command_count; i++) {
        const struct debug_command *c = &debug_commands[i];
        char left[256];

        if (*c->group)
            fprintf(out, "%s.Ss %s\n.Bl -tag -width Ds\n", i ? ".El\n" : "", c->group);
        snprintf(left, sizeof left, "%s%s%s%s%s", c->name, *c->also ? ", " : "", c->also,
                 *c->arguments ? " " : "", c->arguments);
        fputs(".It ", out);
        put_quoted(out, left);
        fputc('\n', out);
        put(out, c->meaning, strlen(c->meaning));
        if (*c->text && strncmp(c->text, "  ", 2) != 0)
            fputs(".Pp\n", out);
        put_text(out, c->text);
    }
    fputs(".El\n", out);
}

static void put_key(FILE *out, const char *key, const char *meaning)
{
    fputs(".It ", out);
    put_quoted(out, key);
    fputc('\n', out);
    put(out, meaning, strlen(meaning));
}

static void put_keys(FILE *out)
{
    fputs(".Sh KEYS OF THE DASHBOARD\n.Bl -tag -width PgDn\n", out);
#define KEY(name, command, hint, meaning) put_key(out, name, meaning);
#include "tui/keys.def"
    fputs(".El\n", out);
}

void manual_page(FILE *out)
{
    fputs(".Dd " TRAPEZE_DATE "\n.Dt TRAPEZE 1\n.Os\n"
          ".Sh NAME\n.Nm trapeze\n"
          ".Nd a simulated computer, a real monitor running on it, and the means to watch\n"
          ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar options\n.Op Ar arguments\n"
          ".Sh DESCRIPTION\n"
          "A virtualization laboratory.\n"
          "A simulated RV32IM processor with four rings runs a virtual machine monitor\n"
          "as software; the monitor runs an operating system that does not know; and\n"
          "every trap can be watched.\n.Pp\nEvery command takes these options:\n"
          ".Bl -tag -width Ds\n",
          out);
    put_options(out, cli_common_options);
    fputs(".El\n.Sh COMMANDS\n", out);
    for (unsigned i = 0; i < cli_command_count; i++)
        put_command(out, &cli_commands[i]);
    put_debugger(out);
    put_keys(out);
    fputs(".Sh ENVIRONMENT\n.Bl -tag -width TRAPEZE_HOME\n"
          ".It Ev NO_COLOR\nNo colours.\n"
          ".It Ev TRAPEZE_HOME\nWhere scenarios and guests are; found by itself otherwise.\n.El\n"
          ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n"
          ".It 0\ngood\n.It 1\na check, or the guest, failed\n.It 2\nwrong usage\n"
          ".It 3\nbad input: assembly, executable, Lua\n.It 4\nthe budget of steps was used "
          "up\n.El\n",
          out);
}
