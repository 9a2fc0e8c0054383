/*
 * Datagrams: of all sizes, from senders of both families, with control data, refused ones; what a
 * packet costs. All calls are the test's own thread's, and park only for what is on its way.
 */
#include "unit/table.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "gonet/dial.h"
#include "gonet/rawconn.h"
#include "gonet/tcp.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "socket/sys.h"
#include "support/leak.h"

#define MOST 65507 /* the bytes that an IPv4 packet has room for */

typedef struct {
    gonet_udp_conn_t *a; /* dialed to b */
    gonet_udp_conn_t *b; /* bound */
} pair_t;

static gonet_udp_conn_t *listen_on(const char *network, const char *ip)
{
    gonet_udp_addr_t addr = {.ip = gonet_parse_ip(ip)};
    gonet_error_t *err = NULL;
    gonet_udp_conn_t *c = gonet_listen_udp(network, &addr, &err);

    assert_string_equal(gonet_error_string(err), "<nil>");
    return c;
}

static const gonet_udp_addr_t *local(gonet_udp_conn_t *c)
{
    return gonet_addr_as_udp(gonet_udp_conn_local_addr(c));
}

static pair_t pair(const char *network, const char *ip)
{
    pair_t p = {.b = listen_on(network, ip)};

    p.a = gonet_dial_udp(network, NULL, local(p.b), NULL);
    assert_non_null(p.a);
    return p;
}

static void release(pair_t *p)
{
    gonet_udp_conn_free(p->a);
    gonet_udp_conn_free(p->b);
}

static void same_udp(const gonet_udp_addr_t *got, const gonet_udp_addr_t *want)
{
    assert_memory_equal(got, want, sizeof(*got));
}

static void is_text(const char *got, gonet_udp_conn_t *c)
{
    char text[GONET_ADDR_STRLEN];

    assert_string_equal(got, gonet_udp_addr_string(local(c), text, sizeof(text)));
}

/* An error's text with the addresses of c: "write udp L->R: REST". */
static void is_error(gonet_error_t **err, const char *op, gonet_udp_conn_t *c, const char *rest)
{
    char from[GONET_ADDR_STRLEN], to[GONET_ADDR_STRLEN], text[512];

    gonet_addr_string(gonet_udp_conn_local_addr(c), from, sizeof(from));
    gonet_addr_string(gonet_udp_conn_remote_addr(c), to, sizeof(to));
    snprintf(text, sizeof(text), "%s udp %s->%s: %s", op, from, to, rest);
    assert_string_equal(gonet_error_string(*err), text);
    gonet_error_set(err, NULL);
}

