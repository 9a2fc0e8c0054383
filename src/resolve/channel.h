/*
 * Questions over UDP. Each worker has a channel of its own, and only its tasks touch it, so there
 * is no lock: a task gives up the worker only where it parks, and nobody parks inside c-ares.
 */
#ifndef GONET_RESOLVE_CHANNEL_H
#define GONET_RESOLVE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "gonet/error.h"
#include "resolve/cares.h"
#include "resolve/dns_socket.h"
#include "resolve/limit.h"
#include "resolve/message.h"
#include "resolve/resolv_conf.h"
#include "runtime/wait.h"

/* A question on its way; whoever asks it keeps it in place until gonet__udp_await. */
typedef struct gonet__udp_question {
    gonet__question_t base;
    gonet__list_t link;          /* in ended or told; in none while it is asked */
    gonet__dns_socket_t *socket; /* NULL: has ended there */
    struct gonet__channel *channel;
    gonet_netip_addr_port_t server;
    unsigned place;
    uint16_t id;         /* reserved; c-ares may have chosen another one */
    gonet__wait_t *wait; /* NULL: nobody waits */
    uint8_t *reply;      /* the asker's */
    size_t reply_len;    /* 0: none */
    gonet__reply_t walk; /* through the reply */
    uint64_t arrived;    /* the order of ends, as gonet__udp_arrival counts them */
    bool ended;          /* c-ares has forgotten it */
    bool held;           /* in its channel's held, at held_at */
    unsigned held_at;
    bool foreign;         /* the reply has too many questions */
    gonet__step_t failed; /* op is NULL: nothing has */
    size_t len;
    uint8_t *message; /* the asker's */
} gonet__udp_question_t;

/*
 * gonet__udp_begin sends a question to a server. Its id is chosen here and written into it. NULL,
 * then gonet__udp_await must follow; or the error (new reference): the network's. It parks only if
 * very many questions are unanswered, at most until deadline (monotonic ns). Tasks only.
 */
gonet_error_t *gonet__udp_begin(gonet__udp_question_t *q, const gonet__server_t *server,
                                uint8_t *question, size_t len, gonet_context_t *ctx,
                                int64_t deadline, uint8_t reply[GONET__UDP_SIZE]);

/* gonet__udp_hold makes the questions that are begun next wait for gonet__udp_release, to leave
 * together, maybe with those of other tasks that are about to ask. Until then the task parks
 * nowhere else. Tasks only. */
void gonet__udp_hold(void);
void gonet__udp_release(void);

/*
 * gonet__udp_await parks until a reply has come: one that gonet__reply_open accepts, or finds to
 * have too many questions. Returns NULL, with the reply, its length and the walk through it; or the
 * error (new reference): the network's, a timeout when deadline has passed, or the end of the
 * context.
 */
gonet_error_t *gonet__udp_await(gonet__udp_question_t *q, gonet_context_t *ctx, int64_t deadline);

/* gonet__udp_arrival returns the next number in the order of the worker's arrivals. Tasks only. */
uint64_t gonet__udp_arrival(void);

/* gonet__random fills n bytes (at most 16) from the kernel's generator, by way of a small store of
 * the worker. NULL, or the error (new reference). Tasks only. */
gonet_error_t *gonet__random(uint8_t *p, size_t n);

#endif
