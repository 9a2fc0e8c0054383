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

/* One try over one transport. */
static gonet_error_t *try_once(const gonet__asking_t *asking, const gonet__server_t *server,
                               int sotype, uint8_t *question, size_t len, gonet__packet_t *packet)
{
    const gonet_resolver_t *r = asking->resolver;
    int64_t deadline = gonet__earlier(gonet__limit_deadline(&asking->limit),
                                      gonet__add_ns(gonet__now(), asking->conf->timeout));
    gonet_error_t *e = gonet__limit_ended(&asking->limit);

    if (e != NULL)
        return gonet__exchange_error("dial", sotype, NULL, server->addr, e);
    gonet__packet_free(packet);
    if (r->dial != NULL)
        return gonet__user_exchange(r, sotype == SOCK_DGRAM ? "udp" : "tcp", server, question, len,
                                    asking->limit.ctx, deadline, packet);
    if (sotype == SOCK_DGRAM)
        return gonet__udp_ask(server, question, len, asking->limit.ctx, deadline, packet->small,
                              &packet->len);
    return gonet__tcp_exchange(server, question, len, asking->limit.ctx, deadline, packet);
}

gonet_error_t *gonet__exchange(const gonet__asking_t *asking, const gonet__server_t *server,
                               const char *name, unsigned type, gonet__packet_t *packet,
                               gonet__reply_t *reply)
{
    uint8_t question[GONET__QUESTION_SIZE], id[2];
    int sotype = asking->conf->use_tcp ? SOCK_STREAM : SOCK_DGRAM;
    size_t len;

    if (!gonet__random(id, 2))
        return gonet_err_no_memory;
    len = gonet__question_make(question, name, type, (uint16_t)(id[0] << 8 | id[1]),
                               gonet__debug()->edns0, asking->conf->trust_ad);
    if (len == 0)
        return gonet_error_new(GONET__CANNOT_MARSHAL);
    for (;;) {
        gonet_error_t *e = try_once(asking, server, sotype, question, len, packet);

        if (e != NULL)
            return e;
        switch (gonet__reply_open(reply, packet->p, packet->len, question, len)) {
        case GONET__REPLY_UNREADABLE:
            return gonet_error_new(GONET__CANNOT_UNMARSHAL);
        case GONET__REPLY_FOREIGN:
        case GONET__REPLY_QUESTIONS:
            return gonet_error_new(GONET__INVALID_RESPONSE);
        case GONET__REPLY_OK:
            break;
        }
        if ((reply->flags & GONET__DNS_TC) == 0 || sotype == SOCK_STREAM)
            return NULL;
        sotype = SOCK_STREAM;
    }
}
