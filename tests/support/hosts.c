/*
 * Namespaces by unshare and setns, what is in them by the ip command.
 */
#include "support/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gonet/addr.h"
#include "support/leak.h"
#include "support/pattern.h"

static int outside = -1, inside[HOSTS_MAX] = {-1, -1, -1};
static bool usable;

static bool cannot(const char *what)
{
    fprintf(stderr, "no hosts: %s: %s\n", what, strerror(errno));
    return false;
}

static int open_own(void)
{
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static bool enter(int host)
{
    return CHECK(setns(inside[host], CLONE_NEWNET) == 0);
}

bool hosts_open(int n)
{
    outside = open_own();
    if (outside < 0)
        return cannot("/proc");
    for (int i = 0; i < n; i++) {
        if (unshare(CLONE_NEWNET) != 0)
            return cannot("unshare");
        inside[i] = open_own();
        if (inside[i] < 0)
            return cannot("/proc");
    }
    for (int i = 0; i < n; i++) {
        if (!hosts_try(i, "ip link set lo up && cd /proc/sys/net/ipv6/conf &&"
                          " echo 0 >all/accept_dad && echo 0 >default/accept_dad &&"
                          " echo 1 >default/addr_gen_mode")) /* no addresses of its own */
            return cannot("the ip command");
    }
    return enter(0);
}

void hosts_close(void)
{
    if (outside >= 0) {
        (void)!setns(outside, CLONE_NEWNET);
        close(outside);
    }
    outside = -1;
    for (int i = 0; i < HOSTS_MAX; i++) {
        if (inside[i] >= 0)
            close(inside[i]);
        inside[i] = -1;
    }
}

static void add_addresses(int host, int k, int last)
{
    hosts_run(host,
              "ip link set net%d up && ip addr add 10.77.%d.%d/24 dev net%d &&"
              " ip addr add fd77:%d::%d/64 dev net%d nodad &&"
              " ip addr add fe80::%d:%d/64 dev net%d nodad",
              k, k, last, k, k, last, k, k, last, k);
}

void hosts_join(int a, int b, int k)
{
    hosts_run(a, "ip link add net%d type veth peer name net%d netns /proc/%d/fd/%d", k, k,
              (int)getpid(), inside[b]);
    add_addresses(a, k, 1);
    add_addresses(b, k, 2);
}

static bool run_command(int host, const char *format, va_list args)
{
    char command[512];
    bool good;

    if (vsnprintf(command, sizeof(command), format, args) >= (int)sizeof(command) || !enter(host))
        return false;
    good = system(command) == 0;
    return enter(0) && good;
}

bool hosts_try(int host, const char *format, ...)
{
    va_list args;
    bool good;

    va_start(args, format);
    good = run_command(host, format, args);
    va_end(args);
    return good;
}

void hosts_run(int host, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!run_command(host, format, args))
        check_fail(__FILE__, __LINE__, "host %d: %s", host, format);
    va_end(args);
}

void hosts_at(int host, void (*fn)(void *arg), void *arg)
{
    if (enter(host))
        fn(arg);
    (void)enter(0);
}

/* ---- sockets ---- */

typedef struct {
    const char *network, *address;
    gonet_listener_t *l;
    gonet_conn_t *c;
    gonet_error_t *err;
} socket_t;

static void do_listen(void *arg)
{
    socket_t *s = arg;

    s->l = gonet_listen(s->network, s->address, &s->err);
}

static void do_dial(void *arg)
{
    socket_t *s = arg;

    s->c = gonet_dial(s->network, s->address, &s->err);
}

gonet_listener_t *hosts_listen(int host, const char *network, const char *address)
{
    socket_t s = {.network = network, .address = address};

    hosts_at(host, do_listen, &s);
    CHECK_ERROR(s.err, NULL);
    gonet_error_free(s.err);
    return s.l;
}

