/*
 * Several pieces of memory written as one: writev on connections, one write after the other
 * elsewhere.
 */
#ifndef GONET_BUFFERS_H
#define GONET_BUFFERS_H

#include <sys/uio.h>

#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/stream.h"

GONET_BEGIN_DECLS

/*
 * gonet_buffers_t owns nothing: v points at the caller's array of n pieces. The calls below consume
 * it: v and n move on, and the first piece left is cut; keep your own pointer to the array. Go:
 * net.Buffers.
 */
typedef struct {
    struct iovec *v;
    size_t n;
} gonet_buffers_t;

/*
 * gonet_buffers_write_to writes all pieces to w; on a connection of the library with writev, as one
 * message if it carries datagrams. Parks. The count, or -1; what was not written stays in v. Go:
 * Buffers.WriteTo.
 */
GONET_API int64_t gonet_buffers_write_to(gonet_buffers_t *v, gonet_writer_t *w,
                                         gonet_error_t **err);

/*
 * gonet_buffers_read copies at most len bytes out. The count; 0 with *err = gonet_eof when nothing
 * is left. Go: Buffers.Read.
 */
GONET_API ssize_t gonet_buffers_read(gonet_buffers_t *v, void *p, size_t len, gonet_error_t **err);

GONET_END_DECLS

#endif
