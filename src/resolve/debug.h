/*
 * What GONETDEBUG says about names: read once.
 */
#ifndef GONET_RESOLVE_DEBUG_H
#define GONET_RESOLVE_DEBUG_H

#include <stdbool.h>

typedef struct {
    bool libc; /* netdns=cgo */
    bool go;   /* netdns=go */
    int level; /* netdns=1, netdns=go+2: decisions are printed from 1 on */
    bool edns0;
} gonet__debug_t;

/* gonet__debug returns the settings. */
const gonet__debug_t *gonet__debug(void);

/* gonet__debug_parse reads a value of GONETDEBUG: "netdns=go+1,netedns0=0" (behaviour 21.2, 27.1).
 */
gonet__debug_t gonet__debug_parse(const char *value);

#endif
