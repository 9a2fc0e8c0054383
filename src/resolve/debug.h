/*
 * What GONETDEBUG says about names: read once.
 */
#ifndef GONET_RESOLVE_DEBUG_H
#define GONET_RESOLVE_DEBUG_H

#include <stdbool.h>

typedef struct {
    bool libc;    /* netdns=cgo */
    bool go;      /* netdns=go */
    bool unknown; /* netdns=something else */
    int level; /* netdns=1, netdns=go+2: from 1 on the choice is printed, from 2 on each lookup's */
    bool edns0;
} gonet__debug_t;

/* gonet__debug returns the settings. */
const gonet__debug_t *gonet__debug(void);

/* gonet__debug_parse reads a value of GONETDEBUG: "netdns=go+1,netedns0=0" (behaviour 21.2, 27.1).
 */
gonet__debug_t gonet__debug_parse(const char *value);

/* gonet__debug_choice is what level 1 prints at the first lookup: lines, each with its end. */
const char *gonet__debug_choice(const gonet__debug_t *d);

#endif
