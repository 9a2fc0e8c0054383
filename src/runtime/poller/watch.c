/*
 * Which poller watches which descriptor for what. A pd has at most one watch per side, one for both
 * sides if they are waited for on the same worker; so no two pollers ever watch the same side.
 *
 * libuv aborts when a descriptor is closed between uv_poll_start and the next turn of the loop, and
 * a late uv_close deletes whatever has the same number by then; the rules are good for others, too:
 *
 * - all starts happen in gonet__poller_apply, under the poller's registration lock, which the
 * loop's flush still holds: outside the lock nothing is pending in the loop;
 * - a closer on any thread takes that lock, takes the descriptor away from the kernel's side of the
 * loop (gonet__loop_forget), and marks the watch dead; then it may close(2). The worker stops the
 * watch when it gets there, before it starts any new one;
 * - an interest that nobody waits for any more is dropped when it has fired once for nothing.
 *
 * Locks, in this order: a poller's, a pd's (which watch serves which side), a poller's
 * registration.
 */
#include "runtime/poller/poller.h"

#include "gonet/errno.h"
#include "runtime/ground/here.h"
#include "runtime/ground/pi_lock.h"
#include "runtime/ground/spin.h"
#include "runtime/poller/loop.h"

typedef gonet__watch_t watch_t;

void gonet__poller_wait(gonet__poller_t *p)
{
    unsigned turns = 0;

    do
        gonet__relax(&turns);
    while (!gonet__poller_try_lock(p));
}

bool gonet__poller_wake(gonet__poller_t *p)
{
    bool ours;

    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&p->sleeping, memory_order_relaxed))
        return false;
    atomic_fetch_add(&p->wakers, 1); /* it may wake by itself, and must not end meanwhile */
    ours = atomic_exchange(&p->sleeping, false);
    if (ours)
        gonet__loop_wake(p);
    atomic_fetch_sub_explicit(&p->wakers, 1, memory_order_release);
    return ours;
}

int gonet__poller_open(gonet__poller_t *p, struct gonet__worker *owner)
{
    atomic_store(&p->lock, 1);
    p->owner = owner;
    gonet__list_init(&p->watches);
    return gonet__loop_open(p);
}

void gonet__poller_close(gonet__poller_t *p)
{
    unsigned turns = 0;

    while (atomic_load_explicit(&p->wakers, memory_order_acquire) != 0)
        gonet__relax(&turns);
    gonet__loop_close(p);
}

void gonet__watch_mark(watch_t *watch)
{
    gonet__poller_t *p = watch->poller;

    if (watch->dirty)
        return;
    watch->dirty = true;
    watch->next_dirty = p->dirty;
    p->dirty = watch;
    atomic_store_explicit(&p->apply_wanted, true, memory_order_relaxed);
}

void gonet__watch_closed(watch_t *watch)
{
    gonet__poller_t *p = watch->poller;

    watch->next = p->closed;
    p->closed = watch;
}

static watch_t *new_watch(gonet__poller_t *p, gonet__pd_t *pd, unsigned want)
{
    watch_t *watch = gonet__loop_new();

    if (watch == NULL)
        return NULL;
    watch->poller = p;
    watch->pd = pd;
    atomic_init(&watch->want, (uint8_t)want);
    pd->ops->hold(pd);
    return watch;
}

/* Under the registration lock. */
static void enlist(watch_t *watch)
{
    gonet__poller_t *p = watch->poller;

    gonet__list_push_back(&p->watches, &watch->all);
    watch->next = p->requests;
    p->requests = watch;
}

/* Under the pd's lock. On the watch's worker. */
static void request(watch_t *watch)
{
    gonet__poller_t *p = watch->poller;

    gonet__pi_lock(&p->registration);
    enlist(watch);
    gonet__pi_unlock(&p->registration);
    atomic_store(&p->apply_wanted, true);
}

/*
 * Under the pd's lock, which no longer points to watch. Any thread; after it fd may be closed. The
 * substitute on the same worker, if any, takes its place at once: a worker that ends may see no
 * moment without a watch that it has to detach.
 */
