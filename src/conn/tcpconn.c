/*
 * TCP connections: the type, and its methods that every connection has.
 */
#include "conn/tcp.h"

#include "conn/typed.h"

static const gonet__conn_class_t tcp_class = {.conn = {GONET__SOCK_CONN_SLOTS,
                                                       .close_read = gonet__sock_close_read,
                                                       .close_write = gonet__sock_close_write},
                                              .read_from = gonet__tcp_conn_read_from,
                                              .write_to = gonet__tcp_conn_write_to,
                                              .leave_unborn = gonet__sock_leave_unborn};

gonet_tcp_conn_t *gonet__tcp_conn_new(const char *net, int sysfd, int family)
{
    return (gonet_tcp_conn_t *)gonet__sock_new(sizeof(gonet_tcp_conn_t), GONET__KIND_CONN,
                                               GONET__TYPE_TCP_CONN, &tcp_class, net, sysfd, family,
                                               SOCK_STREAM);
}

GONET__CONN_METHODS(gonet_tcp_conn, gonet_conn_as_tcp, GONET__TYPE_TCP_CONN)
GONET__HALF_CLOSE_METHODS(gonet_tcp_conn)

int64_t gonet_tcp_conn_read_from(gonet_tcp_conn_t *c, gonet_reader_t *r, gonet_error_t **err)
{
    return gonet_conn_read_from((gonet_conn_t *)c, r, err);
}

int64_t gonet_tcp_conn_write_to(gonet_tcp_conn_t *c, gonet_writer_t *w, gonet_error_t **err)
{
    return gonet_conn_write_to((gonet_conn_t *)c, w, err);
}
