/* Where trapeze's own files are; see home.h. */
#include "world/home.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* "a/b" in `out`; false when it does not fit. */
static bool join(char *out, size_t size, const char *a, const char *b)
{
    struct text t = text_init(out, size);

    text_add(&t, "%s/%s", a, b);
    return !t.overflow;
}

#ifdef __APPLE__
#include <mach-o/dyld.h>
static bool program_path(char *out, size_t size)
{
    uint32_t length = (uint32_t)size;

    return _NSGetExecutablePath(out, &length) == 0;
}
#else
static bool program_path(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size - 1);

    if (n <= 0)
        return false;
    out[n] = '\0';
    return true;
}
#endif

static bool is_home(const char *path)
{
    char scripts[HOME_PATH_SIZE];

    return join(scripts, sizeof scripts, path, "lua-scripts") && is_directory(scripts);
}

static bool copy(char *out, size_t size, const char *path)
{
    struct text t = text_init(out, size);

    text_add(&t, "%s", path);
    return !t.overflow;
}

/* Above the program: the source tree that it was built in, or the prefix of an installation,
 * wherever that was moved to. */
static bool above_program(char *out, size_t size)
{
    char path[HOME_PATH_SIZE];

    if (!program_path(path, sizeof path))
        return false;
    for (char *slash; (slash = strrchr(path, '/')) && slash != path;) {
        *slash = '\0';
        if (join(out, size, path, "share/trapeze") && is_home(out))
            return true;
        if (copy(out, size, path) && is_home(out))
            return true;
    }
    return false;
}

int home_find(struct home *home, struct error *err)
{
    const char *said = getenv("TRAPEZE_HOME");

    if (said && *said) {
        if (!copy(home->path, sizeof home->path, said) || !is_home(home->path))
            return error_set(err, ERROR_input, "TRAPEZE_HOME=%s holds no lua-scripts directory",
                             said);
    } else if (!above_program(home->path, sizeof home->path)) {
        if (!copy(home->path, sizeof home->path, TRAPEZE_SHARE) || !is_home(home->path))
            return error_set(err, ERROR_input,
                             "cannot find trapeze's own files: %s holds no lua-scripts directory; "
                             "set TRAPEZE_HOME to the directory that does",
                             TRAPEZE_SHARE);
    }
    if (!join(home->guests, sizeof home->guests, home->path, "guests/os.elf") ||
        !is_file(home->guests)) {
        if (!join(home->guests, sizeof home->guests, home->path, "build/guest"))
            return error_set(err, ERROR_input, "%s: the path is too long", home->path);
        return 0;
    }
    *strrchr(home->guests, '/') = '\0';
    return 0;
}

int home_path(const struct home *home, const char *name, char *out, size_t size, struct error *err)
{
    if (!join(out, size, home->path, name))
        return error_set(err, ERROR_input, "%s/%s: the path is too long", home->path, name);
    return 0;
}

/* No way out of the directory that it is looked for in. */
static bool stays_inside(const char *name)
{
    if (name[0] == '/' || name[0] == '\0')
        return false;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 2 && part[0] == '.' && part[1] == '.'))
            return false;
    }
    return true;
}

static int refuse_name(struct error *err, const char *name)
{
    return error_set(err, ERROR_input,
                     "'%s' is not a file name that a script may use: it must be relative to "
                     "the script's directory, without '..'",
                     name);
}

int home_snapshot(const char *base, const char *name, char *out, size_t size, struct error *err)
{
    static const char ending[] = ".snap";
    size_t n = strlen(name);

    if (!stays_inside(name))
        return refuse_name(err, name);
    if (n < sizeof ending || strcmp(name + n - (sizeof ending - 1), ending) != 0)
        return error_set(err, ERROR_input,
                         "'%s': a snapshot that a script writes is called NAME%s, so that it "
                         "replaces nothing else",
                         name, ending);
    if (!join(out, size, base, name))
        return error_set(err, ERROR_input, "%s/%s: the path is too long", base, name);
    return 0;
}

int home_file(const struct home *home, const char *base, const char *name, char *out, size_t size,
              struct error *err)
{
    if (!stays_inside(name))
        return refuse_name(err, name);
    if (base && join(out, size, base, name) && is_file(out))
        return 0;
    if (join(out, size, home->guests, name) && is_file(out))
        return 0;
    return error_set(err, ERROR_io, "there is no file '%s' in %s%sin %s%s", name, base ? base : "",
                     base ? " or " : "", home->guests,
                     is_directory(home->guests) ? "" : " (run make to build the guests)");
}
