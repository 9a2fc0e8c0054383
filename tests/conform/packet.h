/*
 * The conformance suite of packet connections: what every gonet_packet_conn_t promises. A kind
 * tells how one is made, bound to an address of its own; each test runs in each mode.
 */
#ifndef TESTS_CONFORM_PACKET_H
#define TESTS_CONFORM_PACKET_H

#include "gonet/conn.h"
#include "support/actor.h"

typedef struct packet_kind {
    const char *name;
    /* Makes one with an address that no other has; NULL: recorded. */
    gonet_packet_conn_t *(*make)(const struct packet_kind *kind);
    const char *network;
    /* Whether this machine has them; NULL: always. */
    bool (*available)(const struct packet_kind *kind);
    /* Texts, with "<L>" for the own address and "<R>" for the one that a packet is sent to. */
    const char *read_timeout, *write_timeout, *read_closed, *write_closed, *close_closed;
    const char *no_address; /* a write to NULL, or to an address of another kind: "<L>" only */
    const char *too_long;   /* a write of longest + 1 bytes, or, for a soft limit, of twice that */
    const char *nobody;     /* a write to an address that was closed; NULL: works */
    size_t longest;
    /* It is a connection, too; a write there fails with this text. NULL: it is none. */
    const char *unconnected_write;
    /* Raw IP over IPv4: what a read as a connection gives besides the packet's content, and a read
     * into less than that instead of it (behaviour 14.2). */
    size_t header;
} packet_kind_t;

/* packet_run runs the suite for each kind; the result of main. */
int packet_run(const packet_kind_t *kinds, size_t n);

#endif
