/* The wait group: counting, waking, reuse, and what the last one done must not touch. */
#include "crew.h"

#include <errno.h>

#include "gonet/sync.h"

static void test_empty_does_not_wait(void **state)
{
    gonet_wait_group_t wg = {0};

    (void)state;
    gonet_wait_group_wait(&wg);
    gonet_wait_group_add(&wg, 3);
    gonet_wait_group_add(&wg, -2);
    gonet_wait_group_done(&wg);
    gonet_wait_group_wait(&wg);
    gonet_wait_group_add(&wg, 0);
    assert_int_equal(wg.private_state, 0);
}

typedef struct {
    gonet_wait_group_t groups[3];
    atomic_int arrived;
    int n;
} rounds_t;

enum { ROUNDS = 200 };

/* Everybody waits for everybody; the first of a round prepares the next one's group. */
static void meet(void *arg, int i)
{
    rounds_t *r = arg;

    (void)i;
    for (int k = 0; k < ROUNDS; k++) {
        gonet_wait_group_t *mine = &r->groups[k % 3];

        if (atomic_fetch_add(&r->arrived, 1) == k * r->n)
            gonet_wait_group_add(&r->groups[(k + 1) % 3], r->n);
        gonet_wait_group_done(mine);
        gonet_wait_group_wait(mine);
        CHECK(atomic_load(&r->arrived) >= (k + 1) * r->n);
    }
}

static void test_rounds(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        rounds_t r = {.n = 8};

        gonet_wait_group_add(&r.groups[0], r.n);
        crew_run(kind, r.n, meet, &r);
    }
}

/* The waiter's frame holds the group, and is reused at once. */
typedef struct {
    _Atomic(gonet_wait_group_t *) group[2];
    atomic_bool over;
} frames_t;

static void finish_for(void *arg, int i)
{
    frames_t *f = arg;

    if (i == 0) {
        for (int k = 0; k < 1000; k++) {
            gonet_wait_group_t *wg = calloc(1, sizeof(*wg));

            gonet_wait_group_add(wg, 2);
            atomic_store(&f->group[0], wg);
            atomic_store(&f->group[1], wg);
            gonet_wait_group_wait(wg);
            free(memset(wg, 0xff, sizeof(*wg)));
        }
        atomic_store(&f->over, true);
        return;
    }
    while (!atomic_load(&f->over)) {
        gonet_wait_group_t *wg = atomic_exchange(&f->group[i - 1], NULL);

        if (wg != NULL)
            gonet_wait_group_done(wg);
        else
            gonet_yield();
    }
}

static void test_waiter_may_release(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        frames_t f = {.over = false};

        crew_run(kind, 3, finish_for, &f);
    }
}

static void count_up(void *arg)
{
    gonet_yield();
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void test_go(void **state)
{
    gonet_wait_group_t wg = {0};
    atomic_int count = 0;

    (void)state;
    for (int k = 0; k < 1000; k++)
        assert_int_equal(gonet_wait_group_go(&wg, count_up, &count), 0);
    gonet_wait_group_wait(&wg);
    assert_int_equal(atomic_load(&count), 1000);
}

static void test_go_without_memory(void **state)
{
    gonet_wait_group_t wg = {0};
    atomic_int count = 0;
    int status = -1;

    (void)state;
    for (int n = 1; status != 0 && n < 100; n++) {
        gonet__alloc_fail_at(n, 0);
        errno = 0;
        status = gonet_wait_group_go(&wg, count_up, &count);
        bool failed = gonet__alloc_failed() > 0;
        gonet__alloc_fail_at(0, 0);
        if (status != 0) {
            assert_true(failed);
            assert_int_equal(errno, ENOMEM);
        }
    }
    gonet_wait_group_wait(&wg);
    assert_int_equal(status, 0);
    assert_int_equal(atomic_load(&count), 1);
}

/* ---- waits with an end ---- */

typedef struct {
    gonet_wait_group_t wg;
    atomic_int waiting;
    bool by_shutdown;
} until_t;

static void wait_until(void *arg, int i)
{
    until_t *u = arg;
    gonet_time_t start = gonet_now();
    gonet_duration_t d = (i + 1) * GONET_MILLISECOND;

    CHECK(!gonet_wait_group_wait_until(&u->wg, gonet_after(d)) && errno == ETIMEDOUT);
    CHECK(gonet_since(start) >= d);
    CHECK(!gonet_wait_group_wait_until(&u->wg, gonet_now()) && errno == ETIMEDOUT);
    atomic_fetch_add(&u->waiting, 1);
    if (u->by_shutdown)
        CHECK(!gonet_wait_group_wait_until(&u->wg, gonet_no_deadline) && errno == ECANCELED);
    else
        CHECK(gonet_wait_group_wait_until(&u->wg, gonet_after(GONET_HOUR)));
}

static void test_until(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        until_t u = {.by_shutdown = false};
        crew_t *crew = calloc(1, sizeof(*crew));

        gonet_wait_group_add(&u.wg, 2);
        crew_start(crew, kind, 8, wait_until, &u);
        AWAIT(atomic_load(&u.waiting) == 8);
        gonet_wait_group_done(&u.wg);
        gonet_wait_group_done(&u.wg);
        crew_wait(crew);
        free(crew);
        assert_int_equal(u.wg.private_state, 0);
        assert_null(u.wg.private_waiters);
        assert_true(gonet_wait_group_wait_until(&u.wg, gonet_now()));
    }
}

