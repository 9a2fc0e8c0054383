/* The weighted semaphore: how much, whose turn, and what a context or the end of the runtime ends.
 */
#include "crew.h"

#include <errno.h>

#include "gonet/sync.h"
#include "runtime/ground/spin.h"
#include "runtime/sync/waitq.h"

static int waiting(gonet_semaphore_t *s)
{
    _Atomic uint32_t *lock = (_Atomic uint32_t *)(void *)&s->private_lock;
    gonet__waiter_t *first, *n;
    int count = 0;

    gonet__spin_lock(lock);
    first = n = s->private_waiters;
    for (; n != NULL; n = n->next != first ? n->next : NULL)
        count++;
    gonet__spin_unlock(lock);
    return count;
}

static void test_alone(void **state)
{
    gonet_semaphore_t s = {.size = 10}, none = {0};
    gonet_error_t *err = NULL;

    (void)state;
    assert_int_equal(gonet_semaphore_acquire(&s, NULL, 4, &err), 0);
    assert_null(err);
    assert_true(gonet_semaphore_try_acquire(&s, 6));
    assert_false(gonet_semaphore_try_acquire(&s, 1));
    assert_true(gonet_semaphore_try_acquire(&s, 0));
    gonet_semaphore_release(&s, 9);
    assert_false(gonet_semaphore_try_acquire(&s, 10));
    gonet_semaphore_release(&s, 1);
    assert_true(gonet_semaphore_try_acquire(&s, 10));
    gonet_semaphore_release(&s, 10);
    assert_false(gonet_semaphore_try_acquire(&s, 11));
    assert_false(gonet_semaphore_try_acquire(&s, -1));
    assert_int_equal(gonet_semaphore_acquire(&s, NULL, -1, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_false(gonet_semaphore_try_acquire(&none, 1));
    assert_int_equal(s.private_taken, 0);
    gonet_error_free(err);
}

typedef struct {
    gonet_semaphore_t s;
    gonet_context_t *ctx;
    atomic_long used;
    atomic_int ended;
    int rounds;
    char order[16];
} shared_t;

static void use_some(void *arg, int i)
{
    shared_t *t = arg;

    for (int k = 0; k < t->rounds; k++) {
        long n = (i * 7 + k) % 10 + 1;

        CHECK(gonet_semaphore_acquire(&t->s, NULL, n, NULL) == 0);
        CHECK(atomic_fetch_add(&t->used, n) + n <= t->s.size);
        if (k % 3 == 0)
            gonet_yield();
        atomic_fetch_sub(&t->used, n);
        gonet_semaphore_release(&t->s, n);
    }
}

static void test_never_more_than_size(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t t = {.s.size = 12, .rounds = 400};

        crew_run(kind, 8, use_some, &t);
        assert_int_equal(t.s.private_taken, 0);
        assert_null(t.s.private_waiters);
    }
}

/* The first wants much, the others little: they come after it, one by one. */
static void take_turns(void *arg, int i)
{
    shared_t *t = arg;

    AWAIT(waiting(&t->s) == i);
    CHECK(gonet_semaphore_acquire(&t->s, NULL, i == 0 ? 10 : 1, NULL) == 0);
    t->order[atomic_fetch_add(&t->ended, 1)] = (char)('a' + i);
    if (i == 0)
        CHECK(atomic_load(&t->ended) == 1);
    gonet_semaphore_release(&t->s, i == 0 ? 10 : 1);
}

static void test_in_order(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t t = {.s.size = 10};
        crew_t *crew = calloc(1, sizeof(*crew));

        assert_true(gonet_semaphore_try_acquire(&t.s, 3));
        crew_start(crew, kind, 4, take_turns, &t);
        AWAIT(waiting(&t.s) == 4);
        assert_false(gonet_semaphore_try_acquire(&t.s, 1)); /* there is room, but others wait */
        gonet_semaphore_release(&t.s, 3);
        crew_wait(crew);
        free(crew);
        assert_int_equal(t.order[0], 'a');
        assert_int_equal(atomic_load(&t.ended), 4);
    }
}

static void give_up(void *arg, int i)
{
    shared_t *t = arg;
    gonet_error_t *err = NULL;

    /* The first wants more than there will ever be, the second waits in front of the others. */
    if (i > 1)
        AWAIT(waiting(&t->s) > 0);
    CHECK((gonet_semaphore_acquire(&t->s, i < 2 ? t->ctx : NULL,
                                   i == 0   ? 11
                                   : i == 1 ? 10
                                            : 1,
                                   &err) == 0) == (i >= 2));
    CHECK(err == (i < 2 ? gonet_err_canceled : NULL));
    atomic_fetch_add(&t->ended, 1);
    if (i >= 2)
        gonet_semaphore_release(&t->s, 1);
    gonet_error_free(err);
}

