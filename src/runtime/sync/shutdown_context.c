/*
 * The contexts of gonet_shutdown_context: derived from one root, which is cancelled when an end
 * begins, and given up when gonet_shutdown is over.
 */
#include "gonet/context.h"
#include "runtime/ground/fork.h"
#include "runtime/life/drain.h"
#include "runtime/sched/runtime.h"
#include "runtime/sync/context.h"

#define rt gonet__runtime

static gonet_context_t *root; /* NULL: nobody has asked for it. Under the runtime's lock */

/* An end of the parent's is none of the child's. */
static void forget(void)
{
    if (gonet__context_err(root) != NULL)
        root = NULL;
}

GONET__FORK_HOOK(forget)

static void told(bool begins)
{
    gonet_context_t *ctx;

    gonet__fork_lock(&rt.lock);
    ctx = begins ? gonet_context_ref(root) : root;
    if (!begins)
        root = NULL;
    pthread_mutex_unlock(&rt.lock);
    gonet_context_cancel(ctx);
    gonet_context_free(ctx);
}

gonet_context_t *gonet_shutdown_context(void)
{
    gonet_context_t *ctx;

    gonet__fork_lock(&rt.lock);
    atomic_store(&gonet__drain_hook, told);
    if (root == NULL) {
        root = gonet_context_with_cancel(NULL);
        if (rt.begun)
            gonet_context_cancel(root);
    }
    ctx = gonet_context_with_cancel(root);
    if (gonet__context_err(root) == gonet_err_no_memory)
        root = NULL; /* the next one tries again */
    pthread_mutex_unlock(&rt.lock);
    return ctx;
}
