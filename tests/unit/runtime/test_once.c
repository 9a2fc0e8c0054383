/* Once: one call whoever comes first, and everybody else after it. */
#include "crew.h"

#include "gonet/sync.h"

typedef struct {
    gonet_once_t once;
    int calls;     /* plain: what fn writes is to be seen by all */
    atomic_int in; /* who has called gonet_once_do */
    int crew;
    atomic_bool parked;
} shared_t;

static void slowly(void *arg)
{
    shared_t *s = arg;

    AWAIT(atomic_load(&s->in) == s->crew); /* all come while it runs */
    atomic_store(&s->parked, true);
    for (int i = 0; i < 10; i++)
        gonet_yield();
    s->calls++;
}

static void come(void *arg, int i)
{
    shared_t *s = arg;

    (void)i;
    atomic_fetch_add(&s->in, 1);
    gonet_once_do(&s->once, slowly, s);
    CHECK(s->calls == 1);
    gonet_once_do(&s->once, slowly, s);
    CHECK(s->calls == 1);
}

static void test_all_come_at_once(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        shared_t s = {.crew = 16};

        crew_run(kind, s.crew, come, &s);
        assert_int_equal(s.calls, 1);
        assert_null(s.once.private_waiters);
    }
}

static void count(void *arg)
{
    ++*(int *)arg;
}

/* One of the others may be the first of the next one. */
static void test_another_inside(void **state)
{
    gonet_once_t once = {0}, other = {0};
    int calls = 0;

    (void)state;
    gonet_once_do(&once, count, &calls);
    gonet_once_do(&once, count, &calls);
    gonet_once_do(&other, count, &calls);
    assert_int_equal(calls, 2);
}

typedef struct {
    gonet_once_t onces[300];
    int calls[300];
} many_t;

/* The fast look and the first call meet. */
static void race(void *arg, int i)
{
    many_t *m = arg;

    (void)i;
    for (int k = 0; k < 300; k++) {
        gonet_once_do(&m->onces[k], count, &m->calls[k]);
        CHECK(m->calls[k] == 1);
    }
}

static void test_races(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        many_t *m = calloc(1, sizeof(*m));

        crew_run(kind, 8, race, m);
        free(m);
    }
}

/* The end of the runtime does not end the wait: what it is for would not be there. */
static void test_shutdown_waits(void **state)
{
    shared_t s = {.crew = 2};
    crew_t *crew = calloc(1, sizeof(*crew));

    (void)state;
    crew_start(crew, TASKS, 2, come, &s);
    AWAIT(atomic_load(&s.parked));
    assert_int_equal(gonet_shutdown(-1), 0);
    crew_wait(crew);
    free(crew);
    assert_int_equal(s.calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_another_inside),
        CREW_TEST(test_all_come_at_once),
        CREW_TEST(test_races),
        CREW_TEST(test_shutdown_waits),
    };

    return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}
