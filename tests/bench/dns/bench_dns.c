/*
 * A+AAAA lookups of ever new names: by gonet; by c-ares alone, in two ways. "cares": one channel
 * with poll(2), whose questions share a socket. "cares-fresh": each question from a new socket and
 * so a port of its own, as gonet and Go have it. Prints lookups per second of its own CPU time, and
 * how many failed.
 * Usage: bench_dns gonet|cares|cares-fresh SERVER_PORT CONCURRENCY LOOKUPS
 *
 * For fresh sockets there is a channel for each question that is under way: a channel closes its
 * socket when its last question is answered (1.18 has no other way; 1.34 would have
 * ARES_OPT_UDP_MAX_QUERIES). The channels stay; their sockets are told of to an epoll set.
 */
#include <ares.h>
#include <arpa/inet.h>
#include <gonet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

static long lookups, started, done, failed;
static const char *port;

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* The next name; false when all have been looked up. */
static int next_name(char name[64])
{
    long i = __atomic_fetch_add(&started, 1, __ATOMIC_RELAXED);

    snprintf(name, 64, "n%ld.bench.example.", i);
    return i < lookups;
}

static gonet_resolver_t resolver = {.prefer_go = true};

static void look_up_all(void *arg)
{
    char name[64];

    while (next_name(name)) {
        GONET_AUTO(gonet_error_t) err = NULL;
        size_t n = 0;

        gonet_free(gonet_resolver_lookup_ip_addr(&resolver, NULL, name, &n, &err));
        if (n != 2)
            __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
    }
    gonet_wait_group_done(arg);
}

static void by_gonet(int concurrency)
{
    gonet_wait_group_t all = {0};
    char servers[64];

    snprintf(servers, sizeof(servers), "127.0.0.1:%s", port);
    resolver.servers = servers;
    for (int i = 0; i < concurrency; i++) {
        gonet_wait_group_add(&all, 1);
        if (gonet_go(look_up_all, &all) != 0)
            exit(1);
    }
    gonet_wait_group_wait(&all);
}

/* One lookup of c-ares': two questions, by one channel or by two. */
typedef struct {
    ares_channel channel[2];
    int left;
} pair_t;

static pair_t *finished; /* by the answer that is being processed: its socket is still open */

static void begin_pair(pair_t *p);

static void answered(void *arg, int status, int timeouts, unsigned char *reply, int len)
{
    pair_t *p = arg;

    (void)timeouts;
    (void)reply;
    (void)len;
    if (status != ARES_SUCCESS)
        failed++;
    if (--p->left > 0)
        return;
    done++;
    if (p->channel[0] == p->channel[1])
        begin_pair(p);
    else
        finished = p;
}

static void begin_pair(pair_t *p)
{
    char name[64];

    if (!next_name(name))
        return;
    p->left = 2;
    ares_query(p->channel[0], name, 1, 1, answered, p);
    ares_query(p->channel[1], name, 1, 28, answered, p);
}

static void turn(ares_channel channel)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd fds[ARES_GETSOCK_MAXNUM];
    int n = 0, mask = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);

    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        if (ARES_GETSOCK_READABLE(mask, i))
            fds[n++] = (struct pollfd){sockets[i], POLLIN, 0};
    }
    poll(fds, (nfds_t)n, 1000);
    for (int i = 0; i < n; i++) {
        if (fds[i].revents != 0)
            ares_process_fd(channel, fds[i].fd, ARES_SOCKET_BAD);
    }
}

static int epoll_set;

/* A channel has opened a socket. One that is closed leaves the set by itself. */
static void watch(void *channel, ares_socket_t fd, int readable, int writable)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = channel};

    (void)writable;
    if (readable)
        epoll_ctl(epoll_set, EPOLL_CTL_ADD, fd, &event);
}

/* A channel that asks the server; each of its sockets is told to fn, unless that is NULL. */
static void open_channel(ares_channel *channel, void (*fn)(void *, ares_socket_t, int, int))
{
    struct ares_options o = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS,
                             .lookups = (char *)"b",
                             .sock_state_cb = fn,
                             .sock_state_cb_data = channel};
    int mask = ARES_OPT_FLAGS | ARES_OPT_LOOKUPS | (fn != NULL ? ARES_OPT_SOCK_STATE_CB : 0);
    char servers[64];

    snprintf(servers, sizeof(servers), "127.0.0.1:%s", port);
    if (ares_init_options(channel, &o, mask) != 0 ||
        ares_set_servers_ports_csv(*channel, servers) != 0)
        exit(1);
}

static void turn_of_many(void)
{
    struct epoll_event events[64];
    int n = epoll_wait(epoll_set, events, 64, 1000);

    for (int i = 0; i < n; i++) {
        ares_channel *channel = events[i].data.ptr;
        ares_socket_t sockets[ARES_GETSOCK_MAXNUM];

        ares_getsock(*channel, sockets, ARES_GETSOCK_MAXNUM);
        ares_process_fd(*channel, sockets[0], ARES_SOCKET_BAD);
        if (finished != NULL)
            begin_pair(finished);
        finished = NULL;
    }
}

static void by_cares(int concurrency, int fresh)
{
    pair_t *pairs = calloc((size_t)concurrency, sizeof(*pairs));
    ares_channel shared = NULL;

    epoll_set = epoll_create1(EPOLL_CLOEXEC);
    if (pairs == NULL || ares_library_init(ARES_LIB_INIT_ALL) != 0)
        exit(1);
    if (!fresh)
        open_channel(&shared, NULL);
    for (int i = 0; i < 2 * concurrency; i++) {
        ares_channel *channel = &pairs[i / 2].channel[i % 2];

        if (fresh)
            open_channel(channel, watch);
        else
            *channel = shared;
    }
    for (int i = 0; i < concurrency; i++)
        begin_pair(&pairs[i]);
    while (done < lookups) {
        if (fresh)
            turn_of_many();
        else
            turn(shared);
    }
    for (int i = 0; fresh && i < 2 * concurrency; i++)
        ares_destroy(pairs[i / 2].channel[i % 2]);
    if (!fresh)
        ares_destroy(shared);
    free(pairs);
}

int main(int argc, char **argv)
{
    int concurrency;
    double before;

    if (argc != 5)
        return 2;
    port = argv[2];
    concurrency = atoi(argv[3]);
    lookups = atol(argv[4]);
    before = cpu_seconds();
    if (strcmp(argv[1], "gonet") == 0)
        by_gonet(concurrency);
    else
        by_cares(concurrency, strcmp(argv[1], "cares-fresh") == 0);
    printf("%.0f %ld\n", (double)lookups / (cpu_seconds() - before), failed);
    return failed != 0;
}
