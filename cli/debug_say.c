/*
 * What the debugger prints. For people lines of text, the guest's console in between as it comes;
 * with --json one object a line:
 *
 *   {"text":"..."}      what a command answers
 *   {"console":"..."}   a line of the guest
 *   {"event":...}       as export_json
 *   {"stop":"breakpoint main","icount":12,...}
 */
#include <stdarg.h>
#include <string.h>

#include "cli/debug.h"
#include "trace/export.h"

#define TEXT_SIZE 16384

static void put_json(const char *key, const char *text)
{
    char buffer[TEXT_SIZE * 2];
    struct text t = text_init(buffer, sizeof buffer);

    text_add(&t, "{\"%s\":\"", key);
    text_add_json(&t, text);
    text_add(&t, "\"}");
    puts(buffer);
}

void debug_end_line(struct debug *d)
{
    if (d->in_line && !d->json)
        putchar('\n');
    if (d->console_length) {
        d->console[d->console_length] = '\0';
        put_json("console", d->console);
    }
    d->in_line = false;
    d->console_length = 0;
}

void debug_console(struct debug *d, char c)
{
    if (!d->json) {
        putchar(c);
        d->in_line = c != '\n';
        return;
    }
    if (c)
        d->console[d->console_length++] = c;
    if (c == '\n' || d->console_length == sizeof d->console - 1)
        debug_end_line(d);
}

void debug_say(struct debug *d, const char *format, ...)
{
    char buffer[TEXT_SIZE];
    struct text t = text_init(buffer, sizeof buffer);
    va_list args;

    va_start(args, format);
    text_vadd(&t, format, args);
    va_end(args);
    debug_end_line(d);
    if (d->json)
        put_json("text", buffer);
    else
        puts(buffer);
}

void debug_say_json(struct debug *d, const char *object)
{
    debug_end_line(d);
    puts(object);
}

void debug_fail(struct debug *d, const char *format, ...)
{
    char buffer[TEXT_SIZE];
    struct text t = text_init(buffer, sizeof buffer);
    va_list args;

    va_start(args, format);
    text_vadd(&t, format, args);
    va_end(args);
    debug_end_line(d);
    fflush(stdout);
    if (d->script_name) {
        fprintf(stderr, "%s:%u: error: %s\n", d->script_name, d->script_line, buffer);
        d->errors++;
    } else {
        fprintf(stderr, "%s\n", buffer);
    }
}

void debug_event(struct debug *d, const struct host *h, const struct event *e)
{
    struct export_names names = {.contexts = machine_contexts(host_machine(h))};
    char buffer[EXPORT_LINE_SIZE];
    struct text t = text_init(buffer, sizeof buffer);

    debug_end_line(d);
    if (d->json)
        export_json(&t, e, &names);
    else
        export_text(&t, e, &names);
    puts(buffer);
}
