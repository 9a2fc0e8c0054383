/*
 * What bounds a gonet_shutdown: who may not call it, what one that failed leaves behind, and that
 * the next runtime waits for its end.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "gonet/chan.h"
#include "gonet/task.h"
#include "runtime/ground/end_hook.h"
#include "runtime/sched/runtime.h"
#include "support/actor.h"
#include "support/leak.h"
#include "busy.h"

#define MS GONET_MILLISECOND

static void *shut_down_for_good(void *arg)
{
    assert_int_equal(gonet_shutdown(-1), 0);
    return arg;
}

static void *shut_down(void *arg)
{
    errno = 0;
    CHECK_INT(gonet_shutdown(GONET_SECOND), -1);
    CHECK_INT(errno, EDEADLK);
    return arg;
}

static void shut_down_in_task(void *arg)
{
    shut_down(arg);
    gonet_blocking(shut_down, arg);
}

/* It would wait for the caller, or for the task that waits for the caller. */
static void refused_from_tasks_and_the_pool(void **state)
{
    actor_t a;

    (void)state;
    actor_start(&a, BY_TASK, shut_down_in_task, NULL);
    actor_join(&a);
    assert_null(gonet_blocking(shut_down_for_good, NULL)); /* from a thread it is a plain call */
    check_report();
}

static void sleep_long(void *arg)
{
    gonet_sleep(GONET_HOUR);
    atomic_store((atomic_bool *)arg, true);
}

static void receive_one(void *arg)
{
    int x;

    CHECK(gonet_chan_recv(arg, &x));
}

/* A shutdown that failed concerns nobody who comes later, also when a worker learns of it late. */
static void nothing_is_left_of_a_failed_one(void **state)
{
    gonet_chan_t *ch = gonet_chan_new(sizeof(int), 0);
    atomic_bool over = false;
    busy_t b = {false, false, false};
    char listing[4096];
    actor_t receiver, other;
    int before = gonet_set_max_procs(1), x = 1;

    (void)state;
    assert_int_equal(gonet_go(compute, &b), 0);
    AWAIT(atomic_load(&b.runs));
    listing_begin();
    errno = 0;
    assert_int_equal(gonet_shutdown(MS), -1);
    assert_int_equal(errno, EBUSY);
    listing_end(listing, sizeof(listing));
    assert_int_equal(gonet_go(sleep_long, &over), 0);
    actor_start(&receiver, BY_TASK, receive_one, ch);
    atomic_store(&b.stop, true);
    for (int i = 0; i < 100; i++) { /* turns of the worker */
        actor_start(&other, BY_TASK, nothing, NULL);
        actor_join(&other);
    }
    assert_false(atomic_load(&over));
    assert_true(gonet_chan_send(ch, &x));
    actor_join(&receiver);
    assert_int_equal(gonet_shutdown(INT64_MAX), 0);
    assert_true(atomic_load(&over));
    gonet_set_max_procs(before);
    gonet_chan_free(ch);
    check_report();
}

static void *shut_down_in_vain(void *arg)
{
    do {
        CHECK_INT(gonet_shutdown(100 * MS), -1);
        CHECK_INT(errno, EBUSY);
    } while (!atomic_load((atomic_bool *)arg));
    return arg;
}

/* A number of workers that is set during a shutdown that fails holds afterwards. */
static void number_of_workers_is_not_forgotten(void **state)
{
    busy_t b = {false, false, false};
    char listing[4096];
    atomic_bool seen = false;
    pthread_t thread;
    int before = gonet_set_max_procs(0);

    (void)state;
    assert_int_equal(gonet_go(compute, &b), 0);
    AWAIT(atomic_load(&b.runs));
    listing_begin();
    assert_int_equal(pthread_create(&thread, NULL, shut_down_in_vain, &seen), 0);
    AWAIT(gonet_go(nothing, NULL) != 0 && errno == EAGAIN);
    gonet_set_max_procs(before + 1);
    atomic_store(&seen, true);
    pthread_join(thread, NULL);
    listing_end(listing, sizeof(listing));
    AWAIT(gonet__runtime_worker_count() == (unsigned)before + 1);
    atomic_store(&b.stop, true);
    assert_int_equal(gonet_shutdown(-1), 0);
    gonet_set_max_procs(before);
    check_report();
}

/* ---- the end of what layers above keep ---- */

static struct {
    atomic_bool observed; /* the hook waits for an attempt to start a task */
    atomic_int hooks;     /* begun */
    atomic_int attempted; /* during which hook */
    atomic_bool stop;
} hooked;

static void hook(void)
{
    int mine;

    if (!atomic_load(&hooked.observed))
        return;
    mine = atomic_fetch_add(&hooked.hooks, 1) + 1;
    AWAIT(atomic_load(&hooked.attempted) == mine);
}

static void attempt(void *arg)
{
    (void)arg;
    while (!atomic_load(&hooked.stop)) {
        int waits = atomic_load(&hooked.hooks);
        bool refused = gonet_go(nothing, NULL) != 0 && errno == EAGAIN;

        if (waits != atomic_load(&hooked.attempted)) {
            CHECK(refused);
            atomic_store(&hooked.attempted, waits);
        }
        sched_yield();
    }
}

/* What the hooks free is not the next runtime's: that one can't start before they are done. */
static void hooks_are_done_before_a_restart(void **state)
{
    static gonet__end_hook_t end_hook = {.fn = hook};
    actor_t a;

    (void)state;
    gonet__end_hook_add(&end_hook);
    memset(&hooked, 0, sizeof(hooked));
    atomic_store(&hooked.observed, true);
    actor_start(&a, BY_THREAD, attempt, NULL);
    for (int i = 0; i < 20 && !check_failed(); i++) /* of a runtime that runs, and of none */
        assert_int_equal(gonet_shutdown(-1), 0);
    atomic_store(&hooked.stop, true);
    actor_join(&a);
    atomic_store(&hooked.observed, false);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(refused_from_tasks_and_the_pool),
        LEAK_TEST(nothing_is_left_of_a_failed_one),
        LEAK_TEST(number_of_workers_is_not_forgotten),
        LEAK_TEST(hooks_are_done_before_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
