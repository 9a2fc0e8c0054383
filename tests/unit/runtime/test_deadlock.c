/*
 * GONETDEBUG=deadlock=1: tasks that wait for each other, with nothing else that could wake them,
 * are reported; where anything could, nothing is.
 *
 * Each scene is a process of its own, in which no thread is left that could look at it. Its parent
 * reads what it says, and sees in shared memory how often the library has looked.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/chan.h"
#include "gonet/conn.h"
#include "gonet/context.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "runtime/switch/annotate.h"
#include "runtime/life/deadlock.h"
#include "support/check.h"
#include "support/child.h"
#include "support/net.h"

typedef struct {
    _Atomic unsigned looks;
    atomic_bool ready; /* the scene's threads and tasks wait, or are about to */
} seen_t;

static seen_t *seen;
static gonet_chan_t *ab, *ba;
static gonet_wait_group_t group;

/* ---- tasks that wait for each other ---- */

static void waits_for_b(void *arg)
{
    (void)arg;
    (void)gonet_chan_recv(ba, NULL);
    (void)gonet_chan_send(ab, NULL);
    gonet_wait_group_done(&group);
}

static void waits_for_a(void *arg)
{
    (void)arg;
    (void)gonet_chan_recv(ab, NULL);
    (void)gonet_chan_send(ba, NULL);
    gonet_wait_group_done(&group);
}

static void make_both(void)
{
    ab = gonet_chan_new(0, 0);
    ba = gonet_chan_new(0, 0);
    CHILD_CHECK(ab != NULL && ba != NULL);
    gonet_wait_group_add(&group, 2);
    CHILD_CHECK(gonet_go_named(waits_for_a, NULL, "B") == 0);
    CHILD_CHECK(gonet_go(waits_for_b, NULL) == 0);
}

static void wait_for_both(void)
{
    atomic_store(&seen->ready, true);
    gonet_wait_group_wait(&group); /* for ever */
}

static void main_waits_too(void)
{
    make_both();
    wait_for_both();
}

static void *receives(void *arg)
{
    (void)arg;
    (void)gonet_chan_recv(ab, NULL);
    return NULL;
}

static void threads_wait_too(void)
{
    pthread_t t[3];

    make_both();
    for (int i = 0; i < 3; i++)
        CHILD_CHECK(pthread_create(&t[i], NULL, receives, NULL) == 0);
    wait_for_both();
}

static void *returns(void *arg)
{
    return arg;
}

static void locks_twice(void *arg)
{
    static gonet_mutex_t m[100];

    (void)gonet_blocking(returns, NULL); /* the pool's thread stays for a while */
    gonet_sleep(GONET_MILLISECOND);
    gonet_mutex_lock(&m[(uintptr_t)arg]);
    gonet_mutex_lock(&m[(uintptr_t)arg]);
}

static void each_for_itself(void)
{
    gonet_wait_group_add(&group, 1);
    for (uintptr_t i = 0; i < 100; i++)
        CHILD_CHECK(gonet_go(locks_twice, (void *)i) == 0);
    wait_for_both();
}

/* ---- the same, and something that can wake one, or act ---- */

static void sleeps_long(void *arg)
{
    (void)arg;
    gonet_sleep(GONET_HOUR);
}

static void selects_for_an_hour(void *arg)
{
    gonet_select_case_t c = {.ch = ab};

    (void)arg;
    (void)gonet_select(&c, 1, gonet_after(GONET_HOUR));
}

static void waits_for_a_context(void *arg)
{
    GONET_AUTO(gonet_context_t) ctx = gonet_context_with_timeout(NULL, GONET_HOUR);

    (void)arg;
    (void)gonet_chan_recv(gonet_context_done(ctx), NULL);
}

static void accepts(void *arg)
{
    gonet_conn_free(gonet_listener_accept(arg, NULL));
}

static void *pauses(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void blocks(void *arg)
{
    (void)gonet_blocking(pauses, arg);
}

static void with_task(void (*fn)(void *arg), void *arg)
{
    make_both();
    CHILD_CHECK(gonet_go(fn, arg) == 0);
    wait_for_both();
}

static void a_sleeper(void)
{
    with_task(sleeps_long, NULL);
}

static void a_select(void)
{
    with_task(selects_for_an_hour, NULL);
}

static void a_context(void)
{
    with_task(waits_for_a_context, NULL);
}

static void a_listener(void)
{
    with_task(accepts, net_listen("tcp"));
}

static void work_on_the_pool(void)
{
    with_task(blocks, NULL);
}

static void a_thread_elsewhere(void)
{
    pthread_t t;

    make_both();
    CHILD_CHECK(pthread_create(&t, NULL, pauses, NULL) == 0);
    wait_for_both();
}

static void *sleeps_in_thread(void *arg)
{
    gonet_sleep(GONET_HOUR);
    return arg;
}

static void a_thread_with_a_deadline(void)
{
    pthread_t t;

    make_both();
    CHILD_CHECK(pthread_create(&t, NULL, sleeps_in_thread, NULL) == 0);
    wait_for_both();
}

static void no_task(void)
{
    make_both();
    CHILD_CHECK(gonet_chan_close(ab) && gonet_chan_close(ba)); /* both end */
    gonet_wait_group_add(&group, 1);
    wait_for_both();
}

static const struct {
    const char *name;
    void (*run)(void);
    int tasks; /* that are reported; 0: nothing is */
} scenes[] = {
    {"main waits, too", main_waits_too, 2},
    {"threads wait, too", threads_wait_too, 2},
    {"each for itself", each_for_itself, 100},
    {"a sleeper", a_sleeper, 0},
    {"a select with a deadline", a_select, 0},
    {"a context with a deadline", a_context, 0},
    {"a listener", a_listener, 0},
    {"work on the pool", work_on_the_pool, 0},
    {"a thread elsewhere", a_thread_elsewhere, 0},
    {"a thread with a deadline", a_thread_with_a_deadline, 0},
    {"no task", no_task, 0},
};

enum { SCENES = sizeof(scenes) / sizeof(scenes[0]) };

/* ---- the process that looks at a scene ---- */

static pid_t start(int scene, int *said)
{
    int fds[2];
    pid_t pid;

    CHILD_CHECK(pipe(fds) == 0);
    atomic_store(&seen->looks, 0);
    atomic_store(&seen->ready, false);
    pid = fork();
    CHILD_CHECK(pid >= 0);
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        gonet__deadlock_looks = &seen->looks;
        scenes[scene].run();
        _exit(3);
    }
    close(fds[1]);
    *said = fds[0];
    return pid;
}

