/*
 * A thread's eventfd is made when it first waits, and closed by the thread's destructor. Only who
 * has taken the thread's wait may write to it, and the thread waits for that write: so nobody ever
 * writes to a number that was given back. When no eventfd can be had, the thread polls in slices
 * instead.
 */
#include "runtime/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "runtime/netpoll.h"
#include "runtime/spin.h"

static _Thread_local gonet__thread_t self = {.event = -1};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

static void thread_ends(void *arg)
{
    gonet__thread_t *t = arg;

    if (t->event >= 0 && t->generation == gonet__fork_generation)
        close(t->event);
    t->event = -1;
}

static void make_key(void)
{
    pthread_key_create(&key, thread_ends);
}

gonet__thread_t *gonet__thread_self(void)
{
    /* in a forked child the number belongs to the parent's eventfd: leave it */
    if (self.event >= 0 && self.generation == gonet__fork_generation)
        return &self;
    if (self.event >= 0)
        close(self.event);
    atomic_store_explicit(&self.signalled, false, memory_order_relaxed);
    self.generation = gonet__fork_generation;
    gonet__fd_reserve_once();
    self.event = gonet__fd_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    pthread_once(&once, make_key);
    if (self.event >= 0 && pthread_setspecific(key, &self) != 0) {
        close(self.event);
        self.event = -1;
    }
    return &self;
}

void gonet__thread_signal(gonet__thread_t *t)
{
    uint64_t one = 1;
    int event = t->event;

    if (event < 0) {
        atomic_store(&t->signalled, true);
        return;
    }
    while (write(event, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

void gonet__thread_consume(gonet__thread_t *t)
{
    struct pollfd p = {.fd = t->event, .events = POLLIN};
    uint64_t count;

    if (t->event < 0) {
        while (!atomic_load(&t->signalled))
            gonet__spin_pause();
        atomic_store(&t->signalled, false);
        return;
    }
    while (read(t->event, &count, sizeof(count)) < 0 && (errno == EAGAIN || errno == EINTR))
        poll(&p, 1, -1);
}