static void test_who_gives_up_lets_others_through(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t t = {.s.size = 10, .ctx = gonet_context_with_cancel(NULL)};
        crew_t *crew = calloc(1, sizeof(*crew));

        assert_true(gonet_semaphore_try_acquire(&t.s, 3));
        crew_start(crew, kind, 5, give_up, &t);
        AWAIT(waiting(&t.s) == 4);
        assert_int_equal(atomic_load(&t.ended), 0);
        gonet_context_cancel(t.ctx);
        crew_wait(crew); /* though the 3 are not given back */
        free(crew);
        gonet_context_free(t.ctx);
        assert_int_equal(t.s.private_taken, 3);
        assert_null(t.s.private_waiters);
    }
}

static void expire(void *arg, int i)
{
    shared_t *t = arg;
    gonet_error_t *err = NULL;

    CHECK(gonet_semaphore_acquire(&t->s, t->ctx, i % 2 == 0 ? 1 : 9, &err) == -1);
    CHECK(err == gonet_err_context_deadline_exceeded);
    CHECK(gonet_context_err(t->ctx) == err);
}

static void test_context_ends(void **state)
{
    gonet_error_t *err = NULL;
    shared_t t = {.s.size = 5};

    (void)state;
    assert_true(gonet_semaphore_try_acquire(&t.s, 5));
    t.ctx = gonet_context_with_timeout(NULL, 20 * GONET_MILLISECOND);
    crew_run(BOTH, 8, expire, &t);
    gonet_semaphore_release(&t.s, 5);
    /* It has ended: though all is there, nothing is taken. */
    assert_int_equal(gonet_semaphore_acquire(&t.s, t.ctx, 1, &err), -1);
    assert_ptr_equal(err, gonet_err_context_deadline_exceeded);
    assert_int_equal(t.s.private_taken, 0);
    assert_null(t.s.private_waiters);
    gonet_context_free(t.ctx);
}

/* Many give up at the moment when they are served: what they were given comes back. */
static void meet(void *arg, int i)
{
    shared_t *t = arg;

    for (int k = 0; k < t->rounds; k++) {
        gonet_context_t *ctx =
            gonet_context_with_timeout(NULL, (i * 13 + k) % 40 * GONET_MICROSECOND);

        if (gonet_semaphore_acquire(&t->s, i % 2 == 0 ? ctx : NULL, 1 + i % 3, NULL) == 0) {
            gonet_yield();
            gonet_semaphore_release(&t->s, 1 + i % 3);
        }
        gonet_context_free(ctx);
    }
}

static void test_nothing_is_lost_on_the_impatient(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t t = {.s.size = 3, .rounds = 300};

        crew_run(kind, 8, meet, &t);
        assert_int_equal(t.s.private_taken, 0);
        assert_null(t.s.private_waiters);
    }
}

static void wait_for_the_end(void *arg, int i)
{
    shared_t *t = arg;
    gonet_error_t *err = NULL;

    for (int k = 0; k < 3; k++) {
        CHECK(gonet_semaphore_acquire(&t->s, i % 2 == 0 ? t->ctx : NULL, 1 + i, &err) == -1);
        CHECK(err == gonet_err_closed);
    }
    gonet_error_free(err);
}

static void test_shutdown_ends_it(void **state)
{
    shared_t t = {.s.size = 6, .ctx = gonet_context_with_timeout(NULL, GONET_HOUR)};
    crew_t *crew = calloc(1, sizeof(*crew));

    (void)state;
    assert_true(gonet_semaphore_try_acquire(&t.s, 6));
    crew_start(crew, TASKS, 8, wait_for_the_end, &t);
    AWAIT(waiting(&t.s) == 6); /* two want more than there is */
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(crew);
    free(crew);
    gonet_context_free(t.ctx);
    assert_null(t.s.private_waiters);
}

static void release_too_much(void)
{
    gonet_semaphore_t s = {.size = 10};

    if (gonet_semaphore_try_acquire(&s, 2))
        gonet_semaphore_release(&s, 3);
}

static void test_mistakes_abort(void **state)
{
    (void)state;
    crew_dies(release_too_much, "panic: semaphore: released more than held");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_alone),
        CREW_TEST(test_mistakes_abort),
        CREW_TEST(test_never_more_than_size),
        CREW_TEST(test_in_order),
        CREW_TEST(test_who_gives_up_lets_others_through),
        CREW_TEST(test_context_ends),
        CREW_TEST(test_nothing_is_lost_on_the_impatient),
        CREW_TEST(test_shutdown_ends_it),
    };

    return cmocka_run_group_tests_name("semaphore", tests, NULL, NULL);
}
