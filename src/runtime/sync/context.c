/*
 * Contexts. Owners count the public references: the last one cancels. Holds count who needs the
 * memory: all owners together, each child, each watch, each reference to the done channel, a
 * cancellation under way.
 *
 * A context's lock guards its error, its children and its watches; no two locks are held at once.
 * The parent is held by the child and never changes, so values and deadlines are read without any
 * lock. A deadline needs no event: an earlier parent's is copied into the child, and everybody
 * compares with the clock.
 */
#include "runtime/sync/context.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sync/chan.h"
#include "runtime/time/clock.h"

struct gonet_context {
    _Atomic size_t owners;
    _Atomic size_t holds;
    _Atomic uint32_t lock;
    uint32_t attached;     /* in which of the parent's lists, 0: none; under the parent's lock */
    gonet__list_t sibling; /* likewise; or in the list of a cancellation */
    gonet__list_t children;
    uint32_t list; /* which list of children this is */
    gonet__list_t watches;
    _Atomic(gonet_error_t *) err; /* NULL: not cancelled */
    gonet_error_t *cause;         /* set before err; NULL: err is all there is to say */
    gonet_context_t *parent;
    gonet__context_spec_t own; /* but the deadline is the earliest of the chain */
    bool limits;               /* the deadline is its own, and not from the parent */
    void (*stop)(void *value); /* see gonet__context_set_stop */
    gonet_chan_t done;
};

/* What the constructors return without memory. Nobody counts its owners. */
static gonet_context_t no_memory = {
    .done = {.closed = true, .receive_only = true, .context = &no_memory}};

/*
 * Locks ctx. The first to come in a forked child forgets the watches, which are of calls of the
 * parent's; children stay. A list of them that was being changed at the fork is given up: they are
 * no longer its children, and ctx is cancelled.
 */
static void lock(gonet_context_t *ctx)
{
    gonet__spin_found_t found = gonet__spin_lock(&ctx->lock);

    if (found == GONET__SPIN_KNOWN)
        return;
    gonet__list_init(&ctx->watches);
    if (found == GONET__SPIN_FORKED)
        return;
    gonet__list_init(&ctx->children);
    ctx->list++;
    if (atomic_load(&ctx->err) == NULL)
        atomic_store(&ctx->err, gonet_err_canceled);
}

static void unlock(gonet_context_t *ctx)
{
    gonet__spin_unlock(&ctx->lock);
}

static bool expired(const gonet_context_t *ctx)
{
    return ctx->own.deadline != 0 && gonet__now() >= ctx->own.deadline;
}

void gonet__context_hold(gonet_context_t *ctx)
{
    if (ctx != NULL && ctx != &no_memory)
        atomic_fetch_add_explicit(&ctx->holds, 1, memory_order_relaxed);
}

/* dispose frees ctx and returns its parent, whose hold is now the caller's. */
static gonet_context_t *dispose(gonet_context_t *ctx)
{
    gonet_context_t *parent = ctx->parent;

    if (ctx->own.destroy != NULL)
        ctx->own.destroy(ctx->own.value);
    gonet_error_free(ctx->own.late);
    gonet_error_free(ctx->cause);
    gonet__free(ctx);
    return parent;
}

void gonet__context_unhold(gonet_context_t *ctx)
{
    while (ctx != NULL && ctx != &no_memory &&
           atomic_fetch_sub_explicit(&ctx->holds, 1, memory_order_acq_rel) == 1 &&
           gonet__chan_retire(&ctx->done))
        ctx = dispose(ctx);
}

void gonet__context_release(gonet_context_t *ctx)
{
    gonet__context_unhold(dispose(ctx));
}

