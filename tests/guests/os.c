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

static void start(struct os_session *s, const struct machine_config *config,
                  const struct machine_module *module, const char *cmdline)
{
    struct error err = {0};
    struct image image;

    memset(s, 0, sizeof *s);
    s->output = calloc(1, OS_OUTPUT_MAX);
    ck_assert_ptr_nonnull(s->output);
    ck_assert_msg(machine_new(&s->machine, config, &err) == 0, "%s", err.text);
    s->subscriber = (struct trace_subscriber){EVENT_BIT(EVENT_console), on_console, s, NULL};
    trace_attach(machine_trace(s->machine), &s->subscriber);
    ck_assert_msg(image_read(&image, "build/guest/os.elf", &err) == 0, "%s", err.text);
    struct machine_program program = {&image, module, module != NULL, cmdline};
    ck_assert_msg(machine_load(s->machine, &program, &err) == 0, "%s", err.text);
    image_free(&image);
    s->stop = machine_run(s->machine, OS_STEPS);
}

void os_start(struct os_session *s, const struct machine_config *config, const char *cmdline)
{
    struct machine_module module = {.name = "programs"};
    void *pack = read_file("build/guest/programs.pack", &module.size);

    module.data = pack;
    start(s, config, &module, cmdline);
    free(pack);
}

void os_start_with(struct os_session *s, const struct machine_config *config,
                   const struct machine_module *module)
{
    start(s, config, module, "");
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
    s->length = 0;
    s->output[0] = 0;
}

void os_end(struct os_session *s)
{
    trace_detach(machine_trace(s->machine), &s->subscriber);
    machine_free(s->machine);
    free(s->output);
}
