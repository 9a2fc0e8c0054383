/*
 * Raw IP sockets: packets with and without their header, control data, and every error text of
 * behaviour 14, recorded from Go. From the test's own thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/iprawsock.h"
#include "gonet/rawconn.h"
#include "gonet/tcp.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/rawip.h"

#define HEADER 20

static const gonet_ip_addr_t no_addr;

/* Compares the error with a text in which % stands for own's address, and releases it. */
static void error_is(gonet_error_t **err, const char *own, const char *want)
{
    char text[512] = "", *out = text;

    for (; *want != '\0'; want++)
        out = *want == '%' ? stpcpy(out, own) : (*out = *want, out + 1);
    *out = '\0';
    assert_string_equal(gonet_error_string(*err), text);
    gonet_error_set(err, NULL);
}

static void no_error(gonet_error_t *err)
{
    assert_string_equal(gonet_error_string(err), "<nil>");
}

static gonet_ip_conn_t *bound(const gonet_ip_addr_t *addr)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_ip_conn_t *c = gonet_listen_ip("ip4:253", addr, &err);

    no_error(err);
    rawip_drain(c);
    return c;
}

static void send_text(gonet_ip_conn_t *c, const char *text, const gonet_ip_addr_t *to)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    assert_int_equal(gonet_ip_conn_write_to_ip(c, text, strlen(text), to, &err), strlen(text));
    no_error(err);
}

static void came_from(const gonet_ip_addr_t *addr, const gonet_ip_addr_t *sender)
{
    assert_int_equal(addr->ip.len, 4);
    assert_string_equal(rawip_text(addr), rawip_text(sender));
}

/* ReadFrom takes the header off, Read and ReadMsg don't. */
static void test_header(void **state)
{
    gonet_ip_addr_t a = rawip_own(0), from;
    gonet_addr_t any;
    gonet_error_t *err = NULL;
    gonet_ip_conn_t *c;
    unsigned char b[64];
    size_t oobn = 99;
    int flags = 99;

    (void)state;
    rawip_needed(AF_INET);
    c = bound(&a);
    send_text(c, "hello", &a);
    assert_int_equal(gonet_ip_conn_read_from_ip(c, b, sizeof(b), &from, &err), 5);
    assert_memory_equal(b, "hello", 5);
    came_from(&from, &a);
    send_text(c, "again", &a);
    assert_int_equal(gonet_ip_conn_read_from(c, b, sizeof(b), &any, &err), 5);
    assert_memory_equal(b, "again", 5);
    assert_int_equal(any.kind, GONET_ADDR_IP);
    came_from(&any.ip, &a);
    send_text(c, "whole", &a);
    assert_int_equal(gonet_ip_conn_read(c, b, sizeof(b), &err), HEADER + 5);
    assert_int_equal(b[0], 0x45);
    assert_int_equal(b[9], RAWIP_PROTO);
    assert_memory_equal(b + HEADER, "whole", 5);
    send_text(c, "whole", &a);
    assert_int_equal(
        gonet_ip_conn_read_msg_ip(c, b, sizeof(b), NULL, 0, &oobn, &flags, &from, &err),
        HEADER + 5);
    assert_memory_equal(b + HEADER, "whole", 5);
    assert_int_equal(oobn, 0);
    assert_int_equal(flags, 0);
    came_from(&from, &a);
    no_error(err);
    gonet_ip_conn_free(c);
}

/* A buffer that no header fits into keeps what it got; one that does loses it. */
static void test_short_buffers(void **state)
{
    static const struct {
        size_t room, n;
    } rows[] = {{0, 0}, {1, 1}, {19, 19}, {20, 0}, {22, 2}, {25, 5}, {26, 5}};
    gonet_ip_addr_t a = rawip_own(0), from;
    gonet_error_t *err = NULL;
    gonet_ip_conn_t *c;
    unsigned char b[64];
    int flags;

    (void)state;
    rawip_needed(AF_INET);
    c = bound(&a);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(b, 0xaa, sizeof(b));
        send_text(c, "hello", &a);
        assert_int_equal(gonet_ip_conn_read_from_ip(c, b, rows[i].room, &from, &err), rows[i].n);
        came_from(&from, &a);
        if (rows[i].room >= HEADER)
            assert_memory_equal(b, "hello", rows[i].n);
        else if (rows[i].room > 0)
            assert_int_equal(b[0], 0x45);
        assert_int_equal(b[rows[i].room], 0xaa);
    }
    send_text(c, "hello", &a);
    assert_int_equal(gonet_ip_conn_read_msg_ip(c, b, 8, NULL, 0, NULL, &flags, NULL, &err), 8);
    assert_int_equal(flags, MSG_TRUNC);
    send_text(c, "", &a);
    assert_int_equal(gonet_ip_conn_read_from_ip(c, b, sizeof(b), &from, &err), 0);
    came_from(&from, &a);
    no_error(err);
    gonet_ip_conn_free(c);
}

