/* The connection of recorder_conn.h: it looks at what is read and written, and leaves the rest to
 * the wrapped one. It holds no lock while it waits for the peer: deadlines and closes work. */
#include <stdlib.h>
#include "recorder_conn.h"
#include "wrapper.h"

struct recorder {
    wrapper_t wrapper;
    recorder_log_t *log;
    int64_t in, out; /* bytes recorded; under the log's lock */
};

static ssize_t recorder_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    struct recorder *r = self;
    ssize_t n = gonet_conn_read(r->wrapper.inner, p, len, err);
    recorder_dump(r->log, "in", &r->in, p, n > 0 ? (size_t)n : 0);
    return n;
}

static int recorder_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    struct recorder *r = self;
    int status = gonet_conn_write_count(r->wrapper.inner, p, len, n, err);
    recorder_dump(r->log, "out", &r->out, p, *n); /* also what went out before a failure */
    return status;
}

static void recorder_destroy(void *self)
{
    gonet_conn_free(((struct recorder *)self)->wrapper.inner);
    free(self);
}

static const gonet_conn_vtable_t table = {
    .size = sizeof(table),
    .read = recorder_read,
    .write = recorder_write,
    .close = wrapper_close,
    .local_addr = wrapper_local_addr,
    .remote_addr = wrapper_remote_addr,
    .set_deadline = wrapper_set_deadline,
    .set_read_deadline = wrapper_set_read_deadline,
    .set_write_deadline = wrapper_set_write_deadline,
    .destroy = recorder_destroy,
    .close_read = wrapper_close_read,
    .close_write = wrapper_close_write,
    .net_conn = wrapper_net_conn,
    .wait_readable = wrapper_wait_readable,
};

gonet_conn_t *recorder_conn_new(gonet_conn_t *inner, recorder_log_t *log)
{
    struct recorder *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return gonet_conn_free(inner), NULL;
    *r = (struct recorder){{inner}, log, 0, 0};
    return gonet_conn_new(&table, r);
}