/* attach makes ctx a child of its parent, or ends it as the parent has ended. */
static void attach(gonet_context_t *ctx)
{
    gonet_context_t *parent = ctx->parent;
    gonet_error_t *err = parent == &no_memory ? gonet_err_no_memory : NULL;

    gonet__context_hold(parent);
    if (ctx->own.alone)
        return;
    if (err == NULL) {
        lock(parent);
        err = atomic_load_explicit(&parent->err, memory_order_relaxed);
        if (err == NULL) {
            gonet__list_push_back(&parent->children, &ctx->sibling);
            ctx->attached = parent->list;
        } else {
            ctx->cause = gonet_error_ref(parent->cause);
        }
        unlock(parent);
    }
    if (err != NULL) {
        atomic_store_explicit(&ctx->err, err, memory_order_relaxed);
        ctx->done.closed = true;
    }
}

static void detach(gonet_context_t *ctx)
{
    gonet_context_t *parent = ctx->parent;

    if (parent == NULL || parent == &no_memory || ctx->own.alone)
        return;
    lock(parent);
    if (ctx->attached == parent->list)
        gonet__list_remove(&ctx->sibling);
    ctx->attached = 0;
    unlock(parent);
}

gonet_context_t *gonet__context_derive(gonet_context_t *parent, const gonet__context_spec_t *spec)
{
    gonet_context_t *ctx = gonet__zalloc(sizeof(*ctx));
    int64_t inherited = spec->alone ? 0 : gonet__context_deadline_ns(parent);

    if (ctx == NULL) {
        if (spec->destroy != NULL)
            spec->destroy(spec->value);
        gonet_error_free(spec->late);
        return &no_memory;
    }
    atomic_init(&ctx->owners, 1);
    atomic_init(&ctx->holds, 1);
    atomic_init(&ctx->lock, gonet__spin_init());
    ctx->list = 1;
    gonet__list_init(&ctx->sibling);
    gonet__list_init(&ctx->children);
    gonet__list_init(&ctx->watches);
    ctx->parent = parent;
    ctx->own = *spec;
    ctx->own.deadline = gonet__earlier(spec->deadline, inherited);
    ctx->limits = inherited == 0 || ctx->own.deadline != inherited;
    atomic_init(&ctx->done.lock, gonet__spin_init());
    ctx->done.context = ctx;
    ctx->done.receive_only = true;
    ctx->done.deadline = ctx->own.deadline;
    if (parent != NULL)
        attach(ctx);
    return ctx;
}

/* finish_watch ends the call of a watch's fn; after that the watch may be gone. Under the lock,
 * kept. */
static void finish_watch(gonet_context_t *ctx, gonet__context_watch_t *w)
{
    gonet__wait_t *unwatcher = w->unwatcher;

    w->running = false;
    if (unwatcher == NULL || !gonet__wait_claim(unwatcher))
        return;
    unlock(ctx);
    gonet__wait_wake(unwatcher);
    lock(ctx);
}

static void tell_watches(gonet_context_t *ctx)
{
    gonet__list_t *n;

    lock(ctx);
    while ((n = gonet__list_pop_front(&ctx->watches)) != NULL) {
        gonet__context_watch_t *w = GONET__CONTAINER(n, gonet__context_watch_t, link);

        w->running = true;
        unlock(ctx);
        w->fn(w->arg);
        lock(ctx);
        finish_watch(ctx, w);
    }
    unlock(ctx);
}

/* late_cause returns what is to be said of ctx when its deadline has passed; NULL: nothing. */
static gonet_error_t *late_cause(const gonet_context_t *ctx)
{
    while (!ctx->limits)
        ctx = ctx->parent;
    return ctx->own.late;
}

/* cancel_one ends ctx alone and moves its children, held, to todo. */
static void cancel_one(gonet_context_t *ctx, gonet_error_t *err, const gonet_error_t *cause,
                       gonet__list_t *todo)
{
    gonet__list_t *n;

    if (expired(ctx)) {
        err = gonet_err_context_deadline_exceeded;
        cause = late_cause(ctx);
    }
    detach(ctx);
    lock(ctx);
    if (atomic_load_explicit(&ctx->err, memory_order_relaxed) != NULL) {
        unlock(ctx);
        return;
    }
    ctx->cause = gonet_error_ref(cause);
    atomic_store_explicit(&ctx->err, err, memory_order_release);
    while ((n = gonet__list_pop_front(&ctx->children)) != NULL) {
        gonet_context_t *child = GONET__CONTAINER(n, gonet_context_t, sibling);

        child->attached = 0;
        gonet__context_hold(child);
        gonet__list_push_back(todo, n);
    }
    unlock(ctx);
    gonet__chan_shut(&ctx->done);
    tell_watches(ctx);
}

