/*
 * What Go answered for package net's addresses, row by row. A row never passes by being left out:
 * where the library documents a difference, the row checks the difference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "gonet/addr.h"
#include "gonet/hardware.h"
#include "gonet/hostport.h"
#include "gonet/ip.h"
#include "support.h"

static char buf[512];

static void check_predicates(vec_row_t *row, int column, gonet_ip_t ip)
{
    const bool p[] = {
        gonet_ip_is_unspecified(ip),
        gonet_ip_is_loopback(ip),
        gonet_ip_is_private(ip),
        gonet_ip_is_multicast(ip),
        gonet_ip_is_interface_local_multicast(ip),
        gonet_ip_is_link_local_multicast(ip),
        gonet_ip_is_link_local_unicast(ip),
        gonet_ip_is_global_unicast(ip),
    };
    char text[sizeof(p) + 1] = {0};

    for (size_t i = 0; i < sizeof(p); i++)
        text[i] = p[i] ? '1' : '0';
    vec_text(row, column, text);
}

static void check_default_mask(vec_row_t *row, int column, gonet_ip_t ip)
{
    vec_text(row, column, gonet_ip_mask_string(gonet_ip_default_mask(ip), buf, sizeof(buf)));
}

static void parse_ip(vec_row_t *row)
{
    gonet_ip_t ip = gonet_parse_ip(row->field[0]);
    gonet_ip_t same = gonet_parse_ip_n(row->field[0], row->len[0]);

    check_ip(row, 1, ip);
    vec_check(row, memcmp(&ip, &same, sizeof(ip)) == 0, "the _n twin differs");
    vec_text(row, 2, gonet_ip_string(ip, buf, sizeof(buf)));
    vec_text(row, 2, gonet_ip_string(ip, buf, strlen(row->field[2]) + 1));
    check_ip(row, 3, gonet_ip_to4(ip));
    check_predicates(row, 4, ip);
    check_default_mask(row, 5, ip);
}

static void ip_bytes(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    gonet_ip_t ip = ip_field(row, 0);

    vec_int(row, 1, ip.len == 0 || ip.len == 4 || ip.len == 16);
    vec_text(row, 2, gonet_ip_string(ip, buf, sizeof(buf)));
    ssize_t n = gonet_ip_marshal_text(ip, buf, sizeof(buf), &err);
    if (check_status(row, 3, err))
        vec_text_n(row, 4, buf, (size_t)n);
    else
        vec_check(row, n == -1, "an error without -1");
    check_ip(row, 5, gonet_ip_to16(ip));
    check_ip(row, 6, gonet_ip_to4(ip));
    check_predicates(row, 7, ip);
    check_default_mask(row, 8, ip);
}

static void ip_unmarshal(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    gonet_ip_t ip = {0};
    int result = gonet_ip_unmarshal_text(&ip, row->field[0], row->len[0], &err);

    vec_check(row, result == (err == NULL ? 0 : -1), "result and error disagree");
    vec_check(row, err == NULL || gonet_error_as_parse(err) != NULL, "no ParseError");
    if (check_status(row, 1, err))
        check_ip(row, 2, ip);
}

static void ip_mask(vec_row_t *row)
{
    check_ip(row, 2, gonet_ip_mask(ip_field(row, 0), mask_field(row, 1)));
}

static void ip_equal(vec_row_t *row)
{
    vec_int(row, 2, gonet_ip_equal(ip_field(row, 0), ip_field(row, 1)));
}

static void parse_cidr(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    gonet_ip_net_t net;
    gonet_ip_t ip = gonet_parse_cidr(row->field[0], &net, &err);

    vec_check(row, err == NULL || gonet_error_as_parse(err) != NULL, "no ParseError");
    if (!check_status(row, 1, err)) {
        vec_check(row, ip.len == 0 && net.ip.len == 0 && net.mask.len == 0, "results are not zero");
        return;
    }
    vec_text(row, 2, gonet_ip_string(ip, buf, sizeof(buf)));
    vec_text(row, 3, gonet_ip_net_string(&net, buf, sizeof(buf)));
    check_ip(row, 4, net.ip);
    vec_hex(row, 5, net.mask.b, net.mask.len);
    vec_check(row, ip.len == 16, "an IP that has not 16 bytes");
}

static void ipnet(vec_row_t *row)
{
    gonet_ip_net_t net = {ip_field(row, 0), mask_field(row, 1)};

    vec_text(row, 3, gonet_ip_net_string(&net, buf, sizeof(buf)));
    vec_int(row, 4, gonet_ip_net_contains(&net, ip_field(row, 2)));
}

static void cidr_mask(vec_row_t *row)
{
    int bits = -1;
    gonet_ip_mask_t m = gonet_cidr_mask(atoi(row->field[0]), atoi(row->field[1]));

    vec_text(row, 2, m.len != 0 ? gonet_ip_mask_string(m, buf, sizeof(buf)) : "-");
    vec_int(row, 3, gonet_ip_mask_size(m, &bits));
    vec_int(row, 4, bits);
}

static void mask_size(vec_row_t *row)
{
    int bits = -1;
    gonet_ip_mask_t m = mask_field(row, 0);

    vec_int(row, 1, gonet_ip_mask_size(m, &bits));
    vec_int(row, 2, bits);
    vec_text(row, 3, gonet_ip_mask_string(m, buf, sizeof(buf)));
}

static void parse_mac(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    gonet_hardware_addr_t a = gonet_parse_mac(row->field[0], &err);

    vec_check(row, (a.len == 0) == (err != NULL), "result and error disagree");
    vec_check(row, err == NULL || gonet_error_as_addr(err) != NULL, "no AddrError");
    if (!check_status(row, 1, err))
        return;
    vec_hex(row, 2, a.b, a.len);
    vec_text(row, 3, gonet_hardware_addr_string(a, buf, sizeof(buf)));
}

static void split_host_port(vec_row_t *row)
{
    static char host[VEC_LINE];
    static char port[VEC_LINE];
    gonet_error_t *err = NULL;
    int result =
        gonet_split_host_port(row->field[0], host, row->len[0] + 1, port, row->len[0] + 1, &err);

    vec_text(row, 1, result == 0 ? "ok" : "error");
    vec_text(row, 2, host);
    vec_text(row, 3, port);
    vec_text(row, 4, err != NULL ? gonet_error_string(err) : "");
    const gonet_addr_error_t *view = gonet_error_as_addr(err);
    vec_text(row, 5, view != NULL ? view->err : "");
    vec_text(row, 6, view != NULL ? view->addr : "");
    gonet_error_free(err);
}

static void join_host_port(vec_row_t *row)
{
    vec_text(row, 2, gonet_join_host_port(row->field[0], row->field[1], buf, sizeof(buf)));
    vec_text(
        row, 2,
        gonet_join_host_port(row->field[0], row->field[1], buf, row->len[0] + row->len[1] + 4));
}

/* Documented difference: a name ends at its first NUL byte. Everything else must fit. */
static void fill_unix(vec_row_t *row, gonet_unix_addr_t *a)
{
    bool fits = row->len[5] < sizeof(a->name) && row->len[6] < sizeof(a->net);

    vec_check(row, fits, "name or net does not fit");
    if (fits) {
        strcpy(a->name, row->field[5]);
        strcpy(a->net, row->field[6]);
    }
}

