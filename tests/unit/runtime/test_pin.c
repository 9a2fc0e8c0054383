/*
 * Pinned tasks stay in their thread, whatever moves around them; what pins do when they are used
 * wrongly; and tasks that move where the kernel does not help.
 */
#include "gonet/task.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "meeting.h"
#include "pin.h"
#include "runtime/sched/runtime.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/refuse.h"

enum { WORKERS = 4, PARKS = 200 };

/* Goes on until it has been moved: so the caller is not pinned, while tasks move at every chance.
 */
static void await_move(void)
{
    int at = thread_id();

    AWAIT((gonet_yield(), thread_id() != at));
}

/* ---- staying ---- */

typedef struct {
    gonet_wait_group_t ended;
    atomic_int moves; /* of those that are not pinned */
    int thread;
} crowd_t;

static void stay(void *arg)
{
    crowd_t *c = arg;

    CHECK_INT(moves(PARKS), 0);
    gonet_wait_group_done(&c->ended);
}

static void stay_by_pin(void *arg)
{
    crowd_t *c = arg;

    gonet_pin();
    CHECK_INT(moves(PARKS), 0);
    gonet_unpin();
    gonet_wait_group_done(&c->ended);
}

static void stray(void *arg)
{
    crowd_t *c = arg;

    moves(PARKS);
    if (atomic_load(&gonet__steal_always)) { /* another worker may have given it back each time */
        await_move();
        atomic_fetch_add(&c->moves, 1);
    }
    gonet_wait_group_done(&c->ended);
}

static void start_crowd(void *arg)
{
    crowd_t *c = arg;

    for (int i = 0; i < 8; i++) {
        gonet_wait_group_add(&c->ended, 3);
        CHECK_INT(gonet_go_pinned(stay, c), 0);
        CHECK_INT(gonet_go(stay_by_pin, c), 0);
        CHECK_INT(gonet_go(stray, c), 0);
        gonet_yield();
    }
    gonet_wait_group_wait(&c->ended);
}

static void pinned_stay(void **state)
{
    crowd_t c = {.thread = 0};

    (void)state;
    run_in_task(false, start_crowd, &c);
    check_report();
}

static void pinned_stay_where_all_move(void **state)
{
    crowd_t c = {.thread = 0};

    (void)state;
    run_in_task(true, start_crowd, &c);
    CHECK(atomic_load(&c.moves) > 0); /* those that may */
    check_report();
}

static void stay_beside(void *arg)
{
    crowd_t *c = arg;

    CHECK_INT(thread_id(), c->thread);
    stay(c);
}

static void start_beside(void *arg)
{
    crowd_t *c = arg;

    for (int i = 0; i < 20; i++) {
        c->thread = thread_id();
        gonet_wait_group_add(&c->ended, 1);
        CHECK_INT(gonet_go_pinned(stay_beside, c), 0);
        gonet_wait_group_wait(&c->ended);
    }
}

static void go_pinned_from_a_task_stays_beside_it(void **state)
{
    crowd_t c = {.thread = 0};

    (void)state;
    run_in_task(true, start_beside, &c);
    check_report();
}

static void go_pinned_from_a_thread(void **state)
{
    int before = gonet_set_max_procs(WORKERS);
    crowd_t c = {.thread = 0};

    (void)state;
    gonet_wait_group_add(&c.ended, 16);
    for (int i = 0; i < 16; i++)
        CHECK_INT(gonet_go_pinned(stay, &c), 0);
    atomic_store(&gonet__steal_always, true);
    gonet_wait_group_wait(&c.ended);
    atomic_store(&gonet__steal_always, false);
    gonet_set_max_procs(before);
    check_report();
    errno = 0;
    assert_int_equal(gonet_go_pinned(NULL, NULL), -1);
    assert_int_equal(errno, EINVAL);
}

/* ---- nested, and used wrongly ---- */

static void nest(void *arg)
{
    (void)arg;
    gonet_pin();
    gonet_pin();
    gonet_pin();
    gonet_unpin();
    CHECK_INT(moves(50), 0);
    gonet_unpin();
    CHECK_INT(moves(50), 0);
    gonet_unpin();
    await_move();
}

static void pins_nest(void **state)
{
    (void)state;
    run_in_task(true, nest, NULL);
    check_report();
}

static void unpin_first(void *arg)
{
    (void)arg;
    gonet_unpin();
    gonet_unpin();
    await_move();
    gonet_pin(); /* counts from nothing */
    CHECK_INT(moves(50), 0);
    gonet_unpin();
    gonet_unpin();
    await_move();
}