/* A datagram of no bytes is one, whichever call reads it (behaviour 9.13, 9.16, 9.19). */
static void nothing_inside(void **state)
{
    pair_t p = pair("udp", "127.0.0.1");
    gonet_udp_addr_t from;
    gonet_netip_addr_port_t ap;
    gonet_error_t *err = NULL;
    size_t oobn = 7, sent = 7;
    int flags = 7;
    char buf[8];

    (void)state;
    assert_int_equal(gonet_udp_conn_write(p.a, NULL, 0, &err), 0);
    assert_int_equal(gonet_udp_conn_write_count(p.a, "", 0, &sent, &err), 0);
    assert_int_equal(sent, 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(gonet_udp_conn_write_msg_udp(p.a, NULL, 0, NULL, 0, NULL, NULL, &err), 0);
    assert_null(err);
    assert_int_equal(gonet_udp_conn_read(p.b, buf, 0, &err), 0); /* which reads nothing at all */
    assert_int_equal(gonet_udp_conn_read(p.b, buf, sizeof(buf), &err), 0);
    assert_null(err);
    assert_int_equal(gonet_udp_conn_read_from_udp(p.b, NULL, 0, &from, &err), 0);
    same_udp(&from, local(p.a));
    assert_int_equal(gonet_udp_conn_read_from_udp_addr_port(p.b, buf, sizeof(buf), &ap, &err), 0);
    assert_int_equal(ap.port, local(p.a)->port);
    assert_int_equal(
        gonet_udp_conn_read_msg_udp(p.b, buf, sizeof(buf), NULL, 0, &oobn, &flags, &from, &err), 0);
    assert_null(err);
    assert_int_equal(oobn, 0);
    assert_int_equal(flags, 0);
    same_udp(&from, local(p.a));
    /* An empty buffer takes a datagram that has bytes, too. */
    assert_int_equal(gonet_udp_conn_write(p.a, "abc", 3, &err), 3);
    assert_int_equal(gonet_udp_conn_write(p.a, "de", 2, &err), 2);
    assert_int_equal(gonet_udp_conn_read_from(p.b, NULL, 0, NULL, &err), 0);
    assert_int_equal(gonet_udp_conn_read(p.b, buf, sizeof(buf), &err), 2);
    assert_null(err);
    release(&p);
}

/* Go: what is longer than a packet fails whole; what is longer than the buffer is cut. */
static void sizes(void **state)
{
    pair_t p = pair("udp", "127.0.0.1");
    gonet_error_t *err = NULL;
    char *big = calloc(1, MOST + 1), text[512], from[GONET_ADDR_STRLEN], to[GONET_ADDR_STRLEN];
    size_t oobn, sent = 7;
    int flags;

    (void)state;
    assert_non_null(big);
    big[MOST - 1] = 'z';
    assert_int_equal(gonet_udp_conn_write(p.a, big, MOST, &err), MOST);
    big[MOST - 1] = 0;
    assert_int_equal(gonet_udp_conn_read(p.b, big, MOST + 1, &err), MOST);
    assert_int_equal(big[MOST - 1], 'z');
    assert_int_equal(gonet_udp_conn_write_count(p.a, big, MOST + 1, &sent, &err), -1);
    assert_int_equal(sent, 0);
    is_error(&err, "write", p.a, "write: message too long");
    gonet_udp_addr_string(local(p.b), from, sizeof(from));
    gonet_udp_addr_string(local(p.a), to, sizeof(to));
    assert_int_equal(gonet_udp_conn_write_to_udp(p.b, big, MOST + 1, local(p.a), &err), -1);
    snprintf(text, sizeof(text), "write udp %s->%s: sendto: message too long", from, to);
    assert_string_equal(gonet_error_string(err), text);
    assert_int_equal(
        gonet_udp_conn_write_msg_udp(p.b, big, MOST + 1, NULL, 0, local(p.a), NULL, &err), -1);
    snprintf(text, sizeof(text), "write udp %s->%s: sendmsg: message too long", from, to);
    assert_string_equal(gonet_error_string(err), text);
    for (int i = 0; i < 3; i++)
        assert_int_equal(gonet_udp_conn_write(p.a, "abcdef", 6, &err), 6);
    memset(big, '-', 8);
    assert_int_equal(gonet_udp_conn_read_from(p.b, big, 4, NULL, &err), 4);
    assert_memory_equal(big, "abcd----", 8);
    assert_int_equal(gonet_udp_conn_read_msg_udp(p.b, big, 5, NULL, 0, &oobn, &flags, NULL, &err),
                     5);
    assert_int_equal(flags, MSG_TRUNC);
    assert_int_equal(gonet_udp_conn_read_msg_udp(p.b, big, 6, NULL, 0, &oobn, &flags, NULL, &err),
                     6);
    assert_int_equal(flags, 0);
    assert_null(err);
    free(big);
    release(&p);
}

/* Who sent it, in all forms (behaviour 13.7). */
typedef struct {
    const char *name, *network, *bound, *dialed;
    uint8_t ip_len; /* of the sender that the bound socket sees */
    const char *ap; /* and its text as a netip address */
} sender_t;

static const sender_t senders[] = {
    {"IPv4", "udp", "127.0.0.1", "127.0.0.1", 4, "127.0.0.1"},
    {"IPv4 alone", "udp4", "", "127.0.0.1", 4, "127.0.0.1"},
    {"IPv4 to both families", "udp", "", "127.0.0.1", 16, "::ffff:127.0.0.1"},
    {"IPv6 to both families", "udp", "", "::1", 16, "::1"},
    {"IPv6", "udp", "::1", "::1", 16, "::1"},
    {"IPv6 alone", "udp6", "", "::1", 16, "::1"},
};

static void test_sender(void **state)
{
    const sender_t *row = *state;
    gonet_udp_conn_t *b = listen_on(row->network, row->bound), *a;
    gonet_udp_addr_t to = {.ip = gonet_parse_ip(row->dialed), .port = local(b)->port}, from, peer;
    gonet_netip_addr_port_t ap, ap2;
    gonet_addr_t any;
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN], buf[4];

    a = gonet_dial_udp("udp", NULL, &to, &err);
    assert_non_null(a);
    for (int i = 0; i < 5; i++)
        assert_int_equal(gonet_udp_conn_write(a, "abc", 3, &err), 3);
    memset(&from, 7, sizeof(from));
    memset(&ap, 7, sizeof(ap));
    memset(&any, 7, sizeof(any));
    assert_int_equal(gonet_udp_conn_read_from_udp(b, buf, sizeof(buf), &from, &err), 3);
    assert_int_equal(from.ip.len, row->ip_len);
    is_text(gonet_udp_addr_string(&from, text, sizeof(text)), a);
    assert_int_equal(gonet_udp_conn_read_from(b, buf, sizeof(buf), &any, &err), 3);
    same_udp(gonet_addr_as_udp(&any), &from);
    assert_int_equal(gonet_udp_conn_read_from_udp_addr_port(b, buf, sizeof(buf), &ap, &err), 3);
    assert_int_equal(ap.port, from.port);
    assert_string_equal(gonet_netip_addr_string(ap.addr, text, sizeof(text)), row->ap);
    memset(&ap2, 7, sizeof(ap2));
    assert_int_equal(
        gonet_udp_conn_read_msg_udp_addr_port(b, buf, sizeof(buf), NULL, 0, NULL, NULL, &ap2, &err),
        3);
    assert_memory_equal(&ap2, &ap, sizeof(ap));
    memset(&peer, 7, sizeof(peer));
    assert_int_equal(
        gonet_udp_conn_read_msg_udp(b, buf, sizeof(buf), NULL, 0, NULL, NULL, &peer, &err), 3);
    same_udp(&peer, &from);
    /* The answers, in each form; a dialed socket is told who sent them, too. */
    any = gonet_udp_addr_as_addr(&from);
    assert_int_equal(gonet_udp_conn_write_to_udp(b, "x", 1, &from, &err), 1);
    assert_int_equal(gonet_udp_conn_write_to(b, "xx", 2, &any, &err), 2);
    assert_int_equal(gonet_udp_conn_write_to_udp_addr_port(b, "xxx", 3, ap, &err), 3);
    assert_int_equal(gonet_udp_conn_write_msg_udp(b, "xxxx", 4, NULL, 0, &from, NULL, &err), 4);
    assert_int_equal(gonet_udp_conn_write_msg_udp_addr_port(b, "xxx", 3, NULL, 0, ap, NULL, &err),
                     3);
    for (int n = 1; n <= 5; n++) {
        assert_int_equal(gonet_udp_conn_read_from_udp(a, buf, sizeof(buf), &peer, &err),
                         n == 5 ? 3 : n);
        same_udp(&peer, gonet_addr_as_udp(gonet_udp_conn_remote_addr(a)));
    }
    assert_null(err);
    gonet_udp_conn_free(a);
    gonet_udp_conn_free(b);
}

