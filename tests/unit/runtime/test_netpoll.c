/*
 * Waiting for a side of a descriptor, from tasks and from threads: events, deadlines, closing,
 * descriptors that can't be watched, sides that move between workers, numbers that are reused.
 */
#include "runtime/netpoll/netpoll.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/ground/pi_lock.h"
#include "runtime/time/clock.h"
#include "runtime/poller/poller.h"
#include "runtime/sched/runtime.h"
#include "runtime/sched/task.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"

#define MS   GONET_MILLISECOND
#define READ GONET__SIDE_READ
#define BOTH 3u

/* One end of a socket pair, in memory that is counted as a connection's is. */
typedef struct {
    gonet__pd_t pd;
    atomic_int refs;
    int peer;
} end_t;

static atomic_int ends; /* that exist */

static void hold(gonet__pd_t *pd)
{
    atomic_fetch_add(&GONET__CONTAINER(pd, end_t, pd)->refs, 1);
}

static void unhold(gonet__pd_t *pd)
{
    end_t *e = GONET__CONTAINER(pd, end_t, pd);

    if (atomic_fetch_sub(&e->refs, 1) == 1) {
        free(e);
        atomic_fetch_sub(&ends, 1);
    }
}

static const gonet__pd_ops_t end_ops = {.hold = hold, .unhold = unhold};

static end_t *new_end(int fd, int peer)
{
    end_t *e = calloc(1, sizeof(*e));

    if (e == NULL)
        abort();
    gonet__pd_init(&e->pd, fd);
    e->pd.ops = &end_ops;
    atomic_init(&e->refs, 1);
    e->peer = peer;
    atomic_fetch_add(&ends, 1);
    return e;
}

static end_t *new_pair(void)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        abort();
    return new_end(fds[0], fds[1]);
}

/* Closes as an fd does, when no call is under way; drop tells how many callers were taken. */
static int close_end(end_t *e)
{
    int taken = 0;

    gonet__pd_close(&e->pd);
    taken += gonet__pd_take(&e->pd, GONET__SIDE_READ);
    taken += gonet__pd_take(&e->pd, GONET__SIDE_WRITE);
    gonet__pd_detach(&e->pd);
    close(e->pd.fd);
    if (e->peer >= 0)
        close(e->peer);
    unhold(&e->pd);
    return taken;
}

typedef struct {
    end_t *end;
    gonet__side_t side;
    gonet__poll_status_t status;
    int errnum;
    _Atomic bool begun;
    _Atomic bool over;
    actor_t actor;
} wait_t;

static void wait_side(void *arg)
{
    wait_t *w = arg;
    gonet__poll_status_t status;

    atomic_store(&w->begun, true);
    w->status = status = gonet__pd_wait(&w->end->pd, w->side, &w->errnum);
    if (status == GONET__POLL_TAKEN)
        unhold(&w->end->pd);
    atomic_store(&w->over, true); /* whoever sees this may use w again */
}

static void start(wait_t *w, actor_kind_t kind, end_t *e, gonet__side_t side)
{
    memset(w, 0, sizeof(*w));
    w->end = e;
    w->side = side;
    actor_start(&w->actor, kind, wait_side, w);
}

static bool parked(const end_t *e, gonet__side_t side)
{
    return atomic_load(&e->pd.side[side].slot) != 0;
}

static void fill(int fd)
{
    char block[4096] = "";

    while (send(fd, block, sizeof(block), 0) > 0)
        continue;
}

static void drain(int fd)
{
    char block[4096];

    while (recv(fd, block, sizeof(block), 0) > 0)
        continue;
}

static void events_wake(actor_kind_t kind)
{
    end_t *e = new_pair();
    wait_t r, w;

    fill(e->pd.fd);
    for (int i = 0; i < 100; i++) {
        char c;
        start(&r, kind, e, READ);
        start(&w, kind, e, GONET__SIDE_WRITE);
        if (i % 2 == 0) {
            AWAIT(parked(e, READ));
            AWAIT(parked(e, GONET__SIDE_WRITE));
        }
        CHECK(write(e->peer, "x", 1) == 1);
        actor_join(&r.actor);
        CHECK_INT(r.status, GONET__POLL_OK);
        CHECK(recv(e->pd.fd, &c, 1, 0) == 1);
        CHECK(!atomic_load(&w.over));
        drain(e->peer);
        actor_join(&w.actor);
        CHECK_INT(w.status, GONET__POLL_OK);
        fill(e->pd.fd);
    }
    close_end(e);
}

