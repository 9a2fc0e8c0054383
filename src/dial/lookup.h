/*
 * From a host's name to its addresses (gonet__lookup_ip_addr), and the limits of a dial.
 */
#ifndef GONET_DIAL_LOOKUP_H
#define GONET_DIAL_LOOKUP_H

#include <stdint.h>

#include "gonet/context.h"
#include "gonet/error.h"
#include "resolve/lookup.h"

/* gonet__ended returns the mapped error (new reference) if ctx or deadline has ended, else NULL. */
gonet_error_t *gonet__ended(gonet_context_t *ctx, int64_t deadline);

#endif
