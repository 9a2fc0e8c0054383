/*
 * The wall clock jumps: whatever time it tells, it is an hour behind when that is waited for. No
 * wait of the library's may go by it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "busy.h"
#include "gonet/task.h"
#include "support/check.h"
#include "support/child.h"

/* Stands for the C library's, in all of the program. */
int clock_gettime(clockid_t id, struct timespec *t)
{
    long status = syscall(SYS_clock_gettime, id, t);

    if (status == 0 && id == CLOCK_REALTIME)
        t->tv_sec += 3600;
    return (int)status;
}

static busy_t busy;

/* Answers nobody, the monitor neither. */
static void hold_worker(void *arg)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGURG);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    compute(arg);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static bool was_said(FILE *f, const char *what)
{
    char text[8192];
    ssize_t n = pread(fileno(f), text, sizeof(text) - 1, 0);

    CHILD_CHECK(n >= 0);
    text[n] = '\0';
    return strstr(text, what) != NULL;
}

/* The monitor samples, asks for a trace, and a list asks a worker: each waits for its time only. */
static int held(void)
{
    FILE *said = tmpfile();

    CHILD_CHECK(said != NULL && dup2(fileno(said), STDERR_FILENO) >= 0);
    CHILD_CHECK(gonet_go(hold_worker, &busy) == 0);
    while (!was_said(said, "a task has held its worker"))
        check_pause();
    gonet_dump_tasks(said);
    CHILD_CHECK(was_said(said, "[held by a running task]"));
    CHILD_CHECK(gonet_shutdown(20 * GONET_MILLISECOND) == -1 && errno == EBUSY);
    atomic_store(&busy.stop, true);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    return 0;
}

static void waits_end(void **state)
{
    (void)state;
    child_passes("held", "GONETDEBUG=slowtask=20ms");
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {{"held", held}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {cmocka_unit_test(waits_end)};

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
