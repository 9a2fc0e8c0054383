/*
 * What Go answered for package net/netip, row by row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "gonet/netip.h"
#include "support.h"

static char buf[512];

static void check_predicates(vec_row_t *row, int column, gonet_netip_addr_t a)
{
    const bool p[] = {
        gonet_netip_addr_is4(a),
        gonet_netip_addr_is6(a),
        gonet_netip_addr_is4in6(a),
        gonet_netip_addr_is_unspecified(a),
        gonet_netip_addr_is_loopback(a),
        gonet_netip_addr_is_private(a),
        gonet_netip_addr_is_multicast(a),
        gonet_netip_addr_is_interface_local_multicast(a),
        gonet_netip_addr_is_link_local_multicast(a),
        gonet_netip_addr_is_link_local_unicast(a),
        gonet_netip_addr_is_global_unicast(a),
    };
    char text[sizeof(p) + 1] = {0};

    for (size_t i = 0; i < sizeof(p); i++)
        text[i] = p[i] ? '1' : '0';
    vec_text(row, column, text);
}

static void check_addr(vec_row_t *row, int column, gonet_netip_addr_t a)
{
    vec_text(row, column, gonet_netip_addr_string(a, buf, sizeof(buf)));
    vec_text(row, column, gonet_netip_addr_string(a, buf, row->len[column] + 1));
}

/* The text forms without a NUL are the string; unmarshalling them, or the binary form, gives the
 * value. */
static void check_addr_forms(vec_row_t *row, gonet_netip_addr_t a)
{
    uint8_t binary[64];
    gonet_netip_addr_t back;
    ssize_t n = gonet_netip_addr_append_to(a, buf, sizeof(buf));

    vec_text_n(row, 2, buf, (size_t)n);
    vec_check(row, gonet_netip_addr_marshal_text(a, buf, sizeof(buf), NULL) == n, "marshal_text");
    vec_check(row,
              gonet_netip_addr_unmarshal_text(&back, buf, (size_t)n, NULL) == 0 &&
                  memcmp(&a, &back, sizeof(a)) == 0,
              "text does not come back");
    n = gonet_netip_addr_marshal_binary(a, binary, sizeof(binary), NULL);
    vec_hex(row, 10, binary, (size_t)n);
    vec_check(row,
              gonet_netip_addr_unmarshal_binary(&back, binary, (size_t)n, NULL) == 0 &&
                  memcmp(&a, &back, sizeof(a)) == 0,
              "binary does not come back");
}

static void netip_addr(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a = gonet_netip_parse_addr(row->field[0], &err);

    vec_check(row, gonet_netip_addr_is_valid(a) == (err == NULL), "result and error disagree");
    if (!check_status(row, 1, err))
        return;
    check_addr(row, 2, a);
    vec_text(row, 3, gonet_netip_addr_string_expanded(a, buf, sizeof(buf)));
    vec_int(row, 4, gonet_netip_addr_bit_len(a));
    vec_text(row, 5, gonet_netip_addr_zone(a, buf, sizeof(buf)));
    check_predicates(row, 6, a);
    check_addr(row, 7, gonet_netip_addr_unmap(a));
    check_addr(row, 8, gonet_netip_addr_next(a));
    check_addr(row, 9, gonet_netip_addr_prev(a));
    check_addr_forms(row, a);
}

static void netip_compare(vec_row_t *row)
{
    gonet_netip_addr_t a = addr_field(row, 0);
    gonet_netip_addr_t b = addr_field(row, 1);

    vec_int(row, 2, gonet_netip_addr_compare(a, b));
    vec_int(row, 3, gonet_netip_addr_less(a, b));
    vec_int(row, 4, memcmp(&a, &b, sizeof(a)) == 0);
}

