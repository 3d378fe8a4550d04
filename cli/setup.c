/* What options describe; see setup.h. */
#include "cli/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/keys.h"
#include "cli/source.h"
#include "isa/boot.h"
#include "world/home.h"
#include "world/snapshot_file.h"

const char *setup_find(const char *name, char *out, size_t size)
{
    struct home home;
    struct text t = text_init(out, size);

    text_add(&t, "%s", name);
    if (access(name, R_OK) == 0 || strchr(name, '/') || home_find(&home, NULL))
        return out;
    t = text_init(out, size);
    text_add(&t, "%s/%s", home.guests, name);
    if (t.overflow || access(out, R_OK) != 0)
        snprintf(out, size, "%s", name);
    return out;
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

bool setup_is_program(const char *path)
{
    return source_is(path) || is_elf(path) || snapshot_file_is(path);
}

#define SYMBOLS_MAX (64u << 20)

/* Given with a scenario, these would silently do nothing: it builds its own machines. */
static const char program_only[] = {'n',     't',       'm',      'c',         'd',
                                    'r',     KEY_STATS, KEY_SAVE, KEY_SYMBOLS, KEY_DISK_WRITE,
                                    KEY_ISA, KEY_TLB,   KEY_VT,   KEY_NPT};

int setup_refuse_program_options(const struct cli_args *args, struct error *err)
{
    for (const struct cli_option *o = args->command->options; o->name; o++)
        if (cli_flag(args, o->key) && memchr(program_only, o->key, sizeof program_only))
            return error_set(err, ERROR_usage,
                             "%s: --%s is for programs; a scenario builds its own machine",
                             args->command->name, o->name);
    return 0;
}

static int configure(const struct cli_args *args, struct machine_config *config, struct error *err)
{
    const char *isa = cli_value(args, KEY_ISA, 0);
    uint64_t ram, tlb;

    *config = machine_config_default();
    if (cli_number(args, 'r', 1u << 20, 2ull << 30, config->ram_size, &ram, err) ||
        cli_number(args, KEY_TLB, 1, 4096, config->tlb, &tlb, err))
        return err->code;
    if (isa && strcmp(isa, "classic") != 0 && strcmp(isa, "strict") != 0)
        return error_set(err, ERROR_usage, "%s: --isa is strict or classic, not \"%s\"",
                         args->command->name, isa);
    config->ram_size = (uint32_t)ram;
    config->tlb = (uint32_t)tlb;
    config->classic = isa && strcmp(isa, "classic") == 0;
    config->npt = cli_flag(args, KEY_NPT);
    config->vt = config->npt || cli_flag(args, KEY_VT);
    config->disk = cli_value(args, 'd', 0);
    config->disk_writes = cli_flag(args, KEY_DISK_WRITE);
    return 0;
}

/* -m NAME=FILE: the name goes into `names`, which must outlive the module. */
static void split_module(const char *text, char *name, size_t size, struct host_module *out)
{
    const char *equals = strchr(text, '=');

    out->name = NULL;
    out->path = text;
    if (equals && (size_t)(equals - text) < size) {
        memcpy(name, text, (size_t)(equals - text));
        name[equals - text] = '\0';
        out->name = name;
        out->path = equals + 1;
    }
}

static int load(const struct cli_args *args, struct host *host, const char *path, struct error *err)
{
    struct host_module modules[BOOT_MODULES_MAX + 1];
    char names[BOOT_MODULES_MAX + 1][BOOT_NAME_SIZE];
    char paths[BOOT_MODULES_MAX + 1][HOME_PATH_SIZE];
    struct host_program program = {.image = path, .modules = modules};
    const char *text;

    while ((text = cli_value(args, 'm', program.module_count))) {
        if (program.module_count == BOOT_MODULES_MAX)
            return error_set(err, ERROR_usage, "%s: more than %d modules", args->command->name,
                             BOOT_MODULES_MAX);
        split_module(text, names[program.module_count], BOOT_NAME_SIZE,
                     &modules[program.module_count]);
        modules[program.module_count].path =
            setup_find(modules[program.module_count].path, paths[program.module_count],
                       sizeof paths[program.module_count]);
        program.module_count++;
    }
    program.cmdline = cli_value(args, 'c', 0);
    if (!source_is(path))
        return host_load(host, &program, err);
    struct asm_result assembled;
    int code = source_assemble(&assembled, path, err);
    if (code == 0) {
        program.bytes = assembled.elf;
        program.byte_count = assembled.elf_size;
        code = host_load(host, &program, err);
    }
    asm_result_free(&assembled);
    return code;
}

static int add_symbols_of(struct host *host, const char *path, struct error *err)
{
    struct asm_result assembled;
    uint8_t *data;
    size_t size;
    int code;

    if (source_is(path)) {
        code = source_assemble(&assembled, path, err);
        if (code == 0)
            code = host_add_symbols(host, path, assembled.elf, assembled.elf_size, err);
        asm_result_free(&assembled);
        return code;
    }
    code = file_read(path, "symbols", SYMBOLS_MAX, &data, &size, err);
    if (code == 0) {
        code = host_add_symbols(host, path, data, size, err);
        free(data);
    }
    return code;
}

static int add_symbols(const struct cli_args *args, struct host *host, struct error *err)
{
    char path[HOME_PATH_SIZE];
    const char *name;

    for (unsigned i = 0; (name = cli_value(args, KEY_SYMBOLS, i)); i++)
        if (add_symbols_of(host, setup_find(name, path, sizeof path), err))
            return err->code;
    return 0;
}

/* What a snapshot says by itself. */
static const char not_for_snapshots[] = {'m', 'c', 'r', KEY_ISA, KEY_VT, KEY_NPT, KEY_TLB};

static int load_snapshot(const struct cli_args *args, const char *path, struct world *world,
                         struct host **host, struct error *err)
{
    struct machine_config config;
    uint32_t sectors;

    for (const struct cli_option *o = args->command->options; o->name; o++)
        if (cli_flag(args, o->key) && memchr(not_for_snapshots, o->key, sizeof not_for_snapshots))
            return error_set(err, ERROR_usage,
                             "%s: --%s is not for a snapshot: %s says itself what machine it is of",
                             args->command->name, o->name, path);
    if (snapshot_file_description(path, &config, &sectors, err))
        return err->code;
    config.disk = cli_value(args, 'd', 0);
    config.disk_writes = cli_flag(args, KEY_DISK_WRITE);
    if (sectors && !config.disk)
        return error_set(err, ERROR_usage,
                         "%s: %s is of a machine with a disk: give its image by --disk FILE",
                         args->command->name, path);
    if (world_add(world, NULL, &config, host, err))
        return err->code;
    return snapshot_file_load(*host, path, err);
}

int setup_machine(const struct cli_args *args, const char *path, struct world *world,
                  struct host **host, struct error *err)
{
    struct machine_config config;

    if (snapshot_file_is(path)) {
        if (load_snapshot(args, path, world, host, err))
            return err->code;
    } else if (configure(args, &config, err) || world_add(world, NULL, &config, host, err) ||
               load(args, *host, path, err)) {
        return err->code;
    }
    return add_symbols(args, *host, err);
}

int setup_program(const struct cli_args *args, const char *path, struct world **world,
                  struct host **host, struct error *err)
{
    *world = NULL;
    if (world_new(world, err))
        return err->code;
    return setup_machine(args, path, *world, host, err);
}