static void end_of_peer_wakes_both(actor_kind_t kind)
{
    end_t *e = new_pair();
    wait_t r, w;

    fill(e->pd.fd);
    start(&r, kind, e, READ);
    start(&w, kind, e, GONET__SIDE_WRITE);
    AWAIT(parked(e, READ));
    AWAIT(parked(e, GONET__SIDE_WRITE));
    close(e->peer);
    e->peer = -1;
    actor_join(&r.actor);
    actor_join(&w.actor);
    CHECK_INT(r.status, GONET__POLL_OK);
    CHECK_INT(w.status, GONET__POLL_OK);
    close_end(e);
}

/* ---- deadlines ---- */

static void deadlines(actor_kind_t kind)
{
    end_t *e = new_pair();
    wait_t w;

    CHECK_INT(gonet__pd_check(&e->pd, READ), GONET__POLL_OK);
    gonet__pd_set_deadline(&e->pd, 1, gonet__now());
    CHECK_INT(gonet__pd_check(&e->pd, READ), GONET__POLL_TIMEOUT);
    CHECK_INT(gonet__pd_check(&e->pd, GONET__SIDE_WRITE), GONET__POLL_OK);
    start(&w, kind, e, READ); /* past */
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_TIMEOUT);

    gonet__pd_set_deadline(&e->pd, BOTH, gonet__now() + 50 * MS);
    start(&w, kind, e, READ); /* future */
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_TIMEOUT);
    CHECK_INT(gonet__pd_check(&e->pd, GONET__SIDE_WRITE), GONET__POLL_TIMEOUT);

    gonet__pd_set_deadline(&e->pd, BOTH, 0); /* set while it waits */
    start(&w, kind, e, READ);
    AWAIT(parked(e, READ));
    gonet__pd_set_deadline(&e->pd, 2, 1);
    gonet_sleep(10 * MS);
    CHECK(!atomic_load(&w.over));
    gonet__pd_set_deadline(&e->pd, 1, 1);
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_TIMEOUT);
    close_end(e);
}

/*
 * Parks a reader with a deadline that is replaced before it comes: taken back, or moved to *later,
 * which is made to lie behind it. On a slow machine it may come first: then again, with more time.
 * How much.
 */
static gonet_duration_t park_with_moved_deadline(wait_t *w, actor_kind_t kind, end_t *e,
                                                 int64_t *later)
{
    for (gonet_duration_t d = 30 * MS;; d *= 2) {
        int64_t first;

        gonet__pd_set_deadline(&e->pd, 1, 0);
        start(w, kind, e, READ);
        AWAIT(parked(e, READ));
        first = gonet__now() + d;
        gonet__pd_set_deadline(&e->pd, 1, first);
        if (later != NULL)
            *later = gonet__now() + 2 * d;
        gonet__pd_set_deadline(&e->pd, 1, later != NULL ? *later : 0);
        if (gonet__now() < first || !check_patience())
            return d;
        gonet__pd_set_deadline(&e->pd, 1, 1);
        actor_join(&w->actor);
    }
}

static void deadlines_move(actor_kind_t kind)
{
    end_t *e = new_pair();
    int64_t later;
    wait_t w;

    (void)park_with_moved_deadline(&w, kind, e, &later);
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_TIMEOUT);
    CHECK(gonet__now() >= later);

    gonet__pd_set_deadline(&e->pd, 1, gonet__now() + GONET_HOUR); /* sooner */
    start(&w, kind, e, READ);
    AWAIT(parked(e, READ));
    gonet__pd_set_deadline(&e->pd, 1, gonet__now() + 30 * MS);
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_TIMEOUT);

    gonet_sleep(2 * park_with_moved_deadline(&w, kind, e, NULL)); /* taken back, then set again */
    CHECK(!atomic_load(&w.over));
    gonet__pd_set_deadline(&e->pd, 1, gonet__now() + 30 * MS);
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_TIMEOUT);
    close_end(e);
}

/* ---- closing ---- */

