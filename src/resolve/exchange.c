/*
 * One exchange: over UDP, then over TCP if the reply was cut; each with a fresh time.
 */
#include "resolve/exchange.h"

#include <sys/socket.h>

#include "base/alloc.h"
#include "error/error.h"
#include "resolve/address.h"
#include "resolve/channel.h"
#include "resolve/debug.h"
#include "resolve/stream.h"
#include "runtime/clock.h"

void gonet__packet_init(gonet__packet_t *packet)
{
    packet->p = packet->small;
    packet->len = 0;
}

void gonet__packet_free(gonet__packet_t *packet)
{
    if (packet->p != packet->small)
        gonet__free(packet->p);
    gonet__packet_init(packet);
}

bool gonet__packet_room(gonet__packet_t *packet, size_t len)
{
    gonet__packet_free(packet);
    if (len <= sizeof(packet->small))
        return true;
    packet->p = gonet__alloc(len);
    if (packet->p != NULL)
        return true;
    gonet__packet_init(packet);
    return false;
}

static int64_t deadline_of(const gonet__asking_t *asking, int64_t now)
{
    return gonet__earlier(gonet__limit_deadline(&asking->limit),
                          gonet__add_ns(now, asking->conf->timeout));
}

/* Whether a question goes out by the worker's channel, which chooses its id. */
static bool by_channel(const gonet__asking_t *asking, int sotype)
{
    return sotype == SOCK_DGRAM && asking->resolver->dial == NULL;
}

/* The walk through a reply; or why it is none. */
static gonet_error_t *open_reply(const gonet__packet_t *packet, const uint8_t *question, size_t len,
                                 gonet__reply_t *reply)
{
    switch (gonet__reply_open(reply, packet->p, packet->len, question, len)) {
    case GONET__REPLY_UNREADABLE:
        return gonet_error_new(GONET__CANNOT_UNMARSHAL);
    case GONET__REPLY_FOREIGN:
    case GONET__REPLY_QUESTIONS:
        return gonet_error_new(GONET__INVALID_RESPONSE);
    case GONET__REPLY_OK:
        break;
    }
    return NULL;
}

/* The end of an exchange of the channel, which has opened its reply. */
static gonet_error_t *await_udp(gonet__udp_question_t *q, gonet_context_t *ctx, int64_t deadline,
                                gonet__packet_t *packet, gonet__reply_t *reply)
{
    gonet_error_t *e = gonet__udp_await(q, ctx, deadline);

    if (e != NULL)
        return e;
    packet->len = q->reply_len;
    *reply = q->walk;
    return q->foreign ? gonet_error_new(GONET__INVALID_RESPONSE) : NULL;
}

static gonet_error_t *over_udp(const gonet__server_t *server, uint8_t *question, size_t len,
                               gonet_context_t *ctx, int64_t deadline, gonet__packet_t *packet,
                               gonet__reply_t *reply)
{
    gonet__udp_question_t q;
    gonet_error_t *e = gonet__udp_begin(&q, server, question, len, ctx, deadline, packet->small);

    return e != NULL ? e : await_udp(&q, ctx, deadline, packet, reply);
}

/* One try over one transport. */
static gonet_error_t *try_once(const gonet__asking_t *asking, const gonet__server_t *server,
                               int sotype, uint8_t *question, size_t len, gonet__packet_t *packet,
                               gonet__reply_t *reply)
{
    const gonet_resolver_t *r = asking->resolver;
    gonet_context_t *ctx = asking->limit.ctx;
    gonet_error_t *e = gonet__limit_ended(&asking->limit);
    int64_t deadline = deadline_of(asking, gonet__now());

    if (e != NULL)
        return gonet__exchange_error("dial", sotype, NULL, server->addr, e);
    gonet__packet_free(packet);
    if (by_channel(asking, sotype))
        return over_udp(server, question, len, ctx, deadline, packet, reply);
    if (r->dial != NULL)
        e = gonet__user_exchange(r, sotype == SOCK_DGRAM ? "udp" : "tcp", server, question, len,
                                 ctx, deadline, packet);
    else
        e = gonet__tcp_exchange(server, question, len, ctx, deadline, packet);
    return e != NULL ? e : open_reply(packet, question, len, reply);
}

/* The question, with a random id unless the channel chooses it; its length in *len. */
static gonet_error_t *make_question(const gonet__asking_t *asking, int sotype, const char *name,
                                    unsigned type, uint8_t question[GONET__QUESTION_SIZE],
                                    size_t *len)
{
    uint8_t id[2] = {0};

    gonet_error_t *e = by_channel(asking, sotype) ? NULL : gonet__random(id, 2);

    if (e != NULL)
        return e;
    *len = gonet__question_make(question, name, type, (uint16_t)(id[0] << 8 | id[1]),
                                gonet__debug()->edns0, asking->conf->trust_ad);
    return *len == 0 ? gonet_error_new(GONET__CANNOT_MARSHAL) : NULL;
}

void gonet__exchange_begin(const gonet__asking_t *asking, const gonet__server_t *server,
                           const char *name, unsigned type, int64_t now, gonet__packet_t *packet,
                           gonet__early_t *early)
{
    gonet_error_t *e;

    early->begun = false;
    early->arrived = 0;
    if (asking->conf->use_tcp || asking->resolver->dial != NULL ||
        gonet__limit_over(&asking->limit))
        return;
    e = make_question(asking, SOCK_DGRAM, name, type, early->question, &early->len);
    early->deadline = deadline_of(asking, now);
    if (e == NULL)
        e = gonet__udp_begin(&early->q, server, early->question, early->len, asking->limit.ctx,
                             early->deadline, packet->small);
    early->begun = e == NULL;
    gonet_error_free(e);
}

/* The rest of a try that has begun. */
static gonet_error_t *finish_early(const gonet__asking_t *asking, gonet__early_t *early,
                                   gonet__packet_t *packet, gonet__reply_t *reply)
{
    gonet_error_t *e = await_udp(&early->q, asking->limit.ctx, early->deadline, packet, reply);

    early->begun = false;
    early->arrived = early->q.arrived;
    return e;
}

gonet_error_t *gonet__exchange(const gonet__asking_t *asking, const gonet__server_t *server,
                               const char *name, unsigned type, gonet__packet_t *packet,
                               gonet__reply_t *reply, gonet__early_t *early)
{
    uint8_t fresh[GONET__QUESTION_SIZE], *question = fresh;
    int sotype = asking->conf->use_tcp ? SOCK_STREAM : SOCK_DGRAM;
    gonet_error_t *e = NULL;
    size_t len;

    if (early != NULL && early->begun) {
        question = early->question;
        len = early->len;
        e = finish_early(asking, early, packet, reply);
    } else {
        e = make_question(asking, sotype, name, type, question, &len);
        if (e == NULL)
            e = try_once(asking, server, sotype, question, len, packet, reply);
    }
    if (e != NULL || (reply->flags & GONET__DNS_TC) == 0 || sotype == SOCK_STREAM)
        return e;
    /* the reply says that the whole one is to be had over TCP */
    if (early != NULL)
        early->arrived = 0;
    return try_once(asking, server, SOCK_STREAM, question, len, packet, reply);
}