gonet_conn_t *hosts_dial(int host, const char *network, const char *address)
{
    socket_t s = {.network = network, .address = address};

    hosts_at(host, do_dial, &s);
    CHECK_ERROR(s.err, NULL);
    gonet_error_free(s.err);
    return s.c;
}

const char *hosts_address(const char *ip, gonet_listener_t *l, char buf[64])
{
    snprintf(buf, 64, strchr(ip, ':') != NULL ? "[%s]:%d" : "%s:%d", ip, net_listener_port(l));
    return buf;
}

bool hosts_pair(int host, const char *ip, gonet_conn_t **here, gonet_conn_t **there)
{
    gonet_listener_t *l = hosts_listen(host, "tcp", ":0");
    char address[64];

    *here = *there = NULL;
    if (l == NULL)
        return false;
    *here = hosts_dial(0, "tcp", hosts_address(ip, l, address));
    if (*here != NULL)
        *there = gonet_listener_accept(l, NULL);
    gonet_listener_free(l);
    if (CHECK(*there != NULL))
        return true;
    gonet_conn_free(*here);
    *here = NULL;
    return false;
}

/* ---- transfers ---- */

size_t hosts_send(gonet_conn_t *c, size_t from, size_t len, gonet_error_t **err)
{
    unsigned char buf[5000];
    size_t sent = 0, n = 0;

    while (sent < len) {
        size_t k = len - sent < sizeof(buf) ? len - sent : sizeof(buf);
        pattern_fill(buf, 0, from + sent, k);
        int failed = gonet_conn_write_count(c, buf, k, &n, err);
        sent += n;
        if (failed)
            break;
    }
    return sent;
}

size_t hosts_receive(gonet_conn_t *c, size_t from, size_t len, gonet_error_t **err)
{
    unsigned char buf[9000];
    size_t got = 0;

    while (got < len) {
        ssize_t n = gonet_conn_read(c, buf, len - got < sizeof(buf) ? len - got : sizeof(buf), err);
        if (n <= 0)
            break;
        if (!CHECK(pattern_matches(buf, 0, from + got, (size_t)n)))
            break;
        got += (size_t)n;
    }
    return got;
}

static void send_all(void *arg)
{
    hosts_sender_t *s = arg;

    s->done = hosts_send(s->c, 0, s->len, &s->err);
}

void hosts_start_sending(hosts_sender_t *s, gonet_conn_t *c, size_t len)
{
    *s = (hosts_sender_t){.c = c, .len = len};
    actor_start(&s->actor, BY_TASK, send_all, s);
}

void hosts_sent(hosts_sender_t *s)
{
    actor_join(&s->actor);
    CHECK_ERROR(s->err, NULL);
    CHECK_INT(s->done, s->len);
    gonet_error_free(s->err);
}

void hosts_transfer(gonet_conn_t *from, gonet_conn_t *to, size_t len)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    hosts_sender_t s;

    hosts_start_sending(&s, from, len);
    CHECK_INT(hosts_receive(to, 0, len, &err), len);
    CHECK_ERROR(err, NULL);
    if (err != NULL)
        (void)gonet_conn_close(from, NULL);
    hosts_sent(&s);
}

/* ---- tests ---- */

int hosts_setup(void **state)
{
    const hosts_test_t *t = *state;

    if (leak_setup(state) != 0)
        return -1;
    usable = hosts_open(t->n);
    if (usable && t->needs != NULL && !hosts_try(0, "%s", t->needs)) {
        fprintf(stderr, "not on this machine: %s\n", t->needs);
        usable = false;
    }
    if (usable && t->n > 1)
        hosts_join(0, 1, 1);
    return 0;
}

int hosts_teardown(void **state)
{
    hosts_close();
    return leak_teardown(state);
}

void hosts_run_test(void **state)
{
    const hosts_test_t *t = *state;

    if (!usable)
        skip();
    actor_run_test(THREADS, t->body, NULL);
}