static void close_takes_waiters(actor_kind_t kind)
{
    for (int i = 0; i < 200; i++) {
        end_t *e = new_pair();
        wait_t r, w;
        int taken, expected;

        fill(e->pd.fd);
        start(&r, kind, e, READ);
        start(&w, kind, e, GONET__SIDE_WRITE);
        AWAIT(parked(e, READ));
        AWAIT(parked(e, GONET__SIDE_WRITE));
        if (i % 4 == 1)
            drain(e->peer); /* the event and the close race */
        if (i % 4 == 2)
            gonet__pd_set_deadline(&e->pd, BOTH, 1);
        if (i % 4 == 3)
            CHECK(write(e->peer, "x", 1) == 1);
        hold(&e->pd);
        /* a caller that goes on by itself still has the descriptor: wait for it before closing */
        gonet__pd_close(&e->pd);
        taken = gonet__pd_take(&e->pd, READ);
        taken += gonet__pd_take(&e->pd, GONET__SIDE_WRITE);
        actor_join(&r.actor);
        actor_join(&w.actor);
        expected = (r.status == GONET__POLL_TAKEN) + (w.status == GONET__POLL_TAKEN);
        CHECK_INT(taken, expected);
        CHECK_INT(gonet__pd_check(&e->pd, READ), GONET__POLL_CLOSED);
        do { /* an event that is still under way wakes once more */
            start(&r, kind, e, READ);
            actor_join(&r.actor);
        } while (r.status == GONET__POLL_OK);
        CHECK_INT(r.status, GONET__POLL_CLOSED);
        close_end(e);
        unhold(&e->pd);
    }
}

/* ---- what can't be watched ---- */

static void file_cannot_be_watched(void **state)
{
    char name[] = "/tmp/gonet-netpoll-XXXXXX";
    int fd = mkstemp(name);
    end_t *e;
    wait_t w;

    (void)state;
    assert_true(fd >= 0);
    unlink(name);
    e = new_end(fd, -1);
    start(&w, BY_TASK, e, READ);
    actor_join(&w.actor);
    assert_int_equal(w.status, GONET__POLL_NO_MEMORY);
    assert_int_equal(w.errnum, EPERM);
    start(&w, BY_THREAD, e, READ); /* poll(2) says: ready */
    actor_join(&w.actor);
    assert_int_equal(w.status, GONET__POLL_OK);
    close_end(e);
    check_report();
}

/* Two that fail in the same turn of the loop: each is told its own reason. */
static void wait_for_both(void *arg)
{
    wait_t *w = arg;

    CHECK_INT(gonet_go(wait_side, &w[0]), 0);
    CHECK_INT(gonet_go(wait_side, &w[1]), 0);
}

static void each_failure_has_its_errno(void **state)
{
    char name[] = "/tmp/gonet-netpoll-XXXXXX";
    int fd = mkstemp(name);
    static wait_t waits[2][2]; /* what a task looks at when it is over already stays */
    actor_t actor;

    (void)state;
    assert_true(fd >= 0);
    unlink(name);
    for (int first = 0; first < 2; first++) {
        end_t *none = new_end(1 << 20, -1); /* no such descriptor */
        end_t *file = new_end(dup(fd), -1);
        wait_t *w = waits[first];

        w[first] = (wait_t){.side = READ, .end = file};
        w[!first] = (wait_t){.side = READ, .end = none};
        actor_start(&actor, BY_TASK, wait_for_both, w);
        actor_join(&actor);
        AWAIT(atomic_load(&w[0].over) && atomic_load(&w[1].over));
        CHECK_INT(w[first].errnum, EPERM);
        CHECK_INT(w[!first].errnum, EBADF);
        close_end(file);
        close_end(none);
    }
    close(fd);
    check_report();
}

/* A UDP socket whose error queue is not empty: readable for MSG_ERRQUEUE alone. */
static end_t *new_error_queue(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(sa);
    int dead = socket(AF_INET, SOCK_DGRAM, 0);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    char c;

    if (dead < 0 || fd < 0 || bind(dead, (struct sockaddr *)&sa, len) != 0 ||
        getsockname(dead, (struct sockaddr *)&sa, &len) != 0 ||
        setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one)) != 0)
        abort();
    close(dead);
    if (connect(fd, (struct sockaddr *)&sa, len) != 0 || send(fd, "x", 1, 0) != 1)
        abort();
    while (recv(fd, &c, 1, 0) >= 0 || errno != ECONNREFUSED)
        gonet_yield();
    return new_end(fd, -1);
}

static void error_queue(actor_kind_t kind)
{
    end_t *e = new_error_queue();
    wait_t w;

    start(&w, kind, e, READ);
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_OK); /* try again: it was an event */
    start(&w, kind, e, READ);
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_NOT_POLLABLE);
    start(&w, kind, e, GONET__SIDE_WRITE);
    actor_join(&w.actor);
    CHECK_INT(w.status, GONET__POLL_OK);
    close_end(e);
}

