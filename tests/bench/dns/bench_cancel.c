/*
 * How soon a lookup, or a dial by name, is back once its context has ended: a server that never
 * answers, over UDP and TCP, and one whose queue of connections is full. Prints the median and the
 * longest of ROUNDS, in microseconds, and what is left when all have ended.
 * Usage: bench_dns_cancel [ROUNDS]
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <gonet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_ROUNDS = 10000 };

typedef struct {
    gonet_resolver_t resolver;
    const char *what;
    bool dial;
} target_t;

typedef struct {
    const target_t *target;
    gonet_context_t *ctx;
    gonet_time_t back;
    gonet_wait_group_t done;
} call_t;

static void call(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    call_t *c = arg;
    gonet_dialer_t dialer = {.resolver = (gonet_resolver_t *)(uintptr_t)&c->target->resolver};
    size_t n = 0;

    if (c->target->dial)
        gonet_conn_free(gonet_dialer_dial_context(&dialer, c->ctx, "tcp", "x.test.:80", &err));
    else
        gonet_free(gonet_resolver_lookup_host(&c->target->resolver, c->ctx, "x.test.", &n, &err));
    c->back = gonet_now();
    if (err == NULL || !gonet_error_is(err, gonet_err_canceled))
        fprintf(stderr, "%s: %s\n", c->target->what, err ? gonet_error_string(err) : "answered");
    gonet_wait_group_done(&c->done);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void measure(const target_t *target, int rounds)
{
    static int64_t took[MAX_ROUNDS];

    for (int i = 0; i < rounds; i++) {
        call_t c = {.target = target, .ctx = gonet_context_with_cancel(NULL)};
        gonet_time_t start;

        gonet_wait_group_add(&c.done, 1);
        if (gonet_go(call, &c) != 0)
            exit(1);
        gonet_sleep(2 * GONET_MILLISECOND);
        start = gonet_now();
        gonet_context_cancel(c.ctx);
        gonet_wait_group_wait(&c.done);
        took[i] = c.back.ns - start.ns;
        gonet_context_free(c.ctx);
    }
    qsort(took, (size_t)rounds, sizeof(*took), by_size);
    printf("%-28s median %6.0f us, longest %6.0f us\n", target->what,
           (double)took[rounds / 2] / 1e3, (double)took[rounds - 1] / 1e3);
}

static int descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d != NULL && readdir(d) != NULL)
        n++;
    if (d != NULL)
        closedir(d);
    return n;
}

/* A socket that is bound to port of the loopback (0: any), which it returns in text. */
static int bound(int type, int *port, char text[32])
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, type, 0);

    if (fd < 0 || bind(fd, (void *)&a, len) != 0 || getsockname(fd, (void *)&a, &len) != 0)
        exit(1);
    *port = ntohs(a.sin_port);
    snprintf(text, 32, "127.0.0.1:%d", *port);
    return fd;
}

static gonet_conn_t *dial_tcp(void *arg, gonet_context_t *ctx, const char *network,
                              const char *address, gonet_error_t **err)
{
    (void)arg;
    (void)network;
    return gonet_dialer_dial_context(NULL, ctx, "tcp", address, err);
}

static void fill(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons((uint16_t)port)};

    for (int i = 0; i < 8; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        if (connect(fd, (void *)&a, sizeof(a)) != 0 && errno != EINPROGRESS)
            exit(1);
    }
}

int main(int argc, char **argv)
{
    char silent[32], full[32];
    int rounds = argc > 1 ? atoi(argv[1]) : 200, port = 0, full_port = 0, before;
    int udp = bound(SOCK_DGRAM, &port, silent), tcp = bound(SOCK_STREAM, &port, silent);
    int stuck = bound(SOCK_STREAM, &full_port, full);

    (void)udp;
    if (rounds < 1 || rounds > MAX_ROUNDS || listen(tcp, 4096) != 0 || listen(stuck, 0) != 0)
        return 2;
    fill(full_port);
    const target_t targets[] = {
        {{.servers = silent}, "lookup, UDP", false},
        {{.servers = silent, .dial = dial_tcp}, "lookup, TCP, no answer", false},
        {{.servers = full, .dial = dial_tcp}, "lookup, TCP, half open", false},
        {{.servers = silent}, "dial by name, UDP", true},
        {{.servers = full, .dial = dial_tcp}, "dial by name, TCP, half open", true},
    };
    measure(&targets[0], 1);
    before = descriptors();
    for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
        measure(&targets[i], rounds);
    gonet_sleep(GONET_SECOND);
    printf("left: %d tasks, %d descriptors (before: %d, with one socket that rests)\n",
           gonet_num_task(), descriptors(), before);
    return gonet_shutdown(GONET_SECOND) != 0;
}
