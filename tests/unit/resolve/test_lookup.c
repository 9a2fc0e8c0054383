/*
 * Lookups against a server of the test's own: from tasks and threads, shared, cancelled, late, over
 * connections of the user's, many at once, and at the end of the runtime.
 */
#include <arpa/inet.h>
#include <gonet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "lookups.h"
#include "name_server.h"
#include "resolve/lookup.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/child.h"
#include "support/leak.h"

static name_server_t *server;
static const char *server_text;
static gonet_resolver_t resolver;

static int setup(void **state)
{
    int status = leak_setup(state);

    server = name_server_start(&server_text);
    resolver = (gonet_resolver_t){.servers = server_text};
    return status;
}

static int teardown(void **state)
{
    name_server_stop(server);
    return leak_teardown(state);
}

static void everything(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_duration_t ttl = 0;
    size_t n = 0;
    GONET_AUTO_FREE gonet_ip_t *ips =
        gonet_resolver_lookup_ip_ttl(&resolver, NULL, "ip", "both.test", &n, &ttl, &err);

    (void)arg;
    CHECK_ERROR(err, NULL);
    CHECK(ips != NULL);
    CHECK_INT(n, 2);
    CHECK_INT(ttl, 30 * GONET_SECOND);
    GONET_AUTO_FREE const char **hosts =
        gonet_resolver_lookup_host(&resolver, NULL, "both.test", &n, &err);
    REQUIRE(hosts != NULL && n == 2 && hosts[2] == NULL);
    GONET_AUTO_FREE gonet_txt_t *txt =
        gonet_resolver_lookup_txt(&resolver, NULL, "both.test", &n, &err);
    REQUIRE(txt != NULL && n == 1);
    CHECK_TEXT(txt[0].text, "text");
    CHECK_INT(txt[0].len, 4);
    GONET_AUTO_FREE char *cname = gonet_resolver_lookup_cname(&resolver, NULL, "both.test", &err);
    REQUIRE(cname != NULL);
    CHECK_TEXT(cname, "both.test.");
    GONET_AUTO_FREE gonet_netip_addr_t *addrs =
        gonet_resolver_lookup_net_ip(&resolver, NULL, "ip4", "tc.test", &n, &err);
    REQUIRE(addrs != NULL && n == 1);
    CHECK_INT(addrs[0].bits, 32);
    CHECK(gonet_resolver_lookup_ip_addr(&resolver, NULL, "nx.test", &n, &err) == NULL);
    CHECK(err != NULL && gonet_error_as_dns(err)->is_not_found);
    CHECK(gonet_resolver_lookup_ip(&resolver, NULL, "tcp", "nx.test", &n, &err) == NULL);
    CHECK_ERROR(err, "unknown network tcp");
    GONET_AUTO_FREE gonet_ip_t *literal =
        gonet_resolver_lookup_ip_ttl(&resolver, NULL, "ip", "::", &n, &ttl, &err);
    CHECK(literal != NULL);
    CHECK_INT(n, 2);
    CHECK_INT(ttl, -1);
}

static void by_task(void **state)
{
    (void)state;
    actor_run_test(TASKS, everything, NULL);
}

static void by_thread(void **state)
{
    (void)state;
    actor_run_test(THREADS, everything, NULL);
}

/* Cancels a lookup when the server has seen its question. */
typedef struct {
    actor_t actor;
    gonet_context_t *ctx;
    int before; /* questions */
} canceller_t;

static void cancel_when_asked(void *arg)
{
    canceller_t *c = arg;

    AWAIT(name_server_count(server) > c->before);
    gonet_context_cancel(c->ctx);
}

static void start_canceller(canceller_t *c, gonet_context_t *ctx)
{
    c->ctx = ctx;
    c->before = name_server_count(server);
    actor_start(&c->actor, BY_TASK, cancel_when_asked, c);
}

/* All kinds, UDP and TCP, ended by a cancel, then by a deadline, before the resolver would give up.
 */
