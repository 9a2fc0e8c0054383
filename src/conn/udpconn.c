/*
 * UDP sockets: the type, and its methods that every connection has. Reading and writing with
 * addresses is in udpread.c and udpwrite.c.
 */
#include <sys/socket.h>

#include "conn/typed.h"
#include "conn/udp.h"

static ssize_t read_from_slot(void *self, void *p, size_t len, gonet_addr_t *addr,
                              gonet_error_t **err)
{
    return gonet_udp_conn_read_from(self, p, len, addr, err);
}

static ssize_t write_to_slot(void *self, const void *p, size_t len, const gonet_addr_t *addr,
                             gonet_error_t **err)
{
    return gonet_udp_conn_write_to(self, p, len, addr, err);
}

static const gonet_packet_conn_vtable_t packet_vtable = {
    GONET__SOCK_PACKET_SLOTS, .read_from = read_from_slot, .write_to = write_to_slot};

static const gonet__conn_class_t udp_class = {.conn = {GONET__SOCK_CONN_SLOTS},
                                              .packet_conn = &packet_vtable,
                                              .leave_unborn = gonet__sock_leave_unborn};

gonet_udp_conn_t *gonet__udp_conn_new(const char *net, int sysfd, int family)
{
    return (gonet_udp_conn_t *)gonet__sock_new(sizeof(gonet_udp_conn_t), GONET__KIND_CONN,
                                               GONET__TYPE_UDP_CONN, &udp_class, net, sysfd, family,
                                               SOCK_DGRAM);
}

GONET__CONN_METHODS(gonet_udp_conn, gonet_conn_as_udp, GONET__TYPE_UDP_CONN)
GONET__PACKET_CONN_METHODS(gonet_udp_conn, gonet_packet_conn_as_udp, gonet_conn_as_udp)
