/*
 * Timers, tickers and functions that are called later: what Go promises of them since 1.23, by
 * tasks and by threads, in a program without a worker, too; and a million of them.
 */
#include "crew.h"

#include <errno.h>

#include "base/alloc.h"
#include "gonet/chan.h"
#include "gonet/sync.h"
#include "gonet/timer.h"
#include "runtime/sync/chan.h"
#include "runtime/sched/runtime.h"
#include "support/patience.h"

#define MS GONET_MILLISECOND

/* ---- timers with a channel ---- */

static void test_timer_sends_once(void **state)
{
    gonet_time_t before = gonet_now(), got = {0};
    gonet_timer_t *t = gonet_timer_new(2 * MS);
    gonet_chan_t *ch = gonet_timer_chan(t);

    (void)state;
    assert_non_null(ch);
    assert_int_equal(gonet_chan_cap(ch), 0);
    assert_true(gonet_chan_recv(ch, &got));
    assert_true(got.ns - before.ns >= 2 * MS && got.ns <= gonet_now().ns);
    assert_int_equal(gonet_chan_try_recv(ch, &got), GONET_CHAN_WOULD_BLOCK);
    assert_int_equal(got.ns, 0);
    assert_false(gonet_timer_stop(t));
    assert_int_equal(gonet_num_task(), 0);
    assert_int_equal(gonet__runtime_worker_made(), 0); /* nobody had to run */
    gonet_timer_free(t);
}

static void test_channel_is_receive_only(void **state)
{
    gonet_timer_t *t = gonet_timer_new(0);
    gonet_chan_t *ch = gonet_timer_chan(t);
    gonet_time_t x = gonet_now();
    gonet_select_case_t c = {.ch = ch, .send = &x};

    (void)state;
    assert_false(gonet_chan_close(ch));
    assert_false(gonet_chan_send(ch, &x));
    assert_int_equal(gonet_chan_try_send(ch, &x), GONET_CHAN_CLOSED);
    assert_int_equal(gonet_select(&c, 1, gonet_no_deadline), 0);
    assert_false(c.ok);
    assert_int_equal(gonet_chan_try_recv(ch, &x), GONET_CHAN_OK);
    gonet_timer_free(t);
}

/* What is due and was not received is gone after a stop or a reset; both say that it was there. */
static void test_no_stale_value(void **state)
{
    gonet_timer_t *t = gonet_timer_new(-1);
    gonet_chan_t *ch = gonet_timer_chan(t);
    gonet_time_t first = gonet_now(), got;

    (void)state;
    assert_int_equal(gonet_chan_len(ch), 0);
    assert_true(gonet_timer_stop(t));
    assert_int_equal(gonet_chan_try_recv(ch, NULL), GONET_CHAN_WOULD_BLOCK);
    assert_false(gonet_timer_stop(t));
    assert_int_equal(gonet_timer_reset(t, 0), 0);
    assert_int_equal(gonet_timer_reset(t, GONET_HOUR), 1);
    assert_int_equal(gonet_chan_try_recv(ch, NULL), GONET_CHAN_WOULD_BLOCK);
    assert_int_equal(gonet_timer_reset(t, 1 * MS), 1);
    assert_true(gonet_chan_recv(ch, &got));
    assert_true(got.ns >= first.ns + 1 * MS);
    assert_int_equal(gonet_timer_reset(t, 0), 0);
    assert_int_equal(gonet_chan_try_recv(ch, NULL), GONET_CHAN_OK);
    gonet_timer_free(t);
}

static void test_nothing(void **state)
{
    (void)state;
    assert_null(gonet_timer_chan(NULL));
    assert_null(gonet_ticker_chan(NULL));
    assert_false(gonet_timer_stop(NULL));
    errno = 0;
    assert_int_equal(gonet_timer_reset(NULL, 1), -1);
    assert_int_equal(errno, EINVAL);
    gonet_ticker_stop(NULL);
    gonet_timer_free(NULL);
    gonet_ticker_free(NULL);
    errno = 0;
    assert_null(gonet_ticker_new(0));
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_int_equal(gonet_ticker_reset(NULL, 1), -1);
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_null(gonet_after_func(1, NULL, NULL));
    assert_int_equal(errno, EINVAL);
    gonet__alloc_fail_at(1, 1);
    assert_null(gonet_timer_new(1));
    assert_null(gonet_ticker_new(1));
    assert_null(gonet_after_func(1, (void (*)(void *))abort, NULL));
    assert_int_equal(errno, ENOMEM);
}

/* Each of a crew waits; the timer is moved forward, again and again, until all have received. */
typedef struct {
    gonet_timer_t *t;
    atomic_int waiting, received;
} moved_t;

