/*
 * The options that every TCP connection gets: TCP_NODELAY and keep-alive (behaviour 7.14, 7.15). A
 * listener gets them before it listens, because connections inherit them on Linux: that saves five
 * system calls for each. Whether they do is seen at the first accept; kernels differ for Multipath
 * TCP.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "conn/tcp.h"
#include "socket/socket.h"
#include "socket/sockopt.h"
#include "socket/sys.h"

#define OPTIONS 5

enum { UNKNOWN, INHERITS, DIFFERS };

/* Of connections by plain TCP, and by Multipath TCP; the same for the whole machine. */
static _Atomic int known[2];

void gonet__tcp_set_defaults(int sysfd, gonet_duration_t keep_alive,
                             const gonet_keep_alive_config_t *config)
{
    const gonet_keep_alive_config_t plain = {.enable = true, .idle = keep_alive};

    (void)gonet__sockopt_int(sysfd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (config != NULL && config->enable)
        (void)gonet__sockopt_keep_alive(sysfd, config);
    else if (keep_alive >= 0)
        (void)gonet__sockopt_keep_alive(sysfd, &plain);
}

void gonet__tcp_listener_preset(gonet_tcp_listener_t *l, int proto)
{
    gonet__tcp_set_defaults(l->sock.fd.pd.fd, l->keep_alive, &l->keep_alive_config);
    l->mptcp = proto == GONET__IPPROTO_MPTCP;
    atomic_store(&l->preset, true);
}

static int option(int sysfd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);

    return gonet__sys_getsockopt(sysfd, level, name, &value, &len) < 0 ? -1 : value;
}

static void read_options(int sysfd, int value[OPTIONS])
{
    value[0] = option(sysfd, IPPROTO_TCP, TCP_NODELAY);
    value[1] = option(sysfd, SOL_SOCKET, SO_KEEPALIVE);
    value[2] = option(sysfd, IPPROTO_TCP, TCP_KEEPIDLE);
    value[3] = option(sysfd, IPPROTO_TCP, TCP_KEEPINTVL);
    value[4] = option(sysfd, IPPROTO_TCP, TCP_KEEPCNT);
}

/* Sets them, and learns whether that was necessary. Only the usual settings tell: each of theirs
 * differs from what a socket has that inherits nothing. */
static void find_out(_Atomic int *what, int sysfd, const gonet__tcp_settings_t *s)
{
    int before[OPTIONS], after[OPTIONS];

    read_options(sysfd, before);
    gonet__tcp_set_defaults(sysfd, s->keep_alive, &s->config);
    if (s->keep_alive != 0 || s->config.enable)
        return;
    read_options(sysfd, after);
    atomic_store(what, memcmp(before, after, sizeof(before)) == 0 ? INHERITS : DIFFERS);
}

void gonet__tcp_accepted(int sysfd, const gonet__tcp_settings_t *s)
{
    _Atomic int *what = &known[0];

    if (s->preset) {
        if (s->mptcp && option(sysfd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP)
            what = &known[1];
        switch (atomic_load_explicit(what, memory_order_relaxed)) {
        case INHERITS:
            return;
        case UNKNOWN:
            find_out(what, sysfd, s);
            return;
        default:
            break;
        }
    }
    gonet__tcp_set_defaults(sysfd, s->keep_alive, &s->config);
}
