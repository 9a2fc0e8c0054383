/*
 * What plain threads wait for, and how these waits end: at their deadlines, also when the process
 * was stopped meanwhile; and with an error where the kernel refuses to poll, after a look at what
 * is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/io.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"
#include "support/refuse.h"

/* ---- over a stop ---- */

#define LIMIT (2 * GONET_SECOND)

/* A thread's wait. It is set up first, so that the thread does nothing but wait. */
typedef struct waiter {
    const char *name;
    void (*set_up)(struct waiter *w);
    void (*wait)(struct waiter *w);
    pthread_t thread;
    _Atomic pid_t tid;
    _Atomic bool ended;
    gonet_time_t deadline;
    gonet_conn_t *c, *peer;
    gonet_listener_t *l;
} waiter_t;

static void connect_it(waiter_t *w)
{
    if (net_pair("tcp", &w->c, &w->peer))
        CHECK_INT(gonet_conn_set_deadline(w->c, w->deadline, NULL), 0);
}

static void wait_read(waiter_t *w)
{
    char byte;

    CHECK_INT(gonet_conn_read(w->c, &byte, 1, NULL), -1);
}

static void wait_readable(waiter_t *w)
{
    CHECK_INT(gonet_conn_wait_readable(w->c, NULL), -1);
}

static void wait_write(waiter_t *w)
{
    static const char much[1 << 25]; /* more than the two sockets hold */

    CHECK_INT(gonet_conn_write(w->c, much, sizeof(much), NULL), -1);
}

static void listen_it(waiter_t *w)
{
    w->l = net_listen("tcp");
    if (w->l != NULL)
        CHECK_INT(gonet_listener_set_deadline(w->l, w->deadline, NULL), 0);
}

static void wait_accept(waiter_t *w)
{
    CHECK(gonet_listener_accept(w->l, NULL) == NULL);
}

static void open_udp(waiter_t *w)
{
    const gonet_udp_addr_t any = {.ip = gonet_parse_ip("127.0.0.1")};
    gonet_udp_conn_t *c = gonet_listen_udp("udp", &any, NULL);

    w->c = gonet_udp_conn_as_conn(c);
    CHECK_INT(gonet_conn_set_deadline(w->c, w->deadline, NULL), 0);
}

static void set_up_nothing(waiter_t *w)
{
    (void)w;
}

static void wait_select(waiter_t *w)
{
    gonet_chan_t *ch = gonet_chan_new(0, 0);
    gonet_select_case_t one = {.ch = ch};

    CHECK_INT(gonet_select(&one, 1, w->deadline), -1);
    gonet_chan_free(ch);
}

static void wait_cond(waiter_t *w)
{
    gonet_mutex_t m = {0};
    gonet_cond_t c = {0};

    gonet_mutex_lock(&m);
    CHECK(!gonet_cond_wait_until(&c, &m, w->deadline));
    gonet_mutex_unlock(&m);
}

static void wait_sleep(waiter_t *w)
{
    gonet_sleep(gonet_until(w->deadline));
}

static waiter_t waiters[] = {{.name = "read", .set_up = connect_it, .wait = wait_read},
                             {.name = "wait_readable", .set_up = connect_it, .wait = wait_readable},
                             {.name = "write", .set_up = connect_it, .wait = wait_write},
                             {.name = "accept", .set_up = listen_it, .wait = wait_accept},
                             {.name = "udp read", .set_up = open_udp, .wait = wait_read},
                             {.name = "select", .set_up = set_up_nothing, .wait = wait_select},
                             {.name = "cond", .set_up = set_up_nothing, .wait = wait_cond},
                             {.name = "sleep", .set_up = set_up_nothing, .wait = wait_sleep}};
#define WAITERS (sizeof(waiters) / sizeof(waiters[0]))

static void *waiter_main(void *arg)
{
    waiter_t *w = arg;

    atomic_store(&w->tid, (pid_t)syscall(SYS_gettid));
    w->wait(w);
    atomic_store(&w->ended, true);
    return NULL;
}

/* Whether the thread is in the kernel, asleep. */
static bool asleep(const waiter_t *w)
{
    char path[64], text[256] = "";
    pid_t tid = atomic_load(&w->tid);
    const char *end;
    FILE *f;

    if (tid == 0)
        return false;
    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    f = fopen(path, "r");
    if (f == NULL)
        return atomic_load(&w->ended);
    (void)!fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    end = strrchr(text, ')');
    return end != NULL && end[2] == 'S';
}

