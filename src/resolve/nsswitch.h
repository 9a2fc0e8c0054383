/*
 * What nsswitch.conf says about hosts: where names are looked for, and in which order.
 */
#ifndef GONET_RESOLVE_NSSWITCH_H
#define GONET_RESOLVE_NSSWITCH_H

#include <stddef.h>

typedef enum {
    GONET__ORDER_FILES_DNS = 0,
    GONET__ORDER_DNS_FILES,
    GONET__ORDER_FILES,
    GONET__ORDER_DNS,
    GONET__ORDER_LIBC
} gonet__order_t;

/* gonet__nsswitch_order reads the file's text (behaviour 21.5 to 21.7, 22.1 to 22.3). */
gonet__order_t gonet__nsswitch_order(const char *text, size_t len);

/* gonet__order_name: "files,dns" and so on, for the debug output. */
const char *gonet__order_name(gonet__order_t order);

#endif
