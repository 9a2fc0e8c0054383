/*
 * An eventfd belongs to a wait: taken from the few that are kept when it begins, given back when it
 * ends. So nothing has to be done when a thread ends, maybe after the library has been unloaded.
 * Only who has taken the thread's wait may write to it, and the thread waits for that write: so
 * nobody ever writes to a number that was given back. When no eventfd can be had, the thread polls
 * in slices instead.
 *
 * They are kept in slots, each changed by one exchange. A thread begins at the slot where it has
 * put one the last time, so that it usually finds that, still in its processor's cache.
 */
#include "runtime/netpoll/thread.h"

#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "gonet/errno.h"
#include "gonet/time.h"
#include "runtime/ground/end_hook.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/here.h"
#include "runtime/ground/spin.h"
#include "runtime/time/clock.h"

#define SLOTS 256
#define APART 9 /* of threads that come one after another: another cache line */

/*
 * A process that is stopped and goes on is to find its deadlines where they were. The kernel keeps
 * poll's limit as an instant over that, but ppoll's as what is left. Where there is no poll (newer
 * machines) the C library makes it of ppoll, which is then called in slices, so that a deadline is
 * late by one at most.
 */
#ifdef SYS_poll
#define MAX_POLL_MS INT_MAX
#else
#define MAX_POLL_MS 100
#endif

static _Atomic int slots[SLOTS]; /* numbers; 0: none */

static int take(void)
{
    static _Atomic unsigned threads;

    uint32_t *favourite = &gonet__local()->favourite;

    if (*favourite == 0)
        *favourite =
            1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) * APART % SLOTS;
    for (unsigned i = 0; i < SLOTS; i++) {
        _Atomic int *slot = &slots[(*favourite + i) % SLOTS];
        int event = atomic_load_explicit(slot, memory_order_relaxed);

        if (event != 0 && (event = atomic_exchange(slot, 0)) != 0)
            return event;
    }
    return -1;
}

static void close_event(int event)
{
    gonet__fork_disown(event);
    close(event);
}

static void close_kept(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        int event = atomic_exchange(&slots[i], 0);

        if (event != 0)
            close_event(event);
    }
}

/* A child has closed them. */
static void forget_kept(void)
{
    for (unsigned i = 0; i < SLOTS; i++)
        atomic_store(&slots[i], 0);
}

GONET__FORK_HOOK(forget_kept)

void gonet__thread_begin(gonet__thread_t *t)
{
    static gonet__end_hook_t hook = {.fn = close_kept};

    (void)gonet__fork_now();
    atomic_init(&t->signalled, false);
    t->event = take();
    if (t->event >= 0)
        return;
    gonet__fd_reserve_once();
    t->event = gonet__fd_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    gonet__fork_own(t->event);
    gonet__end_hook_add(&hook);
}

void gonet__thread_end(gonet__thread_t *t)
{
    if (t->event < 0)
        return;
    for (unsigned i = 0; i < SLOTS; i++) {
        _Atomic int *slot = &slots[(gonet__local()->favourite + i) % SLOTS];
        int none = 0;

        if (atomic_load_explicit(slot, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(slot, &none, t->event))
            return;
    }
    close_event(t->event);
}

/* For poll: rounded up, so that it does not come back too early again and again. */
static int milliseconds_until(int64_t limit)
{
    int64_t ns, ms;

    if (limit == 0)
        return -1;
    ns = gonet__sub_ns(limit, gonet__now());
    ms = ns <= 0 ? 0 : ns / GONET_MILLISECOND + (ns % GONET_MILLISECOND != 0);
    return ms < MAX_POLL_MS ? (int)ms : MAX_POLL_MS;
}

int gonet__thread_poll(struct pollfd *p, unsigned n, int64_t limit)
{
    if (poll(p, n, milliseconds_until(limit)) >= 0)
        return 0;
    for (unsigned i = 0; i < n; i++)
        p[i].revents = 0;
    return errno == EINTR ? 0 : errno;
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
    unsigned turns = 0;
    uint64_t count;

    if (t->event < 0) {
        while (!atomic_load(&t->signalled))
            gonet__relax(&turns);
        atomic_store(&t->signalled, false);
        return;
    }
    while (read(t->event, &count, sizeof(count)) < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (gonet__thread_poll(&p, 1, 0) != 0)
            gonet__relax(&turns);
    }
}
