/*
 * 100,000 connections one after another, 64 at a time: connect, one message there and back, close.
 * They leave no descriptor, allocation or task behind. In every second cycle the server closes
 * first, in the others the client ends with a reset, so that both ways down are walked and ports do
 * not run out.
 */
#include "scale.h"

#include <gonet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

enum { CLIENTS = 64, LISTENERS = 8, MESSAGE = 64 };

typedef struct {
    int fds, tasks;
    long allocations;
} held_t;

static gonet_listener_t *listeners[LISTENERS];
static char addresses[LISTENERS][GONET_ADDR_STRLEN];
static gonet_wait_group_t clients;
static atomic_long served;
static long per_client;

/* Reads one message and sends it back. Its last byte says who closes first. */
static void serve(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    char message[MESSAGE];
    size_t n;

    if (gonet_read_full(gonet_conn_as_reader(c), message, MESSAGE, &n, &err) != 0)
        scale_fail("server: read: %s", gonet_error_string(err));
    if (gonet_conn_write(c, message, MESSAGE, &err) < 0)
        scale_fail("server: write: %s", gonet_error_string(err));
    if (message[MESSAGE - 1] == 'c' && gonet_conn_read(c, message, MESSAGE, &err) > 0)
        scale_fail("server: more bytes than were sent");
    atomic_fetch_add(&served, 1);
}

static void accept_all(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *c;

    while ((c = gonet_listener_accept(arg, &err)) != NULL)
        if (gonet_go(serve, c) != 0)
            scale_fail("server: out of memory");
    if (!gonet_error_is(err, gonet_err_closed))
        scale_fail("server: accept: %s", gonet_error_string(err));
}

static void end_as_agreed(gonet_conn_t *c, char who)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char more;

    if (who == 'c') {
        if (gonet_tcp_conn_set_linger(gonet_conn_as_tcp(c), 0, &err) != 0)
            scale_fail("client: linger: %s", gonet_error_string(err));
    } else if (gonet_conn_read(c, &more, 1, &err) != 0 || err != gonet_eof) {
        scale_fail("client: no end of stream: %s", gonet_error_string(err));
    }
}

static void cycle(int slot, long i)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_conn_t) c = gonet_dial("tcp", addresses[(slot + i) % LISTENERS], &err);
    char out[MESSAGE] = {0}, in[MESSAGE];
    size_t n;

    if (c == NULL)
        scale_fail("client: %s", gonet_error_string(err));
    snprintf(out, sizeof(out), "client %d, cycle %ld", slot, i);
    out[MESSAGE - 1] = i % 2 == 0 ? 's' : 'c';
    if (gonet_conn_write(c, out, MESSAGE, &err) < 0)
        scale_fail("client: write: %s", gonet_error_string(err));
    if (gonet_read_full(gonet_conn_as_reader(c), in, MESSAGE, &n, &err) != 0)
        scale_fail("client: read: %s", gonet_error_string(err));
    if (memcmp(in, out, MESSAGE) != 0)
        scale_fail("client: other bytes than were sent");
    end_as_agreed(c, out[MESSAGE - 1]);
}

static void client(void *arg)
{
    int slot = (int)(intptr_t)arg;
    long i;

    for (i = 0; i < per_client; i++)
        cycle(slot, i);
    gonet_wait_group_done(&clients);
}

static void run_cycles(long n)
{
    int i;

    per_client = n / CLIENTS;
    atomic_store(&served, 0);
    gonet_wait_group_add(&clients, CLIENTS);
    for (i = 0; i < CLIENTS; i++)
        if (gonet_go(client, (void *)(intptr_t)i) != 0)
            scale_fail("client: out of memory");
    gonet_wait_group_wait(&clients);
}

static bool all_served(void *arg)
{
    (void)arg;
    return atomic_load(&served) == per_client * CLIENTS && gonet_num_task() == LISTENERS;
}

static held_t held(void)
{
    if (!scale_wait(all_served, NULL))
        scale_fail("%ld of %ld cycles were served, %d tasks exist", atomic_load(&served),
                   per_client * CLIENTS, gonet_num_task());
    return (held_t){scale_count_fds(), gonet_num_task(), gonet__alloc_live()};
}

static bool as_before(void *arg)
{
    return scale_count_fds() <= ((held_t *)arg)->fds;
}

static void listen_all(void)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char address[32];
    int i;

    for (i = 0; i < LISTENERS; i++) {
        snprintf(address, sizeof(address), "127.0.0.%d:0", 1 + i);
        listeners[i] = gonet_listen("tcp", address, &err);
        if (listeners[i] == NULL)
            scale_fail("listen: %s", gonet_error_string(err));
        gonet_addr_string(gonet_listener_addr(listeners[i]), addresses[i], sizeof(addresses[i]));
        if (gonet_go(accept_all, listeners[i]) != 0)
            scale_fail("out of memory");
    }
}

static void close_all(void)
{
    int i;

    for (i = 0; i < LISTENERS; i++)
        if (gonet_listener_close(listeners[i], NULL) != 0)
            scale_fail("close");
    if (gonet_shutdown(-1) != 0)
        scale_fail("the runtime did not come down");
    for (i = 0; i < LISTENERS; i++)
        gonet_listener_free(listeners[i]);
}

int main(void)
{
    long n = scale_count(100000, 20000, 4000);
    held_t at_first, warm, now;

    scale_warm_up();
    at_first = (held_t){scale_count_fds(), 0, gonet__alloc_live()};
    listen_all();
    run_cycles(4 * CLIENTS); /* what is kept for later use is there after these */
    warm = held();
    run_cycles(n);
    now = held();
    printf("%ld cycles: %d descriptors, %ld allocations, %d tasks (before: %d, %ld, %d)\n",
           per_client * CLIENTS, now.fds, now.allocations, now.tasks, warm.fds, warm.allocations,
           warm.tasks);
    if (!scale_wait(as_before, &warm))
        scale_fail("%d descriptors are open, %d were before", scale_count_fds(), warm.fds);
    /* Workers keep up to 4096 task structs each for later; the exact account comes at the end. */
    if (now.allocations > warm.allocations + 8192 + n / 2)
        scale_fail("%ld allocations are live, %ld were before", now.allocations, warm.allocations);
    close_all();
    if (scale_count_fds() != at_first.fds)
        scale_fail("%d descriptors are left, %d were at first", scale_count_fds(), at_first.fds);
    if (gonet__alloc_live() != at_first.allocations || gonet_num_task() != 0)
        scale_fail("%ld allocations and %d tasks are left", gonet__alloc_live(), gonet_num_task());
    return 0;
}
