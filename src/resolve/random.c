/*
 * Each thread has a store of its own, so that not every id costs a system call. A forked child does
 * not use its parent's, who uses it, too.
 */
#include "resolve/random.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/fd.h"
#include "gonet/errno.h"
#include "runtime/ground/fork.h"

typedef struct {
    uint8_t left;
    uint32_t generation; /* of the process that has filled it */
    uint8_t bytes[48];
} store_t;

static _Thread_local store_t store;

/* The other way to random bytes, where there is no such system call, or it is not allowed. */
static bool read_device(uint8_t *p, size_t n)
{
    int fd = gonet__fd_open("/dev/urandom");
    size_t got = 0;
    ssize_t more = -1;

    while (fd >= 0 && got < n) {
        more = read(fd, p + got, n - got);
        if (more > 0)
            got += (size_t)more;
        else if (more == 0 || errno != EINTR)
            break;
    }
    if (fd >= 0)
        close(fd);
    return got == n;
}

static bool fill(uint8_t *p, size_t n)
{
    size_t got = 0;

    while (got < n) {
        ssize_t more = getrandom(p + got, n - got, 0);

        if (more > 0)
            got += (size_t)more;
        else if (errno != EINTR)
            return read_device(p, n);
    }
    return true;
}

GONET__OPAQUE gonet_error_t *gonet__random(uint8_t *p, size_t n)
{
    store_t *s = &store;

    if (s->left < n || s->generation != gonet__fork_now()) {
        s->left = 0;
        if (!fill(s->bytes, sizeof(s->bytes)))
            return gonet_error_new("no random numbers");
        s->left = sizeof(s->bytes);
        s->generation = gonet__fork_now();
    }
    s->left = (uint8_t)(s->left - n);
    memcpy(p, s->bytes + s->left, n);
    return NULL;
}
