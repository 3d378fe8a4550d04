/*
 * Where trapeze's own files are: scenarios/, lua-scripts/, and the guests' images.
 *
 * The home directory is the first of these that holds lua-scripts/:
 *   1. $TRAPEZE_HOME
 *   2. the directories above the program (build/release/trapeze: the source tree), and
 *      share/trapeze in each of them (bin/trapeze: an installation)
 *   3. PREFIX/share/trapeze, as given at build time
 * Guests are in HOME/build/guest in a source tree, in HOME/guests when installed.
 */
#ifndef WORLD_HOME_H
#define WORLD_HOME_H

#include "base/error.h"

#include <stddef.h>

#define HOME_PATH_SIZE 4096

struct home {
    char path[HOME_PATH_SIZE];
    char guests[HOME_PATH_SIZE];
};

int home_find(struct home *home, struct error *err);

/* `name` under the home directory ("scenarios/bare-metal.lua"). Refuses what does not fit. */
int home_path(const struct home *home, const char *name, char *out, size_t size, struct error *err);

/*
 * The file a script means by `name`: relative, no "..", looked for in `base` (the script's own
 * directory; NULL: not there) and then among the guests. The error says where it was looked for.
 */
int home_file(const struct home *home, const char *base, const char *name, char *out, size_t size,
              struct error *err);

/*
 * Where a script may write a snapshot called `name`: relative, no "..", ending in .snap, in `base`, so
 * that home_file finds it again.
 */
int home_snapshot(const char *base, const char *name, char *out, size_t size, struct error *err);

#endif
