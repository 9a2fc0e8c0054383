/*
 * The three ways to put a question and get its answer: datagrams and a stream of our own, and
 * whatever the user's dial has made.
 */
#ifndef GONET_RESOLVE_TALK_H
#define GONET_RESOLVE_TALK_H

#include "resolve/exchange.h"
#include "resolve/wire.h"

/*
 * gonet__udp_ask sends the question from a socket of its own, which takes the place of *wire: that
 * is closed when it has been opened, so that the two have different ports. NULL, or the error (new
 * reference).
 */
gonet_error_t *gonet__udp_ask(gonet__wire_t **wire, const gonet__server_t *server,
                              const uint8_t *question, size_t len, gonet_context_t *ctx,
                              int64_t deadline);

/* gonet__udp_answer waits for the answer; what is none is passed over. NULL, with the packet and a
 * walk through it, or the error (new reference). */
gonet_error_t *gonet__udp_answer(gonet__wire_t *wire, const uint8_t *question, size_t len,
                                 gonet__packet_t *packet, gonet__reply_t *reply);

/* gonet__tcp_exchange connects, writes the question and reads one message into packet. NULL, or the
 * error (new reference). */
gonet_error_t *gonet__tcp_exchange(const gonet__server_t *server, const uint8_t *question,
                                   size_t len, gonet_context_t *ctx, int64_t deadline,
                                   gonet__packet_t *packet);

/*
 * gonet__user_exchange does it over a connection that the resolver's dial makes, in datagrams if it
 * is a packet connection (behaviour 23.20). Datagrams that are no reply to the question are passed
 * over.
 */
gonet_error_t *gonet__user_exchange(const gonet_resolver_t *resolver, const char *network,
                                    const gonet__server_t *server, const uint8_t *question,
                                    size_t len, gonet_context_t *ctx, int64_t deadline,
                                    gonet__packet_t *packet);

/* gonet__packet_room makes room for len bytes; false without memory. */
bool gonet__packet_room(gonet__packet_t *packet, size_t len);

/* A stream to a server. */
typedef struct {
    gonet_error_t *(*write)(void *arg, const uint8_t *p, size_t len);
    /* What there is, and how much in *n, also beside an error. */
    gonet_error_t *(*read)(void *arg, uint8_t *p, size_t size, size_t *n);
    void *arg;
} gonet__stream_t;

/* gonet__stream_exchange writes the question behind its length in two bytes (RFC 1035, section
 * 4.2.2), and reads one message in the same form into packet. NULL, or the error (new reference).
 */
gonet_error_t *gonet__stream_exchange(const gonet__stream_t *s, const uint8_t *question, size_t len,
                                      gonet__packet_t *packet);

#endif