static gonet_addr_t any_addr(vec_row_t *row)
{
    gonet_ip_t ip = ip_field(row, 2);
    int port = atoi(row->field[3]);
    const char *zone = row->field[4];

    if (vec_is(row, 0, "tcp")) {
        gonet_tcp_addr_t a = {.ip = ip, .port = port};
        strcpy(a.zone, zone);
        return gonet_tcp_addr_as_addr(&a);
    }
    if (vec_is(row, 0, "udp")) {
        gonet_udp_addr_t a = {.ip = ip, .port = port};
        strcpy(a.zone, zone);
        return gonet_udp_addr_as_addr(&a);
    }
    if (vec_is(row, 0, "ip")) {
        gonet_ip_addr_t a = {.ip = ip};
        strcpy(a.zone, zone);
        return gonet_ip_addr_as_addr(&a);
    }
    if (vec_is(row, 0, "unix")) {
        gonet_unix_addr_t a = {.name = ""};
        fill_unix(row, &a);
        return gonet_unix_addr_as_addr(&a);
    }
    gonet_ip_net_t net = {ip, mask_field(row, 7)};
    return gonet_ip_net_as_addr(&net);
}

/* The nil pointers print through their own functions; as gonet_addr_t they are Go's nil interface.
 */
static void nil_addr(vec_row_t *row)
{
    const char *text = NULL;
    const char *network = NULL;

    if (vec_is(row, 0, "tcp")) {
        text = gonet_tcp_addr_string(NULL, buf, sizeof(buf));
        network = gonet_tcp_addr_network(NULL);
    } else if (vec_is(row, 0, "udp")) {
        text = gonet_udp_addr_string(NULL, buf, sizeof(buf));
        network = gonet_udp_addr_network(NULL);
    } else if (vec_is(row, 0, "ip")) {
        text = gonet_ip_addr_string(NULL, buf, sizeof(buf));
        network = gonet_ip_addr_network(NULL);
    } else if (vec_is(row, 0, "unix")) {
        text = gonet_unix_addr_string(NULL, buf, sizeof(buf));
        network = "-"; /* Go panics, the library says "" */
        vec_check(row, gonet_unix_addr_network(NULL)[0] == '\0', "NULL has a network");
    } else {
        text = gonet_ip_net_string(NULL, buf, sizeof(buf));
        network = gonet_ip_net_network(NULL);
    }
    vec_text(row, 8, text);
    vec_text(row, 9, network);
}

