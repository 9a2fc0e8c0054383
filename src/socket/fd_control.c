/*
 * Calls that take no side of the descriptor, just a reference that keeps it open: shutdown,
 * duplicates, socket options.
 */
#include "socket/fd_io.h"

#include "base/fd.h"
#include "gonet/errno.h"
#include "socket/sockopt.h"
#include "socket/sys.h"

bool gonet__fd_shutdown(gonet__fd_t *fd, int how, gonet__fail_t *fail)
{
    if (!gonet__fd_ref(fd, fail))
        return false;
    if (gonet__sys_shutdown(fd->pd.fd, how) < 0) {
        gonet__fd_unref_fail(fd, fail, "shutdown", errno);
        return false;
    }
    gonet__fd_unref(fd);
    return true;
}

int gonet__fd_dup(gonet__fd_t *fd, gonet__fail_t *fail)
{
    int copy;

    if (!gonet__fd_ref(fd, fail))
        return -1;
    atomic_store(&fd->exported, true);
    copy = gonet__sys_fcntl(fd->pd.fd, F_DUPFD_CLOEXEC, GONET__FD_LEAST);
    if (copy < 0) {
        gonet__fd_unref_fail(fd, fail, "fcntl", errno);
        return -1;
    }
    gonet__fd_unref(fd);
    return copy;
}

bool gonet__fd_set_option(gonet__fd_t *fd, int level, int name, const void *value, socklen_t len,
                          gonet__fail_t *fail)
{
    if (!gonet__fd_ref(fd, fail))
        return false;
    if (gonet__sys_setsockopt(fd->pd.fd, level, name, value, len) < 0) {
        gonet__fd_unref_fail(fd, fail, "setsockopt", errno);
        return false;
    }
    gonet__fd_unref(fd);
    return true;
}

bool gonet__fd_set_int_option(gonet__fd_t *fd, int level, int name, int value, gonet__fail_t *fail)
{
    return gonet__fd_set_option(fd, level, name, &value, sizeof(value), fail);
}

bool gonet__fd_set_linger(gonet__fd_t *fd, int seconds, gonet__fail_t *fail)
{
    struct linger linger = {.l_onoff = seconds >= 0, .l_linger = seconds >= 0 ? seconds : 0};

    if (!gonet__fd_ref(fd, fail))
        return false;
    if (gonet__sys_setsockopt(fd->pd.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0) {
        gonet__fd_unref_fail(fd, fail, "setsockopt", errno);
        return false;
    }
    atomic_store(&fd->lingers, seconds > 0);
    gonet__fd_unref(fd);
    return true;
}

bool gonet__fd_set_keep_alive(gonet__fd_t *fd, const gonet_keep_alive_config_t *config,
                              gonet__fail_t *fail)
{
    int errnum;

    if (!gonet__fd_ref(fd, fail))
        return false;
    errnum = gonet__sockopt_keep_alive(fd->pd.fd, config);
    if (errnum != 0) {
        gonet__fd_unref_fail(fd, fail, "setsockopt", errnum);
        return false;
    }
    gonet__fd_unref(fd);
    return true;
}
