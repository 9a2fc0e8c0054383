/*
 * Signals: a stack overflow names its task and ends the program, other faults are left alone, and
 * workers take no signals that are meant for the program.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gonet/task.h"
#include "runtime/switch/annotate.h"
#include "runtime/sched/task.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"

#if defined(GONET__ASAN) || defined(GONET__TSAN)
#define SANITIZED 1 /* the sanitizers report faults themselves */
#else
#define SANITIZED 0
#endif

/* The address escapes, so no frame can be left out. */
static int overflow(volatile int *outer, int depth)
{
    volatile int frame[64];

    frame[0] = *outer + depth;
    return depth < 0 ? 0 : overflow(frame, depth + 1) + frame[0];
}

static void overflow_stack(void *arg)
{
    volatile int first = 1;

    (void)arg;
    fprintf(stderr, "%d", overflow(&first, 0));
}

/* Writes to the lowest word of its stack, then parks. */
static void reach_lowest_word(void *arg)
{
    (void)arg;
    *(volatile char *)gonet__task_current()->stack->low = 1;
    gonet_yield();
}

static void use_null(void *arg)
{
    volatile int *volatile p = NULL;

    (void)arg;
    *p = 1;
}

static void nothing(void *arg)
{
    (void)arg;
}

static void sleep_long(void *arg)
{
    (void)arg;
    gonet_sleep(GONET_HOUR);
}

static void run(void (*fn)(void *arg))
{
    CHILD_CHECK(gonet_go(fn, NULL) == 0);
    gonet_sleep(GONET_HOUR);
}

static int overflow_task(void)
{
    run(overflow_stack);
    return 0;
}

static int overflow_canary(void)
{
    run(reach_lowest_word);
    return 0;
}

static int null_in_task(void)
{
    run(use_null);
    return 0;
}

static void own_handler(int sig)
{
    static const char text[] = "own handler\n";

    (void)sig;
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(4);
    _exit(3);
}

static void install_own(void)
{
    struct sigaction a = {.sa_handler = own_handler, .sa_flags = SA_ONSTACK};

    CHILD_CHECK(sigaction(SIGSEGV, &a, NULL) == 0);
}

static int own_handler_before(void)
{
    install_own();
    run(overflow_stack);
    return 0;
}

static void install_then_overflow(void *arg)
{
    install_own();
    overflow_stack(arg);
}

static int own_handler_after(void)
{
    run(install_then_overflow);
    return 0;
}

static void dies(const char *part, const char *environment, int sig, const char *said,
                 const char *not_said)
{
    child_result_t r;

    if (SANITIZED)
        skip();
    child_run(part, environment, &r);
    if (!WIFSIGNALED(r.status) || WTERMSIG(r.status) != sig)
        fail_msg("%s ended with status %#x: %s", part, (unsigned)r.status, r.output);
    if (said != NULL && strstr(r.output, said) == NULL)
        fail_msg("%s said: %s", part, r.output);
    if (not_said != NULL && strstr(r.output, not_said) != NULL)
        fail_msg("%s said: %s", part, r.output);
}

static void overflow_names_the_task(void **state)
{
    child_result_t r;
    unsigned worker, task;
    const char *p;

    (void)state;
    dies("overflow_task", NULL, SIGSEGV, "gonet: stack overflow in task ", NULL);
    dies("overflow_task", "GONET_GUARD=mprotect", SIGSEGV, "gonet: stack overflow in task ", NULL);
    child_run("overflow_task", NULL, &r);
    p = strstr(r.output, "in task ");
    assert_non_null(p);
    assert_int_equal(sscanf(p, "in task %u.%u (function 0x", &worker, &task), 2);
    assert_true(worker > 0 && task == 1);
}

static void overflow_is_seen_by_canary(void **state)
{
    (void)state;
    dies("overflow_canary", "GONET_GUARD=canary", SIGABRT, "gonet: stack overflow in task ", NULL);
}

static void other_faults_are_no_overflow(void **state)
{
    (void)state;
    dies("null_in_task", NULL, SIGSEGV, NULL, "overflow");
}

