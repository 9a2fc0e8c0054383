/*
 * Loops whose worker does not come to them: one that a task holds, whose new watches others start,
 * and one that always finds something to take over, and has to look at its own all the same.
 */
#include <stdatomic.h>
#include <time.h>

#include "gonet.h"
#include "runtime/sched/monitor.h"
#include "runtime/sched/runtime.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define MAX_CPU_NS (INT64_C(5) * GONET_SECOND) /* of a task that holds its worker */

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * GONET_SECOND + t.tv_nsec;
}

/* ---- a held worker ---- */

typedef struct {
    gonet_wait_group_t ended;
    gonet_conn_t *conn;
    atomic_bool holds, has_read;
} held_t;

static void hold(void *arg)
{
    held_t *h = arg;
    int64_t begun = cpu_ns();

    atomic_store(&h->holds, true);
    while (!atomic_load(&h->has_read) && cpu_ns() - begun < MAX_CPU_NS)
        continue;
    CHECK(atomic_load(&h->has_read));
    gonet_wait_group_done(&h->ended);
}

/* The other task comes up when this one parks: its worker has not seen the new watch by then, and
 * does not see it as long as that holds it. */
static void read_before_a_hold(void *arg)
{
    held_t *h = arg;
    char x;

    CHECK_INT(gonet_go_pinned(hold, h), 0);
    gonet_unpin();
    CHECK_INT(gonet_conn_read(h->conn, &x, 1, NULL), 1);
    atomic_store(&h->has_read, true);
    gonet_wait_group_done(&h->ended);
}

static void others_start_what_a_held_worker_is_to_watch(void **state)
{
    int before = gonet_set_max_procs(2);

    (void)state;
    for (int round = 0; round < 10 && !check_failed(); round++) {
        held_t h = {.holds = false};
        gonet_conn_t *peer = NULL;

        assert_true(net_pair("tcp", &h.conn, &peer));
        gonet_wait_group_add(&h.ended, 2);
        assert_int_equal(gonet_go_pinned(read_before_a_hold, &h), 0);
        AWAIT(atomic_load(&h.holds));
        CHECK_INT(gonet_conn_write(peer, "x", 1, NULL), 1);
        gonet_wait_group_wait(&h.ended);
        gonet_conn_free(h.conn);
        gonet_conn_free(peer);
    }
    gonet_set_max_procs(before);
    check_report();
}

/* ---- a worker that always takes over ---- */

enum { STRAYS = 8, STEP_NS = 20000, LONG_STEP_NS = 1000000, AT_FIRST = 100, MEANWHILE = 5000 };

typedef struct {
    gonet_wait_group_t ended;
    gonet_conn_t *conn;
    _Atomic(gonet__worker_t *) taker;
    atomic_int taken; /* steps that the strays have made there */
    atomic_bool has_read, over;
} taker_t;

static void compute(int64_t ns)
{
    int64_t begun = cpu_ns();

    while (cpu_ns() - begun < ns)
        continue;
}

static void read_by_taker(void *arg)
{
    taker_t *t = arg;
    char x;

    atomic_store(&t->taker, gonet__here());
    CHECK_INT(gonet_conn_read(t->conn, &x, 1, NULL), 1);
    atomic_store(&t->has_read, true);
    gonet_wait_group_done(&t->ended);
}

/* The other worker is not held, but seldom looks at what is sent to it. */
static void keep_other_busy(void *arg)
{
    taker_t *t = arg;

    CHECK(gonet__here() != atomic_load(&t->taker));
    while (!atomic_load(&t->over)) {
        compute(LONG_STEP_NS);
        gonet_yield();
    }
    gonet_wait_group_done(&t->ended);
}

/* Each step sends it to the other worker, from where the taker gets it back. */
static void stray(void *arg)
{
    taker_t *t = arg;

    while (!atomic_load(&t->over)) {
        compute(STEP_NS);
        if (gonet__here() == atomic_load(&t->taker))
            atomic_fetch_add(&t->taken, 1);
        gonet_yield();
    }
    gonet_wait_group_done(&t->ended);
}

static void who_takes_over_looks_at_its_own_loop(void **state)
{
    int before = gonet_set_max_procs(2);
    bool always;
    taker_t t = {.over = false};
    gonet_conn_t *peer = NULL;

    (void)state;
    assert_true(net_pair("tcp", &t.conn, &peer));
    gonet_wait_group_add(&t.ended, 2 + STRAYS);
    /* Threads give each worker one in turn. */
    assert_int_equal(gonet_go_pinned(read_by_taker, &t), 0);
    AWAIT(atomic_load(&t.taker) != NULL);
    assert_int_equal(gonet_go_pinned(keep_other_busy, &t), 0);
    gonet__monitor_stop();  /* on a busy machine it would call the other one held, */
    gonet__monitor_close(); /* and the taker look at all loops */
    always = atomic_exchange(&gonet__steal_always, true);
    for (int i = 0; i < STRAYS; i++)
        assert_int_equal(gonet_go(stray, &t), 0);
    AWAIT(atomic_load(&t.taken) >= AT_FIRST);
    CHECK_INT(gonet_conn_write(peer, "x", 1, NULL), 1);
    AWAIT(atomic_load(&t.has_read) || atomic_load(&t.taken) >= AT_FIRST + MEANWHILE);
    CHECK(atomic_load(&t.has_read));
    atomic_store(&t.over, true);
    gonet_wait_group_wait(&t.ended);
    atomic_store(&gonet__steal_always, always);
    gonet_conn_free(t.conn);
    gonet_conn_free(peer);
    gonet_set_max_procs(before);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(others_start_what_a_held_worker_is_to_watch),
        LEAK_TEST(who_takes_over_looks_at_its_own_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
