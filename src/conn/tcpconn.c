/*
 * TCP connections: the type, and its methods that every connection has.
 */
#include "conn/tcp.h"

#include "conn/rawconn.h"

static const gonet__conn_class_t tcp_class = {
    .conn = {.size = sizeof(gonet_conn_vtable_t),
             .read = gonet__sock_read,
             .write = gonet__sock_write,
             .close = gonet__sock_close,
             .local_addr = gonet__sock_local_addr,
             .remote_addr = gonet__sock_remote_addr,
             .set_deadline = gonet__sock_set_deadline,
             .set_read_deadline = gonet__sock_set_read_deadline,
             .set_write_deadline = gonet__sock_set_write_deadline,
             .destroy = gonet__sock_release,
             .close_read = gonet__sock_close_read,
             .close_write = gonet__sock_close_write,
             .file = gonet__sock_file,
             .syscall_conn = gonet__sock_syscall_conn,
             .wait_readable = gonet__sock_wait_readable},
    .read_from = gonet__tcp_conn_read_from,
    .write_to = gonet__tcp_conn_write_to};

gonet_tcp_conn_t *gonet__tcp_conn_new(const char *net, int sysfd, int family)
{
    return (gonet_tcp_conn_t *)gonet__sock_new(sizeof(gonet_tcp_conn_t), GONET__KIND_CONN,
                                               GONET__TYPE_TCP_CONN, &tcp_class, net, sysfd, family,
                                               SOCK_STREAM);
}

gonet_conn_t *gonet_tcp_conn_as_conn(gonet_tcp_conn_t *c)
{
    return (gonet_conn_t *)c;
}

gonet_reader_t *gonet_tcp_conn_as_reader(gonet_tcp_conn_t *c)
{
    return (gonet_reader_t *)c;
}

gonet_writer_t *gonet_tcp_conn_as_writer(gonet_tcp_conn_t *c)
{
    return (gonet_writer_t *)c;
}

gonet_tcp_conn_t *gonet_conn_as_tcp(gonet_conn_t *c)
{
    return c != NULL && c->object.type == GONET__TYPE_TCP_CONN ? (gonet_tcp_conn_t *)c : NULL;
}

gonet_tcp_conn_t *gonet_tcp_conn_ref(gonet_tcp_conn_t *c)
{
    gonet__object_ref(GONET__OBJECT(c));
    return c;
}

void gonet_tcp_conn_free(gonet_tcp_conn_t *c)
{
    gonet__object_unref(GONET__OBJECT(c));
}

ssize_t gonet_tcp_conn_read(gonet_tcp_conn_t *c, void *p, size_t len, gonet_error_t **err)
{
    return gonet_conn_read((gonet_conn_t *)c, p, len, err);
}

ssize_t gonet_tcp_conn_write(gonet_tcp_conn_t *c, const void *p, size_t len, gonet_error_t **err)
{
    return gonet_conn_write((gonet_conn_t *)c, p, len, err);
}

int gonet_tcp_conn_write_count(gonet_tcp_conn_t *c, const void *p, size_t len, size_t *n,
                               gonet_error_t **err)
{
    return gonet_conn_write_count((gonet_conn_t *)c, p, len, n, err);
}

int gonet_tcp_conn_close(gonet_tcp_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_close((gonet_conn_t *)c, err);
}

const gonet_addr_t *gonet_tcp_conn_local_addr(gonet_tcp_conn_t *c)
{
    return gonet__sock_local_addr(c);
}

const gonet_addr_t *gonet_tcp_conn_remote_addr(gonet_tcp_conn_t *c)
{
    return gonet__sock_remote_addr(c);
}

int gonet_tcp_conn_set_deadline(gonet_tcp_conn_t *c, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_deadline((gonet_conn_t *)c, t, err);
}

int gonet_tcp_conn_set_read_deadline(gonet_tcp_conn_t *c, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_read_deadline((gonet_conn_t *)c, t, err);
}

int gonet_tcp_conn_set_write_deadline(gonet_tcp_conn_t *c, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_write_deadline((gonet_conn_t *)c, t, err);
}

int gonet_tcp_conn_close_read(gonet_tcp_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_close_read((gonet_conn_t *)c, err);
}

int gonet_tcp_conn_close_write(gonet_tcp_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_close_write((gonet_conn_t *)c, err);
}

int64_t gonet_tcp_conn_read_from(gonet_tcp_conn_t *c, gonet_reader_t *r, gonet_error_t **err)
{
    return gonet_conn_read_from((gonet_conn_t *)c, r, err);
}

int64_t gonet_tcp_conn_write_to(gonet_tcp_conn_t *c, gonet_writer_t *w, gonet_error_t **err)
{
    return gonet_conn_write_to((gonet_conn_t *)c, w, err);
}

int gonet_tcp_conn_file(gonet_tcp_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_file((gonet_conn_t *)c, err);
}

gonet_raw_conn_t *gonet_tcp_conn_syscall_conn(gonet_tcp_conn_t *c, gonet_error_t **err)
{
    return gonet_conn_syscall_conn((gonet_conn_t *)c, err);
}
