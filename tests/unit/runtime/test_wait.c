/*
 * Waits: a wake, a deadline and gonet_shutdown compete, one of them wins; and no timer of an
 * earlier wait ends a later one.
 */
#include "runtime/sched/wait.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/time/clock.h"
#include "runtime/netpoll/netpoll.h"
#include "runtime/sched/task.h"
#include "support/actor.h"
#include "support/leak.h"

#define MS GONET_MILLISECOND

typedef struct {
    gonet__wait_t wait;
    _Atomic bool ready; /* wait is initialised */
    int64_t deadline;
    unsigned flags;
    gonet__wait_state_t result;
    actor_t actor;
} waiter_t;

static void wait_once(void *arg)
{
    waiter_t *w = arg;

    gonet__wait_init(&w->wait);
    atomic_store(&w->ready, true);
    w->result = gonet__wait_for(&w->wait, w->deadline, w->flags, "test");
}

static void start(waiter_t *w, actor_kind_t kind, int64_t deadline)
{
    memset(w, 0, sizeof(*w));
    w->deadline = deadline;
    actor_start(&w->actor, kind, wait_once, w);
    AWAIT(atomic_load(&w->ready));
}

static void wake_ends_it(actor_kind_t kind)
{
    waiter_t w;

    start(&w, kind, 0);
    CHECK(gonet__wait_claim(&w.wait));
    CHECK(!gonet__wait_claim(&w.wait));
    gonet__wait_wake(&w.wait);
    actor_join(&w.actor);
    CHECK_INT(w.result, GONET__WAIT_CLAIMED);
}

static void deadline_ends_it(actor_kind_t kind)
{
    static const gonet_duration_t d[] = {30 * MS, 0, -GONET_HOUR};
    waiter_t w;

    for (int i = 0; i < 3; i++) {
        int64_t deadline = gonet__add_ns(gonet__now(), d[i]);
        start(&w, kind, deadline);
        actor_join(&w.actor);
        CHECK_INT(w.result, GONET__WAIT_EXPIRED);
        CHECK(gonet__now() >= deadline);
        CHECK(!gonet__wait_claim(&w.wait));
    }
    start(&w, kind, -5);
    actor_join(&w.actor);
    CHECK_INT(w.result, GONET__WAIT_EXPIRED);
}

static void one_of_two_wins(actor_kind_t kind)
{
    int woken = 0;

    for (int i = 0; i < 300; i++) {
        waiter_t w;
        bool ours;

        /* One of 20 waits so long that the wake comes first on the slowest machine. */
        start(&w, kind,
              gonet__add_ns(gonet__now(),
                            i % 20 == 19 ? GONET_HOUR : (i % 20) * 50 * GONET_MICROSECOND));
        ours = gonet__wait_claim(&w.wait);
        if (ours)
            gonet__wait_wake(&w.wait);
        actor_join(&w.actor);
        CHECK_INT(w.result, ours ? GONET__WAIT_CLAIMED : GONET__WAIT_EXPIRED);
        woken += ours;
    }
    CHECK(woken >= 300 / 20);
}

/* ---- timers of the past ---- */

static void hold_nothing(gonet__pd_t *pd)
{
    (void)pd;
}

/* Waits for a descriptor that is ready, with a deadline of d from now; whether it came first. */
static bool ready_before(gonet_duration_t d)
{
    static const gonet__pd_ops_t ops = {.hold = hold_nothing, .unhold = hold_nothing};
    static gonet__pd_t pds[64]; /* the loop lets go of them later */
    static size_t used;
    gonet__pd_t *pd = &pds[used++];
    int fds[2], e = 0;
    gonet__poll_status_t result;

    if (!CHECK(used < 64) || !CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0))
        return true;
    gonet__pd_init(pd, fds[0]);
    pd->ops = &ops;
    gonet__pd_set_deadline(pd, 1, gonet__add_ns(gonet__now(), d));
    CHECK(write(fds[1], "x", 1) == 1);
    result = gonet__pd_wait(pd, GONET__SIDE_READ, &e);
    CHECK(result == GONET__POLL_OK || result == GONET__POLL_TIMEOUT);
    gonet__pd_close(pd);
    gonet__pd_detach(pd);
    close(fds[0]);
    close(fds[1]);
    return result == GONET__POLL_OK;
}

