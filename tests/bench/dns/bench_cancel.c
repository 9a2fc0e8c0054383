/*
 * How soon a lookup, or a dial by name, is back once its context has been cancelled, or its time is
 * over: a server that never answers, over UDP and TCP, and one whose queue of connections is full.
 * Prints the median and the longest of ROUNDS, in microseconds, how much later that was at most
 * than a bare thread that waited for the same moment, and what is left when all have ended. Usage:
 * bench_dns_cancel [ROUNDS]
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <gonet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
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
    if (err == NULL || (!gonet_error_is(err, gonet_err_canceled) && !gonet_error_timeout(err)))
        fprintf(stderr, "%s: %s\n", c->target->what, err ? gonet_error_string(err) : "answered");
    gonet_wait_group_done(&c->done);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t took[MAX_ROUNDS], beyond[MAX_ROUNDS];

static void report(const char *what, const char *end, int rounds)
{
    qsort(took, (size_t)rounds, sizeof(*took), by_size);
    qsort(beyond, (size_t)rounds, sizeof(*beyond), by_size);
    printf("%-28s %-9s  median %4.0f us, longest %6.0f us, beyond a bare thread %6.0f us\n", what,
           end, (double)took[rounds / 2] / 1e3, (double)took[rounds - 1] / 1e3,
           (double)beyond[rounds - 1] / 1e3);
}

/* A thread without gonet, which waits for the same moment: in a read of a pipe, or asleep. */
typedef struct {
    int fds[2];
    gonet_time_t until; /* asleep until then; 0: in the read */
    int64_t back;
    pthread_t thread;
} bare_t;

static void *wait_bare(void *arg)
{
    bare_t *b = arg;
    struct timespec until = {b->until.ns / GONET_SECOND, b->until.ns % GONET_SECOND};
    char c;

    if (b->until.ns != 0)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    else if (read(b->fds[0], &c, 1) != 1)
        exit(1);
    b->back = gonet_now().ns;
    return NULL;
}

static void start_bare(bare_t *b, gonet_time_t until)
{
    b->until = until;
    if (pipe(b->fds) != 0 || pthread_create(&b->thread, NULL, wait_bare, b) != 0)
        exit(1);
}

static int64_t join_bare(bare_t *b)
{
    pthread_join(b->thread, NULL);
    close(b->fds[0]);
    close(b->fds[1]);
    return b->back;
}

static void measure(const target_t *target, bool cancel, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        gonet_time_t end = gonet_after(2 * GONET_MILLISECOND);
        call_t c = {.target = target,
                    .ctx = cancel ? gonet_context_with_cancel(NULL)
                                  : gonet_context_with_deadline(NULL, end)};
        bare_t bare;
        int64_t bare_back;

        gonet_wait_group_add(&c.done, 1);
        start_bare(&bare, cancel ? gonet_no_deadline : end);
        if (gonet_go(call, &c) != 0)
            exit(1);
        if (cancel) {
            gonet_sleep(2 * GONET_MILLISECOND);
            end = gonet_now();
            gonet_context_cancel(c.ctx);
            if (write(bare.fds[1], "", 1) != 1)
                exit(1);
        }
        gonet_wait_group_wait(&c.done);
        bare_back = join_bare(&bare);
        took[i] = c.back.ns - end.ns;
        beyond[i] = c.back.ns - bare_back;
        gonet_context_free(c.ctx);
    }
    report(target->what, cancel ? "cancelled" : "timed out", rounds);
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
    measure(&targets[0], true, 1);
    before = descriptors();
    for (size_t i = 0; i < 2 * sizeof(targets) / sizeof(*targets); i++)
        measure(&targets[i / 2], i % 2 == 0, rounds);
    gonet_sleep(GONET_SECOND);
    printf("left: %d tasks, %d descriptors (before: %d)\n", gonet_num_task(), descriptors(),
           before);
    return gonet_shutdown(GONET_SECOND) != 0;
}
