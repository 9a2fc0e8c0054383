/*
 * fork: the child has one thread and none of the workers. Its inherited epoll sets are shared with
 * the parent, where a deletion would unregister the parent's sockets: so the child closes the
 * numbers and touches nothing else of the old loops, whose memory is given up. Its runtime starts
 * afresh at the first need; descriptors are reset at their first use, seen by
 * gonet__fork_generation.
 */
#include "runtime/fork.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "runtime/debug.h"
#include "runtime/dump.h"
#include "runtime/netpoll.h"
#include "runtime/pool.h"
#include "runtime/runtime.h"
#include "runtime/signals.h"
#include "runtime/stack.h"

/* In a generation: somebody is at the reset. */
#define RESETTING (1u << 31)

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void)
{
    pthread_mutex_lock(&gonet__runtime.lock);
    gonet__pool_fork_prepare();
}

static void parent(void)
{
    gonet__pool_fork_parent();
    pthread_mutex_unlock(&gonet__runtime.lock);
}

static void close_numbers(gonet__worker_t *w, void *arg)
{
    uv_loop_t *loop = &w->loop;

    (void)arg;
    close(uv_backend_fd(loop));
    close(loop->async_io_watcher.fd);
    for (int i = 0; i < 2; i++) {
        if (loop->signal_pipefd[i] >= 0)
            close(loop->signal_pipefd[i]);
    }
}

static void child(void)
{
    gonet__runtime_t *r = &gonet__runtime;
    unsigned wanted = r->wanted;
    bool was_worker = gonet__this_worker != NULL;

    atomic_store(&gonet__ending, false);
    gonet__fork_generation++;
    gonet__runtime_each(close_numbers, NULL);
    *r = (gonet__runtime_t){.wanted = wanted, .layout = &gonet__debug_layout};
    pthread_mutex_init(&r->lock, NULL);
    gonet__runtime_init_idle();
    gonet__this_worker = NULL;
    gonet__in_runtime = false;
    gonet__stack_forget();
    gonet__dump_fork_child();
    gonet__pool_fork_child();
    if (was_worker)
        gonet__signals_restore_mask();
}

static void install(void)
{
    pthread_atfork(prepare, parent, child);
}

void gonet__runtime_install_fork(void)
{
    pthread_once(&once, install);
}

bool gonet__fork_claim(_Atomic uint32_t *generation)
{
    const uint32_t now = gonet__fork_generation;
    uint32_t seen = atomic_load(generation);

    while (seen != now) {
        if (seen == (now | RESETTING)) {
            sched_yield();
            seen = atomic_load(generation);
        } else if (atomic_compare_exchange_weak(generation, &seen, now | RESETTING)) {
            return true;
        }
    }
    return false;
}