static void addr_string(vec_row_t *row)
{
    if (vec_is(row, 1, "1")) {
        nil_addr(row);
        return;
    }
    gonet_addr_t a = any_addr(row);
    const char *text = gonet_addr_string(&a, buf, sizeof(buf));
    if (strlen(row->field[5]) < row->len[5]) /* the documented difference */
        vec_check(row, strcmp(text, row->field[8]) == 0, "not the name up to its NUL byte");
    else
        vec_text(row, 8, text);
    vec_text(row, 9, gonet_addr_network(&a));
}

static void check_from(vec_row_t *row, gonet_ip_t ip, int port, const char *zone, const char *text)
{
    check_ip(row, 2, ip);
    vec_int(row, 3, port);
    vec_text(row, 4, zone);
    vec_text(row, 6, text);
}

static void addr_port(vec_row_t *row)
{
    gonet_tcp_addr_t tcp = {.ip = ip_field(row, 2), .port = atoi(row->field[3])};
    gonet_udp_addr_t udp = {.ip = tcp.ip, .port = tcp.port};
    bool is_tcp = vec_is(row, 1, "tcp");

    vec_check(row, row->len[4] < sizeof(tcp.zone), "zone does not fit");
    strncpy(tcp.zone, row->field[4], sizeof(tcp.zone) - 1);
    strncpy(udp.zone, row->field[4], sizeof(udp.zone) - 1);
    if (vec_is(row, 0, "to")) {
        gonet_netip_addr_port_t p =
            is_tcp ? gonet_tcp_addr_addr_port(&tcp) : gonet_udp_addr_addr_port(&udp);
        vec_text(row, 5, gonet_netip_addr_port_string(p, buf, sizeof(buf)));
        vec_text(row, 6,
                 is_tcp ? gonet_tcp_addr_string(&tcp, buf, sizeof(buf))
                        : gonet_udp_addr_string(&udp, buf, sizeof(buf)));
        return;
    }
    gonet_netip_addr_port_t p = addr_port_field(row, 5);
    if (is_tcp) {
        tcp = gonet_tcp_addr_from_addr_port(p);
        check_from(row, tcp.ip, tcp.port, tcp.zone, gonet_tcp_addr_string(&tcp, buf, sizeof(buf)));
    } else {
        udp = gonet_udp_addr_from_addr_port(p);
        check_from(row, udp.ip, udp.port, udp.zone, gonet_udp_addr_string(&udp, buf, sizeof(buf)));
    }
}

static void flags(vec_row_t *row)
{
    gonet_flags_t f = (gonet_flags_t)strtoul(row->field[0], NULL, 10);

    vec_text(row, 1, gonet_flags_string(f, buf, GONET_FLAGS_STRLEN));
}

#define VECTOR(name, columns)                               \
    static void test_##name(void **state)                   \
    {                                                       \
        (void)state;                                        \
        assert_int_equal(vec_run(#name, columns, name), 0); \
    }

VECTOR(parse_ip, 6)
VECTOR(ip_bytes, 9)
VECTOR(ip_unmarshal, 3)
VECTOR(ip_mask, 3)
VECTOR(ip_equal, 3)
VECTOR(parse_cidr, 6)
VECTOR(ipnet, 5)
VECTOR(cidr_mask, 5)
VECTOR(mask_size, 4)
VECTOR(parse_mac, 4)
VECTOR(split_host_port, 7)
VECTOR(join_host_port, 3)
VECTOR(addr_string, 10)
VECTOR(addr_port, 7)
VECTOR(flags, 2)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_ip),        cmocka_unit_test(test_ip_bytes),
        cmocka_unit_test(test_ip_unmarshal),    cmocka_unit_test(test_ip_mask),
        cmocka_unit_test(test_ip_equal),        cmocka_unit_test(test_parse_cidr),
        cmocka_unit_test(test_ipnet),           cmocka_unit_test(test_cidr_mask),
        cmocka_unit_test(test_mask_size),       cmocka_unit_test(test_parse_mac),
        cmocka_unit_test(test_split_host_port), cmocka_unit_test(test_join_host_port),
        cmocka_unit_test(test_addr_string),     cmocka_unit_test(test_addr_port),
        cmocka_unit_test(test_flags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
