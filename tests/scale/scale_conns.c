/*
 * As many live connections as the limit of descriptors allows, 19,000 of 20,000: a server in this
 * process, all clients in a second one (this program again), gonet on both sides. All connections
 * are open at once; each echoes several rounds of its own content, checked byte by byte; nothing
 * may be lost.
 */
#include "scale.h"

#include <gonet.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

enum { LISTENERS = 4, ROUNDS = 5, MESSAGE = 200, DIALING = 256, SPARE_FDS = 1000 };

/* Server side. */
static atomic_long live, most_live, ended;
static atomic_llong echoed;

/* Client side. */
static int ports[LISTENERS];
static gonet_chan_t
    *dialing; /* holds a token per dial under way: the listeners' queues are finite */
static gonet_chan_t *start_gate, *end_gate;
static gonet_wait_group_t connected, exchanged, closed;

static void echo(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    long now = atomic_fetch_add(&live, 1) + 1;
    long most = atomic_load(&most_live);
    int64_t n;

    while (now > most && !atomic_compare_exchange_weak(&most_live, &most, now))
        continue;
    if (gonet_copy_count(gonet_conn_as_writer(c), gonet_conn_as_reader(c), &n, &err) != 0)
        scale_fail("server: echo: %s", gonet_error_string(err));
    atomic_fetch_add(&echoed, n);
    atomic_fetch_sub(&live, 1);
    atomic_fetch_add(&ended, 1);
}

static void accept_all(void *arg)
{
    gonet_listener_t *ln = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *c;

    while ((c = gonet_listener_accept(ln, &err)) != NULL)
        if (gonet_go(echo, c) != 0)
            scale_fail("server: out of memory");
    if (!gonet_error_is(err, gonet_err_closed))
        scale_fail("server: accept: %s", gonet_error_string(err));
}

/* Content differs by connection, round and place, so that a byte gone astray shows. */
static void fill(unsigned char *p, long number, int round)
{
    unsigned long x = (unsigned long)number * 2654435761u + (unsigned long)round * 40503u;
    int i;

    for (i = 0; i < MESSAGE; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        p[i] = (unsigned char)(x >> 33);
    }
}

static void exchange(gonet_conn_t *c, long number)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    unsigned char out[MESSAGE], in[MESSAGE];
    size_t n;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        fill(out, number, round);
        if (gonet_conn_write(c, out, MESSAGE, &err) < 0)
            scale_fail("client %ld, round %d: %s", number, round, gonet_error_string(err));
        if (gonet_read_full(gonet_conn_as_reader(c), in, MESSAGE, &n, &err) != 0)
            scale_fail("client %ld, round %d: %s after %zu bytes", number, round,
                       gonet_error_string(err), n);
        if (memcmp(in, out, MESSAGE) != 0)
            scale_fail("client %ld, round %d: other bytes than were sent", number, round);
    }
}

static void client(void *arg)
{
    long number = (long)(intptr_t)arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    char address[32];
    gonet_conn_t *c;

    snprintf(address, sizeof(address), "127.0.0.%ld:%d", 1 + number % LISTENERS,
             ports[number % LISTENERS]);
    gonet_chan_send(dialing, NULL);
    c = gonet_dial("tcp", address, &err);
    gonet_chan_recv(dialing, NULL);
    if (c == NULL)
        scale_fail("client %ld: %s", number, gonet_error_string(err));
    gonet_wait_group_done(&connected);
    gonet_chan_recv(start_gate, NULL);
    exchange(c, number);
    gonet_wait_group_done(&exchanged);
    gonet_chan_recv(end_gate, NULL);
    gonet_conn_free(c);
    gonet_wait_group_done(&closed);
}

