/*
 * Whether no task can go on any more. Who could wake one: a worker that runs, a timer, a
 * descriptor, work on the pool, a thread of the program. So there is a deadlock if
 *
 * - all workers sleep, there is nothing in their queues and inboxes, and no timer but those of
 *   waits and descriptors, which may be of the past;
 * - each task waits for other tasks or threads, without a deadline;
 * - the pool has no work;
 * - all other threads of the process sleep in a wait of this library's, without a deadline, too.
 *
 * When all that held, one after the other, and no worker has run a task meanwhile, it held at once:
 * whoever might have changed what was looked at before would have had to run. That a thread sleeps
 * is for the kernel to say: one that was woken counts as waiting until it has run.
 *
 * What is not known is no deadlock: a thread that waits elsewhere (in join, in poll, in sleep) may
 * do anything next. It is reported, not ended: a debugger may come.
 */
#include "runtime/life/deadlock.h"

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/say.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/debug_setting.h"
#include "runtime/ground/fork.h"
#include "runtime/life/pool.h"
#include "runtime/netpoll/netpoll.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/wait.h"
#include "runtime/sched/worker.h"

#define LOOK_NS ((int64_t)100000000) /* between two looks */

#ifdef GONET_TEST_HOOKS
_Atomic unsigned *gonet__deadlock_looks;
#endif

/* Those that wait are the parent's. */
static void forget_threads(void)
{
    atomic_store(&gonet__wait_threads, 0);
}

GONET__FORK_HOOK(forget_threads)

typedef struct {
    bool stuck; /* so far */
    unsigned tasks;
    unsigned workers; /* threads */
    uint64_t runs;
} look_t;

static void look_asleep(gonet__worker_t *w, void *arg)
{
    look_t *l = arg;

    l->runs += atomic_load(&w->runs);
    if (atomic_load(&w->state) == GONET__WORKER_ENDED)
        return;
    l->workers++;
    if (!gonet__poller_sleeps(&w->poller) || gonet__queue_count(&w->queue) > 0 ||
        atomic_load(&w->inbox) != NULL ||
        gonet__timer_others(w->timers, gonet__wait_timer, gonet__netpoll_timer))
        l->stuck = false;
}

static void look_tasks(gonet__worker_t *w, void *arg)
{
    look_t *l = arg;

    if (!l->stuck)
        return;
    if (!gonet__worker_seize(w)) {
        l->stuck = false; /* somebody is at work */
        return;
    }
    for (gonet__list_t *n = w->queue.home.next; n != &w->queue.home && l->stuck; n = n->next) {
        l->stuck = gonet__wait_endless(GONET__CONTAINER(n, gonet__task_t, all));
        l->tasks++;
    }
    gonet__queue_release(&w->queue);
}

/* "pid (name) S …" */
static bool sleeps(const char *tid)
{
    char path[64], text[512];
    const char *end;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/task/%.20s/stat", tid);
    fd = gonet__fd_open(path);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    end = strrchr(text, ')');
    return end != NULL && strncmp(end, ") S", 3) == 0;
}

/* How many threads there are beside the caller, all of which sleep; -1: not all do. */
static int sleeping_threads(void)
{
    int fd = gonet__fd_open("/proc/self/task");
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    char own[24];
    int count = 0;

    if (dir == NULL) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    snprintf(own, sizeof(own), "%ld", (long)syscall(SYS_gettid));
    while (count >= 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, own) == 0)
            continue;
        count = sleeps(entry->d_name) ? count + 1 : -1;
    }
    closedir(dir);
    return count;
}

/* Under the runtime's lock. */
static bool is_stuck(look_t *l)
{
    look_t again = {.stuck = true};
    unsigned pool, threads;

    gonet__runtime_each(look_asleep, l);
    if (l->stuck)
        gonet__runtime_each(look_tasks, l);
    if (!l->stuck || l->tasks == 0 || !gonet__pool_rests(&pool))
        return false;
    if (gonet__runtime_live() != (long)l->tasks)
        return false; /* one is to be born, when something comes: birth.h */
    threads = atomic_load(&gonet__wait_threads);
    if (sleeping_threads() != (int)(l->workers + pool + threads))
        return false;
    gonet__runtime_each(look_asleep, &again);
    return again.stuck && again.runs == l->runs;
}

void gonet__deadlock_look(int64_t now)
{
    static uint64_t reported; /* the runs at that time; they only rise */
    static int64_t next;
    look_t l = {.stuck = true};
    bool stuck;

    if (!gonet__debug_setting()->deadlock || now < next ||
        pthread_mutex_trylock(&gonet__runtime.lock) != 0)
        return;
    next = now + LOOK_NS;
    stuck = !gonet__runtime.shutting && is_stuck(&l);
    pthread_mutex_unlock(&gonet__runtime.lock);
#ifdef GONET_TEST_HOOKS
    if (gonet__deadlock_looks != NULL)
        atomic_fetch_add(gonet__deadlock_looks, 1);
#endif
    if (!stuck || l.runs == reported)
        return;
    reported = l.runs;
    gonet__say("gonet: deadlock: no task can go on, and nothing else can wake one; %u task%s:\n",
               l.tasks, l.tasks == 1 ? "" : "s");
    if (gonet__stderr() != NULL)
        gonet_dump_tasks(gonet__stderr());
}
