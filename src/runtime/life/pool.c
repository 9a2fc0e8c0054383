/*
 * The pool for blocking work. A job lives with its caller, or in memory of its own; idle threads
 * stand in a stack, so the ones in use stay in use and the others get their 10 idle seconds. One
 * pthread mutex, never held over a job or the making of a thread, guards everything here.
 *
 * A thread that ends joins the one that ended before it, so whoever joins the last has joined them
 * all. A job waits in its queue only while a thread is alive: no thread ends before it has seen the
 * queues empty, but for those whose kind has all its threads at work.
 */
#include "runtime/life/pool.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/errno.h"
#include "gonet/task.h"
#include "runtime/ground/exit_guard.h"
#include "runtime/ground/fatal.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/signals.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/task.h"
#include "runtime/sched/wait.h"
#include "runtime/time/clock.h"

#define MAX_AT_WORK 500 /* for each kind */
#define IDLE_NS     (10 * GONET_SECOND)

typedef struct job {
    struct job *next;
    gonet__work_t work;
    void (*run)(struct job *job); /* releases job, if it has memory of its own */
} job_t;

/* What gonet__pool_run makes. */
typedef struct {
    job_t job;
    void (*fn)(void *arg);
    void *arg;
} run_job_t;

/* What gonet_blocking waits for. */
typedef struct {
    job_t job;
    void *(*fn)(void *arg);
    void *arg;
    void *result;
    int saved_errno;
    gonet__wait_t wait;
} call_job_t;

/* A thread that waits for work; on its own stack. */
typedef struct idle {
    struct idle *next;
    pthread_cond_t wake;
    job_t *job; /* set by who took it off the stack; NULL: it is to look around */
    bool taken;
} idle_t;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a thread has, and somebody stops the pool */
    struct {
        job_t *head, **tail;
        int at_work; /* threads that have such a job */
    } work[GONET__WORKS];
    unsigned turn; /* whose queue is looked at first */
    idle_t *idle;
    int threads; /* made or being made */
    int alive;   /* running */
    int stoppers;
    bool has_last; /* last was not joined yet */
    pthread_t last;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

static void enqueue(job_t *job)
{
    job->next = NULL;
    if (pool.work[job->work].head == NULL)
        pool.work[job->work].tail = &pool.work[job->work].head;
    *pool.work[job->work].tail = job;
    pool.work[job->work].tail = &job->next;
}

static job_t *pop(gonet__work_t work)
{
    job_t *job = pool.work[work].head;

    if (job != NULL)
        pool.work[work].head = job->next;
    return job;
}

/* A job for the caller, from now on at work, of a kind that may have one more thread; NULL: none.
 * The kinds take turns. */
static job_t *dequeue(void)
{
    for (int i = 0; i < GONET__WORKS; i++) {
        gonet__work_t work = (gonet__work_t)(pool.turn++ % GONET__WORKS);
        job_t *job = pool.work[work].at_work < MAX_AT_WORK ? pop(work) : NULL;

        if (job != NULL) {
            pool.work[work].at_work++;
            return job;
        }
    }
    return NULL;
}

/* wake_idle takes the thread that went idle last off the stack and gives it job; false: none is
 * idle. */
static bool wake_idle(job_t *job)
{
    idle_t *idle = pool.idle;

    if (idle == NULL)
        return false;
    pool.idle = idle->next;
    idle->job = job;
    idle->taken = true;
    pthread_cond_signal(&idle->wake);
    return true;
}

static void leave_stack(idle_t *idle)
{
    idle_t **at = &pool.idle;

    while (*at != idle)
        at = &(*at)->next;
    *at = idle->next;
}

/* wait_for_job idles until it is given a job; NULL: look around, or end if time is up. Under the
 * lock. */
static job_t *wait_for_job(idle_t *idle)
{
    const int64_t at = gonet__add_ns(gonet__now(), IDLE_NS);

    idle->job = NULL;
    idle->taken = false;
    idle->next = pool.idle;
    pool.idle = idle;
    while (!idle->taken) {
        if (!gonet__cond_until(&idle->wake, &pool.lock, at) && !idle->taken) {
            leave_stack(idle);
            return NULL;
        }
    }
    return idle->job;
}

/* end_thread counts the caller out. Under the lock, which it gives up. */
static void end_thread(void)
{
    pthread_t before = pool.last;
    bool has_before = pool.has_last;

    pool.last = pthread_self();
    pool.has_last = true;
    pool.threads--;
    pool.alive--;
    if (pool.stoppers > 0)
        pthread_cond_broadcast(&pool.ended);
    pthread_mutex_unlock(&pool.lock);
    if (has_before)
        pthread_join(before, NULL);
}

static void *thread_main(void *arg)
{
    job_t *job = arg;
    gonet__work_t work;
    idle_t idle;

    pthread_setname_np(pthread_self(), "gonet-pool");
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    gonet__local()->in_runtime = true;
    pthread_cond_init(&idle.wake, NULL);
    pthread_mutex_lock(&pool.lock);
    pool.alive++;
    for (;;) {
        if (job == NULL)
            job = dequeue();
        if (job == NULL && pool.stoppers == 0)
            job = wait_for_job(&idle);
        if (job == NULL && (job = dequeue()) == NULL)
            break;
        work = job->work;
        pthread_mutex_unlock(&pool.lock);
        job->run(job);
        job = NULL;
        pthread_mutex_lock(&pool.lock);
        pool.work[work].at_work--;
    }
    pthread_cond_destroy(&idle.wake);
    end_thread();
    return NULL;
}