static void give_up(void *arg)
{
    static const char *const names[] = {"silent.test", "tcsilent.test"};

    (void)arg;
    for (int i = 0; i < 2 * 2 * LOOKUP_KINDS; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        bool cancel = i / LOOKUP_KINDS / 2 == 0;
        gonet_context_t *ctx = cancel ? gonet_context_with_cancel(NULL)
                                      : gonet_context_with_timeout(NULL, 30 * GONET_MILLISECOND);
        gonet_resolver_t tcp = resolver;
        canceller_t canceller;

        if (cancel)
            start_canceller(&canceller, ctx);
        CHECK_INT(look_up_kind(&tcp, ctx, i % LOOKUP_KINDS, names[i / LOOKUP_KINDS % 2], &err), 0);
        CHECK(err != NULL && gonet_error_is(err, cancel ? gonet_err_canceled
                                                        : gonet_err_context_deadline_exceeded));
        if (cancel)
            actor_join(&canceller.actor);
        gonet_context_free(ctx);
    }
}

static void given_up_by_task(void **state)
{
    (void)state;
    actor_run_test(TASKS, give_up, NULL);
}

static void given_up_by_thread(void **state)
{
    (void)state;
    actor_run_test(THREADS, give_up, NULL);
}

static _Atomic int found;

static void look_up_held(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    found += (int)look_up_kind(&resolver, arg, 0, "held.test", &err);
}

/*
 * Equal lookups ask once, those of tasks and those of threads; those that give up take nothing from
 * the others. The answer is held back until all have come, and some have gone: an attempt lasts 5
 * s, and on a slow machine there may be a second.
 */
static void share(void *arg)
{
    const gonet_duration_t attempt = 5 * GONET_SECOND;
    actor_t actors[40];
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    int before = name_server_count(server), asked;
    gonet_time_t start = gonet_now();

    (void)arg;
    found = 0;
    for (int i = 0; i < 40; i++)
        actor_start(&actors[i], i % 2 ? BY_TASK : BY_THREAD, look_up_held, i % 4 == 1 ? ctx : NULL);
    AWAIT(gonet__lookups_waiting() == 40);
    gonet_context_cancel(ctx);
    AWAIT(gonet__lookups_waiting() == 30);
    AWAIT(name_server_count(server) - before >= 2 * 2);
    name_server_release(server);
    for (int i = 0; i < 40; i++)
        actor_join(&actors[i]);
    gonet_context_free(ctx);
    asked = name_server_count(server) - before;
    CHECK_INT(found, 30 * 2);
    CHECK(asked >= 2 * 2 && asked <= 2 * 2 * (1 + gonet_since(start) / attempt));
}

static void shared(void **state)
{
    (void)state;
    actor_run_test(THREADS, share, NULL);
}

static _Atomic int dials;

static gonet_conn_t *dial(void *arg, gonet_context_t *ctx, const char *network, const char *address,
                          gonet_error_t **err)
{
    dials++;
    if (strcmp(arg, "fail") == 0) {
        gonet_error_set(err, gonet_error_new("no way"));
        return NULL;
    }
    CHECK(strcmp(network, "udp") == 0 || strcmp(network, "tcp") == 0);
    CHECK_TEXT(address, server_text);
    return gonet_dialer_dial_context(NULL, ctx, arg, address, err);
}

/* Over connections of the user's: streams, whatever the network that was asked for. */
static void dial_own(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_resolver_t r = {.servers = server_text, .dial = dial, .dial_arg = (void *)"tcp"};
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    canceller_t canceller;

    (void)arg;
    dials = 0;
    CHECK_INT(look_up_kind(&r, NULL, 0, "both.test", &err), 2);
    CHECK_INT(dials, 2);
    CHECK_INT(look_up_kind(&r, ctx, 2, "both.test", &err), 1);
    start_canceller(&canceller, ctx);
    CHECK_INT(look_up_kind(&r, ctx, 2, "silent.test", &err), 0);
    CHECK(gonet_error_is(err, gonet_err_canceled));
    actor_join(&canceller.actor);
    gonet_context_free(ctx);
    r.dial_arg = (void *)"fail";
    CHECK_INT(look_up_kind(&r, NULL, 2, "x.test", &err), 0);
    char want[128];
    snprintf(want, sizeof(want), "lookup x.test on %s: no way", server_text);
    CHECK_ERROR(err, want);
}

static void dialed(void **state)
{
    (void)state;
    actor_run_test(TASKS, dial_own, NULL);
    actor_run_test(THREADS, dial_own, NULL);
}

static gonet_chan_t *under_way; /* has room for AT_ONCE */

static void look_up_one(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char name[32];

    (void)gonet_chan_send(under_way, "");
    snprintf(name, sizeof(name), "n%d.test", *(int *)arg);
    if (look_up_kind(&resolver, NULL, 0, name, &err) == 2)
        found++;
    else
        check_fail(__FILE__, __LINE__, "%s", gonet_error_string(err));
    (void)gonet_chan_recv(under_way, (char[1]){0});
}

