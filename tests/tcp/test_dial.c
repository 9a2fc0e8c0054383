/*
 * Dialing: the options that a connection is born with, timeouts against a listener that does not
 * answer, connections to oneself, and local ports that run out.
 * Behaviour 6.2-6.8, 6.23, 6.30, 6.31, 7.6, 7.14-7.17, 28.61.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socket/sys.h"
#include "tcp/tcp.h"

/* ---- options ---- */

typedef struct {
    int on, idle, interval, count;
} keep_alive_t;

static void check_keep_alive(gonet_conn_t *c, const keep_alive_t *want)
{
    CHECK_INT(net_option(c, IPPROTO_TCP, TCP_NODELAY), 1);
    CHECK_INT(net_option(c, SOL_SOCKET, SO_KEEPALIVE), want->on);
    CHECK_INT(net_option(c, IPPROTO_TCP, TCP_KEEPIDLE), want->idle);
    CHECK_INT(net_option(c, IPPROTO_TCP, TCP_KEEPINTVL), want->interval);
    CHECK_INT(net_option(c, IPPROTO_TCP, TCP_KEEPCNT), want->count);
}

/* What a socket has that nobody has touched. */
static keep_alive_t kernel_defaults(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    keep_alive_t k = {.on = 0};
    socklen_t len = sizeof(int);

    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &k.idle, &len), 0);
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &k.interval, &len), 0);
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &k.count, &len), 0);
    close(fd);
    return k;
}

/* 7.14-7.17: of dialed and accepted connections alike. -1 in want: the kernel's own. */
static void keep_alive(actor_mode_t mode)
{
    static const struct {
        gonet_duration_t keep_alive;
        gonet_keep_alive_config_t config;
        keep_alive_t want;
    } rows[] = {
        {0, {.enable = false}, {1, 15, 15, 9}},
        {30 * GONET_SECOND, {.enable = false}, {1, 30, 15, 9}},
        {1500 * GONET_MILLISECOND, {.enable = false}, {1, 2, 15, 9}},
        {1, {.enable = false}, {1, 1, 15, 9}},
        {-1, {.enable = false}, {0, -1, -1, -1}},
        {-1, {.enable = true}, {1, 15, 15, 9}},
        {30 * GONET_SECOND, {.enable = true}, {1, 15, 15, 9}},
        {0, {.enable = true, .idle = -1, .interval = -1, .count = -1}, {1, -1, -1, -1}},
        {0, {true, 2100 * GONET_MILLISECOND, 7 * GONET_SECOND, 4, {0}}, {1, 3, 7, 4}},
        {0, {.enable = false, .idle = GONET_SECOND, .count = 2}, {1, 15, 15, 9}},
    };
    const keep_alive_t kernel = kernel_defaults();

    (void)mode;
    for (size_t i = 0; i < COUNT(rows); i++) {
        gonet_dialer_t d = {.keep_alive = rows[i].keep_alive, .keep_alive_config = rows[i].config};
        gonet_listen_config_t lc = {
            .keep_alive = rows[i].keep_alive, .keep_alive_config = rows[i].config, .mptcp = 2};
        gonet_listener_t *l = gonet_listen_config_listen(&lc, NULL, "tcp", "127.0.0.1:0", NULL);
        keep_alive_t want = rows[i].want;
        char text[GONET_ADDR_STRLEN];
        gonet_conn_t *a, *b;

        want.idle = want.idle < 0 ? kernel.idle : want.idle;
        want.interval = want.interval < 0 ? kernel.interval : want.interval;
        want.count = want.count < 0 ? kernel.count : want.count;
        REQUIRE(l != NULL);
        a = gonet_dialer_dial(&d, "tcp", net_addr_text(gonet_listener_addr(l), text), NULL);
        b = gonet_listener_accept(l, NULL);
        REQUIRE(a != NULL && b != NULL);
        check_keep_alive(a, &want);
        check_keep_alive(b, &want);
        close_pair(a, b);
        gonet_listener_free(l);
    }
}

