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
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/task.h"
#include "runtime/annotate.h"
#include "runtime/task.h"
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

static void run(void (*fn)(void *arg))
{
    CHILD_CHECK(gonet_go(fn, NULL) == 0);
    gonet_sleep(20 * GONET_SECOND);
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

/* ---- masks ---- */

static void check_mask(void *arg)
{
    static const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
    static const int closed[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGCHLD, SIGALRM};
    sigset_t mask;

    (void)arg;
    sigemptyset(&mask);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        CHECK(sigismember(&mask, open[i]) == 0);
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
        CHECK(sigismember(&mask, closed[i]) == 1);
}

static void workers_block_signals(void **state)
{
    actor_t a;
    sigset_t before, after;

    (void)state;
    sigemptyset(&before);
    sigemptyset(&after);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    actor_start(&a, BY_TASK, check_mask, NULL);
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
        {"overflow_task", overflow_task},         {"overflow_canary", overflow_canary},
        {"null_in_task", null_in_task},           {"own_handler_before", own_handler_before},
        {"own_handler_after", own_handler_after}, {NULL, NULL},
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflow_names_the_task),
        cmocka_unit_test(overflow_is_seen_by_canary),
        cmocka_unit_test(other_faults_are_no_overflow),
        cmocka_unit_test(own_handlers_win),
        LEAK_TEST(workers_block_signals),
        LEAK_TEST(program_gets_its_signals),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