/* So many at once that the slowest machine has its answers before the resolver gives up. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define MANY    1000 /* ThreadSanitizer has room for some 8000 tasks */
#define AT_ONCE 50
#else
#define MANY    10000
#define AT_ONCE 500
#endif

static void ask_many(void *arg)
{
    static actor_t actors[MANY];
    static int numbers[MANY];

    (void)arg;
    found = 0;
    under_way = gonet_chan_new(1, AT_ONCE);
    REQUIRE(under_way != NULL);
    for (int i = 0; i < MANY; i++) {
        numbers[i] = i;
        actor_start(&actors[i], BY_TASK, look_up_one, &numbers[i]);
    }
    for (int i = 0; i < MANY; i++)
        actor_join(&actors[i]);
    gonet_chan_free(under_way);
    CHECK_INT(found, MANY);
}

static void many(void **state)
{
    (void)state;
    actor_run_test(THREADS, ask_many, NULL);
}

/* Questions that are given up by the hundred leave nothing behind. */
static void abandon_many(void *arg)
{
    int before = leak_open_descriptors();

    (void)arg;
    for (int i = 0; i < 300; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_context_t *ctx = gonet_context_with_timeout(NULL, GONET_MILLISECOND);

        CHECK_INT(look_up_kind(&resolver, ctx, i % 4, "silent.test", &err), 0);
        gonet_context_free(ctx);
    }
    AWAIT(gonet_num_task() <= 1);
    AWAIT(leak_open_descriptors() <= before + 16); /* the loops' own */
}

static void abandoned(void **state)
{
    (void)state;
    actor_run_test(THREADS, abandon_many, NULL);
}

/* UDP sockets of this process that lead to the server. */
static int sockets_to_server(void)
{
    struct sockaddr_in peer;
    char text[32];
    int n = 0;

    for (int fd = 3; fd < 1024; fd++) {
        socklen_t len = sizeof(peer), size = sizeof(int);
        int type = 0;

        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_DGRAM ||
            getpeername(fd, (void *)&peer, &len) != 0 || peer.sin_family != AF_INET)
            continue;
        snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(peer.sin_port));
        n += strcmp(text, server_text) == 0;
    }
    return n;
}

#if defined(__SANITIZE_THREAD__)
#define CHILD_ASKS false /* ThreadSanitizer allows no threads in a forked child */
#else
#define CHILD_ASKS true
#endif

static void wait_for_cancel(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    CHECK_INT(look_up_kind(&resolver, arg, 2, "silent.test", &err), 0);
    CHECK(gonet_error_is(err, gonet_err_canceled));
}

/* A forked child has none of the sockets by which the parent waits for answers, and makes its own.
 */
