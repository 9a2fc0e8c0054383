/*
 * One word that every call looks at before it begins or waits, so that what is rare costs those
 * nothing whom it does not concern.
 */
#ifndef GONET_RUNTIME_GROUND_ALERT_H
#define GONET_RUNTIME_GROUND_ALERT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* gonet_shutdown wants every task to come back. */
#define GONET__ALERT_ENDING (1u << 0)
/* Somebody waits for the last task to end. */
#define GONET__ALERT_DRAINING (1u << 1)
/* Some task or thread has run a function under a context: the caller may be one. It stays set, so
 * that it is not a word that workers take from each other. */
#define GONET__ALERT_UNDER (1u << 2)

extern _Atomic uint32_t gonet__alert;

/* gonet__alerted says whether one of these flags is set. */
static inline bool gonet__alerted(uint32_t flags)
{
    return (atomic_load_explicit(&gonet__alert, memory_order_relaxed) & flags) != 0;
}

#endif
