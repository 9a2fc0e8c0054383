/*
 * A pipe between two descriptors: what splice(2) needs to move bytes inside the kernel.
 */
#ifndef GONET_SOCKET_FD_PIPE_H
#define GONET_SOCKET_FD_PIPE_H

#include "socket/fd_lock.h"
#include "socket/scratch.h"

/* What gonet__pipe_fill returns when there is nothing to read, and it does not wait. */
#define GONET__PIPE_NOTHING (-2)

/*
 * gonet__pipe_fill gets a pipe and moves at most max bytes from src into it, as soon as there are
 * any; while it waits (if it does) it holds none. The count; 0 when splice is not possible; -1: src
 * failed or ended (GONET__FAIL_EOF), held.
 */
ssize_t gonet__pipe_fill(gonet__pipe_t *pipe, gonet__fd_t *src, size_t max, bool waits,
                         gonet__fail_t *fail);

/*
 * gonet__pipe_empty moves the len bytes that the pipe holds to dst; *n is what dst took, also on
 * failure. *refused becomes true if splice is not possible: then they went by hand. False: fail,
 * held, and the pipe may have something in it.
 */
bool gonet__pipe_empty(gonet__pipe_t *pipe, gonet__fd_t *dst, size_t len, size_t *n, bool *refused,
                       gonet__fail_t *fail);

/* gonet__pipe_to_file does the same with a file's descriptor; blocks. 0, or the errno. */
int gonet__pipe_to_file(gonet__pipe_t *pipe, int out, size_t len, size_t *n, bool *refused);

#endif
