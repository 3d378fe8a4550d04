/*
 * trapeze run: which of the two is meant is seen from the name, then from the file's first
 * bytes; a file that is neither is refused with a word about what would do.
 */
#include "cli/run.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/keys.h"
#include "cli/source.h"
#include "world/home.h"

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

static bool is_elf(const char *path)
{
    char magic[4] = "";
    FILE *f = fopen(path, "rb");

    if (!f)
        return false;
    size_t n = fread(magic, 1, sizeof magic, f);
    fclose(f);
    return n == sizeof magic && memcmp(magic, "\177ELF", sizeof magic) == 0;
}

/* Given with a scenario, these would silently do nothing: it builds its own machines. */
static const char program_only[] = {'n',     't',    'm', 'c', 'd', 'r', KEY_STATS, KEY_DISK_WRITE,
                                    KEY_ISA, KEY_TLB};

static int refuse_program_options(const struct cli_args *args, struct error *err)
{
    for (const struct cli_option *o = args->command->options; o->name; o++)
        if (cli_flag(args, o->key) && memchr(program_only, o->key, sizeof program_only))
            return error_set(err, ERROR_usage,
                             "run: --%s is for programs; a scenario builds its own machine",
                             o->name);
    return 0;
}

int cli_run(const struct cli_args *args)
{
    const char *name = args->positional[0];
    char path[HOME_PATH_SIZE];
    struct error err;

    if (is_elf(name) || source_is(name))
        return run_program(args, name);
    if (cli_scenario_path(name, path, sizeof path, &err))
        return cli_fail(&err);
    if (!ends_with(path, ".lua")) {
        error_set(&err, ERROR_input,
                  "%s: no scenario (.lua), no assembly (.s) and no ELF executable for rv32im",
                  path);
        return cli_fail(&err);
    }
    if (refuse_program_options(args, &err))
        return cli_fail(&err);
    return run_scenario(args, path);
}
