/*
 * Network names as Dial and Listen take them: "tcp4", "ip6:icmp", "unixgram".
 */
#ifndef GONET_DIAL_NETWORK_H
#define GONET_DIAL_NETWORK_H

#include <stdbool.h>

#include "error/error.h"

typedef enum {
    GONET__NETWORK_TCP,
    GONET__NETWORK_UDP,
    GONET__NETWORK_IP,
    GONET__NETWORK_UNIX
} gonet__network_kind_t;

typedef struct {
    gonet__network_kind_t kind;
    const char *name; /* static, without a protocol: "ip6" */
    char family;      /* '4', '6', or 0 for both */
    int proto;        /* of "ip6:58" */
} gonet__network_t;

/*
 * gonet__network_parse reads a network name (behaviour 5.1). With needs_proto, "ip" alone is
 * unknown. NULL, or the error (new reference): UnknownNetworkError, or an AddrError for an unknown
 * protocol.
 */
gonet_error_t *gonet__network_parse(const char *text, bool needs_proto, gonet__network_t *network);

#endif
