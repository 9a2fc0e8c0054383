/*
 * Standard error, as it was when the library was loaded.
 */
#include "base/say.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include "gonet/errno.h"

static bool missing;

static __attribute__((constructor)) void look(void)
{
    int e = errno;

    missing = fcntl(STDERR_FILENO, F_GETFD) < 0 && errno == EBADF;
    errno = e;
}

FILE *gonet__stderr(void)
{
    return missing ? NULL : stderr;
}

void gonet__say(const char *format, ...)
{
    int e = errno;
    va_list args;

    if (missing)
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    errno = e;
}

void gonet__say_bytes(const char *p, size_t n)
{
    int e = errno;

    if (!missing && write(STDERR_FILENO, p, n) < 0) {
        /* nowhere to say it */
    }
    errno = e;
}
