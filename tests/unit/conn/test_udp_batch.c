/*
 * Batches of datagrams: what is sent comes out the same, however it was cut and joined, with
 * control data, and with every error in its place. From the test's own thread.
 */
#include "udp_link.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "support/leak.h"
#include "support/net.h"

static const way_t ways[] = {WAYS};
static const way_t plain = {"udp4", "udp4", "127.0.0.1", "udp4", "127.0.0.1", false};
static const way_t dialed = {"udp4, dialed", "udp4", "127.0.0.1", "udp4", "127.0.0.1", true};

/* Every shape of message: of one datagram, none and many bytes; cut evenly and unevenly; of more
 * segments than a kernel takes at once. */
static void round_trip(const link_t *l)
{
    const gonet_udp_message_t m[] = {link_message(l, 10, 0),     link_message(l, 0, 0),
                                     link_message(l, 1000, 100), link_message(l, 950, 100),
                                     link_message(l, 10, 1000),  link_message(l, 10, 10),
                                     link_message(l, 0, 5),      link_message(l, 3000, 1500)};
    const gonet_udp_message_t many = link_message(l, 140, 1);
    const gonet_udp_message_t big[] = {link_message(l, 50000, 0), link_message(l, 45000, 1400)};

    link_send(l, m, sizeof(m) / sizeof(m[0]));
    (void)link_expect(l, m, sizeof(m) / sizeof(m[0]));
    link_send(l, &many, 1);
    (void)link_expect(l, &many, 1);
    for (int i = 0; i < 2; i++) {
        link_send(l, &big[i], 1);
        (void)link_expect(l, &big[i], 1);
    }
    link_silent(l);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        link_t l;

        if (strchr(ways[i].to, ':') != NULL && !net_has("tcp6"))
            continue;
        link_open(&l, &ways[i]);
        round_trip(&l);
        assert_int_equal(gonet_udp_conn_set_send_offload(l.from, false, NULL), 0);
        round_trip(&l);
        assert_int_equal(gonet_udp_conn_set_send_offload(l.from, true, NULL), 0);
        round_trip(&l);
        link_close(&l);
    }
}

/* Whether the kernel cuts and joins at all. */
static bool kernel_has(const link_t *l, int name)
{
    gonet_raw_conn_t *raw = gonet_udp_conn_syscall_conn(l->to, NULL);
    int value;
    socklen_t len = sizeof(value);
    bool has =
        getsockopt(net_descriptor(gonet_udp_conn_as_conn(l->to)), SOL_UDP, name, &value, &len) == 0;

    gonet_raw_conn_free(raw);
    return has;
}

static void test_joined(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        gonet_udp_message_t m;
        link_t l;

        if (strchr(ways[i].to, ':') != NULL && !net_has("tcp6"))
            continue;
        link_open(&l, &ways[i]);
        if (!kernel_has(&l, UDP_GRO) || !kernel_has(&l, UDP_SEGMENT)) {
            fprintf(stderr, "this kernel does not join datagrams\n");
            link_close(&l);
            skip();
        }
        assert_int_equal(gonet_udp_conn_set_receive_offload(l.to, true, NULL), 0);
        round_trip(&l);
        m = link_message(&l, 64000, 1000);
        for (int k = 0; k < 3; k++) {
            link_send(&l, &m, 1);
            assert_int_equal(link_expect(&l, &m, 1), 1); /* one message of 64 datagrams */
        }
        assert_int_equal(l.from->send_offload, 1);
        m = link_message(&l, 100000, 1000);
        link_send(&l, &m, 1);
        assert_int_equal(link_expect(&l, &m, 1), 2);
        m = link_message(&l, 100000, 5000); /* 13 to a message */
        link_send(&l, &m, 1);
        assert_int_equal(link_expect(&l, &m, 1), 2);
        m = link_message(&l, 250, 1); /* 64 to a message */
        link_send(&l, &m, 1);
        assert_int_equal(link_expect(&l, &m, 1), 4);
        assert_int_equal(gonet_udp_conn_set_receive_offload(l.to, false, NULL), 0);
        m = link_message(&l, 30000, 1000);
        link_send(&l, &m, 1);
        assert_int_equal(link_expect(&l, &m, 1), 0);
        link_close(&l);
    }
}

/* More than fit into one system call, to two places by turns. */
static void test_many(void **state)
{
    enum { N = 100 };
    gonet_udp_message_t m[2 * N], odd[N], even[N];
    link_t a, b;

    (void)state;
    link_open(&a, &plain);
    link_open(&b, &plain);
    for (int i = 0; i < N; i++) {
        even[i] = m[2 * i] = link_message(&a, (size_t)(i * 3), i % 5 == 0 ? 50 : 0);
        odd[i] = m[2 * i + 1] = link_message(&b, (size_t)(300 - i), 0);
    }
    gonet_udp_conn_free(b.from);
    b.from = gonet_udp_conn_ref(a.from);
    link_send(&a, m, 2 * N);
    (void)link_expect(&a, even, N);
    (void)link_expect(&b, odd, N);
    link_close(&a);
    link_close(&b);
}

