/*
 * A thread of real-time priority and a task share one processor and one object. Whoever meets the
 * object's lock held by the other waits in the kernel: a spinning thread of such a priority would
 * keep the other one from ever giving it up.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gonet.h"
#include "support/actor.h"
#include "support/check.h"

#define OPERATIONS 4000
#define MOST_MS    20 /* of processor time for one operation; a few microseconds are usual */

typedef struct {
    void (*low)(void);
    void (*high)(void);
} way_t;

static gonet_chan_t *chan;
static gonet_mutex_t mutex;
static gonet_cond_t cond;
static gonet_conn_t *ends[2];
static gonet_context_t *context;
static atomic_bool over;
static atomic_long low_done;
static bool permitted;

static int64_t cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * GONET_SECOND + t.tv_nsec;
}

static void use_chan(void)
{
    int v = 1;

    gonet_chan_try_send(chan, &v);
    gonet_chan_try_recv(chan, &v);
}

static void use_mutex(void)
{
    gonet_mutex_lock(&mutex);
    gonet_mutex_unlock(&mutex);
}

static void use_cond(void)
{
    gonet_cond_signal(&cond);
}

static void use_pipe(void)
{
    CHECK_INT(gonet_conn_set_read_deadline(ends[0], gonet_no_deadline, NULL), 0);
}

static void use_context(void)
{
    gonet_context_free(gonet_context_with_cancel(context));
}

static void low(void *arg)
{
    const way_t *way = arg;

    while (!atomic_load(&over)) {
        way->low();
        atomic_fetch_add(&low_done, 1);
    }
}

static void *high(void *arg)
{
    const struct sched_param param = {.sched_priority = 10};
    const way_t *way = arg;
    int64_t worst = 0;
    long before = atomic_load(&low_done);

    permitted = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) == 0;
    for (int i = 0; permitted && (i < OPERATIONS || atomic_load(&low_done) == before); i++) {
        int64_t from;

        if (!check_patience()) /* the other one has its turns late on a busy machine, but has them
                                */
            break;

        usleep(50); /* and comes back in the middle of whatever the other one does */
        from = cpu();
        way->high();
        if (cpu() - from > worst)
            worst = cpu() - from;
    }
    if (permitted) {
        CHECK(worst < MOST_MS * GONET_MILLISECOND);
        CHECK(atomic_load(&low_done) > before);
    }
    return NULL;
}

static void compete(void **state)
{
    pthread_t thread;
    actor_t other;
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    gonet_set_max_procs(1);
    atomic_store(&over, false);
    actor_start(&other, BY_TASK, low, *state);
    AWAIT(atomic_load(&low_done) > 0);
    assert_int_equal(pthread_create(&thread, NULL, high, *state), 0);
    pthread_join(thread, NULL);
    atomic_store(&over, true);
    actor_join(&other);
    check_report();
    if (!permitted) {
        print_message("left out: real-time priorities are not permitted here\n");
        skip();
    }
}

int main(void)
{
    static const way_t ways[] = {{use_chan, use_chan},
                                 {use_mutex, use_mutex},
                                 {use_cond, use_cond},
                                 {use_pipe, use_pipe},
                                 {use_context, use_context}};
    static const char *const names[] = {"channel", "mutex", "condition", "pipe", "context"};
    struct CMUnitTest tests[sizeof(ways) / sizeof(*ways)];

    chan = gonet_chan_new(sizeof(int), 4);
    context = gonet_context_with_cancel(NULL);
    if (gonet_pipe(&ends[0], &ends[1]) != 0)
        return 1;
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
        tests[i] = (struct CMUnitTest){
            .name = names[i], .test_func = compete, .initial_state = (void *)(uintptr_t)&ways[i]};
    return _cmocka_run_group_tests("priority", tests, sizeof(ways) / sizeof(*ways), NULL, NULL);
}