static void receive(void *arg, int i)
{
    moved_t *m = arg;
    gonet_chan_t *never = gonet_chan_new(0, 0);
    gonet_select_case_t c[2] = {{.ch = never}, {.ch = gonet_timer_chan(m->t)}};

    atomic_fetch_add(&m->waiting, 1);
    if (i % 3 == 0)
        CHECK(gonet_chan_recv(gonet_timer_chan(m->t), NULL));
    else
        CHECK(gonet_select(c, 2, gonet_no_deadline) == 1 && c[1].ok);
    atomic_fetch_add(&m->received, 1);
    gonet_chan_free(never);
}

static void test_reset_wakes(void **state)
{
    enum { CREW = 8 };

    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        moved_t m = {.t = gonet_timer_new(GONET_HOUR)};
        crew_t crew;

        crew_start(&crew, kind, CREW, receive, &m);
        for (int i = 0; i < CREW; i++) {
            AWAIT(atomic_load(&m.waiting) == CREW);
            /* from later to sooner, or from never */
            if (i % 2 == 0)
                CHECK(gonet_timer_reset(m.t, i % 4 == 0 ? 0 : 2 * MS) == (i == 0));
            else
                CHECK(gonet_timer_reset(m.t, GONET_HOUR) == 0 && gonet_timer_stop(m.t) &&
                      gonet_timer_reset(m.t, 0) == 0);
            AWAIT(atomic_load(&m.received) == i + 1);
        }
        crew_wait(&crew);
        gonet_timer_free(m.t);
    }
}

/* Who waits when a timer is set to later does not come back before. */
static void receive_in_time(void *arg, int i)
{
    moved_t *m = arg;
    gonet_time_t got;

    (void)i;
    atomic_fetch_add(&m->waiting, 1);
    CHECK(gonet_chan_recv(gonet_timer_chan(m->t), &got));
    CHECK(gonet_now().ns >= got.ns);
    atomic_fetch_add(&m->received, 1);
}

static void test_reset_to_later(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= TASKS; kind++) {
        moved_t m = {.t = gonet_timer_new(3 * MS)};
        gonet_time_t at = gonet_after(20 * MS);
        crew_t crew;

        crew_start(&crew, kind, 1, receive_in_time, &m);
        AWAIT(atomic_load(&m.waiting) == 1);
        if (gonet_timer_reset(m.t, 20 * MS) == 1) { /* else the machine was slow */
            crew_wait(&crew);
            assert_true(gonet_now().ns >= at.ns);
        } else {
            crew_wait(&crew);
        }
        gonet_timer_free(m.t);
    }
}

/* The last free ends those who wait; a channel of one's own outlives its timer. */
static void receive_nothing(void *arg, int i)
{
    moved_t *m = arg;

    (void)i;
    atomic_fetch_add(&m->waiting, 1);
    errno = 0;
    CHECK(!gonet_chan_recv(gonet_timer_chan(m->t), NULL) && errno == EPIPE);
}

static void test_last_free(void **state)
{
    gonet_timer_t *t = gonet_timer_new(0);
    gonet_chan_t *ch = gonet_chan_ref(gonet_timer_chan(t));

    (void)state;
    gonet_timer_free(t);
    assert_int_equal(gonet_chan_try_recv(ch, NULL), GONET_CHAN_WOULD_BLOCK);
    gonet_chan_free(ch);
    for (crew_kind_t kind = THREADS; kind <= TASKS; kind++) {
        moved_t m = {.t = gonet_timer_new(GONET_HOUR)};
        crew_t crew;

        crew_start(&crew, kind, 4, receive_nothing, &m);
        ch = gonet_timer_chan(m.t);
        for (int queued = 0; queued < 4 && check_patience();) {
            gonet__chan_lock(ch);
            queued = (int)ch->pins;
            gonet__chan_unlock(ch);
            gonet_yield();
        }
        gonet_timer_free(m.t);
        crew_wait(&crew);
    }
}

/* ---- tickers ---- */

