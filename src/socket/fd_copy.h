/*
 * Copying inside the kernel, or with one buffer: from one stream socket to another, from a file to
 * a stream socket and the other way.
 */
#ifndef GONET_SOCKET_FD_COPY_H
#define GONET_SOCKET_FD_COPY_H

#include "socket/fd_lock.h"

/* What a relay tells, and asks, the one who watches it. */
typedef struct {
    void (*moved)(void *arg); /* bytes have come to dst */
    /* The deadline of a side has come: whether it was set to a later one, so that it goes on. */
    bool (*goes_on)(void *arg, gonet__fd_t *fd, gonet__side_t side);
    void *arg;
} gonet__relay_watch_t;

typedef enum { GONET__RELAY_MORE, GONET__RELAY_END, GONET__RELAY_FAILED } gonet__relay_result_t;

/*
 * gonet__fd_relay moves bytes from src to dst until src's end, or limit bytes (< 0: no limit); *n
 * is what dst took, also on failure. Small pieces go through a buffer, bulk through a pipe; while
 * nothing is under way neither is held. FAILED: fail, and *failed is the one of the two that
 * failed; it is held. watch may be NULL; with it, the result is MORE when src has nothing to read:
 * it does not wait for src, but for dst it does.
 */
gonet__relay_result_t gonet__fd_relay(gonet__fd_t *dst, gonet__fd_t *src, int64_t limit, int64_t *n,
                                      const gonet__relay_watch_t *watch, gonet__fd_t **failed,
                                      gonet__fail_t *fail);

/*
 * gonet__fd_sendfile sends from the file in, whose offset moves along, until its end or limit bytes
 * (< 0: no limit); *n is what was sent, also on failure. *handled is false if another way must be
 * tried for what is left, maybe all: the result is then true, and nothing is held.
 */
bool gonet__fd_sendfile(gonet__fd_t *dst, int in, int64_t limit, int64_t *n, bool *handled,
                        gonet__fail_t *fail);

/*
 * gonet__fd_to_file moves bytes from src to the file out, whose offset moves along, until src's end
 * or limit bytes (< 0: no limit); *n is what the file took, also on failure. *handled as above.
 * False: *errnum says why the file took no more, or it is 0: fail, and src is held.
 */
bool gonet__fd_to_file(int out, gonet__fd_t *src, int64_t limit, int64_t *n, bool *handled,
                       int *errnum, gonet__fail_t *fail);

#endif
