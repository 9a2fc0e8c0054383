/*
 * Copying from socket to socket. A relay starts with a buffer, which is best for messages; when a
 * full one shows that bulk is under way it goes on with splice through a pipe, until little
 * pieces come again. One piece is under way at a time; between two of them the task lets others run
 * now and then.
 */
#include "socket/fd_copy.h"

#include <string.h>

#include "gonet/errno.h"
#include "gonet/task.h"
#include "socket/fd_inline.h"
#include "socket/fd_pipe.h"

/* So many small splices in a row mean that bulk is over. */
#define SMALL_AFTER 8
#define SMALL_PIECE ((size_t)16 * 1024)

/* Others get a turn after so many bytes at the latest. */
#define YIELD_BYTES ((size_t)4 << 20)

typedef struct {
    gonet__fd_t *dst;
    gonet__fd_t *src;
    int64_t left; /* < 0: no limit */
    int64_t *n;
    const gonet__relay_watch_t *watch; /* or NULL */
    gonet__fail_t *fail;
    size_t unyielded; /* bytes since others had a turn */
    unsigned streak;  /* small splices */
    bool bulk;
    bool no_splice;
    bool rests; /* there is nothing to read */
    gonet__fd_t *failed;
    gonet__pipe_t pipe;
} relay_t;

/* Whether a call on a side, which has failed and is held, is to be made once more. */
static bool goes_on(relay_t *r, gonet__fd_t *fd, gonet__side_t side)
{
    if (r->watch == NULL || r->fail->kind != GONET__FAIL_TIMEOUT ||
        !r->watch->goes_on(r->watch->arg, fd, side))
        return false;
    gonet__fd_unhold(fd);
    return true;
}

/* The source failed or ended, and is held. */
static gonet__relay_result_t source_ended(relay_t *r)
{
    if (r->fail->kind == GONET__FAIL_EOF) {
        gonet__fd_unhold(r->src);
        return GONET__RELAY_END;
    }
    if (goes_on(r, r->src, GONET__SIDE_READ))
        return GONET__RELAY_MORE;
    r->failed = r->src;
    return GONET__RELAY_FAILED;
}

static void moved(relay_t *r, size_t n)
{
    *r->n += (int64_t)n;
    if (r->left > 0)
        r->left -= (int64_t)n;
    r->unyielded += n;
    if (r->watch != NULL && n > 0)
        r->watch->moved(r->watch->arg);
}

/* The next piece's size, at most max. */
static size_t piece(const relay_t *r, size_t max)
{
    return r->left >= 0 && (uint64_t)r->left < max ? (size_t)r->left : max;
}

static bool write_buffer(relay_t *r, const char *p, size_t len)
{
    size_t written;

    while (!gonet__fd_write(r->dst, p, len, &written, r->fail)) {
        moved(r, written);
        p += written;
        len -= written;
        if (!goes_on(r, r->dst, GONET__SIDE_WRITE))
            return false;
    }
    moved(r, written);
    return true;
}

/* As gonet__fd_read_lazy, but where that would wait the count is 0. */
static ssize_t read_now(gonet__fd_t *fd, size_t max, void **buffer, gonet__fail_t *fail)
{
    ssize_t n = -1;
    void *p = NULL;

    *buffer = NULL;
    if (!gonet__fd_begin(fd, GONET__SIDE_READ, fail))
        return -1;
    if (!fd->drained || atomic_load_explicit(&fd->exported, memory_order_relaxed)) {
        p = gonet__copy_buffer_get();
        if (p == NULL) {
            gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_NO_MEMORY, NULL, 0);
            return -1;
        }
        do
            n = gonet__sys_recv(fd->pd.fd, p, max);
        while (n < 0 && errno == EINTR);
    } else {
        errno = EAGAIN;
    }
    if (n > 0)
        *buffer = p;
    else
        gonet__copy_buffer_put(p);
    if (n >= 0)
        return gonet__fd_was_read(fd, n, max, true, fail);
    if (errno != EAGAIN) {
        gonet__fd_end_fail(fd, GONET__SIDE_READ, fail, GONET__FAIL_SYSCALL, "read", errno);
        return -1;
    }
    gonet__fd_end(fd, GONET__SIDE_READ);
    return 0;
}

static gonet__relay_result_t relay_buffer(relay_t *r)
{
    void *buffer;
    ssize_t n;
    bool ok;

    if (r->watch == NULL)
        n = gonet__fd_read_lazy(r->src, piece(r, GONET__COPY_SIZE), &buffer, r->fail);
    else
        n = read_now(r->src, piece(r, GONET__COPY_SIZE), &buffer, r->fail);
    r->rests = n == 0;
    if (n == 0)
        return GONET__RELAY_MORE;
    if (n < 0)
        return source_ended(r);
    ok = write_buffer(r, buffer, (size_t)n);
    gonet__copy_buffer_put(buffer);
    if (!ok) {
        r->failed = r->dst;
        return GONET__RELAY_FAILED;
    }
    r->bulk = (size_t)n == GONET__COPY_SIZE && !r->no_splice;
    return GONET__RELAY_MORE;
}

static bool write_pipe(relay_t *r, size_t len)
{
    size_t written;

    while (!gonet__pipe_empty(&r->pipe, r->dst, len, &written, &r->no_splice, r->fail)) {
        moved(r, written);
        len -= written;
        /* by hand, bytes may be neither there nor here any more */
        if (r->no_splice || !goes_on(r, r->dst, GONET__SIDE_WRITE))
            return false;
    }
    moved(r, written);
    return true;
}

static gonet__relay_result_t relay_splice(relay_t *r)
{
    ssize_t n =
        gonet__pipe_fill(&r->pipe, r->src, piece(r, GONET__PIPE_SIZE), r->watch == NULL, r->fail);

    if (n == GONET__PIPE_NOTHING) {
        r->rests = true;
        return GONET__RELAY_MORE;
    }
    if (n < 0)
        return source_ended(r);
    if (n == 0) {
        r->no_splice = true;
        r->bulk = false;
        return GONET__RELAY_MORE;
    }
    if (!write_pipe(r, (size_t)n)) {
        gonet__pipe_drop(&r->pipe);
        r->failed = r->dst;
        return GONET__RELAY_FAILED;
    }
    gonet__pipe_put(&r->pipe);
    r->streak = (size_t)n < SMALL_PIECE ? r->streak + 1 : 0;
    if (r->streak >= SMALL_AFTER || r->no_splice) {
        r->bulk = false;
        r->streak = 0;
    }
    return GONET__RELAY_MORE;
}

gonet__relay_result_t gonet__fd_relay(gonet__fd_t *dst, gonet__fd_t *src, int64_t limit, int64_t *n,
                                      const gonet__relay_watch_t *watch, gonet__fd_t **failed,
                                      gonet__fail_t *fail)
{
    relay_t r;
    gonet__relay_result_t result = GONET__RELAY_MORE;

    memset(&r, 0, sizeof(r));
    r.dst = dst;
    r.src = src;
    r.left = limit;
    r.n = n;
    r.watch = watch;
    r.fail = fail;
    r.pipe.rfd = r.pipe.wfd = -1;
    *n = 0;
    while (result == GONET__RELAY_MORE && r.left != 0 && !r.rests) {
        if (r.unyielded >= YIELD_BYTES) {
            r.unyielded = 0;
            gonet_yield();
        }
        result = r.bulk ? relay_splice(&r) : relay_buffer(&r);
    }
    *failed = r.failed;
    return result;
}
