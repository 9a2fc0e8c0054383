/*
 * The UDP server that is measured: one task that answers each datagram, as
 * examples/udp_echo_server.c does, on port 0. Ends itself after ten minutes.
 */
#include "common.h"

#include <gonet.h>

static void serve(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_udp_conn_t *c = arg;
    gonet_netip_addr_port_t from;
    static char buf[65536];
    ssize_t n;

    for (;;) {
        n = gonet_udp_conn_read_from_udp_addr_port(c, buf, sizeof buf, &from, &err);
        if (n < 0 || gonet_udp_conn_write_to_udp_addr_port(c, buf, (size_t)n, from, &err) < 0)
            bench_die("%s", gonet_error_string(err));
    }
}

int main(void)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_udp_addr_t any = {.ip = gonet_parse_ip("127.0.0.1")};
    gonet_udp_conn_t *c;

    bench_end_after(600);
    c = gonet_listen_udp("udp4", &any, &err);
    if (c == NULL)
        bench_die("listen: %s", gonet_error_string(err));
    bench_announce(gonet_udp_conn_local_addr(c)->udp.port);
    if (gonet_go(serve, c) != 0)
        bench_die("out of memory");
    for (;;)
        gonet_sleep(GONET_HOUR);
}