static void netip_prefix(vec_row_t *row)
{
    uint8_t binary[64];
    gonet_error_t *err = NULL;
    gonet_netip_prefix_t back;
    gonet_netip_prefix_t p = gonet_netip_parse_prefix(row->field[0], &err);

    vec_check(row, gonet_netip_prefix_is_valid(p) == (err == NULL), "result and error disagree");
    if (!check_status(row, 1, err))
        return;
    vec_text(row, 2, gonet_netip_prefix_string(p, buf, sizeof(buf)));
    vec_text(row, 3, gonet_netip_prefix_string(gonet_netip_prefix_masked(p), buf, sizeof(buf)));
    vec_int(row, 4, gonet_netip_prefix_bits(p));
    vec_int(row, 5, gonet_netip_prefix_is_single_ip(p));
    ssize_t n = gonet_netip_prefix_marshal_binary(p, binary, sizeof(binary), NULL);
    vec_hex(row, 6, binary, (size_t)n);
    vec_check(row,
              gonet_netip_prefix_unmarshal_binary(&back, binary, (size_t)n, NULL) == 0 &&
                  memcmp(&p, &back, sizeof(p)) == 0,
              "binary does not come back");
    n = gonet_netip_prefix_append_text(p, buf, sizeof(buf), NULL);
    vec_text_n(row, 2, buf, (size_t)n);
    vec_check(row,
              gonet_netip_prefix_unmarshal_text(&back, buf, (size_t)n, NULL) == 0 &&
                  memcmp(&p, &back, sizeof(p)) == 0,
              "text does not come back");
}

static void netip_addr_prefix(vec_row_t *row)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a = addr_field(row, 0);
    int bits = atoi(row->field[1]);
    gonet_netip_prefix_t p = gonet_netip_addr_prefix(a, bits, &err);

    if (check_status(row, 2, err))
        vec_text(row, 3, gonet_netip_prefix_string(p, buf, sizeof(buf)));
    else
        vec_check(row, p.addr_bits == 0, "result is not zero");
    p = gonet_netip_prefix_from(a, bits);
    vec_text(row, 4, gonet_netip_prefix_string(p, buf, sizeof(buf)));
    vec_int(row, 5, gonet_netip_prefix_bits(p));
}

static void netip_contains(vec_row_t *row)
{
    vec_int(row, 2, gonet_netip_prefix_contains(prefix_field(row, 0), addr_field(row, 1)));
}

static void netip_overlaps(vec_row_t *row)
{
    gonet_netip_prefix_t a = prefix_field(row, 0);
    gonet_netip_prefix_t b = prefix_field(row, 1);

    vec_int(row, 2, gonet_netip_prefix_overlaps(a, b));
    vec_int(row, 2, gonet_netip_prefix_overlaps(b, a));
}

static void netip_addrport(vec_row_t *row)
{
    uint8_t binary[64];
    gonet_error_t *err = NULL;
    gonet_netip_addr_port_t back;
    gonet_netip_addr_port_t p = gonet_netip_parse_addr_port(row->field[0], &err);

    vec_check(row, gonet_netip_addr_port_is_valid(p) == (err == NULL), "result and error disagree");
    if (!check_status(row, 1, err))
        return;
    vec_text(row, 2, gonet_netip_addr_port_string(p, buf, sizeof(buf)));
    check_addr(row, 3, gonet_netip_addr_port_addr(p));
    vec_int(row, 4, gonet_netip_addr_port_port(p));
    ssize_t n = gonet_netip_addr_port_marshal_binary(p, binary, sizeof(binary), NULL);
    vec_hex(row, 5, binary, (size_t)n);
    vec_check(row,
              gonet_netip_addr_port_unmarshal_binary(&back, binary, (size_t)n, NULL) == 0 &&
                  memcmp(&p, &back, sizeof(p)) == 0,
              "binary does not come back");
    n = gonet_netip_addr_port_append_text(p, buf, sizeof(buf), NULL);
    vec_text_n(row, 2, buf, (size_t)n);
    vec_check(row,
              gonet_netip_addr_port_unmarshal_text(&back, buf, (size_t)n, NULL) == 0 &&
                  memcmp(&p, &back, sizeof(p)) == 0,
              "text does not come back");
}

