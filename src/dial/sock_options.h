/*
 * The socket options that configuration structs ask for, beyond Go's.
 */
#ifndef GONET_DIAL_SOCK_OPTIONS_H
#define GONET_DIAL_SOCK_OPTIONS_H

#include "conn/sock.h"
#include "gonet/dial.h"

/*
 * gonet__dial_options sets what d asks for on s, a socket that is neither bound nor connected.
 * Fields that s's network has no use for are passed over. NULL, or the bare reason (new reference).
 */
gonet_error_t *gonet__dial_options(const gonet_dialer_t *d, const gonet__sock_t *s);

/* gonet__listen_options: the same for listeners and packet sockets, but for the backlog. */
gonet_error_t *gonet__listen_options(const gonet_listen_config_t *lc, const gonet__sock_t *s);

#endif
