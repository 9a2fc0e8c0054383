/*
 * Random bytes, for ids and shuffles.
 */
#ifndef GONET_RESOLVE_RANDOM_H
#define GONET_RESOLVE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "gonet/error.h"

/* gonet__random fills n bytes (at most 16) from the kernel's generator, by way of a small store of
 * the thread. NULL, or the error (new reference). */
gonet_error_t *gonet__random(uint8_t *p, size_t n);

#endif
