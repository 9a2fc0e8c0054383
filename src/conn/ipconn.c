/*
 * Raw IP sockets: the type, and its methods that every connection has.
 */
#include "conn/iprawsock.h"

#include <sys/socket.h>

#include "conn/typed.h"

static const gonet__conn_class_t ip_class = {.conn = {GONET__SOCK_CONN_SLOTS},
                                             .packet_conn = &gonet__ip_packet_vtable,
                                             .leave_unborn = gonet__sock_leave_unborn};

gonet_ip_conn_t *gonet__ip_conn_new(const char *net, int sysfd, int family)
{
    return (gonet_ip_conn_t *)gonet__sock_new(sizeof(gonet_ip_conn_t), GONET__KIND_CONN,
                                              GONET__TYPE_IP_CONN, &ip_class, net, sysfd, family,
                                              SOCK_RAW);
}

GONET__CONN_METHODS(gonet_ip_conn, gonet_conn_as_ip, GONET__TYPE_IP_CONN)
GONET__PACKET_CONN_METHODS(gonet_ip_conn, gonet_packet_conn_as_ip, gonet_conn_as_ip)
