/*
 * The fd mutex: who may use a descriptor when, how close ends all that, and when the number and the
 * memory are given back.
 */
#include "socket/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/time/clock.h"
#include "runtime/ground/spin.h"
#include "socket/fd_inline.h"
#include "socket/sys.h"
#include "support/actor.h"
#include "support/leak.h"

#define READ  GONET__SIDE_READ
#define WRITE GONET__SIDE_WRITE
#define MS    GONET_MILLISECOND

static atomic_int destroyed;

static void destroy(gonet__fd_t *fd)
{
    free(fd);
    atomic_fetch_add(&destroyed, 1);
}

static gonet__fd_t *new_fd(int *peer)
{
    gonet__fd_t *fd = malloc(sizeof(*fd));
    int fds[2];

    if (fd == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        abort();
    gonet__fd_init(fd, fds[0], AF_UNIX, SOCK_STREAM, destroy);
    *peer = fds[1];
    return fd;
}

static bool is_open(int sysfd)
{
    return fcntl(sysfd, F_GETFD) >= 0;
}

static gonet__fail_kind_t fail_kind(const gonet__fail_t *fail, gonet__fd_t *fd)
{
    gonet__fd_unhold(fd); /* every failure leaves with a reference to the memory */
    return fail->kind;
}

/* ---- helpers that hold or wait for a side ---- */

typedef struct {
    gonet__fd_t *fd;
    gonet__side_t side;
    bool waits; /* for an event, holding the side */
    bool got;
    gonet__fail_kind_t kind;
    int place;
    atomic_int *order;
    atomic_bool *release; /* NULL: leave at once */
    atomic_bool begun, holds;
    actor_t actor;
} user_t;

static void use(void *arg)
{
    user_t *u = arg;
    gonet__fail_t fail;

    atomic_store(&u->begun, true);
    u->got = gonet__fd_begin(u->fd, u->side, &fail);
    if (u->got) {
        if (u->order != NULL)
            u->place = atomic_fetch_add(u->order, 1);
        atomic_store(&u->holds, true);
        if (u->release != NULL)
            AWAIT(atomic_load(u->release));
        if (u->waits)
            u->got = gonet__fd_wait(u->fd, u->side, &fail);
        if (u->got)
            gonet__fd_end(u->fd, u->side);
    }
    if (!u->got)
        u->kind = fail_kind(&fail, u->fd);
}

static void start(user_t *u, actor_kind_t kind, gonet__fd_t *fd, gonet__side_t side)
{
    u->fd = fd;
    u->side = side;
    actor_start(&u->actor, kind, use, u);
}

static void await_queued(user_t *u, int queued)
{
    int n;

    AWAIT(atomic_load(&u->begun));
    do {
        gonet__list_t *head = &u->fd->queue[u->side];
        n = 0;
        gonet__spin_lock(&u->fd->queue_lock);
        for (gonet__list_t *q = head->next; q != head; q = q->next)
            n++;
        gonet__spin_unlock(&u->fd->queue_lock);
        gonet_yield();
    } while (n < queued);
}

static void release_fd(gonet__fd_t *fd, int peer)
{
    int before = atomic_load(&destroyed), sysfd = fd->pd.fd;
    gonet__fail_t fail;

    CHECK(gonet__fd_close(fd, &fail));
    CHECK(!is_open(sysfd));
    gonet__fd_unhold(fd);
    close(peer);
    gonet_yield();
    AWAIT(atomic_load(&destroyed) == before + 1);
}

/* First come, first served; the other side is not concerned. */
static void side_is_handed_over_in_order(actor_kind_t kind)
{
    enum { N = 12 };
    atomic_int order = 0;
    atomic_bool release = false;
    static user_t u[N];
    gonet__fail_t fail;
    int peer;
    gonet__fd_t *fd = new_fd(&peer);

    memset(u, 0, sizeof(u));
    for (int i = 0; i < N; i++) {
        u[i].order = &order;
        u[i].release = i == 0 ? &release : NULL;
        start(&u[i], i % 3 == 2 ? (kind == BY_TASK ? BY_THREAD : BY_TASK) : kind, fd, READ);
        if (i == 0)
            AWAIT(atomic_load(&u[0].holds));
        else
            await_queued(&u[i], i);
    }
    CHECK(gonet__fd_begin(fd, WRITE, &fail));
    gonet__fd_end(fd, WRITE);
    atomic_store(&release, true);
    for (int i = 0; i < N; i++) {
        actor_join(&u[i].actor);
        CHECK(u[i].got);
        CHECK_INT(u[i].place, i);
    }
    release_fd(fd, peer);
}

/* Behaviour 9.4: the parked holder and all who queue come back, and close does not wait for them.
 */
static void close_sends_all_away(actor_kind_t kind)
{
    enum { N = 8 };
    static user_t u[N];
    int peer;

    for (int round = 0; round < 30; round++) {
        gonet__fd_t *fd = new_fd(&peer);
        memset(u, 0, sizeof(u));
        for (int i = 0; i < N; i++) {
            u[i].waits = true;
            start(&u[i], i % 3 == 2 ? BY_THREAD : kind, fd, READ);
            if (i == 0)
                AWAIT(atomic_load(&u[0].holds));
        }
        if (round % 2 == 0)
            await_queued(&u[N - 1], N - 1);
        if (round % 3 == 0)
            AWAIT(atomic_load(&fd->pd.side[READ].slot) != 0);
        if (round % 5 == 4)
            CHECK(write(peer, "x", 1) == 1); /* the event competes with the close */
        gonet__fail_t fail;
        CHECK(gonet__fd_close(fd, &fail));
        for (int i = 0; i < N; i++) {
            actor_join(&u[i].actor);
            if (!u[i].got)
                CHECK_INT(u[i].kind, GONET__FAIL_CLOSED);
            CHECK(!u[i].got || round % 5 == 4);
        }
        CHECK(!gonet__fd_begin(fd, READ, &fail));
        CHECK_INT(fail_kind(&fail, fd), GONET__FAIL_CLOSED);
        CHECK(!gonet__fd_ref(fd, &fail));
        CHECK_INT(fail_kind(&fail, fd), GONET__FAIL_CLOSED);
        CHECK(!gonet__fd_set_deadline(fd, 1, 1, &fail));
        CHECK_INT(fail_kind(&fail, fd), GONET__FAIL_CLOSED);
        CHECK(!gonet__fd_close(fd, &fail));
        CHECK_INT(fail_kind(&fail, fd), GONET__FAIL_CLOSED);
        gonet__fd_unhold(fd);
        close(peer);
    }
}

/* ---- close waits for calls in the kernel ---- */

typedef struct {
    gonet__fd_t *fd;
    bool good;
    atomic_bool ended;
    actor_t actor;
} closer_t;

static void close_it(void *arg)
{
    closer_t *c = arg;
    gonet__fail_t fail;

    c->good = gonet__fd_close(c->fd, &fail);
    if (!c->good)
        (void)fail_kind(&fail, c->fd);
    atomic_store(&c->ended, true);
}

/* Behaviour 9.7: when close returns, the number is free. */
static void close_waits_for_users(actor_kind_t kind)
{
    for (int side = 0; side < 3; side++) {
        int peer, sysfd;
        gonet__fd_t *fd = new_fd(&peer);
        gonet__fail_t fail;
        closer_t first = {.fd = fd}, second = {.fd = fd};

        sysfd = fd->pd.fd;
        CHECK(side < 2 ? gonet__fd_begin(fd, (gonet__side_t)side, &fail)
                       : gonet__fd_ref(fd, &fail));
        actor_start(&first.actor, kind, close_it, &first);
        AWAIT(atomic_load(&fd->pd.closing));
        actor_start(&second.actor, kind, close_it, &second);
        actor_join(&second.actor);
        CHECK(!second.good); /* the second does not wait */
        gonet_sleep(5 * MS);
        CHECK(!atomic_load(&first.ended));
        CHECK(is_open(sysfd));
        if (side < 2) {
            CHECK(!gonet__fd_wait(fd, (gonet__side_t)side, &fail)); /* closed */
            CHECK_INT(fail_kind(&fail, fd), GONET__FAIL_CLOSED);
        } else {
            gonet__fd_unref(fd);
        }
        actor_join(&first.actor);
        CHECK(first.good);
        CHECK(!is_open(sysfd));
        gonet__fd_unhold(fd);
        close(peer);
    }
}

/* A close from inside a user's function returns at once, and takes effect when that returns. */
static void close_inside_callback(actor_kind_t kind)
{
    int peer, sysfd;
    gonet__fd_t *fd = new_fd(&peer), *other;
    int other_peer;
    gonet__fd_callback_t outer, inner;
    gonet__fail_t fail;

    (void)kind;
    other = new_fd(&other_peer);
    sysfd = fd->pd.fd;
    CHECK(gonet__fd_ref(fd, &fail));
    gonet__fd_callback_enter(fd, -1, &outer);
    CHECK(gonet__fd_ref(other, &fail));
    gonet__fd_callback_enter(other, -1, &inner);
    CHECK(gonet__fd_close(fd, &fail));
    CHECK(is_open(sysfd));
    gonet__fd_callback_leave(&inner);
    gonet__fd_unref(other);
    gonet__fd_callback_leave(&outer);
    gonet__fd_unref(fd);
    CHECK(!is_open(sysfd));
    gonet__fd_unhold(fd);
    close(peer);
    release_fd(other, other_peer);
}

/* ---- what close reports ---- */

/* Behaviour 9.9: a bare errno, and only if nobody else was the last user. */
static void close_reports_its_own_error(actor_kind_t kind)
{
    int peer, sysfd;
    gonet__fd_t *fd = new_fd(&peer);
    gonet__fail_t fail;
    closer_t c = {.fd = NULL};

    sysfd = fd->pd.fd;
    gonet__sys_fail_at(GONET__SYS_CLOSE, 1, EIO);
    CHECK(!gonet__fd_close(fd, &fail));
    CHECK_INT(gonet__sys_failed(), 1);
    gonet__sys_fail_at(GONET__SYS_CLOSE, 0, 0);
    CHECK_INT(fail.errnum, EIO);
    CHECK_INT(fail_kind(&fail, fd), GONET__FAIL_ERRNO);
    CHECK(!is_open(sysfd));
    gonet__fd_unhold(fd);
    close(peer);

    c.fd = fd = new_fd(&peer);
    CHECK(gonet__fd_ref(fd, &fail));
    actor_start(&c.actor, kind, close_it, &c);
    AWAIT(atomic_load(&fd->pd.closing));
    gonet_sleep(5 * MS);
    gonet__sys_fail_at(GONET__SYS_CLOSE, 1, EIO);
    gonet__fd_unref(fd);
    actor_join(&c.actor);
    gonet__sys_fail_at(GONET__SYS_CLOSE, 0, 0);
    CHECK(c.good);
    gonet__fd_unhold(fd);
    close(peer);
}

/* ---- memory ---- */

/* The owner may be gone while calls are under way: the last of them releases the memory. */
static void memory_outlives_the_owner(actor_kind_t kind)
{
    for (int i = 0; i < 50; i++) {
        user_t r = {.waits = true}, w = {.waits = true};
        int peer, before = atomic_load(&destroyed);
        gonet__fd_t *fd = new_fd(&peer);
        gonet__fail_t fail;
        char block[4096] = "";

        while (send(fd->pd.fd, block, sizeof(block), 0) > 0)
            continue;
        start(&r, kind, fd, READ);
        start(&w, kind, fd, WRITE);
        AWAIT(atomic_load(&r.holds) && atomic_load(&w.holds));
        CHECK(gonet__fd_close(fd, &fail));
        gonet__fd_unhold(fd);
        actor_join(&r.actor);
        actor_join(&w.actor);
        CHECK_INT(r.kind, GONET__FAIL_CLOSED);
        CHECK_INT(w.kind, GONET__FAIL_CLOSED);
        AWAIT(atomic_load(&destroyed) == before + 1);
        close(peer);
    }
}

/* ---- all at once ---- */

typedef struct {
    _Atomic(gonet__fd_t *) *fd;
    actor_t actor;
    int number;
} churner_t;

static void read_and_write(void *arg)
{
    churner_t *c = arg;
    gonet__fd_t *fd = atomic_load(c->fd);
    gonet__fail_t fail;
    char buf[100] = "";
    size_t n;

    for (;;) {
        if (c->number % 3 == 0) {
            if (gonet__fd_read(fd, buf, sizeof(buf), &fail) < 0)
                break;
        } else if (c->number % 3 == 1) {
            if (!gonet__fd_write(fd, buf, sizeof(buf), &n, &fail))
                break;
        } else if (!gonet__fd_set_deadline(fd, 3, 0, &fail)) {
            break;
        }
        gonet_yield();
    }
    CHECK_INT(fail_kind(&fail, fd), GONET__FAIL_CLOSED);
}

static void relay(void *arg)
{
    int peer = *(int *)arg;
    char buf[256];
    ssize_t n;

    while ((n = recv(peer, buf, sizeof(buf), 0)) != 0) {
        if (n > 0)
            (void)!send(peer, buf, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
        gonet_yield();
    }
}

static void close_while_all_use_it(actor_kind_t kind)
{
    enum { N = 15 };

    for (int round = 0; round < 25; round++) {
        int peer;
        _Atomic(gonet__fd_t *) shared;
        gonet__fd_t *fd = new_fd(&peer);
        gonet__fail_t fail;
        static churner_t c[N];
        actor_t echoes;

        atomic_init(&shared, fd);
        actor_start(&echoes, BY_THREAD, relay, &peer);
        for (int i = 0; i < N; i++) {
            c[i].fd = &shared;
            c[i].number = i;
            actor_start(&c[i].actor, i % 5 == 4 ? BY_THREAD : kind, read_and_write, &c[i]);
        }
        gonet_sleep(round % 5 * 200 * GONET_MICROSECOND);
        CHECK(gonet__fd_close(fd, &fail));
        for (int i = 0; i < N; i++)
            actor_join(&c[i].actor);
        actor_join(&echoes);
        gonet__fd_unhold(fd);
        close(peer);
    }
}

static actor_kind_t kind_now;
static void (*body_now)(actor_kind_t kind);

static void run_body(void *arg)
{
    (void)arg;
    body_now(kind_now);
}

static void run(void (*body)(actor_kind_t kind), actor_kind_t kind)
{
    body_now = body;
    kind_now = kind;
    actor_run_test(kind == BY_TASK ? TASKS : THREADS, run_body, NULL);
}

#define IN_BOTH(body)                          \
    static void body##_in_task(void **state)   \
    {                                          \
        (void)state;                           \
        run(body, BY_TASK);                    \
    }                                          \
    static void body##_in_thread(void **state) \
    {                                          \
        (void)state;                           \
        run(body, BY_THREAD);                  \
    }

IN_BOTH(side_is_handed_over_in_order)
IN_BOTH(close_sends_all_away)
IN_BOTH(close_waits_for_users)
IN_BOTH(close_inside_callback)
IN_BOTH(close_reports_its_own_error)
IN_BOTH(memory_outlives_the_owner)
IN_BOTH(close_while_all_use_it)

#define TESTS(body) LEAK_TEST(body##_in_task), LEAK_TEST(body##_in_thread)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TESTS(side_is_handed_over_in_order), TESTS(close_sends_all_away),
        TESTS(close_waits_for_users),        TESTS(close_inside_callback),
        TESTS(close_reports_its_own_error),  TESTS(memory_outlives_the_owner),
        TESTS(close_while_all_use_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
