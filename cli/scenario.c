/*
 * trapeze run SCENARIO: the story, what it prints, its checks as they are decided, a verdict.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/keys.h"
#include "cli/run.h"
#include "base/text.h"
#include "script/script.h"

struct report {
    bool json;
    bool color;
    struct script *script;
};

/* Of any length; escapes grow a text to six times its size. */
static void put_json_text(const char *s, size_t size)
{
    char buffer[6 * 512 + 1];

    while (size) {
        size_t n = size < 512 ? size : 512;
        struct text t = text_init(buffer, sizeof buffer);

        /* Not between the bytes of one letter. */
        for (unsigned i = 0; i < 3 && n < size && ((unsigned char)s[n] & 0xc0) == 0x80; i++)
            n--;
        text_add_json_n(&t, s, n);
        fputs(buffer, stdout);
        s += n;
        size -= n;
    }
}

static void print_json(const char *key, const char *value, size_t size)
{
    printf("{\"%s\":\"", key);
    put_json_text(value, size);
    puts("\"}");
}

static void on_output(void *user, const char *line, size_t size)
{
    const struct report *r = user;

    if (r->json)
        print_json("print", line, size && line[size - 1] == '\n' ? size - 1 : size);
    else
        fwrite(line, 1, size, stdout);
}

static void check_json(const struct script_check *c)
{
    printf("{\"check\":\"");
    put_json_text(c->sentence, strlen(c->sentence));
    printf("\",\"passed\":%s,\"detail\":\"", c->passed ? "true" : "false");
    put_json_text(c->detail, strlen(c->detail));
    puts("\"}");
}

static void on_check(void *user, const struct script_check *c)
{
    const struct report *r = user;

    if (r->json) {
        check_json(c);
        return;
    }
    printf("%s%-6s%s %s\n",
           !r->color   ? ""
           : c->passed ? "\033[32m"
                       : "\033[31;1m",
           c->passed ? "ok" : "FAILED", r->color ? "\033[0m" : "", c->sentence);
    if (!c->passed && *c->detail)
        printf("       %s\n", c->detail);
    fflush(stdout);
}

/* Paragraphs for a terminal of 80 columns; lines that begin with a blank stay as they are. */
static void print_wrapped(const char *text)
{
    const unsigned width = 79;
    unsigned column = 0;

    for (const char *at = text; *at;) {
        size_t length = strcspn(at, " \n");
        bool begins_line = at == text || at[-1] == '\n';
        if (begins_line && (*at == ' ' || *at == '\n')) {
            size_t line = strcspn(at, "\n");
            printf("%s%.*s\n", column ? "\n" : "", (int)line, at);
            column = 0;
            at += line + (at[line] == '\n');
            continue;
        }
        if (column && column + 1 + length > width) {
            putchar('\n');
            column = 0;
        }
        column += (unsigned)printf("%s%.*s", column ? " " : "", (int)length, at);
        at += length + (at[length] != '\0');
    }
    if (column)
        putchar('\n');
}

/* Before the file is opened: one that is only run has checks and output while it is. */
static void print_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');

    print_json("scenario", name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

static void print_head(const struct report *r)
{
    if (!*script_title(r->script))
        return;
    printf("%s\n", script_title(r->script));
    for (const char *c = script_title(r->script); *c; c++)
        putchar('=');
    putchar('\n');
    print_wrapped(script_text(r->script));
    putchar('\n');
    fflush(stdout);
}

static int finish(const struct report *r, int failed, const struct error *err)
{
    unsigned checks = script_check_count(r->script), bad = script_failed_count(r->script);
    int code = failed ? error_exit_code(err->code) : 0;

    if (r->json)
        printf("{\"result\":\"%s\",\"checks\":%u,\"failed\":%u,\"exit\":%d}\n",
               failed ? "failed" : "passed", checks, bad, code);
    else if (checks)
        printf("%u of %u checks hold\n", checks - bad, checks);
    /* A failed check has been printed where it was decided. */
    if (failed && err->code != ERROR_check)
        cli_fail(err);
    return code;
}

int run_scenario(const struct cli_args *args, const char *path)
{
    struct report report = {.json = cli_flag(args, 'j'),
                            .color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    struct script_options options = {
        .path = path, .output = on_output, .checked = on_check, .user = &report};
    struct error err;

    if (cli_number(args, KEY_SEED, 1, UINT64_MAX, 1, &options.seed, &err))
        return cli_fail(&err);
    if (report.json)
        print_name(path);
    if (script_open(&report.script, &options, &err))
        return cli_fail(&err);
    if (!report.json)
        print_head(&report);
    int code = finish(&report, script_run(report.script, &err), &err);
    script_free(report.script);
    return code;
}