static void set_ip_options(void *arg, int fd)
{
    static const unsigned char no_operations[4] = {1, 1, 1, 1};

    *(int *)arg = setsockopt(fd, IPPROTO_IP, IP_OPTIONS, no_operations, sizeof(no_operations));
}

/* A header with options is longer, and leaves as a whole, or, if the buffer has no room for it, not
 * at all. */
static void test_long_header(void **state)
{
    gonet_ip_addr_t a = rawip_own(0);
    gonet_error_t *err = NULL;
    gonet_raw_conn_t *raw;
    gonet_ip_conn_t *c;
    unsigned char b[64];
    int result = -1;

    (void)state;
    rawip_needed(AF_INET);
    c = bound(&a);
    raw = gonet_ip_conn_syscall_conn(c, &err);
    assert_int_equal(gonet_raw_conn_control(raw, set_ip_options, &result, &err), 0);
    assert_int_equal(result, 0);
    gonet_raw_conn_free(raw);
    send_text(c, "options", &a);
    assert_int_equal(gonet_ip_conn_read_from_ip(c, b, sizeof(b), NULL, &err), 7);
    assert_memory_equal(b, "options", 7);
    send_text(c, "options", &a);
    assert_int_equal(gonet_ip_conn_read_from_ip(c, b, 22, NULL, &err), 22);
    assert_int_equal(b[0], 0x46);
    no_error(err);
    gonet_ip_conn_free(c);
}

/* Reads until a packet of this process comes. */
static ssize_t read_own(gonet_ip_conn_t *c, void *b, size_t len, const char *tag,
                        gonet_ip_addr_t *from)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    ssize_t n;

    do {
        memset(b, 0, len);
        n = gonet_ip_conn_read_from_ip(c, b, len, from, &err);
        no_error(err);
    } while (strncmp(b, tag, strlen(tag)) != 0);
    return n;
}

/* Over IPv6 there is no header to see. */
static void test_ipv6(void **state)
{
    gonet_ip_addr_t lo = {.ip = gonet_ipv6_loopback}, from;
    gonet_error_t *err = NULL;
    gonet_ip_conn_t *c, *d;
    char tag[32], b[128];
    ssize_t n;

    (void)state;
    rawip_needed(AF_INET6);
    snprintf(tag, sizeof(tag), "gonet-%ld", (long)getpid());
    c = gonet_listen_ip("ip6:253", &lo, &err);
    no_error(err);
    d = gonet_dial_ip("ip:253", NULL, &lo, &err);
    no_error(err);
    assert_string_equal(rawip_text(&gonet_ip_conn_local_addr(d)->ip), "::1");
    assert_string_equal(rawip_text(&gonet_ip_conn_remote_addr(d)->ip), "::1");
    assert_int_equal(gonet_ip_conn_write(d, tag, strlen(tag), &err), strlen(tag));
    assert_int_equal(read_own(c, b, sizeof(b), tag, &from), strlen(tag));
    assert_int_equal(from.ip.len, 16);
    assert_string_equal(rawip_text(&from), "::1");
    send_text(c, tag, &lo);
    do {
        n = gonet_ip_conn_read(d, b, sizeof(b), &err);
        no_error(err);
    } while (strncmp(b, tag, strlen(tag)) != 0);
    assert_int_equal(n, strlen(tag));
    gonet_ip_conn_free(c);
    gonet_ip_conn_free(d);
}

static unsigned short checksum(const unsigned char *p, size_t len)
{
    unsigned sum = 0;

    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (unsigned)p[i] << 8 | p[i + 1];
    sum = (sum >> 16) + (sum & 0xffff);
    return (unsigned short)~(sum + (sum >> 16));
}

/* An echo request of 16 bytes that only this process sends; the kernel fills in ICMPv6's checksum.
 */
static void make_echo(unsigned char p[16], unsigned char type)
{
    unsigned pid = (unsigned)getpid();
    unsigned short sum;

    memset(p, 0, 16);
    p[0] = type;
    p[7] = 1;
    memcpy(p + 8, &pid, sizeof(pid));
    sum = checksum(p, 16);
    p[2] = (unsigned char)(sum >> 8);
    p[3] = (unsigned char)sum;
}