static void netip_addrport_compare(vec_row_t *row)
{
    vec_int(row, 2,
            gonet_netip_addr_port_compare(addr_port_field(row, 0), addr_port_field(row, 1)));
}

/* Documented difference: a zone of more than 31 bytes, which these rows may have, is an error. */
static bool long_zone(vec_row_t *row, size_t n, gonet_error_t *err)
{
    size_t tail = vec_is(row, 0, "addrport") ? 2 : 0;

    if (vec_is(row, 0, "prefix") || n < 16 + tail + GONET_ZONE_SIZE)
        return false;
    vec_check(row, err != NULL, "a zone that can't be held");
    gonet_error_free(err);
    return true;
}

static void netip_unmarshal_binary(vec_row_t *row)
{
    uint8_t data[256];
    gonet_error_t *err = NULL;
    size_t n = vec_bytes(row, 1, data, sizeof(data));
    const char *text = NULL;

    if (vec_is(row, 0, "addr")) {
        gonet_netip_addr_t a = {.bits = 0};
        gonet_netip_addr_unmarshal_binary(&a, data, n, &err);
        text = gonet_netip_addr_string(a, buf, sizeof(buf));
    } else if (vec_is(row, 0, "addrport")) {
        gonet_netip_addr_port_t p = {.port = 0};
        gonet_netip_addr_port_unmarshal_binary(&p, data, n, &err);
        text = gonet_netip_addr_port_string(p, buf, sizeof(buf));
    } else {
        gonet_netip_prefix_t p = {.addr_bits = 0};
        gonet_netip_prefix_unmarshal_binary(&p, data, n, &err);
        text = gonet_netip_prefix_string(p, buf, sizeof(buf));
    }
    if (!long_zone(row, n, err) && check_status(row, 2, err))
        vec_text(row, 3, text);
}

static void netip_from_slice(vec_row_t *row)
{
    uint8_t data[256];
    bool ok = true;
    size_t n = vec_bytes(row, 0, data, sizeof(data));
    gonet_netip_addr_t a = gonet_netip_addr_from_slice(data, n, &ok);

    vec_int(row, 1, ok);
    check_addr(row, 2, a);
}

static void netip_with_zone(vec_row_t *row)
{
    gonet_netip_addr_t a = gonet_netip_addr_with_zone(addr_field(row, 0), row->field[1]);

    check_addr(row, 2, a);
    vec_text(row, 3, gonet_netip_addr_zone(a, buf, sizeof(buf)));
}

#define VECTOR(name, columns)                               \
    static void test_##name(void **state)                   \
    {                                                       \
        (void)state;                                        \
        assert_int_equal(vec_run(#name, columns, name), 0); \
    }

VECTOR(netip_addr, 11)
VECTOR(netip_compare, 5)
VECTOR(netip_prefix, 7)
VECTOR(netip_addr_prefix, 6)
VECTOR(netip_contains, 3)
VECTOR(netip_overlaps, 3)
VECTOR(netip_addrport, 6)
VECTOR(netip_addrport_compare, 3)
VECTOR(netip_unmarshal_binary, 4)
VECTOR(netip_from_slice, 3)
VECTOR(netip_with_zone, 4)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_netip_addr),
        cmocka_unit_test(test_netip_compare),
        cmocka_unit_test(test_netip_prefix),
        cmocka_unit_test(test_netip_addr_prefix),
        cmocka_unit_test(test_netip_contains),
        cmocka_unit_test(test_netip_overlaps),
        cmocka_unit_test(test_netip_addrport),
        cmocka_unit_test(test_netip_addrport_compare),
        cmocka_unit_test(test_netip_unmarshal_binary),
        cmocka_unit_test(test_netip_from_slice),
        cmocka_unit_test(test_netip_with_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
