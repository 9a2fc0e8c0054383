/*
 * Calls on descriptors whose flags are others'.
 */
#ifndef GONET_SOCKET_FILE_CALL_H
#define GONET_SOCKET_FILE_CALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One call: of the two pointers one is not NULL. */
typedef struct {
    int fd;
    void *in;
    const void *out;
    size_t len;
    ssize_t n; /* the result */
    int errnum;
} gonet__file_call_t;

/* gonet__file_try makes the call, or says EAGAIN. *must_plainly, which is the direction's,
 * remembers that RWF_NOWAIT is refused. */
void gonet__file_try(gonet__file_call_t *call, _Atomic bool *must_plainly);

/* gonet__file_call_in_pool makes it, while only the caller waits; it may block. */
void gonet__file_call_in_pool(gonet__file_call_t *call);

#endif
