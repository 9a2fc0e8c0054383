/*
 * The monitor samples which task each worker runs; a task seen on two samples without the worker
 * having run anything else is slow. The worker is then asked by SIGURG, whose default is to be
 * ignored, and unwinds the task from the handler. SIGQUIT only posts a semaphore; the monitor
 * prints.
 */
#include "runtime/monitor.h"

#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/say.h"
#include "base/setting.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/clock.h"
#include "runtime/dump.h"
#include "runtime/runtime.h"
#include "runtime/signals.h"

#define MAX_FRAMES 48
#define ANSWER_NS  GONET_SECOND

static struct {
    int64_t slow; /* ns; 0: not asked for */
    bool quit;    /* SIGQUIT dumps */
    pthread_t thread;
    bool running;
    _Atomic bool stop;
    sem_t wanted;
    sem_t unwound;
    void *frame[MAX_FRAMES];
    _Atomic int count;
} monitor;

static pthread_mutex_t unwind_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

typedef struct {
    void *task;
    uint64_t runs;
    bool reported;
} sample_t;

static sample_t samples[2 * GONET__MAX_WORKERS];
static unsigned sampled;

/* "100ms", "2s", "1500us"; a bare number is milliseconds. 0: none of these. */
static int64_t parse_duration(const char *p, size_t len)
{
    int v;
    size_t used;
    size_t unit;

    if (!gonet__scan_decimal(p, len, &v, &used) || v > 1000000)
        return 0;
    unit = len - used;
    p += used;
    if (unit == 2 && memcmp(p, "us", 2) == 0)
        return v * GONET_MICROSECOND;
    if (unit == 1 && *p == 's')
        return v * GONET_SECOND;
    return unit == 0 || (unit == 2 && memcmp(p, "ms", 2) == 0) ? v * GONET_MILLISECOND : 0;
}

static void read_settings(void)
{
    static const char *const off_on[] = {"0", "1", NULL};
    size_t len;
    const char *slow = gonet__setting(GONET__SETTING_SLOWTASK, &len);

    if (slow != NULL)
        monitor.slow = parse_duration(slow, len);
    if (slow != NULL && monitor.slow == 0)
        gonet__setting_refuse(GONET__SETTING_SLOWTASK, "a time: 100ms, 1500us, 2s");
    monitor.quit = gonet__setting_word(GONET__SETTING_DUMPONSIGQUIT, off_on) == 1;
    sem_init(&monitor.wanted, 0, 0);
    sem_init(&monitor.unwound, 0, 0);
}

bool gonet__dump_monitored(void)
{
    pthread_once(&once, read_settings);
    return monitor.slow != 0 || monitor.quit;
}

static void on_urgent(int sig)
{
    int e = errno;

    (void)sig;
    if (gonet__here() != NULL && atomic_load(&monitor.count) < 0) {
        atomic_store(&monitor.count, backtrace(monitor.frame, MAX_FRAMES));
        sem_post(&monitor.unwound);
    }
    errno = e;
}

static void on_quit(int sig)
{
    int e = errno;

    (void)sig;
    sem_post(&monitor.wanted);
    errno = e;
}

void gonet__monitor_print_running(gonet__worker_t *w, FILE *f)
{
    gonet__task_t *task = atomic_load(&w->running);

    fprintf(f, "worker %u [held%s]\n", w->id, task != NULL ? " by a running task" : "");
    if (!monitor.running || task == NULL)
        return;
    pthread_mutex_lock(&unwind_lock);
    atomic_store(&monitor.count, -1);
    pthread_kill(w->thread, SIGURG);
    (void)gonet__sem_until(&monitor.unwound, gonet__now() + ANSWER_NS);
    int count = atomic_exchange(&monitor.count, 0);
    if (count > 0)
        gonet__dump_frames(f, monitor.frame, count);
    pthread_mutex_unlock(&unwind_lock);
}

/* Under the runtime's lock. */
static void look_at(gonet__worker_t *w, void *arg)
{
    sample_t *s;
    void *task = atomic_load(&w->running);
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
               (long long)(monitor.slow / GONET_MILLISECOND));
    if (gonet__stderr() != NULL)
        gonet__monitor_print_running(w, gonet__stderr());
}

static void *monitor_main(void *arg)
{
    int64_t next = gonet__now() + monitor.slow;

    (void)arg;
    while (!atomic_load(&monitor.stop)) {
        if (gonet__sem_until(&monitor.wanted, monitor.slow != 0 ? next : INT64_MAX)) {
            if (!atomic_load(&monitor.stop) && gonet__stderr() != NULL)
                gonet_dump_tasks(gonet__stderr());
            continue;
        }
        if (monitor.slow == 0 || gonet__now() < next)
            continue;
        next = gonet__now() + monitor.slow;
        if (pthread_mutex_trylock(&gonet__runtime.lock) == 0) {
            sampled = 0;
            gonet__runtime_each(look_at, NULL);
            pthread_mutex_unlock(&gonet__runtime.lock);
        }
    }
    return NULL;
}

static const struct sigaction urgent_action = {.sa_handler = on_urgent,
                                               .sa_flags = SA_RESTART | SA_ONSTACK};
static const struct sigaction quit_action = {.sa_handler = on_quit,
                                             .sa_flags = SA_RESTART | SA_ONSTACK};

void gonet__dump_start(void)
{
    void *warm[2];

    if (!gonet__dump_monitored() || monitor.running)
        return;
    backtrace(warm, 2); /* loads the unwinder, which a signal handler must not */
    gonet__signals_take(SIGURG, &urgent_action);
    if (monitor.quit)
        gonet__signals_take(SIGQUIT, &quit_action);
    memset(samples, 0, sizeof(samples)); /* another runtime's tasks may have the same addresses */
    atomic_store(&monitor.stop, false);
    monitor.running = gonet__signals_spawn(&monitor.thread, monitor_main, NULL) == 0;
}

void gonet__dump_stop(void)
{
    if (!monitor.running)
        return;
    atomic_store(&monitor.stop, true);
    sem_post(&monitor.wanted);
    pthread_join(monitor.thread, NULL);
    monitor.running = false;
    gonet__signals_give_back(SIGURG, &urgent_action);
    gonet__signals_give_back(SIGQUIT, &quit_action);
}

void gonet__dump_fork_child(void)
{
    monitor.running = false;
    gonet__dump_forget_request();
    pthread_mutex_init(&unwind_lock, NULL);
    if (gonet__dump_monitored()) {
        sem_init(&monitor.wanted, 0, 0);
        sem_init(&monitor.unwound, 0, 0);
    }
}