/*
 * Nobody listens: each answer that says so fails one call, whichever comes next, and then it is
 * forgotten (behaviour 13.8). Port 1 is nobody's.
 */
typedef struct {
    const char *name, *error;
} refused_t;

static const refused_t refused_calls[] = {
    {"read", "read: connection refused"},         {"read from", "recvfrom: connection refused"},
    {"read msg", "recvmsg: connection refused"},  {"write", "write: connection refused"},
    {"write msg", "sendmsg: connection refused"},
};

static void test_refused(void **state)
{
    const refused_t *row = *state;
    gonet_udp_addr_t nobody = {.ip = gonet_parse_ip("127.0.0.1"), .port = 1};
    gonet_udp_conn_t *c = gonet_dial_udp("udp", NULL, &nobody, NULL);
    gonet_error_t *err = NULL;
    char buf[8], text[512], from[GONET_ADDR_STRLEN];
    ssize_t n = -1;

    assert_non_null(c);
    assert_int_equal(gonet_udp_conn_write(c, "abc", 3, &err), 3);
    assert_int_equal(gonet_conn_wait_readable(gonet_udp_conn_as_conn(c), NULL), 0);
    if (strcmp(row->name, "read") == 0)
        n = gonet_udp_conn_read(c, buf, sizeof(buf), &err);
    else if (strcmp(row->name, "read from") == 0)
        n = gonet_udp_conn_read_from(c, buf, sizeof(buf), NULL, &err);
    else if (strcmp(row->name, "read msg") == 0)
        n = gonet_udp_conn_read_msg_udp(c, buf, sizeof(buf), NULL, 0, NULL, NULL, NULL, &err);
    else if (strcmp(row->name, "write") == 0)
        n = gonet_udp_conn_write(c, "x", 1, &err);
    else
        n = gonet_udp_conn_write_msg_udp(c, "x", 1, NULL, 0, NULL, NULL, &err);
    assert_int_equal(n, -1);
    assert_true(gonet_error_is_errno(err, ECONNREFUSED));
    if (strcmp(row->name, "write msg") == 0) { /* which names the address it was given: none */
        gonet_addr_string(gonet_udp_conn_local_addr(c), from, sizeof(from));
        snprintf(text, sizeof(text), "write udp %s: %s", from, row->error);
        assert_string_equal(gonet_error_string(err), text);
    } else {
        is_error(&err, strncmp(row->name, "read", 4) == 0 ? "read" : "write", c, row->error);
    }
    assert_int_equal(gonet_udp_conn_write(c, "abc", 3, &err), 3);
    assert_null(err);
    gonet_udp_conn_free(c);
}

