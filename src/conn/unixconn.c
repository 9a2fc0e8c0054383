/*
 * Unix connections: the type, and its methods that every connection has.
 */
#include <sys/socket.h>

#include "conn/typed.h"
#include "conn/unixsock.h"

static const gonet__conn_class_t unix_class = {.conn = {GONET__SOCK_CONN_SLOTS,
                                                        .close_read = gonet__sock_close_read,
                                                        .close_write = gonet__sock_close_write},
                                               .packet_conn = &gonet__unix_packet_vtable,
                                               .leave_unborn = gonet__sock_leave_unborn};

const char *gonet__unix_net(int sotype)
{
    return sotype == SOCK_STREAM ? "unix" : sotype == SOCK_DGRAM ? "unixgram" : "unixpacket";
}

gonet_unix_conn_t *gonet__unix_conn_new(const char *net, int sysfd, int sotype)
{
    return (gonet_unix_conn_t *)gonet__sock_new(sizeof(gonet_unix_conn_t), GONET__KIND_CONN,
                                                GONET__TYPE_UNIX_CONN, &unix_class, net, sysfd,
                                                AF_UNIX, sotype);
}

GONET__CONN_METHODS(gonet_unix_conn, gonet_conn_as_unix, GONET__TYPE_UNIX_CONN)
GONET__PACKET_CONN_METHODS(gonet_unix_conn, gonet_packet_conn_as_unix, gonet_conn_as_unix)
GONET__HALF_CLOSE_METHODS(gonet_unix_conn)
