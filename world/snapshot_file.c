/* Snapshot files; see snapshot_file.h. The state is compressed and decompressed in pieces. */
#include "world/snapshot_file.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "machine/snapshot_stream.h"
#include "trace/counters.h"
#include "world/history.h"
#include "world/home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define VERSION    2
#define LEVEL      3
#define WINDOW_LOG 23 /* of the frame: bounds what decompressing takes, 8 MiB */
#define PIECE      65536u

static const char magic[8] = {'T', 'R', 'A', 'P', 'E', 'Z', 'E', '\n'};

static uint64_t get(const uint8_t *p, size_t size)
{
    uint64_t value = 0;

    while (size-- > 0)
        value = value << 8 | p[size];
    return value;
}

static void put(uint8_t *p, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* ---- saving ----------------------------------------------------------------------------- */

struct saving {
    FILE *file;
    ZSTD_CCtx *zstd;
    uint8_t *piece; /* PIECE bytes */
    uint64_t plain, packed, hash;
};

static bool compress(struct saving *s, const void *data, size_t size, ZSTD_EndDirective how)
{
    ZSTD_inBuffer in = {data, size, 0};
    size_t left;

    do {
        ZSTD_outBuffer out = {s->piece, PIECE, 0};
        left = ZSTD_compressStream2(s->zstd, &out, &in, how);
        if (ZSTD_isError(left) || fwrite(s->piece, 1, out.pos, s->file) != out.pos)
            return false;
        s->hash = hash_bytes(s->hash, s->piece, out.pos);
        s->packed += out.pos;
    } while (in.pos < in.size || (how == ZSTD_e_end && left > 0));
    return true;
}

static bool take(void *user, const void *data, size_t size)
{
    struct saving *s = user;

    s->plain += size;
    return compress(s, data, size, ZSTD_e_continue);
}

static bool write_header(struct saving *s)
{
    uint8_t header[SNAPSHOT_FILE_HEADER] = {0};

    memcpy(header, magic, sizeof magic);
    put(header + 8, 4, VERSION);
    put(header + 16, 8, s->plain);
    put(header + 24, 8, s->packed);
    put(header + 32, 8, hash_bytes(s->hash, header, 32));
    return fseek(s->file, 0, SEEK_SET) == 0 &&
           fwrite(header, 1, sizeof header, s->file) == sizeof header;
}

static bool write_all(struct saving *s, const struct snapshot *snapshot)
{
    return s->zstd && s->piece &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, LEVEL)) &&
           fseek(s->file, SNAPSHOT_FILE_HEADER, SEEK_SET) == 0 &&
           snapshot_write(snapshot, take, s) && compress(s, NULL, 0, ZSTD_e_end) && write_header(s);
}

/* Into `path`, which is removed again when that fails. */
static int write_file(const struct snapshot *snapshot, const char *path, struct error *err)
{
    struct saving s = {.file = fopen(path, "wb"), .hash = HASH_START};

    if (!s.file)
        return error_set(err, ERROR_io, "%s: %s", path, strerror(errno));
    s.zstd = ZSTD_createCCtx();
    s.piece = malloc(PIECE);
    bool written = write_all(&s, snapshot);
    int why = errno;
    ZSTD_freeCCtx(s.zstd);
    free(s.piece);
    if (fclose(s.file) != 0 && written) {
        written = false;
        why = errno;
    }
    if (written)
        return 0;
    remove(path);
    return error_set(err, ERROR_io, "%s: cannot write the snapshot: %s", path, strerror(why));
}

int snapshot_file_save(struct host *h, const char *path, struct error *err)
{
    char draft[HOME_PATH_SIZE];
    struct text t = text_init(draft, sizeof draft);
    struct snapshot *s;

    text_add(&t, "%s.new", path);
    if (t.overflow)
        return error_set(err, ERROR_usage, "%s: the path is too long", path);
    int code = snapshot_take(&s, h->machine, err);
    if (code)
        return code;
    code = write_file(s, draft, err);
    snapshot_free(s);
    if (code == 0 && rename(draft, path) != 0) {
        code = error_set(err, ERROR_io, "%s: %s", path, strerror(errno));
        remove(draft);
    }
    return code;
}

/* ---- loading ---------------------------------------------------------------------------- */

struct loading {
    uint8_t *data; /* the file */
    size_t size;
    ZSTD_DCtx *zstd;
    ZSTD_inBuffer in;
    uint64_t left;  /* bytes of the state to come */
    bool frame_end; /* the frame said that it is complete */
};

bool snapshot_file_is(const char *path)
{
    char begin[sizeof magic] = "";
    FILE *f = fopen(path, "rb");

    if (!f)
        return false;
    size_t n = fread(begin, 1, sizeof begin, f);
    fclose(f);
    return n == sizeof magic && memcmp(begin, magic, sizeof magic) == 0;
}

