/*
 * The world: hosts by name, and what is loaded into them; see world.h. How they run is in
 * run.c, how they are looked at in view.c and symbols.c.
 */
#include "world/oracle.h"
#include "world/world.h"

#include "base/file.h"
#include "base/text.h"
#include "isa/boot.h"
#include "world/breaks.h"
#include "world/history.h"
#include "world/home.h"
#include "world/host.h"
#include "world/pack.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MODULE_MAX (256u << 20) /* bytes of a module; RAM is smaller than that in any use */

struct world {
    struct host *hosts[WORLD_HOSTS_MAX];
    unsigned count;
    struct breaks breaks;
};

int world_new(struct world **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? 0 : error_set(err, ERROR_memory, "out of memory");
}

struct breaks *world_breaks(struct world *w)
{
    return &w->breaks;
}

static void free_images(struct host *h)
{
    while (h->images) {
        struct host_image *i = h->images;

        h->images = i->next;
        lines_free(&i->lines);
        image_free(&i->image);
        free(i->name);
        free(i);
    }
}

static void host_free(struct host *h)
{
    if (!h)
        return;
    history_free(h);
    oracle_stop(h);
    host_detach(h);
    machine_free(h->machine);
    free_images(h);
    host_free_edits(h);
    free(h->console);
    free(h->pieces);
    free(h);
}

void world_free(struct world *w)
{
    if (!w)
        return;
    for (unsigned i = 0; i < w->count; i++)
        host_free(w->hosts[i]);
    free(w);
}

unsigned world_host_count(const struct world *w)
{
    return w->count;
}

struct host *world_host(const struct world *w, unsigned index)
{
    return index < w->count ? w->hosts[index] : NULL;
}

struct host *world_find(const struct world *w, const char *name)
{
    for (unsigned i = 0; i < w->count; i++)
        if (strcmp(w->hosts[i]->name, name) == 0)
            return w->hosts[i];
    return NULL;
}

const char *host_name(const struct host *h)
{
    return h->name;
}

struct machine *host_machine(const struct host *h)
{
    return h->machine;
}

/* ---- a new host ---- */

static int check_name(const struct world *w, const char *name, struct error *err)
{
    if (strlen(name) == 0 || strlen(name) >= HOST_NAME_SIZE)
        return error_set(err, ERROR_input, "'%s': a machine's name has 1 to %d characters", name,
                         HOST_NAME_SIZE - 1);
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_')
            return error_set(err, ERROR_input,
                             "'%s': a machine's name has letters, digits, - and _ only", name);
    if (world_find(w, name))
        return error_set(err, ERROR_input, "there is a machine called '%s' already", name);
    return 0;
}

int world_add(struct world *w, const char *name, const struct machine_config *config,
              struct host **out, struct error *err)
{
    char given[HOST_NAME_SIZE];
    struct machine_config c = *config;

    *out = NULL;
    if (w->count == WORLD_HOSTS_MAX)
        return error_set(err, ERROR_input, "a world has at most %d machines", WORLD_HOSTS_MAX);
    if (!name) {
        struct text t = text_init(given, sizeof given);
        text_add(&t, "m%u", w->count);
        name = given;
    }
    int code = check_name(w, name, err);
    if (code)
        return code;
    struct host *h = calloc(1, sizeof *h);
    if (!h)
        return error_set(err, ERROR_memory, "out of memory");
    c.number = (uint8_t)w->count;
    strcpy(h->name, name);
    h->world = w;
    code = machine_new(&h->machine, &c, err);
    if (code == 0)
        code = host_attach(h, err);
    if (code) {
        host_free(h);
        return code;
    }
    w->hosts[w->count++] = h;
    *out = h;
    return 0;
}

/* ---- loading ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Takes over the image, also when it fails. */
static int keep_image(struct host *h, const char *name, struct image *image, struct error *err)
{
    struct host_image *i = calloc(1, sizeof *i), **end = &h->images;

    if (i)
        i->name = strdup(name);
    if (!i || !i->name) {
        free(i);
        image_free(image);
        return error_set(err, ERROR_memory, "out of memory");
    }
    i->image = *image;
    /* Damaged line tables are no reason not to run the program: it has no lines then. */
    lines_read(&i->lines, &i->image, NULL);
    while (*end)
        end = &(*end)->next;
    *end = i;
    return 0;
}

