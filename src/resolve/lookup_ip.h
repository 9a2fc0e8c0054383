/*
 * Addresses of names: the hosts file and the DNS, in the order that the configuration asks for.
 */
#ifndef GONET_RESOLVE_LOOKUP_IP_H
#define GONET_RESOLVE_LOOKUP_IP_H

#include "gonet/addr.h"
#include "resolve/nsswitch.h"
#include "resolve/query.h"

/* What was found; released by gonet__addresses_free. */
typedef struct {
    gonet_ip_addr_t *v;
    size_t n, size;
    gonet__dns_name_t cname; /* len 0: none */
    int64_t ttl;             /* seconds; -1: not from the DNS */
    bool failed;             /* memory was out */
} gonet__addresses_t;

void gonet__addresses_init(gonet__addresses_t *a);
void gonet__addresses_free(gonet__addresses_t *a);

/* gonet__addresses_add appends an address; literal is a text without an address: false. */
void gonet__addresses_add(gonet__addresses_t *a, const gonet_ip_addr_t *addr);
bool gonet__addresses_add_literal(gonet__addresses_t *a, const char *literal);

/* Which addresses are asked for: bits. */
enum { GONET__WANT_V4 = 1, GONET__WANT_V6 = 2, GONET__WANT_CNAME = 4 };

/*
 * gonet__lookup_addresses finds the addresses of name, sorted (behaviour 24.3 to 24.9). NULL,
 * maybe with none (names that must not be asked for), or a DNSError.
 */
gonet_error_t *gonet__lookup_addresses(const gonet__asking_t *asking, gonet__order_t order,
                                       const char *name, unsigned want, gonet__addresses_t *a);

#endif
