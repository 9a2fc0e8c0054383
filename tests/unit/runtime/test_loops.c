/*
 * Tasks that make nothing but calls that need not wait, again and again: timers, input and tasks
 * that have not begun get their turn all the same, on the only worker.
 */
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "gonet.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define MAX_CPU_NS (INT64_C(10) * GONET_SECOND) /* of a loop that keeps the others out */

static struct {
    gonet_chan_t *empty, *full, *half, *closed;
    gonet_context_t *ctx;
    gonet_mutex_t mutex;
    gonet_cond_t cond;
    gonet_wait_group_t group;
    gonet_once_t once;
    gonet_rwmutex_t rwmutex;
    gonet_semaphore_t semaphore;
    gonet_future_t future;
    gonet_conn_t *tcp[2], *late[2], *pipe[2];
} all;

static void try_send(void)
{
    int x = 1;

    CHECK_INT(gonet_chan_try_send(all.full, &x), GONET_CHAN_WOULD_BLOCK);
}

static void try_recv(void)
{
    CHECK_INT(gonet_chan_try_recv(all.empty, NULL), GONET_CHAN_WOULD_BLOCK);
}

static void buffered(void)
{
    int x = 1;

    CHECK(gonet_chan_send(all.half, &x) && gonet_chan_recv(all.half, &x));
}

static void recv_closed(void)
{
    CHECK(!gonet_chan_recv(all.closed, NULL));
}

static void chan_len(void)
{
    CHECK_INT(gonet_chan_len(all.full), 1);
}

static void select_past(void)
{
    gonet_select_case_t c = {.ch = all.empty};

    CHECK_INT(gonet_select(&c, 1, gonet_now()), -1);
}

static void select_ready(void)
{
    gonet_select_case_t c = {.ch = all.closed};

    CHECK_INT(gonet_select(&c, 1, gonet_no_deadline), 0);
}

static void lock_unlock(void)
{
    gonet_mutex_lock(&all.mutex);
    gonet_mutex_unlock(&all.mutex);
}

static void try_lock(void)
{
    if (CHECK(gonet_mutex_try_lock(&all.mutex)))
        gonet_mutex_unlock(&all.mutex);
}

static void cond_signal(void)
{
    gonet_cond_signal(&all.cond);
}

static void cond_broadcast(void)
{
    gonet_cond_broadcast(&all.cond);
}

static void group_add_done(void)
{
    gonet_wait_group_add(&all.group, 1);
    gonet_wait_group_done(&all.group);
}

static void group_wait(void)
{
    gonet_wait_group_wait(&all.group);
}

static void group_wait_until(void)
{
    CHECK(gonet_wait_group_wait_until(&all.group, gonet_now()));
}

static void nothing(void *arg)
{
    (void)arg;
}

static void once(void)
{
    gonet_once_do(&all.once, nothing, NULL);
}

static void rlock_runlock(void)
{
    gonet_rwmutex_rlock(&all.rwmutex);
    gonet_rwmutex_runlock(&all.rwmutex);
}

static void rwlock_unlock(void)
{
    gonet_rwmutex_lock(&all.rwmutex);
    gonet_rwmutex_unlock(&all.rwmutex);
}

static void try_rlock(void)
{
    if (CHECK(gonet_rwmutex_try_rlock(&all.rwmutex)))
        gonet_rwmutex_runlock(&all.rwmutex);
}

static void try_rwlock(void)
{
    if (CHECK(gonet_rwmutex_try_lock(&all.rwmutex)))
        gonet_rwmutex_unlock(&all.rwmutex);
}

static void acquire_release(void)
{
    if (CHECK_INT(gonet_semaphore_acquire(&all.semaphore, NULL, 1, NULL), 0))
        gonet_semaphore_release(&all.semaphore, 1);
}

static void try_acquire(void)
{
    CHECK(!gonet_semaphore_try_acquire(&all.semaphore, 2));
}

