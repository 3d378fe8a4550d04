/*
 * Fuzzing the assembler: any text either assembles to an executable that the ELF reader accepts,
 * or gives at least one message; it never reads files, runs away or does harm.
 */
#include "isa/asm.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The files of the host are no business of a random text. */
static int asks_for_files(const char *text, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i++)
        if (memcmp(text + i, ".inc", 4) == 0)
            return 1;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct asm_options options = {.memory = 64 << 20};
    static char shown[16384];
    struct asm_result r;
    struct image m;
    struct error err = {0};

    if (asks_for_files((const char *)data, size))
        return 0;
    if (asm_source(&r, "fuzz.s", (const char *)data, size, &options, &err) == 0) {
        /* an empty program is right, but there is nothing to load */
        if (image_parse(&m, "fuzz", r.elf, r.elf_size, &err) == 0)
            image_free(&m);
        else if (!strstr(err.text, "nothing to load") && !strstr(err.text, "no program headers") &&
                 !strstr(err.text, "entry point"))
            abort();
    } else if (r.error_count == 0 && err.code != ERROR_memory) {
        abort();
    }
    for (unsigned i = 0; i < r.message_count; i++) {
        struct text t = text_init(shown, sizeof shown);

        asm_message_text(&t, &r.messages[i]);
        if (t.length == 0)
            abort();
    }
    asm_result_free(&r);
    return 0;
}
