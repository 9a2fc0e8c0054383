/*
 * Records of the DNS as the lookups want them: names, texts and numbers, in order.
 */
#ifndef GONET_RESOLVE_RECORDS_H
#define GONET_RESOLVE_RECORDS_H

#include "base/buf.h"
#include "resolve/hosts.h"
#include "resolve/query.h"

typedef struct {
    size_t at; /* of the name or text, which ends in a NUL, in the list's text */
    size_t len;
    uint16_t pref; /* MX: preference; SRV: priority */
    uint16_t weight;
    uint16_t port;
} gonet__item_t;

/* Released by gonet__items_free. */
typedef struct {
    gonet__item_t *v;
    size_t n, size;
    gonet__buf_t text;
    gonet__dns_name_t owner; /* of the first record */
    bool failed;             /* memory was out */
} gonet__items_t;

void gonet__items_init(gonet__items_t *items);
void gonet__items_free(gonet__items_t *items);

/* gonet__items_add appends an item with a copy of the text. */
void gonet__items_add(gonet__items_t *items, gonet__item_t item, const char *text, size_t len);

/* gonet__items_add_found appends the values that the hosts file has. */
void gonet__items_add_found(gonet__items_t *items, const gonet__hosts_found_t *found);

/* gonet__lookup_records asks for the records of a type that asked has, and appends them. NULL, or
 * the error: that nobody could tell speaks of asked, that a reply can't be read of name. */
gonet_error_t *gonet__lookup_records(const gonet__asking_t *asking, const char *asked,
                                     const char *name, unsigned type, gonet__items_t *items);

/* gonet__items_keep drops those whose text is refused; whether any was. */
bool gonet__items_keep(gonet__items_t *items, bool (*good)(const char *text, size_t len));

/* gonet__sort_mx shuffles, then sorts by preference. */
void gonet__sort_mx(gonet__items_t *items);

/* gonet__sort_srv sorts by priority, and shuffles by weight within one (RFC 2782). */
void gonet__sort_srv(gonet__items_t *items);

#endif
