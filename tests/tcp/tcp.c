/*
 * The tests' array with one row per mode; operations; the look inside.
 */
#include "tcp/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "conn/tcp.h"
#include "support/pattern.h"

typedef struct {
    const tcp_test_t *test;
    actor_mode_t mode;
    char name[96];
} row_t;

static void run_body(void *arg)
{
    const row_t *row = arg;

    row->test->body(row->mode);
}

static void run_row(void **state)
{
    const row_t *row = *state;

    actor_run_test(row->mode, run_body, *state);
}

/* More workers than this machine may have processors, so that tasks do meet on different ones. */
static int setup(void **state)
{
    int result = leak_setup(state);

    gonet_set_max_procs(4);
    return result;
}

int tcp_run(const tcp_test_t *tests, size_t n)
{
    struct CMUnitTest *all = calloc(n * ACTOR_MODES, sizeof(*all));
    row_t *rows = calloc(n * ACTOR_MODES, sizeof(*rows));
    int failed;

    if (all == NULL || rows == NULL)
        abort();
    for (size_t i = 0; i < n * ACTOR_MODES; i++) {
        row_t *row = &rows[i];

        row->test = &tests[i / ACTOR_MODES];
        row->mode = (actor_mode_t)(i % ACTOR_MODES);
        snprintf(row->name, sizeof(row->name), "%s (%s)", row->test->name,
                 actor_mode_name[row->mode]);
        all[i] = (struct CMUnitTest){row->name, run_row, setup, leak_teardown, row};
    }
    failed = _cmocka_run_group_tests("tcp", all, n * ACTOR_MODES, NULL, NULL);
    free(rows);
    free(all);
    return failed;
}

actor_kind_t helper_kind(actor_mode_t mode, int i)
{
    actor_kind_t kind = actor_helper(mode);

    if (actor_body(mode) == kind || i % 2 == 0)
        return kind;
    return kind == BY_TASK ? BY_THREAD : BY_TASK;
}

/* A thread that a task has started has the signals blocked that workers leave to other threads. */
static void unblock_signal(const op_t *o)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (o->actor.kind == BY_THREAD)
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void run_op(void *arg)
{
    op_t *o = arg;

    unblock_signal(o);
    o->run(o);
    o->ended = true;
}

static void start(op_t *o, actor_kind_t kind, void (*run)(op_t *o))
{
    o->run = run;
    o->ended = false;
    actor_start(&o->actor, kind, run_op, o);
}

static void run_read(op_t *o)
{
    o->result = gonet_conn_read(o->c, o->p, o->len, &o->err);
}

void op_read(op_t *o, actor_kind_t kind, gonet_conn_t *c, void *p, size_t len)
{
    *o = (op_t){.c = c, .p = p, .len = len};
    start(o, kind, run_read);
}

static void run_write(op_t *o)
{
    o->result = gonet_conn_write_count(o->c, o->p, o->len, &o->count, &o->err);
}

void op_write(op_t *o, actor_kind_t kind, gonet_conn_t *c, const void *p, size_t len)
{
    *o = (op_t){.c = c, .p = (void *)(uintptr_t)p, .len = len};
    start(o, kind, run_write);
}

static void run_accept(op_t *o)
{
    o->accepted = gonet_listener_accept(o->l, &o->err);
    o->result = o->accepted != NULL ? 0 : -1;
}

void op_accept(op_t *o, actor_kind_t kind, gonet_listener_t *l)
{
    *o = (op_t){.l = l};
    start(o, kind, run_accept);
}

static void run_close(op_t *o)
{
    o->result = gonet_conn_close(o->c, &o->err);
}

void op_close(op_t *o, actor_kind_t kind, gonet_conn_t *c)
{
    *o = (op_t){.c = c};
    start(o, kind, run_close);
}

void op_join(op_t *o)
{
    actor_join(&o->actor);
}