/* One socket of both families, to either in one batch. */
static void test_both_families(void **state)
{
    static const way_t way4 = {"", "udp4", "127.0.0.1", "udp", "127.0.0.1", false};
    static const way_t way6 = {"", "udp6", "::1", "udp", "::1", false};
    gonet_udp_message_t m[2];
    link_t l4, l6;

    (void)state;
    if (!net_has("tcp6"))
        skip();
    link_open(&l4, &way4);
    link_open(&l6, &way6);
    gonet_udp_conn_free(l6.from);
    l6.from = gonet_udp_conn_ref(l4.from);
    m[0] = link_message(&l4, 1000, 300);
    m[1] = link_message(&l6, 1100, 300);
    link_send(&l4, m, 2);
    (void)link_expect(&l4, &m[0], 1);
    (void)link_expect(&l6, &m[1], 1);
    link_close(&l4);
    link_close(&l6);
}

static void test_truncation(void **state)
{
    char room[3][20];
    gonet_udp_message_t m[3], got[3];
    link_t l;

    (void)state;
    link_open(&l, &plain);
    m[0] = link_message(&l, 21, 0);
    m[1] = link_message(&l, 20, 0);
    m[2] = link_message(&l, 5, 0);
    link_send(&l, m, 3);
    for (int i = 0; i < 3; i++)
        got[i] = (gonet_udp_message_t){.buf = room[i], .len = sizeof(room[i])};
    got[2].len = 0;
    assert_int_equal(gonet_udp_conn_read_batch(l.to, got, 3, NULL), 3);
    assert_int_equal(got[0].n, 20);
    assert_int_equal(got[0].flags, MSG_TRUNC);
    assert_int_equal(got[1].n, 20);
    assert_int_equal(got[1].flags, 0);
    assert_int_equal(got[2].n, 0);
    assert_int_equal(got[2].flags, MSG_TRUNC);
    link_close(&l);
}

/* ---- control data ---- */

/* The type of service, as control data for sending. */
static size_t put_tos(char *oob, int tos)
{
    struct cmsghdr h = {
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_TOS};

    memcpy(oob, &h, sizeof(h));
    memcpy(oob + CMSG_LEN(0), &tos, sizeof(tos));
    return CMSG_LEN(sizeof(int));
}

/* What came: the type of service, and nothing else. */
static int tos_of(const gonet_udp_message_t *m)
{
    struct cmsghdr h;

    assert_in_range(m->oobn, CMSG_LEN(1), CMSG_SPACE(1));
    memcpy(&h, m->oob, sizeof(h));
    assert_int_equal(h.cmsg_level, IPPROTO_IP);
    assert_int_equal(h.cmsg_type, IP_TOS);
    return ((unsigned char *)m->oob)[CMSG_LEN(0)];
}

/* Sends messages of 10 datagrams with control data, and reads them; all of them have it. */
static void control_data(const link_t *l, size_t oob_len, int n, bool joined)
{
    char room[100], oob[64], *control = calloc(1, oob_len);
    gonet_udp_message_t m[20], got = {.buf = room, .len = sizeof(room), .oob = oob};
    int datagrams = 0;

    assert_non_null(control);
    for (size_t at = 0; at + CMSG_SPACE(sizeof(int)) <= oob_len; at += CMSG_SPACE(sizeof(int)))
        (void)put_tos(control + at, 0x20);
    if (oob_len % CMSG_SPACE(sizeof(int)) != 0)
        assert_int_equal(put_tos(control, 0x20), oob_len);
    for (int i = 0; i < n; i++) {
        m[i] = link_message(l, 100, 10);
        m[i].oob = control;
        m[i].oob_len = oob_len;
    }
    link_send(l, m, (size_t)n);
    while (datagrams < 10 * n) {
        got.oob_len = sizeof(oob);
        assert_int_equal(gonet_udp_conn_read_batch(l->to, &got, 1, NULL), 1);
        assert_int_equal(tos_of(&got), 0x20);
        assert_int_equal(got.flags, 0);
        assert_int_equal(got.segment, joined ? 10 : 0);
        assert_int_equal(got.n, joined ? 100 : 10);
        datagrams += joined ? 10 : 1;
    }
    free(control);
}

