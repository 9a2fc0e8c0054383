/*
 * Exchanges over a connection: TCP of our own, or whatever the user's dial has made.
 */
#ifndef GONET_RESOLVE_STREAM_H
#define GONET_RESOLVE_STREAM_H

#include "resolve/exchange.h"

/*
 * gonet__tcp_exchange connects, writes the question and reads one message into packet. NULL, or the
 * error (new reference).
 */
gonet_error_t *gonet__tcp_exchange(const gonet__server_t *server, const uint8_t *question,
                                   size_t len, gonet_context_t *ctx, int64_t deadline,
                                   gonet__packet_t *packet);

/*
 * gonet__user_exchange does it over a connection that the resolver's dial makes, in datagrams if it
 * is a packet connection (behaviour 23.20). Datagrams that are no reply to
 * the question are skipped.
 */
gonet_error_t *gonet__user_exchange(const gonet_resolver_t *resolver, const char *network,
                                    const gonet__server_t *server, const uint8_t *question,
                                    size_t len, gonet_context_t *ctx, int64_t deadline,
                                    gonet__packet_t *packet);

/* gonet__packet_room makes room for len bytes; false without memory. */
bool gonet__packet_room(gonet__packet_t *packet, size_t len);

#endif
