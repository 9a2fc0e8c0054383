/*
 * Whether Multipath TCP is wanted: the setting of a dialer or listener, else GONETDEBUG's, else the
 * default.
 */
#ifndef GONET_DIAL_MPTCP_H
#define GONET_DIAL_MPTCP_H

#include <stdbool.h>

/* setting is 0 (default), 1 (on) or 2 (off): behaviour 7.18. */
bool gonet__mptcp_for_dialer(int setting);
bool gonet__mptcp_for_listener(int setting);

#endif
