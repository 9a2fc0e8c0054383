/*
 * A million parked tasks at once, half of them at a channel, half at a condition; then all are
 * released and end. Asserts what they take at the peak, resident memory and page tables together,
 * and that the runtime comes down to nothing. Where guard pages cost mappings (an old kernel, or
 * GONET_GUARD=mprotect) 30,000 tasks, which is beyond where guards run out.
 */
#include "scale.h"

#include <gonet.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"

#define MILLION      1000000
#define PEAK_LIMIT   (6L * 1024 * 1024) /* kB, for a million */
#define NEEDED       (8L * 1024 * 1024) /* kB */
#define GUARD_ADVICE 102                /* MADV_GUARD_INSTALL, Linux 6.13 */

static gonet_chan_t *gate;
static gonet_mutex_t mutex;
static gonet_cond_t cond;
static bool opened; /* under mutex */
static gonet_wait_group_t running;
static atomic_long parked, woken;

static void park_at_channel(void *arg)
{
    (void)arg;
    atomic_fetch_add(&parked, 1);
    if (gonet_chan_recv(gate, NULL))
        scale_fail("received from a channel that nobody sends to");
    atomic_fetch_add(&woken, 1);
    gonet_wait_group_done(&running);
}

static void park_at_condition(void *arg)
{
    (void)arg;
    gonet_mutex_lock(&mutex);
    atomic_fetch_add(&parked, 1);
    while (!opened)
        gonet_cond_wait(&cond, &mutex);
    gonet_mutex_unlock(&mutex);
    atomic_fetch_add(&woken, 1);
    gonet_wait_group_done(&running);
}

static bool cheap_guards(void)
{
    const char *env = getenv("GONET_GUARD");
    long page = sysconf(_SC_PAGESIZE);
    bool cheap;
    void *p;

    if (env != NULL && strcmp(env, "mprotect") == 0)
        return false;
    p = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        scale_fail("mmap");
    cheap = madvise(p, (size_t)page, GUARD_ADVICE) == 0;
    munmap(p, (size_t)page);
    return cheap;
}

static long choose_count(void)
{
    long n = cheap_guards() ? MILLION : 30000;

    if (n > scale_count(MILLION, 20000, 4000))
        n = scale_count(MILLION, 20000, 4000);
    if (n == MILLION && scale_available_kb() < NEEDED)
        scale_skip("a million tasks need 8 GiB of memory, %ld MiB are available",
                   scale_available_kb() / 1024);
    return n;
}

static bool all_parked(void *arg)
{
    return atomic_load(&parked) == *(long *)arg;
}

static bool none_left(void *arg)
{
    (void)arg;
    return gonet_num_task() == 0;
}

static void start_all(long n)
{
    long i;

    gonet_wait_group_add(&running, (int)n);
    for (i = 0; i < n; i++)
        if (gonet_go(i % 2 == 0 ? park_at_channel : park_at_condition, NULL) != 0)
            scale_fail("task %ld could not be started", i);
    if (!scale_wait(all_parked, &n))
        scale_fail("only %ld of %ld tasks have parked", atomic_load(&parked), n);
    if (gonet_num_task() != n)
        scale_fail("%d tasks are counted, %ld were started", gonet_num_task(), n);
}

static void check_peak(long n, long before)
{
    long peak = scale_status_kb("VmHWM") + scale_status_kb("VmPTE") - before;
    long limit = n == MILLION ? PEAK_LIMIT - before : 32L * 1024 + PEAK_LIMIT / MILLION * n;

    printf("%ld parked tasks: %ld MiB, %.2f kB each\n", n, peak / 1024, (double)peak / (double)n);
    if (scale_count(1, 0, 0) != 0 && peak > limit)
        scale_fail("%ld tasks took %ld kB, more than %ld", n, peak, limit);
}

static void release_all(long n)
{
    gonet_mutex_lock(&mutex);
    opened = true;
    gonet_cond_broadcast(&cond);
    gonet_mutex_unlock(&mutex);
    gonet_chan_close(gate);
    gonet_wait_group_wait(&running);
    if (atomic_load(&woken) != n)
        scale_fail("%ld of %ld tasks came back", atomic_load(&woken), n);
    if (!scale_wait(none_left, NULL))
        scale_fail("%d tasks are left", gonet_num_task());
}

int main(void)
{
    long n = choose_count();
    long before = scale_status_kb("VmHWM") + scale_status_kb("VmPTE");
    long allocations = gonet__alloc_live();

    gate = gonet_chan_new(0, 0);
    if (gate == NULL)
        scale_fail("out of memory");
    start_all(n);
    check_peak(n, before);
    release_all(n);
    gonet_chan_free(gate);
    if (gonet_shutdown(-1) != 0)
        scale_fail("the runtime did not come down");
    if (gonet__alloc_live() != allocations)
        scale_fail("%ld allocations are left", gonet__alloc_live() - allocations);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    if (scale_count(1, 0, 0) != 0 && scale_status_kb("VmRSS") > before + 64L * 1024)
        scale_fail("%ld kB are resident after the end", scale_status_kb("VmRSS"));
    return 0;
}
