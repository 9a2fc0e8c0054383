/*
 * One exchange: one question to one server, within one time (behaviour 23.5 to 23.10).
 */
#ifndef GONET_RESOLVE_EXCHANGE_H
#define GONET_RESOLVE_EXCHANGE_H

#include "gonet/error.h"
#include "gonet/resolver.h"
#include "resolve/channel.h"
#include "resolve/limit.h"
#include "resolve/message.h"
#include "resolve/resolv_conf.h"

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

/* An exchange that has begun before somebody waits for it: its question is on its way. */
typedef struct {
    bool begun;
    uint64_t arrived; /* when its reply came, in the order of all; 0: it was not its only one */
    int64_t deadline;
    size_t len;
    gonet__udp_question_t q;
    uint8_t question[GONET__QUESTION_SIZE];
} gonet__early_t;

/*
 * gonet__exchange_begin sends the question of an exchange over UDP, if it is one that can be waited
 * for later. now is the time of gonet__now. Then gonet__exchange must follow, of the same server,
 * name and type, and with the same packet; whatever went wrong will be found then. Tasks only.
 */
void gonet__exchange_begin(const gonet__asking_t *asking, const gonet__server_t *server,
                           const char *name, unsigned type, int64_t now, gonet__packet_t *packet,
                           gonet__early_t *early);

/*
 * gonet__exchange asks one server; over TCP if the configuration says so or the reply over UDP was
 * cut. NULL, with the packet and a walk at its first answer; or the error (new reference), not yet
 * a DNSError. early is what has been begun of it, or NULL. Tasks only.
 */
gonet_error_t *gonet__exchange(const gonet__asking_t *asking, const gonet__server_t *server,
                               const char *name, unsigned type, gonet__packet_t *packet,
                               gonet__reply_t *reply, gonet__early_t *early);

/* Texts that several places need (behaviour 23). */
#define GONET__CANNOT_MARSHAL   "cannot marshal DNS message"
#define GONET__CANNOT_UNMARSHAL "cannot unmarshal DNS message"
#define GONET__INVALID_RESPONSE "invalid DNS response"

#endif
