/*
 * The dumper looks at one task at a time. It takes hold of it (`on`: as if it ran somewhere), so
 * that no worker can run it meanwhile; then it resumes it itself, on its own thread, just far
 * enough to unwind its stack (the probe in task.c), so nothing but the switch itself is needed to
 * look at it. Workers go on with everything else. Between two tasks a marker keeps the place in the
 * list.
 *
 * A task that runs can't be taken hold of. It is named; the monitor unwinds it, if there is one
 * that may ask its worker by a signal.
 */
#include "runtime/debug/dump.h"

#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/debug/slow.h"
#include "runtime/ground/fork.h"
#include "runtime/netpoll/netpoll.h"
#include "runtime/sched/name.h"
#include "runtime/sched/resume.h"
#include "runtime/sched/runtime.h"
#include "runtime/time/clock.h"

#define MAX_FRAMES 48

typedef struct {
    void *frame[MAX_FRAMES];
    int count;
} trace_t;

typedef struct {
    FILE *f;
    gonet__symbols_t *symbols;
    gonet__worker_t *place; /* what the caller is while it resumes a task */
    gonet__task_t *self;    /* the caller, if it is a task */
    unsigned waiting;       /* tasks of one list that have not begun */
    bool blind;             /* a task could be run while it is looked at */
} dump_t;

typedef struct {
    uint64_t id;
    void (*fn)(void *arg);
    char name[GONET__NAME_MAX + 1]; /* empty: none was given */
} who_t;

static void take_trace(gonet__task_t *task, void *arg)
{
    trace_t *trace = arg;

    (void)task;
    trace->count = backtrace(trace->frame, MAX_FRAMES);
}