static void test_control_data(void **state)
{
    const size_t unit = CMSG_SPACE(sizeof(int));
    link_t l;

    (void)state;
    for (int joined = 0; joined < 2; joined++) {
        link_open(&l, &plain);
        link_option(l.to, IPPROTO_IP, IP_RECVTOS, 1);
        if (joined && !kernel_has(&l, UDP_GRO))
            continue;
        assert_int_equal(gonet_udp_conn_set_receive_offload(l.to, joined, NULL), 0);
        control_data(&l, CMSG_LEN(sizeof(int)), 1, joined);
        control_data(&l, unit, 3, joined);
        control_data(&l, 30 * unit, 8, joined); /* more than fit together into one call */
        control_data(&l, 84 * unit, 2, joined); /* just fits */
        control_data(&l, 85 * unit, 2, false);  /* too much to be put together: cut here */
        control_data(&l, 400 * unit, 2, false);
        link_close(&l);
    }
}

/* What the kernel puts before the length of joined datagrams does not push it out, and what there
 * is no room for is missed. */
static void test_control_room(void **state)
{
    static char room[65536], oob[512], small[20];
    gonet_udp_message_t m, got[3];
    link_t l;

    (void)state;
    link_open(&l, &plain);
    if (!kernel_has(&l, UDP_GRO))
        skip();
    link_option(l.to, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    link_option(l.to, IPPROTO_IP, IP_RECVTOS, 1);
    link_option(l.to, IPPROTO_IP, IP_PKTINFO, 1);
    assert_int_equal(gonet_udp_conn_set_receive_offload(l.to, true, NULL), 0);
    m = link_message(&l, 3000, 100);
    for (int i = 0; i < 3; i++)
        link_send(&l, &m, 1);
    for (int i = 0; i < 3; i++)
        got[i] = (gonet_udp_message_t){.buf = room, .len = sizeof(room)};
    got[0].oob = oob;
    got[0].oob_len = sizeof(oob);
    got[1].oob = small;
    got[1].oob_len = sizeof(small);
    assert_int_equal(gonet_udp_conn_read_batch(l.to, got, 3, NULL), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(got[i].n, 3000);
        assert_int_equal(got[i].segment, 100);
        assert_int_equal(got[i].flags, i == 0 ? 0 : MSG_CTRUNC);
    }
    assert_int_equal(got[0].oobn, CMSG_SPACE(sizeof(struct timespec)) +
                                      CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(1));
    assert_in_range(got[1].oobn, CMSG_LEN(1), sizeof(small)); /* what is short enough */
    assert_int_equal(got[2].oobn, 0);
    link_close(&l);
}

/* ---- errors ---- */

static void refused(const link_t *l, const gonet_udp_message_t *m, size_t n, size_t before,
                    const char *text)
{
    gonet_error_t *err = NULL;
    size_t sent = 77;

    assert_int_equal(gonet_udp_conn_write_batch(l->from, m, n, &sent, &err), -1);
    link_error(l, &err, text);
    assert_int_equal(sent, before);
    (void)link_expect(l, m, before);
    assert_int_equal(gonet_udp_conn_write_batch(l->from, m, n, NULL, NULL), -1);
    (void)link_expect(l, m, before);
}

static void test_wrong_addresses(void **state)
{
    gonet_udp_message_t m[3];
    link_t l;

    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        link_open(&l, &plain);
        if (closed)
            assert_int_equal(gonet_udp_conn_close(l.from, NULL), 0);
        m[0] = m[1] = m[2] = link_message(&l, 5, 0);
        memset(&m[1].addr, 0, sizeof(m[1].addr));
        refused(&l, m, 3, 0, "write udp4 L->invalid AddrPort: missing address");
        m[1].addr.addr = gonet_netip_ipv6_loopback();
        m[1].addr.port = 9;
        refused(&l, m, 3, 0, "write udp4 L->[::1]:9: address ::1: non-IPv4 address");
        if (closed)
            refused(&l, m, 1, 0, "write udp4 L->R: use of closed network connection");
        else
            link_silent(&l); /* not even what came before */
        link_close(&l);
    }
    for (int closed = 0; closed < 2; closed++) {
        link_open(&l, &dialed);
        if (closed)
            assert_int_equal(gonet_udp_conn_close(l.from, NULL), 0);
        m[0] = m[1] = link_message(&l, 5, 0);
        m[1].addr.addr = gonet_netip_ipv6_unspecified();
        refused(&l, m, 2, 0, "write udp4 L->[::]:0: use of WriteTo with pre-connected connection");
        if (closed)
            refused(&l, m, 1, 0, "write udp4 L->R: use of closed network connection");
        link_close(&l);
    }
}