/* 7.17, 12.5: set one after the other, until one is refused. */
static void options_later(actor_mode_t mode)
{
    gonet_keep_alive_config_t config = {true, 20 * GONET_SECOND, 100000 * GONET_HOUR, 3, {0}};
    const keep_alive_t first = {1, 20, 15, 9}, second = {0, 4, 15, 5};
    gonet_error_t *err = NULL;
    gonet_tcp_conn_t *t;

    (void)mode;
    OPEN_PAIR(a, b);
    t = gonet_conn_as_tcp(a);
    CHECK_INT(gonet_tcp_conn_set_keep_alive_config(t, config, &err), -1);
    CHECK_CONN_ERROR(err, a, "set tcp <L>-><R>: setsockopt: invalid argument");
    check_keep_alive(a, &first);
    config = (gonet_keep_alive_config_t){false, 4 * GONET_SECOND, -1, 5, {0}};
    CHECK_INT(gonet_tcp_conn_set_keep_alive_config(t, config, &err), 0);
    check_keep_alive(a, &second);
    CHECK_INT(gonet_tcp_conn_set_keep_alive_period(t, 100000 * GONET_HOUR, &err), -1);
    CHECK_CONN_ERROR(err, a, "set tcp <L>-><R>: setsockopt: invalid argument");
    CHECK_INT(gonet_tcp_conn_set_keep_alive_period(t, -1, &err), 0);
    check_keep_alive(a, &second);
    CHECK_INT(gonet_tcp_conn_set_no_delay(t, false, &err), 0);
    CHECK_INT(net_option(a, IPPROTO_TCP, TCP_NODELAY), 0);
    CHECK_INT(gonet_tcp_conn_set_read_buffer(t, -1, &err), 0); /* 12.6 */
    CHECK_INT(gonet_tcp_conn_set_write_buffer(t, 0, &err), 0);
    CHECK_ERROR(err, NULL);
    close_pair(a, b);
}

/* ---- nobody answers ---- */

/* A listening socket whose queue is full, so that the kernel lets further connects hang. */
typedef struct {
    int fd;
    int filler[4];
    char text[GONET_ADDR_STRLEN];
} silent_t;

static void silent_open(silent_t *s)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(sa);

    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(bind(s->fd, (struct sockaddr *)&sa, len), 0);
    CHECK_INT(listen(s->fd, 0), 0);
    CHECK_INT(getsockname(s->fd, (struct sockaddr *)&sa, &len), 0);
    for (size_t i = 0; i < COUNT(s->filler); i++) {
        s->filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(s->filler[i], (struct sockaddr *)&sa, len);
    }
    snprintf(s->text, sizeof(s->text), "127.0.0.1:%d", ntohs(sa.sin_port));
}

static void silent_close(silent_t *s)
{
    for (size_t i = 0; i < COUNT(s->filler); i++)
        close(s->filler[i]);
    close(s->fd);
}

typedef struct {
    actor_t actor;
    gonet_dialer_t dialer;
    gonet_context_t *ctx;
    const char *address;
    gonet_conn_t *c;
    gonet_error_t *err;
    _Atomic bool ended;
} dial_t;

static void run_dial(void *arg)
{
    dial_t *d = arg;

    d->c = gonet_dialer_dial_context(&d->dialer, d->ctx, "tcp", d->address, &d->err);
    d->ended = true;
}

static void expect_dial_error(dial_t *d, const char *address, const char *reason)
{
    char want[256];

    CHECK(d->c == NULL);
    snprintf(want, sizeof(want), "dial tcp %s: %s", address, reason);
    CHECK_ERROR(d->err, want);
    gonet_error_set(&d->err, NULL);
}

/* 28.61, 6.2, 6.3: by timeout, deadline or context, over already or soon. */
static void dial_timeouts(actor_mode_t mode)
{
    const gonet_dialer_t dialers[] = {
        {.timeout = -1},
        {.timeout = INT64_MIN},
        {.timeout = GONET_MILLISECOND},
        {.deadline = TCP_PAST},
        {.deadline = gonet_after(-GONET_HOUR)},
        {.deadline = gonet_after(GONET_MILLISECOND)},
        {.timeout = GONET_HOUR, .deadline = gonet_after(GONET_MILLISECOND)},
        {.timeout = 2 * GONET_MILLISECOND, .deadline = gonet_after(GONET_HOUR)},
    };
    dial_t d[COUNT(dialers) + 1];
    silent_t s;

    silent_open(&s);
    for (size_t i = 0; i < COUNT(d); i++) {
        d[i] = (dial_t){.address = s.text};
        if (i < COUNT(dialers))
            d[i].dialer = dialers[i];
        else
            d[i].ctx = gonet_context_with_timeout(NULL, GONET_MILLISECOND);
        actor_start(&d[i].actor, helper_kind(mode, (int)i), run_dial, &d[i]);
    }
    for (size_t i = 0; i < COUNT(d); i++) {
        actor_join(&d[i].actor);
        CHECK(gonet_error_timeout(d[i].err) && gonet_error_temporary(d[i].err));
        expect_dial_error(&d[i], s.text, "i/o timeout");
    }
    gonet_context_free(d[COUNT(dialers)].ctx);
    silent_close(&s);
}

