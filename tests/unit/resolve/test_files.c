/*
 * The files that lookups go by, which are the test's own here: what they say, and that a moment
 * without descriptors is not taken for what they say.
 */
#include <gonet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "resolve/files.h"
#include "resolve/hosts.h"
#include "script.h"
#include "socket/socket.h"
#include "support/check.h"
#include "support/etc.h"
#include "support/leak.h"

static const char no_files[] = "skipped: no files of the test's own";
static bool usable;

static void need_files(void)
{
    if (usable)
        return;
    print_message("%s\n", no_files);
    skip();
}

static struct rlimit limit;

/* From here on nothing can be opened. */
static void take_descriptors(void)
{
    struct rlimit none;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3; /* 0 to 2 are in use */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void give_descriptors(void)
{
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Whatever became of the test. */
static int teardown(void **state)
{
    if (limit.rlim_max != 0)
        give_descriptors();
    return leak_teardown(state);
}

/* The first question of its kind finds no descriptor; the next one is answered. */
static void services(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)state;
    need_files();
    take_descriptors();
    assert_int_equal(gonet_lookup_port("tcp", "http", &err), 80); /* built in */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gonet_lookup_port("tcp", "ours", &err), -1);
        assert_string_equal(gonet_error_string(err), "lookup tcp/ours: too many open files");
        assert_true(gonet_error_temporary(err));
        assert_false(gonet_error_as_dns(err)->is_not_found);
    }
    give_descriptors();
    assert_int_equal(gonet_lookup_port("tcp", "ours", &err), 4711);
    assert_int_equal(gonet_lookup_port("udp", "also", &err), 4712);
    assert_int_equal(gonet_lookup_port("udp", "ours", &err), -1);
    assert_string_equal(gonet_error_string(err), "lookup udp/ours: unknown port");
    take_descriptors();
    assert_int_equal(gonet_lookup_port("tcp", "ours", &err), 4711); /* not read again */
    give_descriptors();
}

static void protocols(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_ip_addr_t addr;

    (void)state;
    need_files();
    take_descriptors();
    assert_int_equal(gonet_resolve_ip_addr("ip4:icmp", "127.0.0.1", &addr, &err), 0);
    assert_int_equal(gonet_resolve_ip_addr("ip4:ours", "127.0.0.1", &addr, &err), -1);
    assert_string_equal(gonet_error_string(err), "open: too many open files");
    assert_null(gonet_dial("ip4:ours", "127.0.0.1", &err));
    assert_string_equal(gonet_error_string(err), "dial ip4:ours: open: too many open files");
    assert_true(gonet_error_temporary(err));
    give_descriptors();
    assert_int_equal(gonet_resolve_ip_addr("ip4:ours", "127.0.0.1", &addr, &err), 0);
    assert_int_equal(gonet_resolve_ip_addr("ip4:nobody's", "127.0.0.1", &addr, &err), -1);
    assert_string_equal(gonet_error_string(err), "address nobody's: unknown IP protocol specified");
}

static void hosts(void **state)
{
    gonet__hosts_t *table;

    (void)state;
    need_files();
    take_descriptors();
    table = gonet__hosts_current();
    assert_non_null(table);
    assert_int_equal(gonet__hosts_by_name(table, "ours").n, 0);
    gonet__hosts_unref(table);
    give_descriptors();
    table = gonet__hosts_current();
    assert_int_equal(gonet__hosts_by_name(table, "ours").n, 2);
    gonet__hosts_unref(table);
}

static void resolv_conf(void **state)
{
    gonet__resolv_conf_t *conf;
    bool bad;

    (void)state;
    need_files();
    take_descriptors();
    conf = gonet__resolv_conf_for(NULL, &bad);
    assert_non_null(conf);
    assert_string_equal(conf->servers[0].text, "127.0.0.1:53");
    gonet__resolv_conf_unref(conf);
    give_descriptors();
    conf = gonet__resolv_conf_for(NULL, &bad);
    assert_string_equal(conf->servers[0].text, "192.0.2.77:53");
    gonet__resolv_conf_unref(conf);
}

static void nsswitch(void **state)
{
    (void)state;
    need_files();
    take_descriptors();
    assert_int_equal(gonet__order_current(), GONET__ORDER_FILES_DNS);
    give_descriptors();
    assert_int_equal(gonet__order_current(), GONET__ORDER_FILES);
}

/* How many connections may wait is asked of the machine. */
static void somaxconn(void **state)
{
    FILE *f = fopen("/proc/sys/net/core/somaxconn", "re");
    int n = 0;

    (void)state;
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &n), 1);
    fclose(f);
    take_descriptors();
    assert_int_equal(gonet__somaxconn(), 128);
    give_descriptors();
    assert_int_equal(gonet__somaxconn(), n);
}

/* The addresses of a line come back as they stand there, in the order of the file, where the hosts
 * file is asked first; as those of the DNS where it comes second (behaviour 24.1). */
static void as_written(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char text[GONET_ADDR_STRLEN];
    script_t script;
    const char **found;
    gonet_ip_t *ips;
    size_t n = 0;

    (void)state;
    need_files();
    script_start(&script, NULL, 0);
    found = gonet_resolver_lookup_host(&script.r, NULL, "OURS", &n, &err);
    assert_non_null(found);
    assert_int_equal(n, 2);
    assert_string_equal(found[0], "::ffff:1.2.3.4");
    assert_string_equal(found[1], "127.0.0.1");
    assert_null(found[2]);
    gonet_free((void *)found);
    ips = gonet_resolver_lookup_ip(&script.r, NULL, "ip4", "ours", &n, &err);
    assert_non_null(ips);
    assert_int_equal(n, 2); /* sorted */
    assert_string_equal(gonet_ip_string(ips[0], text, sizeof(text)), "127.0.0.1");
    assert_string_equal(gonet_ip_string(ips[1], text, sizeof(text)), "1.2.3.4");
    gonet_free(ips);
    found = gonet_resolver_lookup_host(&script.r, NULL, "zoned", &n, &err);
    assert_non_null(found);
    assert_string_equal(found[0], "fe80::1%lo");
    gonet_free((void *)found);
    assert_null(gonet_resolver_lookup_host(&script.r, NULL, "nobody's", &n, &err));
    assert_string_equal(gonet_error_string(err), "lookup nobody's: no such host");
    assert_int_equal(script.asked, 0);
    if (!etc_put("/etc/nsswitch.conf", "hosts: dns files\n"))
        fail();
    assert_int_equal(gonet_shutdown(-1), 0); /* which forgets the files */
    found = gonet_resolver_lookup_host(&script.r, NULL, "ours", &n, &err);
    assert_non_null(found);
    assert_int_equal(n, 2);
    assert_string_equal(found[0], "127.0.0.1");
    assert_string_equal(found[1], "1.2.3.4");
    gonet_free((void *)found);
    assert_true(script.asked > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, leak_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(somaxconn), TEST(services),    TEST(protocols),  TEST(hosts),
        TEST(nsswitch),  TEST(resolv_conf), TEST(as_written),
    };

    usable = etc_open() && etc_put("/etc/services", "ours 4711/tcp also\nalso 4712/udp\n") &&
             etc_put("/etc/protocols", "ours 253 OURS\n") &&
             etc_put("/etc/hosts", "::FFFF:1.2.3.4 ours\n127.0.0.1 ours\nfe80:0::1%lo zoned\n") &&
             etc_put("/etc/resolv.conf", "nameserver 192.0.2.77\n") &&
             etc_put("/etc/nsswitch.conf", "hosts: files\n");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
