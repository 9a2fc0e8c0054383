/*
 * Workers: their number, where tasks go, and that a worker held by one task delays none that has
 * not begun as long as another worker is free.
 */
#include "gonet/task.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "gonet/chan.h"
#include "meeting.h"
#include "runtime/sched/runtime.h"
#include "support/actor.h"
#include "support/leak.h"

/* ---- the number of workers ---- */

typedef struct {
    atomic_bool stop;
    atomic_int ran;
} churn_t;

static void churn_once(void *arg)
{
    churn_t *c = arg;

    gonet_sleep(50 * GONET_MICROSECOND);
    gonet_yield();
    atomic_fetch_add(&c->ran, 1);
}

static void churn(void *arg)
{
    churn_t *c = arg;
    gonet_wait_group_t some = {0};

    while (!atomic_load(&c->stop)) {
        for (int i = 0; i < 40; i++)
            CHECK(gonet_wait_group_go(&some, churn_once, c) == 0);
        gonet_wait_group_wait(&some);
    }
}

/* Up and down while tasks are started, run and sleep on all workers. */
static void workers_come_and_go(void **state)
{
    churn_t c = {false, 0};
    actor_t actor[4];
    int before = gonet_set_max_procs(0);

    (void)state;
    for (int i = 0; i < 4; i++)
        actor_start(&actor[i], i % 2 ? BY_TASK : BY_THREAD, churn, &c);
    for (int i = 0; i < 300; i++) {
        int n = 1 + (i * 7) % 5;
        gonet_set_max_procs(n);
        assert_int_equal(gonet_set_max_procs(0), n);
        assert_int_equal(gonet__runtime_worker_count(), n);
        gonet_sleep(200 * GONET_MICROSECOND);
    }
    atomic_store(&c.stop, true);
    for (int i = 0; i < 4; i++)
        actor_join(&actor[i]);
    gonet_set_max_procs(before);
    check_report();
    assert_true(atomic_load(&c.ran) > 0);
}

static void asking_for_workers_changes_nothing(void **state)
{
    int n = gonet_set_max_procs(0);

    (void)state;
    assert_true(n >= 1);
    assert_int_equal(gonet_set_max_procs(-5), n);
    assert_int_equal(gonet_set_max_procs(100000), n);
    assert_int_equal(gonet_set_max_procs(n), 256);
}

/* More often than there can be workers: those that have ended do not count. */
static void workers_can_be_replaced_for_ever(void **state)
{
    int before = gonet_set_max_procs(1);
    actor_t a;
    churn_t c = {true, 0};

    (void)state;
    actor_start(&a, BY_TASK, churn, &c);
    actor_join(&a);
    for (int i = 0; i < GONET__MAX_WORKERS + 10; i++) {
        gonet_set_max_procs(2);
        gonet_set_max_procs(1);
        assert_int_equal(gonet__runtime_worker_count(), 1);
    }
    gonet_set_max_procs(before);
}

/* ---- held workers ---- */

typedef struct holder {
    struct holder *next; /* NULL: the last */
    gonet_wait_group_t *all;
    atomic_bool begun;
} holder_t;

/* Spins, without a call that could let others run, until the task that it has started has begun. */
static void hold_until_next_begins(void *arg)
{
    holder_t *h = arg;

    atomic_store(&h->begun, true);
    if (h->next == NULL)
        return;
    CHECK(gonet_wait_group_go(h->all, hold_until_next_begins, h->next) == 0);
    while (!atomic_load(&h->next->begun) && check_patience())
        continue;
    CHECK(atomic_load(&h->next->begun));
}

/* All workers but one are held, from whatever state they are in. */
static void hold(int workers)
{
    gonet_wait_group_t all = {0};
    holder_t holder[8];

    for (int i = 0; i < workers; i++) {
        holder[i].next = i + 1 < workers ? &holder[i + 1] : NULL;
        holder[i].all = &all;
        atomic_init(&holder[i].begun, false);
    }
    CHECK(gonet_wait_group_go(&all, hold_until_next_begins, &holder[0]) == 0);
    gonet_wait_group_wait(&all);
}

static void sleep_for_hours(void *arg)
{
    (void)arg;
    gonet_sleep(GONET_HOUR);
}

static void held_workers_delay_nobody(int workers, bool timers)
{
    int before = gonet_set_max_procs(workers);

    for (int i = 0; timers && i < workers; i++)
        assert_int_equal(gonet_go(sleep_for_hours, NULL), 0);
    for (int round = 0; round < 50 && !check_failed(); round++) {
        hold(workers);
        if (round % 10 == 9)
            gonet_sleep(25 * GONET_MILLISECOND); /* until nobody watches any more */
    }
    gonet_set_max_procs(before);
    check_report();
}

static void one_of_two_held(void **state)
{
    (void)state;
    held_workers_delay_nobody(2, false);
}

static void one_of_two_held_with_timers(void **state)
{
    (void)state;
    held_workers_delay_nobody(2, true);
}

