/*
 * Dialers and listen configurations over the loopback device: races, deadlines, contexts, control
 * functions, local addresses, Multipath TCP. An address that never answers is a listener whose
 * queue is full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "conn/tcp.h"
#include "dial/serial.h"
#include "gonet/dial.h"
#include "gonet/tcp.h"
#include "runtime/time/clock.h"
#include "socket/socket.h"
#include "support/actor.h"
#include "support/leak.h"

/* Something to dial: it answers, refuses or is silent. */
typedef struct {
    gonet_listener_t *l;
    int silent; /* a full listener, and what fills it */
    int filler[4];
    gonet_addr_t addr;
    char text[GONET_ADDR_STRLEN];
} target_t;

static void name_target(target_t *t, const gonet_addr_t *addr)
{
    t->addr = *addr;
    gonet_addr_string(addr, t->text, sizeof(t->text));
}

static void open_answering(target_t *t, const char *host)
{
    char address[64];

    memset(t, 0, sizeof(*t));
    t->silent = -1;
    snprintf(address, sizeof(address), "%s:0", host);
    t->l = gonet_listen("tcp", address, NULL);
    if (!CHECK(t->l != NULL))
        abort();
    name_target(t, gonet_listener_addr(t->l));
}

static void open_refusing(target_t *t, const char *host)
{
    open_answering(t, host);
    gonet_listener_free(t->l);
    t->l = NULL;
}

static void open_silent(target_t *t, const char *host)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);

    open_refusing(t, host);
    memset(&sa, 0, sizeof(sa));
    t->silent = socket(strchr(host, ':') != NULL ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (strchr(host, ':') != NULL) {
        struct sockaddr_in6 *sin = (struct sockaddr_in6 *)&sa;

        sin->sin6_family = AF_INET6;
        sin->sin6_addr = in6addr_loopback;
        len = sizeof(*sin);
    } else {
        struct sockaddr_in *sin = (struct sockaddr_in *)&sa;

        sin->sin_family = AF_INET;
        sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        len = sizeof(*sin);
    }
    CHECK_INT(bind(t->silent, (struct sockaddr *)&sa, len), 0);
    CHECK_INT(listen(t->silent, 0), 0);
    len = sizeof(sa);
    CHECK_INT(getsockname(t->silent, (struct sockaddr *)&sa, &len), 0);
    for (int i = 0; i < 4; i++) {
        t->filler[i] = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(t->filler[i], (struct sockaddr *)&sa, len);
    }
    t->addr.tcp.port = ntohs(((struct sockaddr_in *)&sa)->sin_port);
    gonet_addr_string(&t->addr, t->text, sizeof(t->text));
}

static void close_target(target_t *t)
{
    gonet_listener_free(t->l);
    if (t->silent >= 0) {
        close(t->silent);
        for (int i = 0; i < 4; i++)
            close(t->filler[i]);
    }
}

/* "dial tcp ADDRESS: after" */
static bool check_dial_error(gonet_error_t *err, const target_t *t, const char *after)
{
    char text[256];

    snprintf(text, sizeof(text), "dial tcp %s: %s", t->text, after);
    return CHECK_ERROR(err, text);
}

typedef struct {
    gonet_dialer_t dialer;
    gonet__dial_t dial;
} racing_t;

static void prepare(racing_t *r, gonet_duration_t delay, gonet_duration_t timeout)
{
    memset(r, 0, sizeof(*r));
    r->dialer.fallback_delay = delay;
    r->dial.dialer = &r->dialer;
    r->dial.network = "tcp";
    if (timeout > 0)
        r->dial.deadline = gonet__add_ns(gonet__now(), timeout);
}

static gonet_conn_t *race(racing_t *r, const target_t *first, const target_t *second,
                          gonet_error_t **err)
{
    gonet_addr_t addrs[2] = {first->addr, second->addr};
    const gonet__addr_list_t list = {addrs, 2};

    return gonet__dial_race(&r->dial, &list, err);
}

static void race_silent_primary(void *arg)
{
    target_t silent, good;
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    racing_t r;

    (void)arg;
    open_silent(&silent, "127.0.0.1");
    open_answering(&good, "[::1]");
    prepare(&r, 20 * GONET_MILLISECOND, 0);
    c = race(&r, &silent, &good, &err);
    CHECK(c != NULL);
    CHECK_ERROR(err, NULL);
    CHECK(c != NULL && gonet_conn_remote_addr(c)->tcp.port == good.addr.tcp.port);
    gonet_conn_free(c);
    close_target(&silent);
    close_target(&good);
}

