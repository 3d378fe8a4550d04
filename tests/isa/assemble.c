/* Assembling in tests; see assemble.h. */
#include "tests/isa/assemble.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assemble(struct image *out, const char *text, const struct asm_options *options)
{
    static char buffer[8192];
    struct text t = text_init(buffer, sizeof buffer);
    struct asm_result r;
    struct error err;

    int failed = asm_source(&r, "test.s", text, strlen(text), options, &err);
    for (unsigned i = 0; i < r.message_count; i++)
        asm_message_text(&t, &r.messages[i]);
    ck_assert_msg(!failed, "%s", buffer);
    failed = image_parse(out, "test.s", r.elf, r.elf_size, &err);
    ck_assert_msg(!failed, "%s", err.text);
    asm_result_free(&r);
}

word word_at(const struct image *m, word address)
{
    for (unsigned i = 0; i < m->segment_count; i++) {
        const struct image_segment *s = &m->segments[i];
        word w;

        if (address - s->vaddr >= s->filled || s->filled - (address - s->vaddr) < 4)
            continue;
        memcpy(&w, s->data + (address - s->vaddr), sizeof w);
        return w;
    }
    ck_abort_msg("no word at %08x", address);
}

int run_command(const char *command, char *out, size_t size)
{
    size_t length = 0, n;
    FILE *f = popen(command, "r");

    ck_assert_ptr_nonnull(f);
    while (length + 1 < size && (n = fread(out + length, 1, size - 1 - length, f)) > 0)
        length += n;
    out[length] = '\0';
    return pclose(f);
}

bool have_program(const char *name)
{
    char command[128];

    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    if (system(command) == 0)
        return true;
    printf("skipped: %s is not installed\n", name);
    return false;
}
