/*
 * Clocks and small helpers of the benchmark programs; no state.
 */
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;

    if (clock_gettime(id, &t) != 0)
        bench_die("clock_gettime: %s", strerror(errno));
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t bench_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t bench_own_cpu(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t bench_cpu_of(pid_t pid)
{
    clockid_t id;
    int rc = clock_getcpuclockid(pid, &id);

    /* Unlike the files in /proc, this clock counts the slice that is running right now. */
    if (rc != 0)
        bench_die("no process %ld: %s", (long)pid, strerror(rc));
    return clock_ns(id);
}

long bench_number(const char *what, const char *text, long min, long max)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < min || n > max)
        bench_die("%s must be a number from %ld to %ld, not \"%s\"", what, min, max, text);
    return n;
}

void bench_end_after(unsigned seconds)
{
    alarm(seconds);
}

static void *idle(void *arg)
{
    for (;;)
        pause();
    return arg;
}

void bench_second_thread(int argc, char **argv)
{
    pthread_t thread;

    if (argc > 1 && strcmp(argv[1], "thread") == 0 &&
        pthread_create(&thread, NULL, idle, NULL) != 0)
        bench_die("pthread_create failed");
}

int bench_listen(int type)
{
    struct sockaddr_in sin = {.sin_family = AF_INET};
    socklen_t len = sizeof sin;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof sin) != 0 ||
        (type == SOCK_STREAM && listen(fd, 4096) != 0) ||
        getsockname(fd, (struct sockaddr *)&sin, &len) != 0)
        bench_die("listen: %s", strerror(errno));
    bench_announce(ntohs(sin.sin_port));
    return fd;
}

void bench_announce(int port)
{
    printf("listening 127.0.0.1:%d\n", port);
    fflush(stdout);
}

void bench_no_delay(int fd)
{
    int on = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        bench_die("TCP_NODELAY: %s", strerror(errno));
}
