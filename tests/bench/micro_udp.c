/*
 * UDP between two sockets of this process. The echo is a client that was dialed and a server task;
 * the others fill the receiver's buffer and empty it by turns, so nothing is lost and nobody waits.
 */
#include "common.h"
#include "micro.h"

#include <gonet.h>
#include <stdio.h>
#include <string.h>

enum { ECHO = 64, DATAGRAM = 1400, RUN = 46, RUNS = 2 };

static gonet_error_t *err;

static void need(int ok, const char *what)
{
    if (!ok)
        bench_die("%s: %s", what, gonet_error_string(err));
}

static gonet_udp_conn_t *listen_udp(void)
{
    gonet_udp_addr_t any = {.ip = gonet_parse_ip("127.0.0.1")};
    gonet_udp_conn_t *c = gonet_listen_udp("udp4", &any, &err);

    need(c != NULL, "listen");
    return c;
}

static gonet_udp_conn_t *dial_udp(gonet_udp_conn_t *to)
{
    gonet_udp_conn_t *c = gonet_dial_udp("udp4", NULL, &gonet_udp_conn_local_addr(to)->udp, &err);

    need(c != NULL, "dial");
    return c;
}

/* An empty datagram ends it. */
static void answer(void *arg)
{
    gonet_udp_conn_t *c = arg;
    gonet_netip_addr_port_t from;
    char buf[2048];
    ssize_t n;

    while ((n = gonet_udp_conn_read_from_udp_addr_port(c, buf, sizeof buf, &from, NULL)) > 0)
        if (gonet_udp_conn_write_to_udp_addr_port(c, buf, (size_t)n, from, NULL) != n)
            bench_die("the answer was not sent");
    gonet_udp_conn_free(c);
}

void run_udp(long ops, long tasks)
{
    gonet_udp_conn_t *server = listen_udp(), *client = dial_udp(server);
    char buf[ECHO] = "";
    long i;

    (void)tasks;
    micro_start(answer, server);
    for (i = 0; i < ops; i++) {
        need(gonet_udp_conn_write(client, buf, sizeof buf, &err) == sizeof buf, "write");
        need(gonet_udp_conn_read(client, buf, sizeof buf, &err) == sizeof buf, "read");
    }
    need(gonet_udp_conn_write(client, buf, 0, &err) == 0, "write");
    gonet_udp_conn_free(client);
}

static void run_turns(long ops, bool joined,
                      void (*turn)(gonet_udp_conn_t *from, gonet_udp_conn_t *to))
{
    gonet_udp_conn_t *to = listen_udp(), *from = dial_udp(to);
    long i;

    need(gonet_udp_conn_set_read_buffer(to, 4 << 20, &err) == 0, "set_read_buffer");
    if (joined && gonet_udp_conn_set_receive_offload(to, true, NULL) != 0)
        fprintf(stderr, "this kernel does not join datagrams\n");
    for (i = 0; i < ops; i += RUN * RUNS)
        turn(from, to);
    gonet_udp_conn_free(from);
    gonet_udp_conn_free(to);
}

static void single_turn(gonet_udp_conn_t *from, gonet_udp_conn_t *to)
{
    static char buf[DATAGRAM];
    int i;

    for (i = 0; i < RUN * RUNS; i++)
        need(gonet_udp_conn_write(from, buf, sizeof buf, &err) == DATAGRAM, "write");
    for (i = 0; i < RUN * RUNS; i++)
        need(gonet_udp_conn_read(to, buf, sizeof buf, &err) == DATAGRAM, "read");
}

static void batch_turn(gonet_udp_conn_t *from, gonet_udp_conn_t *to)
{
    static char out[DATAGRAM * RUN], in[8][65536];
    gonet_udp_message_t m[8] = {{0}};
    long got = 0;
    ssize_t n;
    int i;

    for (i = 0; i < RUNS; i++)
        m[i] = (gonet_udp_message_t){.buf = out, .len = sizeof out, .segment = DATAGRAM};
    need(gonet_udp_conn_write_batch(from, m, RUNS, NULL, &err) == RUNS, "write_batch");
    while (got < (long)sizeof out * RUNS) {
        for (i = 0; i < 8; i++)
            m[i] = (gonet_udp_message_t){.buf = in[i], .len = sizeof in[i]};
        n = gonet_udp_conn_read_batch(to, m, 8, &err);
        need(n > 0, "read_batch");
        for (i = 0; i < n; i++)
            got += (long)m[i].n;
    }
}

void run_udp_single(long ops, long tasks)
{
    (void)tasks;
    run_turns(ops, false, single_turn);
}

void run_udp_batch(long ops, long tasks)
{
    (void)tasks;
    run_turns(ops, true, batch_turn);
}