/* ---- sides and numbers that move ---- */

typedef struct {
    end_t *end;
    gonet_mutex_t *side; /* stands for the fd's read lock */
    atomic_int *got;
    int wanted;
} reader_t;

static void read_in_turn(void *arg)
{
    reader_t *r = arg;
    char c;

    for (;;) {
        bool over;
        gonet_mutex_lock(r->side);
        over = atomic_load(r->got) >= r->wanted;
        while (!over && recv(r->end->pd.fd, &c, 1, 0) != 1) {
            int e;
            CHECK_INT(gonet__pd_wait(&r->end->pd, READ, &e), GONET__POLL_OK);
        }
        if (!over)
            atomic_fetch_add(r->got, 1);
        gonet_mutex_unlock(r->side);
        if (over)
            return;
        gonet_yield();
    }
}

/* The read side of one descriptor is waited for by tasks of four workers and by threads, in turn.
 */
static void side_moves_between_workers(void **state)
{
    enum { N = 40, BYTES = 20000 };
    int before = gonet_set_max_procs(4);
    end_t *e = new_pair();
    gonet_mutex_t side = {0};
    atomic_int got = 0;
    reader_t r = {e, &side, &got, BYTES};
    static actor_t actor[N];

    (void)state;
    for (int i = 0; i < N; i++)
        actor_start(&actor[i], i % 10 == 0 ? BY_THREAD : BY_TASK, read_in_turn, &r);
    for (int sent = 0; sent < BYTES && !check_failed();) {
        ssize_t n = send(e->peer, "x", 1, 0);
        if (n == 1)
            sent++;
        if (n < 0 || sent % 64 == 0)
            AWAIT(atomic_load(&got) >= sent - 8);
    }
    for (int i = 0; i < N; i++)
        actor_join(&actor[i]);
    assert_int_equal(atomic_load(&got), BYTES);
    close_end(e);
    gonet_set_max_procs(before);
    check_report();
}

static void open_wait_close(void *arg)
{
    int rounds = *(int *)arg;

    for (int i = 0; i < rounds && !check_failed(); i++) {
        end_t *e = new_pair();
        char c;
        int errnum;

        if (i % 2 == 0)
            gonet__pd_set_deadline(&e->pd, 1, gonet__now() + 200 * GONET_MICROSECOND);
        if (i % 2 == 0) {
            CHECK_INT(gonet__pd_wait(&e->pd, READ, &errnum), GONET__POLL_TIMEOUT);
        } else {
            CHECK(write(e->peer, "x", 1) == 1);
            CHECK_INT(gonet__pd_wait(&e->pd, READ, &errnum), GONET__POLL_OK);
            CHECK(recv(e->pd.fd, &c, 1, 0) == 1);
        }
        close_end(e);
    }
}

/* Closed by other threads than those whose loops watched them, with numbers that return at once. */
static void numbers_are_reused(void **state)
{
    enum { N = 24 };
    int before = gonet_set_max_procs(3), rounds = 300;
    static actor_t actor[N];

    (void)state;
    for (int i = 0; i < N; i++)
        actor_start(&actor[i], i % 6 == 0 ? BY_THREAD : BY_TASK, open_wait_close, &rounds);
    for (int i = 0; i < N; i++)
        actor_join(&actor[i]);
    gonet_set_max_procs(before);
    check_report();
}

/* Whether a worker's epoll set has the number. Not while the worker is at it: libuv puts a number
 * into the set, to try it, and takes it out again, before it registers it. */
static bool registered(int fd)
{
    bool found = false;

    for (unsigned i = 0; i < gonet__runtime_worker_count(); i++) {
        gonet__worker_t *w = gonet__runtime_worker(i);
        char path[64], line[256];
        FILE *f;
        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", gonet__poller_fd(&w->poller));
        gonet__pi_lock(&w->poller.registration);
        f = fopen(path, "re");
        if (f == NULL)
            abort();
        while (fgets(line, sizeof(line), f) != NULL) {
            int number;
            found = found || (sscanf(line, "tfd: %d", &number) == 1 && number == fd);
        }
        fclose(f);
        gonet__pi_unlock(&w->poller.registration);
    }
    return found;
}

