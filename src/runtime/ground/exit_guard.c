/*
 * A task must not end the thread that it runs in (pthread_exit): that is the worker's, whose loop,
 * queue and pinned tasks nobody would see to any more, in silence. So the program ends, and says
 * why. The C library tells of a worker's end by the destructor of a thread-specific value, since
 * what it unwinds is a task's stack, not the thread's.
 *
 * Nor must a function that the library calls in a thread of the pool, or in one beside a plain
 * thread: who waits for it would wait for ever. There a cleanup handler tells.
 */
#include "runtime/ground/exit_guard.h"

#include <pthread.h>
#include <stdbool.h>

#include "runtime/ground/fatal.h"
#include "runtime/ground/fork.h"
#include "runtime/ground/here.h"

static pthread_key_t key;
static bool made; /* not if the process has no key left: then there is no report */

/* A worker at its end, and a task that went on as a thread in a forked child, are nobody's. */
static void at_end(void *worker)
{
    if (gonet__here() == worker)
        gonet__fatal("fatal error: a task has ended its thread (pthread_exit)");
}

void gonet__exit_guard_open(void)
{
    if (!made)
        made = pthread_key_create(&key, at_end) == 0;
}

void gonet__exit_guard_close(void)
{
    if (made)
        pthread_key_delete(key);
    made = false;
}

void gonet__exit_guard_set(struct gonet__worker *w)
{
    if (made)
        pthread_setspecific(key, w);
}

typedef struct {
    const char *who;
    uint32_t generation;
} call_t;

/* In a forked child the thread is nobody's. */
static void at_unwind(void *arg)
{
    const call_t *call = arg;

    if (call->generation != gonet__fork_now())
        return;
    gonet__say("fatal error: %s has ended its thread (pthread_exit)\n", call->who);
    abort();
}

void gonet__exit_guard_run(void (*fn)(void *arg), void *arg, const char *who)
{
    call_t call = {who, gonet__fork_now()};

    pthread_cleanup_push(at_unwind, &call);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    fn(arg);
    pthread_testcancel(); /* it may have cancelled itself */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cleanup_pop(0);
}
