/* The connection of recorder_conn.h: it looks at what is read and written, and all else is the
 * inner one's. It holds no lock while it waits for the peer: deadlines and closes work. */
#include <stdlib.h>
#include "recorder_conn.h"

struct recorder {
    gonet_conn_t *inner; /* borrowed from the connection that wraps it */
    recorder_log_t *log;
    int64_t in, out; /* bytes recorded; under the log's lock */
};

static ssize_t recorder_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    struct recorder *r = self;
    ssize_t n = gonet_conn_read(r->inner, p, len, err);
    recorder_dump(r->log, "in", &r->in, p, n > 0 ? (size_t)n : 0);
    return n;
}

static int recorder_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    struct recorder *r = self;
    int status = gonet_conn_write_count(r->inner, p, len, n, err);
    recorder_dump(r->log, "out", &r->out, p, *n); /* also what went out before a failure */
    return status;
}

static const gonet_conn_vtable_t table = {
    .size = sizeof(table), .read = recorder_read, .write = recorder_write, .destroy = free};

gonet_conn_t *recorder_conn_new(gonet_conn_t *inner, recorder_log_t *log)
{
    struct recorder *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return gonet_conn_free(inner), NULL;
    *r = (struct recorder){inner, log, 0, 0};
    return gonet_conn_wrap(inner, &table, r);
}
