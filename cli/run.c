/*
 * trapeze run: which of the two is meant is seen from the name, then from the file's first
 * bytes; a file that is neither is refused with a word about what would do.
 */
#include "cli/run.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/setup.h"
#include "world/home.h"

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcmp(s + n - m, end) == 0;
}

int cli_run(const struct cli_args *args)
{
    const char *name = args->positional[0];
    char path[HOME_PATH_SIZE];
    struct error err;

    setup_find(name, path, sizeof path);
    if (setup_is_program(path))
        return run_program(args, path);
    if (cli_scenario_path(name, path, sizeof path, &err))
        return cli_fail(&err);
    if (!ends_with(path, ".lua")) {
        error_set(&err, ERROR_input,
                  "%s: no scenario (.lua), no assembly (.s), no ELF executable for rv32im and no "
                  "snapshot",
                  path);
        return cli_fail(&err);
    }
    if (setup_refuse_program_options(args, &err))
        return cli_fail(&err);
    return run_scenario(args, path);
}
