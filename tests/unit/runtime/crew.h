/*
 * A crew: the same function run by several threads, tasks, or some of each, at the same time.
 * cmocka's asserts may not be used there; CHECK records the first failure, and crew_wait asserts it
 * in the test's own thread.
 */
#ifndef TESTS_UNIT_RUNTIME_CREW_H
#define TESTS_UNIT_RUNTIME_CREW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet/task.h"
#include "support/patience.h"

typedef enum { THREADS, TASKS, BOTH } crew_kind_t;

enum { CREW_MAX = 512 };

typedef struct crew {
    void (*fn)(void *arg, int i);
    void *arg;
    int n;
    sem_t done;
    pthread_t threads[CREW_MAX];
    struct crew_member {
        struct crew *crew;
        int i;
        bool is_thread;
    } members[CREW_MAX];
} crew_t;

static char crew_failure[512];
static atomic_flag crew_failed = ATOMIC_FLAG_INIT;

__attribute__((unused)) static void crew_fail(const char *file, int line, const char *what)
{
    if (!atomic_flag_test_and_set(&crew_failed))
        snprintf(crew_failure, sizeof(crew_failure), "%.200s:%d: %.200s", file, line, what);
}

/* CHECK is an assert for tasks and for other threads than the test's. */
#define CHECK(condition) ((condition) ? (void)0 : crew_fail(__FILE__, __LINE__, #condition))

/* crew_assert fails the test if a CHECK has failed. The test's own thread. */
__attribute__((unused)) static void crew_assert(void)
{
    char failure[sizeof(crew_failure)];

    memcpy(failure, crew_failure, sizeof(failure));
    crew_failure[0] = '\0';
    atomic_flag_clear(&crew_failed);
    if (failure[0] != '\0')
        fail_msg("%s", failure);
}

static void crew_member(void *arg)
{
    struct crew_member *m = arg;

    m->crew->fn(m->crew->arg, m->i);
    sem_post(&m->crew->done);
}

static void *crew_thread(void *arg)
{
    crew_member(arg);
    return NULL;
}

/* crew_start starts n members; each gets its number. */
__attribute__((unused)) static void crew_start(crew_t *c, crew_kind_t kind, int n,
                                               void (*fn)(void *arg, int i), void *arg)
{
    assert_true(n <= CREW_MAX);
    c->fn = fn;
    c->arg = arg;
    c->n = n;
    sem_init(&c->done, 0, 0);
    for (int i = 0; i < n; i++) {
        struct crew_member *m = &c->members[i];

        *m = (struct crew_member){c, i, kind == THREADS || (kind == BOTH && i % 2 == 0)};
        if (m->is_thread)
            assert_int_equal(pthread_create(&c->threads[i], NULL, crew_thread, m), 0);
        else
            assert_int_equal(gonet_go(crew_member, m), 0);
    }
}

/* crew_wait waits for all members, and fails if a CHECK of theirs failed. */
__attribute__((unused)) static void crew_wait(crew_t *c)
{
    for (int i = 0; i < c->n; i++) {
        while (sem_wait(&c->done) != 0)
            continue;
    }
    for (int i = 0; i < c->n; i++) {
        if (c->members[i].is_thread)
            pthread_join(c->threads[i], NULL);
    }
    sem_destroy(&c->done);
    crew_assert();
}

__attribute__((unused)) static void crew_run(crew_kind_t kind, int n, void (*fn)(void *arg, int i),
                                             void *arg)
{
    crew_t *c = calloc(1, sizeof(*c));

    crew_start(c, kind, n, fn, arg);
    crew_wait(c);
    free(c);
}

/* AWAIT lets the others run until condition holds; it fails the test when the program is given up.
 */
#define AWAIT(condition)                                                     \
    do {                                                                     \
        bool holds;                                                          \
                                                                             \
        while (!(holds = (condition)) && check_patience()) {                 \
            gonet_yield();                                                   \
            usleep(100);                                                     \
        }                                                                    \
        (void)(holds || (crew_fail(__FILE__, __LINE__, #condition), false)); \
    } while (0)

/* crew_dies runs fn in a child process, which must abort with text on its standard error. */
__attribute__((unused)) static void crew_dies(void (*fn)(void), const char *text)
{
    char said[512] = "";
    size_t len = 0;
    ssize_t got;
    int pipefd[2], status;
    pid_t child;

    assert_int_equal(pipe(pipefd), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipefd[1], STDERR_FILENO);
        close(pipefd[0]);
        signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    close(pipefd[1]);
    while (len < sizeof(said) - 1 &&
           (got = read(pipefd[0], said + len, sizeof(said) - 1 - len)) > 0)
        len += (size_t)got;
    close(pipefd[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(said, text));
}

static long crew_live;

/* crew_setup and crew_teardown surround each test: nothing may be left of it. */
__attribute__((unused)) static int crew_setup(void **state)
{
    (void)state;
    if (gonet_shutdown(-1) != 0)
        return -1;
    crew_live = gonet__alloc_live();
    return 0;
}

__attribute__((unused)) static int crew_teardown(void **state)
{
    (void)state;
    gonet__alloc_fail_at(0, 0);
    if (gonet_shutdown(-1) != 0)
        return -1;
    if (gonet__alloc_live() != crew_live) {
        fprintf(stderr, "%ld allocations leaked\n", gonet__alloc_live() - crew_live);
        return -1;
    }
    return 0;
}

#define CREW_TEST(name) cmocka_unit_test_setup_teardown(name, crew_setup, crew_teardown)

#endif