/* Header and checksum: what is behind was not changed by accident. */
static int check_file(const struct loading *l, const char *path, struct error *err)
{
    const uint8_t *d = l->data;

    if (l->size < sizeof magic || memcmp(d, magic, sizeof magic) != 0)
        return error_set(err, ERROR_input, "%s: this is no snapshot of trapeze", path);
    if (l->size < SNAPSHOT_FILE_HEADER)
        return error_set(err, ERROR_input, "%s: the snapshot ends in its header", path);
    if (get(d + 8, 4) != VERSION)
        return error_set(err, ERROR_input,
                         "%s: a snapshot of version %u; this trapeze reads version %u only", path,
                         (unsigned)get(d + 8, 4), VERSION);
    if (get(d + 24, 8) != l->size - SNAPSHOT_FILE_HEADER)
        return error_set(err, ERROR_input,
                         "%s: the snapshot should have %llu bytes behind its header and has %zu",
                         path, (unsigned long long)get(d + 24, 8), l->size - SNAPSHOT_FILE_HEADER);
    uint64_t hash =
        hash_bytes(HASH_START, d + SNAPSHOT_FILE_HEADER, l->size - SNAPSHOT_FILE_HEADER);
    if (hash_bytes(hash, d, 32) != get(d + 32, 8))
        return error_set(err, ERROR_input, "%s: the snapshot is damaged: its checksum is wrong",
                         path);
    return 0;
}

static int open_file(struct loading *l, const char *path, struct error *err)
{
    *l = (struct loading){0};
    int code = file_read(path, "snapshot", SNAPSHOT_FILE_MAX, &l->data, &l->size, err);
    if (code == 0)
        code = check_file(l, path, err);
    if (code)
        return code;
    l->in = (ZSTD_inBuffer){l->data + SNAPSHOT_FILE_HEADER, l->size - SNAPSHOT_FILE_HEADER, 0};
    l->left = get(l->data + 16, 8);
    l->zstd = ZSTD_createDCtx();
    if (!l->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(l->zstd, ZSTD_d_windowLogMax, WINDOW_LOG)))
        return error_set(err, ERROR_memory, "out of memory for reading %s", path);
    return 0;
}

static void close_file(struct loading *l)
{
    ZSTD_freeDCtx(l->zstd);
    free(l->data);
}

static bool give(void *user, void *data, size_t size)
{
    struct loading *l = user;
    ZSTD_outBuffer out = {data, size, 0};

    if (size > l->left)
        return false;
    l->left -= size;
    while (out.pos < out.size) {
        size_t before_in = l->in.pos, before_out = out.pos;
        size_t hint = l->frame_end ? 0 : ZSTD_decompressStream(l->zstd, &out, &l->in);

        if (l->frame_end || ZSTD_isError(hint))
            return false;
        l->frame_end = hint == 0;
        if (l->in.pos == before_in && out.pos == before_out)
            return false;
    }
    return true;
}

/* All was read: no more is there than was said. */
static bool is_complete(struct loading *l)
{
    uint8_t more;
    ZSTD_outBuffer out = {&more, 1, 0};

    if (!l->frame_end)
        l->frame_end = ZSTD_decompressStream(l->zstd, &out, &l->in) == 0;
    return l->left == 0 && l->frame_end && out.pos == 0 && l->in.pos == l->in.size;
}

int snapshot_file_description(const char *path, struct machine_config *config,
                              uint32_t *disk_sectors, struct error *err)
{
    struct loading l;
    int code = open_file(&l, path, err);

    if (code == 0) {
        code = snapshot_read_description(config, disk_sectors, give, &l, err);
        if (code)
            error_prefix(err, "%s", path);
    }
    close_file(&l);
    return code;
}

/* What was seen until now was another machine's. */
static void begin_anew(struct host *h, const struct goal *pending)
{
    host_truncate_console(h, 0);
    recorder_truncate(&h->recorder, 0);
    counters_reset(h->counters);
    host_forget_contexts(h);
    h->moves++;
    history_restart(h);
    host_set_goal(h, pending);
}

int snapshot_file_load(struct host *h, const char *path, struct error *err)
{
    struct goal goal = *host_goal_set(h);
    bool pending = host_goal(h) == GOAL_PENDING;
    struct loading l;
    struct snapshot *s = NULL;
    int code = open_file(&l, path, err);

    goal.budget = host_goal_left(h);

    if (code == 0) {
        code = snapshot_read(&s, h->machine, give, &l, err);
        if (code == 0 && !is_complete(&l))
            code = error_set(err, ERROR_input, "the snapshot is damaged: more follows its end");
        if (code == 0)
            code = snapshot_restore(s, h->machine, err);
        if (code)
            error_prefix(err, "%s", path);
    }
    close_file(&l);
    snapshot_free(s);
    if (code == 0)
        begin_anew(h, pending ? &goal : NULL);
    return code;
}