static void test_ticker(void **state)
{
    const gonet_duration_t period = 2 * MS;
    gonet_ticker_t *t = gonet_ticker_new(period);
    gonet_chan_t *ch = gonet_ticker_chan(t);
    gonet_time_t start = gonet_now(), last, got;

    (void)state;
    assert_int_equal(gonet_chan_cap(ch), 0);
    assert_true(gonet_chan_recv(ch, &last));
    for (int i = 0; i < 5; i++) {
        assert_true(gonet_chan_recv(ch, &got));
        assert_true(got.ns > last.ns && (got.ns - last.ns) % period == 0);
        last = got;
    }
    /* many are missed: one is had, and the rhythm stays */
    gonet_sleep(7 * period);
    assert_int_equal(gonet_chan_try_recv(ch, &got), GONET_CHAN_OK);
    assert_int_equal((got.ns - last.ns) % period, 0);
    assert_true(gonet_chan_recv(ch, &last));
    assert_true(last.ns - got.ns >= 6 * period && (last.ns - got.ns) % period == 0);
    gonet_sleep(2 * period);
    gonet_ticker_stop(t);
    assert_int_equal(gonet_chan_try_recv(ch, NULL), GONET_CHAN_WOULD_BLOCK);
    assert_int_equal(gonet_ticker_reset(t, 0), -1);
    start = gonet_now();
    assert_int_equal(gonet_ticker_reset(t, 3 * period), 0);
    assert_int_equal(gonet_chan_try_recv(ch, NULL), GONET_CHAN_WOULD_BLOCK);
    assert_true(gonet_chan_recv(ch, &got));
    assert_true(got.ns - start.ns >= 3 * period);
    gonet_ticker_free(t);
}

/* Ticks are shared: each goes to one. */
typedef struct {
    gonet_ticker_t *t;
    atomic_int left;
    gonet_mutex_t lock;
    int n;
    int64_t seen[64];
} shared_t;

static void take_ticks(void *arg, int i)
{
    shared_t *s = arg;
    gonet_time_t got;

    (void)i;
    while (atomic_fetch_sub(&s->left, 1) > 0) {
        CHECK(gonet_chan_recv(gonet_ticker_chan(s->t), &got));
        gonet_mutex_lock(&s->lock);
        for (int k = 0; k < s->n; k++)
            CHECK(s->seen[k] != got.ns);
        s->seen[s->n++] = got.ns;
        gonet_mutex_unlock(&s->lock);
    }
}

static void test_ticks_are_shared(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t s = {.t = gonet_ticker_new(MS), .left = 40};

        crew_run(kind, 6, take_ticks, &s);
        assert_int_equal(s.n, 40);
        gonet_ticker_free(s.t);
    }
}

/* ---- functions ---- */

typedef struct {
    _Atomic(gonet_timer_t *) t;
    gonet_time_t not_before;
    atomic_int calls;
    bool frees;
} called_t;

static void called(void *arg)
{
    called_t *c = arg;

    CHECK(gonet_now().ns >= c->not_before.ns);
    CHECK(gonet_num_task() >= 1);
    if (c->frees) {
        AWAIT(c->t != NULL);
        gonet_timer_free(c->t);
    }
    atomic_fetch_add(&c->calls, 1);
}

static void by_crew(void *arg, int i)
{
    called_t c = {.not_before = gonet_after(MS)};

    (void)arg;
    (void)i;
    c.t = gonet_after_func(2 * MS, called, &c);
    CHECK(gonet_timer_chan(c.t) == NULL);
    AWAIT(atomic_load(&c.calls) == 1);
    CHECK(!gonet_timer_stop(c.t));
    CHECK(gonet_timer_reset(c.t, -1) == 0);
    AWAIT(atomic_load(&c.calls) == 2);
    CHECK(gonet_timer_reset(c.t, GONET_HOUR) == 0);
    CHECK(gonet_timer_reset(c.t, GONET_HOUR) == 1);
    CHECK(gonet_timer_reset(c.t, 0) == 1); /* from an hour to now */
    AWAIT(atomic_load(&c.calls) == 3);
    CHECK(gonet_timer_reset(c.t, GONET_HOUR) == 0);
    CHECK(gonet_timer_stop(c.t));
    CHECK(!gonet_timer_stop(c.t));
    CHECK(gonet_timer_reset(c.t, GONET_HOUR) == 0);
    gonet_timer_free(c.t);
}

static void test_after_func(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++)
        crew_run(kind, 8, by_crew, NULL);
}

/* In a program of threads alone the runtime starts; the function may free its timer. */
static void test_after_func_alone(void **state)
{
    called_t c = {.frees = false}, own = {.frees = true};

    (void)state;
    c.t = gonet_after_func(0, called, &c);
    assert_non_null(c.t);
    AWAIT(atomic_load(&c.calls) == 1);
    gonet_timer_free(c.t);
    own.t = gonet_after_func(MS, called, &own);
    assert_non_null(own.t);
    AWAIT(atomic_load(&own.calls) == 1);
}

static void test_shutdown_stops(void **state)
{
    called_t c = {.frees = false};

    (void)state;
    c.t = gonet_after_func(GONET_HOUR, called, &c);
    assert_non_null(c.t);
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_true(gonet_timer_stop(c.t));
    assert_int_equal(gonet_timer_reset(c.t, 0), 0); /* which starts it again */
    AWAIT(atomic_load(&c.calls) == 1);
    gonet_timer_free(c.t);
}

