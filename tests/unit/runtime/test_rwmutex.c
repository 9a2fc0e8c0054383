/* The readers-writer mutex: who keeps whom out, whose turn it is, and what the last one to unlock
 * must not touch. */
#include "crew.h"

#include "gonet/sync.h"
#include "runtime/ground/spin.h"
#include "runtime/sync/waitq.h"

static uint32_t word(gonet_rwmutex_t *m)
{
    return __atomic_load_n(&m->private_state, __ATOMIC_ACQUIRE);
}

static void test_alone(void **state)
{
    gonet_rwmutex_t m = {0};

    (void)state;
    gonet_rwmutex_rlock(&m);
    gonet_rwmutex_rlock(&m);
    assert_true(gonet_rwmutex_try_rlock(&m));
    assert_false(gonet_rwmutex_try_lock(&m));
    gonet_rwmutex_runlock(&m);
    gonet_rwmutex_runlock(&m);
    assert_false(gonet_rwmutex_try_lock(&m));
    gonet_rwmutex_runlock(&m);
    assert_true(gonet_rwmutex_try_lock(&m));
    assert_false(gonet_rwmutex_try_rlock(&m));
    assert_false(gonet_rwmutex_try_lock(&m));
    gonet_rwmutex_unlock(&m);
    gonet_rwmutex_lock(&m);
    gonet_rwmutex_unlock(&m);
    assert_int_equal(word(&m), 0);
}

typedef struct {
    gonet_rwmutex_t m;
    long a, b; /* plain; equal whenever nobody writes */
    atomic_int readers;
    atomic_int together; /* the most readers that were seen at a time */
    int rounds;
} table_t;

static void use(void *arg, int i)
{
    table_t *t = arg;

    for (int k = 0; k < t->rounds; k++) {
        if ((k + i) % 7 == 0) {
            gonet_rwmutex_lock(&t->m);
            CHECK(atomic_load(&t->readers) == 0 && t->a == t->b);
            t->a++;
            if (k % 3 == 0)
                gonet_yield();
            t->b++;
            gonet_rwmutex_unlock(&t->m);
        } else {
            gonet_rwmutex_rlock(&t->m);
            int n = atomic_fetch_add(&t->readers, 1) + 1;

            CHECK(t->a == t->b);
            if (n > atomic_load(&t->together))
                atomic_store(&t->together, n);
            if (k % 5 == 0)
                gonet_yield();
            CHECK(t->a == t->b);
            atomic_fetch_sub(&t->readers, 1);
            gonet_rwmutex_runlock(&t->m);
        }
    }
}

static void test_exclusion(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        table_t t = {.rounds = 700};
        int n = 8;

        crew_run(kind, n, use, &t);
        assert_int_equal(t.a, n * t.rounds / 7);
        assert_int_equal(t.b, t.a);
        assert_int_equal(word(&t.m), 0);
        assert_null(t.m.private_readers);
        assert_null(t.m.private_writers);
    }
}

/* Readers that hold the lock until all have it: they do not keep each other out. */
static void read_together(void *arg, int i)
{
    table_t *t = arg;

    (void)i;
    gonet_rwmutex_rlock(&t->m);
    atomic_fetch_add(&t->readers, 1);
    AWAIT(atomic_load(&t->readers) == 8);
    gonet_rwmutex_runlock(&t->m);
}

static void test_readers_share(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        table_t t = {.rounds = 0};

        crew_run(kind, 8, read_together, &t);
    }
}

/* ---- whose turn it is ---- */

typedef struct {
    gonet_rwmutex_t m;
    atomic_int readers;
    char order[16];
    atomic_int n;
} turns_t;

static void note(turns_t *t, char who)
{
    t->order[atomic_fetch_add(&t->n, 1)] = who;
}

/* How many wait in one of m's queues. */
static int waiting(gonet_rwmutex_t *m, void **queue)
{
    _Atomic uint32_t *lock = (_Atomic uint32_t *)(void *)&m->private_lock;
    gonet__waiter_t *first, *n;
    int count = 0;

    gonet__spin_lock(lock);
    first = n = *queue;
    for (; n != NULL; n = n->next != first ? n->next : NULL)
        count++;
    gonet__spin_unlock(lock);
    return count;
}

static int writers_waiting(gonet_rwmutex_t *m)
{
    return waiting(m, &m->private_writers);
}

static int readers_waiting(gonet_rwmutex_t *m)
{
    return waiting(m, &m->private_readers);
}

static void take_turns(void *arg, int i)
{
    turns_t *t = arg;

    if (i == 0) {
        gonet_rwmutex_lock(&t->m);
        note(t, 'w');
        gonet_rwmutex_unlock(&t->m);
    } else {
        AWAIT(writers_waiting(&t->m) == 1);
        gonet_rwmutex_rlock(&t->m);
        note(t, 'r');
        gonet_rwmutex_runlock(&t->m);
    }
}

/* A writer that waits comes before readers that come later, though readers have the lock. */
static void test_writer_blocks_new_readers(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        turns_t t = {.order = ""};
        crew_t *crew = calloc(1, sizeof(*crew));

        gonet_rwmutex_rlock(&t.m);
        crew_start(crew, kind, 4, take_turns, &t);
        AWAIT(writers_waiting(&t.m) == 1 && readers_waiting(&t.m) == 3);
        assert_false(gonet_rwmutex_try_rlock(&t.m));
        assert_int_equal(atomic_load(&t.n), 0);
        gonet_rwmutex_runlock(&t.m);
        crew_wait(crew);
        free(crew);
        assert_string_equal(t.order, "wrrr");
    }
}

