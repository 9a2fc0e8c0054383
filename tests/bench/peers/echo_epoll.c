/*
 * The floor: an echo server of one thread around a level-triggered epoll set, read then write, and
 * nothing else. Ended by a signal, or by itself after ten minutes.
 */
#include "common.h"
#include "epoll.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

enum { BUFFER_SIZE = 4096 };

/* A full send buffer does not happen with small messages in turn; waiting for it here keeps it
 * right. */
static bool write_all(int fd, const char *p, size_t len)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    ssize_t n;

    while (len > 0) {
        n = write(fd, p, len);
        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0) {
            poll(&room, 1, -1);
            continue;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static void echo(int fd)
{
    char buf[BUFFER_SIZE];
    ssize_t n = read(fd, buf, sizeof buf);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || !write_all(fd, buf, (size_t)n))
        close(fd);
}

int main(int argc, char **argv)
{
    bench_serve_epoll(argc, argv, echo);
}
