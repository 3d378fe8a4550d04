/*
 * trapeze run PROGRAM: one machine, one program, this terminal as its console.
 *
 *   standard input --> console in      console out --> standard output
 *   events that a -t filter wants, statistics and JSON --> standard output, a line each
 *
 * The guest's own text comes first in its line: before an event is printed, an unfinished
 * line of the console is ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/keys.h"
#include "cli/run.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "trace/counters.h"
#include "trace/export.h"
#include "trace/filter.h"
#include "world/explain.h"
#include "world/snapshot_file.h"
#include "world/world.h"

#define SLICE       2000000u /* steps between two looks at the terminal: some milliseconds */
#define DEFAULT_MAX 2000000000u
#define FILTERS_MAX 8

struct session {
    const struct cli_args *args;
    struct world *world;
    struct host *host;
    uint64_t from; /* the step at which it begins: not 0 with a snapshot */
    struct filter filters[FILTERS_MAX];
    unsigned filter_count;
    struct trace_subscriber subscriber;
    bool json;
    bool in_line;   /* the console's last line has no end yet */
    char line[512]; /* JSON: the console line so far */
    size_t line_length;
};

/* ---- output ------------------------------------------------------------------------------- */

static void flush_json_line(struct session *s)
{
    char buffer[sizeof s->line * 6 + 32];
    struct text t = text_init(buffer, sizeof buffer);

    if (!s->line_length)
        return;
    s->line[s->line_length] = '\0';
    text_add(&t, "{\"console\":\"");
    text_add_json(&t, s->line);
    text_add(&t, "\"}");
    puts(buffer);
    s->line_length = 0;
}

static void console_out(struct session *s, char c)
{
    if (!s->json) {
        putchar(c);
        s->in_line = c != '\n';
        return;
    }
    if (c)
        s->line[s->line_length++] = c;
    if (c == '\n' || s->line_length == sizeof s->line - 1)
        flush_json_line(s);
}

static void print_event(struct session *s, const struct event *e)
{
    struct export_names names = {.contexts = machine_contexts(host_machine(s->host))};
    char buffer[EXPORT_LINE_SIZE];
    struct text t = text_init(buffer, sizeof buffer);

    if (s->in_line)
        putchar('\n');
    s->in_line = false;
    flush_json_line(s);
    if (s->json)
        export_json(&t, e, &names);
    else
        export_text(&t, e, &names);
    puts(buffer);
}

static void on_event(void *user, const struct event *e)
{
    struct session *s = user;

    for (unsigned i = 0; i < s->filter_count; i++)
        if (filter_match(&s->filters[i], machine_contexts(host_machine(s->host)), e)) {
            print_event(s, e);
            break;
        }
    if (e->kind == EVENT_console && !e->b)
        console_out(s, (char)e->a);
}

/* ---- setting up --------------------------------------------------------------------------- */

static int subscribe(struct session *s, struct error *err)
{
    const char *text;
    uint32_t mask = EVENT_BIT(EVENT_console);

    for (; (text = cli_value(s->args, 't', s->filter_count)); s->filter_count++) {
        if (s->filter_count == FILTERS_MAX)
            return error_set(err, ERROR_usage, "run: more than %d filters", FILTERS_MAX);
        if (filter_parse(&s->filters[s->filter_count], text, NULL, err))
            return error_prefix(err, "--trace");
        mask |= filter_kinds(&s->filters[s->filter_count]);
    }
    s->subscriber = (struct trace_subscriber){.mask = mask, .fn = on_event, .user = s};
    trace_attach(machine_trace(host_machine(s->host)), &s->subscriber);
    return 0;
}

/* ---- running ------------------------------------------------------------------------------ */

/* Feeds what has been typed. False when the user asks to leave. */
static bool feed(struct session *s, bool wait, bool *open)
{
    char buffer[4096];
    bool escape = false;

    fflush(stdout);
    if (!*open)
        return true;
    long n = terminal_read(buffer, sizeof buffer, wait, &escape);
    if (n > 0)
        host_input(s->host, buffer, (size_t)n);
    if (n < 0) {
        host_input_end(s->host);
        *open = false;
    }
    return !escape;
}

/* Standard input that is a file is there before the first instruction: then a run does not
 * depend on when the host's pipe had something to give. */
static void feed_everything(struct session *s, bool *open)
{
    while (*open)
        feed(s, true, open);
}

static enum error_code run(struct session *s, uint64_t max)
{
    bool open = true;