static void unpin_without_pin_is_nothing(void **state)
{
    (void)state;
    run_in_task(true, unpin_first, NULL);
    check_report();
}

static void wander(void *arg)
{
    (void)arg;
    await_move();
}

static void pins_of_a_thread_are_nothing(void **state)
{
    (void)state;
    gonet_unpin();
    gonet_pin();
    gonet_pin();
    assert_int_equal(gonet__runtime_worker_count(), 0);
    run_in_task(true, wander, NULL);
    gonet_unpin();
    check_report();
}

static unsigned pinned(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < gonet__runtime_worker_made(); i++)
        n += atomic_load(&gonet__runtime_worker(i)->pinned);
    return n;
}

static void end_pinned(void *arg)
{
    crowd_t *c = arg;

    CHECK_INT(thread_id(), c->thread);
    gonet_pin();
    gonet_pin();
    gonet_wait_group_done(&c->ended);
}

/* What ends beside a task, in its thread, and pinned, leaves both as they were: the thread, and for
 * the tasks that get its memory, no pin. */
static void outlive(void *arg)
{
    crowd_t *c = arg;

    for (int i = 0; i < 20; i++) {
        gonet_pin();
        c->thread = thread_id();
        gonet_wait_group_add(&c->ended, 1);
        CHECK_INT(gonet_go_pinned(end_pinned, c), 0);
        gonet_wait_group_wait(&c->ended);
        AWAIT(pinned() == 1);
        CHECK_INT(thread_id(), c->thread);
        gonet_unpin();
        CHECK_INT(gonet_wait_group_go(&c->ended, wander, NULL), 0);
        gonet_wait_group_wait(&c->ended);
    }
}

static void a_pinned_task_at_its_end_is_unpinned(void **state)
{
    crowd_t c = {.thread = 0};

    (void)state;
    run_in_task(true, outlive, &c);
    check_report();
}

/* ---- without membarrier ---- */

static void meet_often(void)
{
    for (int round = 0; round < 20; round++) {
        meeting_t m = {.wanted = WORKERS};
        run_in_task(false, start_meeting, &m);
        gonet_wait_group_wait(&m.ended);
    }
}

static void cross_often(void)
{
    crowd_t c = {.thread = 0};

    run_in_task(true, start_crowd, &c);
    CHECK(atomic_load(&c.moves) > 0); /* those that may */
}

static int verdict(void)
{
    CHECK(atomic_load(&gonet__queue_fenced));
    CHECK_INT(gonet_shutdown(-1), 0);
    if (check_failed())
        fprintf(stderr, "%s\n", check_failure());
    return check_failed();
}

static int refused(void)
{
    if (!refuse_call(SYS_membarrier, EPERM))
        return REFUSE_SKIPPED;
    meet_often();
    cross_often();
    return verdict();
}

static void tasks_cross_without_membarrier(void **state)
{
    (void)state;
    refuse_passes("refused", NULL);
}

static void sleep_for_hours(void *arg)
{
    (void)arg;
    gonet_sleep(GONET_HOUR);
}

/* The program goes into its sandbox when its workers run, of which some sleep and some have ended.
 */
static int refused_later(void)
{
    FILE *f = fopen("/dev/null", "we");

    meet_often();
    CHILD_CHECK(f != NULL);
    if (atomic_load(&gonet__queue_fenced)) {
        fprintf(stderr, "no membarrier here\n");
        return REFUSE_SKIPPED;
    }
    gonet_set_max_procs(2 * WORKERS);
    gonet_set_max_procs(WORKERS);
    CHILD_CHECK(gonet_go(sleep_for_hours, NULL) == 0);
    if (!refuse_call(SYS_membarrier, EPERM))
        return REFUSE_SKIPPED;
    gonet_dump_tasks(f); /* looks into the queues of all */
    fclose(f);
    meet_often();
    cross_often();
    return verdict();
}

static void membarrier_is_refused_later(void **state)
{
    (void)state;
    refuse_passes("refused_later", NULL);
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {
        {"refused", refused}, {"refused_later", refused_later}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(pinned_stay),
        LEAK_TEST(pinned_stay_where_all_move),
        LEAK_TEST(go_pinned_from_a_task_stays_beside_it),
        LEAK_TEST(go_pinned_from_a_thread),
        LEAK_TEST(pins_nest),
        LEAK_TEST(unpin_without_pin_is_nothing),
        LEAK_TEST(pins_of_a_thread_are_nothing),
        LEAK_TEST(a_pinned_task_at_its_end_is_unpinned),
        LEAK_TEST(tasks_cross_without_membarrier),
        LEAK_TEST(membarrier_is_refused_later),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