/* ---- control data ---- */

static void set_option(gonet_udp_conn_t *c, int level, int name, int value)
{
    int fd = gonet_udp_conn_file(c, NULL);

    assert_int_equal(setsockopt(fd, level, name, &value, sizeof(value)), 0);
    assert_int_equal(close(fd), 0);
}

/* The control message of that kind, or NULL. */
static const void *find(void *oob, size_t oobn, int level, int type)
{
    struct msghdr msg = {.msg_control = oob, .msg_controllen = oobn};

    for (struct cmsghdr *h = CMSG_FIRSTHDR(&msg); h != NULL; h = CMSG_NXTHDR(&msg, h)) {
        if (h->cmsg_level == level && h->cmsg_type == type)
            return CMSG_DATA(h);
    }
    return NULL;
}

typedef union {
    char room[128];
    struct cmsghdr align;
} oob_t;

/* One control message; its size. */
static size_t make_oob(oob_t *oob, int level, int type, const void *data, size_t len)
{
    struct msghdr msg = {.msg_control = oob, .msg_controllen = sizeof(*oob)};
    struct cmsghdr *h;

    memset(oob, 0, sizeof(*oob));
    h = CMSG_FIRSTHDR(&msg);
    h->cmsg_level = level;
    h->cmsg_type = type;
    h->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(h), data, len);
    return CMSG_SPACE(len);
}

