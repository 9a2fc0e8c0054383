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
#include "runtime/sched/name.h"
#include "runtime/sched/runtime.h"
#include "runtime/time/clock.h"

#define MAX_FRAMES 48
#define ANSWER_NS  GONET_SECOND

static _Atomic bool dump; /* SIGQUIT has come */
static pthread_mutex_t unwind_lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t unwound;

/* What a worker answers: who it runs, and where that is. */
static struct {
    uint64_t id;
    void (*fn)(void *arg); /* NULL: no task */
    char name[GONET__NAME_MAX + 1];
    void *frame[MAX_FRAMES];
    _Atomic int count; /* of the frames; < 0: the answer is awaited */
} answer;

typedef struct {
    void *task;
    uint64_t runs;
    bool reported;
} sample_t;

static sample_t samples[2 * GONET__MAX_WORKERS];
static unsigned sampled;

static void on_urgent(int sig)
{
    gonet__task_t *task = gonet__task_current();
    int e = errno;

    (void)sig;
    if (gonet__here() != NULL && atomic_load(&answer.count) < 0) {
        answer.id = task != NULL ? task->id : 0;
        answer.fn = task != NULL ? task->fn : NULL;
        answer.name[0] = '\0';
        if (task != NULL && task->name != NULL)
            strcpy(answer.name, task->name);
        atomic_store(&answer.count, backtrace(answer.frame, MAX_FRAMES));
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

/* Asks w what it runs; false: no answer. Under unwind_lock. */
static bool ask(gonet__worker_t *w)
{
    atomic_store(&answer.count, -1);
    pthread_kill(w->thread, SIGURG);
    (void)gonet__sem_until(&unwound, gonet__now() + ANSWER_NS);
    if (atomic_load(&answer.count) > 0)
        return true;
    atomic_store(&answer.count, 0);
    return false;
}

void gonet__slow_unwind(gonet__worker_t *w, FILE *f, gonet__symbols_t *s)
{
    if (!gonet__monitor_runs() || !gonet__debug_asked())
        return;
    pthread_mutex_lock(&unwind_lock);
    if (ask(w))
        gonet__dump_frames(f, s, answer.frame, atomic_load(&answer.count));
    pthread_mutex_unlock(&unwind_lock);
}

static void report(gonet__worker_t *w, FILE *f)
{
    static gonet__symbols_t symbols;
    gonet__line_t line = {.len = 0};
    bool answered;

    fprintf(f, "gonet: a task has held its worker for more than %lld ms\n",
            (long long)(gonet__debug_setting()->slow / GONET_MILLISECOND));
    pthread_mutex_lock(&unwind_lock);
    answered = ask(w);
    if (answered && answer.fn != NULL)
        gonet__name_put(&line, &symbols, answer.id, answer.name, answer.fn);
    else
        gonet__line_puts(&line, "a running task");
    fprintf(f, "worker %u [held by %.*s]\n", w->id, (int)line.len, line.text);
    if (answered)
        gonet__dump_frames(f, &symbols, answer.frame, atomic_load(&answer.count));
    pthread_mutex_unlock(&unwind_lock);
    gonet__symbols_close(&symbols);
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
    if (gonet__stderr() != NULL)
        report(w, gonet__stderr());
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
