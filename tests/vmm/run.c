/* Bare and virtual runs; see run.h. */
#include "tests/vmm/run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa/csr.h"
#include "isa/paging.h"

#define MODULES_MAX 4
#define VMCB_VMID   0x004
#define VMCB_NPTBR  0x020
#define SEGMENT_W   2
#define CONSOLE_MAX (1u << 20)

struct watcher {
    struct machine *machine;
    struct run_result *result;
    size_t length; /* of the raw console */
    char *raw;
    word vmcb; /* of the VM that was created last */
    word vmid;
    word entered;         /* the VM that was entered last, 0 before */
    uint64_t since, left; /* the last entry and exit */
};

static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");

    ck_assert_msg(f != NULL, "%s: cannot open; was it built?", path);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    void *data = malloc(*size + 1);
    ck_assert_uint_eq(fread(data, 1, *size, f), *size);
    fclose(f);
    return data;
}

/* The memory of the VM that is about to be destroyed, through its own map. */
static void keep_guest_ram(struct watcher *w)
{
    word nptbr;

    if (!machine_read(w->machine, w->vmcb + VMCB_NPTBR, &nptbr, sizeof nptbr))
        return;
    for (word offset = 0; offset < RUN_RAM; offset += PAGE_SIZE) {
        hpa page;
        if (machine_translate_by(w->machine, nptbr, RAM_BASE + offset, &page))
            machine_read(w->machine, page, w->result->ram + offset, PAGE_SIZE);
    }
}

static void count_entry(struct watcher *w, const struct event *e)
{
    if (w->entered < RUN_VMS)
        w->result->had[w->entered] += e->cycle - w->since;
    if (w->left && e->cycle - w->left > w->result->longest)
        w->result->longest = e->cycle - w->left;
    w->entered = e->a;
    w->since = e->cycle;
}

static void count_exit(struct watcher *w, const struct event *e)
{
    w->result->exits++;
    w->left = e->cycle;
    if (w->entered < RUN_VMS)
        w->result->ran[w->entered] += e->cycle - w->since;
}

static void watch(void *user, const struct event *e)
{
    struct watcher *w = user;

    if (e->kind == EVENT_console && !e->b && w->length + 1 < CONSOLE_MAX)
        w->raw[w->length++] = e->a ? (char)e->a : '?'; /* the texts are strings */
    else if (e->kind == EVENT_exit)
        count_exit(w, e);
    else if (e->kind == EVENT_entry)
        count_entry(w, e);
    else if (e->kind == EVENT_hole)
        w->result->holes++;
    else if (e->kind == EVENT_hint && e->a == HINT_vm_create && e->context == 0) {
        w->vmcb = e->b;
        machine_read(w->machine, w->vmcb + VMCB_VMID, &w->vmid, sizeof w->vmid);
    } else if (e->kind == EVENT_hint && e->a == HINT_vm_destroy && e->context == 0 &&
               e->b == w->vmid) {
        keep_guest_ram(w);
        memcpy(w->result->had_then, w->result->had, sizeof w->result->had_then);
    }
}

/* Lines that begin with "vmm: " are the monitor's. */
static void sort_lines(struct watcher *w)
{
    char *line = w->raw, *console = w->result->console, *messages = w->result->messages;

    while (*line) {
        char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) + 1 : strlen(line);
        bool monitor = strncmp(line, "vmm: ", 5) == 0;
        strncat(monitor ? messages : console, line + (monitor ? 5 : 0), length - (monitor ? 5 : 0));
        line += length;
    }
}

static bool is_intact(const struct machine *m, const struct image *image)
{
    bool same = true;

    for (unsigned i = 0; i < image->segment_count && same; i++) {
        const struct image_segment *s = &image->segments[i];
        uint8_t *now = malloc(s->filled + 1);
        if (!(s->flags & SEGMENT_W))
            same =
                machine_read(m, s->paddr, now, s->filled) && memcmp(now, s->data, s->filled) == 0;
        free(now);
    }
    return same;
}

static enum machine_stop drive(struct machine *m, const struct run_request *q)
{
    const char *const *line = q->lines;
    enum machine_stop stop;

    if (!line || !*line)
        machine_input_end(m);
    while ((stop = machine_run(m, q->steps)) == STOP_INPUT) {
        ck_assert(line && *line);
        machine_input(m, *line, strlen(*line));
        if (!*++line)
            machine_input_end(m);
    }
    return stop;
}

struct run_result run(const struct run_request *q)
{
    struct machine_config config = machine_config_default();
    struct machine_module modules[MODULES_MAX];
    struct machine_program program = {.cmdline = q->cmdline, .modules = modules};
    struct run_result r = {.ram = calloc(1, RUN_RAM),
                           .console = calloc(1, CONSOLE_MAX),
                           .messages = calloc(1, CONSOLE_MAX)};
    struct watcher w = {.result = &r, .raw = calloc(1, CONSOLE_MAX)};
    struct trace_subscriber s = {.mask = EVENT_BIT(EVENT_console) | EVENT_BIT(EVENT_exit) |
                                         EVENT_BIT(EVENT_entry) | EVENT_BIT(EVENT_hint) |
                                         EVENT_BIT(EVENT_hole),
                                 .fn = watch,
                                 .user = &w};
    struct image image;
    struct error err;

    config.ram_size = q->ram;
    config.classic = q->classic;
    config.vt = q->vt || q->npt;
    config.npt = q->npt;
    config.disk = q->disk;
    if (q->tlb)
        config.tlb = q->tlb;
    if (q->divider)
        config.cost.divider = q->divider;
    ck_assert_msg(image_read(&image, q->program, &err) == 0, "%s", err.text);
    program.image = &image;
    for (const struct run_module *m = q->modules; m && m->name; m++) {
        struct machine_module *to = &modules[program.module_count++];
        to->name = m->name;
        to->data = read_file(m->path, &to->size);
    }
    ck_assert_msg(machine_new(&w.machine, &config, &err) == 0, "%s", err.text);
    trace_attach(machine_trace(w.machine), &s);
    ck_assert_msg(machine_load(w.machine, &program, &err) == 0, "%s", err.text);
    r.stop = drive(w.machine, q);
    r.status = machine_status(w.machine);
    r.disk = machine_disk_digest(w.machine);
    r.cycles = machine_cycle(w.machine);
    if (q->ram == RUN_RAM)
        machine_read(w.machine, RAM_BASE, r.ram, RUN_RAM);
    r.intact = is_intact(w.machine, &image);
    sort_lines(&w);
    for (unsigned i = 0; i < program.module_count; i++)
        free((void *)modules[i].data);
    machine_free(w.machine);
    image_free(&image);
    free(w.raw);
    return r;
}

void run_free(struct run_result *r)
{
    free(r->console);
    free(r->messages);
    free(r->ram);
}

void run_check_text(const char *bare, const char *virtual, const char *what)
{
    unsigned line = 1;
    size_t at = 0, start = 0;

    for (; bare[at] && bare[at] == virtual[at]; at++) {
        if (bare[at] == '\n') {
            line++;
            start = at + 1;
        }
    }
    if (bare[at] != virtual[at])
        ck_abort_msg("%s: line %u is not\n%.100s\nbut\n%.100s", what, line, bare + start,
                     virtual + start);
}
