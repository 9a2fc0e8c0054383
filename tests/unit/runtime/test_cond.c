/* The condition variable: no lost signals, deadlines, and the end of the runtime. */
#include <errno.h>

#include "crew.h"

#include "gonet/sync.h"
#include "runtime/sync/waitq.h"

typedef struct {
    gonet_mutex_t mutex;
    gonet_cond_t change;
    int waiting;
    int tokens;
    int taken;
    int want;
    bool over;
} shared_t;

/* await_waiting returns, with the mutex held, when n are in wait. */
static void await_waiting(shared_t *s, int n)
{
    gonet_mutex_lock(&s->mutex);
    while (s->waiting < n && check_patience()) {
        gonet_mutex_unlock(&s->mutex);
        gonet_yield();
        gonet_mutex_lock(&s->mutex);
    }
}

static void take_one(void *arg, int i)
{
    shared_t *s = arg;

    (void)i;
    gonet_mutex_lock(&s->mutex);
    s->waiting++;
    while (s->tokens == 0)
        gonet_cond_wait(&s->change, &s->mutex);
    s->waiting--;
    s->tokens--;
    s->taken++;
    gonet_mutex_unlock(&s->mutex);
}

static void test_signal_wakes_one_each(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t s = {.waiting = 0};
        crew_t crew;
        int n = 8;

        crew_start(&crew, kind, n, take_one, &s);
        await_waiting(&s, n);
        for (int k = 0; k < n; k++) {
            s.tokens++;
            gonet_cond_signal(&s.change);
        }
        gonet_mutex_unlock(&s.mutex);
        crew_wait(&crew);
        assert_int_equal(s.taken, n);
        assert_null(s.change.private_waiters);
    }
}

static void test_broadcast_wakes_all(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t s = {.waiting = 0};
        crew_t crew;
        int n = 32;

        crew_start(&crew, kind, n, take_one, &s);
        await_waiting(&s, n);
        s.tokens = n;
        gonet_mutex_unlock(&s.mutex);
        gonet_cond_broadcast(&s.change);
        crew_wait(&crew);
        assert_int_equal(s.taken, n);
    }
}

static void test_nobody_waits(void **state)
{
    gonet_cond_t c = {0};

    (void)state;
    gonet_cond_signal(&c);
    gonet_cond_broadcast(&c);
}

static void expire(void *arg, int i)
{
    shared_t *s = arg;
    gonet_time_t start = gonet_now();
    gonet_time_t deadline = gonet_after((i + 1) * GONET_MILLISECOND);

    gonet_mutex_lock(&s->mutex);
    CHECK(!gonet_cond_wait_until(&s->change, &s->mutex, deadline));
    CHECK(gonet_since(start) >= (i + 1) * GONET_MILLISECOND);
    CHECK(!gonet_mutex_try_lock(&s->mutex));
    gonet_mutex_unlock(&s->mutex);
}

static void test_deadline(void **state)
{
    shared_t s = {.waiting = 0};

    (void)state;
    crew_run(BOTH, 8, expire, &s);
    assert_null(s.change.private_waiters);
    gonet_mutex_lock(&s.mutex);
    assert_false(gonet_cond_wait_until(&s.change, &s.mutex, gonet_now()));
    gonet_mutex_unlock(&s.mutex);
}

/*
 * Most wait with tiny deadlines and leave for good, two wait without. Each token comes with one
 * signal; one that was spent on somebody who had left would leave a patient waiter hanging.
 */
static void take_or_leave(void *arg, int i)
{
    shared_t *s = arg;

    gonet_mutex_lock(&s->mutex);
    if (i < 2) {
        while (s->taken < s->want) {
            while (s->tokens == 0 && s->taken < s->want)
                gonet_cond_wait(&s->change, &s->mutex);
            if (s->tokens > 0) {
                s->tokens--;
                s->taken++;
            }
        }
        gonet_cond_broadcast(&s->change);
    }
    while (i > 2 && s->taken < s->want) {
        gonet_time_t soon = gonet_after((i - 2) * 20 * GONET_MICROSECOND);
        bool woken = gonet_cond_wait_until(&s->change, &s->mutex, soon);

        if (woken) /* pass it on */
            gonet_cond_signal(&s->change);
    }
    gonet_mutex_unlock(&s->mutex);
    for (int k = 0; i == 2 && k < s->want; k++) {
        gonet_mutex_lock(&s->mutex);
        s->tokens++;
        gonet_mutex_unlock(&s->mutex);
        gonet_cond_signal(&s->change);
        if (k % 4 == 0)
            gonet_yield();
    }
}