void gonet__context_end(gonet_context_t *ctx, const gonet_error_t *cause)
{
    gonet_error_t *err, *told;
    gonet__list_t todo, *n;

    gonet__list_init(&todo);
    gonet__context_hold(ctx);
    cancel_one(ctx, gonet_err_canceled, cause, &todo);
    err = atomic_load(&ctx->err);
    told = gonet_error_ref(ctx->cause);
    gonet__context_unhold(ctx);
    while ((n = gonet__list_pop_front(&todo)) != NULL) {
        gonet_context_t *child = GONET__CONTAINER(n, gonet_context_t, sibling);

        cancel_one(child, err, told, &todo);
        gonet__context_unhold(child);
    }
    gonet_error_free(told);
}

void gonet_context_cancel_cause(gonet_context_t *ctx, gonet_error_t *cause)
{
    if (ctx != NULL && ctx != &no_memory) {
        if (ctx->stop != NULL)
            ctx->stop(ctx->own.value);
        gonet__context_end(ctx, cause);
    }
    gonet_error_free(cause);
}

void gonet_context_cancel(gonet_context_t *ctx)
{
    gonet_context_cancel_cause(ctx, NULL);
}

void gonet__context_set_stop(gonet_context_t *ctx, void (*stop)(void *value))
{
    ctx->stop = stop;
}

gonet_context_t *gonet_context_with_deadline_cause(gonet_context_t *parent, gonet_time_t d,
                                                   gonet_error_t *cause)
{
    return gonet__context_derive(parent, &(gonet__context_spec_t){.deadline = d.ns, .late = cause});
}

gonet_context_t *gonet_context_with_timeout_cause(gonet_context_t *parent, gonet_duration_t d,
                                                  gonet_error_t *cause)
{
    return gonet_context_with_deadline_cause(parent, gonet_after(d), cause);
}

gonet_context_t *gonet_context_with_deadline(gonet_context_t *parent, gonet_time_t d)
{
    return gonet_context_with_deadline_cause(parent, d, NULL);
}

gonet_context_t *gonet_context_with_timeout(gonet_context_t *parent, gonet_duration_t d)
{
    return gonet_context_with_deadline_cause(parent, gonet_after(d), NULL);
}

gonet_context_t *gonet_context_with_cancel(gonet_context_t *parent)
{
    return gonet__context_derive(parent, &(gonet__context_spec_t){.deadline = 0});
}

gonet_context_t *gonet_context_with_cancel_cause(gonet_context_t *parent)
{
    return gonet_context_with_cancel(parent);
}

gonet_context_t *gonet_context_without_cancel(gonet_context_t *parent)
{
    return gonet__context_derive(parent, &(gonet__context_spec_t){.alone = true});
}

gonet_context_t *gonet_context_with_value(gonet_context_t *parent, const void *key, void *value,
                                          void (*destroy)(void *value))
{
    return gonet__context_derive(
        parent, &(gonet__context_spec_t){.key = key, .value = value, .destroy = destroy});
}

gonet_context_t *gonet_context_ref(gonet_context_t *ctx)
{
    if (ctx != NULL && ctx != &no_memory)
        atomic_fetch_add_explicit(&ctx->owners, 1, memory_order_relaxed);
    return ctx;
}

void gonet_context_free(gonet_context_t *ctx)
{
    if (ctx == NULL || ctx == &no_memory ||
        atomic_fetch_sub_explicit(&ctx->owners, 1, memory_order_acq_rel) != 1)
        return;
    gonet_context_cancel(ctx);
    gonet__context_unhold(ctx);
}

