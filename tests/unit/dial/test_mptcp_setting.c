/*
 * Who asks for Multipath TCP (behaviour 7.18): the field, else GONETDEBUG, whose last setting
 * counts.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "dial/mptcp.h"
#include "gonet/dial.h"
#include "support/check.h"
#include "support/child.h"

static int expect(bool dialer, bool listener)
{
    CHILD_CHECK(gonet__mptcp_for_dialer(0) == dialer);
    CHILD_CHECK(gonet__mptcp_for_listener(0) == listener);
    CHILD_CHECK(gonet__mptcp_for_dialer(1) && gonet__mptcp_for_listener(1));
    CHILD_CHECK(!gonet__mptcp_for_dialer(2) && !gonet__mptcp_for_listener(2));
    return 0;
}

static int neither(void)
{
    return expect(false, false);
}

static int both(void)
{
    return expect(true, true);
}

static int listeners(void)
{
    return expect(false, true);
}

static int dialers(void)
{
    return expect(true, false);
}

static void test_environment(void **state)
{
    (void)state;
    child_passes("listeners", "GONETDEBUG=");
    child_passes("neither", "GONETDEBUG=multipathtcp=0");
    child_passes("both", "GONETDEBUG=netdns=go,multipathtcp=1");
    child_passes("listeners", "GONETDEBUG=multipathtcp=1,multipathtcp=2");
    child_passes("dialers", "GONETDEBUG=multipathtcp=3,netdns=go");
    child_passes("listeners", "GONETDEBUG=multipathtcp=4");
    child_passes("listeners", "GONETDEBUG=multipathtcp=11");
}

static void test_fields(void **state)
{
    gonet_listen_config_t lc = {.mptcp = 0};
    gonet_dialer_t d = {.mptcp = 0};

    (void)state;
    gonet_listen_config_set_multipath_tcp(&lc, false);
    assert_false(gonet_listen_config_multipath_tcp(&lc));
    gonet_listen_config_set_multipath_tcp(&lc, true);
    assert_true(gonet_listen_config_multipath_tcp(&lc));
    gonet_dialer_set_multipath_tcp(&d, true);
    assert_true(gonet_dialer_multipath_tcp(&d));
    gonet_dialer_set_multipath_tcp(&d, false);
    assert_false(gonet_dialer_multipath_tcp(&d));
}

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"neither", neither},
                                         {"both", both},
                                         {"listeners", listeners},
                                         {"dialers", dialers},
                                         {NULL, NULL}};
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_environment),
                                       cmocka_unit_test(test_fields)};

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