static void test_until_shutdown(void **state)
{
    until_t u = {.by_shutdown = true};
    crew_t *crew = calloc(1, sizeof(*crew));

    (void)state;
    gonet_wait_group_add(&u.wg, 1);
    crew_start(crew, TASKS, 8, wait_until, &u);
    AWAIT(atomic_load(&u.waiting) == 8);
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(crew);
    free(crew);
    assert_null(u.wg.private_waiters);
    gonet_wait_group_done(&u.wg);
    assert_int_equal(u.wg.private_state, 0);
}

/* Some leave, at the moment when the last one is done, which happens again and again. */
typedef struct {
    gonet_wait_group_t wg;
    atomic_bool over;
    atomic_int in;
} leave_t;

static void leave_or_stay(void *arg, int i)
{
    leave_t *l = arg;

    if (i == 0) {
        for (int k = 0; k < 2000; k++) {
            gonet_wait_group_add(&l->wg, 1);
            if (k % 3 == 0)
                gonet_yield();
            gonet_wait_group_done(&l->wg);
        }
        atomic_store(&l->over, true);
        return;
    }
    while (!atomic_load(&l->over)) {
        if (i == 1)
            gonet_wait_group_wait(&l->wg);
        else
            (void)gonet_wait_group_wait_until(&l->wg, gonet_after(i * 5 * GONET_MICROSECOND));
        gonet_yield();
    }
}

static void test_leaving_races(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        leave_t l = {.over = false};

        crew_run(kind, 6, leave_or_stay, &l);
        assert_int_equal(l.wg.private_state, 0);
        assert_null(l.wg.private_waiters);
    }
}

static void below_zero(void)
{
    gonet_wait_group_t wg = {0};

    gonet_wait_group_add(&wg, 1);
    gonet_wait_group_add(&wg, -2);
}

static void above_max(void)
{
    gonet_wait_group_t wg = {0};

    gonet_wait_group_add(&wg, 2147483647);
    gonet_wait_group_add(&wg, 1);
}

static void test_negative_aborts(void **state)
{
    (void)state;
    crew_dies(below_zero, "panic: sync: negative WaitGroup counter");
    crew_dies(above_max, "panic: sync: WaitGroup counter overflow");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_empty_does_not_wait),
        CREW_TEST(test_negative_aborts),
        CREW_TEST(test_rounds),
        CREW_TEST(test_waiter_may_release),
        CREW_TEST(test_until),
        CREW_TEST(test_until_shutdown),
        CREW_TEST(test_leaving_races),
        CREW_TEST(test_go),
        CREW_TEST(test_go_without_memory),
    };

    return cmocka_run_group_tests_name("wait group", tests, NULL, NULL);
}
