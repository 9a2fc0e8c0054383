/*
 * The kernel's lists of multicast groups, as it writes them and as it never would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "iface/igmp.h"

static const char igmp[] = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
                           "1\tlo        :     1      V3\n"
                           "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
                           "2\teth0.4094.12345: 2      V2\n" /* glued to the colon */
                           "\t\t\t\tFB0000E0     1 0:00000000\t\t0\n"
                           "\t\t\t\t010000e0     1 0:00000000\t\t0\n"
                           "\t\t\t\t010000E      1 0:00000000\t\t0\n"
                           "\t\t\t\t01x000E0     1 0:00000000\t\t0\n"
                           "3\teth1      :     1      V3\n"
                           "\t\t\t\t010000EF     1 0:00000000\t\t0";

static const char igmp6[] =
    "1    lo              ff020000000000000000000000000001     1 0000000C 0\n"
    "2    eth0            ff0200000000000000000001ff000002     1 00000004 0\n"
    "2    eth0            ff020000000000000000000000000001     1 0000000C 0\n"
    "2    eth0            ff02000000000000000000000000001      1 0000000C 0\n"
    "2    eth0            ff0200000000000000000000000000zz     1 0000000C 0\n"
    "2    eth0            ff020000000000000000000000000003     1\n"
    "3    eth01           ff010000000000000000000000000001     1 00000008 0";

typedef bool (*parse_t)(const char *, size_t, const char *, gonet__groups_t *);

static void groups_are(parse_t parse, const char *text, const char *name, const char *want)
{
    char all[1024] = "", one[GONET_ADDR_STRLEN];
    gonet__groups_t groups = {.v = NULL};

    assert_true(parse(text, strlen(text), name, &groups));
    for (size_t i = 0; i < groups.n; i++) {
        assert_int_equal(groups.v[i].kind, GONET_ADDR_IP);
        assert_int_equal(groups.v[i].ip.ip.len, 16);
        strcat(strcat(all, i > 0 ? " " : ""), gonet_addr_string(&groups.v[i], one, sizeof(one)));
    }
    assert_string_equal(all, want);
    gonet__free(groups.v);
}

static void test_igmp(void **state)
{
    (void)state;
    groups_are(gonet__igmp_parse, igmp, "lo", "224.0.0.1");
    groups_are(gonet__igmp_parse, igmp, "eth0.4094.12345", "224.0.0.251 224.0.0.1");
    groups_are(gonet__igmp_parse, igmp, "eth1", "239.0.0.1");
    groups_are(gonet__igmp_parse, igmp, "eth", "");
    groups_are(gonet__igmp_parse, "", "eth", "");
    groups_are(gonet__igmp_parse, "\n\n", "eth", "");
}

static void test_igmp6(void **state)
{
    (void)state;
    groups_are(gonet__igmp6_parse, igmp6, "lo", "ff02::1");
    groups_are(gonet__igmp6_parse, igmp6, "eth0", "ff02::1:ff00:2 ff02::1");
    groups_are(gonet__igmp6_parse, igmp6, "eth01", "ff01::1");
    groups_are(gonet__igmp6_parse, igmp6, "eth", "");
    groups_are(gonet__igmp6_parse, "", "eth", "");
}

/* Cut anywhere, in memory of just that size. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof(igmp); cut++) {
        gonet__groups_t groups = {.v = NULL};
        char *copy = malloc(cut + 1);

        assert_non_null(copy);
        memcpy(copy + 1, igmp, cut);
        assert_true(gonet__igmp_parse(copy + 1, cut, "eth1", &groups));
        memcpy(copy + 1, igmp6, cut < sizeof(igmp6) ? cut : sizeof(igmp6));
        assert_true(gonet__igmp6_parse(copy + 1, cut < sizeof(igmp6) ? cut : sizeof(igmp6), "eth0",
                                       &groups));
        gonet__free(groups.v);
        free(copy);
    }
}

static void test_no_memory(void **state)
{
    gonet__groups_t groups = {.v = NULL};

    (void)state;
    gonet__alloc_fail_at(1, 1);
    assert_false(gonet__igmp_parse(igmp, strlen(igmp), "lo", &groups));
    assert_false(gonet__igmp6_parse(igmp6, strlen(igmp6), "lo", &groups));
    gonet__alloc_fail_at(0, 0);
    assert_null(groups.v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_igmp), cmocka_unit_test(test_igmp6),
                                       cmocka_unit_test(test_cut),
                                       cmocka_unit_test(test_no_memory)};

    return cmocka_run_group_tests_name("igmp", tests, NULL, NULL);
}
