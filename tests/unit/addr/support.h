/*
 * Making the address layer's values of the fields of a vector row.
 */
#ifndef GONET_TESTS_UNIT_ADDR_SUPPORT_H
#define GONET_TESTS_UNIT_ADDR_SUPPORT_H

#include "gonet/addr.h"
#include "vectors/vec.h"

static inline gonet_ip_t ip_field(const vec_row_t *row, int column)
{
    gonet_ip_t ip = {0};

    ip.len = (uint8_t)vec_bytes(row, column, ip.b, sizeof(ip.b));
    return ip;
}

static inline gonet_ip_mask_t mask_field(const vec_row_t *row, int column)
{
    gonet_ip_mask_t m = {0};

    m.len = (uint8_t)vec_bytes(row, column, m.b, sizeof(m.b));
    return m;
}

static inline void check_ip(vec_row_t *row, int column, gonet_ip_t ip)
{
    vec_hex(row, column, ip.b, ip.len);
}

/* An empty operand is the zero value; any other one must parse. */
static inline gonet_netip_addr_t addr_field(vec_row_t *row, int column)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a = {.bits = 0};

    if (row->len[column] > 0)
        a = gonet_netip_parse_addr(row->field[column], &err);
    vec_check(row, err == NULL, "operand does not parse");
    return a;
}

static inline gonet_netip_prefix_t prefix_field(vec_row_t *row, int column)
{
    gonet_error_t *err = NULL;
    gonet_netip_prefix_t p = {.addr_bits = 0};

    if (row->len[column] > 0)
        p = gonet_netip_parse_prefix(row->field[column], &err);
    vec_check(row, err == NULL, "operand does not parse");
    return p;
}

static inline gonet_netip_addr_port_t addr_port_field(vec_row_t *row, int column)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_port_t p = {.port = 0};

    if (row->len[column] > 0)
        p = gonet_netip_parse_addr_port(row->field[column], &err);
    vec_check(row, err == NULL, "operand does not parse");
    return p;
}

/* The status column and, on an error, the text behind it. True if the row's call succeeded, and
 * should. */
static inline bool check_status(vec_row_t *row, int column, gonet_error_t *err)
{
    bool ok = vec_is(row, column, "ok");

    vec_text(row, column, err == NULL ? "ok" : "error");
    if (!ok)
        vec_text(row, column + 1, gonet_error_string(err));
    bool go_on = ok && err == NULL;
    gonet_error_free(err);
    return go_on;
}

#endif