/* The kernel answers a ping; what else comes is skipped. */
static void ping(const char *network, const char *address, unsigned char type, unsigned char reply)
{
    gonet_error_t *err = NULL;
    gonet_conn_t *c = gonet_dial(network, address, &err);
    unsigned char request[16], b[128];
    gonet_addr_t from;
    ssize_t n;

    no_error(err);
    make_echo(request, type);
    assert_int_equal(gonet_conn_write(c, request, sizeof(request), &err), sizeof(request));
    assert_int_equal(gonet_conn_set_read_deadline(c, gonet_after(60 * GONET_SECOND), &err), 0);
    do {
        n = gonet_packet_conn_read_from(gonet_conn_as_packet_conn(c), b, sizeof(b), &from, &err);
        no_error(err);
    } while (n != 16 || b[0] != reply || memcmp(b + 4, request + 4, 12) != 0);
    assert_string_equal(rawip_text(&from.ip), address);
    gonet_conn_free(c);
}

static void test_ping(void **state)
{
    (void)state;
    rawip_needed(AF_INET);
    ping("ip4:icmp", "127.0.0.1", 8, 0);
    ping("ip:1", "127.0.0.1", 8, 0);
}

static void test_ping6(void **state)
{
    (void)state;
    rawip_needed(AF_INET6);
    ping("ip6:ipv6-icmp", "::1", 128, 129);
    ping("ip6:58", "::1", 128, 129);
}

static void receive_ttl(void *arg, int fd)
{
    int on = 1;

    *(int *)arg = setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
}

/* Control data goes out (the packet's TTL) and comes in (the same). */
static void test_control_data(void **state)
{
    gonet_ip_addr_t a = rawip_own(0), from;
    gonet_error_t *err = NULL;
    gonet_raw_conn_t *raw;
    gonet_ip_conn_t *c;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } out, in;
    unsigned char b[64];
    int result = -1, ttl = 7;
    size_t oobn = 0;

    (void)state;
    rawip_needed(AF_INET);
    c = bound(&a);
    raw = gonet_ip_conn_syscall_conn(c, &err);
    assert_int_equal(gonet_raw_conn_control(raw, receive_ttl, &result, &err), 0);
    gonet_raw_conn_free(raw);
    assert_int_equal(result, 0);
    memset(&out, 0, sizeof(out));
    out.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(ttl)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_TTL};
    memcpy(CMSG_DATA(&out.header), &ttl, sizeof(ttl));
    assert_int_equal(gonet_ip_conn_write_msg_ip(c, "abc", 3, &out, sizeof(out), &a, &oobn, &err),
                     3);
    assert_int_equal(oobn, sizeof(out));
    assert_int_equal(
        gonet_ip_conn_read_msg_ip(c, b, sizeof(b), &in, sizeof(in), &oobn, NULL, &from, &err),
        HEADER + 3);
    no_error(err);
    came_from(&from, &a);
    assert_int_equal(oobn, sizeof(in));
    assert_int_equal(in.header.cmsg_level, IPPROTO_IP);
    assert_int_equal(in.header.cmsg_type, IP_TTL);
    memcpy(&ttl, CMSG_DATA(&in.header), sizeof(ttl));
    assert_int_equal(ttl, 7);
    gonet_ip_conn_free(c);
}

