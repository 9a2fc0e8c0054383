/*
 * Keeping the library's descriptors away from 0, 1 and 2. Nothing here ever closes one of these
 * numbers without putting something in its place in the same system call: in between another
 * thread might have opened a file there.
 */
#include "base/fd.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gonet/errno.h"

/* Something that nobody can read, write or wait for: a mere place in the file system or, where
 * there is no /dev, a set of descriptors with none in it. */
static int open_nothing(void)
{
    int fd = open("/dev/null", O_PATH | O_CLOEXEC);

    return fd >= 0 || errno == EMFILE ? fd : epoll_create1(EPOLL_CLOEXEC);
}

void gonet__fd_reserve(void)
{
    int e = errno;

    for (int i = 0; i < GONET__FD_LEAST; i++) {
        if (fcntl(i, F_GETFD) >= 0)
            continue;
        int fd = open_nothing(); /* the lowest number that is free: i, or another thread's luck */
        if (fd >= GONET__FD_LEAST)
            close(fd);
        if (fd < 0)
            break;
    }
    errno = e;
}

void gonet__fd_reserve_once(void)
{
    static _Atomic bool done;

    if (atomic_load_explicit(&done, memory_order_relaxed))
        return;
    gonet__fd_reserve();
    atomic_store_explicit(&done, true, memory_order_relaxed);
}

int gonet__fd_move(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, GONET__FD_LEAST);
    int e = errno;
    int nothing = open_nothing();

    if (nothing >= GONET__FD_LEAST) {
        dup3(nothing, fd, O_CLOEXEC);
        close(nothing);
    } else {
        close(fd);
    }
    gonet__fd_reserve();
    errno = e;
    return high;
}

int gonet__fd_open(const char *path)
{
    gonet__fd_reserve_once();
    return gonet__fd_lift(open(path, O_RDONLY | O_CLOEXEC));
}

int gonet__fd_socket(int family, int type, int proto)
{
    gonet__fd_reserve_once();
    return gonet__fd_lift(socket(family, type | SOCK_CLOEXEC, proto));
}

int gonet__fd_pipe(int fds[2], int flags)
{
    gonet__fd_reserve_once();
    if (pipe2(fds, flags | O_CLOEXEC) != 0)
        return -1;
    for (int i = 0; i < 2; i++)
        fds[i] = gonet__fd_lift(fds[i]);
    if (fds[0] >= 0 && fds[1] >= 0)
        return 0;
    int e = errno;
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    errno = e;
    return -1;
}
