/*
 * Dials that let the addresses of both families take turns (RFC 8305): the order, the pace, who
 * wins, what is left of the losers. Addresses are targets on the loopback device: they answer,
 * refuse, or are silent because their queue is full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dial/serial.h"
#include "gonet/dial.h"
#include "gonet/hostport.h"
#include "gonet/tcp.h"
#include "runtime/time/clock.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"
#include "unit/dial/queue.h"

#define MAX_ADDRS 64

typedef enum { ANSWERS, REFUSES, SILENT } manner_t;

typedef struct {
    gonet_listener_t *l; /* NULL: refuses */
    gonet_conn_t *filler[2];
    gonet_addr_t addr;
} target_t;

static void open_target(target_t *t, const char *address, manner_t manner)
{
    const gonet_listen_config_t lc = {.backlog = manner == SILENT ? 1 : 0, .mptcp = 2};
    char text[GONET_ADDR_STRLEN];

    memset(t, 0, sizeof(*t));
    t->l = gonet_listen_config_listen(&lc, NULL, "tcp", address, NULL);
    REQUIRE(t->l != NULL);
    t->addr = *gonet_listener_addr(t->l);
    for (int i = 0; i < 2 && manner == SILENT; i++) {
        t->filler[i] = gonet_dial("tcp", net_addr_text(&t->addr, text), NULL);
        CHECK(t->filler[i] != NULL);
    }
    if (manner == SILENT)
        AWAIT(queue_of(t->l).waiting == 2);
    if (manner == REFUSES) {
        gonet_listener_free(t->l);
        t->l = NULL;
    }
}

static void close_target(target_t *t)
{
    gonet_listener_free(t->l);
    for (int i = 0; i < 2; i++)
        gonet_conn_free(t->filler[i]);
}

/* A dial of a list, and the ports in the order in which its control function saw them. */
typedef struct {
    gonet_dialer_t dialer;
    gonet__dial_t dial;
    gonet_mutex_t lock;
    int seen[MAX_ADDRS];
    int n;
} dialing_t;

static int note(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                gonet_error_t **err)
{
    dialing_t *d = arg;
    char host[64], port[16];

    (void)network, (void)c;
    if (gonet_split_host_port(address, host, sizeof(host), port, sizeof(port), err) != 0)
        return -1;
    gonet_mutex_lock(&d->lock);
    if (d->n < MAX_ADDRS)
        (void)sscanf(port, "%d", &d->seen[d->n++]);
    gonet_mutex_unlock(&d->lock);
    return 0;
}

static void prepare(dialing_t *d, gonet_duration_t delay, gonet_duration_t timeout)
{
    memset(d, 0, sizeof(*d));
    d->dialer = (gonet_dialer_t){
        .interleave = true, .fallback_delay = delay, .control = note, .control_arg = d};
    d->dial.dialer = &d->dialer;
    d->dial.network = "tcp";
    if (timeout > 0)
        d->dial.deadline = gonet__add_ns(gonet__now(), timeout);
}

static gonet_conn_t *dial(dialing_t *d, const target_t *const *targets, size_t n,
                          gonet_error_t **err)
{
    gonet_addr_t addrs[MAX_ADDRS];
    const gonet__addr_list_t list = {addrs, n};

    for (size_t i = 0; i < n; i++)
        addrs[i] = targets[i]->addr;
    return gonet__dial_race(&d->dial, &list, err);
}

/* "dial tcp ADDRESS: after", and releases the error. */
static void check_error_of(gonet_error_t **err, const target_t *t, const char *after)
{
    char text[256], addr[GONET_ADDR_STRLEN];

    snprintf(text, sizeof(text), "dial tcp %s: %s", net_addr_text(&t->addr, addr), after);
    CHECK_ERROR(*err, text);
    gonet_error_set(err, NULL);
}

static void connected_to(const gonet_conn_t *c, const target_t *t)
{
    if (CHECK(c != NULL))
        CHECK_INT(gonet_conn_remote_addr((gonet_conn_t *)(uintptr_t)c)->tcp.port, t->addr.tcp.port);
}

/* The families take turns, beginning with the first address's; whoever is left follows. A failure
 * starts the next one at once, and the first one's is told. */
static void order(void *arg)
{
    static const struct {
        const char *families, *want;
    } rows[] = {{"6664", "0312"}, {"4666", "0123"}, {"644466", "014253"}, {"444", "012"},
                {"66", "01"},     {"46", "01"},     {"464646", "012345"}, {"446644", "021345"}};
    gonet_error_t *err = NULL;
    dialing_t d;

    (void)arg;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = strlen(rows[i].families);
        const target_t *targets[8];
        target_t t[8];

        for (size_t j = 0; j < n; j++) {
            open_target(&t[j], rows[i].families[j] == '6' ? "[::1]:0" : "127.0.0.1:0", REFUSES);
            targets[j] = &t[j];
        }
        prepare(&d, GONET_HOUR, 0); /* which it does not wait */
        CHECK(dial(&d, targets, n, &err) == NULL);
        check_error_of(&err, &t[0], "connect: connection refused");
        CHECK_INT(d.n, n);
        for (size_t j = 0; j < n; j++)
            CHECK_INT(d.seen[j], t[rows[i].want[j] - '0'].addr.tcp.port);
        for (size_t j = 0; j < n; j++)
            close_target(&t[j]);
    }
}

