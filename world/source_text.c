/* Source files; see source_text.h. */
#include "world/source_text.h"

#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "world/home.h"

#define SOURCE_MAX (4u << 20)

char *source_text_read(const char *file)
{
    struct home home;
    char path[HOME_PATH_SIZE];
    uint8_t *data = NULL;
    size_t size;

    if (file_read(file, "source", SOURCE_MAX, &data, &size, NULL) == 0)
        return (char *)data;
    if (*file != '/' && home_find(&home, NULL) == 0 &&
        home_path(&home, file, path, sizeof path, NULL) == 0 &&
        file_read(path, "source", SOURCE_MAX, &data, &size, NULL) == 0)
        return (char *)data;
    return NULL;
}

const char *source_text_line(const char *text, unsigned number, size_t *size)
{
    if (number == 0)
        return NULL;
    while (--number > 0) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    *size = strcspn(text, "\n");
    return *text ? text : NULL;
}
