/*
 * The methods that each concrete type has of its own, as bindings of other languages call them:
 * they do what those of the interface do, and on no object they fail with EINVAL (behaviour 1.30).
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gonet/iprawsock.h"
#include "gonet/rawconn.h"
#include "gonet/stream.h"
#include "gonet/tcp.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "support/check.h"
#include "support/leak.h"

/* The test's error variable. */
static gonet_error_t *err;

static void was_no_object(void)
{
    CHECK_ERROR(err, "invalid argument");
    CHECK(gonet_error_is_errno(err, EINVAL));
    gonet_error_set(&err, NULL);
}

#define NO_OBJECT(call)      \
    do {                     \
        CHECK_INT(call, -1); \
        was_no_object();     \
    } while (0)

#define WORKS(call)             \
    do {                        \
        CHECK_INT(call, 0);     \
        CHECK_ERROR(err, NULL); \
    } while (0)

static void same_socket(int fd, int type)
{
    int got = 0;
    socklen_t len = sizeof(got);

    if (CHECK(fd >= 0)) {
        CHECK_INT(getsockopt(fd, SOL_SOCKET, SO_TYPE, &got, &len), 0);
        CHECK_INT(got, type);
        close(fd);
    }
}

/* What all connections on sockets have: c, dialed, and its peer; each takes the reference. */
#define CONN_TEST(prefix, type)                                                         \
    static void prefix##_works(gonet_##prefix##_t *c, gonet_conn_t *peer)               \
    {                                                                                   \
        gonet_conn_t *conn = gonet_##prefix##_as_conn(c);                               \
        gonet_raw_conn_t *raw;                                                          \
        char buf[64] = "";                                                              \
        size_t n = 0;                                                                   \
                                                                                        \
        gonet_##prefix##_free(gonet_##prefix##_ref(c));                                 \
        CHECK_INT(gonet_##prefix##_write(c, "one", 3, &err), 3);                        \
        CHECK_INT(gonet_conn_read(peer, buf, sizeof(buf), &err), 3);                    \
        CHECK_INT(gonet_##prefix##_write_count(c, "three", 5, &n, &err), 0);            \
        CHECK_INT(n, 5);                                                                \
        CHECK_INT(gonet_conn_read(peer, buf, sizeof(buf), &err), 5);                    \
        CHECK_INT(gonet_writer_write(gonet_##prefix##_as_writer(c), "2!", 2, &err), 2); \
        CHECK_INT(gonet_conn_read(peer, buf, sizeof(buf), &err), 2);                    \
        CHECK_INT(gonet_conn_write(peer, "back", 4, &err), 4);                          \
        CHECK_INT(gonet_##prefix##_read(c, buf, sizeof(buf), &err), 4);                 \
        CHECK_INT(gonet_conn_write(peer, "again", 5, &err), 5);                         \
        CHECK_INT(gonet_reader_read(gonet_##prefix##_as_reader(c), buf, 64, &err), 5);  \
        CHECK(gonet_##prefix##_local_addr(c) == gonet_conn_local_addr(conn));           \
        CHECK(gonet_##prefix##_remote_addr(c) == gonet_conn_remote_addr(conn));         \
        WORKS(gonet_##prefix##_set_read_buffer(c, 65536, &err));                        \
        WORKS(gonet_##prefix##_set_write_buffer(c, 65536, &err));                       \
        WORKS(gonet_##prefix##_set_deadline(c, gonet_after(GONET_HOUR), &err));         \
        WORKS(gonet_##prefix##_set_write_deadline(c, gonet_no_deadline, &err));         \
        WORKS(gonet_##prefix##_set_read_deadline(c, (gonet_time_t){1}, &err));          \
        CHECK_INT(gonet_##prefix##_read(c, buf, sizeof(buf), &err), -1);                \
        CHECK(gonet_error_timeout(err));                                                \
        same_socket(gonet_##prefix##_file(c, &err), type);                              \
        raw = gonet_##prefix##_syscall_conn(c, &err);                                   \
        CHECK(raw != NULL);                                                             \
        gonet_raw_conn_free(gonet_raw_conn_ref(raw));                                   \
        gonet_raw_conn_free(raw);                                                       \
        WORKS(gonet_##prefix##_close(c, &err));                                         \
        CHECK_INT(gonet_##prefix##_close(c, &err), -1);                                 \
        CHECK(gonet_error_is(err, gonet_err_closed));                                   \
        gonet_error_set(&err, NULL);                                                    \
        gonet_##prefix##_free(c);                                                       \
        gonet_conn_free(peer);                                                          \
    }

/* The same on no object. */
#define MISSING_TEST(prefix)                                                           \
    static void prefix##_is_missing(void)                                              \
    {                                                                                  \
        char buf[8];                                                                   \
        size_t n;                                                                      \
                                                                                       \
        NO_OBJECT(gonet_##prefix##_read(NULL, buf, 8, &err));                          \
        NO_OBJECT(gonet_##prefix##_write(NULL, buf, 8, &err));                         \
        NO_OBJECT(gonet_##prefix##_write_count(NULL, buf, 8, &n, &err));               \
        NO_OBJECT(gonet_##prefix##_set_deadline(NULL, gonet_no_deadline, &err));       \
        NO_OBJECT(gonet_##prefix##_set_read_deadline(NULL, gonet_no_deadline, &err));  \
        NO_OBJECT(gonet_##prefix##_set_write_deadline(NULL, gonet_no_deadline, &err)); \
        NO_OBJECT(gonet_##prefix##_set_read_buffer(NULL, 1, &err));                    \
        NO_OBJECT(gonet_##prefix##_set_write_buffer(NULL, 1, &err));                   \
        NO_OBJECT(gonet_##prefix##_file(NULL, &err));                                  \
        NO_OBJECT(gonet_##prefix##_close(NULL, &err));                                 \
        CHECK(gonet_##prefix##_syscall_conn(NULL, &err) == NULL);                      \
        was_no_object();                                                               \
        CHECK(gonet_##prefix##_local_addr(NULL) == NULL);                              \
        CHECK(gonet_##prefix##_remote_addr(NULL) == NULL);                             \
        CHECK(gonet_##prefix##_as_conn(NULL) == NULL);                                 \
        CHECK(gonet_##prefix##_as_reader(NULL) == NULL);                               \
        CHECK(gonet_##prefix##_as_writer(NULL) == NULL);                               \
        CHECK(gonet_##prefix##_ref(NULL) == NULL);                                     \
        gonet_##prefix##_free(NULL);                                                   \
    }

CONN_TEST(tcp_conn, SOCK_STREAM)
CONN_TEST(unix_conn, SOCK_STREAM)
CONN_TEST(udp_conn, SOCK_DGRAM)
MISSING_TEST(tcp_conn)
MISSING_TEST(unix_conn)
MISSING_TEST(udp_conn)
MISSING_TEST(ip_conn)

/* Those that only streams have. */
#define STREAM_TEST(prefix)                                     \
    static void prefix##_closes_halves(gonet_##prefix##_t *c)   \
    {                                                           \
        char byte;                                              \
                                                                \
        WORKS(gonet_##prefix##_close_write(c, &err));           \
        WORKS(gonet_##prefix##_close_read(c, &err));            \
        CHECK_INT(gonet_##prefix##_read(c, &byte, 1, &err), 0); \
        CHECK(err == gonet_eof);                                \
        NO_OBJECT(gonet_##prefix##_close_write(NULL, &err));    \
        NO_OBJECT(gonet_##prefix##_close_read(NULL, &err));     \
        gonet_##prefix##_free(c);                               \
    }

STREAM_TEST(tcp_conn)
STREAM_TEST(unix_conn)

#define LISTENER_TEST(prefix, accept)                                                            \
    static void prefix##_works(gonet_##prefix##_t *l)                                            \
    {                                                                                            \
        gonet_raw_conn_t *raw = gonet_##prefix##_syscall_conn(l, &err);                          \
                                                                                                 \
        CHECK(raw != NULL);                                                                      \
        gonet_raw_conn_free(raw);                                                                \
        gonet_##prefix##_free(gonet_##prefix##_ref(l));                                          \
        CHECK(gonet_##prefix##_addr(l) == gonet_listener_addr(gonet_##prefix##_as_listener(l))); \
        same_socket(gonet_##prefix##_file(l, &err), SOCK_STREAM);                                \
        WORKS(gonet_##prefix##_set_deadline(l, (gonet_time_t){1}, &err));                        \
        CHECK(gonet_##prefix##_accept(l, &err) == NULL);                                         \
        CHECK(gonet_error_timeout(err));                                                         \
        CHECK(accept(l, &err) == NULL);                                                          \
        CHECK(gonet_error_timeout(err));                                                         \
        WORKS(gonet_##prefix##_close(l, &err));                                                  \
        CHECK_INT(gonet_##prefix##_close(l, &err), -1);                                          \
        CHECK(gonet_error_is(err, gonet_err_closed));                                            \
        gonet_error_set(&err, NULL);                                                             \
        gonet_##prefix##_free(l);                                                                \
    }                                                                                            \
                                                                                                 \
    static void prefix##_is_missing(void)                                                        \
    {                                                                                            \
        NO_OBJECT(gonet_##prefix##_close(NULL, &err));                                           \
        NO_OBJECT(gonet_##prefix##_file(NULL, &err));                                            \
        NO_OBJECT(gonet_##prefix##_set_deadline(NULL, gonet_no_deadline, &err));                 \
        CHECK(gonet_##prefix##_accept(NULL, &err) == NULL);                                      \
        was_no_object();                                                                         \
        CHECK(accept(NULL, &err) == NULL);                                                       \
        was_no_object();                                                                         \
        CHECK(gonet_##prefix##_syscall_conn(NULL, &err) == NULL);                                \
        was_no_object();                                                                         \
        CHECK(gonet_##prefix##_addr(NULL) == NULL);                                              \
        CHECK(gonet_##prefix##_ref(NULL) == NULL);                                               \
        gonet_##prefix##_free(NULL);                                                             \
    }

LISTENER_TEST(tcp_listener, gonet_tcp_listener_accept_tcp)
LISTENER_TEST(unix_listener, gonet_unix_listener_accept_unix)

static void test_tcp(void **state)
{
    const gonet_tcp_addr_t any = {.ip = gonet_ipv4(127, 0, 0, 1)};
    gonet_tcp_listener_t *l = gonet_listen_tcp("tcp", &any, &err);
    gonet_tcp_conn_t *c, *peer;

    (void)state;
    assert_non_null(l);
    c = gonet_dial_tcp("tcp", NULL, &gonet_tcp_listener_addr(l)->tcp, &err);
    peer = gonet_tcp_listener_accept_tcp(l, &err);
    assert_non_null(c);
    assert_non_null(peer);
    WORKS(gonet_tcp_conn_set_linger(c, 3, &err));
    WORKS(gonet_tcp_conn_set_no_delay(c, false, &err));
    WORKS(gonet_tcp_conn_set_keep_alive(c, true, &err));
    NO_OBJECT(gonet_tcp_conn_set_linger(NULL, 3, &err));
    NO_OBJECT(gonet_tcp_conn_set_no_delay(NULL, false, &err));
    NO_OBJECT(gonet_tcp_conn_set_keep_alive(NULL, false, &err));
    NO_OBJECT(gonet_tcp_conn_set_keep_alive_period(NULL, 1, &err));
    NO_OBJECT(gonet_tcp_conn_read_from(NULL, NULL, &err));
    NO_OBJECT(gonet_tcp_conn_write_to(NULL, NULL, &err));
    tcp_conn_works(c, gonet_tcp_conn_as_conn(peer));
    tcp_conn_is_missing();
    c = gonet_dial_tcp("tcp", NULL, &gonet_tcp_listener_addr(l)->tcp, &err);
    assert_non_null(c);
    tcp_conn_closes_halves(c);
    peer = gonet_tcp_listener_accept_tcp(l, &err);
    gonet_tcp_conn_free(peer);
    tcp_listener_works(l);
    tcp_listener_is_missing();
    check_report();
}

static void test_unix(void **state)
{
    const gonet_unix_addr_t any = {.name = "", .net = "unix"};
    gonet_unix_listener_t *l = gonet_listen_unix("unix", &any, &err);
    gonet_unix_conn_t *c, *peer;

    (void)state;
    assert_non_null(l);
    c = gonet_dial_unix("unix", NULL, &gonet_unix_listener_addr(l)->unix_, &err);
    peer = gonet_unix_listener_accept_unix(l, &err);
    assert_non_null(c);
    assert_non_null(peer);
    unix_conn_works(c, gonet_unix_conn_as_conn(peer));
    unix_conn_is_missing();
    c = gonet_dial_unix("unix", NULL, &gonet_unix_listener_addr(l)->unix_, &err);
    assert_non_null(c);
    unix_conn_closes_halves(c);
    peer = gonet_unix_listener_accept_unix(l, &err);
    gonet_unix_conn_free(peer);
    unix_listener_works(l);
    unix_listener_is_missing();
    gonet_unix_listener_set_unlink_on_close(NULL, true);
    check_report();
}

static void test_udp(void **state)
{
    const gonet_udp_addr_t any = {.ip = gonet_ipv4(127, 0, 0, 1)};
    gonet_udp_conn_t *a = gonet_listen_udp("udp", &any, &err), *b, *c;
    gonet_udp_addr_t end;

    (void)state;
    assert_non_null(a);
    end = gonet_udp_conn_local_addr(a)->udp;
    b = gonet_dial_udp("udp", NULL, &end, &err); /* for its port alone */
    assert_non_null(b);
    c = gonet_dial_udp("udp", &any, &gonet_udp_conn_local_addr(b)->udp, &err);
    assert_non_null(c);
    gonet_udp_conn_free(a);
    gonet_udp_conn_free(b);
    /* both ends connected to each other */
    a = gonet_dial_udp("udp", &end, &gonet_udp_conn_local_addr(c)->udp, &err);
    assert_non_null(a);
    end = gonet_udp_conn_local_addr(c)->udp;
    gonet_udp_conn_free(c);
    c = gonet_dial_udp("udp", &end, &gonet_udp_conn_local_addr(a)->udp, &err);
    assert_non_null(c);
    udp_conn_works(c, gonet_udp_conn_as_conn(a));
    udp_conn_is_missing();
    NO_OBJECT(gonet_udp_conn_read_from(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_udp_conn_read_from_udp(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_udp_conn_read_from_udp_addr_port(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_udp_conn_write_to(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_udp_conn_write_to_udp(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_udp_conn_write_to_udp_addr_port(NULL, NULL, 0,
                                                    (gonet_netip_addr_port_t){.port = 0}, &err));
    NO_OBJECT(gonet_udp_conn_read_msg_udp(NULL, NULL, 0, NULL, 0, NULL, NULL, NULL, &err));
    NO_OBJECT(gonet_udp_conn_write_msg_udp(NULL, NULL, 0, NULL, 0, NULL, NULL, &err));
    NO_OBJECT(gonet_udp_conn_read_batch(NULL, NULL, 0, &err));
    NO_OBJECT(gonet_udp_conn_write_batch(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_udp_conn_set_receive_offload(NULL, true, &err));
    NO_OBJECT(gonet_udp_conn_set_send_offload(NULL, true, &err));
    check_report();
}

/* test_ip.c has the rest, which needs a right to. */
static void test_ip(void **state)
{
    (void)state;
    ip_conn_is_missing();
    NO_OBJECT(gonet_ip_conn_read_from(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_ip_conn_read_from_ip(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_ip_conn_write_to(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_ip_conn_write_to_ip(NULL, NULL, 0, NULL, &err));
    NO_OBJECT(gonet_ip_conn_read_msg_ip(NULL, NULL, 0, NULL, 0, NULL, NULL, NULL, &err));
    NO_OBJECT(gonet_ip_conn_write_msg_ip(NULL, NULL, 0, NULL, 0, NULL, NULL, &err));
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_tcp),
        LEAK_TEST(test_unix),
        LEAK_TEST(test_udp),
        LEAK_TEST(test_ip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
