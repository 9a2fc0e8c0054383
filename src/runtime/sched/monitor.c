/*
 * The monitor: one thread that looks at the workers from outside, when there are two or more, or
 * when GONETDEBUG asks for it.
 *
 * While a worker is awake it looks every 10 ms, and every 2 ms for a second after it has found one
 * held. A worker that has run the same task at two looks is held: its loop is given to the others
 * (held.c), and somebody is called for what it has queued. A worker that has waited long enough may
 * call for help again (steal.c). When all have slept for 100 ms the monitor sleeps, too, until a
 * worker wakes: at rest it costs nothing.
 *
 * It runs no tasks, and takes no lock but by trying. What it looks at stays until gonet_shutdown,
 * which ends it first. For GONETDEBUG=slowtask it reports a task that has held its worker for so
 * long: the worker is asked by SIGURG, whose default is to be ignored, and unwinds the task from
 * the handler. SIGQUIT's handler only writes to the monitor's eventfd; the monitor prints.
 */
#include "runtime/sched/monitor.h"

#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/fd.h"
#include "base/say.h"
#include "base/setting.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/time/clock.h"
#include "runtime/ground/fork.h"
#include "runtime/sched/held.h"
#include "runtime/sched/runtime.h"
#include "runtime/ground/signals.h"
#include "runtime/sched/steal.h"

#define MAX_FRAMES 48
#define ANSWER_NS  GONET_SECOND
#define LOOK_NS    ((int64_t)10000000)
#define SOON_NS    ((int64_t)2000000)
#define ALERT_NS \
    ((int64_t)1000000000)            /* how long it looks more often after it has found one held */
#define REST_NS ((int64_t)100000000) /* how long all have slept when it sleeps, too */
#define EVENTS  16

static struct {
    int64_t slow; /* ns; 0: not asked for */
    bool quit;    /* SIGQUIT dumps */
    pthread_t thread;
    bool running;
    _Atomic bool stop;
    _Atomic bool dump; /* SIGQUIT has come */
    int set;           /* held.c's, and event */
    int event;
    int64_t alert; /* until when it looks more often */
    int64_t awake; /* when somebody was seen awake last */
    sem_t unwound;
    void *frame[MAX_FRAMES];
    _Atomic int count;
} monitor = {.set = -1, .event = -1};

_Atomic bool gonet__monitor_rests;

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