static void race_refused_primary(void *arg)
{
    target_t refusing, good;
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    racing_t r;

    (void)arg;
    open_refusing(&refusing, "127.0.0.1");
    open_answering(&good, "[::1]");
    prepare(&r, GONET_HOUR, 0); /* which it does not wait */
    c = race(&r, &refusing, &good, &err);
    CHECK(c != NULL);
    gonet_conn_free(c);
    close_target(&refusing);
    close_target(&good);
}

static void race_both_refused(void *arg)
{
    target_t first, second;
    gonet_error_t *err = NULL;
    racing_t r;

    (void)arg;
    open_refusing(&first, "[::1]");
    open_refusing(&second, "127.0.0.1");
    prepare(&r, GONET_MILLISECOND, 0);
    CHECK(race(&r, &first, &second, &err) == NULL);
    check_dial_error(err, &first, "connect: connection refused");
    gonet_error_free(err);
    close_target(&first);
    close_target(&second);
}

/* The primary's error is told although the fallback's came first. */
static void race_timeout(void *arg)
{
    target_t silent, refusing;
    gonet_error_t *err = NULL;
    racing_t r;

    (void)arg;
    open_silent(&silent, "127.0.0.1");
    open_refusing(&refusing, "[::1]");
    prepare(&r, GONET_MILLISECOND, 50 * GONET_MILLISECOND);
    CHECK(race(&r, &silent, &refusing, &err) == NULL);
    check_dial_error(err, &silent, "i/o timeout");
    gonet_error_free(err);
    close_target(&silent);
    close_target(&refusing);
}

/* Loses, and must have ended when the dial returns: its control function uses what is gone then. */
static void race_loser_ends(void *arg)
{
    target_t silent, good;
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    racing_t r;

    (void)arg;
    open_silent(&silent, "127.0.0.1");
    open_answering(&good, "[::1]");
    prepare(&r, GONET_MILLISECOND, 0);
    c = race(&r, &silent, &good, &err);
    memset(&r, 0xff, sizeof(r));
    CHECK(c != NULL);
    AWAIT(gonet_num_task() <= 1); /* its function has returned; its worker takes it back */
    gonet_conn_free(c);
    close_target(&silent);
    close_target(&good);
}

static void serial(void *arg)
{
    target_t refusing, good;
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    gonet_addr_t *addrs = calloc(1000, sizeof(*addrs));
    racing_t r;

    (void)arg;
    open_refusing(&refusing, "127.0.0.1");
    open_answering(&good, "127.0.0.1");
    prepare(&r, -1, GONET_HOUR);
    for (int i = 0; i < 1000; i++)
        addrs[i] = i < 10 ? refusing.addr : good.addr;
    c = gonet__dial_serial(&r.dial, addrs, 1000, &err);
    CHECK(c != NULL);
    gonet_conn_free(c);
    CHECK(gonet__dial_serial(&r.dial, addrs, 10, &err) == NULL);
    check_dial_error(err, &refusing, "connect: connection refused");
    gonet_error_set(&err, NULL);
    CHECK(gonet__dial_serial(&r.dial, addrs, 0, &err) == NULL);
    CHECK_ERROR(err, "dial tcp: missing address");
    gonet_error_free(err);
    free(addrs);
    close_target(&refusing);
    close_target(&good);
}

static void timeouts(void *arg)
{
    gonet_dialer_t d = {.timeout = 30 * GONET_MILLISECOND};
    gonet_error_t *err = NULL;
    target_t silent, good;

    (void)arg;
    open_silent(&silent, "127.0.0.1");
    open_answering(&good, "127.0.0.1");
    CHECK(gonet_dialer_dial(&d, "tcp", silent.text, &err) == NULL);
    check_dial_error(err, &silent, "i/o timeout");
    CHECK(gonet_error_timeout(err));
    CHECK(gonet_error_is(err, gonet_err_context_deadline_exceeded));
    CHECK(!gonet_error_is(err, gonet_err_deadline_exceeded));
    d = (gonet_dialer_t){.deadline = gonet_after(20 * GONET_MILLISECOND)};
    CHECK(gonet_dialer_dial(&d, "tcp", silent.text, &err) == NULL);
    check_dial_error(err, &silent, "i/o timeout");
    d = (gonet_dialer_t){.deadline = {INT64_MIN}};
    CHECK(gonet_dialer_dial(&d, "tcp", good.text, &err) == NULL);
    check_dial_error(err, &good, "i/o timeout");
    CHECK(gonet_dial_timeout("tcp", good.text, INT64_MIN, &err) == NULL);
    check_dial_error(err, &good, "i/o timeout");
    gonet_conn_free(gonet_dial_timeout("tcp", good.text, INT64_MAX, &err));
    CHECK_ERROR(err, NULL);
    close_target(&silent);
    close_target(&good);
}