void gonet__dump_frames(FILE *f, gonet__symbols_t *s, void *const *frame, int count)
{
    for (int i = 0; i < count; i++) {
        gonet__line_t line = {.len = 0};

        gonet__symbol_put_frame(&line, s, (uintptr_t)frame[i], true);
        fprintf(f, "        %.*s\n", (int)line.len, line.text);
    }
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

/* Who it is, as long as the task can't be freed. */
static void look_who(const gonet__task_t *task, who_t *who)
{
    who->id = task->id;
    who->fn = task->fn;
    gonet__name_copy(task, who->name);
}

static void print_who(const dump_t *d, const who_t *who)
{
    gonet__line_t line = {.len = 0};

    gonet__name_put(&line, d->symbols, who->id, who->name, who->fn);
    fprintf(d->f, "%.*s ", (int)line.len, line.text);
}

/* Resumes a task that is on hold, so that it unwinds itself; after that it may go on anywhere. */
static void probe(dump_t *d, gonet__task_t *task, trace_t *trace)
{
    gonet__worker_t *place = d->place;
    gonet__worker_t *here = gonet__here();

    place->probe = take_trace;
    place->probe_arg = trace;
    place->left = NULL;
    gonet__local()->worker = place;
    gonet__annotate_leave(&place->tool, &task->tool, 0);
    gonet__switch(&place->context, &task->context);
    gonet__task_entered(place, &place->tool);
    gonet__local()->worker = here;
}

/* A task that is on hold. */
static void print_parked(dump_t *d, gonet__task_t *task, const who_t *who)
{
    char what[256];
    trace_t trace = {.count = 0};
    uint32_t age =
        (uint32_t)(gonet__now() / GONET_MILLISECOND) - task->parked_at; /* wraps as it should */
    bool parked = task->park != GONET__PARK_NONE;

    describe(task, what, sizeof(what));
    print_who(d, who);
    fprintf(d->f, "[%s", what);
    if (parked)
        fprintf(d->f, ", %u.%03u s", age / 1000, age % 1000);
    fprintf(d->f, "]\n");
    if (task->entered)
        probe(d, task, &trace);
    else
        atomic_store_explicit(&task->on, false, memory_order_release);
    gonet__dump_frames(d->f, d->symbols, trace.frame, trace.count);
}

static void print_running(dump_t *d, const gonet__task_t *task, const who_t *who)
{
    unsigned n = gonet__runtime_worker_made();

    print_who(d, who);
    fprintf(d->f, "[running]\n");
    if (task == d->self) {
        trace_t trace;

        take_trace(NULL, &trace);
        gonet__dump_frames(d->f, d->symbols, trace.frame, trace.count);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        if (gonet__worker_task(gonet__runtime_worker(i)) == task)
            gonet__slow_unwind(gonet__runtime_worker(i), d->f, d->symbols);
    }
}

/* After pass. */
static void seize(gonet__worker_t *home)
{
    while (!gonet__worker_seize(home)) {
    }
}

/* Looks at the task after the marker, and moves that behind it; false: there is none. */
static bool print_next(dump_t *d, gonet__worker_t *home, gonet__list_t *marker)
{
    gonet__task_t *task;
    gonet__list_t *n;
    bool ours = false, begun = false, off = false;
    who_t who = {.id = 0};

    seize(home);
    n = marker->next;
    if (n != &home->queue.home) {
        gonet__list_remove(marker);
        gonet__list_push_back(n->next, marker); /* before the one after n */
        task = GONET__CONTAINER(n, gonet__task_t, all);
        begun = atomic_load_explicit(&task->begun, memory_order_acquire);
        if (begun)
            look_who(task, &who);
        ours = begun && atomic_compare_exchange_strong(&task->on, &off, true);
    }
    gonet__queue_release(&home->queue);
    if (n == &home->queue.home)
        return false;
    task = GONET__CONTAINER(n, gonet__task_t, all);
    if (!begun)
        d->waiting++;
    else if (ours)
        print_parked(d, task, &who);
    else
        print_running(d, task, &who);
    return true;
}

static void print_worker(gonet__worker_t *home, void *arg)
{
    dump_t *d = arg;
    gonet__list_t marker;

    d->waiting = 0;
    seize(home);
    gonet__list_push_front(&home->queue.home, &marker);
    gonet__queue_release(&home->queue);
    while (print_next(d, home, &marker)) {
    }
    seize(home);
    gonet__list_remove(&marker);
    gonet__queue_release(&home->queue);
    if (d->waiting > 0)
        fprintf(d->f, "worker %u: %u task%s not begun\n", home->id, d->waiting,
                d->waiting == 1 ? "" : "s");
}

/* After it nobody is inside of the queue who has not seen that it is watched. */
static void pass(gonet__worker_t *w, void *arg)
{
    dump_t *d = arg;

    if (gonet__worker_seize(w)) {
        gonet__queue_release(&w->queue);
        return;
    }
    fprintf(d->f, "worker %u has yet to see that membarrier(2) is refused now\n", w->id);
    d->blind = true;
}

/* The workers write into memory, since the caller may hold the lock of f. */
void gonet_dump_tasks(FILE *f)
{
    void *warm[2];
    char *text = NULL;
    size_t len = 0;
    FILE *all = open_memstream(&text, &len);
    dump_t d = {.f = all,
                .symbols = gonet__zalloc(sizeof(gonet__symbols_t)),
                .place = gonet__worker_new(0),
                .self = gonet__task_current()};
    bool ready = all != NULL && d.symbols != NULL && d.place != NULL;

    backtrace(warm, 2); /* loads the unwinder here, not on a task's small stack */
    if (ready) {
        gonet__annotate_worker(&d.place->tool);
        d.place->place.errno_at = gonet_errno_location();
        gonet__fork_lock(&gonet__runtime.lock);
        atomic_store(&gonet__queue_watched, true);
        gonet__runtime_each(pass, &d);
        if (!d.blind)
            gonet__runtime_each(print_worker, &d);
        atomic_store(&gonet__queue_watched, false);
        pthread_mutex_unlock(&gonet__runtime.lock);
    }
    if (all != NULL)
        fclose(all);
    if (text != NULL && ready)
        fwrite(text, 1, len, f);
    else
        fputs("gonet: no memory to list the tasks\n", f);
    if (d.symbols != NULL)
        gonet__symbols_close(d.symbols);
    gonet__free(d.symbols);
    free(d.place);
    free(text);
    fflush(f);
}
