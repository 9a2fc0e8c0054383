/*
 * Objects that a forked child inherits: each is reset at its first use there, maybe by several
 * threads at once. An object keeps the generation of the process that used it last.
 */
#ifndef GONET_RUNTIME_FORK_H
#define GONET_RUNTIME_FORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/netpoll.h"

/* gonet__fork_claim is the slow part of gonet__fork_begin_reset. */
bool gonet__fork_claim(_Atomic uint32_t *generation);

/* gonet__fork_is_first says whether nobody has claimed the object in this process yet. */
static inline bool gonet__fork_is_first(_Atomic uint32_t *generation)
{
    return atomic_load_explicit(generation, memory_order_acquire) != gonet__fork_generation;
}

/*
 * gonet__fork_begin_reset says whether the caller is the first one of this process, and then has to
 * reset the object and to call gonet__fork_end_reset; the others wait for that.
 */
static inline bool gonet__fork_begin_reset(_Atomic uint32_t *generation)
{
    return gonet__fork_is_first(generation) && gonet__fork_claim(generation);
}

static inline void gonet__fork_end_reset(_Atomic uint32_t *generation)
{
    atomic_store(generation, gonet__fork_generation);
}

#endif
