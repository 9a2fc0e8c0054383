/*
 * One name's records of one type: all servers, all attempts, the search list.
 */
#ifndef GONET_RESOLVE_QUERY_H
#define GONET_RESOLVE_QUERY_H

#include "resolve/exchange.h"

/* What a query found: a walk that stands before the first answer of the type. */
typedef struct {
    gonet__packet_t packet;
    gonet__reply_t reply;
    const char *server; /* who answered; "" if nobody was asked. Belongs to the configuration */
} gonet__answers_t;

void gonet__answers_init(gonet__answers_t *a);
void gonet__answers_free(gonet__answers_t *a);

/* A query of one name that has begun, or is about to. */
typedef struct {
    bool begun;
    uint32_t first; /* the server that has been asked */
    gonet__exchange_t exchange;
    /* Called when the first exchange does not end the query, which goes on then. May be NULL. */
    void (*goes_on)(void *arg);
    void *arg;
} gonet__query_t;

void gonet__query_init(gonet__query_t *q);

/* gonet__query_begin sends the first question for fqdn; then gonet__query_name must follow. */
void gonet__query_begin(gonet__query_t *q, const gonet__asking_t *asking, const char *fqdn,
                        unsigned type);

/*
 * gonet__query_name asks for the records of exactly fqdn. NULL, or a DNSError (new reference) that
 * speaks of name (behaviour 23.4 to 23.17).
 */
gonet_error_t *gonet__query_name(gonet__query_t *q, const gonet__asking_t *asking, const char *fqdn,
                                 const char *name, unsigned type, gonet__answers_t *a);

/* gonet__query asks for name along the search list. NULL, also if there was nothing that may be
 * asked for: the walk is empty then, and server "". */
gonet_error_t *gonet__query(const gonet__asking_t *asking, const char *name, unsigned type,
                            gonet__answers_t *a);

/* gonet__no_such_host, gonet__unreadable and gonet__malformed make the DNSErrors that need no
 * cause. */
gonet_error_t *gonet__no_such_host(const char *name, const char *server);
gonet_error_t *gonet__unreadable(const char *name, const char *server);
gonet_error_t *gonet__malformed(const char *name);

#endif