static int run_clients(long n, char **argv)
{
    long i;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (i = 0; i < LISTENERS; i++)
        ports[i] = atoi(argv[i]);
    dialing = gonet_chan_new(0, DIALING);
    start_gate = gonet_chan_new(0, 0);
    end_gate = gonet_chan_new(0, 0);
    if (dialing == NULL || start_gate == NULL || end_gate == NULL)
        scale_fail("client: out of memory");
    gonet_wait_group_add(&connected, (int)n);
    gonet_wait_group_add(&exchanged, (int)n);
    gonet_wait_group_add(&closed, (int)n);
    for (i = 0; i < n; i++)
        if (gonet_go(client, (void *)(intptr_t)i) != 0)
            scale_fail("client: out of memory");
    gonet_wait_group_wait(&connected);
    gonet_chan_close(start_gate);
    gonet_wait_group_wait(&exchanged);
    gonet_chan_close(end_gate);
    gonet_wait_group_wait(&closed);
    return gonet_shutdown(-1) == 0 ? 0 : 1;
}

static pid_t start_clients(long n)
{
    char count[24], port[LISTENERS][16];
    char name[] = "scale_conns", role[] = "client";
    char *argv[3 + LISTENERS + 1] = {name, role, count};
    extern char **environ;
    pid_t pid;
    int i;

    snprintf(count, sizeof(count), "%ld", n);
    for (i = 0; i < LISTENERS; i++) {
        snprintf(port[i], sizeof(port[i]), "%d", ports[i]);
        argv[3 + i] = port[i];
    }
    if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) != 0)
        scale_fail("the second process could not be started");
    return pid;
}

static bool all_ended(void *arg)
{
    return atomic_load(&ended) == *(long *)arg && gonet_num_task() == LISTENERS;
}

static void serve(gonet_listener_t **listeners)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char address[32];
    int i;

    for (i = 0; i < LISTENERS; i++) {
        snprintf(address, sizeof(address), "127.0.0.%d:0", 1 + i);
        listeners[i] = gonet_listen("tcp", address, &err);
        if (listeners[i] == NULL)
            scale_fail("server: %s", gonet_error_string(err));
        ports[i] = gonet_addr_as_tcp(gonet_listener_addr(listeners[i]))->port;
        if (gonet_go(accept_all, listeners[i]) != 0)
            scale_fail("server: out of memory");
    }
}

static void check_server(long n)
{
    long long expected = (long long)n * ROUNDS * MESSAGE;

    if (!scale_wait(all_ended, &n))
        scale_fail("%ld of %ld connections have ended", atomic_load(&ended), n);
    if (atomic_load(&most_live) != n)
        scale_fail("%ld of %ld connections were live at once", atomic_load(&most_live), n);
    if (atomic_load(&echoed) != expected)
        scale_fail("%lld of %lld bytes were echoed", atomic_load(&echoed), expected);
    printf("%ld live connections, %lld bytes echoed, nothing lost\n", n, expected);
}

int main(int argc, char **argv)
{
    long n = scale_count(19000, 4000, 1500);
    long limit = scale_raise_fd_limit();
    gonet_listener_t *listeners[LISTENERS];
    int before, status, i;
    pid_t pid;

    if (argc == 3 + LISTENERS && strcmp(argv[1], "client") == 0)
        return run_clients(atol(argv[2]), argv + 3);
    if (limit < 2 * SPARE_FDS)
        scale_skip("the limit of descriptors is %ld", limit);
    if (n > limit - SPARE_FDS) {
        n = limit - SPARE_FDS;
        printf("%ld connections in place of 19000: the limit of descriptors is %ld\n", n, limit);
    }
    scale_warm_up();
    before = scale_count_fds();
    serve(listeners);
    pid = start_clients(n);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        scale_fail("the second process failed, status 0x%x", (unsigned)status);
    check_server(n);
    for (i = 0; i < LISTENERS; i++)
        if (gonet_listener_close(listeners[i], NULL) != 0)
            scale_fail("server: close");
    if (gonet_shutdown(-1) != 0)
        scale_fail("server: the runtime did not come down");
    for (i = 0; i < LISTENERS; i++)
        gonet_listener_free(listeners[i]);
    if (scale_count_fds() != before)
        scale_fail("%d descriptors are open, %d were before", scale_count_fds(), before);
    return 0;
}