/* Attempts don't wait for those before them to end. */
static void silent_ones(void *arg)
{
    target_t silent[2], good;
    const target_t *list[] = {&silent[0], &silent[1], &silent[0], &good};
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    dialing_t d;

    (void)arg;
    open_target(&silent[0], "127.0.0.1:0", SILENT);
    open_target(&silent[1], "127.0.0.1:0", SILENT);
    open_target(&good, "127.0.0.1:0", ANSWERS);
    prepare(&d, GONET_MILLISECOND, 0);
    c = dial(&d, list, 4, &err);
    CHECK_ERROR(err, NULL);
    connected_to(c, &good);
    gonet_conn_free(c);
    for (int i = 0; i < 2; i++)
        close_target(&silent[i]);
    close_target(&good);
}

/* Nobody starts before its time: neither the second one here, nor any after a success. */
static void pace(void *arg)
{
    target_t silent, good;
    const target_t *waits[] = {&silent, &good}, *wins[] = {&good, &silent};
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    dialing_t d;

    (void)arg;
    open_target(&silent, "127.0.0.1:0", SILENT);
    open_target(&good, "[::1]:0", ANSWERS);
    prepare(&d, GONET_HOUR, 50 * GONET_MILLISECOND);
    CHECK(dial(&d, waits, 2, &err) == NULL);
    check_error_of(&err, &silent, "i/o timeout");
    prepare(&d, GONET_HOUR, 0);
    c = dial(&d, wins, 2, &err);
    CHECK_ERROR(err, NULL);
    connected_to(c, &good);
    CHECK_INT(d.n, 1);
    gonet_conn_free(c);
    close_target(&silent);
    close_target(&good);
}

/* A failure while another attempt hangs starts the next one, too. */
static void failure_among_silent(void *arg)
{
    target_t silent, refusing, good;
    const target_t *list[] = {&silent, &refusing, &good};
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    dialing_t d;

    (void)arg;
    open_target(&silent, "127.0.0.1:0", SILENT);
    open_target(&refusing, "[::1]:0", REFUSES);
    open_target(&good, "127.0.0.1:0", ANSWERS);
    prepare(&d, 20 * GONET_MILLISECOND, 0);
    c = dial(&d, list, 3, &err);
    CHECK_ERROR(err, NULL);
    connected_to(c, &good);
    gonet_conn_free(c);
    close_target(&silent);
    close_target(&refusing);
    close_target(&good);
}

/* The losers have ended when the dial returns: what their control function uses is gone then. */
static void losers(void *arg)
{
    target_t silent, good;
    const target_t *list[MAX_ADDRS];
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    dialing_t d;

    (void)arg;
    open_target(&silent, "127.0.0.1:0", SILENT);
    open_target(&good, "[::1]:0", ANSWERS);
    for (int i = 0; i < MAX_ADDRS; i++)
        list[i] = &silent;
    list[MAX_ADDRS - 1] = &good;
    prepare(&d, 1, 0);
    c = dial(&d, list, MAX_ADDRS, &err);
    memset(&d, 0xff, sizeof(d));
    CHECK_ERROR(err, NULL);
    connected_to(c, &good);
    AWAIT(gonet_num_task() <= 1); /* its function has returned; its worker takes it back */
    gonet_conn_free(c);
    close_target(&silent);
    close_target(&good);
}

static void cancel(void *arg)
{
    gonet_context_cancel(arg);
}

static void context(void *arg)
{
    target_t silent;
    const target_t *list[] = {&silent, &silent, &silent};
    gonet_error_t *err = NULL;
    actor_t canceller;
    dialing_t d;

    (void)arg;
    open_target(&silent, "127.0.0.1:0", SILENT);
    prepare(&d, GONET_MILLISECOND, 0);
    d.dial.ctx = gonet_context_with_cancel(NULL);
    actor_start(&canceller, BY_THREAD, cancel, d.dial.ctx);
    CHECK(dial(&d, list, 3, &err) == NULL);
    check_error_of(&err, &silent, "operation was canceled");
    actor_join(&canceller);
    gonet_context_free(d.dial.ctx);
    close_target(&silent);
}

/* Two targets at one port: a silent one over IPv6, one that answers over IPv4. */
static bool open_twins(target_t *silent, target_t *good)
{
    char address[32];

    for (int i = 0; i < 20; i++) {
        open_target(silent, "[::1]:0", SILENT);
        snprintf(address, sizeof(address), "127.0.0.1:%d", silent->addr.tcp.port);
        memset(good, 0, sizeof(*good));
        good->l = gonet_listen("tcp", address, NULL);
        if (good->l != NULL)
            return true;
        close_target(silent); /* somebody else has that port */
    }
    return CHECK(!"no port for both");
}

