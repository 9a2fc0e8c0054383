/*
 * TCP connections and listeners inside the library.
 */
#ifndef GONET_CONN_TCP_H
#define GONET_CONN_TCP_H

#include "conn/sock.h"
#include "gonet/tcp.h"

struct gonet_tcp_conn {
    gonet__sock_t sock; /* first */
};

struct gonet_tcp_listener {
    gonet__sock_t sock; /* first */
    gonet_duration_t keep_alive;
    gonet_keep_alive_config_t keep_alive_config;
    bool mptcp;
    _Atomic bool preset; /* has what its connections shall have, and nobody has changed that */
};

/* What a listener has set for its connections. */
typedef struct {
    gonet_duration_t keep_alive;
    gonet_keep_alive_config_t config;
    bool preset;
    bool mptcp;
} gonet__tcp_settings_t;

/*
 * gonet__tcp_conn_new makes a connection of the descriptor sysfd, which it takes; net is static.
 * Addresses and options are not yet set. NULL when memory is out: sysfd is closed then.
 */
gonet_tcp_conn_t *gonet__tcp_conn_new(const char *net, int sysfd, int family);

/*
 * gonet__tcp_set_defaults sets TCP_NODELAY and keep-alive (behaviour 7.14, 7.15); config may be
 * NULL. Failures don't matter.
 */
void gonet__tcp_set_defaults(int sysfd, gonet_duration_t keep_alive,
                             const gonet_keep_alive_config_t *config);

/* gonet__tcp_listener_preset sets the same on a listener that doesn't listen yet: its connections
 * may inherit it. */
void gonet__tcp_listener_preset(gonet_tcp_listener_t *l, int proto);

/* gonet__tcp_accepted sets it on a connection that was accepted, unless that has inherited it. */
void gonet__tcp_accepted(int sysfd, const gonet__tcp_settings_t *s);

/* gonet__tcp_listener_new: the same for a listener; accepted connections get these keep-alive
 * settings. */
gonet_tcp_listener_t *gonet__tcp_listener_new(const char *net, int sysfd, int family,
                                              gonet_duration_t keep_alive,
                                              const gonet_keep_alive_config_t *config);

/* The slots that copy (kernel_copy.c). */
int gonet__tcp_conn_read_from(void *self, gonet_reader_t *r, int64_t *n, gonet_error_t **err);
int gonet__tcp_conn_write_to(void *self, gonet_writer_t *w, int64_t *n, gonet_error_t **err);

#endif
