/*
 * The public calls on the machine as it is: every one has a loopback. The errors of behaviour 20.6,
 * and what happens without descriptors and memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet/op_error.h"
#include "iface/zone.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"

static gonet_interface_t loopback(void)
{
    gonet_error_t *err = NULL;
    gonet_interface_t ifi;

    memset(&ifi, 1, sizeof(ifi));
    assert_int_equal(gonet_interface_by_name("lo", &ifi, &err), 0);
    assert_null(err);
    return ifi;
}

static void test_lists(void **state)
{
    gonet_error_t *err = NULL;
    size_t n = 99, same = 0;
    gonet_interface_t *list = gonet_interfaces(&n, &err);

    (void)state;
    assert_null(err);
    assert_non_null(list);
    for (size_t i = 0; i < n; i++) {
        gonet_interface_t by_index, by_name;

        assert_int_equal(gonet_interface_by_index(list[i].index, &by_index, NULL), 0);
        assert_int_equal(gonet_interface_by_name(list[i].name, &by_name, NULL), 0);
        assert_memory_equal(&by_index, &list[i], sizeof(by_index));
        assert_memory_equal(&by_name, &list[i], sizeof(by_name));
        same += strcmp(list[i].name, "lo") == 0;
    }
    assert_int_equal(same, 1);
    gonet_free(list);
}

static bool has(const gonet_addr_t *list, size_t n, const char *text)
{
    char one[GONET_ADDR_STRLEN];

    for (size_t i = 0; i < n; i++) {
        if (strcmp(gonet_addr_string(&list[i], one, sizeof(one)), text) == 0)
            return true;
    }
    return false;
}

static void test_loopback(void **state)
{
    gonet_interface_t lo = loopback();
    gonet_error_t *err = NULL;
    gonet_addr_t *all, *own;
    size_t n_all, n_own;

    (void)state;
    assert_true(lo.index > 0 && lo.mtu > 0);
    assert_true((lo.flags & GONET_FLAG_LOOPBACK) != 0);
    assert_int_equal(lo.hardware_addr.len, 0);
    all = gonet_interface_addrs(&n_all, &err);
    assert_null(err);
    own = gonet_interface_unicast_addrs(&lo, &n_own, &err);
    assert_null(err);
    assert_true(has(all, n_all, "127.0.0.1/8"));
    assert_true(has(own, n_own, "127.0.0.1/8"));
    assert_true(n_own <= n_all);
    for (size_t i = 0; i < n_own; i++) {
        char one[GONET_ADDR_STRLEN];

        assert_string_equal(gonet_addr_network(&own[i]), "ip+net");
        assert_true(has(all, n_all, gonet_addr_string(&own[i], one, sizeof(one))));
    }
    gonet_free(all);
    gonet_free(own);
    own = gonet_interface_multicast_addrs(&lo, &n_own, &err);
    assert_null(err);
    assert_non_null(own);
    gonet_free(own);
}

/* An interface that is gone, or was never there, has no addresses. */
static void test_nobodys(void **state)
{
    gonet_interface_t ifi = {.index = 0x7ffffff0, .name = "no-such-one"};
    gonet_error_t *err = NULL;
    gonet_addr_t *list;
    size_t n = 99;

    (void)state;
    for (int i = 0; i < 2; i++) {
        list = gonet_interface_unicast_addrs(&ifi, &n, &err);
        assert_non_null(list);
        assert_int_equal(n, 0);
        gonet_free(list);
        ifi.index = 0;
    }
    n = 99;
    list = gonet_interface_multicast_addrs(&ifi, &n, &err);
    assert_non_null(list);
    assert_int_equal(n, 0);
    gonet_free(list);
    assert_null(err);
}

static void error_is(gonet_error_t *err, const char *want)
{
    const gonet_op_error_t *op = gonet_error_as_op(err);

    assert_string_equal(gonet_error_string(err), want);
    assert_non_null(op);
    assert_string_equal(op->op, "route");
    assert_string_equal(op->net, "ip+net");
    assert_null(op->source);
    assert_null(op->addr);
}

static void test_errors(void **state)
{
    gonet_interface_t ifi, zero;
    gonet_error_t *err = NULL;
    size_t n = 99;

    (void)state;
    memset(&zero, 0, sizeof(zero));
    memset(&ifi, 1, sizeof(ifi));
    assert_int_equal(gonet_interface_by_index(0, &ifi, &err), -1);
    error_is(err, "route ip+net: invalid network interface index");
    assert_memory_equal(&ifi, &zero, sizeof(ifi));
    assert_int_equal(gonet_interface_by_index(-1, &ifi, &err), -1);
    error_is(err, "route ip+net: invalid network interface index");
    memset(&ifi, 1, sizeof(ifi));
    assert_int_equal(gonet_interface_by_index(0x7ffffff0, &ifi, &err), -1);
    error_is(err, "route ip+net: no such network interface");
    assert_memory_equal(&ifi, &zero, sizeof(ifi));
    assert_int_equal(gonet_interface_by_name("", &ifi, &err), -1);
    error_is(err, "route ip+net: invalid network interface name");
    assert_int_equal(gonet_interface_by_name("a-name-that-is-far-too-long", &ifi, &err), -1);
    error_is(err, "route ip+net: no such network interface");
    assert_null(gonet_interface_unicast_addrs(NULL, &n, &err));
    error_is(err, "route ip+net: invalid network interface");
    assert_int_equal(n, 0);
    assert_null(gonet_interface_multicast_addrs(NULL, &n, &err));
    error_is(err, "route ip+net: invalid network interface");
    /* Nobody has to listen. */
    assert_int_equal(gonet_interface_by_index(0, NULL, NULL), -1);
    gonet_free(gonet_interfaces(NULL, NULL));
    gonet_error_free(err);
}

