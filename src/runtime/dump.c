/*
 * Every worker writes down its own tasks: a parked one is resumed just far enough to unwind its
 * stack (the probe in gonet__task_park), so nothing but the switch itself is needed to look at it.
 * A worker that does not answer in time is computing: it is named, with the task that holds it.
 */
#include "runtime/dump.h"

#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/task.h"
#include "runtime/clock.h"
#include "runtime/fork.h"
#include "runtime/monitor.h"
#include "runtime/netpoll.h"
#include "runtime/resume.h"
#include "runtime/runtime.h"

#define MAX_FRAMES 48
#define ANSWER_NS  ((int64_t)100000000)

/* One request, under way at a time. */
static pthread_mutex_t dump_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the rest */
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static FILE *out;
static gonet__worker_t *asked;

typedef struct {
    void *frame[MAX_FRAMES];
    int count;
} trace_t;

static void take_trace(gonet__task_t *task, void *arg)
{
    trace_t *trace = arg;

    (void)task;
    trace->count = backtrace(trace->frame, MAX_FRAMES);
}

void gonet__dump_frames(FILE *f, void *const *frame, int count)
{
    char **names = backtrace_symbols(frame, count);

    for (int i = 0; i < count; i++)
        fprintf(f, "        %s\n", names != NULL ? names[i] : "?");
    free(names);
}

static void describe(gonet__task_t *task, char *buf, unsigned size)
{
    gonet__pd_t *pd = task->parked_in;

    switch ((gonet__park_t)task->park) {
    case GONET__PARK_NONE:
        snprintf(buf, size, "runnable");
        break;
    case GONET__PARK_WAIT:
        snprintf(buf, size, "%s", task->why);
        break;
    case GONET__PARK_POLL:
        snprintf(buf, size, "%s", task->side == GONET__SIDE_READ ? "read" : "write");
        if (pd->describe != NULL)
            pd->describe(pd, (gonet__side_t)task->side, buf, size);
        break;
    }
}

static void print_task(gonet__worker_t *w, gonet__task_t *task, FILE *f)
{
    char what[256];
    trace_t trace = {.count = 0};
    uint32_t age = (uint32_t)uv_now(&w->loop) - task->parked_at; /* wraps as it should */

    describe(task, what, sizeof(what));
    fprintf(f, "task %u.%u [%s", (unsigned)(task->id >> 32), (unsigned)task->id, what);
    if (task->park != GONET__PARK_NONE)
        fprintf(f, ", %u.%03u s", age / 1000, age % 1000);
    fprintf(f, "]\n");
    if (!task->entered)
        return;
    w->probe = take_trace;
    w->probe_arg = &trace;
    gonet__task_resume(w, task);
    w->probe = NULL;
    gonet__dump_frames(f, trace.frame, trace.count);
}

/* Writes down the tasks of the calling thread's worker, all but one. */
static void print_parked(gonet__worker_t *w, FILE *f, const gonet__task_t *except)
{
    gonet__list_t *n;

    uv_update_time(&w->loop);
    for (n = w->tasks.next; n != &w->tasks; n = n->next) {
        gonet__task_t *task = GONET__CONTAINER(n, gonet__task_t, all);
        if (task != except)
            print_task(w, task, f);
    }
}

static void print_fresh(gonet__worker_t *w, FILE *f)
{
    unsigned n = atomic_load(&w->fresh_count);

    if (n > 0)
        fprintf(f, "worker %u: %u task%s not begun\n", w->id, n, n == 1 ? "" : "s");
}

void gonet__dump_own_tasks(gonet__worker_t *w)
{
    pthread_mutex_lock(&dump_lock);
    if (atomic_exchange(&w->dump_wanted, false) && asked == w && out != NULL) {
        print_parked(w, out, NULL);
        asked = NULL;
        pthread_cond_broadcast(&answered);
    }
    pthread_mutex_unlock(&dump_lock);
}

/* Under dump_lock. */
static bool wait_for_answer(void)
{
    const int64_t at = gonet__now() + ANSWER_NS;

    while (asked != NULL) {
        if (!gonet__cond_until(&answered, &dump_lock, at))
            return asked == NULL;
    }
    return true;
}

/*
 * Called from a task, which unwinds its sisters itself: for as long as that takes, it is its own
 * context that a probed task comes back to.
 */
static void print_sisters(gonet__worker_t *w, FILE *f)
{
    gonet__task_t *self = w->current;
    gonet__annotation_t tool = w->tool;
    gonet__context_t context = w->context;
    trace_t trace = {.count = 0};

    take_trace(self, &trace);
    fprintf(f, "task %u.%u [running]\n", (unsigned)(self->id >> 32), (unsigned)self->id);
    gonet__dump_frames(f, trace.frame, trace.count);
    w->tool = self->tool;
    print_parked(w, f, self);
    w->tool = tool;
    w->context = context;
    w->current = self;
    atomic_store_explicit(&w->running, self, memory_order_relaxed);
}

static void ask_worker(gonet__worker_t *w, void *arg)
{
    FILE *f = arg;
    bool done;

    if (w == gonet__here()) {
        print_sisters(w, f);
        print_fresh(w, f);
        return;
    }
    pthread_mutex_lock(&dump_lock);
    out = f;
    asked = w;
    atomic_store(&w->dump_wanted, true);
    gonet__worker_wake(w);
    done = wait_for_answer();
    asked = NULL;
    out = NULL;
    pthread_mutex_unlock(&dump_lock);
    if (!done)
        gonet__monitor_print_running(w, f);
    print_fresh(w, f);
}

void gonet__dump_forget_request(void)
{
    pthread_mutex_init(&dump_lock, NULL);
    pthread_cond_init(&answered, NULL);
    asked = NULL;
    out = NULL;
}

/* The workers write into memory, since the caller may hold the lock of f. */
void gonet_dump_tasks(FILE *f)
{
    void *warm[2];
    char *text = NULL;
    size_t len = 0;
    FILE *all = open_memstream(&text, &len);

    backtrace(warm, 2); /* loads the unwinder here, not on a task's small stack */
    if (all != NULL) {
        gonet__fork_lock(&gonet__runtime.lock);
        gonet__runtime_each(ask_worker, all);
        pthread_mutex_unlock(&gonet__runtime.lock);
        fclose(all);
    }
    if (text != NULL)
        fwrite(text, 1, len, f);
    else
        fputs("gonet: no memory to list the tasks\n", f);
    free(text);
    fflush(f);
}
