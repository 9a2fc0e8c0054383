/*
 * Two UDP sockets for tests of batches: what is sent, and a check that exactly its datagrams come
 * out at the other end, in order. Asserts, so from the test's own thread.
 */
#ifndef TESTS_UNIT_CONN_UDP_LINK_H
#define TESTS_UNIT_CONN_UDP_LINK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conn/udp.h"
#include "gonet/rawconn.h"
#include "gonet/udp.h"

/* How two sockets know each other. */
typedef struct {
    const char *name;
    const char *listen, *at; /* network and address of the receiver */
    const char *send;        /* the sender's network */
    const char *to;          /* where it sends to */
    bool dialed;
} way_t;

#define WAYS                                                                         \
    {"udp4", "udp4", "127.0.0.1", "udp4", "127.0.0.1", false},                       \
        {"udp4, dialed", "udp4", "127.0.0.1", "udp4", "127.0.0.1", true},            \
        {"udp6", "udp6", "::1", "udp6", "::1", false},                               \
        {"udp6, dialed", "udp6", "::1", "udp6", "::1", true},                        \
        {"IPv4 to both families", "udp", "::", "udp4", "127.0.0.1", false},          \
        {"IPv4 from both families", "udp4", "127.0.0.1", "udp", "127.0.0.1", false}, \
    {                                                                                \
        "both families, IPv6", "udp", "::", "udp", "::1", false                      \
    }

typedef struct {
    gonet_udp_conn_t *from, *to;
    gonet_netip_addr_port_t addr; /* for the messages; zero on a dialed socket */
} link_t;

/* The bytes of everything: datagram number i begins with the byte i. */
extern char link_bytes[1 << 17];

void link_open(link_t *l, const way_t *way);
void link_close(link_t *l);

/* link_message is len bytes from link_bytes for the link's other end. */
gonet_udp_message_t link_message(const link_t *l, size_t len, size_t segment);

/* link_send sends all, and checks that this went well. */
void link_send(const link_t *l, const gonet_udp_message_t *m, size_t n);

/*
 * link_expect reads in batches until the datagrams of n messages have come, and checks each one's
 * length, bytes and sender. What was joined is taken apart; how many messages were joined.
 */
size_t link_expect(const link_t *l, const gonet_udp_message_t *m, size_t n);

/* link_expect_part reads whatever has come: the datagrams of so many whole messages of n, and maybe
 * the first of the next. */
void link_expect_part(const link_t *l, const gonet_udp_message_t *m, size_t n, size_t whole);

/* link_silent checks that nothing more has come. */
void link_silent(const link_t *l);

/* link_option sets a socket option; link_get reads one. */
void link_option(gonet_udp_conn_t *c, int level, int name, int value);
int link_get(gonet_udp_conn_t *c, int level, int name);

/* link_error checks an error's text, in which L and R stand for the sender's address and the one it
 * sends to, and releases it. */
void link_error(const link_t *l, gonet_error_t **err, const char *want);

#endif