/* Not even while a duplicate keeps the socket open: the set would report it for ever. */
static void closing_leaves_no_registration(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        end_t *e = new_pair();
        int fd = e->pd.fd, duplicate = dup(fd);
        wait_t w;

        start(&w, BY_TASK, e, READ);
        AWAIT(parked(e, READ));
        AWAIT(registered(fd));
        gonet__pd_set_deadline(&e->pd, 1, 1); /* no event: the interest stays */
        actor_join(&w.actor);
        assert_int_equal(w.status, GONET__POLL_TIMEOUT);
        assert_true(registered(fd));
        close_end(e);
        assert_false(registered(fd));
        close(duplicate);
    }
    check_report();
}

/* ---- a thread that can't get an eventfd ---- */

static int without_eventfd(void)
{
    end_t *e = new_pair(), *f = new_pair();
    struct rlimit limit;
    wait_t w;

    CHILD_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = (rlim_t)f->peer + 1;
    CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    start(&w, BY_THREAD, e, READ);
    AWAIT(parked(e, READ));
    CHILD_CHECK(write(e->peer, "x", 1) == 1);
    actor_join(&w.actor);
    CHILD_CHECK(w.status == GONET__POLL_OK);
    start(&w, BY_THREAD, f, READ);
    AWAIT(parked(f, READ));
    gonet__pd_set_deadline(&f->pd, 1, 1);
    actor_join(&w.actor);
    CHILD_CHECK(w.status == GONET__POLL_TIMEOUT);
    gonet__pd_set_deadline(&f->pd, 1, 0);
    start(&w, BY_THREAD, f, READ);
    AWAIT(parked(f, READ));
    gonet__pd_close(&f->pd);
    CHILD_CHECK(!gonet__pd_take(&f->pd, READ)); /* a thread leaves by itself */
    actor_join(&w.actor);
    CHILD_CHECK(w.status == GONET__POLL_CLOSED);
    close_end(f);
    close_end(e);
    CHILD_CHECK(!check_failed());
    return 0;
}

static void thread_without_eventfd(void **state)
{
    (void)state;
    child_passes("without_eventfd", NULL);
}

static int teardown(void **state)
{
    int result = leak_teardown(state);

    if (atomic_load(&ends) != 0) {
        fprintf(stderr, "%d ends are left\n", atomic_load(&ends));
        result = -1;
    }
    return result;
}

#define IN_BOTH(body)                          \
    static void body##_in_task(void **state)   \
    {                                          \
        (void)state;                           \
        body(BY_TASK);                         \
        check_report();                        \
    }                                          \
    static void body##_in_thread(void **state) \
    {                                          \
        (void)state;                           \
        body(BY_THREAD);                       \
        check_report();                        \
    }

IN_BOTH(events_wake)
IN_BOTH(end_of_peer_wakes_both)
IN_BOTH(deadlines)
IN_BOTH(deadlines_move)
IN_BOTH(close_takes_waiters)
IN_BOTH(error_queue)

/* A caller that was taken away by a closer while it was about to wait asks for a watch when its
 * number may be another's. */
static void arm_closed(void *arg)
{
    end_t *e = new_pair();

    (void)arg;
    hold(&e->pd); /* as the closer does for it */
    close_end(e);
    CHECK(gonet__poller_arm(&gonet__here()->poller, &e->pd, READ));
    CHECK(atomic_load(&e->pd.watch[READ]) == NULL && !atomic_load(&e->pd.side[READ].armed));
    unhold(&e->pd);
}

static void closed_is_not_watched(void **state)
{
    (void)state;
    actor_run_test(TASKS, arm_closed, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, leak_setup, teardown)

int main(int argc, char **argv)
{
    const child_part_t parts[] = {{"without_eventfd", without_eventfd}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        TEST(events_wake_in_task),
        TEST(events_wake_in_thread),
        TEST(end_of_peer_wakes_both_in_task),
        TEST(end_of_peer_wakes_both_in_thread),
        TEST(deadlines_in_task),
        TEST(deadlines_in_thread),
        TEST(deadlines_move_in_task),
        TEST(deadlines_move_in_thread),
        TEST(close_takes_waiters_in_task),
        TEST(close_takes_waiters_in_thread),
        TEST(error_queue_in_task),
        TEST(error_queue_in_thread),
        TEST(file_cannot_be_watched),
        TEST(each_failure_has_its_errno),
        TEST(side_moves_between_workers),
        TEST(numbers_are_reused),
        TEST(closing_leaves_no_registration),
        TEST(closed_is_not_watched),
        TEST(thread_without_eventfd),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