static void own_handlers_win(void **state)
{
    static const char *const part[] = {"own_handler_before", "own_handler_after"};

    (void)state;
    if (SANITIZED)
        skip();
    for (int i = 0; i < 2; i++) {
        child_result_t r;
        child_run(part[i], NULL, &r);
        if (!WIFEXITED(r.status) || WEXITSTATUS(r.status) != 3)
            fail_msg("%s ended with status %#x: %s", part[i], (unsigned)r.status, r.output);
        assert_string_equal(r.output, "own handler\n");
    }
}

/* ---- a signal that somebody sends ---- */

static int sent_to_process(int sig)
{
    CHILD_CHECK(gonet_go(sleep_long, NULL) == 0);
    CHILD_CHECK(kill(getpid(), sig) == 0); /* here it comes, once */
    return 7;
}

static int segv_sent(void)
{
    return sent_to_process(SIGSEGV);
}

static int bus_sent(void)
{
    return sent_to_process(SIGBUS);
}

static void raise_here(void *arg)
{
    raise(*(int *)arg);
    _exit(7);
}

static int segv_raised_by_task(void)
{
    static int sig = SIGSEGV;

    CHILD_CHECK(gonet_go(raise_here, &sig) == 0);
    for (;;)
        pause();
}

static void one_sent_signal_kills(void **state)
{
    (void)state;
    dies("segv_sent", NULL, SIGSEGV, NULL, "overflow");
    dies("bus_sent", NULL, SIGBUS, NULL, "overflow");
    dies("segv_raised_by_task", NULL, SIGSEGV, NULL, "overflow");
}

/* ---- the runtime's end ---- */

static bool is_default(int sig)
{
    struct sigaction a;

    return sigaction(sig, NULL, &a) == 0 && a.sa_handler == SIG_DFL;
}

static int nothing_stays_installed(void)
{
    static const int taken[] = {SIGSEGV, SIGBUS, SIGURG, SIGQUIT};
    struct sigaction own = {.sa_handler = SIG_IGN}, now;

    for (int round = 0; round < 2; round++) {
        CHILD_CHECK(gonet_go(nothing, NULL) == 0);
        for (int i = 0; i < 4; i++)
            CHILD_CHECK(!is_default(taken[i]));
        CHILD_CHECK(gonet_shutdown(-1) == 0);
        for (int i = 0; i < 4; i++)
            CHILD_CHECK(is_default(taken[i]));
    }
    CHILD_CHECK(gonet_go(nothing, NULL) == 0);
    for (int i = 0; i < 4; i++)
        sigaction(taken[i], &own, NULL);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    for (int i = 0; i < 4; i++) {
        CHILD_CHECK(sigaction(taken[i], NULL, &now) == 0);
        CHILD_CHECK(now.sa_handler == SIG_IGN); /* the program's stays */
    }
    return 0;
}

static void handlers_go_with_the_runtime(void **state)
{
    (void)state;
    if (SANITIZED)
        skip();
    child_passes("nothing_stays_installed", "GONETDEBUG=slowtask=10s,dumponsigquit=1");
}

/* ---- a profiler ---- */

static atomic_int samples; /* that fell on the thread that computes */
static _Thread_local volatile sig_atomic_t computing;

static void on_sample(int sig)
{
    (void)sig;
    if (computing)
        atomic_fetch_add(&samples, 1);
}

/* Uses its processor until some samples have been taken of it; by half a minute of that there would
 * be thousands. */
static void *compute(void *arg)
{
    struct timespec used = {0, 0};

    (void)arg;
    atomic_store(&samples, 0);
    computing = 1;
    while (atomic_load(&samples) < 3 && used.tv_sec < 30) {
        for (volatile int i = 0; i < 10000; i++) {
        }
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    }
    computing = 0;
    CHECK(atomic_load(&samples) >= 3);
    return NULL;
}

static void compute_in_task(void *arg)
{
    (void)compute(arg);
}

static void compute_in_pool(void *arg)
{
    (void)gonet_blocking(compute, arg);
}