/* Sleeps as the kernel's clock has it, whatever the library does. */
static void sleep_until(gonet_time_t t)
{
    const struct timespec at = {.tv_sec = t.ns / GONET_SECOND, .tv_nsec = t.ns % GONET_SECOND};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

/* Another process stops this one until a moment after t. */
static void be_stopped_until(gonet_time_t t)
{
    pid_t parent = getpid(), child = fork();

    if (child == 0) {
        kill(parent, SIGSTOP);
        sleep_until((gonet_time_t){t.ns + GONET_SECOND / 10});
        kill(parent, SIGCONT);
        _exit(0);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

/*
 * Stopped until its deadline has passed, a wait has nothing left to wait for. One that went on with
 * what was left when the stop came would end after the sleep of half of that, which begins now.
 */
static int part_stopped(void)
{
    gonet_time_t deadline = gonet_after(LIMIT);

    for (size_t i = 0; i < WAITERS; i++) {
        waiters[i].deadline = deadline;
        waiters[i].set_up(&waiters[i]);
    }
    for (size_t i = 0; i < WAITERS; i++)
        CHILD_CHECK(pthread_create(&waiters[i].thread, NULL, waiter_main, &waiters[i]) == 0);
    for (size_t i = 0; i < WAITERS; i++)
        AWAIT(asleep(&waiters[i]));
    be_stopped_until(deadline);
    sleep_until((gonet_time_t){gonet_now().ns + LIMIT / 2});
    for (size_t i = 0; i < WAITERS; i++) {
        if (!atomic_load(&waiters[i].ended))
            fprintf(stderr, "%s is late\n", waiters[i].name);
        CHILD_CHECK(atomic_load(&waiters[i].ended));
    }
    for (size_t i = 0; i < WAITERS; i++)
        CHILD_CHECK(pthread_join(waiters[i].thread, NULL) == 0);
    if (check_failed())
        fprintf(stderr, "%s\n", check_failure());
    return check_failed();
}

static void test_deadlines_over_a_stop(void **state)
{
    (void)state;
    child_passes("stopped", NULL);
}

/* ---- where poll is refused ---- */

static bool refused_with(gonet_error_t **err, int errnum)
{
    bool right =
        gonet_error_is_errno(*err, errnum) && strstr(gonet_error_string(*err), "poll: ") != NULL;

    if (!right)
        fprintf(stderr, "the error is %s\n", gonet_error_string(*err));
    gonet_error_set(err, NULL);
    return right;
}

/* What is there is read; waiting fails, and so does a wait behind a short read. Threads only. */
static int waits_are_refused(gonet_conn_t *a, gonet_conn_t *b, gonet_listener_t *l, int errnum)
{
    gonet_error_t *err = NULL;
    char room[8];

    for (int i = 0; i < 3; i++) {
        CHILD_CHECK(gonet_conn_write(b, "abc", 3, NULL) == 3);
        CHILD_CHECK(gonet_conn_read(a, room, sizeof(room), &err) == 3);
    }
    CHILD_CHECK(gonet_conn_read(a, room, sizeof(room), &err) == -1);
    CHILD_CHECK(refused_with(&err, errnum));
    CHILD_CHECK(l == NULL || gonet_listener_accept(l, &err) == NULL);
    CHILD_CHECK(l == NULL || refused_with(&err, errnum));
    while (gonet_conn_write(a, waiters, sizeof(waiters), &err) > 0) {
    }
    CHILD_CHECK(refused_with(&err, errnum));
    gonet_error_free(err);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
    return 0;
}

static bool make_ends(gonet_conn_t **a, gonet_conn_t **b, gonet_listener_t **l)
{
    *l = net_listen("tcp");
    return *l != NULL && net_pair("unix", a, b);
}

static int part_few_descriptors(void)
{
    struct rlimit before, one;
    gonet_conn_t *a, *b;
    gonet_listener_t *l;
    int result;

    CHILD_CHECK(make_ends(&a, &b, &l));
    gonet_listener_free(l); /* an accept asks for a descriptor first */
    CHILD_CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    one = (struct rlimit){1, before.rlim_max};
    CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &one) == 0);
    result = waits_are_refused(a, b, NULL, EINVAL);
    CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    return result;
}

static int without_poll(int errnum)
{
    gonet_conn_t *a, *b;
    gonet_listener_t *l;

    CHILD_CHECK(make_ends(&a, &b, &l));
#ifdef SYS_poll
    if (!refuse_call(SYS_poll, errnum))
        return REFUSE_SKIPPED;
#endif
    if (!refuse_call(SYS_ppoll, errnum))
        return REFUSE_SKIPPED;
    return waits_are_refused(a, b, l, errnum);
}

static int part_poll_eperm(void)
{
    return without_poll(EPERM);
}

static int part_poll_enosys(void)
{
    return without_poll(ENOSYS);
}

static void test_refused_by_limit(void **state)
{
    (void)state;
    child_passes("few descriptors", NULL);
}

static void test_refused_by_filter(void **state)
{
    (void)state;
    refuse_passes("poll EPERM", NULL);
    refuse_passes("poll ENOSYS", NULL);
}

/* A file that does not block all the same, and poll is refused: an error, not a loop. */
static int part_file(void)
{
    gonet_error_t *err = NULL;
    gonet_file_reader_t *r;
    int fds[2];
    char byte;

    CHILD_CHECK(pipe2(fds, O_NONBLOCK) == 0);
    r = gonet_file_reader_new(fds[0], NULL);
#ifdef SYS_poll
    if (!refuse_call(SYS_poll, EPERM))
        return REFUSE_SKIPPED;
#endif
    if (!refuse_call(SYS_ppoll, EPERM))
        return REFUSE_SKIPPED;
    CHILD_CHECK(gonet_reader_read(gonet_file_reader_as_reader(r), &byte, 1, &err) == -1);
    CHILD_CHECK(refused_with(&err, EPERM));
    gonet_file_reader_free(r);
    return 0;
}

static void test_refused_for_files(void **state)
{
    (void)state;
    refuse_passes("file", NULL);
}

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"stopped", part_stopped},
                                         {"few descriptors", part_few_descriptors},
                                         {"poll EPERM", part_poll_eperm},
                                         {"poll ENOSYS", part_poll_enosys},
                                         {"file", part_file},
                                         {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_deadlines_over_a_stop), LEAK_TEST(test_refused_by_limit),
        LEAK_TEST(test_refused_by_filter), LEAK_TEST(test_refused_for_files)};

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
