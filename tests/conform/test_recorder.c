/*
 * The conformance suite over the connection of examples/recorder_conn.c: what a program builds on
 * a connection of the library's keeps the promises of those.
 */
#include "conform/conform.h"
#include "gonet/tcp.h"
#include "recorder_conn.h"

static atomic_size_t recorded;

static int count_bytes(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    (void)self;
    (void)p;
    (void)err;
    atomic_fetch_add(&recorded, len);
    *n = len;
    return 0;
}

static const gonet_writer_vtable_t counter = {.size = sizeof(counter), .write = count_bytes};
static recorder_log_t record;

static bool make(const conform_kind_t *kind, gonet_conn_t **a, gonet_conn_t **b)
{
    if (!net_pair(kind->network, a, b))
        return false;
    for (int i = 0; i < 2; i++) { /* or there is too much to record */
        gonet_tcp_conn_t *c = gonet_conn_as_tcp(i == 0 ? *a : *b);
        CHECK_INT(gonet_tcp_conn_set_read_buffer(c, 65536, NULL), 0);
        CHECK_INT(gonet_tcp_conn_set_write_buffer(c, 65536, NULL), 0);
    }
    *a = recorder_conn_new(*a, &record);
    *b = recorder_conn_new(*b, &record);
    return CHECK(*a != NULL) && CHECK(*b != NULL);
}

int main(void)
{
    const conform_kind_t kinds[] = {{
        .name = "recorder",
        .make = make,
        .network = "tcp",
        .stream = true,
        .slow = true,
        .closed = &gonet_err_closed,
        .second_close = "close tcp <L>-><R>: use of closed network connection",
        .read_timeout = "read tcp <L>-><R>: i/o timeout",
        .write_timeout = "write tcp <L>-><R>: i/o timeout",
        .read_closed = "read tcp <L>-><R>: use of closed network connection",
        .write_closed = "write tcp <L>-><R>: use of closed network connection",
    }};
    int result;

    record.to = gonet_writer_new(&counter, &recorded);
    result = conform_run(kinds, 1);
    gonet_writer_free(record.to);
    return result == 0 && (record.err != NULL || atomic_load(&recorded) == 0) ? 1 : result;
}
