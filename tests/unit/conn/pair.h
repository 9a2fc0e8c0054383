/*
 * A TCP connection and its other end, over the loopback device. From the test's own thread.
 */
#ifndef TESTS_UNIT_CONN_PAIR_H
#define TESTS_UNIT_CONN_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gonet/dial.h"
#include "gonet/tcp.h"

typedef struct {
    gonet_listener_t *l;
    gonet_conn_t *a;      /* dialed */
    gonet_conn_t *b;      /* accepted */
    char local[64];       /* of a */
    char remote[64];      /* of a */
    char both[160];       /* "L->R" of a */
    gonet_tcp_conn_t *ta; /* a and b as what they are */
    gonet_tcp_conn_t *tb;
} pair_t;

static inline void pair_open(pair_t *p)
{
    gonet_error_t *err = NULL;
    char address[GONET_ADDR_STRLEN];

    p->l = gonet_listen("tcp", "127.0.0.1:0", &err);
    assert_non_null(p->l);
    p->a = gonet_dial("tcp", gonet_addr_string(gonet_listener_addr(p->l), address, sizeof(address)),
                      &err);
    assert_string_equal(gonet_error_string(err), "<nil>");
    assert_non_null(p->a);
    p->b = gonet_listener_accept(p->l, &err);
    assert_non_null(p->b);
    assert_non_null(gonet_addr_string(gonet_conn_local_addr(p->a), p->local, sizeof(p->local)));
    assert_non_null(gonet_addr_string(gonet_conn_remote_addr(p->a), p->remote, sizeof(p->remote)));
    snprintf(p->both, sizeof(p->both), "%s->%s", p->local, p->remote);
    p->ta = gonet_conn_as_tcp(p->a);
    p->tb = gonet_conn_as_tcp(p->b);
    assert_non_null(p->ta);
    assert_non_null(p->tb);
}

static inline void pair_close(pair_t *p)
{
    gonet_conn_free(p->a);
    gonet_conn_free(p->b);
    gonet_listener_free(p->l);
}

/* Compares an error with a text in which "L->R" and "L" stand for a's addresses, and releases it.
 */
static inline void pair_error(const pair_t *p, gonet_error_t **err, const char *before,
                              const char *addresses, const char *after)
{
    char text[512];

    snprintf(text, sizeof(text), "%s%s%s", before, strcmp(addresses, "L") == 0 ? p->local : p->both,
             after);
    assert_string_equal(gonet_error_string(*err), text);
    gonet_error_set(err, NULL);
}

#endif
