/*
 * The floor of short connections: one thread around a level-triggered epoll set; accept, one read,
 * one write, close, and what each connection needs for it. "thread": beside an idle thread. Ended
 * by a signal, or by itself after ten minutes.
 */
#include "common.h"
#include "epoll.h"

#include <errno.h>
#include <unistd.h>

enum { BUFFER_SIZE = 4096 };

static void answer(int fd)
{
    char buf[BUFFER_SIZE];
    ssize_t n = read(fd, buf, sizeof buf);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0 && write(fd, buf, (size_t)n) != n)
        bench_die("the echo was not written");
    close(fd);
}

int main(int argc, char **argv)
{
    bench_serve_epoll(argc, argv, answer);
}