static void take_turns_behind_writer(void *arg, int i)
{
    turns_t *t = arg;

    if (i == 0) {
        gonet_rwmutex_lock(&t->m);
        note(t, 'w');
        gonet_rwmutex_unlock(&t->m);
    } else {
        AWAIT(writers_waiting(&t->m) == 1);
        gonet_rwmutex_rlock(&t->m);
        note(t, 'r');
        atomic_fetch_add(&t->readers, 1);
        AWAIT(atomic_load(&t->readers) == 3); /* the three have it at the same time */
        gonet_rwmutex_runlock(&t->m);
    }
}

/* When a writer unlocks, the readers that wait come before the writer that waits longer. */
static void test_readers_come_after_a_writer(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        turns_t t = {.order = ""};
        crew_t *crew = calloc(1, sizeof(*crew));

        gonet_rwmutex_lock(&t.m);
        crew_start(crew, kind, 4, take_turns_behind_writer, &t);
        AWAIT(writers_waiting(&t.m) == 1 && readers_waiting(&t.m) == 3);
        gonet_rwmutex_unlock(&t.m);
        crew_wait(crew);
        free(crew);
        assert_string_equal(t.order, "rrrw");
    }
}

/* ---- memory ---- */

typedef struct {
    _Atomic(gonet_rwmutex_t *) lent[3];
    bool readers; /* the three read, or write */
    int rounds;
} frames_t;

/* Each new mutex is held by three; the writer that comes after them releases its memory. */
static void lend_and_free(void *arg, int i)
{
    frames_t *f = arg;

    for (int k = 0; k < f->rounds; k++) {
        if (i == 3) {
            gonet_rwmutex_t *m = calloc(1, sizeof(*m));

            for (int n = 0; n < 3; n++) {
                if (f->readers)
                    gonet_rwmutex_rlock(m);
                else if (n == 0)
                    gonet_rwmutex_lock(m);
                if (f->readers || n == 0)
                    atomic_store(&f->lent[n], m);
            }
            gonet_rwmutex_lock(m);
            gonet_rwmutex_unlock(m);
            free(memset(m, 0xff, sizeof(*m)));
        } else if (f->readers || i == 0) {
            gonet_rwmutex_t *m;

            AWAIT((m = atomic_exchange(&f->lent[i], NULL)) != NULL);
            if (f->readers)
                gonet_rwmutex_runlock(m);
            else
                gonet_rwmutex_unlock(m);
        }
    }
}

static void test_next_owner_may_release(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++) {
        frames_t f = {.readers = true, .rounds = 200};

        crew_run(kind, 4, lend_and_free, &f);
        f.readers = false;
        crew_run(kind, 4, lend_and_free, &f);
    }
}

static void wait_for_lock(void *arg, int i)
{
    table_t *t = arg;

    if (i == 0)
        gonet_rwmutex_lock(&t->m);
    else
        gonet_rwmutex_rlock(&t->m);
    atomic_fetch_add(&t->readers, 1);
    if (i == 0)
        gonet_rwmutex_unlock(&t->m);
    else
        gonet_rwmutex_runlock(&t->m);
}

typedef struct {
    atomic_int result;
} ending_t;

static void *end_runtime(void *arg)
{
    atomic_store(&((ending_t *)arg)->result, gonet_shutdown(-1));
    return NULL;
}

static void test_shutdown_does_not_end_it(void **state)
{
    table_t t = {.rounds = 0};
    crew_t *crew = calloc(1, sizeof(*crew));
    ending_t ending = {.result = -2};
    pthread_t ends;

    (void)state;
    gonet_rwmutex_lock(&t.m);
    crew_start(crew, TASKS, 2, wait_for_lock, &t);
    AWAIT(writers_waiting(&t.m) + readers_waiting(&t.m) == 2);
    assert_int_equal(pthread_create(&ends, NULL, end_runtime, &ending), 0);
    AWAIT(gonet_go(free, NULL) != 0); /* under way */
    assert_int_equal(atomic_load(&t.readers), 0);
    gonet_rwmutex_unlock(&t.m);
    pthread_join(ends, NULL);
    crew_wait(crew);
    free(crew);
    assert_int_equal(atomic_load(&ending.result), 0);
    assert_int_equal(atomic_load(&t.readers), 2);
}

static void unlock_unlocked(void)
{
    gonet_rwmutex_t m = {0};

    gonet_rwmutex_unlock(&m);
}

static void runlock_unlocked(void)
{
    gonet_rwmutex_t m = {0};

    gonet_rwmutex_runlock(&m);
}

static void unlock_of_readers(void)
{
    gonet_rwmutex_t m = {0};

    gonet_rwmutex_rlock(&m);
    gonet_rwmutex_unlock(&m);
}

static void runlock_of_writer(void)
{
    gonet_rwmutex_t m = {0};

    gonet_rwmutex_lock(&m);
    gonet_rwmutex_runlock(&m);
}

static void test_mistakes_abort(void **state)
{
    (void)state;
    crew_dies(unlock_unlocked, "fatal error: sync: Unlock of unlocked RWMutex");
    crew_dies(unlock_of_readers, "fatal error: sync: Unlock of unlocked RWMutex");
    crew_dies(runlock_unlocked, "fatal error: sync: RUnlock of unlocked RWMutex");
    crew_dies(runlock_of_writer, "fatal error: sync: RUnlock of unlocked RWMutex");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_alone),
        CREW_TEST(test_mistakes_abort),
        CREW_TEST(test_readers_share),
        CREW_TEST(test_exclusion),
        CREW_TEST(test_writer_blocks_new_readers),
        CREW_TEST(test_readers_come_after_a_writer),
        CREW_TEST(test_next_owner_may_release),
        CREW_TEST(test_shutdown_does_not_end_it),
    };

    return cmocka_run_group_tests_name("rwmutex", tests, NULL, NULL);
}