/* The clocks of processor time, of the whole process, and their signals. */
static int profiled(int timer, int sig)
{
    struct sigaction a = {.sa_handler = on_sample, .sa_flags = SA_RESTART | SA_ONSTACK};
    struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
    actor_t actor;

    CHILD_CHECK(sigaction(sig, &a, NULL) == 0 && setitimer(timer, &often, NULL) == 0);
    actor_start(&actor, BY_TASK, compute_in_task, NULL);
    actor_join(&actor);
    actor_start(&actor, BY_TASK, compute_in_pool, NULL);
    actor_join(&actor);
    setitimer(timer, &never, NULL);
    if (check_failed())
        fprintf(stderr, "%s\n", check_failure());
    return check_failed() ? 1 : 0;
}

static int profiled_prof(void)
{
    return profiled(ITIMER_PROF, SIGPROF);
}

static int profiled_virtual(void)
{
    return profiled(ITIMER_VIRTUAL, SIGVTALRM);
}

static void samples_fall_where_the_work_is(void **state)
{
    (void)state;
    child_passes("profiled_prof", NULL);
    child_passes("profiled_virtual", NULL);
}

/* ---- masks ---- */

static void check_mask(void *arg)
{
    static const int open[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,   SIGTRAP,
                               SIGSYS,  SIGABRT, SIGPROF, SIGVTALRM};
    static const int closed[] = {SIGINT,  SIGTERM, SIGHUP,  SIGPIPE,
                                 SIGUSR1, SIGCHLD, SIGALRM, SIGURG};
    sigset_t mask;

    (void)arg;
    sigemptyset(&mask);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        CHECK(sigismember(&mask, open[i]) == 0);
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
        CHECK(sigismember(&mask, closed[i]) == 1);
}

static void *check_mask_of_pool(void *arg)
{
    check_mask(arg);
    return NULL;
}

static void check_masks(void *arg)
{
    check_mask(arg);
    (void)gonet_blocking(check_mask_of_pool, arg);
}

static void workers_block_signals(void **state)
{
    actor_t a;
    sigset_t before, after;

    (void)state;
    sigemptyset(&before);
    sigemptyset(&after);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    actor_start(&a, BY_TASK, check_masks, NULL);
    actor_join(&a);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int sig = 1; sig < 65; sig++) /* the starter keeps its own */
        assert_int_equal(sigismember(&before, sig), sigismember(&after, sig));
    check_report();
}

static atomic_int handled;
static pthread_t main_thread;

static void on_signal(int sig)
{
    (void)sig;
    if (pthread_equal(pthread_self(), main_thread))
        atomic_fetch_add(&handled, 1);
}

static void raise_often(void *arg)
{
    (void)arg;
    for (int i = 1; i <= 50; i++) {
        kill(getpid(), SIGUSR1);
        AWAIT(atomic_load(&handled) >= i);
    }
}

/* And calls that park in a thread go on after a signal. */
static void program_gets_its_signals(void **state)
{
    struct sigaction a = {.sa_handler = on_signal}, before;
    actor_t actor;

    (void)state;
    main_thread = pthread_self();
    assert_int_equal(sigaction(SIGUSR1, &a, &before), 0);
    actor_start(&actor, BY_TASK, raise_often, NULL);
    actor_join(&actor);
    gonet_sleep(GONET_MILLISECOND);
    sigaction(SIGUSR1, &before, NULL);
    check_report();
    assert_int_equal(atomic_load(&handled), 50);
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {
        {"overflow_task", overflow_task},
        {"overflow_canary", overflow_canary},
        {"null_in_task", null_in_task},
        {"own_handler_before", own_handler_before},
        {"own_handler_after", own_handler_after},
        {"segv_sent", segv_sent},
        {"bus_sent", bus_sent},
        {"segv_raised_by_task", segv_raised_by_task},
        {"nothing_stays_installed", nothing_stays_installed},
        {"profiled_prof", profiled_prof},
        {"profiled_virtual", profiled_virtual},
        {NULL, NULL},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflow_names_the_task),
        cmocka_unit_test(overflow_is_seen_by_canary),
        cmocka_unit_test(other_faults_are_no_overflow),
        cmocka_unit_test(own_handlers_win),
        cmocka_unit_test(one_sent_signal_kills),
        cmocka_unit_test(handlers_go_with_the_runtime),
        cmocka_unit_test(samples_fall_where_the_work_is),
        LEAK_TEST(workers_block_signals),
        LEAK_TEST(program_gets_its_signals),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