/* The programs of a pack are stripped; next to the pack are their files with symbols. */
static int keep_program(struct host *h, const char *pack_path, const char *name, struct error *err)
{
    static const char *const where[] = {"user/", ""};
    char path[HOME_PATH_SIZE], file[64];
    struct image image;

    for (unsigned i = 0; i < COUNT_OF(where); i++) {
        struct text p = text_init(path, sizeof path);
        struct text f = text_init(file, sizeof file);

        text_add(&f, "%s.elf", name);
        text_add(&p, "%.*s%s%s", (int)(last_part(pack_path) - pack_path), pack_path, where[i],
                 file);
        if (!p.overflow && !f.overflow && image_read(&image, path, NULL) == 0)
            return keep_image(h, file, &image, err);
    }
    return 0;
}

/* Symbols of a module: an executable's own, and those of the programs in a pack. What is
 * neither, or damaged, has none: the guest may still make sense of it. */
static int keep_symbols(struct host *h, const struct host_module *module, const char *name,
                        const uint8_t *data, size_t size, struct error *err)
{
    struct image image;
    const char *program;
    int code = 0;

    if (image_parse(&image, name, data, size, NULL) == 0)
        return keep_image(h, name, &image, err);
    for (unsigned i = 0; code == 0 && (program = pack_name(data, size, i)); i++)
        code = keep_program(h, module->path, program, err);
    return code;
}

int host_add_symbols(struct host *h, const char *path, const void *data, size_t size,
                     struct error *err)
{
    struct host_module file = {.path = path};
    struct error why;
    struct image image;

    if (!pack_name(data, size, 0)) {
        int code = image_parse(&image, path, data, size, &why);
        if (code)
            return error_set(err, (enum error_code)code, "%s", why.text);
        image_free(&image);
    }
    return keep_symbols(h, &file, last_part(path), data, size, err);
}

struct loading {
    struct image image;
    bool has_image;
    struct machine_module modules[BOOT_MODULES_MAX];
    uint8_t *data[BOOT_MODULES_MAX];
};

static int load_modules(struct loading *l, const struct host_program *program, struct error *err)
{
    for (unsigned i = 0; i < program->module_count; i++) {
        const struct host_module *m = &program->modules[i];
        size_t size;
        int code = file_read(m->path, "module", MODULE_MAX, &l->data[i], &size, err);

        if (code)
            return code;
        l->modules[i] = (struct machine_module){
            .name = m->name ? m->name : last_part(m->path),
            .data = l->data[i],
            .size = size,
        };
    }
    return 0;
}

static int load(struct host *h, struct loading *l, const struct host_program *program,
                struct error *err)
{
    if (program->module_count > BOOT_MODULES_MAX)
        return error_set(err, ERROR_input, "a program has at most %d modules", BOOT_MODULES_MAX);
    int code = program->bytes ? image_parse(&l->image, program->image, program->bytes,
                                            program->byte_count, err)
                              : image_read(&l->image, program->image, err);
    if (code)
        return code;
    l->has_image = true;
    code = load_modules(l, program, err);
    if (code)
        return code;
    struct machine_program p = {
        .image = &l->image,
        .modules = l->modules,
        .module_count = program->module_count,
        .cmdline = program->cmdline,
    };
    code = machine_load(h->machine, &p, err);
    if (code)
        return code;
    history_restart(h);
    for (size_t i = 0; i < h->piece_count; i++)
        h->pieces[i].context = 0; /* who it was is no more, and its number is given again */
    free_images(h);
    l->has_image = false;
    code = keep_image(h, last_part(program->image), &l->image, err);
    for (unsigned i = 0; i < program->module_count && code == 0; i++)
        code = keep_symbols(h, &program->modules[i], l->modules[i].name, l->data[i],
                            l->modules[i].size, err);
    return code;
}

int host_load(struct host *h, const struct host_program *program, struct error *err)
{
    struct loading *l = calloc(1, sizeof *l);

    if (!l)
        return error_set(err, ERROR_memory, "out of memory");
    int code = load(h, l, program, err);
    if (l->has_image)
        image_free(&l->image);
    for (unsigned i = 0; i < BOOT_MODULES_MAX; i++)
        free(l->data[i]);
    free(l);
    return code;
}
