/* Boots the teaching OS as `trapeze run` would; see boot.h. */
#include "bench/boot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/samples.h"
#include "machine/machine.h"
#include "trace/recorder.h"

#define STEPS_MAX 200000000u
#define RECORDED  16384u
#define FILES_MAX 3u

/* Files that live as long as the boot. */
struct files {
    const char *directory;
    struct machine_module list[FILES_MAX];
    unsigned count;
};

/* Stops the machine at "$ ". */
struct prompt {
    struct machine *machine;
    char last;
    bool seen;
};

static void see_console(void *user, const struct event *e)
{
    struct prompt *p = user;

    if (e->b)
        return;
    if (p->last == '$' && e->a == ' ') {
        p->seen = true;
        machine_stop(p->machine);
    }
    p->last = (char)e->a;
}

static int add_file(struct files *f, const char *name, const char *file, struct error *err)
{
    char path[1024];
    long size = -1;

    snprintf(path, sizeof path, "%s/%s", f->directory, file);
    FILE *in = fopen(path, "rb");
    if (in && fseek(in, 0, SEEK_END) == 0)
        size = ftell(in);
    void *data = size > 0 ? malloc((size_t)size) : NULL;
    if (data) {
        rewind(in);
        f->list[f->count++] = (struct machine_module){name, data, (size_t)size};
        if (fread(data, 1, (size_t)size, in) != (size_t)size)
            size = -1;
    }
    if (in)
        fclose(in);
    return data && size > 0 ? 0 : error_set(err, ERROR_io, "%s: cannot be read", path);
}

static void count_event(void *user, const struct event *e)
{
    (void)e;
    ++*(uint64_t *)user;
}

static int run(struct machine *m, struct boot *b, const struct boot_how *how, struct error *err)
{
    struct prompt prompt = {.machine = m};
    struct trace_subscriber console = {EVENT_BIT(EVENT_console), see_console, &prompt, NULL};
    struct trace_subscriber counter = {how->counted, count_event, &b->counted, NULL};
    struct trace *trace = machine_trace(m);
    struct recorder recorder;

    if (recorder_init(&recorder, RECORDED, err))
        return err->code;
    trace_attach(trace, &console);
    if (how->counted)
        trace_attach(trace, &counter);
    if (how->recorded)
        recorder_attach(&recorder, trace, how->recorded);
    double start = clock_own();
    machine_run(m, STEPS_MAX);
    b->seconds = clock_own() - start;
    recorder_fini(&recorder);
    if (how->counted)
        trace_detach(trace, &counter);
    trace_detach(trace, &console);
    b->steps = machine_icount(m);
    b->cycles = machine_cycle(m);
    b->digest = machine_digest(m);
    return prompt.seen ? 0 : error_set(err, ERROR_check, "boot: no prompt");
}

static int load_and_run(struct boot *b, const struct boot_how *how, struct files *files,
                        struct error *err)
{
    struct machine_config config = machine_config_default();
    struct machine *m = NULL;
    struct image image;
    char path[1024];

    snprintf(path, sizeof path, "%s/%s", how->guests, how->monitor ? "vmm.elf" : "os.elf");
    if ((how->monitor && add_file(files, "os.elf", "os.elf", err)) ||
        add_file(files, "programs", "programs.pack", err) || image_read(&image, path, err))
        return err->code;
    struct machine_program program = {
        .image = &image,
        .modules = files->list,
        .module_count = files->count,
        .cmdline = how->monitor ? "vm=os technique=full ram=8M kernel=os.elf modules=programs" : "",
    };
    if (!machine_new(&m, &config, err) && !machine_load(m, &program, err))
        run(m, b, how, err);
    machine_free(m);
    image_free(&image);
    return err->code;
}

int boot_run(struct boot *b, const struct boot_how *how, struct error *err)
{
    struct files files = {.directory = how->guests};

    *b = (struct boot){0};
    int code = load_and_run(b, how, &files, err);
    for (unsigned i = 0; i < files.count; i++)
        free((void *)(uintptr_t)files.list[i].data);
    return code;
}