static void tell(void)
{
    uint64_t one = 1;

    while (write(monitor.event, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

static void on_quit(int sig)
{
    int e = errno;

    (void)sig;
    atomic_store(&monitor.dump, true);
    tell();
    errno = e;
}

void gonet__monitor_unwind(gonet__worker_t *w, FILE *f)
{
    int count;

    if (!monitor.running || !gonet__dump_monitored())
        return;
    pthread_mutex_lock(&unwind_lock);
    atomic_store(&monitor.count, -1);
    pthread_kill(w->thread, SIGURG);
    (void)gonet__sem_until(&monitor.unwound, gonet__now() + ANSWER_NS);
    count = atomic_exchange(&monitor.count, 0);
    if (count > 0)
        gonet__dump_frames(f, monitor.frame, count);
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
               (long long)(monitor.slow / GONET_MILLISECOND));
    if (gonet__stderr() == NULL)
        return;
    fprintf(gonet__stderr(), "worker %u [held by a running task]\n", w->id);
    gonet__monitor_unwind(w, gonet__stderr());
}

typedef struct {
    uint64_t runs;
    bool looked; /* at the last look it was awake, in a task */
} seen_t;

static seen_t seen[GONET__MAX_WORKERS];

/* One worker; true: it is awake. */
static bool look_at_worker(gonet__worker_t *w, seen_t *s, int64_t now)
{
    uint64_t runs = atomic_load_explicit(&w->runs, memory_order_relaxed);
    bool in_task = gonet__worker_task(w) != NULL;
    bool still = s->looked && in_task && runs == s->runs;
    bool patient = atomic_load_explicit(&w->quiet, memory_order_relaxed) <= now;
    int64_t first;

    *s = (seen_t){.runs = runs, .looked = in_task};
    if (atomic_load(&w->sleeping) || atomic_load(&w->state) != GONET__WORKER_RUNS) {
        s->looked = false;
        return false;
    }
    if (still) {
        gonet__held_begin(w);
        monitor.alert = now + ALERT_NS;
    }
    if (patient)
        atomic_store_explicit(&w->eager, true, memory_order_relaxed);
    first = gonet__timer_next(w->timers);
    if ((gonet__queue_movable(&w->queue) > 0 && (still || patient)) ||
        (still && (atomic_load(&w->inbox) != NULL || atomic_load(&w->apply_wanted) ||
                   (first != 0 && first <= now))))
        (void)gonet__steal_call_for(w);
    return true;
}

static void look(int64_t now)
{
    unsigned n = gonet__runtime_worker_made();

    for (unsigned i = 0; i < n; i++) {
        if (look_at_worker(gonet__runtime_worker(i), &seen[i], now))
            monitor.awake = now;
    }
}

static bool all_asleep(void)
{
    unsigned n = gonet__runtime_worker_made();

    for (unsigned i = 0; i < n; i++) {
        gonet__worker_t *w = gonet__runtime_worker(i);

        if (!atomic_load(&w->sleeping) && atomic_load(&w->state) == GONET__WORKER_RUNS)
            return false;
    }
    return true;
}

/* Until the next look: ms; -1: until somebody wakes. */
static int pause_until(int64_t now, int64_t next)
{
    if (now - monitor.awake >= REST_NS) {
        atomic_store(&gonet__monitor_rests, true);
        if (all_asleep())
            return -1;
        atomic_store(&gonet__monitor_rests, false);
        monitor.awake = now;
    }
    return next > now ? (int)((next - now) / GONET_MILLISECOND) + 1 : 0;
}

/* Waits for the next look, or for an event in the loop of a held worker. */
static void wait_for_event(int ms)
{
    struct epoll_event e[EVENTS];
    int n = epoll_wait(monitor.set, e, EVENTS, ms);
    uint64_t count;

    atomic_store(&gonet__monitor_rests, false);
    if (n < 0 && errno != EINTR) /* no sandbox is expected to go that far */
        usleep((useconds_t)(LOOK_NS / GONET_MICROSECOND));
    for (int i = 0; i < n; i++) {
        if (e[i].data.ptr == &monitor)
            (void)!read(monitor.event, &count, sizeof(count));
        else
            (void)gonet__steal_call_for(NULL);
    }
}

static void look_for_slow(int64_t now)
{
    static int64_t next;

    if (monitor.slow == 0 || now < next)
        return;
    next = now + monitor.slow;
    if (pthread_mutex_trylock(&gonet__runtime.lock) == 0) {
        sampled = 0;
        gonet__runtime_each(look_at, NULL);
        pthread_mutex_unlock(&gonet__runtime.lock);
    }
}

static void *monitor_main(void *arg)
{
    int64_t next = 0;

    (void)arg;
    while (!atomic_load(&monitor.stop)) {
        int64_t now = gonet__now();

        if (atomic_exchange(&monitor.dump, false) && gonet__stderr() != NULL)
            gonet_dump_tasks(gonet__stderr());
        if (now >= next) {
            look(now);
            next = now + (now < monitor.alert ? SOON_NS : LOOK_NS);
        }
        look_for_slow(now);
        wait_for_event(pause_until(now, next));
    }
    return NULL;
}

static const struct sigaction urgent_action = {.sa_handler = on_urgent,
                                               .sa_flags = SA_RESTART | SA_ONSTACK};
static const struct sigaction quit_action = {.sa_handler = on_quit,
                                             .sa_flags = SA_RESTART | SA_ONSTACK};

static bool open_set(void)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &monitor};

    monitor.event = gonet__fd_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (monitor.event < 0)
        return false;
    gonet__fork_own(monitor.event);
    monitor.set = gonet__held_open();
    return monitor.set >= 0 && epoll_ctl(monitor.set, EPOLL_CTL_ADD, monitor.event, &e) == 0;
}

static void close_set(void)
{
    if (monitor.set >= 0)
        gonet__held_close();
    if (monitor.event >= 0) {
        gonet__fork_disown(monitor.event);
        close(monitor.event);
    }
    monitor.set = monitor.event = -1;
}

static void give_back(void)
{
    if (gonet__dump_monitored()) {
        gonet__signals_give_back(SIGURG, &urgent_action);
        gonet__signals_give_back(SIGQUIT, &quit_action);
    }
    close_set();
}

/* Without it the workers go on: each helps itself. */
void gonet__monitor_start(bool several)
{
    void *warm[2];

    if (monitor.running || !(several || gonet__dump_monitored()))
        return;
    if (!open_set()) {
        close_set();
        return;
    }
    if (gonet__dump_monitored()) {
        backtrace(warm, 2); /* loads the unwinder, which a signal handler must not */
        gonet__signals_take(SIGURG, &urgent_action);
        if (monitor.quit)
            gonet__signals_take(SIGQUIT, &quit_action);
    }
    memset(samples, 0, sizeof(samples)); /* another runtime's tasks may have the same addresses */
    memset(seen, 0, sizeof(seen));
    atomic_store(&monitor.stop, false);
    atomic_store(&gonet__monitor_rests, false);
    monitor.alert = 0;
    monitor.awake = gonet__now();
    monitor.running = gonet__signals_spawn(&monitor.thread, monitor_main, NULL) == 0;
    if (!monitor.running)
        give_back();
}

void gonet__monitor_stop(void)
{
    if (!monitor.running)
        return;
    atomic_store(&monitor.stop, true);
    tell();
    pthread_join(monitor.thread, NULL);
    monitor.running = false;
}

void gonet__monitor_close(void)
{
    if (monitor.event >= 0)
        give_back();
}

void gonet__monitor_wake_up(void)
{
    if (atomic_exchange(&gonet__monitor_rests, false))
        tell();
}

void gonet__monitor_fork_child(void)
{
    monitor.running = false;
    monitor.set = monitor.event = -1;
    atomic_store(&gonet__monitor_rests, false);
    atomic_store(&gonet__held_count, 0);
    pthread_mutex_init(&unwind_lock, NULL);
    if (gonet__dump_monitored())
        sem_init(&monitor.unwound, 0, 0);
}
