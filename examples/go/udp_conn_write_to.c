/* UDPConn.WriteTo: a socket without a peer, which sends to any. Usage: udp_conn_write_to
 * [host:port] */
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

static void die(const char *what, const gonet_error_t *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? gonet_error_string(err) : "no memory");
    exit(1);
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_packet_conn_t) conn = gonet_listen_packet("udp", ":0", &err);
    if (conn == NULL)
        die("cannot listen", err);
    gonet_udp_addr_t peer;
    if (gonet_resolve_udp_addr("udp", argc > 1 ? argv[1] : "192.0.2.1:2000", &peer, &err) != 0)
        die("no address", err);
    gonet_addr_t to = gonet_udp_addr_as_addr(&peer);
    if (gonet_packet_conn_write_to(conn, "data", 4, &to, &err) < 0)
        die("cannot write", err);
    if (gonet_packet_conn_close(conn, &err) != 0)
        die("cannot close", err);
    return 0;
}
