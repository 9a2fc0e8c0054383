/*
 * libuv aborts when a descriptor is closed between uv_poll_start and the next turn of the loop, and
 * a late uv_close deletes whatever has the same number by then. So:
 *
 * - all starts happen in gonet__watch_apply, under the worker's registration lock, which the loop's
 * flush (uv_run NOWAIT) still holds: outside the lock nothing is pending in libuv;
 * - a closer on any thread takes that lock, deletes the descriptor from the loop's epoll set by
 * itself, and marks the watch dead; then it may close(2). The worker closes the handle when it gets
 * there, before it starts any new one;
 * - an interest that nobody waits for any more is dropped when it has fired once for nothing.
 *
 * Locks, in this order: a loop, a pd's (which watch serves which side), a worker's registration.
 */
#include "runtime/poller/watch.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <uv.h>

#include "base/alloc.h"
#include "runtime/poller/loop.h"
#include "gonet/errno.h"
#include "runtime/netpoll/netpoll_task.h"
#include "runtime/ground/pi_lock.h"

typedef struct gonet__watch {
    uv_poll_t handle; /* first; it ends with what libuv looks at for an event, and so do we begin */
    gonet__pd_t *pd;  /* its memory is held as long as the watch lives */
    gonet__worker_t *worker;
    _Atomic bool dead;               /* written under the registration lock */
    _Atomic uint8_t want;            /* 1u << side; written under the pd's lock */
    uint8_t set;                     /* what libuv was told; under the loop's lock */
    int errnum;                      /* why it could not be started; under the loop's lock */
    bool dirty;                      /* under the loop's lock */
    bool started;                    /* the handle is initialised; registration lock */
    struct gonet__watch *next;       /* requests, retired or closed */
    struct gonet__watch *next_dirty; /* under the loop's lock */
    gonet__list_t all;               /* the worker's watches; registration lock */
} watch_t;

static void mark_dirty(watch_t *watch)
{
    gonet__worker_t *w = watch->worker;

    if (watch->dirty)
        return;
    watch->dirty = true;
    watch->next_dirty = w->dirty;
    w->dirty = watch;
    atomic_store_explicit(&w->apply_wanted, true, memory_order_relaxed);
}

static void on_closed(uv_handle_t *handle)
{
    watch_t *watch = GONET__CONTAINER(handle, watch_t, handle);
    gonet__worker_t *w = watch->worker;

    watch->next = w->closed;
    w->closed = watch;
    uv_stop(&w->loop); /* for its memory to be released */
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    watch_t *watch = GONET__CONTAINER(handle, watch_t, handle);
    gonet__worker_t *w = watch->worker;
    bool error = status < 0;

    uv_stop(&w->loop);
    if (atomic_load(&watch->dead))
        return;
    if (error) {
        uv_poll_stop(handle); /* libuv has stopped it, and left it in the kernel's set */
        watch->set = 0;
        events = UV_READABLE | UV_WRITABLE;
        mark_dirty(watch);
    }
    if ((events & UV_READABLE) != 0 && !gonet__poll_event(watch->pd, GONET__SIDE_READ, error))
        mark_dirty(watch);
    if ((events & UV_WRITABLE) != 0 && !gonet__poll_event(watch->pd, GONET__SIDE_WRITE, error))
        mark_dirty(watch);
}

static watch_t *new_watch(gonet__worker_t *w, gonet__pd_t *pd, unsigned want)
{
    watch_t *watch = gonet__zalloc(sizeof(*watch));

    if (watch == NULL)
        return NULL;
    watch->worker = w;
    watch->pd = pd;
    atomic_init(&watch->want, (uint8_t)want);
    pd->hold(pd);
    return watch;
}

/* Under the registration lock. */
static void enlist(watch_t *watch)
{
    gonet__worker_t *w = watch->worker;

    gonet__list_push_back(&w->watches, &watch->all);
    watch->next = w->requests;
    w->requests = watch;
}

/* Under the pd's lock. On the watch's worker. */
static void request(watch_t *watch)
{
    gonet__worker_t *w = watch->worker;

    gonet__pi_lock(&w->registration);
    enlist(watch);
    gonet__pi_unlock(&w->registration);
    atomic_store(&w->apply_wanted, true);
}