static void test_write_errors(void **state)
{
    static char big[70000];
    gonet_ip_addr_t a = rawip_own(0), six = {.ip = gonet_ipv6_loopback};
    const char *own = rawip_text(&a);
    gonet_addr_t any = gonet_ip_addr_as_addr(&six);
    gonet_udp_addr_t udp = {.ip = gonet_ipv4(1, 2, 3, 4)};
    gonet_error_t *err = NULL;
    size_t oobn = 99;
    gonet_ip_conn_t *c;

    (void)state;
    rawip_needed(AF_INET);
    c = bound(&a);
    assert_int_equal(gonet_ip_conn_write(c, "x", 1, &err), -1);
    error_is(&err, own, "write ip4 %: write: destination address required");
    assert_int_equal(gonet_ip_conn_write_to(c, "x", 1, NULL, &err), -1);
    error_is(&err, own, "write ip4 %: invalid argument");
    assert_int_equal(gonet_ip_conn_write_to_ip(c, "x", 1, NULL, &err), -1);
    error_is(&err, own, "write ip4 %: missing address");
    assert_int_equal(gonet_ip_conn_write_to_ip(c, "x", 1, &six, &err), -1);
    error_is(&err, own, "write ip4 %->::1: address ::1: non-IPv4 address");
    assert_int_equal(gonet_ip_conn_write_to(c, "x", 1, &any, &err), -1);
    error_is(&err, own, "write ip4 %->::1: address ::1: non-IPv4 address");
    any = gonet_udp_addr_as_addr(&udp);
    assert_int_equal(gonet_ip_conn_write_to(c, "x", 1, &any, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    error_is(&err, own, "write ip4 %->1.2.3.4:0: invalid argument");
    assert_int_equal(gonet_ip_conn_write_msg_ip(c, "x", 1, NULL, 0, NULL, &oobn, &err), -1);
    error_is(&err, own, "write ip4 %: missing address");
    assert_int_equal(oobn, 0);
    assert_int_equal(gonet_ip_conn_write_to_ip(c, big, sizeof(big), &a, &err), -1);
    error_is(&err, own, "write ip4 %->%: sendto: message too long");
    assert_int_equal(gonet_ip_conn_write_msg_ip(c, big, sizeof(big), NULL, 0, &a, NULL, &err), -1);
    error_is(&err, own, "write ip4 %->%: sendmsg: message too long");
    gonet_ip_conn_free(c);
}

static void test_deadlines_and_close(void **state)
{
    gonet_ip_addr_t a = rawip_own(0), from;
    const char *own = rawip_text(&a);
    gonet_error_t *err = NULL;
    gonet_ip_conn_t *c;
    char b[64];

    (void)state;
    rawip_needed(AF_INET);
    c = bound(&a);
    assert_int_equal(gonet_ip_conn_set_deadline(c, gonet_after(-1), &err), 0);
    assert_int_equal(gonet_ip_conn_read(c, b, sizeof(b), &err), -1);
    error_is(&err, own, "read ip4 %: i/o timeout");
    memset(&from, 0xff, sizeof(from));
    assert_int_equal(gonet_ip_conn_read_from_ip(c, b, sizeof(b), &from, &err), -1);
    assert_memory_equal(&from, &no_addr, sizeof(from));
    assert_true(gonet_error_timeout(err));
    error_is(&err, own, "read ip4 %: i/o timeout");
    assert_int_equal(gonet_ip_conn_write_to_ip(c, "x", 1, &a, &err), -1);
    error_is(&err, own, "write ip4 %->%: i/o timeout");
    assert_int_equal(gonet_ip_conn_set_read_deadline(c, gonet_after(1), &err), 0);
    assert_int_equal(gonet_ip_conn_read_msg_ip(c, b, sizeof(b), NULL, 0, NULL, NULL, NULL, &err),
                     -1);
    error_is(&err, own, "read ip4 %: i/o timeout");
    assert_int_equal(gonet_ip_conn_set_write_deadline(c, gonet_no_deadline, &err), 0);
    assert_int_equal(gonet_ip_conn_set_read_buffer(c, 4096, &err), 0);
    assert_int_equal(gonet_ip_conn_set_write_buffer(c, 4096, &err), 0);

    assert_int_equal(gonet_ip_conn_close(c, &err), 0);
    assert_int_equal(gonet_ip_conn_close(c, &err), -1);
    error_is(&err, own, "close ip4 %: use of closed network connection");
    assert_int_equal(gonet_ip_conn_read(c, b, sizeof(b), &err), -1);
    error_is(&err, own, "read ip4 %: use of closed network connection");
    assert_int_equal(gonet_ip_conn_read_from(c, b, sizeof(b), NULL, &err), -1);
    error_is(&err, own, "read ip4 %: use of closed network connection");
    assert_int_equal(gonet_ip_conn_write_to_ip(c, "x", 1, &a, &err), -1);
    error_is(&err, own, "write ip4 %->%: use of closed network connection");
    assert_int_equal(gonet_ip_conn_set_deadline(c, gonet_no_deadline, &err), -1);
    error_is(&err, own, "set ip4 %: use of closed network connection");
    assert_int_equal(gonet_ip_conn_set_read_buffer(c, 1, &err), -1);
    error_is(&err, own, "set ip4 %: use of closed network connection");
    assert_int_equal(gonet_ip_conn_file(c, &err), -1);
    error_is(&err, own, "file ip4 %: use of closed network connection");
    assert_int_equal(gonet_ip_conn_write_to(c, "", 0, NULL, &err), -1);
    error_is(&err, own, "write ip4 %: invalid argument");
    gonet_ip_conn_free(c);
}

/* A dialed socket talks to its peer alone. */
static void test_dialed(void **state)
{
    gonet_ip_addr_t a = rawip_own(0), b = rawip_own(1), from;
    gonet_error_t *err = NULL;
    gonet_ip_conn_t *c, *peer;
    char want[256], buf[64];

    (void)state;
    rawip_needed(AF_INET);
    peer = bound(&b);
    c = gonet_dial_ip("ip4:253", &a, &b, &err);
    no_error(err);
    rawip_drain(c);
    assert_string_equal(rawip_text(&gonet_ip_conn_local_addr(c)->ip), rawip_text(&a));
    assert_string_equal(rawip_text(&gonet_ip_conn_remote_addr(c)->ip), rawip_text(&b));
    assert_string_equal(gonet_addr_network(gonet_ip_conn_local_addr(c)), "ip");
    assert_null(gonet_ip_conn_remote_addr(peer));
    assert_int_equal(gonet_ip_conn_write(c, "to b", 4, &err), 4);
    assert_int_equal(gonet_ip_conn_read_from_ip(peer, buf, sizeof(buf), &from, &err), 4);
    came_from(&from, &a);
    send_text(peer, "to a", &a);
    assert_int_equal(gonet_ip_conn_read_from_ip(c, buf, sizeof(buf), &from, &err), 4);
    assert_memory_equal(buf, "to a", 4);
    came_from(&from, &b);
    assert_int_equal(gonet_ip_conn_write_to_ip(c, "x", 1, &b, &err), -1);
    assert_true(gonet_error_is(err, gonet_err_write_to_connected));
    snprintf(want, sizeof(want), "write ip4 %s->%s: use of WriteTo with pre-connected connection",
             rawip_text(&a), rawip_text(&b));
    error_is(&err, "", want);
    assert_int_equal(gonet_ip_conn_write_msg_ip(c, "x", 1, NULL, 0, NULL, NULL, &err), -1);
    error_is(&err, rawip_text(&a), "write ip4 %: use of WriteTo with pre-connected connection");
    assert_int_equal(gonet_ip_conn_write_to(c, "x", 1, NULL, &err), -1);
    error_is(&err, rawip_text(&a), "write ip4 %: invalid argument");
    gonet_ip_conn_free(peer);
    gonet_ip_conn_free(c);
}

static void test_casts(void **state)
{
    gonet_ip_addr_t a = rawip_own(0);
    gonet_packet_conn_t *pc;
    gonet_ip_conn_t *c;
    gonet_conn_t *conn;

    (void)state;
    assert_null(gonet_conn_as_ip(NULL));
    assert_null(gonet_packet_conn_as_ip(NULL));
    rawip_needed(AF_INET);
    c = bound(&a);
    conn = gonet_ip_conn_as_conn(c);
    pc = gonet_ip_conn_as_packet_conn(c);
    assert_ptr_equal(gonet_conn_as_ip(conn), c);
    assert_ptr_equal(gonet_packet_conn_as_ip(pc), c);
    assert_ptr_equal(gonet_conn_as_packet_conn(conn), pc);
    assert_ptr_equal(gonet_packet_conn_as_conn(pc), conn);
    assert_null(gonet_conn_as_tcp(conn));
    assert_ptr_equal(gonet_ip_conn_ref(c), c);
    gonet_conn_free(conn);
    assert_int_equal(gonet_writer_write(gonet_ip_conn_as_writer(c), "", 0, NULL), -1);
    assert_int_equal(gonet_reader_read(gonet_ip_conn_as_reader(c), NULL, 0, NULL), 0);
    gonet_packet_conn_free(pc);
}

/* Calls without an object fail with EINVAL and crash nowhere. */
static void test_no_object(void **state)
{
    gonet_error_t *err = NULL;
    char b[8];

    (void)state;
    assert_int_equal(gonet_ip_conn_read(NULL, b, 8, &err), -1);
    error_is(&err, "", "invalid argument");
    assert_int_equal(gonet_ip_conn_read_from_ip(NULL, b, 8, NULL, &err), -1);
    error_is(&err, "", "invalid argument");
    assert_int_equal(gonet_ip_conn_read_msg_ip(NULL, b, 8, NULL, 0, NULL, NULL, NULL, &err), -1);
    error_is(&err, "", "invalid argument");
    assert_int_equal(gonet_ip_conn_write_to_ip(NULL, b, 8, &no_addr, &err), -1);
    error_is(&err, "", "invalid argument");
    assert_int_equal(gonet_ip_conn_write_msg_ip(NULL, b, 8, NULL, 0, &no_addr, NULL, &err), -1);
    error_is(&err, "", "invalid argument");
    assert_int_equal(gonet_ip_conn_set_read_buffer(NULL, 1, &err), -1);
    error_is(&err, "", "invalid argument");
    assert_null(gonet_ip_conn_local_addr(NULL));
    assert_null(gonet_ip_conn_ref(NULL));
    gonet_ip_conn_free(NULL);
}

/* A socket of a file is not "dialed", whatever the kernel says; its network has no family. */
static void test_file(void **state)
{
    gonet_ip_addr_t a = rawip_own(0);
    const char *own = rawip_text(&a);
    gonet_error_t *err = NULL;
    gonet_packet_conn_t *pc;
    gonet_ip_conn_t *c, *of_file;
    char want[128];
    int fd;

    (void)state;
    rawip_needed(AF_INET);
    c = gonet_dial_ip("ip4:253", &a, &a, &err);
    no_error(err);
    fd = gonet_ip_conn_file(c, &err);
    assert_true(fd >= 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    of_file = gonet_conn_as_ip(gonet_file_conn(fd, &err));
    assert_non_null(of_file);
    assert_string_equal(rawip_text(&gonet_ip_conn_local_addr(of_file)->ip), own);
    send_text(of_file, "x", &a);
    assert_int_equal(gonet_ip_conn_close(of_file, &err), 0);
    assert_int_equal(gonet_ip_conn_write(of_file, "x", 1, &err), -1);
    error_is(&err, own, "write ip %: use of closed network connection");
    pc = gonet_file_packet_conn(fd, &err);
    assert_non_null(gonet_packet_conn_as_ip(pc));
    assert_null(gonet_file_listener(fd, &err));
    snprintf(want, sizeof(want), "file file+net /dev/fd/%d: invalid argument", fd);
    error_is(&err, "", want);
    gonet_packet_conn_free(pc);
    gonet_ip_conn_free(of_file);
    gonet_ip_conn_free(c);
    close(fd);
}

typedef struct {
    gonet_ip_conn_t *c;
    const char *own;
    gonet_wait_group_t first; /* until the first packet has been read */
} reader_t;

static void read_until_closed(void *arg)
{
    reader_t *r = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_ip_addr_t from;
    char b[64], want[128];

    CHECK_INT(gonet_ip_conn_read_from_ip(r->c, b, sizeof(b), &from, &err), 5);
    gonet_wait_group_done(&r->first);
    CHECK_INT(gonet_ip_conn_read_from_ip(r->c, b, sizeof(b), &from, &err), -1);
    snprintf(want, sizeof(want), "read ip4 %s: use of closed network connection", r->own);
    CHECK_ERROR(err, want);
}

/* A reader parks until there is a packet, and until the socket is closed. */
static void test_parked_reader(void **state)
{
    static const actor_kind_t kinds[] = {BY_TASK, BY_THREAD};
    gonet_ip_addr_t a = rawip_own(0);
    reader_t r = {.own = rawip_text(&a)};
    actor_t actor;

    (void)state;
    rawip_needed(AF_INET);
    for (int i = 0; i < 2; i++) {
        r.c = bound(&a);
        gonet_wait_group_add(&r.first, 1);
        actor_start(&actor, kinds[i], read_until_closed, &r);
        send_text(r.c, "hello", &a);
        gonet_wait_group_wait(&r.first);
        assert_int_equal(gonet_ip_conn_close(r.c, NULL), 0);
        actor_join(&actor);
        gonet_ip_conn_free(r.c);
    }
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(test_header),
                                       LEAK_TEST(test_short_buffers),
                                       LEAK_TEST(test_long_header),
                                       LEAK_TEST(test_ipv6),
                                       LEAK_TEST(test_ping),
                                       LEAK_TEST(test_ping6),
                                       LEAK_TEST(test_control_data),
                                       LEAK_TEST(test_write_errors),
                                       LEAK_TEST(test_deadlines_and_close),
                                       LEAK_TEST(test_dialed),
                                       LEAK_TEST(test_casts),
                                       LEAK_TEST(test_no_object),
                                       LEAK_TEST(test_file),
                                       LEAK_TEST(test_parked_reader)};

    return cmocka_run_group_tests_name("raw IP sockets", tests, NULL, NULL);
}
