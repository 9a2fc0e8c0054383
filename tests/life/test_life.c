/*
 * The life of a process around the library: its end while everything runs, what a started program
 * inherits, signals, threads that come and go. Each part is a process of its own.
 */
#include <errno.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/chan.h"
#include "gonet/interface.h"
#include "gonet/lookup.h"
#include "gonet/resolver.h"
#include "gonet/pipe.h"
#include "gonet/task.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"

/* ---- a crowd: connections of several kinds that are used all the time ---- */

enum { CROWD = 8 };

typedef struct {
    gonet_conn_t *a, *b;
    actor_t echoes, asks;
    bool lasts; /* until the process ends */
} talk_t;

static talk_t crowd[CROWD];
static atomic_bool crowd_leaves;
static atomic_long rounds;

static void echo(void *arg)
{
    char buf[64];
    ssize_t n;

    while ((n = gonet_conn_read(arg, buf, sizeof(buf), NULL)) > 0) {
        if (gonet_conn_write(arg, buf, (size_t)n, NULL) != n)
            break;
    }
    gonet_conn_close(arg, NULL);
}

static void ask(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char x;

    while (!atomic_load(&crowd_leaves)) {
        if (gonet_conn_write(arg, "q", 1, &err) != 1 || gonet_conn_read(arg, &x, 1, &err) != 1) {
            check_fail(__FILE__, __LINE__, "%s", gonet_error_string(err));
            break;
        }
        atomic_fetch_add(&rounds, 1);
    }
    gonet_conn_close(arg, NULL);
}

static void crowd_comes(void)
{
    for (int i = 0; i < CROWD; i++) {
        talk_t *t = &crowd[i];

        if (i % 4 == 3)
            CHILD_CHECK(gonet_pipe(&t->a, &t->b) == 0);
        else
            CHILD_CHECK(net_pair("tcp", &t->a, &t->b));
        actor_start(&t->echoes, i % 2 ? BY_THREAD : BY_TASK, echo, t->a);
        actor_start(&t->asks, i % 3 ? BY_TASK : BY_THREAD, ask, t->b);
    }
    AWAIT(atomic_load(&rounds) > 100);
}

static void crowd_goes(void)
{
    atomic_store(&crowd_leaves, true);
    for (int i = 0; i < CROWD; i++) {
        actor_join(&crowd[i].asks);
        actor_join(&crowd[i].echoes);
        gonet_conn_free(crowd[i].a);
        gonet_conn_free(crowd[i].b);
    }
}

static int verdict(void)
{
    if (check_failed())
        fprintf(stderr, "%s\n", check_failure());
    return check_failed() ? 1 : 0;
}

/* ---- the end ---- */

static int main_returns(void)
{
    crowd_comes();
    return verdict();
}

static void exits(void *arg)
{
    (void)arg;
    exit(verdict());
}

static int task_exits(void)
{
    crowd_comes();
    CHILD_CHECK(gonet_go(exits, NULL) == 0);
    for (;;)
        pause();
}

static void last_words(void)
{
    gonet_conn_t *a, *b;
    char x;

    if (!net_pair("tcp", &a, &b) || gonet_conn_write(a, "x", 1, NULL) != 1 ||
        gonet_conn_read(b, &x, 1, NULL) != 1)
        _exit(3);
    gonet_conn_free(a);
    gonet_conn_free(b);
}

static int exit_handler_uses_the_library(void)
{
    CHILD_CHECK(atexit(last_words) == 0);
    crowd_comes();
    return verdict();
}

static gonet_conn_t *leftover[2];

static __attribute__((destructor)) void static_destructor(void)
{
    if (leftover[0] == NULL)
        return;
    last_words();
    gonet_conn_free(leftover[0]);
    gonet_conn_free(leftover[1]);
    if (gonet_shutdown(0) != 0 && errno != EBUSY)
        _exit(4);
    last_words();
    crowd_goes(); /* those whom the shutdown sent home have nobody to talk to */
}

static int static_destructor_uses_the_library(void)
{
    CHILD_CHECK(net_pair("tcp", &leftover[0], &leftover[1]));
    crowd_comes();
    return verdict();
}

static void ends_the_process(void *arg)
{
    (void)arg;
    crowd_goes();
    exit(verdict());
}

/* main's thread ends; the tasks and the other threads go on. */
static int main_thread_ends_first(void)
{
    crowd_comes();
    CHILD_CHECK(gonet_go(ends_the_process, NULL) == 0);
    pthread_exit(NULL);
}

static int shutdown_then_end(void)
{
    crowd_comes();
    crowd_goes();
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    return verdict();
}

/* ---- a program that is started ---- */