/*
 * Under the pd's lock, which no longer points to watch. Any thread; after it fd may be closed. The
 * substitute on the same worker, if any, takes its place at once: a worker that ends may see no
 * moment without a watch that it has to detach.
 */
static void retire(watch_t *watch, int fd, watch_t *substitute)
{
    gonet__worker_t *w = watch->worker;
    bool own = w == gonet__here() && gonet__loop_try_lock(w);

    gonet__pi_lock(&w->registration);
    atomic_store(&watch->dead, true);
    gonet__list_remove(&watch->all);
    if (watch->started && own) {
        uv_close((uv_handle_t *)&watch->handle, on_closed);
    } else if (watch->started) {
        epoll_ctl(uv_backend_fd(&w->loop), EPOLL_CTL_DEL, fd, NULL);
        watch->next = w->retired;
        w->retired = watch;
    } /* else it is still among the requests, where it is found dead */
    if (substitute != NULL)
        enlist(substitute);
    atomic_store(&w->apply_wanted, true);
    if (!own)
        gonet__worker_wake(w);
    gonet__pi_unlock(&w->registration);
    if (own)
        gonet__loop_unlock(w);
}

/* Under the pd's lock: the watch that is to serve side on w; NULL without memory. */
static watch_t *choose_watch(gonet__worker_t *w, gonet__pd_t *pd, gonet__side_t side)
{
    watch_t *mine = atomic_load(&pd->watch[side]);
    watch_t *others = atomic_load(&pd->watch[!side]);
    watch_t *watch;
    watch_t *substitute = NULL;

    if (mine != NULL && mine->worker == w)
        return mine;
    if (others != NULL && others->worker == w) {
        watch = others;
    } else {
        watch = new_watch(w, pd, 0);
        if (watch == NULL)
            return NULL;
    }
    if (mine != NULL && mine == others) { /* the other side stays where it is, alone */
        substitute = new_watch(mine->worker, pd, 1u << !side);
        if (substitute == NULL) {
            pd->unhold(pd);
            gonet__free(watch);
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

bool gonet__watch_arm(gonet__worker_t *w, gonet__pd_t *pd, gonet__side_t side)
{
    watch_t *watch = NULL;
    bool closing;

    gonet__loop_lock(w);
    gonet__pi_lock(&pd->lock);
    closing = atomic_load(&pd->closing); /* else the lock comes before the closer's who detaches */
    if (!closing)
        watch = choose_watch(w, pd, side);
    if (watch != NULL) {
        atomic_fetch_or(&watch->want, (uint8_t)(1u << side));
        atomic_store(&pd->side[side].armed, true);
        mark_dirty(watch);
    }
    gonet__pi_unlock(&pd->lock);
    gonet__loop_unlock(w);
    return watch != NULL || closing;
}

void gonet__pd_detach(gonet__pd_t *pd)
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
    gonet__timer_remove(&pd->timer);
}

/* Drops the interests of a dirty watch that nobody waits for. */
static void settle(watch_t *watch)
{
    gonet__pd_t *pd = watch->pd;

    gonet__pi_lock(&pd->lock);
    for (int i = 0; i < 2; i++) {
        if (atomic_load(&pd->watch[i]) != watch || gonet__poll_wanted(pd, (gonet__side_t)i))
            continue;
        bool armed = atomic_exchange(&pd->side[i].armed, false);
        if (gonet__poll_wanted(pd, (gonet__side_t)i)) /* it has come meanwhile, and relies on it */
            atomic_store(&pd->side[i].armed, armed);
        else
            atomic_fetch_and(&watch->want, (uint8_t) ~(1u << i));
    }
    gonet__pi_unlock(&pd->lock);
}

/* Under the registration lock: the handle of a watch that was asked for. 0 or an errno. */
static int start_handle(watch_t *watch)
{
    int r = uv_poll_init(&watch->worker->loop, &watch->handle, watch->pd->fd);

    watch->started = r == 0;
    return -r;
}

/* Under the registration lock: tells libuv what is wanted; true if the loop must be flushed. */
static bool sync_interest(watch_t *watch)
{
    uint8_t want = atomic_load(&watch->want);

    if (want == watch->set)
        return false;
    watch->set = want;
    if (want == 0) {
        uv_poll_stop(&watch->handle);
        return false;
    }
    uv_poll_start(&watch->handle,
                  ((want & 1u) != 0 ? UV_READABLE : 0) | ((want & 2u) != 0 ? UV_WRITABLE : 0),
                  on_poll);
    return true;
}

/* The watch can't be had: whoever waits for it is told. */
static void give_up(watch_t *watch)
{
    gonet__pd_t *pd = watch->pd;
    gonet__worker_t *w = watch->worker;
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
        gonet__pi_lock(&w->registration);
        gonet__list_remove(&watch->all);
        gonet__pi_unlock(&w->registration);
        gonet__poll_failed(pd, watch->errnum);
    }
    watch->next = w->closed;
    w->closed = watch;
}

/* Under the registration lock. Those that failed are linked in *failed. */
static bool start_requests(gonet__worker_t *w, watch_t **failed)
{
    watch_t *watch = w->requests;
    bool flush = false;

    w->requests = NULL;
    while (watch != NULL) {
        watch_t *next = watch->next;
        watch->errnum = atomic_load(&watch->dead) ? ECANCELED : start_handle(watch);
        if (watch->errnum == 0) {
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
static void close_retired(gonet__worker_t *w)
{
    while (w->retired != NULL) {
        watch_t *watch = w->retired;
        w->retired = watch->next;
        uv_close((uv_handle_t *)&watch->handle, on_closed);
    }
}

void gonet__watch_apply_wanted(gonet__worker_t *w)
{
    watch_t *dirty;
    watch_t *failed = NULL;
    bool flush;

    atomic_store(&w->apply_wanted, false);
    for (watch_t *d = w->dirty; d != NULL; d = d->next_dirty)
        settle(d);
    dirty = w->dirty;
    w->dirty = NULL;
    gonet__pi_lock(&w->registration);
    close_retired(w);
    flush = start_requests(w, &failed);
    while (dirty != NULL) {
        watch_t *watch = dirty;
        dirty = watch->next_dirty;
        watch->dirty = false;
        if (watch->started && !atomic_load(&watch->dead))
            flush |= sync_interest(watch);
    }
    if (flush)
        uv_run(&w->loop, UV_RUN_NOWAIT);
    gonet__pi_unlock(&w->registration);
    while (failed != NULL) {
        watch_t *watch = failed;
        failed = watch->next;
        give_up(watch);
    }
    gonet__watch_free_closed(w);
}

void gonet__watch_free_list(gonet__worker_t *w)
{
    watch_t *watch = w->closed;

    w->closed = NULL;
    while (watch != NULL) {
        watch_t *next = watch->next;
        gonet__pd_t *pd = watch->pd;
        if (watch->dirty) { /* still in the list: the next apply must not find it */
            watch_t **p = &w->dirty;
            while (*p != watch)
                p = &(*p)->next_dirty;
            *p = watch->next_dirty;
        }
        gonet__free(watch);
        pd->unhold(pd);
        watch = next;
    }
}

/* The first of the worker's watches that can be locked together with its pd; NULL: none left. */
static watch_t *any_watch(gonet__worker_t *w)
{
    watch_t *watch = NULL;

    gonet__pi_lock(&w->registration);
    if (!gonet__list_empty(&w->watches)) {
        watch = GONET__CONTAINER(w->watches.next, watch_t, all);
        watch->pd->hold(watch->pd);
    }
    gonet__pi_unlock(&w->registration);
    return watch;
}

void gonet__watch_detach_all(gonet__worker_t *w)
{
    watch_t *watch;

    while ((watch = any_watch(w)) != NULL) {
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
        gonet__poll_recheck(pd); /* who waits is watched from where it runs next */
        pd->unhold(pd);
    }
    atomic_store(&w->apply_wanted, true);
    gonet__watch_apply(w);
}

void gonet__watch_sweep(gonet__worker_t *w)
{
    gonet__pi_lock(&w->registration);
    for (gonet__list_t *n = w->watches.next; n != &w->watches; n = n->next)
        gonet__poll_recheck(GONET__CONTAINER(n, watch_t, all)->pd);
    gonet__pi_unlock(&w->registration);
}
