/*
 * Socket options on a bare descriptor.
 */
#include "socket/sockopt.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "gonet/errno.h"
#include "socket/sys.h"

#define KEEP_ALIVE_COUNT 9

int gonet__sockopt_int(int sysfd, int level, int name, int value)
{
    return gonet__sys_setsockopt(sysfd, level, name, &value, sizeof(value)) < 0 ? errno : 0;
}

int gonet__sockopt_seconds(gonet_duration_t d)
{
    gonet_duration_t seconds = d / GONET_SECOND + (d % GONET_SECOND > 0);

    return seconds > INT_MAX ? INT_MAX : (int)seconds;
}

/* Zero is the default, a negative time leaves the option as it is. */
static int set_time(int sysfd, int name, gonet_duration_t d)
{
    if (d < 0)
        return 0;
    if (d == 0)
        d = GONET__KEEP_ALIVE_TIME;
    return gonet__sockopt_int(sysfd, IPPROTO_TCP, name, gonet__sockopt_seconds(d));
}

int gonet__sockopt_keep_alive(int sysfd, const gonet_keep_alive_config_t *config)
{
    int errnum = gonet__sockopt_int(sysfd, SOL_SOCKET, SO_KEEPALIVE, config->enable);

    if (errnum == 0)
        errnum = set_time(sysfd, TCP_KEEPIDLE, config->idle);
    if (errnum == 0)
        errnum = set_time(sysfd, TCP_KEEPINTVL, config->interval);
    if (errnum == 0 && config->count >= 0)
        errnum = gonet__sockopt_int(sysfd, IPPROTO_TCP, TCP_KEEPCNT,
                                    config->count == 0 ? KEEP_ALIVE_COUNT : config->count);
    return errnum;
}

bool gonet__sockopt_lingers(int sysfd)
{
    struct linger linger = {0};
    socklen_t len = sizeof(linger);

    return gonet__sys_getsockopt(sysfd, SOL_SOCKET, SO_LINGER, &linger, &len) == 0 &&
           linger.l_onoff != 0 && linger.l_linger > 0;
}