static void retire(watch_t *watch, int fd, watch_t *substitute)
{
    gonet__poller_t *p = watch->poller;
    bool own = p->owner == gonet__here() && gonet__poller_try_lock(p);

    gonet__pi_lock(&p->registration);
    atomic_store(&watch->dead, true);
    gonet__list_remove(&watch->all);
    if (watch->started && own) {
        gonet__loop_stop(watch);
    } else if (watch->started) {
        gonet__loop_forget(p, fd);
        watch->next = p->retired;
        p->retired = watch;
    } /* else it is still among the requests, where it is found dead */
    if (substitute != NULL)
        enlist(substitute);
    atomic_store(&p->apply_wanted, true);
    if (!own)
        gonet__poller_wake(p);
    gonet__pi_unlock(&p->registration);
    if (own)
        gonet__poller_unlock(p);
}

/* Under the pd's lock: the watch that is to serve side in p; NULL without memory. */
static watch_t *choose_watch(gonet__poller_t *p, gonet__pd_t *pd, gonet__side_t side)
{
    watch_t *mine = atomic_load(&pd->watch[side]);
    watch_t *others = atomic_load(&pd->watch[!side]);
    watch_t *watch;
    watch_t *substitute = NULL;

    if (mine != NULL && mine->poller == p)
        return mine;
    if (others != NULL && others->poller == p) {
        watch = others;
    } else {
        watch = new_watch(p, pd, 0);
        if (watch == NULL)
            return NULL;
    }
    if (mine != NULL && mine == others) { /* the other side stays where it is, alone */
        substitute = new_watch(mine->poller, pd, 1u << !side);
        if (substitute == NULL) {
            pd->ops->unhold(pd);
            gonet__loop_free(watch);
            return NULL;
        }
        atomic_store(&pd->watch[!side], substitute);
    }
    atomic_store(&pd->watch[side], watch);
    if (mine != NULL)
        retire(mine, pd->fd, substitute);
    if (watch != others)
        request(watch);
    return watch;
}

bool gonet__poller_arm(gonet__poller_t *p, gonet__pd_t *pd, gonet__side_t side)
{
    watch_t *watch = NULL;
    bool closing;

    gonet__poller_lock(p);
    gonet__pi_lock(&pd->lock);
    closing = atomic_load(&pd->closing); /* else the lock comes before the closer's who detaches */
    if (!closing)
        watch = choose_watch(p, pd, side);
    if (watch != NULL) {
        atomic_fetch_or(&watch->want, (uint8_t)(1u << side));
        atomic_store(&pd->side[side].armed, true);
        gonet__watch_mark(watch);
    }
    gonet__pi_unlock(&pd->lock);
    gonet__poller_unlock(p);
    return watch != NULL || closing;
}

void gonet__poller_detach(gonet__pd_t *pd)
{
    watch_t *a;
    watch_t *b;

    gonet__pi_lock(&pd->lock);
    a = atomic_exchange(&pd->watch[0], NULL);
    b = atomic_exchange(&pd->watch[1], NULL);
    atomic_store(&pd->side[0].armed, false);
    atomic_store(&pd->side[1].armed, false);
    if (a != NULL)
        retire(a, pd->fd, NULL);
    if (b != NULL && b != a)
        retire(b, pd->fd, NULL);
    gonet__pi_unlock(&pd->lock);
}

/* Drops the interests of a dirty watch that nobody waits for. */
static void settle(watch_t *watch)
{
    gonet__pd_t *pd = watch->pd;

    gonet__pi_lock(&pd->lock);
    for (int i = 0; i < 2; i++) {
        if (atomic_load(&pd->watch[i]) != watch || pd->calls->wanted(pd, (gonet__side_t)i))
            continue;
        bool armed = atomic_exchange(&pd->side[i].armed, false);
        if (pd->calls->wanted(pd, (gonet__side_t)i)) /* it has come meanwhile, and relies on it */
            atomic_store(&pd->side[i].armed, armed);
        else
            atomic_fetch_and(&watch->want, (uint8_t) ~(1u << i));
    }
    gonet__pi_unlock(&pd->lock);
}

/* Under the registration lock: tells the loop what is wanted; true if it must be flushed. */
static bool sync_interest(watch_t *watch)
{
    uint8_t want = atomic_load(&watch->want);

    if (want == watch->set)
        return false;
    watch->set = want;
    gonet__loop_want(watch, want);
    return want != 0;
}

/* The watch can't be had: whoever waits for it is told. */
static void give_up(watch_t *watch)
{
    gonet__pd_t *pd = watch->pd;
    gonet__poller_t *p = watch->poller;
    bool ours = false;

    gonet__pi_lock(&pd->lock);
    for (int i = 0; i < 2; i++) {
        if (atomic_load(&pd->watch[i]) != watch)
            continue;
        ours = true;
        atomic_store(&pd->watch[i], NULL);
        atomic_store(&pd->side[i].armed, false);
    }
    gonet__pi_unlock(&pd->lock);
    if (ours) {
        gonet__pi_lock(&p->registration);
        gonet__list_remove(&watch->all);
        gonet__pi_unlock(&p->registration);
        pd->calls->failed(pd, watch->errnum);
    }
    watch->next = p->closed;
    p->closed = watch;
}

