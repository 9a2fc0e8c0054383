/*
 * Descriptors that are not the library's own sockets: their flags are others', too, and may say
 * that calls block. libuv would make what it watches non-blocking, so each direction has an epoll
 * set with the descriptor in it, the library's own, and that is what is watched: readable when the
 * call may be tried. A call is then made so that it can't block: with RWF_NOWAIT; or plainly, if
 * somebody has set O_NONBLOCK; or in the pool for blocking work, for another process may take what
 * was there. What poll can't watch is read and written in that pool.
 *
 * A direction is a gonet__fd_t, whose read side is used for either: its locks, its deadline, its
 * close. The descriptor itself is closed by who closes, when both directions are.
 */
#ifndef GONET_SOCKET_FILE_H
#define GONET_SOCKET_FILE_H

#include "socket/fd_lock.h"

typedef struct gonet__file gonet__file_t;

struct gonet__file {
    int number;                   /* the descriptor */
    bool polls;                   /* poll can watch it; else way[0] has it, and is all there is */
    bool has[2];                  /* which directions there are, by gonet__side_t */
    _Atomic bool must_plainly[2]; /* RWF_NOWAIT is refused */
    _Atomic uint32_t memory;      /* references: directions, failed calls */
    void (*destroy)(gonet__file_t *f);
    gonet__fd_t way[2];
};

/*
 * gonet__file_init takes over the descriptor number. watched: only if poll can watch it, else it
 * fails with EPERM. NULL, or the system call that has failed, with errno: number is closed.
 */
const char *gonet__file_init(gonet__file_t *f, int number, bool watched,
                             void (*destroy)(gonet__file_t *f));

/*
 * All of these fail as the calls of fd_io.h do, with a reference to the memory of f that
 * gonet__file_unhold drops; destroy follows the last one.
 */
void gonet__file_unhold(gonet__file_t *f);

/* gonet__file_read reads into p. The count, or -1; the end of a file is GONET__FAIL_EOF. */
ssize_t gonet__file_read(gonet__file_t *f, void *p, size_t len, gonet__fail_t *fail);

/* gonet__file_write writes all of p; *n is what was written, also on failure. */
bool gonet__file_write(gonet__file_t *f, const void *p, size_t len, size_t *n, gonet__fail_t *fail);

/* As gonet__fd_wait_readable, gonet__fd_leave_unborn, gonet__fd_set_deadline, gonet__fd_dup and
 * gonet__fd_close. */
bool gonet__file_wait_readable(gonet__file_t *f, gonet__fail_t *fail);
bool gonet__file_leave_unborn(gonet__file_t *f, void (*fn)(void *arg), void *arg,
                              gonet__fail_t *fail);
bool gonet__file_set_deadline(gonet__file_t *f, unsigned mask, int64_t deadline,
                              gonet__fail_t *fail);
int gonet__file_dup(gonet__file_t *f, gonet__fail_t *fail);
bool gonet__file_close(gonet__file_t *f, gonet__fail_t *fail);

/* gonet__file_release closes if need be, and drops the owner's references. */
void gonet__file_release(gonet__file_t *f);

#endif
