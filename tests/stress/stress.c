/*
 * What the schedules share: bytes, records, actors, counts.
 */
#include "stress/stress.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "gonet/task.h"
#include "stress/record.h"
#include "support/check.h"
#include "support/pattern.h"

stress_counts_t stress_counts;

/* ---- bytes ---- */

void stress_fill(uint32_t stream, uint64_t at, unsigned char *p, size_t len)
{
    pattern_fill(p, stream, at, len);
}

bool stress_check(uint32_t stream, uint64_t at, const unsigned char *p, size_t len)
{
    return pattern_matches(p, stream, at, len) ||
           check_fail(__FILE__, __LINE__, "stream %u: not the bytes from %llu on, for %zu", stream,
                      (unsigned long long)at, len);
}

size_t record_make(uint32_t stream, uint32_t number, uint32_t from, unsigned char *p, size_t len)
{
    uint32_t header[4] = {stream, number, from, (uint32_t)len};

    memcpy(p, header, RECORD_HEADER);
    stress_fill(stream + number * 31 + from, 0, p + RECORD_HEADER, len);
    return RECORD_HEADER + len;
}

bool record_check(uint32_t stream, const unsigned char *p, size_t n, uint32_t *number,
                  uint32_t *from)
{
    uint32_t header[4] = {0};

    *number = *from = 0;
    if (!CHECK(n >= RECORD_HEADER))
        return false;
    memcpy(header, p, RECORD_HEADER);
    *number = header[1];
    *from = header[2];
    return CHECK(header[0] == stream) && CHECK_INT(n - RECORD_HEADER, header[3]) &&
           stress_check(stream + header[1] * 31 + header[2], 0, p + RECORD_HEADER,
                        n - RECORD_HEADER);
}

/* ---- actors ---- */

typedef struct stress_thread {
    struct stress_thread *next;
    pthread_t id;
} stress_thread_t;

typedef struct {
    schedule_t *schedule;
    void (*fn)(void *arg);
    void *arg;
} actor_t;

static void run(void *arg)
{
    actor_t a = *(actor_t *)arg;

    free(arg);
    a.fn(a.arg);
    gonet_wait_group_done(&a.schedule->running);
}

static void *run_thread(void *arg)
{
    run(arg);
    return NULL;
}

static void start_thread(schedule_t *s, actor_t *a)
{
    stress_thread_t *t = malloc(sizeof(*t));
    pthread_attr_t attr;
    sigset_t none;

    if (t == NULL)
        abort();
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 << 10);
    sigemptyset(&none);
    pthread_attr_setsigmask_np(&attr, &none);
    if (pthread_create(&t->id, &attr, run_thread, a) != 0)
        abort();
    pthread_attr_destroy(&attr);
    t->next = atomic_load(&s->threads);
    while (!atomic_compare_exchange_weak(&s->threads, &t->next, t)) {
    }
}

/* While a shutdown is under way no task can be started: the actor is a thread then. */
void stress_start(schedule_t *s, void (*fn)(void *arg), void *arg)
{
    actor_t *a = malloc(sizeof(*a));
    unsigned number = atomic_fetch_add(&s->started, 1);

    if (a == NULL)
        abort();
    STRESS_COUNT(actors, 1);
    *a = (actor_t){s, fn, arg};
    gonet_wait_group_add(&s->running, 1);
    if (number % s->one_thread_in != 0 && gonet_go(run, a) == 0)
        return;
    start_thread(s, a);
}

void stress_wait(schedule_t *s)
{
    stress_thread_t *t;

    gonet_wait_group_wait(&s->running);
    t = atomic_exchange(&s->threads, NULL);
    while (t != NULL) {
        stress_thread_t *next = t->next;

        pthread_join(t->id, NULL);
        free(t);
        t = next;
    }
}

void stress_pause(dice_t *d)
{
    switch (dice_below(d, 16)) {
    case 0:
        gonet_sleep(dice_below(d, 300) * GONET_MICROSECOND);
        break;
    case 1:
    case 2:
    case 3:
    case 4:
        gonet_yield();
        break;
    default:
        break;
    }
}

bool stress_ended(const gonet_error_t *err, bool may_close)
{
    static const int gone[] = {ECONNRESET, EPIPE, ENOTCONN, ECONNREFUSED};
    bool closed =
        gonet_error_is(err, gonet_err_closed) || gonet_error_is(err, gonet_err_closed_pipe);

    if (gonet_error_is(err, gonet_err_deadline_exceeded)) {
        STRESS_COUNT(timeouts, 1);
        return false;
    }
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        closed = closed || gonet_error_is_errno(err, gone[i]);
    if (!closed || !may_close)
        CHECK_ERROR(err, NULL);
    return true;
}
