/*
 * trapeze tui: a scenario, or a program in a machine as its options say, in the dashboard. Where
 * there is no terminal for it, what `run` does.
 */
#include "tui/tui.h"

#include <stdio.h>

#include "cli/commands.h"
#include "cli/keys.h"
#include "cli/run.h"
#include "cli/setup.h"
#include "world/home.h"

struct program {
    const struct cli_args *args;
    const char *path;
};

static int build(void *user, struct world *world, struct error *err)
{
    const struct program *p = user;
    struct host *host;

    return setup_machine(p->args, p->path, world, &host, err);
}

static int run_as_text(const struct cli_args *args, const struct tui_options *options,
                       const char *why)
{
    fprintf(stderr, "trapeze: no dashboard here: %s; the same %s as text:\n", why,
            options->build ? "program" : "story");
    return options->build ? run_program(args, options->path) : run_scenario(args, options->path);
}

int cli_tui(const struct cli_args *args)
{
    struct tui_options options = {.ascii = cli_flag(args, KEY_ASCII),
                                  .light = cli_flag(args, KEY_LIGHT),
                                  .commands = cli_value(args, 'x', 0)};
    char path[HOME_PATH_SIZE], why[256];
    struct program program = {args, path};
    struct error err;

    options.path = setup_find(args->positional[0], path, sizeof path);
    if (setup_is_program(path)) {
        options.build = build;
        options.user = &program;
    } else if (setup_refuse_program_options(args, &err) ||
               cli_scenario_path(args->positional[0], path, sizeof path, &err)) {
        return cli_fail(&err);
    }
    if (cli_number(args, KEY_SEED, 1, UINT64_MAX, 1, &options.seed, &err))
        return cli_fail(&err);
    if (!tui_possible(why, sizeof why))
        return run_as_text(args, &options, why);
    return tui_run(&options, &err) ? cli_fail(&err) : 0;
}
