/*
 * Accepting and waiting; what is done with a connection is its program's.
 */
#include "epoll.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common.h"

enum { BATCH = 256 };

static void watch(int set, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) != 0)
        bench_die("epoll_ctl: %s", strerror(errno));
}

static void accept_all(int set, int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        bench_no_delay(fd);
        watch(set, fd);
    }
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        bench_die("accept: %s", strerror(errno));
}

void bench_serve_epoll(int argc, char **argv, void (*answer)(int fd))
{
    struct epoll_event ready[BATCH];
    int set = epoll_create1(EPOLL_CLOEXEC);
    int listener, n, i;

    bench_end_after(600);
    bench_second_thread(argc, argv);
    if (set < 0)
        bench_die("epoll_create1: %s", strerror(errno));
    listener = bench_listen(SOCK_STREAM);
    watch(set, listener);
    for (;;) {
        n = epoll_wait(set, ready, BATCH, -1);
        if (n < 0 && errno != EINTR)
            bench_die("epoll_wait: %s", strerror(errno));
        for (i = 0; i < n; i++) {
            if (ready[i].data.fd == listener)
                accept_all(set, listener);
            else
                answer(ready[i].data.fd);
        }
    }
}
