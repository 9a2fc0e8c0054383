/*
 * The load: N connections (-u: UDP sockets) to an echo server on 127.0.0.1, one message outstanding
 * on each, one thread around one epoll set. Reports requests per second, latencies, and the CPU
 * time that the server's process took per request: load and server share the machine, so that is
 * the figure to compare. Every answer is checked: each message carries its number. Written without
 * gonet, to be neutral.
 */
#include "common.h"
#include "latency.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_SIZE = 65536, BATCH = 256 };

typedef struct {
    int fd;
    size_t got;      /* bytes of the answer so far */
    uint64_t number; /* of the message that is out */
    int64_t sent;    /* when it went out */
} client_t;

typedef struct {
    int port;
    long conns;
    size_t size;
    long messages; /* 0: seconds decide */
    long seconds;
    long warmup;
    pid_t server; /* 0: not asked for */
    bool gate;
    bool udp;
} options_t;

typedef struct {
    int64_t begin, end;
    int64_t cpu_begin, cpu_end;
    int64_t answers;
    latency_t latency;
} result_t;

static options_t opt = {.conns = 64, .size = 64, .warmup = -1};
static client_t *clients;
static int set;
static uint64_t next_number = 1;
static char message[MAX_SIZE];
static char answer[MAX_SIZE];

static void usage(void)
{
    bench_die("usage: bench_load -p PORT [-c CONNECTIONS] [-s SIZE] [-n MESSAGES | -t SECONDS]\n"
              "                  [-w WARM-UP MESSAGES] [-P SERVER-PID] [-g] [-u]\n"
              "-g: after warming up print \"ready\", wait for a line; the same again at the end");
}

static void parse(int argc, char **argv)
{
    int c;

    while ((c = getopt(argc, argv, "p:c:s:n:t:w:P:gu")) != -1) {
        switch (c) {
        case 'p':
            opt.port = (int)bench_number("port", optarg, 1, 65535);
            break;
        case 'c':
            opt.conns = bench_number("connections", optarg, 1, 1000000);
            break;
        case 's':
            opt.size = (size_t)bench_number("size", optarg, 8, MAX_SIZE);
            break;
        case 'n':
            opt.messages = bench_number("messages", optarg, 1, 2000000000);
            break;
        case 't':
            opt.seconds = bench_number("seconds", optarg, 1, 600);
            break;
        case 'w':
            opt.warmup = bench_number("warm-up", optarg, 0, 2000000000);
            break;
        case 'P':
            opt.server = (pid_t)bench_number("pid", optarg, 1, 1L << 30);
            break;
        case 'g':
            opt.gate = true;
            break;
        case 'u':
            opt.udp = true;
            break;
        default:
            usage();
        }
    }
    if (optind != argc || opt.port == 0 || (opt.messages != 0) == (opt.seconds != 0))
        usage();
    if (opt.warmup < 0)
        opt.warmup = 2000 + 4 * opt.conns;
}

static void connect_all(void)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port)};
    struct epoll_event ev = {.events = EPOLLIN};
    client_t *c;

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    set = epoll_create1(EPOLL_CLOEXEC);
    clients = calloc((size_t)opt.conns, sizeof *clients);
    if (set < 0 || clients == NULL)
        bench_die("epoll_create1: %s", strerror(errno));
    for (c = clients; c < clients + opt.conns; c++) {
        c->fd = socket(AF_INET, (opt.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&sin, sizeof sin) != 0)
            bench_die("connection %ld: %s", (long)(c - clients), strerror(errno));
        if (!opt.udp)
            bench_no_delay(c->fd);
        ev.data.ptr = c;
        if (epoll_ctl(set, EPOLL_CTL_ADD, c->fd, &ev) != 0)
            bench_die("epoll_ctl: %s", strerror(errno));
    }
}

static void send_one(client_t *c, int64_t now)
{
    c->number = next_number++;
    c->got = 0;
    c->sent = now;
    memcpy(message, &c->number, sizeof c->number);
    if (send(c->fd, message, opt.size, MSG_NOSIGNAL) != (ssize_t)opt.size)
        bench_die("send: %s", strerror(errno));
}

/* Returns true when the answer is complete, and dies if it is not the one that was sent. */
static bool take_answer(client_t *c)
{
    ssize_t n = recv(c->fd, answer, opt.size - c->got, MSG_DONTWAIT);
    uint64_t number;

    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0)
        bench_die("recv: %s", n == 0 ? "the server closed the connection" : strerror(errno));
    if (c->got == 0 && n >= (ssize_t)sizeof number) {
        memcpy(&number, answer, sizeof number);
        if (number != c->number)
            bench_die("got message %llu for %llu", (unsigned long long)number,
                      (unsigned long long)c->number);
    }
    c->got += (size_t)n;
    return c->got == opt.size;
}

/* Keeps every connection busy until so many answers came (0: until the instant), then lets it
 * drain. */
static void exchange(int64_t messages, int64_t until, result_t *r)
{
    struct epoll_event ready[BATCH];
    int64_t left = messages, out = 0, now = bench_now();
    client_t *c;
    int n, i;

    for (c = clients; c < clients + opt.conns && (messages == 0 || left > 0); c++, left--, out++)
        send_one(c, bench_now());
    while (out > 0) {
        n = epoll_wait(set, ready, BATCH, 10000);
        if (n == 0)
            bench_die("no answer for 10 seconds");
        for (i = 0; i < n; i++) {
            c = ready[i].data.ptr;
            if (!take_answer(c))
                continue;
            now = bench_now();
            out--;
            r->answers++;
            latency_add(&r->latency, now - c->sent);
            if (messages != 0 ? left > 0 : now < until) {
                send_one(c, now);
                left--;
                out++;
            }
        }
    }
}

static void gate(const char *word)
{
    char line[64];

    if (!opt.gate)
        return;
    printf("%s\n", word);
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        bench_die("standard input ended at the gate");
}

static void report(const result_t *r)
{
    double seconds = (double)(r->end - r->begin) / 1e9;
    double answers = (double)r->answers;

    printf("requests=%lld seconds=%.3f rps=%.0f cpu_ns=%.1f p50_us=%.1f p90_us=%.1f p99_us=%.1f "
           "max_us=%.1f\n",
           (long long)r->answers, seconds, answers / seconds,
           (double)(r->cpu_end - r->cpu_begin) / answers,
           (double)latency_at(&r->latency, 0.5) / 1e3, (double)latency_at(&r->latency, 0.9) / 1e3,
           (double)latency_at(&r->latency, 0.99) / 1e3, (double)r->latency.max / 1e3);
}

int main(int argc, char **argv)
{
    static result_t warm, r;

    parse(argc, argv);
    bench_end_after(600);
    connect_all();
    if (opt.warmup > 0)
        exchange(opt.warmup, 0, &warm);
    gate("ready");
    r.cpu_begin = opt.server != 0 ? bench_cpu_of(opt.server) : 0;
    r.begin = bench_now();
    exchange(opt.messages, r.begin + opt.seconds * 1000000000, &r);
    r.end = bench_now();
    r.cpu_end = opt.server != 0 ? bench_cpu_of(opt.server) : 0;
    report(&r);
    gate("done");
    return 0;
}
