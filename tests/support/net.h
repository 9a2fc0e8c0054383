/*
 * Connected pairs, and error texts with addresses in them.
 */
#ifndef TESTS_SUPPORT_NET_H
#define TESTS_SUPPORT_NET_H

#include "gonet/conn.h"
#include "gonet/dial.h"
#include "support/check.h"

/* net_listen listens on the loopback address of network ("tcp", "tcp4", "tcp6"); NULL: recorded. */
gonet_listener_t *net_listen(const char *network);

/* net_dial dials a listener's address; NULL: recorded. */
gonet_conn_t *net_dial(const char *network, gonet_listener_t *l);

/* net_pair makes two connected ends over network; false: recorded. Parks. */
bool net_pair(const char *network, gonet_conn_t **a, gonet_conn_t **b);

/* net_has says whether the loopback interface has the network's family. */
bool net_has(const char *network);

/* net_descriptor returns the number behind c (through its raw connection), or -1. */
int net_descriptor(gonet_conn_t *c);

/* net_option reads an int socket option of c; INT_MIN on failure. */
int net_option(gonet_conn_t *c, int level, int name);

/* net_addr_text writes an address as text into buf of GONET_ADDR_STRLEN bytes; "<nil>" for NULL. */
const char *net_addr_text(const gonet_addr_t *a, char *buf);

/*
 * net_error compares an error's text with want, in which "<L>" and "<R>" stand for the local and
 * the remote address of c, or for those texts. NULL in err: recorded.
 */
bool net_error(const char *file, int line, const gonet_error_t *err, gonet_conn_t *c,
               const char *want);
bool net_error_text(const char *file, int line, const gonet_error_t *err, const char *local,
                    const char *remote, const char *want);

#define CHECK_CONN_ERROR(err, c, want) net_error(__FILE__, __LINE__, err, c, want)
#define CHECK_LISTENER_ERROR(err, l, want)  \
    net_error_text(__FILE__, __LINE__, err, \
                   net_addr_text(gonet_listener_addr(l), (char[GONET_ADDR_STRLEN]){0}), "", want)

/* net_fill writes zeros, 65536 at a time, until nothing more fits; from there on a write blocks.
 * The count. */
size_t net_fill(gonet_conn_t *c);

/*
 * net_abstract writes an abstract unix name that no other program uses into buf, of 64 bytes:
 * "@gonet-", what and the process; net_abstract_new one that has not been used here, either. Each
 * returns buf.
 */
char *net_abstract(const char *what, char *buf);
char *net_abstract_new(const char *what, char *buf);

/* net_listener_port returns the port that l listens on. */
int net_listener_port(gonet_listener_t *l);

#endif
