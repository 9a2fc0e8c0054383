/*
 * The load of short connections: so many at a time, each sends one message of 64 bytes, takes the
 * echo until the server closes, and is replaced by the next. Reports the CPU time that the server's
 * process took per connection. One thread around one epoll set; without gonet, to be neutral.
 */
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 64, BATCH = 256 };

typedef struct {
    int fd;
    size_t got;
    uint64_t number; /* what the message holds */
    char answer[SIZE];
} client_t;

static struct sockaddr_in server = {.sin_family = AF_INET};
static int set;

static void open_one(client_t *c, uint64_t number)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    char message[SIZE] = {0};

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0)
        bench_die("connect: %s", strerror(errno));
    c->got = 0;
    c->number = number;
    memcpy(message, &number, sizeof number);
    if (send(c->fd, message, SIZE, MSG_NOSIGNAL) != SIZE)
        bench_die("send: %s", strerror(errno));
    if (epoll_ctl(set, EPOLL_CTL_ADD, c->fd, &ev) != 0)
        bench_die("epoll_ctl: %s", strerror(errno));
}

/* A reset in place of a goodbye leaves no port in TIME_WAIT, of which there are 28,000. */
static void close_one(client_t *c)
{
    struct linger reset = {.l_onoff = 1};

    if (c->got != SIZE || memcmp(c->answer, &c->number, sizeof c->number) != 0)
        bench_die("connection %llu was not echoed", (unsigned long long)c->number);
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(c->fd);
}

/* Returns 1 when the server has closed the connection. */
static int at_end(client_t *c)
{
    ssize_t n = recv(c->fd, c->answer + c->got, SIZE - c->got + 1, MSG_DONTWAIT);

    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n < 0)
        bench_die("recv: %s", strerror(errno));
    c->got += (size_t)n;
    if (c->got > SIZE)
        bench_die("more was echoed than was sent");
    return n == 0;
}

static void exchange(client_t *clients, long at_once, long total)
{
    struct epoll_event ready[BATCH];
    long opened = 0, closed = 0;
    int n, i;

    while (opened < at_once && opened < total)
        open_one(&clients[opened], (uint64_t)opened), opened++;
    while (closed < total) {
        n = epoll_wait(set, ready, BATCH, 10000);
        if (n == 0)
            bench_die("no answer for 10 seconds");
        for (i = 0; i < n; i++) {
            client_t *c = ready[i].data.ptr;

            if (!at_end(c))
                continue;
            close_one(c);
            closed++;
            if (opened < total)
                open_one(c, (uint64_t)opened++);
        }
    }
}

int main(int argc, char **argv)
{
    long at_once, total;
    client_t *clients;
    int64_t cpu, begin;
    double passed;
    pid_t pid;

    if (argc != 5)
        bench_die("usage: bench_short_load PORT SERVER-PID AT-ONCE CONNECTIONS");
    bench_end_after(120);
    server.sin_port = htons((uint16_t)bench_number("port", argv[1], 1, 65535));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pid = (pid_t)bench_number("pid", argv[2], 1, 1L << 30);
    at_once = bench_number("at once", argv[3], 1, 10000);
    total = bench_number("connections", argv[4], 100, 100000000);
    set = epoll_create1(EPOLL_CLOEXEC);
    clients = calloc((size_t)at_once, sizeof *clients);
    if (set < 0 || clients == NULL)
        bench_die("epoll_create1: %s", strerror(errno));
    exchange(clients, at_once, total / 10); /* to warm up */
    cpu = bench_cpu_of(pid);
    begin = bench_now();
    exchange(clients, at_once, total);
    passed = (double)(bench_now() - begin) / 1e9;
    cpu = bench_cpu_of(pid) - cpu;
    free(clients);
    printf("connections=%ld seconds=%.3f cps=%.0f cpu_ns=%.1f\n", total, passed,
           (double)total / passed, (double)cpu / (double)total);
    return 0;
}