static void three_of_four_held(void **state)
{
    (void)state;
    held_workers_delay_nobody(4, false);
}

static void three_of_four_held_with_timers(void **state)
{
    (void)state;
    held_workers_delay_nobody(4, true);
}

/* As many tasks as workers, started at once by one of them: each gets a worker of its own. */
static void all_workers_are_used(void **state)
{
    int before = gonet_set_max_procs(4);

    (void)state;
    for (int round = 0; round < 50 && !check_failed(); round++) {
        meeting_t m = {.wanted = 4};
        assert_int_equal(gonet_wait_group_go(&m.ended, start_meeting, &m), 0);
        gonet_wait_group_wait(&m.ended);
    }
    gonet_set_max_procs(before);
    check_report();
}

/* A task that holds its worker until the one that it has started there has begun elsewhere. */
typedef struct {
    gonet_wait_group_t ended;
    _Atomic(gonet__worker_t *) worker;
    atomic_bool holds;
    atomic_bool begun;
    atomic_bool over; /* in any case */
} starter_t;

static void begin(void *arg)
{
    atomic_store(&((starter_t *)arg)->begun, true);
}

static void start_and_hold(void *arg)
{
    starter_t *s = arg;

    atomic_store(&s->worker, gonet__here());
    CHECK(gonet_wait_group_go(&s->ended, begin, s) == 0);
    atomic_store(&s->holds, true);
    while (!atomic_load(&s->begun) && !atomic_load(&s->over) && check_patience())
        continue;
}

/* Nor does one that is never idle leave what waits behind a held one alone. */
static void keep_talking(void *arg)
{
    starter_t *s = arg;

    while (!atomic_load(&s->over))
        gonet_yield();
}

static void busy_worker_helps_a_held_one(void **state)
{
    int before = gonet_set_max_procs(2);

    (void)state;
    for (int round = 0; round < 5 && !check_failed(); round++) {
        starter_t s = {.over = false};
        for (int i = 0; i < 2; i++)
            assert_int_equal(gonet_wait_group_go(&s.ended, keep_talking, &s), 0);
        assert_int_equal(gonet_wait_group_go(&s.ended, start_and_hold, &s), 0);
        AWAIT(atomic_load(&s.begun));
        atomic_store(&s.over, true);
        gonet_wait_group_wait(&s.ended);
    }
    gonet_set_max_procs(before);
    check_report();
}

/* A worker that comes later helps those that are held already. */
static void new_worker_helps_at_once(void **state)
{
    int before = gonet_set_max_procs(1);

    (void)state;
    for (int round = 0; round < 50 && !check_failed(); round++) {
        starter_t s = {.over = false};
        gonet_set_max_procs(1);
        assert_int_equal(gonet_wait_group_go(&s.ended, start_and_hold, &s), 0);
        AWAIT(atomic_load(&s.holds));
        gonet_set_max_procs(2);
        AWAIT(atomic_load(&s.begun));
        atomic_store(&s.over, true);
        gonet_wait_group_wait(&s.ended);
    }
    gonet_set_max_procs(before);
    check_report();
}

/* A held worker that is to end does not keep what has not begun there. */
static void ending_worker_keeps_nothing(void **state)
{
    int before = gonet_set_max_procs(2);
    int seen = 0;

    (void)state;
    for (int round = 0; round < 200 && seen < 10 && !check_failed(); round++) {
        meeting_t m = {.wanted = 2};
        starter_t s = {.over = false};
        gonet_set_max_procs(2);
        assert_int_equal(gonet_wait_group_go(&m.ended, meet, &m), 0); /* holds the other worker */
        AWAIT(atomic_load(&m.begun) == 1);
        assert_int_equal(gonet_wait_group_go(&s.ended, start_and_hold, &s), 0);
        AWAIT(atomic_load(&s.holds));
        if (atomic_load(&s.worker) == gonet__runtime_worker(1)) {
            gonet_set_max_procs(1);
            meet(&m);
            AWAIT(atomic_load(&s.begun));
            seen++;
        }
        meet(&m);
        atomic_store(&s.over, true);
        gonet_wait_group_wait(&m.ended);
        gonet_wait_group_wait(&s.ended);
    }
    gonet_set_max_procs(before);
    check_report();
    assert_int_equal(seen, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(workers_come_and_go),
        LEAK_TEST(asking_for_workers_changes_nothing),
        LEAK_TEST(workers_can_be_replaced_for_ever),
        LEAK_TEST(one_of_two_held),
        LEAK_TEST(one_of_two_held_with_timers),
        LEAK_TEST(three_of_four_held),
        LEAK_TEST(three_of_four_held_with_timers),
        LEAK_TEST(all_workers_are_used),
        LEAK_TEST(busy_worker_helps_a_held_one),
        LEAK_TEST(new_worker_helps_at_once),
        LEAK_TEST(ending_worker_keeps_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
