/*
 * A session with the teaching OS.
 */
#include "tests/guests/os.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_console(void *user, const struct event *e)
{
    struct os_session *s = user;

    if (e->b) /* what was typed */
        return;
    ck_assert_msg(s->length + 1 < OS_OUTPUT_MAX, "the OS prints without end");
    s->output[s->length++] = (char)e->a;
    s->output[s->length] = 0;
    if (e->a != '\n')
        return;
    if (strncmp(s->output + s->line, "vmm: ", 5) == 0) {
        s->length = s->line;
        s->output[s->length] = 0;
    }
    s->line = s->length;
}

static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");

    ck_assert_msg(f != NULL, "%s is missing: make guests", path);
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    *size = (size_t)ftell(f);
    rewind(f);
    void *data = malloc(*size);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(fread(data, 1, *size, f), *size);
    fclose(f);
    return data;
}

static void start(struct os_session *s, const struct machine_config *config, const char *path,
                  const struct machine_module *modules, unsigned count, const char *cmdline)
{
    struct error err = {0};
    struct image image;

    memset(s, 0, sizeof *s);
    s->output = calloc(1, OS_OUTPUT_MAX);
    ck_assert_ptr_nonnull(s->output);
    ck_assert_msg(machine_new(&s->machine, config, &err) == 0, "%s", err.text);
    s->subscriber = (struct trace_subscriber){EVENT_BIT(EVENT_console), on_console, s, NULL};
    trace_attach(machine_trace(s->machine), &s->subscriber);
    ck_assert_msg(image_read(&image, path, &err) == 0, "%s", err.text);
    struct machine_program program = {&image, modules, count, cmdline};
    ck_assert_msg(machine_load(s->machine, &program, &err) == 0, "%s", err.text);
    image_free(&image);
    s->stop = machine_run(s->machine, OS_STEPS);
}

#define OS_PATH   "build/guest/os.elf"
#define HOST_MORE (8u << 20) /* what the monitor needs beside its guest */

static void start_para(struct os_session *s, const struct machine_config *config,
                       const char *cmdline, const struct machine_module *programs)
{
    struct machine_module modules[] = {*programs, {.name = "os-pv.elf"}};
    struct machine_config host = *config;
    char line[256];

    modules[1].data = read_file("build/guest/os-pv.elf", &modules[1].size);
    snprintf(line, sizeof line,
             "vm=os technique=para kernel=os-pv.elf ram=%uK modules=programs %s cmdline={%s}",
             (unsigned)(config->ram_size >> 10), config->disk ? "disk=0" : "", cmdline);
    host.ram_size = config->ram_size + HOST_MORE;
    start(s, &host, "build/guest/vmm.elf", modules, 2, line);
    free((void *)modules[1].data);
}

void os_start_as(struct os_session *s, const struct machine_config *config, const char *cmdline,
                 enum os_build build)
{
    struct machine_module module = {.name = "programs"};
    void *pack = read_file("build/guest/programs.pack", &module.size);

    module.data = pack;
    if (build == OS_PARA)
        start_para(s, config, cmdline, &module);
    else
        start(s, config, OS_PATH, &module, 1, cmdline);
    free(pack);
}

void os_start(struct os_session *s, const struct machine_config *config, const char *cmdline)
{
    os_start_as(s, config, cmdline, OS_NATIVE);
}

void os_start_with(struct os_session *s, const struct machine_config *config,
                   const struct machine_module *module)
{
    start(s, config, OS_PATH, module, module != NULL, "");
}

void os_type(struct os_session *s, const char *text)
{
    machine_input(s->machine, text, strlen(text));
    s->stop = machine_run(s->machine, OS_STEPS);
}

void os_type_lines(struct os_session *s, const char *const *lines)
{
    for (; *lines; lines++) {
        ck_assert_msg(s->stop == STOP_INPUT,
                      "before '%s' it stopped for reason %d; it printed:\n%s", *lines, s->stop,
                      s->output);
        os_type(s, *lines);
        os_type(s, "\n");
    }
}

void os_exchange(struct os_session *s, const struct os_exchange *e)
{
    char expected[2048];

    os_clear(s);
    os_type_lines(s, (const char *const[]){e->line, NULL});
    snprintf(expected, sizeof expected, "%s\n%s%s", e->line, e->answer,
             s->stop == STOP_INPUT ? "$ " : "");
    ck_assert_str_eq(s->output, expected);
}

void os_clear(struct os_session *s)
{
    s->length = s->line = 0;
    s->output[0] = 0;
}

void os_end(struct os_session *s)
{
    trace_detach(machine_trace(s->machine), &s->subscriber);
    machine_free(s->machine);
    free(s->output);
}