/* 6.5: all dials under one context end when it is cancelled, wherever they wait. */
static void dials_are_cancelled(actor_mode_t mode)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    dial_t d[8];
    silent_t s;

    silent_open(&s);
    for (size_t i = 0; i < COUNT(d); i++) {
        d[i] = (dial_t){.address = s.text, .ctx = ctx};
        actor_start(&d[i].actor, helper_kind(mode, (int)i), run_dial, &d[i]);
    }
    for (int i = 0; i < 50; i++)
        check_pause();
    for (size_t i = 0; i < COUNT(d); i++)
        CHECK(!d[i].ended);
    gonet_context_cancel(ctx);
    for (size_t i = 0; i < COUNT(d); i++) {
        actor_join(&d[i].actor);
        CHECK(gonet_error_is(d[i].err, gonet_err_canceled));
        expect_dial_error(&d[i], s.text, "operation was canceled");
    }
    gonet_context_free(ctx);
    silent_close(&s);
}

/* 28.61: the largest timeout is not a negative one. 6.7: what comes later does not matter. */
static void far_timeouts(actor_mode_t mode)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    gonet_listener_t *l = net_listen("tcp");
    char text[GONET_ADDR_STRLEN];
    dial_t d = {.dialer = {.timeout = INT64_MAX, .deadline = {INT64_MAX}}, .ctx = ctx};
    gonet_conn_t *b;

    REQUIRE(l != NULL);
    d.address = net_addr_text(gonet_listener_addr(l), text);
    actor_start(&d.actor, actor_helper(mode), run_dial, &d);
    b = gonet_listener_accept(l, NULL);
    actor_join(&d.actor);
    CHECK_ERROR(d.err, NULL);
    REQUIRE(d.c != NULL && b != NULL);
    gonet_context_cancel(ctx);
    CHECK_INT(gonet_conn_write(d.c, "f", 1, NULL), 1);
    expect_byte(b, 'f');
    gonet_context_free(ctx);
    gonet_listener_free(l);
    close_pair(d.c, b);
}

/* ---- to oneself ---- */

typedef struct {
    int calls;
    int first; /* so many attempts are given the port that they dial */
    int port;
} binder_t;