static void test_no_descriptors(void **state)
{
    struct rlimit old, none;
    gonet_error_t *err = NULL, *err2 = NULL;
    gonet_interface_t *list, lo = loopback(), other;
    gonet_addr_t *addrs, *groups;
    size_t n = 99, m = 99;
    int by_name;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    list = gonet_interfaces(&n, &err);
    addrs = gonet_interface_addrs(&m, &err2);
    groups = gonet_interface_multicast_addrs(&lo, NULL, NULL);
    by_name = gonet_interface_by_name("lo", &other, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_null(list);
    assert_int_equal(n, 0);
    error_is(err, "route ip+net: netlinkrib: too many open files");
    assert_true(gonet_error_is_errno(err, EMFILE));
    assert_null(addrs);
    assert_int_equal(m, 0);
    error_is(err2, "route ip+net: netlinkrib: too many open files");
    assert_int_equal(by_name, -1);
    assert_non_null(groups); /* files that can't be read are empty */
    gonet_free(groups);
    gonet_error_free(err);
    gonet_error_free(err2);
}

static bool all_calls(gonet_interface_t *lo)
{
    gonet_error_t *err = NULL;
    gonet_interface_t *list = gonet_interfaces(NULL, &err), one;
    bool ok = list != NULL;
    gonet_addr_t *addrs[3];

    ok = gonet_interface_by_index(lo->index, &one, &err) == 0 && ok;
    ok = gonet_interface_by_name("lo", &one, &err) == 0 && ok;
    addrs[0] = gonet_interface_addrs(NULL, &err);
    addrs[1] = gonet_interface_unicast_addrs(lo, NULL, &err);
    addrs[2] = gonet_interface_multicast_addrs(lo, NULL, &err);
    for (int i = 0; i < 3; i++) {
        ok = addrs[i] != NULL && ok;
        gonet_free(addrs[i]);
    }
    gonet_free(list);
    gonet_error_free(err);
    return ok;
}

static void test_no_memory(void **state)
{
    gonet_interface_t lo = loopback();
    char name[16];
    long failed, n;
    bool ok;

    (void)state;
    for (n = 1;; n++) {
        gonet__alloc_fail_at(n, 0);
        ok = all_calls(&lo);
        failed = gonet__alloc_failed();
        gonet__alloc_fail_at(0, 0);
        if (failed == 0)
            break;
    }
    assert_true(ok);
    assert_true(n > 6);
    gonet__alloc_fail_at(1, 1); /* the cache does without */
    assert_int_equal(gonet__zone_cache_index("no-such-one"), 0);
    assert_false(gonet__zone_cache_name(0x7ffffff0, name));
    gonet__alloc_fail_at(0, 0);
}

static void test_zones(void **state)
{
    gonet_interface_t lo = loopback();
    char name[16] = "";

    (void)state;
    assert_int_equal(gonet__zone_cache_index("lo"), lo.index);
    assert_int_equal(gonet__zone_cache_index(""), 0);
    assert_int_equal(gonet__zone_cache_index("lo2"), 0);
    assert_int_equal(gonet__zone_cache_index("a-name-that-is-far-too-long"), 0);
    assert_true(gonet__zone_cache_name((uint32_t)lo.index, name));
    assert_string_equal(name, "lo");
    assert_false(gonet__zone_cache_name(0, name));
    assert_false(gonet__zone_cache_name(0xfffffff0u, name));
}

static void look_up(void *arg)
{
    uint32_t index = *(uint32_t *)arg;
    char name[16];

    for (int i = 0; i < 300; i++) {
        CHECK_INT(gonet__zone_cache_index("lo"), index);
        CHECK(gonet__zone_cache_name(index, name));
        if (i % 30 == 0)
            CHECK_INT(gonet__zone_cache_index("no-such-one"), 0);
    }
}

static void zone_crowd(void *arg)
{
    actor_t actors[6];

    for (int i = 0; i < 6; i++)
        actor_start(&actors[i], i % 2 == 0 ? BY_TASK : BY_THREAD, look_up, arg);
    for (int i = 0; i < 6; i++)
        actor_join(&actors[i]);
}

static void test_zones_by_many(void **state)
{
    uint32_t index = (uint32_t)loopback().index;

    (void)state;
    actor_run_test(TASKS, zone_crowd, &index);
}

static _Atomic bool enough;

static void *keep_asking(void *arg)
{
    while (!atomic_load(&enough))
        (void)gonet__zone_cache_index("no-such-one");
    return arg;
}

/* A child of fork finds the cache usable, whatever another thread was doing with it. */
static void test_fork(void **state)
{
    gonet_interface_t lo = loopback();
    pthread_t thread;

    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)lo;
    (void)thread;
    (void)keep_asking;
    print_message("skipped: the sanitizer's own allocator does not survive a fork while another "
                  "thread allocates\n");
    skip();
#else
    atomic_store(&enough, false);
    assert_int_equal(pthread_create(&thread, NULL, keep_asking, NULL), 0);
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0)
            child_exit(gonet__zone_cache_index("lo") == (uint32_t)lo.index &&
                               gonet__zone_cache_index("no-such-one") == 0
                           ? 0
                           : 1);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    atomic_store(&enough, true);
    pthread_join(thread, NULL);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_lists),  LEAK_TEST(test_loopback),       LEAK_TEST(test_nobodys),
        LEAK_TEST(test_errors), LEAK_TEST(test_no_descriptors), LEAK_TEST(test_no_memory),
        LEAK_TEST(test_zones),  LEAK_TEST(test_zones_by_many),  LEAK_TEST(test_fork),
    };

    return cmocka_run_group_tests_name("interfaces", tests, NULL, NULL);
}
