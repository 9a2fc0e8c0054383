/* The mutex: exclusion between tasks and threads, fairness, and what it must not touch. */
#include "crew.h"

#include "gonet/sync.h"

typedef struct {
    gonet_mutex_t mutex;
    long count;
    int rounds;
    bool yields;
} shared_t;

static void add_many(void *arg, int i)
{
    shared_t *s = arg;

    (void)i;
    for (int k = 0; k < s->rounds; k++) {
        gonet_mutex_lock(&s->mutex);
        long before = s->count;
        if (s->yields && k % 8 == 0)
            gonet_yield();
        s->count = before + 1;
        gonet_mutex_unlock(&s->mutex);
    }
}

static void exclude(crew_kind_t kind, int n, int rounds, bool yields)
{
    shared_t s = {.rounds = rounds, .yields = yields};

    crew_run(kind, n, add_many, &s);
    assert_int_equal(s.count, (long)n * rounds);
    assert_int_equal(s.mutex.private_state, 0);
    assert_null(s.mutex.private_waiters);
}

static void test_alone(void **state)
{
    gonet_mutex_t m = {0};

    (void)state;
    gonet_mutex_lock(&m);
    assert_false(gonet_mutex_try_lock(&m));
    gonet_mutex_unlock(&m);
    assert_true(gonet_mutex_try_lock(&m));
    gonet_mutex_unlock(&m);
    assert_int_equal(m.private_state, 0);
}

static void test_threads_exclude(void **state)
{
    (void)state;
    exclude(THREADS, 4, 20000, false);
    exclude(THREADS, 16, 1000, true);
}

static void test_tasks_exclude(void **state)
{
    (void)state;
    exclude(TASKS, 200, 500, false);
    exclude(TASKS, 200, 200, true);
}

static void test_mixed_exclude(void **state)
{
    (void)state;
    exclude(BOTH, 16, 4000, false);
    exclude(BOTH, 16, 2000, true);
}

static void try_many(void *arg, int i)
{
    shared_t *s = arg;

    (void)i;
    for (int k = 0; k < s->rounds;) {
        if (!gonet_mutex_try_lock(&s->mutex)) {
            gonet_yield();
            continue;
        }
        s->count++;
        k++;
        gonet_mutex_unlock(&s->mutex);
    }
}

static void try_or_lock(void *arg, int i)
{
    if (i % 4 < 2)
        try_many(arg, i);
    else
        add_many(arg, i);
}

static void test_try_lock_excludes(void **state)
{
    shared_t s = {.rounds = 2000};

    (void)state;
    crew_run(BOTH, 8, try_or_lock, &s);
    assert_int_equal(s.count, 8 * 2000);
}

/* One hogs the mutex: it never lets go for longer than an unlock and a lock. */
typedef struct {
    gonet_mutex_t mutex;
    atomic_bool waiting, got;
    long steals;
} hog_t;

static void hog_and_wait(void *arg, int i)
{
    hog_t *h = arg;

    if (i == 1) {
        AWAIT(!gonet_mutex_try_lock(&h->mutex) || (gonet_mutex_unlock(&h->mutex), false));
        atomic_store(&h->waiting, true);
        gonet_mutex_lock(&h->mutex);
        atomic_store(&h->got, true);
        gonet_mutex_unlock(&h->mutex);
        return;
    }
    gonet_mutex_lock(&h->mutex);
    while (!atomic_load(&h->got) && check_patience()) {
        gonet_yield();
        gonet_mutex_unlock(&h->mutex);
        gonet_mutex_lock(&h->mutex);
        h->steals++;
    }
    gonet_mutex_unlock(&h->mutex);
    CHECK(atomic_load(&h->got));
}

/* On one worker the newcomer always wins the race, so only the hand-over can help the waiter. */
static void test_waiter_is_not_starved(void **state)
{
    hog_t h = {.steals = 0};
    int before = gonet_set_max_procs(1);

    (void)state;
    crew_run(TASKS, 2, hog_and_wait, &h);
    gonet_set_max_procs(before);
    assert_int_equal(h.mutex.private_state, 0);
}

static void test_mixed_waiter_is_not_starved(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        hog_t h = {.steals = 0};

        crew_run(kind, 2, hog_and_wait, &h);
    }
}

/* The last user releases the memory the moment it holds the mutex and sees that the others are
 * done. */
typedef struct {
    gonet_mutex_t mutex;
    int users;
} object_t;

enum { OBJECTS = 3000, USERS = 4 };

static void use_objects(void *arg, int i)
{
    object_t **objects = arg;

    (void)i;
    for (int k = 0; k < OBJECTS; k++) {
        object_t *o = objects[k];

        gonet_mutex_lock(&o->mutex);
        bool last = --o->users == 0;
        if (!last)
            gonet_yield(); /* lets the others queue */
        gonet_mutex_unlock(&o->mutex);
        if (last)
            free(memset(o, 0xff, sizeof(*o)));
    }
}

static void test_next_owner_may_release(void **state)
{
    object_t **objects = calloc(OBJECTS, sizeof(*objects));

    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        for (int k = 0; k < OBJECTS; k++) {
            objects[k] = calloc(1, sizeof(object_t));
            objects[k]->users = USERS;
        }
        crew_run(kind, USERS, use_objects, objects);
    }
    free(objects);
}

static void unlock_unlocked(void)
{
    gonet_mutex_t m = {0};

    gonet_mutex_unlock(&m);
}

static void test_unlock_of_unlocked_aborts(void **state)
{
    (void)state;
    crew_dies(unlock_unlocked, "fatal error: sync: unlock of unlocked mutex");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_alone),
        CREW_TEST(test_unlock_of_unlocked_aborts),
        CREW_TEST(test_threads_exclude),
        CREW_TEST(test_tasks_exclude),
        CREW_TEST(test_mixed_exclude),
        CREW_TEST(test_try_lock_excludes),
        CREW_TEST(test_waiter_is_not_starved),
        CREW_TEST(test_mixed_waiter_is_not_starved),
        CREW_TEST(test_next_owner_may_release),
    };

    return cmocka_run_group_tests_name("mutex", tests, NULL, NULL);
}
