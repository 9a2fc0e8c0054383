/*
 * What GONETDEBUG says about names: read once.
 */
#ifndef GONET_RESOLVE_DEBUG_H
#define GONET_RESOLVE_DEBUG_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    bool libc;    /* netdns=cgo */
    bool go;      /* netdns=go */
    bool unknown; /* netdns=something else */
    int level; /* netdns=1, netdns=go+2: from 1 on the choice is printed, from 2 on each lookup's */
    bool edns0;
} gonet__debug_t;

/* gonet__debug returns the settings. */
const gonet__debug_t *gonet__debug(void);

/* gonet__debug_netdns reads a value of netdns: "go+1" (behaviour 21.2); edns0 is as by default. */
gonet__debug_t gonet__debug_netdns(const char *p, size_t len);

/* gonet__debug_choice is what level 1 prints at the first lookup: lines, each with its end. */
const char *gonet__debug_choice(const gonet__debug_t *d);

#endif
