/*
 * Asks a host whether it is there, with ICMP echo requests (RFC 792, RFC 4443) over raw IP, which
 * needs root or CAP_NET_RAW. Usage: ping host [count [seconds to wait for each answer]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gonet.h>

enum { length = 64 }; /* type, code, checksum, identifier, sequence number, 8 bytes; and zeros */

/* Sends a request and reads until its answer comes; false: *err tells why it did not. */
static bool echo(gonet_ip_conn_t *conn, bool v4, uint16_t seq, gonet_time_t deadline,
                 gonet_error_t **err)
{
    uint16_t id = (uint16_t)getpid();
    uint8_t ask[length] = {v4 ? 8 : 128, 0, 0, 0, id >> 8, id & 0xff, seq >> 8, seq & 0xff};
    uint8_t got[1500];
    if (v4) { /* RFC 1071, of what is not zero; over IPv6 the kernel does it */
        uint32_t sum = 0x0800u + id + seq;
        sum = ~((sum & 0xffff) + (sum >> 16));
        ask[2] = (uint8_t)(sum >> 8);
        ask[3] = (uint8_t)sum;
    }
    if (gonet_ip_conn_set_read_deadline(conn, deadline, err) != 0 ||
        gonet_ip_conn_write(conn, ask, length, err) < 0)
        return false;
    ssize_t n;
    do /* others' packets, and on the loopback interface our own, come here, too */
        n = gonet_ip_conn_read_from_ip(conn, got, sizeof(got), NULL, err);
    while (n >= 0 && (n != length || got[0] != (v4 ? 0 : 129) || memcmp(got + 4, ask + 4, 4) != 0));
    return n >= 0;
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? atoi(argv[2]) : 4, answers = 0;
    gonet_duration_t wait = (argc > 3 ? atoi(argv[3]) : 2) * GONET_SECOND;
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_ip_addr_t addr;
    if (argc < 2 || count < 1 || count > 65535)
        return fputs("usage: ping host [count [seconds]]\n", stderr), 2;
    bool v4 = gonet_resolve_ip_addr("ip", argv[1], &addr, &err) == 0 && gonet_ip_to4(addr.ip).len;
    const char *network = v4 ? "ip4:icmp" : "ip6:ipv6-icmp";
    GONET_AUTO(gonet_ip_conn_t) conn = err ? NULL : gonet_dial_ip(network, NULL, &addr, &err);
    if (conn == NULL)
        return fprintf(stderr, "ping: %s\n", gonet_error_string(err)), 1;
    for (int seq = 1; seq <= count; seq++) {
        gonet_time_t start = gonet_now();
        bool ok = echo(conn, v4, (uint16_t)seq, gonet_after(wait), &err);
        double ms = (double)gonet_since(start) / GONET_MILLISECOND;
        printf("%s: seq %d: %.3f ms: %s\n", argv[1], seq, ms, ok ? "ok" : gonet_error_string(err));
        answers += ok;
        gonet_sleep(seq < count ? GONET_SECOND : 0);
    }
    printf("%d sent, %d answered\n", count, answers);
    return answers == 0;
}
