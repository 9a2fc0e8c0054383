/*
 * Raw connections inside the library: which calls they offer depends on what they came from.
 */
#ifndef GONET_CONN_RAWCONN_H
#define GONET_CONN_RAWCONN_H

#include "conn/sock.h"
#include "gonet/rawconn.h"

typedef enum {
    GONET__RAW_CONN,
    GONET__RAW_LISTENER, /* control alone (behaviour 17.3) */
    GONET__RAW_CONTROL   /* for a control function: nothing to wait for yet (behaviour 6.29) */
} gonet__raw_kind_t;

/* gonet__raw_conn_new makes one for s; NULL with *err (bare) when memory is out. */
gonet_raw_conn_t *gonet__raw_conn_new(gonet__sock_t *s, gonet__raw_kind_t kind,
                                      gonet_error_t **err);

/* The syscall_conn slots of connections and of listeners; self is the sock. */
gonet_raw_conn_t *gonet__sock_syscall_conn(void *self, gonet_error_t **err);
gonet_raw_conn_t *gonet__sock_listener_syscall_conn(void *self, gonet_error_t **err);

#endif
