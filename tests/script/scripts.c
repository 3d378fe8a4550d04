/* Running scripts from text; see scripts.h. */
#include "tests/script/scripts.h"

#include <stdio.h>
#include <string.h>

static void collect(void *user, const char *line, size_t size)
{
    struct run *r = user;

    if (size > sizeof r->output - 1 - r->length)
        size = sizeof r->output - 1 - r->length;
    memcpy(r->output + r->length, line, size);
    r->length += size;
    r->output[r->length] = '\0';
}

static void run(struct run *r, struct script_options *o)
{
    struct script *s;

    memset(r, 0, sizeof *r);
    o->output = collect;
    o->user = r;
    r->code = script_open(&s, o, &r->err);
    if (r->code)
        return;
    r->code = script_run(s, &r->err);
    r->checks = script_check_count(s);
    r->failed = script_failed_count(s);
    for (unsigned i = 0; i < r->checks; i++) {
        const struct script_check *c = script_check(s, i);
        if (c->passed || r->first_failed[0])
            continue;
        snprintf(r->first_failed, sizeof r->first_failed, "%s", c->sentence);
        snprintf(r->detail, sizeof r->detail, "%s", c->detail);
    }
    script_free(s);
}

void run_text(struct run *r, const char *text, uint64_t instructions, size_t memory)
{
    struct script_options o = {
        .path = "test.lua", .text = text, .instructions = instructions, .memory = memory};

    run(r, &o);
}

void run_path(struct run *r, const char *path)
{
    struct script_options o = {.path = path};

    run(r, &o);
}
