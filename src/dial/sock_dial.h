/*
 * What making a socket has in common for all networks: control functions, and a connect that a
 * context or a deadline ends.
 */
#ifndef GONET_DIAL_SOCK_DIAL_H
#define GONET_DIAL_SOCK_DIAL_H

#include "conn/sock.h"
#include "gonet/dial.h"

/* What a dial of one address needs. */
typedef struct {
    const gonet_dialer_t *dialer; /* never NULL */
    gonet_context_t *ctx;         /* NULL: background */
    const char *network;          /* known: "tcp4", "unix", … */
    int64_t deadline;             /* monotonic ns; 0: none */
} gonet__sock_dial_t;

/*
 * gonet__dial_control sets the options that the dialer asks for, then calls its control function,
 * if there is one, telling it the network (with its family: "tcp6") and the address. NULL, or the
 * bare reason, or that function's error (new reference).
 */
gonet_error_t *gonet__dial_control(const gonet__sock_dial_t *d, gonet__sock_t *s,
                                   const char *network, const gonet_addr_t *addr);

/* gonet__listen_control: the same for the options and the control function of a listener. */
gonet_error_t *gonet__listen_control(const gonet_listen_config_t *lc, gonet__sock_t *s,
                                     const char *network, const gonet_addr_t *addr);

/*
 * gonet__sock_connect connects s, and stores both its addresses: what the kernel says, else what
 * was asked for (behaviour 7.13). Parks until the context or the deadline ends. NULL, or the bare
 * reason (new reference).
 */
gonet_error_t *gonet__sock_connect(const gonet__sock_dial_t *d, gonet__sock_t *s,
                                   const gonet__sockaddr_t *to);

/* gonet__sock_bind binds s. NULL, or the bare reason (new reference). */
gonet_error_t *gonet__sock_bind(gonet__sock_t *s, const gonet__sockaddr_t *sa);

/* gonet__sock_listen lets s, which is bound, listen, with lc's backlog. NULL, or the bare reason
 * (new reference). */
gonet_error_t *gonet__sock_listen(const gonet_listen_config_t *lc, gonet__sock_t *s);

#endif