static void test_no_signal_is_lost_on_the_impatient(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t s = {.want = 2000};

        crew_run(kind, 8, take_or_leave, &s);
        assert_int_equal(s.taken, s.want);
        assert_int_equal(s.tokens, 0);
    }
}

/* Somebody whose deadline has come, but who has not yet taken itself out, stands before the others.
 */
static void test_signal_passes_over_the_expired(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= TASKS; kind++) {
        shared_t s = {.waiting = 0};
        gonet__waiter_t **queue = (gonet__waiter_t **)(void *)&s.change.private_waiters;
        gonet__wait_t wait;
        gonet__waiter_t expired = {.wait = &wait};
        crew_t crew;

        gonet_cond_signal(&s.change); /* from now on its queue is this process's */
        gonet__wait_init(&wait);
        assert_true(gonet__wait_end(&wait, GONET__WAIT_EXPIRED));
        gonet__waitq_push_back(queue, &expired);
        crew_start(&crew, kind, 1, take_one, &s);
        await_waiting(&s, 1);
        s.tokens++;
        gonet_mutex_unlock(&s.mutex);
        gonet_cond_signal(&s.change);
        crew_wait(&crew);
        assert_false(gonet__waitq_has(&expired));
        assert_int_equal(gonet__wait_state(&wait), GONET__WAIT_EXPIRED);
    }
}

/* One loops on its condition while the runtime ends; another one must still be able to fulfil it.
 */
static void loop_until_over(void *arg, int i)
{
    shared_t *s = arg;

    gonet_mutex_lock(&s->mutex);
    if (i == 1) {
        s->waiting++;
        gonet_mutex_unlock(&s->mutex);
        gonet_sleep(GONET_HOUR);
        gonet_mutex_lock(&s->mutex);
        s->over = true;
    }
    for (s->waiting++; !s->over;)
        gonet_cond_wait(&s->change, &s->mutex);
    gonet_mutex_unlock(&s->mutex);
}

static void test_shutdown_lets_others_run(void **state)
{
    shared_t s = {.waiting = 0};
    int before = gonet_set_max_procs(1);
    crew_t crew;

    (void)state;
    crew_start(&crew, TASKS, 2, loop_until_over, &s);
    await_waiting(&s, 2);
    gonet_mutex_unlock(&s.mutex);
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(&crew);
    gonet_set_max_procs(before);
}

static void wait_for_the_end(void *arg, int i)
{
    shared_t *s = arg;

    (void)i;
    gonet_mutex_lock(&s->mutex);
    s->waiting++;
    CHECK(!gonet_cond_wait(&s->change, &s->mutex) && errno == ECANCELED);
    CHECK(!gonet_mutex_try_lock(&s->mutex));
    /* From now on each wait comes back, unless it need not wait. */
    CHECK(!gonet_cond_wait_until(&s->change, &s->mutex, gonet_now()) && errno == ETIMEDOUT);
    CHECK(!gonet_cond_wait_until(&s->change, &s->mutex, gonet_after(GONET_HOUR)));
    CHECK(errno == ECANCELED);
    gonet_mutex_unlock(&s->mutex);
}

static void test_shutdown_wakes(void **state)
{
    shared_t s = {.waiting = 0};
    crew_t crew;

    (void)state;
    crew_start(&crew, TASKS, 10, wait_for_the_end, &s);
    await_waiting(&s, 10);
    gonet_mutex_unlock(&s.mutex);
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(&crew);
    assert_null(s.change.private_waiters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_nobody_waits),
        CREW_TEST(test_signal_wakes_one_each),
        CREW_TEST(test_broadcast_wakes_all),
        CREW_TEST(test_deadline),
        CREW_TEST(test_no_signal_is_lost_on_the_impatient),
        CREW_TEST(test_signal_passes_over_the_expired),
        CREW_TEST(test_shutdown_wakes),
        CREW_TEST(test_shutdown_lets_others_run),
    };

    return cmocka_run_group_tests_name("cond", tests, NULL, NULL);
}
