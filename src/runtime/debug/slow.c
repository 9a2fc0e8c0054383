/*
 * What GONETDEBUG adds to the monitor's looks. A task that has held its worker for as long as
 * slowtask says is reported: the worker is asked by SIGURG, whose default is to be ignored, and
 * unwinds the task from the handler. SIGQUIT's handler only tells the monitor, which lists the
 * tasks.
 */
#include "runtime/debug/slow.h"

#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>

#include "base/say.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/debug/dump.h"
#include "runtime/ground/debug_setting.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/signals.h"
#include "runtime/sched/monitor.h"
#include "runtime/sched/runtime.h"
#include "runtime/time/clock.h"

#define MAX_FRAMES 48
#define ANSWER_NS  GONET_SECOND

static _Atomic bool dump; /* SIGQUIT has come */
static sem_t unwound;
static void *frames[MAX_FRAMES];
static _Atomic int frame_count;
static pthread_mutex_t unwind_lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct {
    void *task;
    uint64_t runs;
    bool reported;
} sample_t;

static sample_t samples[2 * GONET__MAX_WORKERS];
static unsigned sampled;

static void on_urgent(int sig)
{
    int e = errno;

    (void)sig;
    if (gonet__here() != NULL && atomic_load(&frame_count) < 0) {
        atomic_store(&frame_count, backtrace(frames, MAX_FRAMES));
        sem_post(&unwound);
    }
    errno = e;
}

static void on_quit(int sig)
{
    int e = errno;

    (void)sig;
    atomic_store(&dump, true);
    gonet__monitor_tell();
    errno = e;
}

void gonet__slow_unwind(gonet__worker_t *w, FILE *f)
{
    int count;

    if (!gonet__monitor_runs() || !gonet__debug_asked())
        return;
    pthread_mutex_lock(&unwind_lock);
    atomic_store(&frame_count, -1);
    pthread_kill(w->thread, SIGURG);
    (void)gonet__sem_until(&unwound, gonet__now() + ANSWER_NS);
    count = atomic_exchange(&frame_count, 0);
    if (count > 0)
        gonet__dump_frames(f, frames, count);
    pthread_mutex_unlock(&unwind_lock);
}

/* Under the runtime's lock. */
static void look_at(gonet__worker_t *w, void *arg)
{
    sample_t *s;
    void *task = gonet__worker_task(w);
    uint64_t runs = atomic_load(&w->runs);

    (void)arg;
    if (sampled == sizeof(samples) / sizeof(*samples))
        return;
    s = &samples[sampled++];
    if (task == NULL || task != s->task || runs != s->runs) {
        *s = (sample_t){.task = task, .runs = runs};
        return;
    }
    if (s->reported)
        return;
    s->reported = true;
    gonet__say("gonet: a task has held its worker for more than %lld ms\n",
               (long long)(gonet__debug_setting()->slow / GONET_MILLISECOND));
    if (gonet__stderr() == NULL)
        return;
    fprintf(gonet__stderr(), "worker %u [held by a running task]\n", w->id);
    gonet__slow_unwind(w, gonet__stderr());
}

void gonet__slow_look(int64_t now)
{
    static int64_t next;
    const int64_t slow = gonet__debug_setting()->slow;

    if (atomic_exchange(&dump, false) && gonet__stderr() != NULL)
        gonet_dump_tasks(gonet__stderr());
    if (slow == 0 || now < next)
        return;
    next = now + slow;
    if (pthread_mutex_trylock(&gonet__runtime.lock) == 0) {
        sampled = 0;
        gonet__runtime_each(look_at, NULL);
        pthread_mutex_unlock(&gonet__runtime.lock);
    }
}

static const struct sigaction urgent_action = {.sa_handler = on_urgent,
                                               .sa_flags = SA_RESTART | SA_ONSTACK};
static const struct sigaction quit_action = {.sa_handler = on_quit,
                                             .sa_flags = SA_RESTART | SA_ONSTACK};

void gonet__slow_open(void)
{
    void *warm[2];

    if (!gonet__debug_asked())
        return;
    backtrace(warm, 2);                  /* loads the unwinder, which a signal handler must not */
    memset(samples, 0, sizeof(samples)); /* another runtime's tasks may have the same addresses */
    sem_init(&unwound, 0, 0);
    gonet__signals_take(SIGURG, &urgent_action);
    if (gonet__debug_setting()->quit)
        gonet__signals_take(SIGQUIT, &quit_action);
}

void gonet__slow_close(void)
{
    if (!gonet__debug_asked())
        return;
    gonet__signals_give_back(SIGURG, &urgent_action);
    gonet__signals_give_back(SIGQUIT, &quit_action);
}

static void forget_askers(void)
{
    pthread_mutex_init(&unwind_lock, NULL);
}

GONET__FORK_HOOK(forget_askers)
