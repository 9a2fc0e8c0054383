/*
 * The way of one exchange: a socket that leads to one server over UDP or TCP, and that nobody else
 * uses. So the kernel lets in only what this server sends, gives each exchange a port of its own,
 * and tells it alone that it was refused.
 */
#ifndef GONET_RESOLVE_WIRE_H
#define GONET_RESOLVE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gonet/context.h"
#include "gonet/error.h"
#include "resolve/resolv_conf.h"

typedef struct gonet__wire gonet__wire_t;

/*
 * gonet__wire_open opens a socket of that type (SOCK_DGRAM, SOCK_STREAM) and connects it. Whatever
 * is done with it ends at deadline (monotonic ns; 0: none), or with ctx. NULL, or the error (new
 * reference), an OpError; *wire is NULL then. What fails later says so in the same way.
 */
gonet_error_t *gonet__wire_open(gonet__wire_t **wire, const gonet__server_t *server, int sotype,
                                gonet_context_t *ctx, int64_t deadline);

/* gonet__wire_write sends all of p: over UDP, one datagram. */
gonet_error_t *gonet__wire_write(gonet__wire_t *wire, const uint8_t *p, size_t len);

/* gonet__wire_read stores a datagram, or what there is of a stream, and its length in *n. The end
 * of a stream is gonet_eof. A datagram that is there already is read after the deadline, too. */
gonet_error_t *gonet__wire_read(gonet__wire_t *wire, uint8_t *p, size_t size, size_t *n);

/* gonet__wire_expect says whether the next read should look before it waits. */
void gonet__wire_expect(gonet__wire_t *wire, bool something);

/* gonet__wire_close closes it; *wire is NULL afterwards, and may be before. */
void gonet__wire_close(gonet__wire_t **wire);

#endif
