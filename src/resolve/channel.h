/*
 * Questions over UDP. Each worker has a channel of its own, and only its tasks touch it, so there
 * is no lock: a task gives up the worker only where it parks, and nobody parks inside c-ares.
 */
#ifndef GONET_RESOLVE_CHANNEL_H
#define GONET_RESOLVE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonet/error.h"
#include "resolve/limit.h"
#include "resolve/message.h"
#include "resolve/resolv_conf.h"

/*
 * gonet__udp_ask sends a question to a server and parks until a reply to it has come: one that
 * gonet__reply_open accepts, or finds to have too many questions. The question's id is chosen here
 * and written into it. Returns NULL, with the reply and its length; or the error (new reference):
 * the network's, a timeout when deadline has passed (monotonic ns), or the end of the context.
 * Tasks only.
 */
gonet_error_t *gonet__udp_ask(const gonet__server_t *server, uint8_t *question, size_t len,
                              gonet_context_t *ctx, int64_t deadline,
                              uint8_t reply[GONET__UDP_SIZE], size_t *reply_len);

/* gonet__random fills n bytes (at most 16) from the kernel's generator, by way of a small store of
 * the worker. False: no memory. Tasks only. */
bool gonet__random(uint8_t *p, size_t n);

#endif
