/*
 * trapeze asm, and the assembling that `run prog.s` does first.
 */
#include "cli/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

bool source_is(const char *path)
{
    size_t n = strlen(path);

    return n > 2 && path[n - 2] == '.' && (path[n - 1] == 's' || path[n - 1] == 'S');
}

static void print_messages(const struct asm_result *result, bool json)
{
    char buffer[4096], text[4096 * 2];

    for (unsigned i = 0; i < result->message_count; i++) {
        const struct asm_message *m = &result->messages[i];
        struct text t = text_init(buffer, sizeof buffer);
        struct text j = text_init(text, sizeof text);
        asm_message_text(&t, m);
        if (!json) {
            fputs(buffer, stderr);
            continue;
        }
        text_add(&j, "{\"%s\":\"", m->warning ? "warning" : "error");
        text_add_json(&j, m->text);
        text_add(&j, "\",\"file\":\"");
        text_add_json(&j, m->file);
        text_add(&j, "\",\"line\":%u,\"column\":%u}", m->line, m->column);
        puts(text);
    }
}

static int assemble(struct asm_result *out, const char *path, const struct asm_options *options,
                    bool json, struct error *err)
{
    int code = asm_file(out, path, options, err);

    print_messages(out, json);
    if (code && out->error_count)
        return error_set(err, ERROR_input, "%s: %u error%s%s; nothing was assembled", path,
                         out->error_count, out->error_count == 1 ? "" : "s",
                         out->more ? ", and more" : "");
    return code;
}

int source_assemble(struct asm_result *out, const char *path, struct error *err)
{
    return assemble(out, path, NULL, false, err);
}

/* Writes beside the file and renames, so that a failure leaves what was there. */
static int write_file(const char *path, const void *data, size_t size, struct error *err)
{
    char temporary[4096];
    FILE *f;

    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
        return error_set(err, ERROR_io, "%s: the name is too long", path);
    f = fopen(temporary, "wb");
    bool ok = f && fwrite(data, 1, size, f) == size;
    if (f)
        ok = fclose(f) == 0 && ok;
    if (ok && rename(temporary, path) == 0)
        return 0;
    int why = errno;
    remove(temporary);
    return error_set(err, ERROR_io, "%s: cannot be written: %s", path, strerror(why));
}

int cli_asm(const struct cli_args *args)
{
    const char *source = args->positional[0], *output = cli_value(args, 'o', 0);
    const char *dirs[OPTIONS_MAX];
    struct asm_options options = {.include_dirs = dirs};
    char name[4096];
    struct asm_result result;
    struct error err;
    uint64_t base;

    while (options.include_dir_count < COUNT_OF(dirs) &&
           (dirs[options.include_dir_count] = cli_value(args, 'I', options.include_dir_count)))
        options.include_dir_count++;
    if (cli_number(args, 'b', 0, 0xfffff000, 0, &base, &err))
        return cli_fail(&err);
    options.base = (word)base;
    if (!output) {
        size_t stem = strlen(source) - (source_is(source) ? 2 : 0);
        snprintf(name, sizeof name, "%.*s.elf", (int)stem, source);
        output = name;
    }
    int code = assemble(&result, source, &options, cli_flag(args, 'j'), &err);
    if (code == 0)
        code = write_file(output, result.elf, result.elf_size, &err);
    asm_result_free(&result);
    return code ? cli_fail(&err) : 0;
}
