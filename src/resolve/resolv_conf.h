/*
 * What resolv.conf says: an immutable, counted object, shared by the lookups that began while it
 * was the current one.
 */
#ifndef GONET_RESOLVE_RESOLV_CONF_H
#define GONET_RESOLVE_RESOLV_CONF_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gonet/addr.h"

/* How many servers count in the file (behaviour 22.14). */
#define GONET__FILE_SERVERS 3

typedef struct {
    gonet_netip_addr_port_t addr;
    char text[GONET_ADDR_STRLEN]; /* "127.0.0.1:53", as errors have it */
} gonet__server_t;

typedef struct {
    _Atomic unsigned refs;
    _Atomic uint32_t turn; /* rotate: which server is asked first */
    gonet__server_t *servers;
    size_t server_count; /* at least 1 */
    char *search;        /* the names, each rooted and ended by a NUL, one behind the other */
    size_t search_count;
    int ndots;
    int attempts;
    int64_t timeout; /* of one exchange, ns */
    bool rotate;
    bool single_request;
    bool use_tcp;
    bool trust_ad;
    bool no_reload;
    bool unknown; /* something in the file is not understood */
} gonet__resolv_conf_t;

/*
 * gonet__resolv_conf_parse makes the configuration that a file of that text stands for (behaviour
 * 22.12 to 22.15); hostname gives the default search list. NULL: out of memory.
 */
gonet__resolv_conf_t *gonet__resolv_conf_parse(const char *text, size_t len, const char *hostname);

/*
 * gonet__resolv_conf_set_servers makes a copy of conf that asks these servers instead:
 * "127.0.0.1:5300,[::1]:53,192.0.2.1". Port 53 is the default. NULL without memory, or with *bad
 * set if a part is no address.
 */
gonet__resolv_conf_t *gonet__resolv_conf_set_servers(const gonet__resolv_conf_t *conf,
                                                     const char *servers, bool *bad);

gonet__resolv_conf_t *gonet__resolv_conf_ref(gonet__resolv_conf_t *conf);
void gonet__resolv_conf_unref(gonet__resolv_conf_t *conf);

#endif