/* The type of service goes with one message, and arrives; so does the address it was sent to. */
static void control_data_ipv4(void **state)
{
    gonet_udp_conn_t *b = listen_on("udp4", ""), *a = listen_on("udp4", "127.0.0.1");
    gonet_udp_addr_t to = {.ip = gonet_parse_ip("127.0.0.3"), .port = local(b)->port};
    gonet_netip_addr_port_t ap;
    struct in_pktinfo from = {.ipi_spec_dst.s_addr = htonl(0x7f000002)};
    gonet_error_t *err = NULL;
    int tos = 0x28, flags;
    size_t len, oobn = 0;
    const struct in_pktinfo *info;
    oob_t oob;
    char buf[8];

    (void)state;
    set_option(b, IPPROTO_IP, IP_PKTINFO, 1);
    set_option(b, IPPROTO_IP, IP_RECVTOS, 1);
    len = make_oob(&oob, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
    assert_int_equal(gonet_udp_conn_write_msg_udp(a, "abc", 3, &oob, len, &to, &oobn, &err), 3);
    assert_int_equal(oobn, len);
    assert_int_equal(gonet_udp_conn_read_msg_udp_addr_port(b, buf, sizeof(buf), &oob, sizeof(oob),
                                                           &oobn, &flags, &ap, &err),
                     3);
    assert_int_equal(oobn, CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(1));
    assert_int_equal(flags, 0);
    info = find(&oob, oobn, IPPROTO_IP, IP_PKTINFO);
    assert_non_null(info);
    assert_int_equal(info->ipi_addr.s_addr, htonl(0x7f000003));
    assert_int_equal(*(const uint8_t *)find(&oob, oobn, IPPROTO_IP, IP_TOS), tos);
    assert_int_equal(ap.port, local(a)->port);
    /* A socket bound to the wildcard answers from the address that it says. */
    len = make_oob(&oob, IPPROTO_IP, IP_PKTINFO, &from, sizeof(from));
    assert_int_equal(gonet_udp_conn_write_msg_udp_addr_port(b, "de", 2, &oob, len, ap, &oobn, &err),
                     2);
    assert_int_equal(oobn, len);
    assert_int_equal(gonet_udp_conn_read_from_udp_addr_port(a, buf, sizeof(buf), &ap, &err), 2);
    assert_memory_equal(ap.addr.b, "\x7f\0\0\2", 4);
    /* Too little room shows in the flags. */
    assert_int_equal(gonet_udp_conn_write_to_udp(a, "abc", 3, &to, &err), 3);
    assert_int_equal(gonet_udp_conn_read_msg_udp(b, buf, 2, &oob, 4, &oobn, &flags, NULL, &err), 2);
    assert_int_equal(flags, MSG_TRUNC | MSG_CTRUNC);
    /* Control data that is none fails the call, and nothing is sent. */
    memset(&oob, 0xff, sizeof(oob));
    oobn = 7;
    assert_int_equal(gonet_udp_conn_write_msg_udp(a, "abc", 3, &oob, 16, &to, &oobn, &err), -1);
    assert_int_equal(oobn, 0);
    assert_true(gonet_error_is_errno(err, EINVAL));
    gonet_error_free(err);
    gonet_udp_conn_free(a);
    gonet_udp_conn_free(b);
}

static void control_data_ipv6(void **state)
{
    gonet_udp_conn_t *b = listen_on("udp", ""), *a = listen_on("udp", "::1");
    gonet_udp_addr_t to = {.ip = gonet_parse_ip("::1"), .port = local(b)->port}, from;
    gonet_error_t *err = NULL;
    int tclass = 0x28;
    size_t len, oobn = 0;
    const struct in6_pktinfo *info;
    oob_t oob;
    char buf[8];

    (void)state;
    set_option(b, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(b, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    len = make_oob(&oob, IPPROTO_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
    assert_int_equal(gonet_udp_conn_write_msg_udp(a, "abc", 3, &oob, len, &to, &oobn, &err), 3);
    assert_int_equal(gonet_udp_conn_read_msg_udp(b, buf, sizeof(buf), &oob, sizeof(oob), &oobn,
                                                 NULL, &from, &err),
                     3);
    assert_null(err);
    same_udp(&from, local(a));
    info = find(&oob, oobn, IPPROTO_IPV6, IPV6_PKTINFO);
    assert_non_null(info);
    assert_memory_equal(&info->ipi6_addr, &in6addr_loopback, 16);
    assert_int_equal(*(const int *)find(&oob, oobn, IPPROTO_IPV6, IPV6_TCLASS), tclass);
    gonet_udp_conn_free(a);
    gonet_udp_conn_free(b);
}

/* ---- what a packet costs ---- */

/* A call of each kind that sends and that receives: the number of bytes is i + 1. */
static ssize_t send_one(int i, gonet_udp_conn_t *c, const gonet_udp_addr_t *to, gonet_error_t **err)
{
    const gonet_addr_t any = gonet_udp_addr_as_addr(to);
    const gonet_netip_addr_port_t ap = gonet_udp_addr_addr_port(to);

    switch (i) {
    case 0:
        return gonet_udp_conn_write_to_udp(c, "x", 1, to, err);
    case 1:
        return gonet_udp_conn_write_to(c, "xx", 2, &any, err);
    case 2:
        return gonet_udp_conn_write_to_udp_addr_port(c, "xxx", 3, ap, err);
    case 3:
        return gonet_udp_conn_write_msg_udp(c, "xxxx", 4, NULL, 0, to, NULL, err);
    case 4:
        return gonet_udp_conn_write_msg_udp_addr_port(c, "xxxxx", 5, NULL, 0, ap, NULL, err);
    default:
        return gonet_packet_conn_write_to(gonet_udp_conn_as_packet_conn(c), "xxxxxx", 6, &any, err);
    }
}

static ssize_t receive_one(int i, gonet_udp_conn_t *c, gonet_error_t **err)
{
    gonet_udp_addr_t udp;
    gonet_addr_t any;
    gonet_netip_addr_port_t ap;
    char buf[8], oob[64];
    size_t oobn;
    int flags;

    switch (i) {
    case 0:
        return gonet_udp_conn_read_from_udp(c, buf, sizeof(buf), &udp, err);
    case 1:
        return gonet_udp_conn_read_from(c, buf, sizeof(buf), &any, err);
    case 2:
        return gonet_udp_conn_read_from_udp_addr_port(c, buf, sizeof(buf), &ap, err);
    case 3:
        return gonet_udp_conn_read_msg_udp(c, buf, sizeof(buf), oob, sizeof(oob), &oobn, &flags,
                                           &udp, err);
    case 4:
        return gonet_udp_conn_read_msg_udp_addr_port(c, buf, sizeof(buf), oob, sizeof(oob), &oobn,
                                                     &flags, &ap, err);
    default:
        return gonet_packet_conn_read_from(gonet_udp_conn_as_packet_conn(c), buf, sizeof(buf), &any,
                                           err);
    }
}
#define WAYS 6

static void each_way(void (*body)(gonet_udp_conn_t *c, const gonet_udp_addr_t *to))
{
    static const char *const ips[] = {"127.0.0.1", "::1", "::ffff:127.0.0.1"};

    for (size_t i = 0; i < 3; i++) {
        gonet_udp_conn_t *c = listen_on("udp", i == 2 ? "" : ips[i]);
        gonet_udp_addr_t to = {.ip = gonet_parse_ip(ips[i]), .port = local(c)->port};

        body(c, &to);
        gonet_udp_conn_free(c);
    }
}

static void count_allocations(gonet_udp_conn_t *c, const gonet_udp_addr_t *to)
{
    gonet_error_t *err = NULL;

    gonet__alloc_fail_at(1, 1);
    for (int i = 0; i < WAYS; i++) {
        assert_int_equal(send_one(i, c, to, &err), i + 1);
        assert_int_equal(receive_one(i, c, &err), i + 1);
    }
    assert_int_equal(gonet__alloc_failed(), 0);
    gonet__alloc_fail_at(0, 0);
    assert_null(err);
}

static void no_allocation(void **state)
{
    (void)state;
    each_way(count_allocations);
}

/* The second system call is to fail: the call makes one, so it is the next call's first. */
static void count_calls(gonet_udp_conn_t *c, const gonet_udp_addr_t *to)
{
    gonet_error_t *err = NULL;

    for (int i = 0; i < WAYS; i++) {
        gonet__sys_fail_at(GONET__SYS_ANY, 2, EIO);
        assert_int_equal(send_one(i, c, to, &err), i + 1);
        assert_int_equal(gonet__sys_failed(), 0);
        gonet__sys_fail_at(GONET__SYS_ANY, 1, EIO);
        assert_int_equal(send_one(i, c, to, &err), -1);
        assert_true(gonet_error_is_errno(err, EIO));
        gonet__sys_fail_at(GONET__SYS_ANY, 2, EIO);
        assert_int_equal(receive_one(i, c, &err), i + 1);
        assert_int_equal(gonet__sys_failed(), 0);
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    }
    assert_null(err);
}

static void one_system_call(void **state)
{
    (void)state;
    each_way(count_calls);
}

/* Interrupted and not yet possible calls are made again; the latter wait in between. */
static void calls_again(gonet_udp_conn_t *c, const gonet_udp_addr_t *to)
{
    static const int errnums[] = {EINTR, EAGAIN};
    gonet_error_t *err = NULL;

    for (int i = 0; i < WAYS * 2; i++) {
        gonet__sys_fail_at(GONET__SYS_SENDMSG, 1, errnums[i % 2]);
        assert_int_equal(send_one(i / 2, c, to, &err), i / 2 + 1);
        assert_int_equal(gonet__sys_failed(), 1);
        gonet__sys_fail_at(GONET__SYS_RECVMSG, 1, errnums[i % 2]);
        assert_int_equal(receive_one(i / 2, c, &err), i / 2 + 1);
        assert_int_equal(gonet__sys_failed(), 1);
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    }
    assert_null(err);
}

static void again(void **state)
{
    (void)state;
    each_way(calls_again);
}

/* ---- the object ---- */

static void casts(void **state)
{
    pair_t p = pair("udp", "127.0.0.1");
    gonet_conn_t *c = gonet_udp_conn_as_conn(p.a);
    gonet_packet_conn_t *pc = gonet_udp_conn_as_packet_conn(p.b);
    gonet_listener_t *l = gonet_listen("tcp", "127.0.0.1:0", NULL);
    char text[GONET_ADDR_STRLEN], buf[8];
    gonet_conn_t *tcp;
    gonet_addr_t from;

    (void)state;
    assert_ptr_equal(gonet_conn_as_udp(c), p.a);
    assert_ptr_equal(gonet_packet_conn_as_udp(pc), p.b);
    assert_ptr_equal(gonet_packet_conn_as_udp(gonet_conn_as_packet_conn(c)), p.a);
    assert_ptr_equal(gonet_packet_conn_as_conn(pc), gonet_udp_conn_as_conn(p.b));
    assert_null(gonet_conn_as_tcp(c));
    assert_null(gonet_conn_as_unix(c));
    assert_null(gonet_packet_conn_as_unix(pc));
    assert_null(gonet_conn_as_udp(NULL));
    assert_null(gonet_packet_conn_as_udp(NULL));
    tcp = gonet_dial("tcp", gonet_addr_string(gonet_listener_addr(l), text, sizeof(text)), NULL);
    assert_non_null(tcp);
    assert_null(gonet_conn_as_udp(tcp));
    gonet_conn_free(tcp);
    gonet_listener_free(l);
    assert_int_equal(gonet_conn_write(c, "abc", 3, NULL), 3);
    assert_int_equal(gonet_packet_conn_read_from(pc, buf, sizeof(buf), &from, NULL), 3);
    same_udp(gonet_addr_as_udp(&from), local(p.a));
    assert_int_equal(gonet_packet_conn_write_to(pc, "de", 2, &from, NULL), 2);
    assert_int_equal(gonet_reader_read(gonet_udp_conn_as_reader(p.a), buf, sizeof(buf), NULL), 2);
    assert_int_equal(gonet_writer_write(gonet_udp_conn_as_writer(p.a), "f", 1, NULL), 1);
    assert_string_equal(gonet_addr_network(gonet_udp_conn_local_addr(p.a)), "udp");
    /* There is nothing to half close (Go's UDPConn has no such methods). */
    assert_int_equal(gonet_conn_close_write(c, NULL), -1);
    assert_int_equal(gonet_conn_close_read(c, NULL), -1);
    release(&p);
}

/* Addresses outlive the socket, and the last owner closes it. */
static void addresses(void **state)
{
    pair_t p = pair("udp4", "127.0.0.1");
    const gonet_addr_t *at = gonet_udp_conn_local_addr(p.a);
    const gonet_addr_t *to = gonet_udp_conn_remote_addr(p.a);
    gonet_udp_conn_t *other = gonet_udp_conn_ref(p.a);

    (void)state;
    assert_ptr_equal(other, p.a);
    assert_int_equal(at->udp.ip.len, 4);
    assert_int_equal(to->udp.port, local(p.b)->port);
    assert_null(gonet_udp_conn_remote_addr(p.b));
    assert_int_equal(gonet_udp_conn_close(p.a, NULL), 0);
    assert_ptr_equal(gonet_udp_conn_local_addr(p.a), at);
    assert_ptr_equal(gonet_udp_conn_remote_addr(p.a), to);
    assert_int_equal(to->udp.port, local(p.b)->port);
    gonet_udp_conn_free(other);
    release(&p);
}

/* An expired deadline loses nothing of what has come (behaviour 9.11). */
static void deadlines(void **state)
{
    pair_t p = pair("udp", "127.0.0.1");
    gonet_error_t *err = NULL;
    char buf[8];

    (void)state;
    assert_int_equal(gonet_udp_conn_write(p.a, "abc", 3, NULL), 3);
    assert_int_equal(gonet_udp_conn_set_read_deadline(p.b, (gonet_time_t){1}, NULL), 0);
    assert_int_equal(gonet_udp_conn_read_from(p.b, buf, sizeof(buf), NULL, &err), -1);
    assert_true(gonet_error_timeout(err));
    assert_int_equal(gonet_udp_conn_set_deadline(p.b, gonet_no_deadline, NULL), 0);
    assert_int_equal(gonet_udp_conn_read_from(p.b, buf, sizeof(buf), NULL, &err), 3);
    assert_null(err);
    assert_int_equal(
        gonet_udp_conn_set_read_deadline(p.b, gonet_after(20 * GONET_MILLISECOND), NULL), 0);
    assert_int_equal(gonet_udp_conn_read_from(p.b, buf, sizeof(buf), NULL, &err), -1);
    assert_true(gonet_error_timeout(err));
    gonet_error_free(err);
    release(&p);
}

static void get_buffers(void *arg, int fd)
{
    int *size = arg;
    socklen_t len = sizeof(*size);

    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size[0], &len), 0);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size[1], &len), 0);
}