gonet_error_t *gonet_context_err(gonet_context_t *ctx)
{
    gonet__task_tick();
    return gonet__context_err(ctx);
}

gonet_error_t *gonet__context_err(gonet_context_t *ctx)
{
    gonet_error_t *err;

    if (ctx == NULL)
        return NULL;
    if (ctx == &no_memory)
        return gonet_err_no_memory;
    err = atomic_load_explicit(&ctx->err, memory_order_acquire);
    if (err == NULL && expired(ctx))
        err = gonet_err_context_deadline_exceeded;
    return err;
}

const gonet_error_t *gonet_context_cause(gonet_context_t *ctx)
{
    const gonet_error_t *err = gonet_context_err(ctx), *cause = NULL;

    if (err == NULL || ctx == &no_memory)
        return err;
    cause = atomic_load(&ctx->err) != NULL ? ctx->cause : late_cause(ctx);
    return cause != NULL ? cause : err;
}

gonet_chan_t *gonet_context_done(gonet_context_t *ctx)
{
    return ctx != NULL ? &ctx->done : NULL;
}

int64_t gonet__context_deadline_ns(gonet_context_t *ctx)
{
    return ctx != NULL ? ctx->own.deadline : 0;
}

bool gonet_context_deadline(gonet_context_t *ctx, gonet_time_t *t)
{
    int64_t deadline = gonet__context_deadline_ns(ctx);

    if (t != NULL)
        t->ns = deadline;
    return deadline != 0;
}

void *gonet_context_value(gonet_context_t *ctx, const void *key)
{
    for (; key != NULL && ctx != NULL; ctx = ctx->parent) {
        if (ctx->own.key == key)
            return ctx->own.value;
    }
    return NULL;
}

/* give_up ends a wait that nobody will wait for; if it was claimed, the wake is still to come. */
static void give_up(gonet__wait_t *wait)
{
    if (!gonet__wait_end(wait, GONET__WAIT_INTERRUPTED))
        gonet__wait_for(wait, 0, GONET__WAIT_UNINTERRUPTIBLE, "context watch");
}

bool gonet__context_watch(gonet__context_watch_t *w, gonet_context_t *ctx, void (*fn)(void *arg),
                          void *arg)
{
    bool live = false;

    *w = (gonet__context_watch_t){.fn = fn, .arg = arg, .generation = gonet__fork_now()};
    if (ctx == NULL)
        return true;
    if (ctx != &no_memory) {
        gonet__list_init(&w->link);
        gonet__context_hold(ctx);
        lock(ctx);
        live = atomic_load_explicit(&ctx->err, memory_order_relaxed) == NULL;
        if (live)
            gonet__list_push_back(&ctx->watches, &w->link);
        unlock(ctx);
    }
    if (live) {
        w->context = ctx;
        return true;
    }
    gonet__context_unhold(ctx);
    if (fn == gonet__context_claim)
        give_up(arg);
    return false;
}

void gonet__context_unwatch(gonet__context_watch_t *w)
{
    gonet_context_t *ctx = w->context;
    gonet__wait_t wait;

    if (ctx == NULL)
        return;
    w->context = NULL;
    lock(ctx);
    if (w->generation == gonet__fork_now()) /* else the process forked meanwhile: forgotten */
        gonet__list_remove(&w->link);
    else
        w->running = false;
    if (w->running) {
        gonet__wait_init(&wait);
        w->unwatcher = &wait;
        unlock(ctx);
        gonet__wait_for(&wait, 0, GONET__WAIT_UNINTERRUPTIBLE, "context unwatch");
    } else {
        unlock(ctx);
    }
    gonet__context_unhold(ctx);
}

void gonet__context_claim(void *arg)
{
    gonet__wait_t *wait = arg;

    if (!gonet__wait_claim(wait))
        return;
    wait->value = GONET__CONTEXT_CANCELED;
    gonet__wait_wake(wait);
}
