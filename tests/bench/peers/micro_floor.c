/*
 * Floors of micro-benchmarks: the system calls that Go's rules ask of both ends, made by one
 * thread, with nothing between them. "dial": of dial, accept and close (five options each, the
 * names, the pending error); "udp": of a round trip, where nobody has to wait. Called as the other
 * ones are: bench_micro_floor NAME OPERATIONS.
 */
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void set(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof value) != 0)
        bench_die("setsockopt: %s", strerror(errno));
}

static void set_defaults(int fd)
{
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set(fd, IPPROTO_TCP, TCP_KEEPCNT, 9);
}

static int dial(const struct sockaddr_in *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    struct sockaddr_in sin;
    socklen_t len = sizeof sin, error_len = sizeof(int);
    int error;

    if (fd < 0)
        bench_die("socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) != 0 && errno != EINPROGRESS)
        bench_die("connect: %s", strerror(errno));
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) != 0 || error != 0)
        bench_die("connect: %s", strerror(error));
    while (getpeername(fd, (struct sockaddr *)&sin, &len) != 0)
        poll(&writable, 1, -1);
    len = sizeof sin;
    getsockname(fd, (struct sockaddr *)&sin, &len);
    set_defaults(fd);
    return fd;
}

static int accept_one(int listener)
{
    struct sockaddr_in sin;
    socklen_t len = sizeof sin;
    struct pollfd readable = {.fd = listener, .events = POLLIN};
    int fd;

    while ((fd = accept4(listener, (struct sockaddr *)&sin, &len, SOCK_CLOEXEC | SOCK_NONBLOCK)) <
           0) {
        if (errno != EAGAIN)
            bench_die("accept4: %s", strerror(errno));
        poll(&readable, 1, -1);
    }
    len = sizeof sin;
    getsockname(fd, (struct sockaddr *)&sin, &len);
    set_defaults(fd);
    return fd;
}

static void run_dial(long ops)
{
    struct sockaddr_in sin = {.sin_family = AF_INET};
    socklen_t len = sizeof sin;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    long i;

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&sin, sizeof sin) != 0 ||
        listen(listener, 4096) != 0 || getsockname(listener, (struct sockaddr *)&sin, &len) != 0)
        bench_die("listen: %s", strerror(errno));
    for (i = 0; i < ops; i++) {
        int a = dial(&sin);
        int b = accept_one(listener);
        close(a);
        close(b);
    }
    close(listener);
}

static int udp_socket(struct sockaddr_in *sin)
{
    socklen_t len = sizeof *sin;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    *sin = (struct sockaddr_in){.sin_family = AF_INET};
    sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)sin, sizeof *sin) != 0 ||
        getsockname(fd, (struct sockaddr *)sin, &len) != 0)
        bench_die("bind: %s", strerror(errno));
    return fd;
}

/* Nobody has to wait here: each datagram is there when it is asked for. */
static void run_udp(long ops)
{
    struct sockaddr_in sin, from;
    socklen_t len;
    int server = udp_socket(&sin), client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char buf[2048] = "";
    long i;

    if (client < 0 || connect(client, (struct sockaddr *)&sin, sizeof sin) != 0)
        bench_die("connect: %s", strerror(errno));
    for (i = 0; i < ops; i++) {
        len = sizeof from;
        if (send(client, buf, 64, 0) != 64 ||
            recvfrom(server, buf, sizeof buf, 0, (struct sockaddr *)&from, &len) != 64 ||
            sendto(server, buf, 64, 0, (struct sockaddr *)&from, len) != 64 ||
            recv(client, buf, 64, 0) != 64)
            bench_die("udp: %s", strerror(errno));
    }
    close(client);
    close(server);
}

int main(int argc, char **argv)
{
    void (*run)(long ops);
    int64_t cpu, wall;
    long ops;

    if (argc != 3 || (strcmp(argv[1], "dial") != 0 && strcmp(argv[1], "udp") != 0))
        bench_die("usage: bench_micro_floor dial|udp OPERATIONS");
    run = strcmp(argv[1], "dial") == 0 ? run_dial : run_udp;
    bench_end_after(120);
    ops = bench_number("operations", argv[2], 1000, 2000000000);
    run(ops / 10);
    cpu = bench_own_cpu();
    wall = bench_now();
    run(ops);
    wall = bench_now() - wall;
    cpu = bench_own_cpu() - cpu;
    printf("cpu_ns=%.1f wall_ns=%.1f\n", (double)cpu / (double)ops, (double)wall / (double)ops);
    return 0;
}