static void bind_to_port(void *arg, int fd)
{
    binder_t *m = arg;
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct linger at_once = {.l_onoff = 1}; /* leaves no trace of the connection */
    const int on = 1;

    sa.sin_port = htons((uint16_t)m->port);
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    CHECK_INT(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
}

static int bind_to_target(void *arg, const char *network, const char *address,
                          gonet_raw_conn_t *raw, gonet_error_t **err)
{
    binder_t *m = arg;

    (void)network;
    m->port = 0;
    CHECK_INT(sscanf(address, "127.0.0.1:%d", &m->port), 1);
    if (m->calls++ >= m->first)
        return 0;
    return gonet_raw_conn_control(raw, bind_to_port, m, err);
}

/* A port that nobody listens on. */
static void free_port(char *text)
{
    gonet_listener_t *l = net_listen("tcp");

    net_addr_text(gonet_listener_addr(l), text);
    gonet_listener_free(l);
}

/* 6.30: three attempts, and then what came is as good as any. */
static void dials_itself(actor_mode_t mode)
{
    binder_t m = {.first = INT_MAX};
    dial_t d = {.dialer = {.control = bind_to_target, .control_arg = &m}};
    char text[GONET_ADDR_STRLEN], local[GONET_ADDR_STRLEN];

    free_port(text);
    d.address = text;
    actor_start(&d.actor, actor_helper(mode), run_dial, &d);
    actor_join(&d.actor);
    CHECK_ERROR(d.err, NULL);
    REQUIRE(d.c != NULL);
    CHECK_INT(m.calls, 3);
    CHECK_TEXT(net_addr_text(gonet_conn_local_addr(d.c), local), text);
    CHECK_INT(gonet_conn_write(d.c, "me", 2, NULL), 2);
    expect_byte(d.c, 'm');
    expect_byte(d.c, 'e');
    gonet_conn_free(d.c);
}

/* 6.30: it met itself once; the next attempt finds that nobody is there. */
static void dials_itself_once(actor_mode_t mode)
{
    binder_t m = {.first = 1};
    dial_t d = {.dialer = {.control = bind_to_target, .control_arg = &m}};
    char text[GONET_ADDR_STRLEN];

    free_port(text);
    d.address = text;
    actor_start(&d.actor, actor_helper(mode), run_dial, &d);
    actor_join(&d.actor);
    CHECK_INT(m.calls, 2);
    expect_dial_error(&d, text, "connect: connection refused");
}

/* 6.30: no retry for who has asked for that very port. */
static void asked_to_dial_itself(actor_mode_t mode)
{
    gonet_addr_t local;
    binder_t m = {.first = 0};
    dial_t d = {.dialer = {.control = bind_to_target, .control_arg = &m, .local_addr = &local}};
    gonet_tcp_addr_t addr;
    char text[GONET_ADDR_STRLEN];

    free_port(text);
    d.address = text;
    CHECK_INT(gonet_resolve_tcp_addr("tcp", text, &addr, NULL), 0);
    local = gonet_tcp_addr_as_addr(&addr);
    actor_start(&d.actor, actor_helper(mode), run_dial, &d);
    actor_join(&d.actor);
    CHECK_ERROR(d.err, NULL);
    CHECK_INT(m.calls, 1);
    CHECK(d.c != NULL && gonet_tcp_conn_set_linger(gonet_conn_as_tcp(d.c), 0, NULL) == 0);
    gonet_conn_free(d.c);
}

/* 6.30: no local port to be had is tried again, and then told. */
static void no_local_port(actor_mode_t mode)
{
    gonet_listener_t *l = net_listen("tcp");
    binder_t m = {.first = 0};
    dial_t d = {.dialer = {.control = bind_to_target, .control_arg = &m}};
    char text[GONET_ADDR_STRLEN];

    (void)mode;
    REQUIRE(l != NULL);
    d.address = net_addr_text(gonet_listener_addr(l), text);
    gonet__sys_fail_at(GONET__SYS_CONNECT, 1, EADDRNOTAVAIL);
    run_dial(&d);
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    CHECK_ERROR(d.err, NULL);
    CHECK_INT(m.calls, 2);
    gonet_conn_free(d.c);
    gonet__sys_fail_at(GONET__SYS_CONNECT, 1, ECONNREFUSED);
    m.calls = 0;
    run_dial(&d);
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    CHECK_INT(m.calls, 1);
    expect_dial_error(&d, text, "connect: connection refused");
    gonet_listener_free(l);
}

/* ---- addresses ---- */

/* 7.6, 6.23: what the kernel makes of wildcards. */
static void wildcards(actor_mode_t mode)
{
    static const struct {
        const char *network, *host, *remote;
    } rows[] = {{"tcp", "", "127.0.0.1"},          {"tcp", "0.0.0.0", "127.0.0.1"},
                {"tcp", "[::]", "[::1]"},          {"tcp4", "", "127.0.0.1"},
                {"tcp4", "[::]", "127.0.0.1"},     {"tcp6", "", "[::1]"},
                {"tcp", "127.0.0.2", "127.0.0.2"}, {"tcp", "[::ffff:127.0.0.1]", "127.0.0.1"}};
    gonet_listener_t *l = gonet_listen("tcp", ":0", NULL);
    gonet_error_t *err = NULL;

    (void)mode;
    REQUIRE(l != NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char address[64], want[64], text[GONET_ADDR_STRLEN];
        gonet_conn_t *c;

        snprintf(address, sizeof(address), "%s:%d", rows[i].host, net_listener_port(l));
        snprintf(want, sizeof(want), "%s:%d", rows[i].remote, net_listener_port(l));
        c = gonet_dial(rows[i].network, address, &err);
        CHECK_ERROR(err, NULL);
        REQUIRE(c != NULL);
        CHECK_TEXT(net_addr_text(gonet_conn_remote_addr(c), text), want);
        gonet_conn_free(c);
        gonet_conn_free(gonet_listener_accept(l, NULL));
    }
    CHECK(gonet_dial("tcp", "127.0.0.1:0", &err) == NULL);
    CHECK_ERROR(err, "dial tcp 127.0.0.1:0: connect: connection refused");
    gonet_error_free(err);
    gonet_listener_free(l);
}

int main(void)
{
    static const tcp_test_t tests[] = {
        TCP_TEST(keep_alive),          TCP_TEST(options_later),        TCP_TEST(dial_timeouts),
        TCP_TEST(dials_are_cancelled), TCP_TEST(far_timeouts),         TCP_TEST(dials_itself),
        TCP_TEST(dials_itself_once),   TCP_TEST(asked_to_dial_itself), TCP_TEST(no_local_port),
        TCP_TEST(wildcards),
    };

    return tcp_run(tests, COUNT(tests));
}
