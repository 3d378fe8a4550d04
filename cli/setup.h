/* The machine and the program that a command's options describe, for run, debug and tui. */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include "cli/args.h"
#include "world/world.h"

/* The file that is meant by a path, or by a name among the guests that come with trapeze ("os.elf"):
 * what is there as typed wins. Returns out, which is `name` itself when nothing is there. */
const char *setup_find(const char *name, char *out, size_t size);

/* Is it a program: an ELF executable or a snapshot by its first bytes, or assembly by its name? */
bool setup_is_program(const char *path);

/*
 * One more machine in the world. For a program at `path` (ELF, or assembly, whose messages go to
 * standard error) as --ram, --isa, --tlb and --disk say, with --module and --cmdline in it; for a
 * snapshot as that says, with --disk.
 */
int setup_machine(const struct cli_args *args, const char *path, struct world *world,
                  struct host **host, struct error *err);

/* The same in a world of its own. On failure *world may be there and must be freed. */
int setup_program(const struct cli_args *args, const char *path, struct world **world,
                  struct host **host, struct error *err);

/* Refuses options of programs that were given with a scenario: they would silently do nothing. */
int setup_refuse_program_options(const struct cli_args *args, struct error *err);

#endif
