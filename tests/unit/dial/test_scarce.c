/*
 * Where there are no descriptors: lookups, dials and listening, by name or not, say so inside the
 * error that they would make anyway, whether the runtime had been started or not.
 */
#include <gonet.h>
#include <sys/resource.h>

#include "support/actor.h"
#include "support/check.h"
#include "support/leak.h"

#define SERVER "127.0.0.1:5300"
#define LOOKUP "lookup x.test on " SERVER ": dial udp " SERVER ": socket: too many open files"

static const char *const words[] = {
    LOOKUP,
    LOOKUP,
    LOOKUP,
    LOOKUP,
    LOOKUP,
    "lookup 7.2.0.192.in-addr.arpa. on " SERVER ": dial udp " SERVER
    ": socket: too many open files",
    "dial tcp: " LOOKUP,
    "listen tcp: " LOOKUP,
    "listen udp: " LOOKUP,
    LOOKUP,
    "dial tcp 127.0.0.1:1: socket: too many open files",
    "dial tcp [::]:1: socket: too many open files",
    "listen tcp 127.0.0.1:0: socket: too many open files",
    "dial tcp 127.0.0.1:1: socket: too many open files",
};

enum { KINDS = sizeof(words) / sizeof(*words) };

static gonet_conn_t *dial_cancellable(gonet_error_t **err)
{
    gonet_dialer_t d = {.cancel = gonet_chan_new(0, 0)};
    gonet_conn_t *c = gonet_dialer_dial(&d, "tcp", "127.0.0.1:1", err);

    gonet_chan_free(d.cancel);
    return c;
}

/* One call; NULL: it has failed. */
static void *call(int kind, gonet_error_t **err)
{
    const gonet_resolver_t *r = gonet_default_resolver;
    static gonet_tcp_addr_t addr;
    size_t n;

    switch (kind) {
    case 0:
        return (void *)gonet_lookup_host("x.test", &n, err);
    case 1:
        return gonet_lookup_ip("x.test", &n, err);
    case 2:
        return gonet_resolver_lookup_ip_addr(r, NULL, "x.test", &n, err);
    case 3:
        return gonet_lookup_txt("x.test", &n, err);
    case 4:
        return gonet_lookup_cname("x.test", err);
    case 5:
        return (void *)gonet_lookup_addr("192.0.2.7", &n, err);
    case 6:
        return gonet_dial("tcp", "x.test:1", err);
    case 7:
        return gonet_listen("tcp", "x.test:0", err);
    case 8:
        return gonet_listen_packet("udp", "x.test:0", err);
    case 9:
        return gonet_resolve_tcp_addr("tcp", "x.test:1", &addr, err) == 0 ? &addr.port : NULL;
    case 10:
        return gonet_dial("tcp", "127.0.0.1:1", err);
    case 11:
        return gonet_dial("tcp", "[::]:1", err);
    case 12:
        return gonet_listen("tcp", "127.0.0.1:0", err);
    default:
        return dial_cancellable(err);
    }
}

static struct rlimit limit;

static void take_descriptors(void)
{
    struct rlimit none;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = limit;
    none.rlim_cur = 3; /* 0 to 2 are in use */
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

static void give_descriptors(void)
{
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void check_words(int kind)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    CHECK(call(kind, &err) == NULL);
    CHECK_ERROR(err, words[kind]);
    CHECK(gonet_error_temporary(err));
    CHECK(!gonet_error_timeout(err));
}

static void call_all(void *arg)
{
    (void)arg;
    take_descriptors();
    for (int kind = 0; kind < KINDS; kind++)
        check_words(kind);
    give_descriptors();
}

/* The runtime runs. */
static void started(void **state)
{
    (void)state;
    actor_run_test(TASKS, call_all, NULL);
    actor_run_test(THREADS, call_all, NULL);
}

/* Each call is the first that might need it. */
static void first(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        assert_int_equal(gonet_shutdown(-1), 0);
        take_descriptors();
        check_words(kind);
        give_descriptors();
        check_report();
    }
}

int main(void)
{
    static gonet_resolver_t resolver = {.servers = SERVER};
    const struct CMUnitTest tests[] = {LEAK_TEST(first), LEAK_TEST(started)};

    gonet_default_resolver = &resolver;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
