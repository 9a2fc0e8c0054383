/*
 * Reading the small files of names. Plain blocking file I/O: they are on the local disk, and read
 * rarely.
 */
#include "resolve/names_file.h"

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "gonet/errno.h"

#define FIRST_SIZE ((size_t)8 * 1024)
#define MAX_LINE   ((size_t)65536)

/* Reads until the end into a buffer that grows. NULL on failure, with errno. */
static char *read_all(int fd, size_t *total)
{
    size_t size = FIRST_SIZE, len = 0;
    char *text = gonet__alloc(size);

    while (text != NULL) {
        ssize_t n = read(fd, text + len, size - 1 - len);

        if (n == 0) {
            text[len] = '\0';
            *total = len;
            return text;
        }
        if (n > 0)
            len += (size_t)n;
        else if (errno != EINTR)
            break;
        if (len == size - 1) {
            char *larger = gonet__realloc(text, 2, size);

            if (larger == NULL)
                break;
            text = larger;
            size *= 2;
        }
    }
    gonet__free(text);
    return NULL;
}

char *gonet__read_text(const char *path, size_t *len)
{
    int fd = gonet__fd_open(path);
    char *text;
    int saved;

    if (fd < 0)
        return NULL;
    errno = ENOMEM;
    text = read_all(fd, len);
    saved = errno;
    close(fd);
    errno = saved;
    return text;
}

bool gonet__tells_of_file(int errnum)
{
    return errnum == ENOENT || errnum == EACCES || errnum == EPERM || errnum == ENOTDIR ||
           errnum == ELOOP || errnum == EISDIR;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int gonet__next_fields(char **text, gonet__fields_t *fields)
{
    char *p = *text;
    size_t len = strcspn(p, "\n");
    char *end = p + len;
    char *comment = memchr(p, '#', len);

    fields->n = 0;
    if (*p == '\0' || len > MAX_LINE)
        return 0;
    *text = *end == '\0' ? end : end + 1;
    if (comment != NULL)
        end = comment;
    *end = '\0';
    while (p < end && fields->n < GONET__MAX_FIELDS) {
        while (is_blank(*p))
            p++;
        if (*p == '\0')
            break;
        fields->field[fields->n++] = p;
        while (*p != '\0' && !is_blank(*p))
            p++;
        if (p < end)
            *p++ = '\0';
    }
    return 1;
}

int gonet__lower(const char *s, char *buf, size_t size)
{
    size_t i;

    for (i = 0; s[i] != '\0'; i++) {
        if (i + 1 >= size)
            return 0;
        buf[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + ('a' - 'A')) : s[i];
    }
    buf[i] = '\0';
    return 1;
}
