/*
 * TCP connections and listeners: the shapes of their errors, options, files, raw connections,
 * several pieces at once, addresses; and every allocation and system call on the way made to fail.
 */
#include "pair.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "conn/tcp.h"
#include "gonet/buffers.h"
#include "gonet/io.h"
#include "gonet/task.h"
#include "socket/sys.h"
#include "support/leak.h"

#define CLOSED ": use of closed network connection"

static void test_closed_conn_shapes(void **state)
{
    const gonet_keep_alive_config_t config = {.enable = true};
    gonet_error_t *err = NULL;
    gonet_raw_conn_t *raw;
    pair_t p;
    char byte = 0;

    (void)state;
    pair_open(&p);
    assert_int_equal(gonet_conn_close(p.a, &err), 0);
    assert_int_equal(gonet_conn_read(p.a, &byte, 1, &err), -1);
    assert_true(gonet_error_is(err, gonet_err_closed));
    pair_error(&p, &err, "read tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_conn_read(p.a, &byte, 0, &err), -1);
    pair_error(&p, &err, "read tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_conn_write(p.a, &byte, 1, &err), -1);
    pair_error(&p, &err, "write tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_conn_close(p.a, &err), -1);
    pair_error(&p, &err, "close tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_conn_close_read(p.a, &err), -1);
    pair_error(&p, &err, "close tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_conn_close_write(p.a, &err), -1);
    pair_error(&p, &err, "close tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_conn_set_deadline(p.a, gonet_now(), &err), -1);
    pair_error(&p, &err, "set tcp ", "L", CLOSED);
    assert_int_equal(gonet_tcp_conn_set_read_buffer(p.ta, 1, &err), -1);
    pair_error(&p, &err, "set tcp ", "L", CLOSED);
    assert_int_equal(gonet_tcp_conn_set_no_delay(p.ta, true, &err), -1);
    pair_error(&p, &err, "set tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_tcp_conn_set_linger(p.ta, 1, &err), -1);
    pair_error(&p, &err, "set tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_tcp_conn_set_keep_alive_config(p.ta, config, &err), -1);
    pair_error(&p, &err, "set tcp ", "L->R", CLOSED);
    assert_int_equal(gonet_tcp_conn_set_keep_alive_period(p.ta, -1, &err), 0);
    assert_int_equal(gonet_conn_file(p.a, &err), -1);
    pair_error(&p, &err, "file tcp ", "L->R", CLOSED);
    raw = gonet_conn_syscall_conn(p.a, &err);
    assert_non_null(raw);
    assert_int_equal(gonet_raw_conn_control(raw, NULL, NULL, &err), -1);
    pair_error(&p, &err, "raw-control tcp ", "L", CLOSED);
    assert_int_equal(gonet_raw_conn_read(raw, NULL, NULL, &err), -1);
    pair_error(&p, &err, "raw-read tcp ", "L->R", CLOSED);
    gonet_raw_conn_free(raw);
    pair_close(&p);
}

static void test_closed_listener_shapes(void **state)
{
    gonet_error_t *err = NULL;
    char address[GONET_ADDR_STRLEN], text[256];
    gonet_tcp_listener_t *l = gonet_listen_tcp("tcp4", NULL, &err);

    (void)state;
    assert_non_null(l);
    gonet_addr_string(gonet_tcp_listener_addr(l), address, sizeof(address));
    assert_int_equal(gonet_tcp_listener_close(l, &err), 0);
    assert_null(gonet_tcp_listener_accept(l, &err));
    snprintf(text, sizeof(text), "accept tcp4 %s" CLOSED, address);
    assert_string_equal(gonet_error_string(err), text);
    assert_int_equal(gonet_tcp_listener_close(l, &err), -1);
    snprintf(text, sizeof(text), "close tcp4 %s" CLOSED, address);
    assert_string_equal(gonet_error_string(err), text);
    assert_int_equal(gonet_tcp_listener_set_deadline(l, gonet_now(), &err), -1);
    assert_ptr_equal(err, gonet_err_closed);
    gonet_error_set(&err, NULL);
    gonet_tcp_listener_free(l);
}

static void test_accept_deadline(void **state)
{
    gonet_error_t *err = NULL;
    gonet_tcp_listener_t *l = gonet_listen_tcp("tcp", NULL, &err);

    (void)state;
    assert_int_equal(gonet_tcp_listener_set_deadline(l, gonet_after(-1), &err), 0);
    assert_null(gonet_tcp_listener_accept(l, &err));
    assert_true(gonet_error_is(err, gonet_err_deadline_exceeded));
    assert_true(gonet_error_timeout(err));
    gonet_error_free(err);
    gonet_tcp_listener_free(l);
}

static int option(const gonet_tcp_conn_t *c, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);

    assert_int_equal(getsockopt(c->sock.fd.pd.fd, level, name, &value, &len), 0);
    return value;
}

static void check_defaults(const gonet_tcp_conn_t *c)
{
    assert_int_equal(option(c, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option(c, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(c, IPPROTO_TCP, TCP_KEEPIDLE), 15);
    assert_int_equal(option(c, IPPROTO_TCP, TCP_KEEPINTVL), 15);
    assert_int_equal(option(c, IPPROTO_TCP, TCP_KEEPCNT), 9);
}

static void test_options(void **state)
{
    const gonet_keep_alive_config_t config = {
        .idle = 1500 * GONET_MILLISECOND, .interval = -1, .count = 3};
    pair_t p;

    (void)state;
    pair_open(&p);
    check_defaults(p.ta);
    check_defaults(p.tb);
    assert_int_equal(gonet_tcp_conn_set_keep_alive_config(p.ta, config, NULL), 0);
    assert_int_equal(option(p.ta, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option(p.ta, IPPROTO_TCP, TCP_KEEPIDLE), 2);
    assert_int_equal(option(p.ta, IPPROTO_TCP, TCP_KEEPINTVL), 15);
    assert_int_equal(option(p.ta, IPPROTO_TCP, TCP_KEEPCNT), 3);
    assert_int_equal(gonet_tcp_conn_set_keep_alive(p.ta, true, NULL), 0);
    assert_int_equal(option(p.ta, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(gonet_tcp_conn_set_keep_alive_period(p.ta, 0, NULL), 0);
    assert_int_equal(option(p.ta, IPPROTO_TCP, TCP_KEEPIDLE), 15);
    assert_int_equal(gonet_tcp_conn_set_no_delay(p.ta, false, NULL), 0);
    assert_int_equal(option(p.ta, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_equal(gonet_tcp_conn_set_read_buffer(p.ta, 8192, NULL), 0);
    assert_int_equal(option(p.ta, SOL_SOCKET, SO_RCVBUF), 16384);
    assert_int_equal(gonet_tcp_conn_set_keep_alive_period(p.ta, 100000 * GONET_HOUR, NULL), -1);
    pair_close(&p);
}

static void test_dialer_keep_alive(void **state)
{
    const gonet_dialer_t off = {.keep_alive = -1}, short_idle = {.keep_alive = 1500000000};
    char address[GONET_ADDR_STRLEN];
    gonet_listener_t *l = gonet_listen("tcp", "127.0.0.1:0", NULL);
    gonet_conn_t *c;

    (void)state;
    gonet_addr_string(gonet_listener_addr(l), address, sizeof(address));
    c = gonet_dialer_dial(&off, "tcp", address, NULL);
    assert_int_equal(option(gonet_conn_as_tcp(c), SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option(gonet_conn_as_tcp(c), IPPROTO_TCP, TCP_NODELAY), 1);
    gonet_conn_free(c);
    c = gonet_dialer_dial(&short_idle, "tcp", address, NULL);
    assert_int_equal(option(gonet_conn_as_tcp(c), IPPROTO_TCP, TCP_KEEPIDLE), 2);
    assert_int_equal(option(gonet_conn_as_tcp(c), IPPROTO_TCP, TCP_KEEPINTVL), 15);
    gonet_conn_free(c);
    gonet_listener_free(l);
}

static void test_eof_and_reset(void **state)
{
    gonet_error_t *err = NULL;
    pair_t p;
    char byte;

    (void)state;
    pair_open(&p);
    assert_int_equal(gonet_conn_close_write(p.b, &err), 0);
    assert_int_equal(gonet_conn_read(p.a, &byte, 1, &err), 0);
    assert_ptr_equal(err, gonet_eof);
    assert_int_equal(gonet_conn_read(p.a, &byte, 0, &err), 0);
    assert_null(err);
    assert_int_equal(gonet_tcp_conn_set_linger(p.tb, 0, &err), 0);
    gonet_conn_free(p.b);
    p.b = NULL;
    assert_int_equal(gonet_conn_write(p.a, "x", 1, &err), -1);
    assert_true(gonet_error_is_errno(err, ECONNRESET) || gonet_error_is_errno(err, EPIPE));
    assert_int_equal(gonet_conn_write(p.a, "x", 1, &err), -1);
    pair_error(&p, &err, "write tcp ", "L->R", ": write: broken pipe");
    pair_close(&p);
}

static void test_read_deadline_before_data(void **state)
{
    gonet_error_t *err = NULL;
    pair_t p;
    char buf[8];

    (void)state;
    pair_open(&p);
    assert_int_equal(gonet_conn_write(p.b, "data", 4, &err), 4);
    assert_int_equal(gonet_conn_set_read_deadline(p.a, gonet_after(-GONET_SECOND), &err), 0);
    assert_int_equal(gonet_conn_read(p.a, buf, sizeof(buf), &err), -1);
    pair_error(&p, &err, "read tcp ", "L->R", ": i/o timeout");
    assert_int_equal(gonet_conn_read(p.a, buf, 0, &err), 0);
    assert_int_equal(gonet_conn_set_read_deadline(p.a, gonet_no_deadline, &err), 0);
    assert_int_equal(gonet_conn_read(p.a, buf, sizeof(buf), &err), 4);
    assert_int_equal(gonet_conn_set_write_deadline(p.a, gonet_after(-1), &err), 0);
    assert_int_equal(gonet_conn_write(p.a, buf, 0, &err), -1);
    pair_error(&p, &err, "write tcp ", "L->R", ": i/o timeout");
    pair_close(&p);
}

static void test_buffers(void **state)
{
    gonet_error_t *err = NULL;
    char got[16] = "";
    struct iovec iov[] = {{NULL, 0}, {(void *)"foo", 3}, {NULL, 0}, {(void *)"bar", 3}, {NULL, 0}};
    gonet_buffers_t v = {iov, 5};
    pair_t p;

    (void)state;
    pair_open(&p);
    assert_int_equal(gonet_buffers_write_to(&v, gonet_conn_as_writer(p.a), &err), 6);
    assert_int_equal(v.n, 0);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(p.b), got, 6, NULL, &err), 0);
    assert_memory_equal(got, "foobar", 6);
    iov[0] = (struct iovec){NULL, 0};
    v = (gonet_buffers_t){iov, 1};
    assert_int_equal(gonet_buffers_write_to(&v, gonet_conn_as_writer(p.a), &err), 0);
    assert_int_equal(v.n, 1);
    gonet_conn_close(p.a, NULL);
    assert_int_equal(gonet_buffers_write_to(&v, gonet_conn_as_writer(p.a), &err), -1);
    pair_error(&p, &err, "writev tcp ", "L->R", CLOSED);
    assert_int_equal(v.n, 1);
    pair_close(&p);
}

static void test_buffers_read(void **state)
{
    gonet_error_t *err = NULL;
    char got[8];
    struct iovec iov[] = {{(void *)"foo", 3}, {(void *)"bar", 3}, {NULL, 0}};
    gonet_buffers_t v = {iov, 3};

    (void)state;
    assert_int_equal(gonet_buffers_read(&v, got, 0, &err), 0);
    assert_null(err);
    assert_int_equal(gonet_buffers_read(&v, got, 4, &err), 4);
    assert_memory_equal(got, "foob", 4);
    assert_int_equal(gonet_buffers_read(&v, got, 4, &err), 2);
    assert_null(err);
    assert_int_equal(gonet_buffers_read(&v, got, 4, &err), 0);
    assert_ptr_equal(err, gonet_eof);
}

/* So many pieces that one system call does not take them: no more calls than that takes. */
static void test_many_pieces(void **state)
{
    enum { PIECES = 3000 };
    static struct iovec iov[PIECES];
    static char got[PIECES];
    gonet_buffers_t v = {iov, PIECES};
    pair_t p;

    (void)state;
    for (size_t i = 0; i < PIECES; i++)
        iov[i] = (struct iovec){(void *)(i % 2 == 0 ? "a" : "b"), 1};
    pair_open(&p);
    gonet__sys_fail_at(GONET__SYS_SENDMSG, PIECES / 1024 + 2, EIO); /* not one call more */
    assert_int_equal(gonet_buffers_write_to(&v, gonet_conn_as_writer(p.a), NULL), PIECES);
    assert_int_equal(gonet__sys_failed(), 0);
    gonet__sys_fail_at(GONET__SYS_SENDMSG, 0, 0);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(p.b), got, PIECES, NULL, NULL), 0);
    for (size_t i = 0; i < PIECES; i++)
        assert_int_equal(got[i], i % 2 == 0 ? 'a' : 'b');
    pair_close(&p);
}

static void store_fd(void *arg, int fd)
{
    *(int *)arg = fd;
}

static bool count_calls(void *arg, int fd)
{
    (void)fd;
    ++*(int *)arg;
    return false;
}

static bool take_byte(void *arg, int fd)
{
    return read(fd, arg, 1) == 1;
}

static void test_raw_conn(void **state)
{
    gonet_error_t *err = NULL;
    gonet_raw_conn_t *raw;
    int fd = -1, calls = 0;
    char byte = 0;
    pair_t p;

    (void)state;
    pair_open(&p);
    raw = gonet_conn_syscall_conn(p.a, &err);
    assert_int_equal(gonet_raw_conn_control(raw, store_fd, &fd, &err), 0);
    assert_int_equal(fd, p.ta->sock.fd.pd.fd);
    assert_int_equal(gonet_conn_write(p.b, "z", 1, &err), 1);
    assert_int_equal(gonet_raw_conn_read(raw, take_byte, &byte, &err), 0);
    assert_int_equal(byte, 'z');
    assert_int_equal(gonet_conn_set_read_deadline(p.a, gonet_after(30 * GONET_MILLISECOND), NULL),
                     0);
    assert_int_equal(gonet_raw_conn_read(raw, count_calls, &calls, &err), -1);
    pair_error(&p, &err, "raw-read tcp ", "L->R", ": i/o timeout");
    assert_true(calls >= 1);
    gonet_raw_conn_free(raw);
    raw = gonet_listener_syscall_conn(p.l, &err);
    assert_int_equal(gonet_raw_conn_read(raw, count_calls, &calls, &err), -1);
    assert_ptr_equal(err, gonet_errno_error(EINVAL));
    assert_int_equal(gonet_raw_conn_control(raw, store_fd, &fd, &err), 0);
    gonet_raw_conn_free(raw);
    pair_close(&p);
}

static void test_file(void **state)
{
    gonet_error_t *err = NULL;
    gonet_conn_t *c;
    gonet_listener_t *l;
    char byte = 0, text[64];
    pair_t p;
    int fd;

    (void)state;
    pair_open(&p);
    fd = gonet_conn_file(p.a, &err);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(gonet_conn_close(p.a, &err), 0);
    c = gonet_file_conn(fd, &err);
    assert_non_null(c);
    close(fd);
    check_defaults(gonet_conn_as_tcp(c));
    assert_string_equal(gonet_addr_string(gonet_conn_local_addr(c), text, sizeof(text)), p.local);
    assert_string_equal(gonet_addr_string(gonet_conn_remote_addr(c), text, sizeof(text)), p.remote);
    assert_int_equal(gonet_conn_write(p.b, "q", 1, &err), 1);
    assert_int_equal(gonet_conn_read(c, &byte, 1, &err), 1);
    gonet_conn_free(c);
    fd = gonet_listener_file(p.l, &err);
    l = gonet_file_listener(fd, &err);
    assert_non_null(l);
    close(fd);
    gonet_listener_free(l);
    pair_close(&p);
}

static void test_file_errors(void **state)
{
    gonet_error_t *err = NULL;
    char text[128];
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_null(gonet_file_conn(fd, &err));
    snprintf(text, sizeof(text),
             "file file+net /dev/fd/%d: getsockopt: socket operation on non-socket", fd);
    assert_string_equal(gonet_error_string(err), text);
    close(fd);
    assert_null(gonet_file_conn(fd, &err));
    snprintf(text, sizeof(text), "file file+net /dev/fd/%d: fcntl: bad file descriptor", fd);
    assert_string_equal(gonet_error_string(err), text);
    gonet_error_free(err);
}

static void test_typed_functions(void **state)
{
    gonet_error_t *err = NULL;
    gonet_tcp_listener_t *l = gonet_listen_tcp("tcp", NULL, &err);
    const gonet_tcp_addr_t to = *gonet_addr_as_tcp(gonet_tcp_listener_addr(l));
    gonet_tcp_addr_t any = {.port = to.port};
    gonet_tcp_conn_t *a = gonet_dial_tcp("tcp", NULL, &any, &err);
    gonet_tcp_conn_t *b;
    char buf[4];

    (void)state;
    assert_non_null(a);
    b = gonet_tcp_listener_accept_tcp(l, &err);
    assert_non_null(b);
    assert_int_equal(gonet_tcp_conn_write(a, "abcd", 4, &err), 4);
    assert_int_equal(gonet_tcp_conn_read(b, buf, 4, &err), 4);
    assert_ptr_equal(gonet_conn_as_tcp(gonet_tcp_conn_as_conn(a)), a);
    assert_ptr_equal(gonet_listener_as_tcp(gonet_tcp_listener_as_listener(l)), l);
    assert_false(gonet_tcp_conn_multipath_tcp(a, &err));
    assert_null(err);
    assert_int_equal(gonet_tcp_conn_local_addr(b)->tcp.port, to.port);
    gonet_tcp_conn_free(a);
    gonet_tcp_conn_free(b);
    gonet_tcp_listener_free(l);
}

/* What the injections run: everything from listening to closing. True if it went through. */
static bool whole_life(void)
{
    gonet_error_t *err = NULL;
    char address[GONET_ADDR_STRLEN] = "", buf[4];
    gonet_listener_t *l = gonet_listen("tcp", "127.0.0.1:0", &err);
    gonet_conn_t *a = NULL, *b = NULL;
    bool ok = l != NULL && gonet_listener_addr(l) != NULL;

    if (ok) {
        gonet_addr_string(gonet_listener_addr(l), address, sizeof(address));
        a = gonet_dial("tcp", address, &err);
        ok = a != NULL;
    }
    if (ok) {
        (void)gonet_listener_set_deadline(l, gonet_after(5 * GONET_SECOND), NULL);
        b = gonet_listener_accept(l, &err);
        ok = b != NULL;
    }
    ok = ok && gonet_conn_write(a, "ping", 4, &err) == 4 &&
         gonet_read_full(gonet_conn_as_reader(b), buf, 4, NULL, &err) == 0 &&
         gonet_conn_local_addr(a) != NULL && gonet_conn_close(a, &err) == 0 &&
         gonet_conn_read(b, buf, 1, &err) == 0 && err == gonet_eof;
    gonet_error_free(err);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
    return ok;
}

static void test_every_allocation_may_fail(void **state)
{
    long n;

    (void)state;
    assert_true(whole_life());
    for (n = 1; n < 1000; n++) {
        bool ok;

        gonet__alloc_fail_at(n, 0);
        ok = whole_life();
        if (gonet__alloc_failed() == 0) {
            assert_true(ok);
            break;
        }
    }
    gonet__alloc_fail_at(0, 0);
    assert_in_range(n, 5, 999);
}

static void test_every_system_call_may_fail(void **state)
{
    static const int errnums[] = {EMFILE, ENOBUFS, EINTR};
    int before;

    (void)state;
    assert_true(whole_life());
    assert_int_equal(gonet_shutdown(-1), 0); /* what is kept for the next wait is no leak */
    before = leak_open_descriptors();
    for (size_t e = 0; e < sizeof(errnums) / sizeof(errnums[0]); e++) {
        long n;

        for (n = 1; n < 1000; n++) {
            bool ok;

            gonet__sys_fail_at(GONET__SYS_ANY, n, errnums[e]);
            ok = whole_life();
            if (gonet__sys_failed() == 0) {
                assert_true(ok);
                break;
            }
            assert_int_equal(gonet_shutdown(-1), 0);
            assert_int_equal(leak_open_descriptors(), before);
        }
        gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
        assert_in_range(n, 10, 999);
    }
}

static void test_interrupted_io_goes_on(void **state)
{
    static const gonet__sys_call_t calls[] = {GONET__SYS_READ, GONET__SYS_WRITE, GONET__SYS_ACCEPT,
                                              GONET__SYS_CONNECT};

    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        gonet__sys_fail_at(calls[i], 1, EINTR);
        assert_true(whole_life());
        assert_int_equal(gonet__sys_failed(), 1);
    }
    gonet__sys_fail_at(GONET__SYS_ACCEPT, 1, ECONNABORTED);
    assert_true(whole_life());
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
}

static void test_accept_out_of_descriptors(void **state)
{
    gonet_error_t *err = NULL;
    char address[GONET_ADDR_STRLEN];
    gonet_listener_t *l = gonet_listen("tcp", "127.0.0.1:0", NULL);
    gonet_conn_t *a, *b;

    (void)state;
    gonet_addr_string(gonet_listener_addr(l), address, sizeof(address));
    a = gonet_dial("tcp", address, NULL);
    gonet__sys_fail_at(GONET__SYS_ACCEPT, 1, EMFILE);
    assert_null(gonet_listener_accept(l, &err));
    assert_true(gonet_error_temporary(err));
    assert_false(gonet_error_timeout(err));
    assert_non_null(strstr(gonet_error_string(err), ": accept4: too many open files"));
    b = gonet_listener_accept(l, &err);
    assert_non_null(b);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
}

/* This thread's, after its first one: a connection costs one accept4, waiting for it none. */
static void test_a_thread_accepts_nothing_in_vain(void **state)
{
    enum { MANY = 100 };
    gonet_error_t *err = NULL;
    char address[GONET_ADDR_STRLEN];
    gonet_listener_t *l = gonet_listen("tcp", "127.0.0.1:0", NULL);
    gonet_conn_t *c[4];

    (void)state;
    gonet_addr_string(gonet_listener_addr(l), address, sizeof(address));
    c[0] = gonet_dial("tcp", address, NULL);
    c[1] = gonet_listener_accept(l, &err);
    assert_non_null(c[1]);
    gonet__sys_fail_at(GONET__SYS_ACCEPT, MANY, EMFILE);
    gonet_listener_set_deadline(l, gonet_after(20 * GONET_MILLISECOND), NULL);
    assert_null(gonet_listener_accept(l, &err));
    assert_true(gonet_error_timeout(err));
    assert_int_equal(gonet__sys_left(), MANY);
    gonet_listener_set_deadline(l, (gonet_time_t){0}, NULL);
    c[2] = gonet_dial("tcp", address, NULL);
    c[3] = gonet_listener_accept(l, &err);
    assert_non_null(c[3]);
    assert_int_equal(gonet__sys_left(), MANY - 1);
    gonet__sys_fail_at(GONET__SYS_ACCEPT, 0, 0);
    for (int i = 0; i < 4; i++)
        gonet_conn_free(c[i]);
    gonet_error_free(err);
    gonet_listener_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_closed_conn_shapes),
        LEAK_TEST(test_closed_listener_shapes),
        LEAK_TEST(test_accept_deadline),
        LEAK_TEST(test_options),
        LEAK_TEST(test_dialer_keep_alive),
        LEAK_TEST(test_eof_and_reset),
        LEAK_TEST(test_read_deadline_before_data),
        LEAK_TEST(test_buffers),
        LEAK_TEST(test_buffers_read),
        LEAK_TEST(test_many_pieces),
        LEAK_TEST(test_raw_conn),
        LEAK_TEST(test_file),
        LEAK_TEST(test_file_errors),
        LEAK_TEST(test_typed_functions),
        LEAK_TEST(test_every_allocation_may_fail),
        LEAK_TEST(test_every_system_call_may_fail),
        LEAK_TEST(test_interrupted_io_goes_on),
        LEAK_TEST(test_accept_out_of_descriptors),
        LEAK_TEST(test_a_thread_accepts_nothing_in_vain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