/* Under the registration lock. Those that failed are linked in *failed. */
static bool start_requests(gonet__poller_t *p, watch_t **failed)
{
    watch_t *watch = p->requests;
    bool flush = false;

    p->requests = NULL;
    while (watch != NULL) {
        watch_t *next = watch->next;
        watch->errnum = atomic_load(&watch->dead) ? ECANCELED : gonet__loop_start(watch);
        if (watch->errnum == 0) {
            watch->started = true;
            flush |= sync_interest(watch);
        } else {
            watch->next = *failed;
            *failed = watch;
        }
        watch = next;
    }
    return flush;
}

/* Under the registration lock. */
static void close_retired(gonet__poller_t *p)
{
    while (p->retired != NULL) {
        watch_t *watch = p->retired;
        p->retired = watch->next;
        gonet__loop_stop(watch);
    }
}

void gonet__poller_apply_wanted(gonet__poller_t *p)
{
    watch_t *dirty;
    watch_t *failed = NULL;
    bool flush;

    atomic_store(&p->apply_wanted, false);
    for (watch_t *d = p->dirty; d != NULL; d = d->next_dirty)
        settle(d);
    dirty = p->dirty;
    p->dirty = NULL;
    gonet__pi_lock(&p->registration);
    close_retired(p);
    flush = start_requests(p, &failed);
    while (dirty != NULL) {
        watch_t *watch = dirty;
        dirty = watch->next_dirty;
        watch->dirty = false;
        if (watch->started && !atomic_load(&watch->dead))
            flush |= sync_interest(watch);
    }
    if (flush)
        gonet__loop_flush(p);
    gonet__pi_unlock(&p->registration);
    while (failed != NULL) {
        watch_t *watch = failed;
        failed = watch->next;
        give_up(watch);
    }
    gonet__poller_free_closed(p);
}

void gonet__poller_free_list(gonet__poller_t *p)
{
    watch_t *watch = p->closed;

    p->closed = NULL;
    while (watch != NULL) {
        watch_t *next = watch->next;
        gonet__pd_t *pd = watch->pd;
        if (watch->dirty) { /* still in the list: the next apply must not find it */
            watch_t **at = &p->dirty;
            while (*at != watch)
                at = &(*at)->next_dirty;
            *at = watch->next_dirty;
        }
        gonet__loop_free(watch);
        pd->ops->unhold(pd);
        watch = next;
    }
}

/* The first of the worker's watches that can be locked together with its pd; NULL: none left. */
static watch_t *any_watch(gonet__poller_t *p)
{
    watch_t *watch = NULL;

    gonet__pi_lock(&p->registration);
    if (!gonet__list_empty(&p->watches)) {
        watch = GONET__CONTAINER(p->watches.next, watch_t, all);
        watch->pd->ops->hold(watch->pd);
    }
    gonet__pi_unlock(&p->registration);
    return watch;
}

void gonet__poller_detach_all(gonet__poller_t *p)
{
    watch_t *watch;

    while ((watch = any_watch(p)) != NULL) {
        gonet__pd_t *pd = watch->pd;
        gonet__pi_lock(&pd->lock);
        bool ours = false;
        for (int i = 0; i < 2; i++) {
            if (atomic_load(&pd->watch[i]) == watch) {
                atomic_store(&pd->watch[i], NULL);
                atomic_store(&pd->side[i].armed, false);
                ours = true;
            }
        }
        if (ours)
            retire(watch, pd->fd, NULL);
        gonet__pi_unlock(&pd->lock);
        pd->calls->recheck(pd); /* who waits is watched from where it runs next */
        pd->ops->unhold(pd);
    }
    atomic_store(&p->apply_wanted, true);
    gonet__poller_apply(p);
}

void gonet__poller_sweep(gonet__poller_t *p)
{
    gonet__pi_lock(&p->registration);
    for (gonet__list_t *n = p->watches.next; n != &p->watches; n = n->next) {
        gonet__pd_t *pd = GONET__CONTAINER(n, watch_t, all)->pd;

        pd->calls->recheck(pd);
    }
    gonet__pi_unlock(&p->registration);
}