void op_free(op_t *o)
{
    gonet_conn_free(o->accepted);
    o->accepted = NULL;
    gonet_error_set(&o->err, NULL);
}

bool op_fails(const char *file, int line, op_t *o, const char *want)
{
    char text[GONET_ADDR_STRLEN];
    bool ok;

    op_join(o);
    ok = check_int(file, line, "the result", o->result, -1);
    if (o->c != NULL)
        ok = net_error(file, line, o->err, o->c, want) && ok;
    else
        ok = net_error_text(file, line, o->err, net_addr_text(gonet_listener_addr(o->l), text), "",
                            want) &&
             ok;
    return ok;
}

static gonet__fd_t *fd_of(gonet_conn_t *c)
{
    return &gonet_conn_as_tcp(c)->sock.fd;
}

static gonet__fd_t *fd_of_listener(gonet_listener_t *l)
{
    return &gonet_listener_as_tcp(l)->sock.fd;
}

bool tcp_parked(gonet_conn_t *c, gonet__side_t side)
{
    return atomic_load(&fd_of(c)->pd.side[side].slot) != 0;
}

bool tcp_listener_parked(gonet_listener_t *l)
{
    return atomic_load(&fd_of_listener(l)->pd.side[GONET__SIDE_READ].slot) != 0;
}

unsigned tcp_users(gonet_conn_t *c)
{
    return atomic_load(&fd_of(c)->memory);
}

unsigned tcp_listener_users(gonet_listener_t *l)
{
    return atomic_load(&fd_of_listener(l)->memory);
}

void tcp_park_read(op_t *o, actor_kind_t kind, gonet_conn_t *c, char *p)
{
    op_read(o, kind, c, p, 1);
    AWAIT(tcp_parked(c, GONET__SIDE_READ));
}

void tcp_park_write(op_t *o, actor_kind_t kind, gonet_conn_t *c)
{
    static const char block[1 << 20];

    op_write(o, kind, c, block, sizeof(block));
    AWAIT(tcp_parked(c, GONET__SIDE_WRITE));
}

bool tcp_closed(int fd)
{
    return fcntl(fd, F_GETFD) == -1 && errno == EBADF;
}

static short events(gonet_conn_t *c)
{
    struct pollfd p = {.fd = fd_of(c)->pd.fd, .events = POLLIN};

    poll(&p, 1, 0);
    return p.revents;
}

void tcp_reset(gonet_conn_t *c, gonet_conn_t *peer)
{
    CHECK_INT(gonet_tcp_conn_set_linger(gonet_conn_as_tcp(peer), 0, NULL), 0);
    CHECK_INT(gonet_conn_close(peer, NULL), 0);
    AWAIT((events(c) & POLLHUP) != 0);
}

size_t tcp_read_pattern(gonet_conn_t *c)
{
    gonet_error_t *err = NULL;
    char buf[65536];
    size_t sum = 0;
    ssize_t n;

    while ((n = gonet_conn_read(c, buf, sizeof(buf), &err)) > 0) {
        if (!CHECK(pattern_matches(buf, 0, sum, (size_t)n)))
            return sum;
        sum += (size_t)n;
    }
    CHECK(err == gonet_eof);
    gonet_error_set(&err, NULL);
    return sum;
}

void close_pair(gonet_conn_t *a, gonet_conn_t *b)
{
    gonet_conn_free(a);
    gonet_conn_free(b);
}

void expect_byte(gonet_conn_t *c, char want)
{
    gonet_error_t *err = NULL;
    char byte = 0;

    CHECK_INT(gonet_conn_read(c, &byte, 1, &err), 1);
    CHECK_ERROR(err, NULL);
    CHECK_INT(byte, want);
    gonet_error_free(err);
}

void expect_eof(gonet_conn_t *c)
{
    gonet_error_t *err = NULL;
    char byte;

    CHECK_INT(gonet_conn_read(c, &byte, 1, &err), 0);
    CHECK(err == gonet_eof);
    gonet_error_free(err);
}
