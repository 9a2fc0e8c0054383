/*
 * One exchange: one question to one server, within one time (behaviour 23.5 to 23.10).
 */
#ifndef GONET_RESOLVE_EXCHANGE_H
#define GONET_RESOLVE_EXCHANGE_H

#include "gonet/error.h"
#include "gonet/resolver.h"
#include "resolve/limit.h"
#include "resolve/message.h"
#include "resolve/resolv_conf.h"
#include "resolve/wire.h"

/* What all exchanges of a lookup have in common. */
typedef struct {
    const gonet_resolver_t *resolver;
    gonet__limit_t limit;
    gonet__resolv_conf_t *conf;
} gonet__asking_t;

/* A reply's bytes; it must not be copied, since p may lead to small. */
typedef struct {
    uint8_t *p;
    size_t len;
    uint8_t small[GONET__UDP_SIZE];
} gonet__packet_t;

void gonet__packet_init(gonet__packet_t *packet);
void gonet__packet_free(gonet__packet_t *packet);

/* The exchanges of one query, one after the other. */
typedef struct {
    gonet__wire_t *wire; /* of the last question over UDP, kept until the next one has its own */
    bool begun;          /* the next exchange's question is on its way already */
    gonet_error_t *e;    /* or this has gone wrong with it */
    size_t len;
    uint8_t question[GONET__QUESTION_SIZE];
} gonet__exchange_t;

void gonet__exchange_init(gonet__exchange_t *x);

/* gonet__exchange_end lets go of what is left: also of what has begun and was not waited for. */
void gonet__exchange_end(gonet__exchange_t *x);

/*
 * gonet__exchange_begin sends the question of the next exchange, if it is one that can be waited
 * for later. Then gonet__exchange must follow, of the same server, name and type; whatever went
 * wrong will be found then.
 */
void gonet__exchange_begin(gonet__exchange_t *x, const gonet__asking_t *asking,
                           const gonet__server_t *server, const char *name, unsigned type);

/* gonet__exchange_rest lets others run while the answer of what has begun is on its way. */
void gonet__exchange_rest(gonet__exchange_t *x);

/*
 * gonet__exchange asks one server; over TCP if the configuration says so or the reply over UDP was
 * cut. NULL, with the packet and a walk at its first answer; or the error (new reference), not yet
 * a DNSError.
 */
gonet_error_t *gonet__exchange(gonet__exchange_t *x, const gonet__asking_t *asking,
                               const gonet__server_t *server, const char *name, unsigned type,
                               gonet__packet_t *packet, gonet__reply_t *reply);

/* Texts that several places need (behaviour 23). */
#define GONET__CANNOT_MARSHAL   "cannot marshal DNS message"
#define GONET__CANNOT_UNMARSHAL "cannot unmarshal DNS message"
#define GONET__INVALID_RESPONSE "invalid DNS response"

#endif
