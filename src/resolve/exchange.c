/*
 * One exchange: over UDP, then over TCP if the reply was cut; each with a fresh time.
 */
#include "resolve/exchange.h"

#include <sys/socket.h>

#include "base/alloc.h"
#include "error/error.h"
#include "resolve/address.h"
#include "resolve/debug.h"
#include "resolve/random.h"
#include "resolve/talk.h"
#include "runtime/time/clock.h"
#include "runtime/sched/task.h"

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

static int64_t deadline_of(const gonet__asking_t *asking)
{
    return gonet__earlier(gonet__limit_deadline(&asking->limit),
                          gonet__add_ns(gonet__now(), asking->conf->timeout));
}

/* Whether a question goes out in a datagram of our own. */
static bool by_udp(const gonet__asking_t *asking)
{
    return !asking->conf->use_tcp && asking->resolver->dial == NULL;
}

/* Why nothing is begun any more; NULL: the limit has not been reached. */
static gonet_error_t *limit_error(const gonet__asking_t *asking, int sotype,
                                  const gonet__server_t *server)
{
    gonet_error_t *e = gonet__limit_ended(&asking->limit);

    return e == NULL ? NULL : gonet__exchange_error("dial", sotype, NULL, server->addr, e);
}

static gonet_error_t *make_question(gonet__exchange_t *x, const gonet__asking_t *asking,
                                    const char *name, unsigned type)
{
    uint8_t id[2];
    gonet_error_t *e = gonet__random(id, sizeof(id));

    if (e != NULL)
        return e;
    x->len = gonet__question_make(x->question, name, type, (uint16_t)(id[0] << 8 | id[1]),
                                  gonet__debug()->edns0, asking->conf->trust_ad);
    return x->len == 0 ? gonet_error_new(GONET__CANNOT_MARSHAL) : NULL;
}

/* Makes the question, and sends it if it goes by UDP. */
static gonet_error_t *ask(gonet__exchange_t *x, const gonet__asking_t *asking,
                          const gonet__server_t *server, const char *name, unsigned type)
{
    gonet_error_t *e = make_question(x, asking, name, type);

    if (e != NULL || !by_udp(asking))
        return e;
    e = limit_error(asking, SOCK_DGRAM, server);
    if (e != NULL)
        return e;
    return gonet__udp_ask(&x->wire, server, x->question, x->len, asking->limit.ctx,
                          deadline_of(asking));
}

void gonet__exchange_init(gonet__exchange_t *x)
{
    x->wire = NULL;
    x->begun = false;
    x->e = NULL;
}

void gonet__exchange_end(gonet__exchange_t *x)
{
    gonet__wire_close(&x->wire);
    gonet_error_free(x->e);
    x->e = NULL;
}

void gonet__exchange_begin(gonet__exchange_t *x, const gonet__asking_t *asking,
                           const gonet__server_t *server, const char *name, unsigned type)
{
    x->begun = by_udp(asking);
    if (x->begun)
        x->e = ask(x, asking, server, name, type);
}

/* When all others of the worker have had their turn, the answer is likely to be there, and the
 * socket need not be watched at all. */
void gonet__exchange_rest(gonet__exchange_t *x)
{
    bool rested = gonet__task_give_way();

    if (x->wire != NULL)
        gonet__wire_expect(x->wire, rested);
}

static gonet_error_t *over_udp(gonet__exchange_t *x, gonet__packet_t *packet, gonet__reply_t *reply)
{
    gonet_error_t *e = gonet__udp_answer(x->wire, x->question, x->len, packet, reply);

    if (e == NULL)
        gonet__wire_close(&x->wire);
    return e;
}

/* The walk through a reply; or why it is none. */
static gonet_error_t *open_reply(const gonet__packet_t *packet, const gonet__exchange_t *x,
                                 gonet__reply_t *reply)
{
    switch (gonet__reply_open(reply, packet->p, packet->len, x->question, x->len)) {
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

/* The question's way over a connection that is made for it. */
static gonet_error_t *over_conn(const gonet__exchange_t *x, const gonet__asking_t *asking,
                                const gonet__server_t *server, int sotype, gonet__packet_t *packet,
                                gonet__reply_t *reply)
{
    const gonet_resolver_t *r = asking->resolver;
    gonet_error_t *e = limit_error(asking, sotype, server);

    if (e != NULL)
        return e;
    gonet__packet_free(packet);
    if (r->dial != NULL)
        e = gonet__user_exchange(r, sotype == SOCK_DGRAM ? "udp" : "tcp", server, x->question,
                                 x->len, asking->limit.ctx, deadline_of(asking), packet);
    else
        e = gonet__tcp_exchange(server, x->question, x->len, asking->limit.ctx, deadline_of(asking),
                                packet);
    return e != NULL ? e : open_reply(packet, x, reply);
}

gonet_error_t *gonet__exchange(gonet__exchange_t *x, const gonet__asking_t *asking,
                               const gonet__server_t *server, const char *name, unsigned type,
                               gonet__packet_t *packet, gonet__reply_t *reply)
{
    int sotype = asking->conf->use_tcp ? SOCK_STREAM : SOCK_DGRAM;
    gonet_error_t *e = x->e;

    if (!x->begun) {
        e = ask(x, asking, server, name, type);
        if (by_udp(asking))
            gonet__exchange_rest(x);
    }
    x->begun = false;
    x->e = NULL;
    if (e != NULL)
        return e;
    gonet__packet_free(packet);
    if (by_udp(asking))
        e = over_udp(x, packet, reply);
    else
        e = over_conn(x, asking, server, sotype, packet, reply);
    if (e != NULL || (reply->flags & GONET__DNS_TC) == 0 || sotype == SOCK_STREAM)
        return e;
    /* the reply says that the whole one is to be had over TCP */
    return over_conn(x, asking, server, SOCK_STREAM, packet, reply);
}
