/*
 * The package-level lookups: those of the default resolver, which a program may set.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "gonet.h"
#include "name_server.h"
#include "support/actor.h"
#include "support/leak.h"

static name_server_t *server;
static gonet_resolver_t resolver;

static int start(void **state)
{
    const char *text;

    (void)state;
    server = name_server_start(&text);
    resolver = (gonet_resolver_t){.servers = text};
    gonet_default_resolver = &resolver;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    name_server_stop(server);
    return 0;
}

static void test_addresses(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t n = 0;
    gonet_ip_t *ips = gonet_lookup_ip("both.test", &n, &err);
    const char **hosts;

    (void)state;
    assert_non_null(ips);
    assert_int_equal(n, 2);
    gonet_free(ips);
    hosts = gonet_lookup_host("192.0.2.7", &n, &err);
    assert_non_null(hosts);
    assert_int_equal(n, 1);
    assert_string_equal(hosts[0], "192.0.2.7");
    assert_null(hosts[1]);
    gonet_free(hosts);
    assert_null(gonet_lookup_ip("nx.test", &n, &err));
    assert_true(gonet_error_as_dns(err)->is_not_found);
    assert_int_equal(n, 0);
    assert_null(gonet_lookup_addr("no address", &n, &err));
    assert_string_equal(gonet_error_string(err), "lookup no address: unrecognized address");
}

static void test_records(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    const char *cname = "left over";
    size_t n = 7;
    gonet_txt_t *txt = gonet_lookup_txt("both.test", &n, &err);
    char *name;

    (void)state;
    assert_non_null(txt);
    assert_int_equal(n, 1);
    assert_string_equal(txt[0].text, "text");
    gonet_free(txt);
    name = gonet_lookup_cname("both.test", &err);
    assert_non_null(name);
    assert_string_equal(name, "both.test.");
    gonet_free(name);
    assert_null(gonet_lookup_mx("nx.test", &n, &err));
    assert_true(gonet_error_as_dns(err)->is_not_found);
    assert_int_equal(n, 0);
    assert_null(gonet_lookup_ns("nx.test", &n, &err));
    assert_true(gonet_error_as_dns(err)->is_not_found);
    assert_null(gonet_lookup_srv("service", "tcp", "nx.test", &cname, &n, &err));
    assert_true(gonet_error_as_dns(err)->is_not_found);
    assert_string_equal(gonet_error_as_dns(err)->name, "_service._tcp.nx.test");
    assert_null(cname);
}

/* Mail servers are shuffled, which takes random numbers; a thread keeps nothing for that. */
static void test_threads_of_old(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        size_t n = 0;
        gonet_mx_t *mx = gonet_lookup_mx("both.test", &n, &err);

        assert_non_null(mx);
        assert_int_equal(n, 3);
        assert_int_equal(mx[2].pref, 7);
        gonet_free(mx);
        assert_int_equal(gonet_shutdown(-1), 0);
    }
}

static atomic_bool enough;

static void ask_again_and_again(void *arg)
{
    atomic_int *answers = arg;

    while (!atomic_load(&enough)) {
        GONET_AUTO(gonet_error_t) err = NULL;
        size_t n = 0;
        gonet_txt_t *txt = gonet_lookup_txt("both.test", &n, &err);

        CHECK(txt != NULL || gonet_error_is(err, gonet_err_closed));
        gonet_free(txt);
        if (txt != NULL)
            atomic_fetch_add(answers, 1);
    }
}

/* Each lookup may start the runtime again, which an earlier end then leaves alone. */
static void test_lookups_restart_it(void **state)
{
    atomic_int answers = 0;
    actor_t a[3];

    (void)state;
    atomic_store(&enough, false);
    for (int i = 0; i < 3; i++)
        actor_start(&a[i], BY_THREAD, ask_again_and_again, &answers);
    for (int i = 0; i < 200; i++) {
        int before = atomic_load(&answers);

        assert_int_equal(gonet_shutdown(-1), 0);
        if (i % 8 == 0)
            AWAIT(atomic_load(&answers) > before);
    }
    atomic_store(&enough, true);
    for (int i = 0; i < 3; i++)
        actor_join(&a[i]);
    check_report();
}

/* Those who listen ask, too; the error says whom. */
static void test_listen(void **state)
{
    static const struct {
        const char *network, *address, *name, *error;
    } rows[] = {
        {"tcp", "nx.test:0", "nx.test", "no such host"},
        {"tcp4", "servfail.test:0", "servfail.test", "server misbehaving"},
        {"tcp6", "nx.test:http", "nx.test", "no such host"},
        {"udp", "nx.test:0", "nx.test", "no such host"},
        {"ip4:icmp", "nx.test", "nx.test", "no such host"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        bool stream = rows[i].network[0] == 't';
        char want[128];

        if (stream)
            assert_null(gonet_listen(rows[i].network, rows[i].address, &err));
        else
            assert_null(gonet_listen_packet(rows[i].network, rows[i].address, &err));
        snprintf(want, sizeof(want), "listen %s: lookup %s on %s: %s", rows[i].network,
                 rows[i].name, resolver.servers, rows[i].error);
        assert_string_equal(gonet_error_string(err), want);
        assert_string_equal(gonet_error_as_op(err)->op, "listen");
        assert_null(gonet_error_as_op(err)->addr);
        assert_string_equal(gonet_error_as_dns(err)->server, resolver.servers);
    }
}

static void test_port(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)state;
    assert_int_equal(gonet_resolver_lookup_port(NULL, NULL, "tcp", "http", &err), 80);
    assert_int_equal(gonet_resolver_lookup_port(&resolver, NULL, "udp", "65536", &err), -1);
    assert_string_equal(gonet_error_string(err), "address 65536: invalid port");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_addresses),          LEAK_TEST(test_records), LEAK_TEST(test_threads_of_old),
        LEAK_TEST(test_lookups_restart_it), LEAK_TEST(test_listen),  LEAK_TEST(test_port),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
