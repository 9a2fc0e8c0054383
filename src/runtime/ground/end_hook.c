/*
 * The hooks of gonet_shutdown: a list that only grows, so that it needs no lock.
 */
#include "runtime/ground/end_hook.h"

#include <stddef.h>

static _Atomic(gonet__end_hook_t *) hooks;

void gonet__end_hook_add(gonet__end_hook_t *hook)
{
    gonet__end_hook_t *first;

    if (atomic_load_explicit(&hook->known, memory_order_relaxed) ||
        atomic_exchange(&hook->known, true))
        return;
    first = atomic_load(&hooks);
    do
        hook->next = first;
    while (!atomic_compare_exchange_weak(&hooks, &first, hook));
}

void gonet__end_hook_run(void)
{
    for (gonet__end_hook_t *h = atomic_load(&hooks); h != NULL; h = h->next)
        h->fn();
}
