/*
 * trapeze list: the scenarios, each opened for what it says about itself. Also finds a
 * scenario by its name, for run and tui; and the same for benchmarks, which are scenarios in
 * another folder.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/run.h"
#include "script/script.h"

int cli_fail(const struct error *err)
{
    fflush(stdout);
    fprintf(stderr, "trapeze: %s\n", err->text);
    return error_exit_code(err->code);
}

static int is_lua(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);

    return n > 4 && strcmp(entry->d_name + n - 4, ".lua") == 0;
}

struct folder {
    const char *path, *what, *who_lists;
};
static const struct folder scenarios = {"scenarios", "scenario", "trapeze list"};
static const struct folder benchmarks = {"lua-scripts/bench", "benchmark", "trapeze bench"};

/* The names in a folder, sorted; free each entry and the list. Negative: none, err says why. */
static int scan(const struct folder *folder, struct home *home, struct dirent ***entries,
                struct error *err)
{
    char path[HOME_PATH_SIZE];

    if (home_find(home, err) || home_path(home, folder->path, path, sizeof path, err))
        return -1;
    int n = scandir(path, entries, is_lua, alphasort);
    if (n < 0)
        error_set(err, ERROR_io, "cannot read %s", path);
    return n;
}

static void free_entries(struct dirent **entries, int n)
{
    while (n-- > 0)
        free(entries[n]);
    free(entries);
}

static int find(const struct folder *folder, const char *name, char *out, size_t size,
                struct error *err)
{
    struct suggest near = suggest_for(name);
    struct dirent **entries;
    struct home home;
    char hint[96];
    char file[HOME_PATH_SIZE];
    struct text text = text_init(hint, sizeof hint);
    int result;

    if (strchr(name, '/') || strchr(name, '.')) {
        if (access(name, R_OK) == 0 && (size_t)snprintf(out, size, "%s", name) < size)
            return 0;
        return error_set(err, ERROR_input, "%s: cannot be read", name);
    }
    int n = scan(folder, &home, &entries, err);
    if (n < 0)
        return err->code;
    snprintf(file, sizeof file, "%s.lua", name);
    result = -1;
    for (int i = 0; i < n && result; i++) {
        if (strcmp(entries[i]->d_name, file) == 0)
            result = 0;
        entries[i]->d_name[strlen(entries[i]->d_name) - 4] = '\0';
        suggest_offer(&near, entries[i]->d_name);
    }
    if (result)
        suggest_add(&near, &text);
    free_entries(entries, n);
    if (result)
        return error_set(err, ERROR_usage, "no %s \"%s\"%s (%s shows them)", folder->what, name,
                         hint, folder->who_lists);
    snprintf(file, sizeof file, "%s/%s.lua", folder->path, name);
    return home_path(&home, file, out, size, err);
}

int cli_scenario_path(const char *name, char *out, size_t size, struct error *err)
{
    return find(&scenarios, name, out, size, err);
}

static void print_json(const struct script *s)
{
    char buffer[16384];
    struct text t = text_init(buffer, sizeof buffer);

    text_add(&t, "{\"name\":\"");
    text_add_json(&t, script_name(s));
    text_add(&t, "\",\"title\":\"");
    text_add_json(&t, script_title(s));
    text_add(&t, "\",\"text\":\"");
    text_add_json(&t, script_text(s));
    text_add(&t, "\"}");
    puts(buffer);
}

static int print_one(const char *path, bool json, struct error *err)
{
    struct script_options options = {.path = path};
    struct script *s;

    if (script_open(&s, &options, err))
        return err->code;
    if (json)
        print_json(s);
    else
        printf("%-18s %s\n", script_name(s), script_title(s));
    script_free(s);
    return 0;
}

static int list(const struct folder *folder, bool json)
{
    struct dirent **entries;
    struct home home;
    struct error err;
    char file[HOME_PATH_SIZE], path[HOME_PATH_SIZE];
    int exit_code = 0;
    int n = scan(folder, &home, &entries, &err);

    if (n < 0)
        return cli_fail(&err);
    for (int i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s/%s", folder->path, entries[i]->d_name);
        /* A broken scenario is reported, and the rest is still listed. */
        if (home_path(&home, file, path, sizeof path, &err) || print_one(path, json, &err))
            exit_code = cli_fail(&err);
    }
    free_entries(entries, n);
    return exit_code;
}

int cli_list(const struct cli_args *args)
{
    return list(&scenarios, cli_flag(args, 'j'));
}

int cli_bench(const struct cli_args *args)
{
    char path[HOME_PATH_SIZE];
    struct error err;

    if (args->positional_count == 0)
        return list(&benchmarks, cli_flag(args, 'j'));
    if (find(&benchmarks, args->positional[0], path, sizeof path, &err))
        return cli_fail(&err);
    return run_scenario(args, path);
}
