/*
 * The configuration files as they are now: read at the first need, and again when they have
 * changed, at most every five seconds.
 */
#ifndef GONET_RESOLVE_FILES_H
#define GONET_RESOLVE_FILES_H

#include "resolve/nsswitch.h"
#include "resolve/resolv_conf.h"

/*
 * gonet__resolv_conf_for returns what /etc/resolv.conf says, with these servers instead of the
 * file's (NULL: the file's), to be dropped by gonet__resolv_conf_unref. NULL: out of memory, or
 * *bad: a part is no address.
 */
gonet__resolv_conf_t *gonet__resolv_conf_for(const char *servers, bool *bad);

/* gonet__order_current returns what /etc/nsswitch.conf says. */
gonet__order_t gonet__order_current(void);

#endif