static bool receive_raw(void *arg, int fd)
{
    return recv(fd, arg, 8, MSG_DONTWAIT) == 3;
}

/* The buffers' sizes, which the kernel doubles, and the descriptor in the user's hands. */
static void options(void **state)
{
    pair_t p = pair("udp", "127.0.0.1");
    gonet_raw_conn_t *raw = gonet_udp_conn_syscall_conn(p.b, NULL);
    int size[2];
    char buf[8];

    (void)state;
    assert_int_equal(gonet_udp_conn_set_read_buffer(p.b, 20000, NULL), 0);
    assert_int_equal(gonet_udp_conn_set_write_buffer(p.b, 30000, NULL), 0);
    assert_int_equal(gonet_raw_conn_control(raw, get_buffers, size, NULL), 0);
    assert_int_equal(size[0], 40000);
    assert_int_equal(size[1], 60000);
    assert_int_equal(gonet_udp_conn_write(p.a, "abc", 3, NULL), 3);
    assert_int_equal(gonet_raw_conn_read(raw, receive_raw, buf, NULL), 0);
    assert_memory_equal(buf, "abc", 3);
    gonet_raw_conn_free(raw);
    release(&p);
}

int main(void)
{
    TABLE_ADD(nothing_inside);
    TABLE_ADD(sizes);
    TABLE_ADD_ALL("sender", senders, name, test_sender);
    TABLE_ADD_ALL("refused", refused_calls, name, test_refused);
    TABLE_ADD(control_data_ipv4);
    TABLE_ADD(control_data_ipv6);
    TABLE_ADD(no_allocation);
    TABLE_ADD(one_system_call);
    TABLE_ADD(again);
    TABLE_ADD(casts);
    TABLE_ADD(addresses);
    TABLE_ADD(deadlines);
    TABLE_ADD(options);
    for (size_t i = 0; i < table_count; i++) {
        table_tests[i].setup_func = leak_setup;
        table_tests[i].teardown_func = leak_teardown;
    }
    return table_run("udp");
}