/*
 * grow makes one more thread for job, which is counted as at work; if it cannot, those that are
 * alive get the job. Under the lock, which is given up meanwhile. False, with errno: there is
 * nobody to do it.
 */
static bool grow(job_t *job)
{
    pthread_t thread;
    int errnum;

    pool.threads++;
    pthread_mutex_unlock(&pool.lock);
    errnum = gonet__signals_spawn(&thread, thread_main, job);
    pthread_mutex_lock(&pool.lock);
    if (errnum == 0)
        return true;
    pool.threads--;
    if (pool.stoppers > 0)
        pthread_cond_broadcast(&pool.ended);
    if (pool.alive > 0 && wake_idle(job))
        return true;
    pool.work[job->work].at_work--;
    if (pool.alive == 0) {
        errno = errnum;
        return false;
    }
    enqueue(job);
    return true;
}

/* submit hands job over; false: no thread can be made (errno says why), and none is alive. */
static bool submit(job_t *job)
{
    bool taken = true;

    gonet__fork_lock(&pool.lock);
    if (pool.work[job->work].at_work == MAX_AT_WORK) {
        enqueue(job);
    } else {
        pool.work[job->work].at_work++;
        taken = wake_idle(job) || grow(job);
    }
    pthread_mutex_unlock(&pool.lock);
    return taken;
}

static void run_job(job_t *job)
{
    run_job_t copy = *(run_job_t *)job;

    gonet__free(job);
    copy.fn(copy.arg);
}

bool gonet__pool_run(gonet__work_t work, void (*fn)(void *arg), void *arg)
{
    run_job_t *job = gonet__alloc(sizeof(*job));
    int errnum;

    if (job == NULL) {
        errno = ENOMEM;
        return false;
    }
    *job = (run_job_t){.job = {.run = run_job, .work = work}, .fn = fn, .arg = arg};
    if (submit(&job->job))
        return true;
    errnum = errno;
    gonet__free(job);
    errno = errnum;
    return false;
}

static void call_fn(void *arg)
{
    call_job_t *call = arg;

    errno = call->saved_errno;
    call->result = call->fn(call->arg);
    call->saved_errno = errno;
}

static void call_job(job_t *job)
{
    call_job_t *call = (call_job_t *)job;
    uint32_t generation = gonet__fork_now();

    gonet__exit_guard_run(call_fn, call, "a function of gonet_blocking");
    if (generation != gonet__fork_now())
        gonet__fatal("fatal error: a function of gonet_blocking has returned in a forked child");
    if (gonet__wait_claim(&call->wait))
        gonet__wait_wake(&call->wait);
}

void *gonet__pool_call(gonet__work_t work, void *(*fn)(void *arg), void *arg)
{
    call_job_t call = {
        .job = {.run = call_job, .work = work}, .fn = fn, .arg = arg, .saved_errno = errno};

    if (gonet__task_current() == NULL)
        return fn(arg);
    gonet__wait_init(&call.wait);
    if (!submit(&call.job)) {
        errno = call.saved_errno;
        return fn(arg);
    }
    gonet__wait_for(&call.wait, 0, GONET__WAIT_UNINTERRUPTIBLE, "blocking call");
    errno = call.saved_errno;
    return call.result;
}

void *gonet_blocking(void *(*fn)(void *arg), void *arg)
{
    return gonet__pool_call(GONET__WORK_USER, fn, arg);
}

bool gonet__pool_rests(unsigned *threads)
{
    bool rests;

    gonet__fork_lock(&pool.lock);
    rests = pool.threads == pool.alive;
    for (int i = 0; i < GONET__WORKS; i++)
        rests = rests && pool.work[i].at_work == 0 && pool.work[i].head == NULL;
    *threads = (unsigned)pool.threads;
    pthread_mutex_unlock(&pool.lock);
    return rests;
}

void gonet__pool_stop(void)
{
    pthread_t last;
    bool has_last;

    gonet__fork_lock(&pool.lock);
    pool.stoppers++;
    while (wake_idle(NULL)) {
    }
    while (pool.threads > 0)
        pthread_cond_wait(&pool.ended, &pool.lock);
    pool.stoppers--;
    last = pool.last;
    has_last = pool.has_last;
    pool.has_last = false;
    pthread_mutex_unlock(&pool.lock);
    if (has_last)
        pthread_join(last, NULL);
}

/* The jobs are the parent's, and their list may be half changed: it is given up. */
static void forget_all(void)
{
    memset(pool.work, 0, sizeof(pool.work));
    pool.idle = NULL;
    pool.threads = 0;
    pool.alive = 0;
    pool.stoppers = 0;
    pool.has_last = false;
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.ended, NULL);
}

GONET__FORK_HOOK(forget_all)
