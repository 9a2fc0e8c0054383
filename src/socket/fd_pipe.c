/*
 * Filling and emptying pipes by splice. Where it is refused, by the kernel or by a filter before
 * it, nothing is lost: what is in the pipe already is read from it, and written.
 */
#include "socket/fd_pipe.h"

#include "gonet/errno.h"
#include "socket/fd_io.h"
#include "socket/sigpipe.h"
#include "socket/sys.h"

ssize_t gonet__pipe_fill(gonet__pipe_t *pipe, gonet__fd_t *src, size_t max, bool waits,
                         gonet__fail_t *fail)
{
    ssize_t n = -1;

    if (!gonet__fd_begin(src, GONET__SIDE_READ, fail))
        return -1;
    while (n < 0) {
        if (!gonet__pipe_get(pipe)) {
            gonet__fd_end(src, GONET__SIDE_READ);
            return 0;
        }
        n = gonet__sys_splice(src->pd.fd, pipe->wfd, max);
        if (n > 0)
            break;
        gonet__pipe_put(pipe);
        if (n == 0) {
            gonet__fd_end_fail(src, GONET__SIDE_READ, fail, GONET__FAIL_EOF, NULL, 0);
            return -1;
        }
        if (gonet__sys_refused(errno)) {
            gonet__fd_end(src, GONET__SIDE_READ);
            return 0;
        }
        if (errno == EAGAIN && !waits) {
            gonet__fd_end(src, GONET__SIDE_READ);
            return GONET__PIPE_NOTHING;
        }
        if (errno == EAGAIN) {
            if (!gonet__fd_wait(src, GONET__SIDE_READ, fail))
                return -1;
        } else if (errno != EINTR) {
            gonet__fd_end_fail(src, GONET__SIDE_READ, fail, GONET__FAIL_SYSCALL, "splice", errno);
            return -1;
        }
    }
    gonet__fd_end(src, GONET__SIDE_READ);
    return n;
}

/* The pipe's next bytes, at most len, into the buffer. The count, > 0, or -1 with errno. */
static ssize_t take(const gonet__pipe_t *pipe, void *buffer, size_t len)
{
    ssize_t n;

    do
        n = gonet__sys_read(pipe->rfd, buffer, len < GONET__COPY_SIZE ? len : GONET__COPY_SIZE);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = EPIPE; /* can't be: who fills a pipe says how much there is */
    return n > 0 ? n : -1;
}

/* Writes all of p; *n grows by what dst took. The holder of the write lock. */
static bool write_out(gonet__fd_t *dst, const char *p, size_t len, size_t *n, gonet__fail_t *fail)
{
    while (len > 0) {
        ssize_t sent = gonet__sys_send(dst->pd.fd, p, len);

        if (sent < 0) {
            if (!gonet__fd_write_again(dst, "write", fail))
                return false;
            continue;
        }
        p += sent;
        len -= (size_t)sent;
        *n += (size_t)sent;
    }
    return true;
}

/* The rest of the pipe, len bytes, without splice. The holder of the write lock. */
static bool empty_by_hand(const gonet__pipe_t *pipe, gonet__fd_t *dst, size_t len, size_t *n,
                          gonet__fail_t *fail)
{
    char *buffer = gonet__copy_buffer_get();
    bool ok = true;

    if (buffer == NULL) {
        gonet__fd_end_fail(dst, GONET__SIDE_WRITE, fail, GONET__FAIL_NO_MEMORY, NULL, 0);
        return false;
    }
    while (ok && len > 0) {
        ssize_t got = take(pipe, buffer, len);

        if (got < 0) {
            gonet__fd_end_fail(dst, GONET__SIDE_WRITE, fail, GONET__FAIL_SYSCALL, "read", errno);
            ok = false;
        } else {
            len -= (size_t)got;
            ok = write_out(dst, buffer, (size_t)got, n, fail);
        }
    }
    gonet__copy_buffer_put(buffer);
    return ok;
}

static ssize_t splice_out(int pipe, int out, size_t len)
{
    gonet__sigpipe_t guard;
    ssize_t n;

    gonet__sigpipe_block(&guard);
    n = gonet__sys_splice(pipe, out, len);
    gonet__sigpipe_restore(&guard);
    return n;
}

bool gonet__pipe_empty(gonet__pipe_t *pipe, gonet__fd_t *dst, size_t len, size_t *n, bool *refused,
                       gonet__fail_t *fail)
{
    *n = 0;
    if (!gonet__fd_begin(dst, GONET__SIDE_WRITE, fail))
        return false;
    while (*n < len) {
        ssize_t moved = splice_out(pipe->rfd, dst->pd.fd, len - *n);

        if (moved > 0) {
            *n += (size_t)moved;
        } else if (moved == 0) {
            gonet__fd_end_fail(dst, GONET__SIDE_WRITE, fail, GONET__FAIL_UNEXPECTED_EOF, NULL, 0);
            return false;
        } else if (errno == EAGAIN) {
            if (!gonet__fd_wait(dst, GONET__SIDE_WRITE, fail))
                return false;
        } else if (gonet__sys_refused(errno)) {
            *refused = true;
            if (!empty_by_hand(pipe, dst, len - *n, n, fail))
                return false;
        } else if (errno != EINTR) {
            gonet__fd_end_fail(dst, GONET__SIDE_WRITE, fail, GONET__FAIL_SYSCALL, "splice", errno);
            return false;
        }
    }
    gonet__fd_end(dst, GONET__SIDE_WRITE);
    return true;
}

/* As empty_by_hand. 0, or the errno. */
static int rest_to_file(const gonet__pipe_t *pipe, int out, size_t len, size_t *n)
{
    char *buffer = gonet__copy_buffer_get();
    ssize_t got = 0, written = 0;

    if (buffer == NULL)
        return ENOMEM;
    while (len > 0 && (got = take(pipe, buffer, len)) > 0) {
        len -= (size_t)got;
        for (ssize_t done = 0; done < got; done += written) {
            written = gonet__sys_write(out, buffer + done, (size_t)(got - done));
            if (written < 0 && errno == EINTR)
                written = 0;
            if (written < 0)
                break;
            *n += (size_t)written;
        }
        if (written < 0)
            break;
    }
    gonet__copy_buffer_put(buffer); /* keeps errno */
    return got < 0 || written < 0 ? errno : 0;
}

int gonet__pipe_to_file(gonet__pipe_t *pipe, int out, size_t len, size_t *n, bool *refused)
{
    *n = 0;
    while (*n < len) {
        ssize_t moved = gonet__sys_splice(pipe->rfd, out, len - *n);

        if (moved > 0) {
            *n += (size_t)moved;
        } else if (moved == 0) {
            return EIO;
        } else if (gonet__sys_refused(errno) || errno == EAGAIN) {
            *refused = true;
            return rest_to_file(pipe, out, len - *n, n);
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}