/* By name: the wildcard stands for both families' addresses. A negative delay means no race. */
static void by_name(void *arg)
{
    target_t silent, good;
    gonet_error_t *err = NULL;
    char address[32];
    gonet_conn_t *c;
    dialing_t d;

    (void)arg;
    REQUIRE(open_twins(&silent, &good));
    snprintf(address, sizeof(address), "[::]:%d", silent.addr.tcp.port);
    prepare(&d, GONET_MILLISECOND, 0);
    c = gonet_dialer_dial(&d.dialer, "tcp", address, &err);
    CHECK_ERROR(err, NULL);
    CHECK(c != NULL && gonet_conn_remote_addr(c)->tcp.ip.len == 4);
    gonet_conn_free(c);
    prepare(&d, -1, 0);
    d.dialer.timeout = 50 * GONET_MILLISECOND;
    CHECK(gonet_dialer_dial(&d.dialer, "tcp", address, &err) == NULL);
    CHECK(gonet_error_timeout(err));
    gonet_error_free(err);
    close_target(&silent);
    close_target(&good);
}

/* Lays another /etc/hosts over this process's; false: it may not. */
static bool lay_hosts(const char *text)
{
    char name[] = "/tmp/gonet-hosts-XXXXXX";
    int fd = mkstemp(name);
    bool laid;

    CHILD_CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    laid = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(name, "/etc/hosts", NULL, MS_BIND, NULL) == 0;
    unlink(name);
    return laid;
}

#define MAY_NOT 77

/* A name with two addresses of one family, the first silent: "tcp4" has no race, but turns. */
static int run_one_family(void)
{
    gonet_dialer_t d = {.interleave = true, .fallback_delay = GONET_MILLISECOND};
    gonet_error_t *err = NULL;
    target_t silent, good;
    gonet_listener_t *l = NULL;
    char address[64];
    gonet_conn_t *c;

    if (!lay_hosts("127.0.0.1 gonet-twins\n127.0.0.2 gonet-twins\n"))
        return MAY_NOT;
    for (int i = 0; i < 20 && l == NULL; i++) {
        open_target(&silent, "127.0.0.1:0", SILENT);
        snprintf(address, sizeof(address), "127.0.0.2:%d", silent.addr.tcp.port);
        l = gonet_listen("tcp", address, NULL);
        if (l == NULL)
            close_target(&silent);
    }
    CHILD_CHECK(l != NULL && !check_failed());
    snprintf(address, sizeof(address), "gonet-twins:%d", silent.addr.tcp.port);
    c = gonet_dialer_dial(&d, "tcp4", address, &err);
    CHILD_CHECK(c != NULL && gonet_conn_remote_addr(c)->tcp.ip.b[3] == 2);
    good = (target_t){.l = l};
    gonet_conn_free(c);
    close_target(&silent);
    close_target(&good);
    return gonet_shutdown(-1);
}

static void test_one_family(void **state)
{
    child_result_t result;

    (void)state;
    child_run("one family", NULL, &result);
    if (WIFEXITED(result.status) && WEXITSTATUS(result.status) == MAY_NOT) {
        print_message("left out: no mounts here\n");
        skip();
    }
    if (result.status != 0)
        fail_msg("status %#x: %s", (unsigned)result.status, result.output);
}

/* Every allocation is made to fail in turn. */
static void without_memory(void *arg)
{
    target_t refusing, good;
    const target_t *list[] = {&refusing, &refusing, &good};
    long n;

    (void)arg;
    open_target(&refusing, "127.0.0.1:0", REFUSES);
    open_target(&good, "[::1]:0", ANSWERS);
    for (n = 1; n < 1000; n++) {
        gonet_error_t *err = NULL;
        gonet_conn_t *c;
        dialing_t d;
        bool failed;

        prepare(&d, GONET_MILLISECOND, 0);
        gonet__alloc_fail_at(n, 0);
        c = dial(&d, list, 3, &err);
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
        if (!net_has("tcp6"))                                    \
            skip();                                              \
        for (actor_mode_t mode = TASKS; mode <= THREADS; mode++) \
            actor_run_test(mode, name, NULL);                    \
    }

EVERYWHERE(order)
EVERYWHERE(silent_ones)
EVERYWHERE(pace)
EVERYWHERE(failure_among_silent)
EVERYWHERE(losers)
EVERYWHERE(context)
EVERYWHERE(by_name)
EVERYWHERE(without_memory)

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"one family", run_one_family}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_order),          LEAK_TEST(test_silent_ones),
        LEAK_TEST(test_pace),           LEAK_TEST(test_failure_among_silent),
        LEAK_TEST(test_losers),         LEAK_TEST(test_context),
        LEAK_TEST(test_by_name),        LEAK_TEST(test_one_family),
        LEAK_TEST(test_without_memory),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests_name("interleaved dials", tests, NULL, NULL);
}
