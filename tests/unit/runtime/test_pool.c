/* The pool for blocking work: threads on demand and their end, gonet_blocking from tasks and
 * threads. */
#include "crew.h"

#include <dirent.h>
#include <errno.h>

#include "runtime/switch/annotate.h"
#include "runtime/life/pool.h"
#include "support/child.h"

static int count_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    int n = 0;

    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int inside;
    int most;
    int ended;
    int need; /* leave when so many have been inside together */
    bool open;
} gate_t;

#define GATE(n)                                                                            \
    {                                                                                      \
        .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER, .need = (n) \
    }

/* pass blocks its thread until enough have come. */
static void pass(void *arg)
{
    gate_t *g = arg;

    pthread_mutex_lock(&g->lock);
    if (++g->inside > g->most)
        g->most = g->inside;
    if (g->inside >= g->need)
        g->open = true;
    pthread_cond_broadcast(&g->change);
    while (!g->open)
        pthread_cond_wait(&g->change, &g->lock);
    g->inside--;
    g->ended++;
    pthread_cond_broadcast(&g->change);
    pthread_mutex_unlock(&g->lock);
}

static void await_ended(gate_t *g, int n)
{
    pthread_mutex_lock(&g->lock);
    while (g->ended < n)
        pthread_cond_wait(&g->change, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void test_threads_on_demand(void **state)
{
    gate_t g = GATE(30), first = GATE(1);
    int before;

    (void)state;
    assert_true(gonet__pool_run(GONET__WORK_USER, pass,
                                &first)); /* a sanitizer starts its own with the first */
    gonet__pool_stop();
    before = count_threads();
    for (int k = 0; k < 30; k++)
        assert_true(gonet__pool_run(GONET__WORK_USER, pass, &g));
    await_ended(&g, 30);
    assert_int_equal(g.most, 30);
    gonet__pool_stop();
    AWAIT(count_threads() == before);
    crew_assert();
}

/* Jobs that find an idle thread make no new one. */
static void test_idle_threads_are_used(void **state)
{
    int before = count_threads();

    (void)state;
    for (int k = 0; k < 200; k++) {
        gate_t g = GATE(1);

        assert_true(gonet__pool_run(GONET__WORK_USER, pass, &g));
        await_ended(&g, 1);
        pthread_mutex_lock(&g.lock); /* the thread has left the gate, which lies on this stack */
        pthread_mutex_unlock(&g.lock);
        AWAIT(check_others_sleep()); /* it is idle, or once in a while waits for a lock */
    }
    assert_true(count_threads() <= before + 5);
    gonet__pool_stop();
}

static void test_500_at_most(void **state)
{
    gate_t g = GATE(1000);
    int before = count_threads();

    (void)state;
    for (int k = 0; k < 600; k++)
        assert_true(gonet__pool_run(GONET__WORK_USER, pass, &g));
    assert_in_range(count_threads(), before + 500, before + 501); /* a sanitizer may have its own */
    pthread_mutex_lock(&g.lock);
    while (g.inside < 500)
        pthread_cond_wait(&g.change, &g.lock);
    assert_int_equal(g.ended, 0);
    g.open = true;
    pthread_cond_broadcast(&g.change);
    pthread_mutex_unlock(&g.lock);
    await_ended(&g, 600);
    gonet__pool_stop();
}

/* While one kind of work has all its threads, and more of it waits, the others go on. */
static void kinds_go_on_beside(gonet__work_t full)
{
    gate_t g = GATE(1000);

    for (int k = 0; k < 520; k++)
        assert_true(gonet__pool_run(full, pass, &g));
    for (int work = 0; work < GONET__WORKS; work++) {
        gate_t other = GATE(1);

        if (work == (int)full)
            continue;
        assert_true(gonet__pool_run((gonet__work_t)work, pass, &other));
        await_ended(&other, 1);
        pthread_mutex_lock(&other.lock); /* the thread has left the gate */
        pthread_mutex_unlock(&other.lock);
    }
    pthread_mutex_lock(&g.lock);
    assert_int_equal(g.ended, 0);
    assert_true(g.most <= 500);
    g.open = true;
    pthread_cond_broadcast(&g.change);
    pthread_mutex_unlock(&g.lock);
    await_ended(&g, 520);
    gonet__pool_stop();
}

static void test_each_kind_has_its_share(void **state)
{
    (void)state;
    kinds_go_on_beside(GONET__WORK_CLOSE);
    kinds_go_on_beside(GONET__WORK_USER);
}

static void test_stop_does_what_is_queued(void **state)
{
    gate_t g = GATE(1);

    (void)state;
    gonet__pool_stop();
    for (int k = 0; k < 100; k++)
        assert_true(gonet__pool_run(GONET__WORK_USER, pass, &g));
    gonet__pool_stop();
    assert_int_equal(g.ended, 100);
}

static void test_gone_after_10_seconds(void **state)
{
    gate_t g = GATE(5);
    int before = count_threads();
    gonet_time_t start = gonet_now();

    (void)state;
    for (int k = 0; k < 5; k++)
        assert_true(gonet__pool_run(GONET__WORK_USER, pass, &g));
    await_ended(&g, 5);
    while (count_threads() > before && check_patience())
        gonet_sleep(100 * GONET_MILLISECOND);
    assert_int_equal(count_threads(), before);
    assert_true(gonet_since(start) > 9 * GONET_SECOND);
    gonet__pool_stop();
}

static void *double_it(void *arg)
{
    CHECK(errno == 11);
    errno = 22;
    return (char *)arg + (uintptr_t)arg;
}

static void call_double(void *arg, int i)
{
    (void)arg;
    for (uintptr_t k = 1; k < 100; k++) {
        errno = 11;
        CHECK((uintptr_t)gonet_blocking(double_it, (void *)k) == 2 * k);
        CHECK(errno == 22);
    }
    (void)i;
}

static void test_blocking_returns_result_and_errno(void **state)
{
    (void)state;
    for (crew_kind_t kind = THREADS; kind <= BOTH; kind++)
        crew_run(kind, 20, call_double, NULL);
}

/* As many tasks as there are, all block their threads until the last has come: no worker is held.
 */
static void *pass_blocking(void *arg)
{
    CHECK(gonet_num_task() > 0);
    pass(arg);
    return arg;
}

static void block_in_gate(void *arg, int i)
{
    (void)i;
    CHECK(gonet_blocking(pass_blocking, arg) == arg);
}

static void test_blocking_holds_no_worker(void **state)
{
    gate_t g = GATE(50);

    (void)state;
    crew_run(TASKS, 50, block_in_gate, &g);
    assert_int_equal(g.ended, 50);
}

static void *self_id(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    return NULL;
}

static void test_a_thread_calls_itself(void **state)
{
    pthread_t thread;

    (void)state;
    gonet_blocking(self_id, &thread);
    assert_true(pthread_equal(thread, pthread_self()));
}

static void get_mask(void *arg)
{
    sigset_t *set = arg;

    pthread_sigmask(SIG_SETMASK, NULL, set);
}

static void test_signals_are_blocked(void **state)
{
    static const int open[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,   SIGTRAP,
                               SIGSYS,  SIGABRT, SIGPROF, SIGVTALRM};
    sigset_t set, mine, after;

    (void)state;
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_true(gonet__pool_run(GONET__WORK_USER, get_mask, &set));
    gonet__pool_stop();
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int s = 1; s < 32; s++) {
        bool is_open = s == SIGKILL || s == SIGSTOP;

        for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
            is_open = is_open || s == open[i];
        assert_int_equal(sigismember(&set, s), !is_open);
        assert_int_equal(sigismember(&after, s), sigismember(&mine, s));
    }
}

static void test_run_without_memory(void **state)
{
    gate_t g = GATE(1);

    (void)state;
    gonet__alloc_fail_at(1, 1);
    assert_false(gonet__pool_run(GONET__WORK_USER, pass, &g));
    gonet__alloc_fail_at(0, 0);
    assert_int_equal(g.ended, 0);
}

static void nothing(void *arg, int i)
{
    (void)arg;
    (void)i;
}

/* A forked child has none of the threads and starts afresh. */
static void test_fork(void **state)
{
    gate_t g = GATE(3), after = GATE(3);
    int status;
    pid_t child;

    (void)state;
#ifdef GONET__TSAN
    print_message("ThreadSanitizer allows no threads after a fork\n");
    skip();
#endif
    crew_run(TASKS, 1, nothing, NULL); /* with the runtime come its fork handlers */
    for (int k = 0; k < 3; k++)
        assert_true(gonet__pool_run(GONET__WORK_USER, pass, &g));
    await_ended(&g, 3);
    child = fork();
    if (child == 0) {
        for (int k = 0; k < 3; k++) {
            if (!gonet__pool_run(GONET__WORK_USER, pass, &after))
                child_exit(1);
        }
        await_ended(&after, 3);
        gonet__pool_stop();
        child_exit(after.ended == 3 && after.most == 3 ? 0 : 2);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int k = 0; k < 3; k++)
        assert_true(gonet__pool_run(GONET__WORK_USER, pass, &after));
    await_ended(&after, 3);
    gonet__pool_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CREW_TEST(test_threads_on_demand),
        CREW_TEST(test_idle_threads_are_used),
        CREW_TEST(test_500_at_most),
        CREW_TEST(test_each_kind_has_its_share),
        CREW_TEST(test_stop_does_what_is_queued),
        CREW_TEST(test_blocking_returns_result_and_errno),
        CREW_TEST(test_blocking_holds_no_worker),
        CREW_TEST(test_a_thread_calls_itself),
        CREW_TEST(test_signals_are_blocked),
        CREW_TEST(test_run_without_memory),
        CREW_TEST(test_fork),
        CREW_TEST(test_gone_after_10_seconds),
    };

    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
