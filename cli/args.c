/*
 * Reads a command's options with getopt_long, from the command's own table, and says what is
 * wrong in one sentence with the nearest name.
 *
 * getopt keeps its place in globals; they are set back before every parse, so a test may
 * parse as often as it likes.
 */
#include "cli/args.h"

#include <getopt.h>
#include <string.h>

#include "base/number.h"
#include "base/suggest.h"

/* Calls `row` for the command's own options, then the common ones. */
static const struct cli_option *option_at(const struct cli_command *command, unsigned n)
{
    const struct cli_option *o;

    for (o = command->options; o->name; o++)
        if (n-- == 0)
            return o;
    for (o = cli_common_options; o->name; o++)
        if (n-- == 0)
            return o;
    return NULL;
}

static unsigned option_count(const struct cli_command *command)
{
    unsigned n = 0;

    while (option_at(command, n))
        n++;
    return n;
}

static int unknown_option(const struct cli_command *command, const char *typed, struct error *err)
{
    char name[64] = "";
    size_t dashes = strspn(typed, "-");
    size_t length = strcspn(typed + dashes, "=");
    struct suggest near = suggest_for(name);
    char hint[96];
    struct text text = text_init(hint, sizeof hint);

    if (length >= sizeof name)
        length = sizeof name - 1;
    memcpy(name, typed + dashes, length);
    for (unsigned i = 0; option_at(command, i); i++)
        suggest_offer(&near, option_at(command, i)->name);
    suggest_add(&near, &text);
    return error_set(err, ERROR_usage, "%s: unknown option %s%s (trapeze %s --help lists them)",
                     command->name, typed, hint, command->name);
}

static int bad_option(const struct cli_command *command, int result, char **argv, struct error *err)
{
    const struct cli_option *o = NULL;
    const char *typed = argv[optind - 1];

    for (unsigned i = 0; optopt && i < option_count(command); i++)
        if (option_at(command, i)->key == optopt)
            o = option_at(command, i);
    if (result == ':' && o)
        return error_set(err, ERROR_usage, "%s: --%s needs a value: --%s %s", command->name,
                         o->name, o->name, o->value);
    if (o && typed[0] == '-' && typed[1] == '-')
        return error_set(err, ERROR_usage, "%s: --%s takes no value", command->name, o->name);
    if (optopt && !(typed[0] == '-' && typed[1] == '-'))
        return error_set(err, ERROR_usage, "%s: unknown option -%c (trapeze %s --help lists them)",
                         command->name, optopt, command->name);
    return unknown_option(command, typed, err);
}

static int check_positionals(struct cli_args *out, struct error *err)
{
    const struct cli_command *c = out->command;

    if (out->help)
        return 0;
    if (out->positional_count < c->least)
        return error_set(err, ERROR_usage, "%s: what is missing: %s; 'trapeze %s --help' explains",
                         c->name, c->arguments, c->name);
    if (out->positional_count > c->most)
        return error_set(err, ERROR_usage, "%s: too much on the line: '%s'", c->name,
                         out->positional[c->most]);
    return 0;
}

int cli_args_parse(struct cli_args *out, const struct cli_command *command, int argc, char **argv,
                   struct error *err)
{
    struct option longs[OPTIONS_MAX + 1];
    char shorts[OPTIONS_MAX * 2 + 2] = ":";
    size_t s = 1;
    unsigned count = option_count(command);

    memset(longs, 0, sizeof longs);
    *out = (struct cli_args){.command = command};
    for (unsigned i = 0; i < count && i < OPTIONS_MAX; i++) {
        const struct cli_option *o = option_at(command, i);
        longs[i] =
            (struct option){o->name, o->value ? required_argument : no_argument, NULL, o->key};
        if (o->key >= ' ') {
            shorts[s++] = o->key;
            if (o->value)
                shorts[s++] = ':';
        }
    }
    opterr = 0;
#ifdef __GLIBC__
    optind = 0; /* glibc: start afresh, also inside a cluster of letters */
#else
    optind = 1;
#endif
    for (;;) {
        int key = getopt_long(argc, argv, shorts, longs, NULL);
        if (key == -1)
            break;
        if (key == '?' || key == ':')
            return bad_option(command, key, argv, err);
        if (key == 'h')
            out->help = true;
        if (out->given_count == COUNT_OF(out->given))
            return error_set(err, ERROR_usage, "%s: more than %u options", command->name,
                             out->given_count);
        out->given[out->given_count].key = (char)key;
        out->given[out->given_count++].value = optarg ? optarg : "";
    }
    for (int i = optind; i < argc; i++) {
        if (out->positional_count == POSITIONALS_MAX)
            return error_set(err, ERROR_usage, "%s: too much on the line: '%s'", command->name,
                             argv[i]);
        out->positional[out->positional_count++] = argv[i];
    }
    return check_positionals(out, err);
}

const char *cli_value(const struct cli_args *args, char key, unsigned n)
{
    for (unsigned i = 0; i < args->given_count; i++)
        if (args->given[i].key == key && n-- == 0)
            return args->given[i].value;
    return NULL;
}

bool cli_flag(const struct cli_args *args, char key)
{
    return cli_value(args, key, 0) != NULL;
}

static const char *option_name(const struct cli_args *args, char key)
{
    const struct cli_option *o;

    for (unsigned i = 0; (o = option_at(args->command, i)); i++)
        if (o->key == key)
            return o->name;
    return "";
}

int cli_number(const struct cli_args *args, char key, uint64_t least, uint64_t most,
               uint64_t otherwise, uint64_t *out, struct error *err)
{
    const char *value = NULL;

    for (unsigned n = 0; cli_value(args, key, n); n++)
        value = cli_value(args, key, n);
    *out = otherwise;
    if (!value)
        return 0;
    if (!number_parse(value, out) || *out < least || *out > most)
        return error_set(err, ERROR_usage,
                         "%s: --%s: '%s' is no number from %llu to %llu (4096, 0x1000, 64M and 2e8 "
                         "are numbers)",
                         args->command->name, option_name(args, key), value,
                         (unsigned long long)least, (unsigned long long)most);
    return 0;
}
