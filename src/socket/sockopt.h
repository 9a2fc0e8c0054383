/*
 * Socket options: on a bare descriptor that nobody else knows yet, and on a gonet__fd_t that others
 * may be closing.
 */
#ifndef GONET_SOCKET_SOCKOPT_H
#define GONET_SOCKET_SOCKOPT_H

#include <sys/socket.h>

#include "gonet/keepalive.h"
#include "socket/fd.h"

/* On a bare descriptor. Return 0 or the errno of setsockopt. */
int gonet__sockopt_int(int sysfd, int level, int name, int value);

/* gonet__sockopt_keep_alive sets the switch and the three times (behaviour 7.15-7.17). */
int gonet__sockopt_keep_alive(int sysfd, const gonet_keep_alive_config_t *config);

/* gonet__sockopt_seconds turns a duration into what the kernel takes: whole seconds, rounded up. */
int gonet__sockopt_seconds(gonet_duration_t d);

/* gonet__sockopt_lingers says whether close(2) may block (SO_LINGER > 0). */
bool gonet__sockopt_lingers(int sysfd);

/* The default of the idle time and of the interval. */
#define GONET__KEEP_ALIVE_TIME (15 * GONET_SECOND)

/* On a gonet__fd_t. On failure they fill fail, and one memory reference is held (see fd.h). */
bool gonet__fd_set_option(gonet__fd_t *fd, int level, int name, const void *value, socklen_t len,
                          gonet__fail_t *fail);
bool gonet__fd_set_int_option(gonet__fd_t *fd, int level, int name, int value, gonet__fail_t *fail);

/* gonet__fd_set_linger: seconds < 0 off, >= 0 on. */
bool gonet__fd_set_linger(gonet__fd_t *fd, int seconds, gonet__fail_t *fail);
bool gonet__fd_set_keep_alive(gonet__fd_t *fd, const gonet_keep_alive_config_t *config,
                              gonet__fail_t *fail);

#endif
