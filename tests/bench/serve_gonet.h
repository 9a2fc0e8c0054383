/*
 * The loop of the servers that are measured: a task for each connection.
 */
#ifndef BENCH_SERVE_GONET_H
#define BENCH_SERVE_GONET_H

#include <gonet.h>

/* bench_listen_gonet returns a listener on any port of 127.0.0.1, which it has announced. The
 * process ends after ten minutes. */
gonet_listener_t *bench_listen_gonet(void);

/* bench_serve_gonet accepts for ever, and lets handle(conn), who frees the connection, run in a
 * task for each. */
void bench_serve_gonet(gonet_listener_t *ln, void (*handle)(void *conn)) __attribute__((noreturn));

#endif