static void cancel_soon(void *arg)
{
    gonet_sleep(20 * GONET_MILLISECOND);
    gonet_context_cancel(arg);
}

static void contexts(void *arg)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    gonet_error_t *err = NULL;
    actor_t canceller;
    target_t silent, good;
    gonet_conn_t *c;
    char byte = 'x';

    (void)arg;
    open_silent(&silent, "127.0.0.1");
    open_answering(&good, "127.0.0.1");
    c = gonet_dialer_dial_context(NULL, ctx, "tcp", good.text, &err);
    actor_start(&canceller, BY_TASK, cancel_soon, ctx);
    CHECK(gonet_dialer_dial_context(NULL, ctx, "tcp", silent.text, &err) == NULL);
    check_dial_error(err, &silent, "operation was canceled");
    CHECK(gonet_error_is(err, gonet_err_canceled));
    CHECK(!gonet_error_timeout(err));
    actor_join(&canceller);
    CHECK_INT(gonet_conn_write(c, &byte, 1, &err), 1); /* an established one is not concerned */
    gonet_conn_free(c);
    gonet_context_free(ctx);
    ctx = gonet_context_with_timeout(NULL, 20 * GONET_MILLISECOND);
    CHECK(gonet_dialer_dial_context(NULL, ctx, "tcp", silent.text, &err) == NULL);
    check_dial_error(err, &silent, "i/o timeout");
    CHECK(gonet_dialer_dial_context(NULL, ctx, "tcp", "localhost:1", &err) == NULL);
    CHECK_ERROR(err, "dial tcp: lookup localhost: i/o timeout");
    gonet_context_free(ctx);
    gonet_error_free(err);
    close_target(&silent);
    close_target(&good);
}

static void close_soon(void *arg)
{
    gonet_sleep(20 * GONET_MILLISECOND);
    gonet_chan_close(arg);
}

static void cancel_channel(void *arg)
{
    gonet_dialer_t d = {.cancel = gonet_chan_new(0, 0)};
    gonet_error_t *err = NULL;
    actor_t closer;
    target_t silent, good;

    (void)arg;
    open_silent(&silent, "127.0.0.1");
    open_answering(&good, "127.0.0.1");
    gonet_conn_free(gonet_dialer_dial(&d, "tcp", good.text, &err));
    CHECK_ERROR(err, NULL);
    actor_start(&closer, BY_TASK, close_soon, d.cancel);
    CHECK(gonet_dialer_dial(&d, "tcp", silent.text, &err) == NULL);
    check_dial_error(err, &silent, "operation was canceled");
    actor_join(&closer);
    CHECK(gonet_dialer_dial(&d, "tcp", good.text, &err) == NULL);
    check_dial_error(err, &good, "operation was canceled");
    gonet_chan_free(d.cancel);
    gonet_error_free(err);
    close_target(&silent);
    close_target(&good);
}

typedef struct {
    int calls;
    char network[16], address[64];
    int fd;
    bool fail;
    char wait_error[128];
} control_t;

static void see_fd(void *arg, int fd)
{
    ((control_t *)arg)->fd = fd;
}

static bool never_done(void *arg, int fd)
{
    (void)arg;
    (void)fd;
    return false;
}

static int control(void *arg, const char *network, const char *address, gonet_raw_conn_t *raw,
                   gonet_error_t **err)
{
    control_t *c = arg;
    gonet_error_t *e = NULL;

    c->calls++;
    snprintf(c->network, sizeof(c->network), "%s", network);
    snprintf(c->address, sizeof(c->address), "%s", address);
    CHECK_INT(gonet_raw_conn_control(raw, see_fd, c, NULL), 0);
    CHECK_INT(gonet_raw_conn_read(raw, never_done, NULL, &e), -1);
    snprintf(c->wait_error, sizeof(c->wait_error), "%s", gonet_error_string(e));
    gonet_error_free(e);
    if (!c->fail)
        return 0;
    gonet_error_set(err, gonet_error_new("ctl fail"));
    return -1;
}

