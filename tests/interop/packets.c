/*
 * The gonet side of the packets that go between gonet and others:
 *
 *   packets serve NETWORK ADDRESS         sends back what comes; prints its address; ends with its
 *                                         standard input
 *   packets ask NETWORK LOCAL REMOTE      sends messages of many lengths to an echo server, from
 *                                         LOCAL if that is not "-", and compares what comes back
 *   packets pong NETWORK                  answers echo requests of ICMP ("ip4:icmp", "ip6:58") in
 *                                         the kernel's place; as serve
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gonet.h>

static const gonet_duration_t patience = GONET_HOUR;

static void die(const char *what, const gonet_error_t *err)
{
    fprintf(stderr, "packets: %s: %s\n", what, gonet_error_string(err));
    exit(1);
}

/* ---- serving ---- */

/* Makes an answer of a packet of n bytes; false: it wants none. */
typedef bool answer_fn(unsigned char *p, size_t n);

typedef struct {
    gonet_packet_conn_t *conn;
    answer_fn *answer;
} server_t;

static bool same(unsigned char *p, size_t n)
{
    (void)p;
    (void)n;
    return true;
}

/* RFC 792: the type becomes 0, and the checksum changes by as much. RFC 1624. */
static bool pong4(unsigned char *p, size_t n)
{
    uint32_t sum;

    if (n < 8 || p[0] != ICMP_ECHO)
        return false;
    sum = (uint32_t)(p[2] << 8 | p[3]) + (ICMP_ECHO << 8);
    sum = (sum & 0xffff) + (sum >> 16);
    p[0] = ICMP_ECHOREPLY;
    p[2] = (unsigned char)(sum >> 8);
    p[3] = (unsigned char)sum;
    return true;
}

/* RFC 4443; the kernel sees to the checksum. */
static bool pong6(unsigned char *p, size_t n)
{
    if (n < 8 || p[0] != ICMP6_ECHO_REQUEST)
        return false;
    p[0] = ICMP6_ECHO_REPLY;
    return true;
}

static void serve(void *arg)
{
    server_t *s = arg;
    static unsigned char packet[1 << 18];

    for (;;) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_addr_t from;
        ssize_t n = gonet_packet_conn_read_from(s->conn, packet, sizeof(packet), &from, &err);
        if (n < 0 && gonet_error_is(err, gonet_err_closed))
            return;
        if (n < 0)
            die("receiving", err);
        if (s->answer(packet, (size_t)n) && from.kind != GONET_ADDR_NONE &&
            gonet_packet_conn_write_to(s->conn, packet, (size_t)n, &from, &err) != n)
            fprintf(stderr, "packets: sending: %s\n", gonet_error_string(err));
    }
}

static int run_server(const char *network, const char *address, answer_fn *answer)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    server_t s = {gonet_listen_packet(network, address, &err), answer};
    char text[GONET_ADDR_STRLEN];

    if (s.conn == NULL || gonet_go(serve, &s) != 0)
        die("listening", err);
    printf("%s\n", gonet_addr_string(gonet_packet_conn_local_addr(s.conn), text, sizeof(text)));
    fflush(stdout);
    while (read(STDIN_FILENO, text, sizeof(text)) > 0)
        continue;
    if (gonet_packet_conn_close(s.conn, &err) != 0 || gonet_shutdown(patience) != 0)
        die("closing", err);
    gonet_packet_conn_free(s.conn);
    return 0;
}

/* ---- asking ---- */

static gonet_conn_t *dial(const char *network, const char *local, const char *remote)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_dialer_t d = {.timeout = patience};
    gonet_unix_addr_t name;
    gonet_addr_t from;

    if (strcmp(local, "-") != 0) {
        if (gonet_resolve_unix_addr(network, local, &name, &err) != 0)
            die("resolving", err);
        from = gonet_unix_addr_as_addr(&name);
        d.local_addr = &from;
    }
    gonet_conn_t *c = gonet_dialer_dial(&d, network, remote, &err);
    if (c == NULL || gonet_conn_set_deadline(c, gonet_after(patience), &err) != 0)
        die("dialing", err);
    return c;
}

static int ask(const char *network, const char *local, const char *remote)
{
    static const size_t lengths[] = {1, 2, 3, 100, 511, 512, 1400, 1473, 4096, 8000};
    enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };
    static unsigned char out[8000], in[8001];
    GONET_AUTO(gonet_conn_t) c = dial(network, local, remote);

    for (unsigned i = 0; i < 3 * LENGTHS; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        size_t len = lengths[i % LENGTHS];
        for (size_t k = 0; k < len; k++)
            out[k] = (unsigned char)(k * 31 + i);
        if (gonet_conn_write(c, out, len, &err) != (ssize_t)len)
            die("sending", err);
        ssize_t n = gonet_conn_read(c, in, sizeof(in), &err);
        if (n < 0)
            die("receiving", err);
        if ((size_t)n != len || memcmp(in, out, len) != 0) {
            fprintf(stderr, "packets: sent %zu bytes, got %zd, or others\n", len, n);
            return 1;
        }
    }
    printf("%u messages there and back\n", 3u * LENGTHS);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "serve") == 0)
        return run_server(argv[2], argv[3], same);
    if (argc == 5 && strcmp(argv[1], "ask") == 0)
        return ask(argv[2], argv[3], argv[4]);
    if (argc == 3 && strcmp(argv[1], "pong") == 0)
        return run_server(argv[2], argv[2][2] == '6' ? "::" : "0.0.0.0",
                          argv[2][2] == '6' ? pong6 : pong4);
    fprintf(stderr, "usage: packets serve|ask|pong ...\n");
    return 2;
}