static void forked(void **state)
{
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    int before = name_server_count(server), status = 0;
    gonet_error_t *err = NULL;
    actor_t actors[2];
    pid_t pid;

    (void)state;
    for (int i = 0; i < 2; i++)
        actor_start(&actors[i], i % 2 ? BY_TASK : BY_THREAD, wait_for_cancel, ctx);
    while (name_server_count(server) < before + 2)
        check_pause();
    assert_int_equal(sockets_to_server(), 2);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (sockets_to_server() != 0)
            child_exit(1);
        child_exit(CHILD_ASKS && look_up_kind(&resolver, NULL, 0, "both.test", &err) != 2 ? 2 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(sockets_to_server(), 2);
    assert_int_equal(look_up_kind(&resolver, NULL, 0, "both.test", &err), 2);
    assert_null(err);
    gonet_context_cancel(ctx);
    for (int i = 0; i < 2; i++)
        actor_join(&actors[i]);
    gonet_context_free(ctx);
    assert_int_equal(sockets_to_server(), 0);
    check_report();
}

static void check_closed(const gonet_error_t *err)
{
    static const char end[] = "use of closed network connection";
    const char *text = gonet_error_string(err);

    if (strlen(text) < sizeof(end) || strcmp(text + strlen(text) + 1 - sizeof(end), end) != 0)
        CHECK_TEXT(text, end);
}

static void wait_for_ever(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    look_up_kind(&resolver, NULL, *(int *)arg, "silent.test", &err);
    check_closed(err);
    found++;
}

/* gonet_shutdown brings every lookup back. */
static void shut_down(void **state)
{
    static int kinds[] = {0, 1, 2, 3};

    (void)state;
    found = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(gonet_go(wait_for_ever, &kinds[i]), 0);
    while (name_server_count(server) < 5)
        check_pause();
    assert_int_equal(gonet_shutdown(-1), 0);
    assert_int_equal(found, 4);
    check_report();
}

static atomic_bool stubborn;

static void stay(void *arg)
{
    (void)arg;
    while (stubborn)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void *end_runtime(void *arg)
{
    *(int *)arg = gonet_shutdown(-1);
    return NULL;
}

static void nothing(void *arg)
{
    (void)arg;
}

/* A thread that asks while gonet_shutdown is under way needs nothing of what ends. */
static void meanwhile(void **state)
{
    gonet_error_t *err = NULL;
    pthread_t thread;
    int status = -1;

    (void)state;
    stubborn = true;
    assert_int_equal(gonet_go(stay, NULL), 0);
    assert_int_equal(pthread_create(&thread, NULL, end_runtime, &status), 0);
    while (gonet_go(nothing, NULL) == 0)
        check_pause();
    for (int kind = 0; kind < 4; kind++) {
        CHECK(look_up_kind(&resolver, NULL, kind, "both.test", &err) > 0);
        CHECK_ERROR(err, NULL);
    }
    stubborn = false;
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(status, 0);
    gonet_error_free(err);
    check_report();
}

/* With a cache an answer is asked for once, and grows older. */
static void keep(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_resolver_t r = {.servers = server_text, .cache = true};
    gonet_duration_t ttl = 0;
    int before = name_server_count(server);
    size_t n = 0;

    (void)arg;
    for (int i = 0; i < 5; i++)
        CHECK_INT(look_up_kind(&r, NULL, 0, "kept.test", &err), 2);
    CHECK_INT(name_server_count(server) - before, 2);
    gonet_free(gonet_resolver_lookup_ip_ttl(&r, NULL, "ip", "kept.test", &n, &ttl, &err));
    CHECK_INT(n, 2);
    CHECK(ttl > 0 && ttl <= 30 * GONET_SECOND);
    CHECK_INT(look_up_kind(&resolver, NULL, 0, "kept.test", &err), 2);
    CHECK_INT(name_server_count(server) - before, 4);
}

static void kept(void **state)
{
    (void)state;
    actor_run_test(TASKS, keep, NULL);
}

/* Whichever allocation fails, a lookup succeeds or says so, and nothing is lost. */
static void starve(void *arg)
{
    static const char *const names[] = {"both.test", "tc.test"};

    (void)arg;
    for (int kind = 0; kind < 4; kind++) {
        for (long n = 1; n < 60; n++) {
            GONET_AUTO(gonet_error_t) err = NULL;
            gonet_resolver_t r = resolver;
            size_t found_here;

            r.cache = n % 2 == 0;
            gonet__alloc_fail_at(n, 0);
            found_here = look_up_kind(&r, NULL, kind, names[n % 2], &err);
            gonet__alloc_fail_at(0, 0);
            CHECK(err != NULL ? found_here == 0 : found_here > 0);
        }
    }
}

static void starved(void **state)
{
    (void)state;
    actor_run_test(TASKS, starve, NULL);
    actor_run_test(THREADS, starve, NULL);
}

static void refuse(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_resolver_t r = {.servers = "127.0.0.1:1"};
    const gonet_dns_error_t *dns;

    (void)arg;
    CHECK_INT(look_up_kind(&r, NULL, 0, "x.test", &err), 0);
    dns = gonet_error_as_dns(err);
    REQUIRE(dns != NULL);
    CHECK(strstr(dns->err, "->127.0.0.1:1: read: connection refused") != NULL);
    CHECK(dns->is_temporary && !dns->is_timeout);
    r.servers = "localhost";
    CHECK_INT(look_up_kind(&r, NULL, 0, "x.test", &err), 0);
    CHECK_ERROR(err, "lookup x.test on localhost: the resolver's servers are not addresses");
}

static void refused(void **state)
{
    (void)state;
    actor_run_test(TASKS, refuse, NULL);
    actor_run_test(THREADS, refuse, NULL);
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(by_task),
        SERVED(by_thread),
        SERVED(given_up_by_task),
        SERVED(given_up_by_thread),
        SERVED(shared),
        SERVED(dialed),
        SERVED(many),
        SERVED(abandoned),
        SERVED(forked),
        SERVED(shut_down),
        SERVED(meanwhile),
        SERVED(refused),
        SERVED(kept),
        SERVED(starved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