/* Without memory for a task it is tried again. */
static void test_after_func_without_memory(void **state)
{
    called_t c = {.frees = false};

    (void)state;
    c.t = gonet_after_func(5 * MS, called, &c);
    assert_non_null(c.t);
    gonet__alloc_fail_at(1, 1);
    AWAIT(gonet__alloc_failed() >= 2);
    assert_int_equal(atomic_load(&c.calls), 0);
    gonet__alloc_fail_at(0, 0);
    AWAIT(atomic_load(&c.calls) == 1);
    gonet_timer_free(c.t);
}

/* Set, stopped, fired and freed from all sides; a function is called once for each time that nobody
 * stopped. */
typedef struct {
    gonet_timer_t *t;
    atomic_int set, stopped, calls;
} raced_t;

static void count(void *arg)
{
    raced_t *r = arg;

    atomic_fetch_add(&r->calls, 1);
}

static void race(void *arg, int i)
{
    raced_t *r = arg;

    for (int k = 0; k < 300; k++) {
        if ((i + k) % 3 == 0) {
            atomic_fetch_add(&r->stopped, gonet_timer_stop(r->t));
        } else {
            int was = gonet_timer_reset(r->t, k % 5 == 0 ? 0 : k * GONET_MICROSECOND);

            CHECK(was >= 0);
            atomic_fetch_add(&r->set, 1);
            atomic_fetch_add(&r->stopped, was);
        }
        if (k % 16 == 0)
            gonet_yield();
    }
}

static void test_after_func_race(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        raced_t r = {.set = 1};

        r.t = gonet_after_func(0, count, &r);
        crew_run(kind, 6, race, &r);
        atomic_fetch_add(&r.stopped, gonet_timer_stop(r.t));
        AWAIT(atomic_load(&r.calls) == atomic_load(&r.set) - atomic_load(&r.stopped));
        AWAIT(gonet_num_task() == 0);
        assert_int_equal(atomic_load(&r.calls), atomic_load(&r.set) - atomic_load(&r.stopped));
        gonet_timer_free(r.t);
    }
}

/* ---- very many ---- */

enum { MANY = 200000 };

static void test_many_timers(void **state)
{
    gonet_timer_t **t = calloc(MANY, sizeof(*t));

    (void)state;
    for (int i = 0; i < MANY; i++)
        t[i] = gonet_timer_new(GONET_HOUR);
    for (int i = 0; i < MANY; i++)
        assert_true(gonet_timer_stop(t[i]));
    assert_int_equal(gonet__runtime_worker_made(), 0);
    for (int i = 0; i < MANY; i++)
        gonet_timer_free(t[i]);
    free(t);
}

static void test_many_functions(void **state)
{
    raced_t r = {.set = 0};
    gonet_timer_t **t = calloc(MANY, sizeof(*t));
    uint32_t x = 1;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        x = x * 1664525 + 1013904223;
        t[i] = gonet_after_func(GONET_HOUR + x % (100 * MS), count, &r);
        assert_non_null(t[i]);
    }
    for (int i = 0; i < MANY; i++) {
        x = x * 1664525 + 1013904223;
        assert_int_equal(gonet_timer_reset(t[x % MANY], GONET_HOUR - x % (100 * MS)), 1);
    }
    for (int i = 0; i < MANY; i++)
        assert_true(gonet_timer_stop(t[(i * 7919LL) % MANY]));
    assert_int_equal(gonet_num_task(), 0);
    for (int i = 0; i < MANY; i++)
        gonet_timer_free(t[(i * 4801LL) % MANY]);
    assert_int_equal(atomic_load(&r.calls), 0);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {CREW_TEST(test_timer_sends_once),
                                       CREW_TEST(test_channel_is_receive_only),
                                       CREW_TEST(test_no_stale_value),
                                       CREW_TEST(test_nothing),
                                       CREW_TEST(test_reset_wakes),
                                       CREW_TEST(test_reset_to_later),
                                       CREW_TEST(test_last_free),
                                       CREW_TEST(test_ticker),
                                       CREW_TEST(test_ticks_are_shared),
                                       CREW_TEST(test_after_func),
                                       CREW_TEST(test_after_func_alone),
                                       CREW_TEST(test_shutdown_stops),
                                       CREW_TEST(test_after_func_without_memory),
                                       CREW_TEST(test_after_func_race),
                                       CREW_TEST(test_many_timers),
                                       CREW_TEST(test_many_functions)};

    return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