static int control_context(void *arg, gonet_context_t *ctx, const char *network,
                           const char *address, gonet_raw_conn_t *raw, gonet_error_t **err)
{
    CHECK(ctx == NULL);
    return control(arg, network, address, raw, err);
}

static void controls(void *arg)
{
    control_t c = {.fd = -1}, with_context = {.fd = -1};
    gonet_dialer_t d = {.control = control, .control_arg = &c};
    gonet_listen_config_t lc = {.control = control, .control_arg = &c};
    gonet_error_t *err = NULL;
    gonet_listener_t *l;
    target_t good;

    (void)arg;
    open_answering(&good, "127.0.0.1");
    gonet_conn_free(gonet_dialer_dial(&d, "tcp", good.text, &err));
    CHECK_INT(c.calls, 1);
    CHECK_TEXT(c.network, "tcp4");
    CHECK_TEXT(c.address, good.text);
    CHECK(c.fd >= 0);
    CHECK_TEXT(c.wait_error, "raw-read tcp: waiting for unsupported file type");
    c.fail = true;
    CHECK(gonet_dialer_dial(&d, "tcp", good.text, &err) == NULL);
    check_dial_error(err, &good, "ctl fail");
    d.control_context = control_context;
    d.control_context_arg = &with_context;
    gonet_conn_free(gonet_dialer_dial(&d, "tcp", good.text, &err));
    CHECK_ERROR(err, NULL);
    CHECK_INT(with_context.calls, 1);
    CHECK_INT(c.calls, 2);
    c = (control_t){.fd = -1};
    l = gonet_listen_config_listen(&lc, NULL, "tcp", "[::]:0", &err);
    CHECK(l != NULL);
    CHECK_TEXT(c.network, "tcp6");
    CHECK_TEXT(c.address, "0.0.0.0:0");
    gonet_listener_free(l);
    c = (control_t){.fail = true};
    CHECK(gonet_listen_config_listen(&lc, NULL, "tcp", "127.0.0.1:0", &err) == NULL);
    CHECK_ERROR(err, "listen tcp 127.0.0.1:0: ctl fail");
    CHECK_INT(c.calls, gonet__mptcp_available() ? 2 : 1);
    gonet_error_free(err);
    close_target(&good);
}

static void local_addresses(void *arg)
{
    gonet_addr_t local = {.kind = GONET_ADDR_TCP};
    gonet_dialer_t d = {.local_addr = &local};
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    target_t good;

    (void)arg;
    open_answering(&good, "127.0.0.1");
    gonet_conn_free(gonet_dialer_dial(&d, "tcp4", good.text, &err));
    CHECK_ERROR(err, NULL);
    local.tcp.ip = gonet_parse_ip("127.0.0.2");
    c = gonet_dialer_dial(&d, "tcp", good.text, &err);
    CHECK_ERROR(err, NULL);
    CHECK(c != NULL && gonet_conn_local_addr(c)->tcp.ip.b[3] == 2);
    gonet_conn_free(c);
    local.tcp.ip = gonet_ipv6_unspecified;
    gonet_conn_free(gonet_dialer_dial(&d, "tcp", good.text, &err));
    CHECK_ERROR(err, NULL);
    local.kind = GONET_ADDR_NONE;
    gonet_conn_free(gonet_dialer_dial(&d, "tcp", good.text, &err));
    CHECK_ERROR(err, NULL);
    close_target(&good);
}

static void wildcards(void *arg)
{
    gonet_error_t *err = NULL;
    gonet_listener_t *l = gonet_listen("tcp", ":0", &err);
    char text[GONET_ADDR_STRLEN], address[16];
    gonet_conn_t *c;

    (void)arg;
    REQUIRE(l != NULL);
    gonet_addr_string(gonet_listener_addr(l), text, sizeof(text));
    CHECK(strncmp(text, "[::]:", 5) == 0);
    snprintf(address, sizeof(address), ":%d", gonet_listener_addr(l)->tcp.port);
    c = gonet_dial("tcp", address, &err);
    CHECK_ERROR(err, NULL);
    gonet_addr_string(gonet_conn_remote_addr(c), text, sizeof(text));
    CHECK(strncmp(text, "127.0.0.1:", 10) == 0);
    gonet_conn_free(c);
    snprintf(address, sizeof(address), "[::]:%d", gonet_listener_addr(l)->tcp.port);
    c = gonet_dial("tcp", address, &err);
    CHECK(c != NULL);
    gonet_conn_free(c);
    CHECK(gonet_listen("tcp", address, &err) == NULL);
    snprintf(text, sizeof(text), "listen tcp 0.0.0.0:%d: bind: address already in use",
             gonet_listener_addr(l)->tcp.port);
    CHECK_ERROR(err, text);
    gonet_error_free(err);
    gonet_listener_free(l);
}

