/*
 * What connections that wrap another one have in common (recorder_conn.c): slots for their tables
 * that pass the call on. The wrapper's own struct begins with a wrapper_t.
 */
#ifndef WRAPPER_H
#define WRAPPER_H

#include <gonet.h>

typedef struct {
    gonet_conn_t *inner; /* owned */
} wrapper_t;

/* Slots of gonet_conn_vtable_t. */
int wrapper_close(void *self, gonet_error_t **err);
const gonet_addr_t *wrapper_local_addr(void *self);
const gonet_addr_t *wrapper_remote_addr(void *self);
int wrapper_set_deadline(void *self, gonet_time_t t, gonet_error_t **err);
int wrapper_set_read_deadline(void *self, gonet_time_t t, gonet_error_t **err);
int wrapper_set_write_deadline(void *self, gonet_time_t t, gonet_error_t **err);
int wrapper_close_read(void *self, gonet_error_t **err);
int wrapper_close_write(void *self, gonet_error_t **err);
gonet_conn_t *wrapper_net_conn(void *self);
int wrapper_wait_readable(void *self, gonet_error_t **err);

#endif
