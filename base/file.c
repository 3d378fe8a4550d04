/* Whole files as bytes; see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end, whatever the size that stat told: pipes have none. */
static int read_all(int fd, size_t limit, size_t guess, uint8_t **data, size_t *size)
{
    size_t room = guess < limit ? guess : limit;
    size_t length = 0;
    uint8_t *bytes = malloc(room + 2);

    while (bytes) {
        ssize_t n = read(fd, bytes + length, room + 1 - length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        if (n == 0) {
            bytes[length] = 0;
            *data = bytes;
            *size = length;
            return 0;
        }
        length += (size_t)n;
        if (length > limit) {
            errno = EFBIG;
            break;
        }
        if (length > room) {
            room = room + 4096 < limit / 2 ? 2 * room + 4096 : limit;
            uint8_t *more = realloc(bytes, room + 2);
            if (!more)
                break;
            bytes = more;
        }
    }
    int saved = bytes ? errno : ENOMEM;
    free(bytes);
    return saved;
}

int file_read(const char *path, const char *what, size_t limit, uint8_t **data, size_t *size,
              struct error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return error_set(err, ERROR_io, "%s: cannot open the %s: %s", path, what, strerror(errno));
    int failed = fstat(fd, &st) < 0 ? errno : 0;
    if (!failed && S_ISDIR(st.st_mode))
        failed = EISDIR;
    if (!failed)
        failed = read_all(fd, limit, st.st_size > 0 ? (size_t)st.st_size : 4096, data, size);
    close(fd);
    if (failed == EFBIG)
        return error_set(err, ERROR_io, "%s: the %s is longer than %zu bytes", path, what, limit);
    if (failed)
        return error_set(err, ERROR_io, "%s: cannot read the %s: %s", path, what, strerror(failed));
    return 0;
}