static void mptcp(void *arg)
{
    gonet_dialer_t d = {.mptcp = 0};
    gonet_error_t *err = NULL;
    gonet_conn_t *a, *b;
    target_t good;

    (void)arg;
    CHECK(!gonet_dialer_multipath_tcp(&d));
    CHECK(gonet_listen_config_multipath_tcp(NULL));
    gonet_dialer_set_multipath_tcp(&d, true);
    CHECK(gonet_dialer_multipath_tcp(&d));
    open_answering(&good, "127.0.0.1");
    a = gonet_dialer_dial(&d, "tcp", good.text, &err);
    b = gonet_listener_accept(good.l, &err);
    CHECK(a != NULL && b != NULL);
    CHECK_INT(gonet_tcp_conn_multipath_tcp(gonet_conn_as_tcp(a), NULL), gonet__mptcp_available());
    CHECK_INT(gonet_tcp_conn_multipath_tcp(gonet_conn_as_tcp(b), NULL), gonet__mptcp_available());
    gonet_conn_close(a, NULL);
    CHECK_INT(gonet_tcp_conn_multipath_tcp(gonet_conn_as_tcp(a), &err), gonet__mptcp_available());
    CHECK_ERROR(err, NULL);
    gonet_conn_free(a);
    gonet_conn_free(b);
    close_target(&good);
}

/* One dial with everything that a race needs; every allocation is made to fail in turn. */
static void races_without_memory(void *arg)
{
    target_t refusing, good;
    long n;

    (void)arg;
    open_refusing(&refusing, "127.0.0.1");
    open_answering(&good, "[::1]");
    for (n = 1; n < 1000; n++) {
        gonet_error_t *err = NULL;
        gonet_conn_t *c;
        racing_t r;
        bool failed;

        prepare(&r, GONET_MILLISECOND, 0);
        gonet__alloc_fail_at(n, 0);
        c = race(&r, &refusing, &good, &err);
        failed = gonet__alloc_failed() != 0;
        gonet__alloc_fail_at(0, 0);
        CHECK((c == NULL) == (err != NULL));
        gonet_conn_free(c);
        gonet_error_free(err);
        if (!failed)
            break;
    }
    CHECK(n > 3 && n < 1000);
    close_target(&refusing);
    close_target(&good);
}

#define EVERYWHERE(name)                                         \
    static void test_##name(void **state)                        \
    {                                                            \
        (void)state;                                             \
        for (actor_mode_t mode = TASKS; mode <= THREADS; mode++) \
            actor_run_test(mode, name, NULL);                    \
    }

EVERYWHERE(race_silent_primary)
EVERYWHERE(race_refused_primary)
EVERYWHERE(race_both_refused)
EVERYWHERE(race_timeout)
EVERYWHERE(race_loser_ends)
EVERYWHERE(serial)
EVERYWHERE(timeouts)
EVERYWHERE(contexts)
EVERYWHERE(cancel_channel)
EVERYWHERE(controls)
EVERYWHERE(local_addresses)
EVERYWHERE(wildcards)
EVERYWHERE(mptcp)
EVERYWHERE(races_without_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_race_silent_primary),
        LEAK_TEST(test_race_refused_primary),
        LEAK_TEST(test_race_both_refused),
        LEAK_TEST(test_race_timeout),
        LEAK_TEST(test_race_loser_ends),
        LEAK_TEST(test_serial),
        LEAK_TEST(test_timeouts),
        LEAK_TEST(test_contexts),
        LEAK_TEST(test_cancel_channel),
        LEAK_TEST(test_controls),
        LEAK_TEST(test_local_addresses),
        LEAK_TEST(test_wildcards),
        LEAK_TEST(test_mptcp),
        LEAK_TEST(test_races_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
