/*
 * Pinned tasks and workers: one that is held, and those that come and go.
 */
#include "gonet/task.h"

#include <stdatomic.h>

#include "pin.h"
#include "runtime/sched/runtime.h"
#include "support/actor.h"
#include "support/leak.h"

/* ---- a held worker ---- */

typedef struct {
    gonet_wait_group_t ended, word;
    gonet_wait_group_t others;
    atomic_bool holds, stop, went_on;
} held_t;

static void hold(void *arg)
{
    held_t *h = arg;

    atomic_store(&h->holds, true);
    while (!atomic_load(&h->stop) && check_patience())
        continue;
    CHECK(!atomic_load(&h->went_on));
}

static void wait_for_word(void *arg)
{
    held_t *h = arg;
    int at = thread_id();

    CHECK_INT(gonet_go_pinned(hold, h), 0); /* comes up when the caller parks */
    gonet_wait_group_wait(&h->word);
    atomic_store(&h->went_on, true);
    CHECK_INT(thread_id(), at);
    gonet_wait_group_done(&h->ended);
}

static void some_parks(void *arg)
{
    (void)arg;
    moves(20);
}

/* It waits for its worker, while the others run all that is not pinned, and goes on there. */
static void pinned_wait_for_their_held_worker(void **state)
{
    int before = gonet_set_max_procs(2);

    (void)state;
    for (int round = 0; round < 10 && !check_failed(); round++) {
        held_t h = {.stop = false};

        gonet_wait_group_add(&h.ended, 1);
        gonet_wait_group_add(&h.word, 1);
        assert_int_equal(gonet_go_pinned(wait_for_word, &h), 0);
        AWAIT(atomic_load(&h.holds));
        gonet_wait_group_done(&h.word);
        for (int i = 0; i < 20; i++) {
            CHECK_INT(gonet_wait_group_go(&h.others, some_parks, NULL), 0);
            gonet_wait_group_wait(&h.others);
        }
        CHECK(!atomic_load(&h.went_on));
        atomic_store(&h.stop, true);
        gonet_wait_group_wait(&h.ended);
    }
    gonet_set_max_procs(before);
    check_report();
}

/* ---- more and fewer workers ---- */

enum { WORKERS = 4, GUARDS = 12 };

typedef struct {
    gonet_wait_group_t ended;
    atomic_bool stop;
    struct guard {
        void *all;
        atomic_int rounds;
    } guard[GUARDS];
} guards_t;

static void keep_going(void *arg)
{
    struct guard *g = arg;
    guards_t *all = g->all;

    for (int at = thread_id(), i = 0; !atomic_load(&all->stop); i++) {
        park(i);
        if (!CHECK(thread_id() == at))
            break;
        atomic_fetch_add(&g->rounds, 1);
    }
    gonet_wait_group_done(&all->ended);
}

static bool ended(unsigned from)
{
    for (unsigned i = from; i < gonet__runtime_worker_made(); i++) {
        if (atomic_load(&gonet__runtime_worker(i)->state) != GONET__WORKER_ENDED)
            return false;
    }
    return true;
}

/* Each goes on in its thread after each change; when they end, the workers that are too many do. */
static void pinned_stay_when_workers_come_and_go(void **state)
{
    int before = gonet_set_max_procs(WORKERS);
    guards_t all = {.stop = false};

    (void)state;
    gonet_wait_group_add(&all.ended, GUARDS);
    for (int i = 0; i < GUARDS; i++) {
        all.guard[i].all = &all;
        assert_int_equal(gonet_go_pinned(keep_going, &all.guard[i]), 0);
    }
    for (int round = 0; round < 20 && !check_failed(); round++) {
        static const int sizes[] = {1, 4, 2, 3};

        gonet_set_max_procs(sizes[round % 4]);
        for (int i = 0; i < GUARDS; i++) {
            int n = atomic_load(&all.guard[i].rounds);
            AWAIT(atomic_load(&all.guard[i].rounds) > n + 2 || check_failed());
        }
    }
    gonet_set_max_procs(1);
    CHECK(!ended(1));
    atomic_store(&all.stop, true);
    gonet_wait_group_wait(&all.ended);
    AWAIT(ended(1));
    gonet_set_max_procs(before);
    check_report();
}

typedef struct {
    gonet_wait_group_t ended;
    atomic_bool sat; /* somebody has sat on the last worker */
} sitter_t;

static void sit(void *arg)
{
    sitter_t *s = arg;
    int at = thread_id();

    if (gonet__here() == gonet__runtime_worker(1)) {
        gonet_set_max_procs(1);
        CHECK_INT(moves(50), 0);
        CHECK_INT(atomic_load(&gonet__runtime_worker(1)->state), GONET__WORKER_RUNS);
        gonet_unpin(); /* and that is the end of the worker */
        AWAIT((gonet_yield(), thread_id() != at));
        AWAIT(ended(1));
        atomic_store(&s->sat, true);
    }
    gonet_wait_group_done(&s->ended);
}

/* Its own worker is taken away, and stays until it has no need of it. */
static void a_pinned_task_takes_its_own_worker_away(void **state)
{
    int before = gonet_set_max_procs(2);

    (void)state;
    for (int round = 0; round < 10 && !check_failed(); round++) {
        sitter_t s = {.sat = false};

        gonet_set_max_procs(2);
        for (int i = 0; i < 2; i++) { /* threads give each worker one in turn */
            gonet_wait_group_add(&s.ended, 1);
            assert_int_equal(gonet_go_pinned(sit, &s), 0);
            gonet_wait_group_wait(&s.ended);
        }
        CHECK(atomic_load(&s.sat));
    }
    gonet_set_max_procs(before);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(pinned_wait_for_their_held_worker),
        LEAK_TEST(pinned_stay_when_workers_come_and_go),
        LEAK_TEST(a_pinned_task_takes_its_own_worker_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
