/*
 * What tests of raw IP sockets share. Until it is bound a raw socket hears what all raw sockets of
 * its host send, so these tests are left out where the program has no network of its own
 * (alone.sh).
 */
#ifndef TESTS_SUPPORT_RAWIP_H
#define TESTS_SUPPORT_RAWIP_H

#include "gonet/addr.h"
#include "gonet/iprawsock.h"

/* A protocol for experiments (RFC 3692). */
#define RAWIP_PROTO 253

/* rawip_allowed says whether the program has a network of its own and may bind raw sockets to a
 * family's loopback address; if not, it prints why. */
bool rawip_allowed(int family);

/* rawip_needed leaves the running test out where raw sockets are not allowed. */
void rawip_needed(int family);

/* rawip_own returns the n-th loopback address, 0 to 65535, that no test uses but by this. */
gonet_ip_addr_t rawip_own(unsigned n);

/* rawip_drain reads away what came to c before it was bound, or connected: late packets of the
 * tests before. It can't be interrupted. */
void rawip_drain(const gonet_ip_conn_t *c);

/* rawip_text writes an address to one of eight buffers that take turns. */
const char *rawip_text(const gonet_ip_addr_t *addr);

/* rawip_drop takes the right to make raw sockets from this thread, and those it starts. */
bool rawip_drop(void);

#endif
