/*
 * Pinned tasks stay in their thread, whatever moves around them; what pins do when they are used
 * wrongly; and tasks that move where the kernel does not help.
 */
#include "gonet/task.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void nothing(void *arg)
{
    (void)arg;
}

/* Runs fn(arg) in a task of a runtime with WORKERS workers. */
static void run(bool moving, void (*fn)(void *arg), void *arg)
{
    int before = gonet_set_max_procs(WORKERS);
    gonet_wait_group_t ended = {0};

    CHECK(gonet_wait_group_go(&ended, nothing, NULL) == 0); /* the start asks the environment */
    gonet_wait_group_wait(&ended);
    atomic_store(&gonet__steal_always, moving);
    CHECK(gonet_wait_group_go(&ended, fn, arg) == 0);
    gonet_wait_group_wait(&ended);
    atomic_store(&gonet__steal_always, false);
    gonet_set_max_procs(before);
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
    run(false, start_crowd, &c);
    check_report();
}

static void pinned_stay_where_all_move(void **state)
{
    crowd_t c = {.thread = 0};

    (void)state;
    run(true, start_crowd, &c);
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
    run(true, start_beside, &c);
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
    run(true, nest, NULL);
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
    run(true, unpin_first, NULL);
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
    run(true, wander, NULL);
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
    run(true, outlive, &c);
    check_report();
}

static void leave_thread(void *arg)
{
    pthread_exit(arg);
}

static int exits(void)
{
    gonet_set_max_procs(2);
    CHILD_CHECK(gonet_go(leave_thread, NULL) == 0);
    gonet_shutdown(-1); /* never returns */
    return 0;
}

static void a_task_that_ends_its_thread_ends_the_program(void **state)
{
    child_result_t result;

    (void)state;
#ifdef GONET__TSAN
    print_message(
        "skipped: ThreadSanitizer itself allows pthread_exit on a thread's own stack only\n");
    skip();
#endif
    child_run("exits", NULL, &result);
    assert_true(WIFSIGNALED(result.status) && WTERMSIG(result.status) == SIGABRT);
    assert_non_null(strstr(result.output, "fatal error: a task has ended its thread"));
}

/* ---- without membarrier ---- */

typedef struct {
    gonet_wait_group_t ended;
    atomic_int begun;
} meeting_t;

static void meet(void *arg)
{
    meeting_t *m = arg;

    atomic_fetch_add(&m->begun, 1);
    while (atomic_load(&m->begun) < WORKERS && check_patience())
        continue;
    CHECK(atomic_load(&m->begun) >= WORKERS);
}

/* As many as there are workers, started by one of them, and each holds its own. */
static void start_meeting(void *arg)
{
    meeting_t *m = arg;

    for (int i = 1; i < WORKERS; i++)
        CHECK_INT(gonet_wait_group_go(&m->ended, meet, m), 0);
    meet(m);
    gonet_wait_group_wait(&m->ended);
}

static int refused(void)
{
    crowd_t c = {.thread = 0};

    if (!refuse_call(SYS_membarrier, EPERM))
        return REFUSE_SKIPPED;
    for (int round = 0; round < 20; round++) {
        meeting_t m = {.begun = 0};
        run(false, start_meeting, &m);
    }
    CHILD_CHECK(gonet__queue_fenced);
    run(true, start_crowd, &c);
    CHILD_CHECK(atomic_load(&c.moves) > 0); /* those that may */
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    if (check_failed())
        fprintf(stderr, "%s\n", check_failure());
    return check_failed();
}

static void tasks_cross_without_membarrier(void **state)
{
    (void)state;
    refuse_passes("refused", NULL);
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {{"exits", exits}, {"refused", refused}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(pinned_stay),
        LEAK_TEST(pinned_stay_where_all_move),
        LEAK_TEST(go_pinned_from_a_task_stays_beside_it),
        LEAK_TEST(go_pinned_from_a_thread),
        LEAK_TEST(pins_nest),
        LEAK_TEST(unpin_without_pin_is_nothing),
        LEAK_TEST(pins_of_a_thread_are_nothing),
        LEAK_TEST(a_pinned_task_at_its_end_is_unpinned),
        LEAK_TEST(a_task_that_ends_its_thread_ends_the_program),
        LEAK_TEST(tasks_cross_without_membarrier),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