static void future_wait(void)
{
    CHECK(gonet_future_wait(&all.future) == NULL);
}

static void context_err(void)
{
    CHECK(gonet_context_err(all.ctx) == NULL);
}

static void yield(void)
{
    gonet_yield();
}

static void sleep_nothing(void)
{
    CHECK_INT(gonet_sleep(0), 0);
}

static void num_task(void)
{
    CHECK(gonet_num_task() > 0);
}

static void read_closed(void)
{
    char x;

    CHECK_INT(gonet_conn_read(all.tcp[0], &x, 1, NULL), -1);
}

static void read_late(void)
{
    char x;

    CHECK_INT(gonet_conn_read(all.late[0], &x, 1, NULL), -1);
}

static void read_pipe(void)
{
    char x;

    CHECK_INT(gonet_conn_read(all.pipe[0], &x, 1, NULL), 0);
}

static void lookup(void)
{
    size_t n = 0;

    CHECK(gonet_lookup_txt("no..name", &n, NULL) == NULL);
}

static void lookup_literal(void)
{
    size_t n = 0;

    gonet_free(gonet_lookup_host("127.0.0.1", &n, NULL));
    CHECK_INT(n, 1);
}

static void lookup_port(void)
{
    CHECK_INT(gonet_lookup_port("tcp", "80", NULL), 80);
}

static void resolve(void)
{
    gonet_tcp_addr_t a;

    CHECK_INT(gonet_resolve_tcp_addr("tcp", "127.0.0.1:80", &a, NULL), 0);
}

static void dial_nothing(void)
{
    CHECK(gonet_dial("tcp", "", NULL) == NULL);
}

static void listen_nowhere(void)
{
    CHECK(gonet_listen("nothing", "", NULL) == NULL);
}

typedef struct {
    const char *name;
    void (*call)(void);
} loop_t;

static const loop_t loops[] = {
    {"try_send", try_send},
    {"try_recv", try_recv},
    {"buffered", buffered},
    {"recv_closed", recv_closed},
    {"chan_len", chan_len},
    {"select_past", select_past},
    {"select_ready", select_ready},
    {"lock_unlock", lock_unlock},
    {"try_lock", try_lock},
    {"cond_signal", cond_signal},
    {"cond_broadcast", cond_broadcast},
    {"group_add_done", group_add_done},
    {"group_wait", group_wait},
    {"group_wait_until", group_wait_until},
    {"once", once},
    {"rlock_runlock", rlock_runlock},
    {"rwlock_unlock", rwlock_unlock},
    {"try_rlock", try_rlock},
    {"try_rwlock", try_rwlock},
    {"acquire_release", acquire_release},
    {"try_acquire", try_acquire},
    {"future_wait", future_wait},
    {"context_err", context_err},
    {"yield", yield},
    {"sleep_nothing", sleep_nothing},
    {"num_task", num_task},
    {"read_closed", read_closed},
    {"read_late", read_late},
    {"read_pipe", read_pipe},
    {"lookup", lookup},
    {"lookup_literal", lookup_literal},
    {"lookup_port", lookup_port},
    {"resolve", resolve},
    {"dial_nothing", dial_nothing},
    {"listen_nowhere", listen_nowhere},
};

enum { LOOPS = sizeof(loops) / sizeof(loops[0]) };

static void make_all(void)
{
    int x = 0;

    memset(&all, 0, sizeof(all));
    all.empty = gonet_chan_new(sizeof(int), 0);
    all.full = gonet_chan_new(sizeof(int), 1);
    all.half = gonet_chan_new(sizeof(int), 2);
    all.closed = gonet_chan_new(sizeof(int), 0);
    all.ctx = gonet_context_with_cancel(NULL);
    all.semaphore.size = 1;
    REQUIRE(all.empty != NULL && all.full != NULL && all.half != NULL && all.closed != NULL);
    REQUIRE(gonet_chan_send(all.full, &x) && gonet_chan_send(all.half, &x));
    REQUIRE(gonet_chan_close(all.closed));
    REQUIRE(net_pair("tcp", &all.tcp[0], &all.tcp[1]));
    REQUIRE(net_pair("tcp", &all.late[0], &all.late[1]));
    REQUIRE(gonet_pipe(&all.pipe[0], &all.pipe[1]) == 0);
    gonet_conn_close(all.tcp[0], NULL);
    gonet_conn_close(all.pipe[1], NULL);
    gonet_conn_set_deadline(all.late[0], gonet_now(), NULL);
}