    terminal_open();
    if (!isatty(STDIN_FILENO))
        feed_everything(s, &open);
    for (;;) {
        uint64_t done = machine_icount(host_machine(s->host)) - s->from;
        if (done >= max)
            return ERROR_budget;
        uint64_t left = max - done;
        enum advance why = host_advance(s->host, left < SLICE ? left : SLICE);
        if (why == ADVANCE_HALTED || why == ADVANCE_SHUTDOWN)
            return ERROR_NONE;
        if (!feed(s, why == ADVANCE_INPUT, &open))
            return ERROR_NONE;
    }
}

static void print_stats(struct session *s)
{
    struct counters *counters = host_counters(s->host);
    struct counter_query query = {.kinds = EVENT_BIT(EVENT_trap), .by_detail = true};
    struct counter rows[64];
    const struct machine *m = host_machine(s->host);
    unsigned n = counters_list(counters, &query, rows, COUNT_OF(rows));

    if (n > COUNT_OF(rows))
        n = COUNT_OF(rows);
    for (unsigned i = 0; i < n; i++) {
        char label[128];
        struct text t = text_init(label, sizeof label);
        counter_label(&rows[i], &t);
        if (s->json)
            printf("{\"trap\":\"%s\",\"count\":%llu,\"cycles\":%llu}\n", label,
                   (unsigned long long)rows[i].count, (unsigned long long)rows[i].cycles);
        else
            fprintf(stderr, "%10llu  %s\n", (unsigned long long)rows[i].count, label);
    }
    if (!s->json)
        fprintf(stderr, "%10llu  instructions retired\n%10llu  cycles\n",
                (unsigned long long)machine_instret(m), (unsigned long long)machine_cycle(m));
}

static int report(struct session *s, enum error_code why)
{
    const struct machine *m = host_machine(s->host);
    bool good = machine_state(m) == MACHINE_HALTED && machine_status(m) == 0;
    char text[EXPLAIN_SIZE];

    flush_json_line(s);
    fflush(stdout);
    if (cli_flag(s->args, KEY_STATS))
        print_stats(s);
    host_end_text(s->host, text, sizeof text);
    if (machine_state(m) == MACHINE_SHUTDOWN && !s->json) {
        struct text story = text_init(text, sizeof text);
        explain_shutdown(s->host, &story);
    }
    if (why == ERROR_budget) {
        struct text story = text_init(text, sizeof text);
        text_add(&story, "still running after %llu steps; --max allows more\n",
                 (unsigned long long)(machine_icount(m) - s->from));
        explain_trap_loop(s->host, &story);
        if (text[story.length - 1] == '\n')
            text[story.length - 1] = '\0';
    }
    if (s->json) {
        char line[1024];
        struct text t = text_init(line, sizeof line);
        text_add(&t, "{\"end\":\"");
        text_add_json(&t, text);
        text_add(&t, "\",\"status\":%u,\"icount\":%llu,\"cycle\":%llu}", machine_status(m),
                 (unsigned long long)machine_icount(m), (unsigned long long)machine_cycle(m));
        puts(line);
    } else if (!good && *text) {
        fprintf(stderr, "%s%s%s\n", s->in_line ? "\n" : "",
                machine_state(m) == MACHINE_SHUTDOWN ? "" : "trapeze: ", text);
    }
    if (why)
        return error_exit_code(why);
    return good || machine_state(m) == MACHINE_READY ? 0 : error_exit_code(ERROR_guest);
}

static int save(const struct session *s, struct error *err)
{
    const char *path = cli_value(s->args, KEY_SAVE, 0);

    return path ? snapshot_file_save(s->host, path, err) : 0;
}

static int session(struct session *s, const char *path, struct error *err)
{
    uint64_t max;

    if (cli_number(s->args, 'n', 1, UINT64_MAX, DEFAULT_MAX, &max, err) ||
        setup_program(s->args, path, &s->world, &s->host, err) || subscribe(s, err))
        return cli_fail(err);
    s->from = machine_icount(host_machine(s->host));
    enum error_code why = run(s, max);
    terminal_close();
    int code = report(s, why);
    return save(s, err) ? cli_fail(err) : code;
}

int run_program(const struct cli_args *args, const char *path)
{
    struct session s = {.args = args, .json = cli_flag(args, 'j')};
    struct error err;
    int code = session(&s, path, &err);

    if (s.subscriber.fn)
        trace_detach(machine_trace(host_machine(s.host)), &s.subscriber);
    world_free(s.world);
    return code;
}