static void test_wrong_messages(void **state)
{
    gonet_udp_message_t m[4];
    link_t l;

    (void)state;
    link_open(&l, &plain);
    for (int i = 0; i < 4; i++)
        m[i] = link_message(&l, 5, 0);
    m[2].len = 65508;
    refused(&l, m, 4, 2, "write udp4 L->R: sendmsg: message too long");
    refused(&l, m + 2, 2, 0, "write udp4 L->R: sendmsg: message too long");
    m[2] = link_message(&l, 100000, 66000);
    refused(&l, m, 4, 2, "write udp4 L->R: sendmsg: message too long");
    m[2].addr.port = 0;
    m[2].len = 1000;
    m[2].segment = 100;
    refused(&l, m, 4, 2, "write udp4 L->127.0.0.1:0: sendmsg: invalid argument");
    link_silent(&l);
    link_close(&l);
}

/* What an answer to an earlier batch says is told, also if it comes in the middle of this one. */
static void test_nobody_there(void **state)
{
    gonet_error_t *err = NULL;
    gonet_udp_message_t m[8];
    link_t l;

    (void)state;
    link_open(&l, &dialed);
    for (int i = 0; i < 8; i++)
        m[i] = link_message(&l, 50, i % 2 ? 20 : 0);
    assert_int_equal(gonet_udp_conn_close(l.to, NULL), 0);
    for (int i = 0; i < 5; i++) {
        size_t sent = 0;

        while (gonet_udp_conn_write_batch(l.from, m, 8, &sent, &err) == 8)
            assert_true(check_patience());
        assert_in_range(sent, 0, 7);
        link_error(&l, &err, "write udp4 L->R: sendmsg: connection refused");
    }
    link_close(&l);
}

static void test_reads_refused(void **state)
{
    gonet_error_t *err = NULL;
    gonet_udp_message_t m, got = {.buf = (char[4]){0}, .len = 4};
    link_t l;

    (void)state;
    link_open(&l, &dialed);
    m = link_message(&l, 5, 0);
    assert_int_equal(gonet_udp_conn_close(l.to, NULL), 0);
    link_send(&l, &m, 1);
    assert_int_equal(gonet_udp_conn_read_batch(l.from, &got, 1, &err), -1);
    link_error(&l, &err, "read udp4 L->R: recvmsg: connection refused");
    assert_int_equal(gonet_udp_conn_set_deadline(l.from, (gonet_time_t){1}, NULL), 0);
    assert_int_equal(gonet_udp_conn_read_batch(l.from, &got, 1, &err), -1);
    link_error(&l, &err, "read udp4 L->R: i/o timeout");
    assert_int_equal(gonet_udp_conn_write_batch(l.from, &m, 1, NULL, &err), -1);
    link_error(&l, &err, "write udp4 L->R: i/o timeout");
    assert_int_equal(gonet_udp_conn_write_batch(l.from, NULL, 0, NULL, &err), -1);
    link_error(&l, &err, "write udp4 L->R: i/o timeout");
    assert_int_equal(gonet_udp_conn_read_batch(l.from, NULL, 0, &err), 0);
    assert_int_equal(gonet_udp_conn_close(l.from, NULL), 0);
    for (size_t n = 0; n < 2; n++) {
        assert_int_equal(gonet_udp_conn_read_batch(l.from, &got, n, &err), -1);
        link_error(&l, &err, "read udp4 L->R: use of closed network connection");
    }
    assert_int_equal(gonet_udp_conn_set_receive_offload(l.from, true, &err), -1);
    link_error(&l, &err, "set udp4 L: use of closed network connection");
    assert_int_equal(gonet_udp_conn_set_send_offload(l.from, true, &err), -1);
    link_error(&l, &err, "set udp4 L: use of closed network connection");
    link_close(&l);
}

static void test_nothing(void **state)
{
    gonet_error_t *err = NULL;
    size_t sent = 77;
    link_t l;

    (void)state;
    link_open(&l, &plain);
    assert_int_equal(gonet_udp_conn_write_batch(l.from, NULL, 0, &sent, &err), 0);
    assert_int_equal(sent, 0);
    assert_int_equal(gonet_udp_conn_read_batch(l.to, NULL, 0, &err), 0);
    assert_null(err);
    link_close(&l);
    assert_int_equal(gonet_udp_conn_write_batch(NULL, NULL, 0, &sent, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_int_equal(gonet_udp_conn_read_batch(NULL, NULL, 0, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_int_equal(gonet_udp_conn_set_send_offload(NULL, true, &err), -1);
    assert_int_equal(gonet_udp_conn_set_receive_offload(NULL, true, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    gonet_error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_round_trips),    LEAK_TEST(test_joined),
        LEAK_TEST(test_many),           LEAK_TEST(test_both_families),
        LEAK_TEST(test_truncation),     LEAK_TEST(test_control_data),
        LEAK_TEST(test_control_room),   LEAK_TEST(test_wrong_addresses),
        LEAK_TEST(test_wrong_messages), LEAK_TEST(test_nobody_there),
        LEAK_TEST(test_reads_refused),  LEAK_TEST(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