/* Leaves the task's timer armed; for how long, which depends on the machine. */
static gonet_duration_t leave_timer(void)
{
    gonet_duration_t d = 20 * MS;

    while (!ready_before(d))
        d *= 2;
    return d;
}

static void sleep_after_timer(void *arg)
{
    gonet_duration_t d = 5 * leave_timer();
    gonet_time_t begin = gonet_now();

    (void)arg;
    gonet_sleep(d);
    CHECK(gonet_since(begin) >= d);
}

static void wait_after_timer(void *arg)
{
    waiter_t *w = arg;
    gonet_duration_t d = leave_timer();

    if (w->deadline != 0)
        w->deadline = gonet__add_ns(gonet__now(), 5 * d);
    wait_once(w);
}

static void old_timers_end_nothing(void **state)
{
    waiter_t w;
    actor_t a;

    (void)state;
    actor_start(&a, BY_TASK, sleep_after_timer, NULL);
    actor_join(&a);
    memset(&w, 0, sizeof(w));
    w.deadline = 1; /* it makes its own */
    actor_start(&w.actor, BY_TASK, wait_after_timer, &w);
    actor_join(&w.actor);
    assert_int_equal(w.result, GONET__WAIT_EXPIRED);
    assert_true(gonet__now() >= w.deadline);

    memset(&w, 0, sizeof(w)); /* no deadline at all */
    actor_start(&w.actor, BY_TASK, wait_after_timer, &w);
    AWAIT(atomic_load(&w.ready));
    gonet_sleep(60 * MS);
    assert_true(gonet__wait_claim(&w.wait));
    gonet__wait_wake(&w.wait);
    actor_join(&w.actor);
    assert_int_equal(w.result, GONET__WAIT_CLAIMED);
    check_report();
}

/* ---- shutdown ---- */

static void shutdown_interrupts_tasks(void **state)
{
    waiter_t w, uninterruptible, thread;

    (void)state;
    start(&thread, BY_THREAD, 0);
    start(&w, BY_TASK, 0);
    memset(&uninterruptible, 0, sizeof(w));
    uninterruptible.flags = GONET__WAIT_UNINTERRUPTIBLE;
    actor_start(&uninterruptible.actor, BY_TASK, wait_once, &uninterruptible);
    AWAIT(atomic_load(&uninterruptible.ready));
    assert_int_equal(gonet_shutdown(50 * MS), -1);
    actor_join(&w.actor);
    assert_int_equal(w.result, GONET__WAIT_INTERRUPTED);
    assert_true(gonet__wait_claim(&uninterruptible.wait));
    gonet__wait_wake(&uninterruptible.wait);
    assert_true(gonet__wait_claim(&thread.wait));
    gonet__wait_wake(&thread.wait);
    actor_join(&thread.actor);
    actor_join(&uninterruptible.actor);
    assert_int_equal(thread.result, GONET__WAIT_CLAIMED);
    assert_int_equal(uninterruptible.result, GONET__WAIT_CLAIMED);
    check_report();
}

#define BOTH(body)                             \
    static void body##_in_task(void **state)   \
    {                                          \
        (void)state;                           \
        body(BY_TASK);                         \
        check_report();                        \
    }                                          \
    static void body##_in_thread(void **state) \
    {                                          \
        (void)state;                           \
        body(BY_THREAD);                       \
        check_report();                        \
    }

BOTH(wake_ends_it)
BOTH(deadline_ends_it)
BOTH(one_of_two_wins)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(wake_ends_it_in_task),     LEAK_TEST(wake_ends_it_in_thread),
        LEAK_TEST(deadline_ends_it_in_task), LEAK_TEST(deadline_ends_it_in_thread),
        LEAK_TEST(one_of_two_wins_in_task),  LEAK_TEST(one_of_two_wins_in_thread),
        LEAK_TEST(old_timers_end_nothing),   LEAK_TEST(shutdown_interrupts_tasks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
