/*
 * The floor of the UDP echo: bare epoll, level-triggered, one thread; each turn answers what is
 * there.
 */
#include "common.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void answer_all(int fd)
{
    static char buf[65536];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t n;

    while ((n = recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &len)) >= 0)
        if (sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len) != n)
            bench_die("sendto: %s", strerror(errno));
    if (errno != EAGAIN)
        bench_die("recvfrom: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    struct epoll_event ev = {.events = EPOLLIN};
    int fd, set = epoll_create1(EPOLL_CLOEXEC);

    bench_end_after(600);
    bench_second_thread(argc, argv);
    fd = bench_listen(SOCK_DGRAM);
    if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) != 0)
        bench_die("epoll: %s", strerror(errno));
    for (;;)
        if (epoll_wait(set, &ev, 1, -1) == 1)
            answer_all(fd);
}