static char text[1 << 18]; /* what the scene has said so far */

static void read_on(int said)
{
    size_t len = strlen(text);
    ssize_t n;

    while ((n = read(said, text + len, sizeof(text) - 1 - len)) > 0)
        text[len += (size_t)n] = '\0';
    CHILD_CHECK(n < 0 && errno == EAGAIN); /* it has not ended */
    usleep(1000);
}

static int count(const char *what)
{
    int n = 0;

    for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

/* Until the scene is there, and has been looked at some times after that. */
static void watch(int said)
{
    unsigned before;

    while (!atomic_load(&seen->ready))
        read_on(said);
    before = atomic_load(&seen->looks);
    while (atomic_load(&seen->looks) < before + 3)
        read_on(said);
}

static void check_report_of(int tasks)
{
    static const char head[] =
        "gonet: deadlock: no task can go on, and nothing else can wake one; ";

    CHILD_CHECK(strncmp(text, head, strlen(head)) == 0);
    CHILD_CHECK(atoi(text + strlen(head)) == tasks);
    CHILD_CHECK(count("\ntask ") == tasks);
    if (tasks == 2) {
        CHILD_CHECK(strstr(text, " B (waits_for_a) [chan receive, ") != NULL);
        CHILD_CHECK(strstr(text, " waits_for_b [chan receive, ") != NULL);
    } else {
        CHILD_CHECK(count(" locks_twice [mutex lock, ") == tasks);
    }
}

static void look_at(int scene)
{
    int said, status;
    pid_t pid = start(scene, &said);

    fprintf(stderr, "%s\n", scenes[scene].name);
    CHILD_CHECK(fcntl(said, F_SETFL, O_NONBLOCK) == 0);
    memset(text, 0, sizeof(text));
    do
        watch(said);
    while (count("gonet: deadlock") == 0 && scenes[scene].tasks > 0); /* a limit ends this */
    if (scenes[scene].tasks > 0) {
        watch(said); /* it is said once, and completely */
        check_report_of(scenes[scene].tasks);
    } else {
        CHILD_CHECK(text[0] == '\0');
    }
    CHILD_CHECK(count("gonet: deadlock") == (scenes[scene].tasks > 0));
    CHILD_CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
    close(said);
}

static int run_scenes(int from, int to)
{
    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHILD_CHECK(seen != MAP_FAILED);
    for (int i = from; i < to; i++)
        look_at(i);
    return 0;
}

static int reported(void)
{
    return run_scenes(0, 3);
}

static int not_reported(void)
{
    return run_scenes(3, SCENES);
}

static void what_can_go_on_no_more_is_reported(void **state)
{
    (void)state;
    child_passes("reported", "GONETDEBUG=deadlock=1");
}

static void what_can_go_on_is_not(void **state)
{
    (void)state;
    child_passes("not_reported", "GONETDEBUG=deadlock=1");
}

/* ---- without the setting ---- */

static void it_is_asked_for(void **state)
{
    child_result_t r;

    (void)state;
    child_run("wrong", "GONETDEBUG=deadlock=yes", &r);
    assert_non_null(strstr(r.output, "GONETDEBUG=deadlock=yes is ignored: it can be 0 or 1"));
}

static void nothing(void *arg)
{
    (void)arg;
}

static int wrong(void)
{
    CHILD_CHECK(gonet_go(nothing, NULL) == 0);
    return gonet_shutdown(-1);
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {
        {"reported", reported}, {"not_reported", not_reported}, {"wrong", wrong}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_go_on_no_more_is_reported),
        cmocka_unit_test(what_can_go_on_is_not),
        cmocka_unit_test(it_is_asked_for),
    };

    child_main(argc, argv, parts);
#ifdef GONET__TSAN
    print_message("skipped: ThreadSanitizer has a thread of its own, which might do anything\n");
    return 0;
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
