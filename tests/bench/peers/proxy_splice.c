/*
 * The floor of a proxy: bare splice between two sockets, one pipe per direction, in one thread that
 * waits in poll. Usage: bench_proxy_splice PORT [PIPE-SIZE]. One connection, which it ends with.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    int from, to, pipe[2];
    size_t inside; /* bytes in the pipe */
    bool over;
} direction_t;

static size_t pipe_size = (size_t)1 << 20;

static int dial(int port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sin, sizeof sin) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        bench_die("connect: %s", strerror(errno));
    bench_no_delay(fd);
    return fd;
}

static int accept_one(int listener)
{
    struct pollfd readable = {.fd = listener, .events = POLLIN};
    int fd;

    poll(&readable, 1, -1);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        bench_die("accept: %s", strerror(errno));
    bench_no_delay(fd);
    return fd;
}

static void start(direction_t *d, int from, int to)
{
    *d = (direction_t){.from = from, .to = to};
    if (pipe2(d->pipe, O_CLOEXEC | O_NONBLOCK) != 0 ||
        fcntl(d->pipe[0], F_SETPIPE_SZ, (int)pipe_size) < 0)
        bench_die("pipe: %s", strerror(errno));
}

/* Moves what it can; p is what to wait for next. */
static void move(direction_t *d, struct pollfd *p)
{
    ssize_t n;

    for (;;) {
        bool out = d->inside > 0;

        n = out ? splice(d->pipe[0], NULL, d->to, NULL, d->inside,
                         SPLICE_F_MOVE | SPLICE_F_NONBLOCK)
                : splice(d->from, NULL, d->pipe[1], NULL, pipe_size,
                         SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (n < 0 && errno == EAGAIN) {
            *p = (struct pollfd){.fd = out ? d->to : d->from, .events = out ? POLLOUT : POLLIN};
            return;
        }
        if (n < 0)
            bench_die("splice: %s", strerror(errno));
        if (n == 0 && !out) {
            (void)shutdown(d->to, SHUT_WR);
            d->over = true;
            *p = (struct pollfd){.fd = -1};
            return;
        }
        d->inside = out ? d->inside - (size_t)n : (size_t)n;
    }
}

int main(int argc, char **argv)
{
    direction_t d[2];
    struct pollfd p[2] = {{.fd = -1}, {.fd = -1}};
    int client, server;

    if (argc < 2 || argc > 3)
        bench_die("usage: bench_proxy_splice TARGET-PORT [PIPE-SIZE]");
    bench_end_after(600);
    if (argc == 3)
        pipe_size = (size_t)bench_number("pipe size", argv[2], 4096, 1 << 26);
    client = accept_one(bench_listen(SOCK_STREAM));
    server = dial((int)bench_number("port", argv[1], 1, 65535));
    start(&d[0], client, server);
    start(&d[1], server, client);
    while (!d[0].over || !d[1].over) {
        for (int i = 0; i < 2; i++) {
            if (!d[i].over && (p[i].fd < 0 || p[i].revents != 0))
                move(&d[i], &p[i]);
        }
        if ((!d[0].over || !d[1].over) && poll(p, 2, -1) < 0)
            bench_die("poll: %s", strerror(errno));
    }
    return 0;
}
