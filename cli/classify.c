/*
 * trapeze classify: the Popek-Goldberg table of the strict and the classic machine, and what
 * it says about monitors.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/keys.h"
#include "world/classify.h"

struct table {
    bool json, all;
    const char *variant;
};

static const char *kinds_text(unsigned kinds, char *buffer, size_t size)
{
    struct text t = text_init(buffer, size);

    if (!(kinds & CLASSIFY_SENSITIVE))
        text_add(&t, "innocuous ");
    if (kinds & CLASSIFY_CONTROL)
        text_add(&t, "control-sensitive ");
    if (kinds & CLASSIFY_BEHAVIOUR)
        text_add(&t, "behaviour-sensitive ");
    if (kinds & CLASSIFY_PRIVILEGED)
        text_add(&t, "privileged ");
    if ((kinds & CLASSIFY_SENSITIVE) && !(kinds & CLASSIFY_PRIVILEGED))
        text_add(&t, "<- HOLE ");
    if (t.length)
        buffer[t.length - 1] = '\0';
    return buffer;
}

static void print_json(const struct table *t, const struct classified *row, const char *name)
{
    static const struct {
        unsigned kind;
        const char *name;
    } kinds[] = {{CLASSIFY_PRIVILEGED, "privileged"},
                 {CLASSIFY_CONTROL, "control_sensitive"},
                 {CLASSIFY_BEHAVIOUR, "behaviour_sensitive"},
                 {CLASSIFY_USER, "user_sensitive"}};
    const char *const proofs[] = {row->privileged, row->control, row->behaviour, ""};
    char buffer[2048];
    struct text out = text_init(buffer, sizeof buffer);

    text_add(&out, "{\"isa\":\"%s\",\"instruction\":\"%s\",\"innocuous\":%s", t->variant, name,
             row->kinds & CLASSIFY_SENSITIVE ? "false" : "true");
    for (unsigned i = 0; i < COUNT_OF(kinds); i++) {
        text_add(&out, ",\"%s\":%s", kinds[i].name, row->kinds & kinds[i].kind ? "true" : "false");
        if (*proofs[i]) {
            text_add(&out, ",\"%s_proof\":\"", kinds[i].name);
            text_add_json(&out, proofs[i]);
            text_add(&out, "\"");
        }
    }
    text_add(&out, "}");
    puts(buffer);
}

static void print_row(void *user, const struct classified *row)
{
    const struct table *t = user;
    const char *const proofs[] = {row->control, row->behaviour, row->privileged};
    char name[64], kinds[128];

    classify_name(row, name, sizeof name);
    if (t->json) {
        print_json(t, row, name);
        return;
    }
    if (!t->all && !row->kinds)
        return;
    printf("%-16s %s\n", name, kinds_text(row->kinds, kinds, sizeof kinds));
    for (unsigned i = 0; i < COUNT_OF(proofs); i++)
        if (*proofs[i])
            printf("    %s\n", proofs[i]);
}

static void print_verdict(const struct table *t, const struct classify_verdict *v)
{
    bool one = v->not_privileged == 0, three = v->user_not_privileged == 0;

    if (t->json) {
        printf("{\"isa\":\"%s\",\"rows\":%u,\"sensitive\":%u,\"holes\":%u,\"user_holes\":%u,"
               "\"theorem1\":%s,\"theorem3\":%s}\n",
               t->variant, v->rows, v->sensitive, v->not_privileged, v->user_not_privileged,
               one ? "true" : "false", three ? "true" : "false");
        return;
    }
    printf("\n%s: %u rows, %u sensitive, %u of them not privileged\n", t->variant, v->rows,
           v->sensitive, v->not_privileged);
    printf("  theorem 1 (every sensitive instruction is privileged): %s\n",
           one ? "holds: a trap-and-emulate monitor exists"
               : "fails: trap-and-emulate cannot be faithful here");
    printf("  theorem 3 (every user-sensitive instruction is privileged): %s\n\n",
           three ? "holds: a hybrid monitor exists"
                 : "fails: not even interpreting the guest's kernel would be enough");
}

int cli_classify(const struct cli_args *args)
{
    static const char *const variants[] = {"strict", "classic"};
    const char *only = cli_value(args, KEY_ISA, 0);
    struct error err;
    bool known = !only;

    for (unsigned classic = 0; classic < COUNT_OF(variants); classic++) {
        struct table table = {cli_flag(args, 'j'), cli_flag(args, 'a'), variants[classic]};
        struct classify_verdict verdict;
        if (only && strcmp(only, variants[classic]) != 0)
            continue;
        known = true;
        if (!table.json)
            printf("the %s machine\n\n", variants[classic]);
        if (classify_run(classic, print_row, &table, &verdict, &err))
            return cli_fail(&err);
        print_verdict(&table, &verdict);
    }
    if (known)
        return 0;
    error_set(&err, ERROR_usage, "classify: --isa is strict or classic, not \"%s\"", only);
    return cli_fail(&err);
}