/* In the started program; tells what it has. */
static int has_no_descriptors(void)
{
    int extra = 0;

    for (int fd = 3; fd < 4096; fd++) {
        char name[64], path[256];
        ssize_t len;

        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        len = readlink(name, path, sizeof(path) - 1);
        if (len >= 0) {
            path[len] = '\0';
            fprintf(stderr, "inherited %d: %s\n", fd, path);
            extra++;
        }
    }
    return extra == 0 ? 0 : 1;
}

static pid_t start(const char *part)
{
    char self[] = "/proc/self/exe", flag[] = "--child", name[64];
    char *argv[] = {self, flag, name, NULL};
    pid_t child;

    snprintf(name, sizeof(name), "%s", part);
    child = fork();
    if (child == 0) {
        execv(self, argv);
        _exit(99);
    }
    return child;
}

static int end_of(pid_t child)
{
    int status = -1;

    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static atomic_bool opening_ends;

/* Opens descriptors of all sorts, all the time. */
static void opens(void *arg)
{
    (void)arg;
    while (!atomic_load(&opening_ends)) {
        gonet_conn_t *a, *b;
        size_t n;

        if (net_pair("tcp", &a, &b)) {
            int copy = gonet_conn_file(a, NULL);
            gonet_conn_t *again = copy >= 0 ? gonet_file_conn(copy, NULL) : NULL;

            gonet_conn_free(again);
            if (copy >= 0)
                close(copy);
            gonet_conn_free(a);
            gonet_conn_free(b);
        }
        gonet_free(gonet_interfaces(&n, NULL));
        gonet_free(gonet_lookup_host("localhost", &n, NULL));
    }
}

static int started_program_inherits_nothing(void)
{
    actor_t opener[3];

    /* what this process was given itself */
    CHILD_CHECK(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0);
    crowd_comes();
    for (int i = 0; i < 3; i++)
        actor_start(&opener[i], i ? BY_TASK : BY_THREAD, opens, NULL);
    for (int i = 0; i < 10; i++)
        CHECK_INT(end_of(start("has_no_descriptors")), 0);
    atomic_store(&opening_ends, true);
    for (int i = 0; i < 3; i++)
        actor_join(&opener[i]);
    crowd_goes();
    return verdict();
}

/* ---- signals ---- */

static void ignore(int signal)
{
    (void)signal;
}

static void *hits(void *arg)
{
    pthread_t *victim = arg;

    while (!atomic_load(&crowd_leaves)) {
        for (int i = 0; i < CROWD; i++)
            pthread_kill(victim[i], SIGUSR1);
        usleep(100);
    }
    return NULL;
}

/* A blocked thread that is hit by signals again and again waits for what it waits for. */
static void *sits(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    talk_t *t = arg;
    gonet_time_t begin = gonet_now();
    char x;

    gonet_sleep(20 * GONET_MILLISECOND);
    CHECK(gonet_since(begin) >= 20 * GONET_MILLISECOND);
    CHECK_INT(gonet_conn_read(t->a, &x, 1, &err), 1);
    CHECK_ERROR(err, NULL);
    return NULL;
}

static int signals_interrupt_nothing(void)
{
    /* without SA_RESTART */
    const struct sigaction action = {.sa_handler = ignore};
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    talk_t sitting[CROWD];
    pthread_t sitter[CROWD], hitter;

    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    crowd_comes();
    for (int i = 0; i < CROWD; i++) {
        CHILD_CHECK(net_pair("tcp", &sitting[i].a, &sitting[i].b));
        CHILD_CHECK(pthread_create(&sitter[i], NULL, sits, &sitting[i]) == 0);
    }
    CHILD_CHECK(pthread_create(&hitter, NULL, hits, sitter) == 0);
    gonet_sleep(100 * GONET_MILLISECOND);
    for (int i = 0; i < CROWD; i++)
        CHECK_INT(gonet_conn_write(sitting[i].b, "x", 1, NULL), 1);
    crowd_goes();
    pthread_join(hitter, NULL);
    for (int i = 0; i < CROWD; i++) {
        pthread_join(sitter[i], NULL);
        gonet_conn_free(sitting[i].a);
        gonet_conn_free(sitting[i].b);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    return verdict();
}

/* ---- threads that end ---- */

static void add_one(void *arg)
{
    gonet_yield();
    atomic_fetch_add((atomic_long *)arg, 1);
}

/* Leaves tasks behind that it started, and things of its own that the library may keep per thread.
 */
static void *starts_and_ends(void *arg)
{
    gonet_conn_t *a, *b;
    char x;

    if (CHECK_INT(gonet_pipe(&a, &b), 0)) {
        CHECK_INT(gonet_conn_set_read_deadline(a, gonet_after(GONET_MILLISECOND), NULL), 0);
        CHECK_INT(gonet_conn_read(a, &x, 1, NULL), -1);
        gonet_conn_free(a);
        gonet_conn_free(b);
    }
    for (int i = 0; i < 4; i++)
        CHECK_INT(gonet_go(add_one, arg), 0);
    return NULL;
}

static int threads_end_while_tasks_run(void)
{
    static atomic_long sum;
    enum { ROUNDS = 25, THREADS_EACH = 8 };

    crowd_comes();
    for (int r = 0; r < ROUNDS; r++) {
        pthread_t thread[THREADS_EACH];

        for (int i = 0; i < THREADS_EACH; i++)
            CHILD_CHECK(pthread_create(&thread[i], NULL, starts_and_ends, &sum) == 0);
        for (int i = 0; i < THREADS_EACH; i++)
            pthread_join(thread[i], NULL);
    }
    AWAIT(atomic_load(&sum) == ROUNDS * THREADS_EACH * 4L);
    crowd_goes();
    CHECK_INT(gonet_shutdown(-1), 0);
    return verdict();
}

/* ---- a forked child with threads ---- */

static pthread_barrier_t line;

typedef struct {
    gonet_conn_t *c;
    int role;
} racer_t;

/* All of them make the child's first use of the connection, in the same moment. */
static void *races(void *arg)
{
    racer_t *r = arg;
    char x;

    pthread_barrier_wait(&line);
    switch (r->role) {
    case 0:
        CHECK_INT(gonet_conn_write(r->c, "x", 1, NULL), 1);
        break;
    case 1:
        CHECK_INT(gonet_conn_read(r->c, &x, 1, NULL), 1);
        break;
    case 2:
        CHECK_INT(gonet_conn_set_deadline(r->c, gonet_after(GONET_HOUR), NULL), 0);
        break;
    case 3:
        CHECK_INT(gonet_conn_write(r->c, "y", 1, NULL), 1);
        break;
    }
    return NULL;
}

static void race_in_child(gonet_conn_t *a, gonet_conn_t *b)
{
    pthread_t thread[4];
    racer_t racer[4];
    char x[2];

    pthread_barrier_init(&line, NULL, 4);
    for (int i = 0; i < 4; i++) {
        racer[i] = (racer_t){a, i};
        CHILD_CHECK(pthread_create(&thread[i], NULL, races, &racer[i]) == 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    CHECK_INT(gonet_conn_read(b, x, 1, NULL), 1);
    CHECK_INT(gonet_conn_read(b, x + 1, 1, NULL), 1);
    CHECK(x[0] + x[1] == 'x' + 'y');
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    gonet_conn_free(a);
    gonet_conn_free(b);
    child_exit(verdict());
}

static int threads_of_a_child_use_a_connection_first(void)
{
    for (int i = 0; i < 30 && !check_failed(); i++) {
        gonet_conn_t *a, *b;
        pid_t child;

        CHILD_CHECK(net_pair("tcp", &a, &b));
        CHECK_INT(gonet_conn_write(b, "z", 1, NULL), 1);
        child = fork();
        if (child == 0)
            race_in_child(a, b);
        CHECK_INT(end_of(child), 0);
        gonet_conn_free(a);
        gonet_conn_free(b);
    }
    return verdict();
}

/* ---- the list ---- */

#define PART(name)  \
    {               \
#name, name \
    }

static const child_part_t parts[] = {
    PART(main_returns),
    PART(task_exits),
    PART(exit_handler_uses_the_library),
    PART(static_destructor_uses_the_library),
    PART(main_thread_ends_first),
    PART(shutdown_then_end),
    PART(signals_interrupt_nothing),
    PART(threads_end_while_tasks_run),
    PART(started_program_inherits_nothing),
    PART(threads_of_a_child_use_a_connection_first),
    PART(has_no_descriptors),
    {NULL, NULL},
};

#ifdef __SANITIZE_THREAD__
#define KNOWS_FORKED_THREADS false
#else
#define KNOWS_FORKED_THREADS true
#endif

static void run_part(void **state)
{
    child_passes(*state, NULL);
}

int main(int argc, char **argv)
{
    struct CMUnitTest tests[sizeof(parts) / sizeof(*parts)];
    size_t n = 0;

    child_main(argc, argv, parts);
    for (const child_part_t *p = parts; p->name != NULL; p++) {
        bool forks = p->run == started_program_inherits_nothing ||
                     p->run == threads_of_a_child_use_a_connection_first;

        if (forks && !KNOWS_FORKED_THREADS)
            printf("%s is left out: ThreadSanitizer knows no threads in a forked child\n", p->name);
        else if (p->run != has_no_descriptors)
            tests[n++] = (struct CMUnitTest){.name = p->name,
                                             .test_func = run_part,
                                             .initial_state = (void *)(uintptr_t)p->name};
    }
    return _cmocka_run_group_tests("life", tests, n, NULL, NULL);
}
