/*
 * Packs files into one (format: guests/pack.h). The same files in the same order give the
 * same bytes.
 *
 *   mkpack OUTPUT FILE...          for a boot module
 *   mkpack --disk OUTPUT FILE...   for a disk: whole sectors, a file begins with one
 *
 * A file is called by its last path component without ".elf".
 */
#include "guests/abi.h"
#include "guests/pack.h"

#include <stdbool.h>
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

static uint32_t aligned(uint32_t offset, uint32_t alignment)
{
    return (offset + alignment - 1) & ~(alignment - 1);
}

static void put_zeros(FILE *f, uint32_t count)
{
    while (count--)
        fputc(0, f);
}

static int write_pack(const char *path, const struct pack_header *header,
                      const struct pack_entry *entries, const struct input *inputs,
                      uint32_t alignment)
{
    FILE *f = fopen(path, "wb");
    uint32_t at = (uint32_t)PACK_DIRECTORY_SIZE(header->count);

    if (!f)
        return fail("cannot be written", path);
    fwrite(header, sizeof *header, 1, f);
    fwrite(entries, sizeof *entries, header->count, f);
    for (uint32_t i = 0; i < header->count; i++) {
        put_zeros(f, entries[i].offset - at);
        fwrite(inputs[i].data, 1, inputs[i].size, f);
        at = entries[i].offset + inputs[i].size;
    }
    put_zeros(f, aligned(at, alignment) - at);
    int bad = ferror(f);
    return fclose(f) != 0 || bad ? fail("cannot be written", path) : 0;
}

int main(int argc, char **argv)
{
    static struct input inputs[PACK_FILES_MAX];
    static struct pack_entry entries[PACK_FILES_MAX];
    struct pack_header header = {PACK_MAGIC, PACK_VERSION, 0};
    bool disk = argc > 1 && strcmp(argv[1], "--disk") == 0;
    uint32_t alignment = disk ? SECTOR_SIZE : 4;

    argv += 1 + disk; /* now: the output, and behind it the files */
    argc -= 1 + disk;
    if (argc < 2 || argc - 1 > PACK_FILES_MAX) {
        fprintf(stderr, "usage: mkpack [--disk] OUTPUT FILE... (at most %d files)\n",
                PACK_FILES_MAX);
        return 2;
    }
    header.count = (uint32_t)(argc - 1);
    uint32_t at = (uint32_t)PACK_DIRECTORY_SIZE(header.count);
    for (uint32_t i = 0; i < header.count; i++) {
        const char *path = argv[i + 1];
        if (read_input(&inputs[i], path) || name_input(&entries[i], path))
            return 1;
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(entries[i].name, entries[j].name) == 0)
                return fail("a second file of this name", path);
        entries[i].offset = at = aligned(at, alignment);
        entries[i].size = inputs[i].size;
        at += inputs[i].size;
    }
    int status = write_pack(argv[0], &header, entries, inputs, alignment);
    for (uint32_t i = 0; i < header.count; i++)
        free(inputs[i].data);
    return status;
}