static void free_all(void)
{
    gonet_chan_free(all.empty);
    gonet_chan_free(all.full);
    gonet_chan_free(all.half);
    gonet_chan_free(all.closed);
    gonet_context_free(all.ctx);
    for (int i = 0; i < 2; i++) {
        gonet_conn_free(all.tcp[i]);
        gonet_conn_free(all.late[i]);
        gonet_conn_free(all.pipe[i]);
    }
}

/* What is to happen while the loop runs. */
static struct {
    atomic_int parks; /* who is about to park */
    atomic_bool loops;
    atomic_int happened;
    gonet_conn_t *conn;
} meanwhile;

enum { EVENTS = 3 };

static void sleep_a_little(void *arg)
{
    (void)arg;
    atomic_fetch_add(&meanwhile.parks, 1);
    while (!atomic_load(&meanwhile.loops))
        gonet_sleep(GONET_MILLISECOND);
    for (int i = 0; i < 3; i++)
        gonet_sleep(GONET_MILLISECOND);
    atomic_fetch_add(&meanwhile.happened, 1);
}

static void read_one(void *arg)
{
    char x;

    atomic_fetch_add(&meanwhile.parks, 1);
    CHECK_INT(gonet_conn_read(arg, &x, 1, NULL), 1);
    atomic_fetch_add(&meanwhile.happened, 1);
}

static void begin(void *arg)
{
    (void)arg;
    atomic_fetch_add(&meanwhile.happened, 1);
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * GONET_SECOND + t.tv_nsec;
}

static void loop(void *arg)
{
    const loop_t *l = arg;
    int64_t begun = cpu_ns();

    atomic_store(&meanwhile.loops, true);
    while (atomic_load(&meanwhile.happened) < EVENTS && !check_failed()) {
        for (int i = 0; i < 100; i++)
            l->call();
        if (cpu_ns() - begun > MAX_CPU_NS)
            check_fail(__FILE__, __LINE__, "%d of %d events", atomic_load(&meanwhile.happened),
                       EVENTS);
    }
}

static void lets_others_through(void **state)
{
    const loop_t *l = *state;
    int before = gonet_set_max_procs(1);
    gonet_conn_t *peer = NULL;
    actor_t a[4];

    memset(&meanwhile, 0, sizeof(meanwhile));
    make_all();
    CHECK(net_pair("tcp", &meanwhile.conn, &peer));
    actor_start(&a[0], BY_TASK, sleep_a_little, NULL);
    actor_start(&a[1], BY_TASK, read_one, meanwhile.conn);
    AWAIT(atomic_load(&meanwhile.parks) == 2);
    actor_start(&a[2], BY_TASK, loop, (void *)(uintptr_t)l);
    AWAIT(atomic_load(&meanwhile.loops));
    CHECK_INT(gonet_conn_write(peer, "x", 1, NULL), 1);
    actor_start(&a[3], BY_TASK, begin, NULL);
    for (int i = 0; i < 4; i++)
        actor_join(&a[i]);
    gonet_conn_free(meanwhile.conn);
    gonet_conn_free(peer);
    free_all();
    gonet_set_max_procs(before);
    check_report();
}

int main(void)
{
    struct CMUnitTest tests[LOOPS];

    for (int i = 0; i < LOOPS; i++)
        tests[i] = (struct CMUnitTest){loops[i].name, lets_others_through, leak_setup,
                                       leak_teardown, (void *)(uintptr_t)&loops[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
