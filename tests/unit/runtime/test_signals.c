/*
 * Signals: a stack overflow, and any other crash, names its task and ends the program as it would
 * have ended, and workers take no signals that are meant for the program.
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
    assert_int_equal(sscanf(p, "in task %u.%u overflow_stack: give it more ", &worker, &task), 2);
    assert_true(worker > 0 && task == 1);
    assert_non_null(strstr(p, "(overflow+0x")); /* who needs so much */
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

/* ---- crashes ---- */

static void use_null_deep(void *arg)
{
    void (*volatile fn)(void *arg) = use_null; /* a function of its own, under its name */

    gonet_yield(); /* it has been on its stack before */
    fn(arg);
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

static int null_in_named_task(void)
{
    CHILD_CHECK(gonet_go_named(use_null_deep, NULL, "the victim") == 0);
    for (;;)
        gonet_sleep(GONET_HOUR);
}

static void divide(void *arg)
{
    volatile int seven = 7, zero = 0;

    (void)arg;
#if defined(__x86_64__)
    seven = seven / zero;
#else
    raise(SIGFPE); /* where a division by zero is none */
#endif
}

static int fpe_in_task(void)
{
    run(divide);
    return 0;
}

static void trap(void *arg)
{
    (void)arg;
    __builtin_trap();
}

static int trap_in_task(void)
{
    run(trap);
    return 0;
}

static void call_abort(void *arg)
{
    (void)arg;
    abort();
}

static int abort_in_task(void)
{
    run(call_abort);
    return 0;
}

static int abort_in_thread(void)
{
    CHILD_CHECK(gonet_go(sleep_long, NULL) == 0);
    abort();
}

/* Into nowhere: there is no frame to begin with. */
static void jump_to_null(void *arg)
{
    void (*volatile nowhere)(void) = NULL;

    (void)arg;
    nowhere();
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

static int jump_in_task(void)
{
    run(jump_to_null);
    return 0;
}

static atomic_int at_the_edge;

static void crash_together(void *arg)
{
    atomic_fetch_add(&at_the_edge, 1);
    while (atomic_load(&at_the_edge) < 4)
        continue; /* holds its worker */
    use_null(arg);
}

static int many_crash(void)
{
    gonet_set_max_procs(4);
    for (int i = 0; i < 4; i++)
        CHILD_CHECK(gonet_go(crash_together, NULL) == 0);
    for (;;)
        gonet_sleep(GONET_HOUR);
}

static int occurrences(const char *text, const char *what)
{
    int n = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static void a_crash_names_the_task(void **state)
{
    child_result_t r;

    (void)state;
    dies("null_in_named_task", NULL, SIGSEGV, "gonet: SIGSEGV at address 0x0 in task ", "overflow");
    child_run("null_in_named_task", NULL, &r);
    assert_non_null(strstr(r.output, " the victim (use_null_deep)\n        "));
    /* The innermost frame is where it happened, none is the handler's. */
    assert_non_null(strstr(strstr(r.output, "\n        "), "(use_null+0x"));
    assert_true(strstr(r.output, "(use_null+0x") < strstr(r.output, "(use_null_deep+0x"));
    assert_null(strstr(r.output, "crash_signal"));
    assert_int_equal(occurrences(r.output, "gonet: "), 1);
}

static void tells(const char *part, int sig, const char *head, const char *function)
{
    child_result_t r;
    char want[100];
    const char *p;

    dies(part, NULL, sig, head, NULL);
    child_run(part, NULL, &r);
    p = strstr(r.output, head);
    snprintf(want, sizeof(want), ".1 %s\n        ", function);
    if (p == NULL || strstr(p, want) == NULL)
        fail_msg("%s said: %s", part, r.output);
    snprintf(want, sizeof(want), "(%s+0x", function);
    if (strstr(p, want) == NULL || strstr(p, "crash_signal") != NULL)
        fail_msg("%s said: %s", part, r.output);
}

static void each_kind_is_told(void **state)
{
    (void)state;
    tells("fpe_in_task", SIGFPE, "gonet: SIGFPE in task ", "divide");
#if defined(__x86_64__)
    tells("trap_in_task", SIGILL, "gonet: SIGILL in task ", "trap");
#endif
    tells("abort_in_task", SIGABRT, "gonet: SIGABRT in task ", "call_abort");
    tells("jump_in_task", SIGSEGV, "gonet: SIGSEGV at address 0x0 in task ", "jump_to_null");
    tells("segv_raised_by_task", SIGSEGV, "gonet: SIGSEGV in task ", "raise_here");
}

static void what_is_no_task_s_is_not(void **state)
{
    (void)state;
    dies("abort_in_thread", NULL, SIGABRT, NULL, "gonet: ");
    dies("segv_sent", NULL, SIGSEGV, NULL, "gonet: ");
    dies("abrt_sent", NULL, SIGABRT, NULL, "gonet: ");
}

static void one_crash_is_enough(void **state)
{
    child_result_t r;

    (void)state;
    dies("many_crash", NULL, SIGSEGV, "gonet: SIGSEGV at address 0x0 in task ", NULL);
    child_run("many_crash", NULL, &r);
    assert_int_equal(occurrences(r.output, "gonet: "), 1);
    assert_non_null(strstr(r.output, "(task_main+0x"));                      /* to the end */
    dies("overflow_canary", "GONET_GUARD=canary", SIGABRT, NULL, "SIGABRT"); /* told before */
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

static int abrt_sent(void)
{
    return sent_to_process(SIGABRT);
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
    static const int taken[] = {SIGSEGV, SIGBUS, SIGURG, SIGQUIT, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    enum { TAKEN = sizeof(taken) / sizeof(taken[0]) };
    struct sigaction own = {.sa_handler = SIG_IGN}, now;

    for (int round = 0; round < 2; round++) {
        CHILD_CHECK(gonet_go(nothing, NULL) == 0);
        for (int i = 0; i < TAKEN; i++)
            CHILD_CHECK(!is_default(taken[i]));
        CHILD_CHECK(gonet_shutdown(-1) == 0);
        for (int i = 0; i < TAKEN; i++)
            CHILD_CHECK(is_default(taken[i]));
    }
    CHILD_CHECK(gonet_go(nothing, NULL) == 0);
    for (int i = 0; i < TAKEN; i++)
        sigaction(taken[i], &own, NULL);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    for (int i = 0; i < TAKEN; i++) {
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
        {"null_in_named_task", null_in_named_task},
        {"fpe_in_task", fpe_in_task},
        {"trap_in_task", trap_in_task},
        {"abort_in_task", abort_in_task},
        {"abort_in_thread", abort_in_thread},
        {"jump_in_task", jump_in_task},
        {"many_crash", many_crash},
        {"abrt_sent", abrt_sent},
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
        cmocka_unit_test(a_crash_names_the_task),
        cmocka_unit_test(each_kind_is_told),
        cmocka_unit_test(what_is_no_task_s_is_not),
        cmocka_unit_test(one_crash_is_enough),
        cmocka_unit_test(one_sent_signal_kills),
        cmocka_unit_test(handlers_go_with_the_runtime),
        cmocka_unit_test(samples_fall_where_the_work_is),
        LEAK_TEST(workers_block_signals),
        LEAK_TEST(program_gets_its_signals),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
