/*
 * An echo server in which every 2000th message takes 20 ms of computing, in the middle of the task
 * that got it: what do the other connections feel? Port 0; ends itself after ten minutes.
 * peers/held.go is its twin.
 */
#include "common.h"
#include "serve_gonet.h"

#include <stdatomic.h>

enum { COMPUTES_EACH = 2000, COMPUTES_NS = 20 * 1000 * 1000 };

static atomic_long messages;

static void compute(void)
{
    int64_t end = bench_now() + COMPUTES_NS;
    volatile unsigned long work = 0;
    int i;

    while (bench_now() < end)
        for (i = 0; i < 1000; i++)
            work++;
}

static void handle(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;
    char buf[4096];
    ssize_t n;

    while ((n = gonet_conn_read(c, buf, sizeof buf, NULL)) > 0) {
        if ((atomic_fetch_add(&messages, 1) + 1) % COMPUTES_EACH == 0)
            compute();
        if (gonet_conn_write(c, buf, (size_t)n, NULL) != n)
            return;
    }
}

int main(void)
{
    bench_serve_gonet(bench_listen_gonet(), handle);
}
