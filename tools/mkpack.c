/*
 * Packs files into one boot module (format: guests/pack.h). The same files in the same
 * order give the same bytes.
 *
 *   mkpack OUTPUT FILE...      a file is called by its last path component without ".elf"
 */
#include "guests/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
    const char *path;
    char *data;
    uint32_t size;
};

static int fail(const char *what, const char *path)
{
    fprintf(stderr, "mkpack: %s: %s\n", path, what);
    return 1;
}

static int read_input(struct input *in, const char *path)
{
    FILE *f = fopen(path, "rb");
    long size = -1;

    in->path = path;
    if (f && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size < 0 || size > 0x7fffffff || fseek(f, 0, SEEK_SET) != 0) {
        if (f)
            fclose(f);
        return fail("cannot be read", path);
    }
    in->size = (uint32_t)size;
    in->data = malloc((size_t)size + 1);
    size_t got = in->data ? fread(in->data, 1, in->size, f) : 0;
    fclose(f);
    return got == in->size && in->data ? 0 : fail("cannot be read", path);
}

/* The file's name in the pack. */
static int name_input(struct pack_entry *entry, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);

    if (length > 4 && strcmp(name + length - 4, ".elf") == 0)
        length -= 4;
    if (length == 0 || length >= sizeof entry->name)
        return fail("the name is empty or longer than 15 characters", path);
    memcpy(entry->name, name, length);
    return 0;
}

static uint32_t aligned(uint32_t offset)
{
    return (offset + 3) & ~3u;
}

static int write_pack(const char *path, const struct pack_header *header,
                      const struct pack_entry *entries, const struct input *inputs)
{
    FILE *f = fopen(path, "wb");
    uint32_t at = (uint32_t)(sizeof *header + header->count * sizeof *entries);

    if (!f)
        return fail("cannot be written", path);
    fwrite(header, sizeof *header, 1, f);
    fwrite(entries, sizeof *entries, header->count, f);
    for (uint32_t i = 0; i < header->count; i++) {
        for (; at < entries[i].offset; at++)
            fputc(0, f);
        fwrite(inputs[i].data, 1, inputs[i].size, f);
        at += inputs[i].size;
    }
    int bad = ferror(f);
    return fclose(f) != 0 || bad ? fail("cannot be written", path) : 0;
}

int main(int argc, char **argv)
{
    static struct input inputs[PACK_FILES_MAX];
    static struct pack_entry entries[PACK_FILES_MAX];
    struct pack_header header = {PACK_MAGIC, PACK_VERSION, 0};

    if (argc < 3 || argc - 2 > PACK_FILES_MAX) {
        fprintf(stderr, "usage: mkpack OUTPUT FILE... (at most %d files)\n", PACK_FILES_MAX);
        return 2;
    }
    header.count = (uint32_t)(argc - 2);
    uint32_t at = (uint32_t)(sizeof header + header.count * sizeof entries[0]);
    for (uint32_t i = 0; i < header.count; i++) {
        if (read_input(&inputs[i], argv[i + 2]) || name_input(&entries[i], argv[i + 2]))
            return 1;
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(entries[i].name, entries[j].name) == 0)
                return fail("a second file of this name", argv[i + 2]);
        entries[i].offset = at = aligned(at);
        entries[i].size = inputs[i].size;
        at += inputs[i].size;
    }
    int status = write_pack(argv[1], &header, entries, inputs);
    for (uint32_t i = 0; i < header.count; i++)
        free(inputs[i].data);
    return status;
}
