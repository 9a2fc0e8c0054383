/*
 * Peers that misbehave: reset in the middle of a write, close one half, send one byte at a time,
 * never read, fill the backlog; and a listener without descriptors. The peers are plain sockets in
 * plain threads; the server is gonet's, one task a connection. It survives, loses nothing of its
 * own, and serves the next one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gonet.h"
#include "socket/sigpipe.h"
#include "support/check.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"

#define PEERS 100

/* ---- the server: echoes, and counts how each connection ended ---- */

typedef struct {
    gonet_listener_t *l;
    gonet_wait_group_t running;
    gonet_duration_t write_time; /* how long a write may take; 0: for ever */
    atomic_int served, ended, reset, timeouts, other;
    atomic_long bytes;
} server_t;

typedef struct {
    server_t *server;
    gonet_conn_t *c;
} client_t;

static void note(server_t *s, const gonet_error_t *err)
{
    if (err == NULL || err == gonet_eof)
        atomic_fetch_add(&s->ended, 1);
    else if (gonet_error_is_errno(err, ECONNRESET) || gonet_error_is_errno(err, EPIPE))
        atomic_fetch_add(&s->reset, 1);
    else if (gonet_error_timeout(err))
        atomic_fetch_add(&s->timeouts, 1);
    else if (check_error(__FILE__, __LINE__, err, NULL))
        atomic_fetch_add(&s->other, 1);
}

static void echo(void *arg)
{
    client_t client = *(client_t *)arg;
    server_t *s = client.server;
    GONET_AUTO(gonet_error_t) err = NULL;
    unsigned char buf[16384];
    ssize_t n;

    free(arg);
    for (;;) {
        n = gonet_conn_read(client.c, buf, sizeof(buf), &err);
        if (n <= 0)
            break;
        atomic_fetch_add(&s->bytes, n);
        if (s->write_time > 0)
            (void)gonet_conn_set_write_deadline(client.c, gonet_after(s->write_time), NULL);
        if (gonet_conn_write(client.c, buf, (size_t)n, &err) != n)
            break;
    }
    note(s, err);
    gonet_conn_free(client.c);
    gonet_wait_group_done(&s->running);
}

static void serve(void *arg)
{
    server_t *s = arg;
    gonet_conn_t *c;

    while ((c = gonet_listener_accept(s->l, NULL)) != NULL) {
        client_t *client = malloc(sizeof(*client));

        if (client == NULL)
            abort();
        *client = (client_t){s, c};
        atomic_fetch_add(&s->served, 1);
        gonet_wait_group_add(&s->running, 1);
        if (gonet_go(echo, client) != 0)
            abort();
    }
    gonet_wait_group_done(&s->running);
}

static void server_start(server_t *s, gonet_duration_t write_time)
{
    memset(s, 0, sizeof(*s));
    s->write_time = write_time;
    s->l = net_listen("tcp4");
    assert_non_null(s->l);
    gonet_wait_group_add(&s->running, 1);
    assert_int_equal(gonet_go(serve, s), 0);
}

/* An honest client is served, whatever went before; then the server ends. */
static void server_end(server_t *s, int served)
{
    gonet_conn_t *c = net_dial("tcp4", s->l);
    char buf[4];

    assert_non_null(c);
    assert_int_equal(gonet_conn_write(c, "ping", 4, NULL), 4);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(c), buf, 4, NULL, NULL), 0);
    gonet_conn_free(c);
    AWAIT(atomic_load(&s->served) == served + 1);
    assert_int_equal(gonet_listener_close(s->l, NULL), 0);
    gonet_wait_group_wait(&s->running);
    gonet_listener_free(s->l);
    assert_int_equal(atomic_load(&s->ended) + atomic_load(&s->reset) + atomic_load(&s->timeouts),
                     served + 1);
    check_report();
}

/* ---- the peers ---- */

static int peer(const server_t *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_port = htons((uint16_t)net_listener_port(s->l));
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void reset_on_close(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
}

static char block[65536];

/* Sends what fits, reads nothing of what comes back, and resets. */
static void test_reset_in_the_middle(void **state)
{
    server_t s;

    (void)state;
    server_start(&s, 0);
    for (int i = 0; i < PEERS; i++) {
        int fd = peer(&s);

        reset_on_close(fd);
        for (int k = 0; k < i % 40; k++)
            (void)send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL);
        close(fd);
    }
    server_end(&s, PEERS);
    assert_int_equal(atomic_load(&s.timeouts), 0);
}

/* ---- who copies a file is reset, at any moment ---- */

typedef struct {
    gonet_conn_t *c;
    int after; /* bytes */
} reader_t;

static void *read_some_and_reset(void *arg)
{
    reader_t *r = arg;
    int fd = net_descriptor(r->c), got = 0;
    char buf[4096];

    while (got < r->after) {
        ssize_t n = recv(fd, buf, sizeof(buf), 0);

        if (n > 0)
            got += (int)n;
        else if (errno != EAGAIN)
            break;
    }
    reset_on_close(fd);
    (void)gonet_conn_close(r->c, NULL);
    return NULL;
}

/*
 * sendfile raises SIGPIPE also when it returns the count of what went out before: a thread must not
 * be ended by it.
 */
static void test_reset_under_a_copy(void **state)
{
    int fd = memfd_create("file", MFD_CLOEXEC), failed = 0;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, 8 << 20), 0);
    for (int i = 0; i < PEERS; i++) {
        gonet_error_t *err = NULL;
        gonet_file_reader_t *f;
        gonet_conn_t *c;
        reader_t r = {.after = i * 20000};
        pthread_t thread;

        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_true(net_pair("tcp4", &c, &r.c));
        f = gonet_file_reader_new(fd, NULL);
        assert_non_null(f);
        assert_int_equal(pthread_create(&thread, NULL, read_some_and_reset, &r), 0);
        if (gonet_copy(gonet_conn_as_writer(c), gonet_file_reader_as_reader(f), &err) < 0) {
            failed++;
            assert_true(gonet_error_is_errno(err, ECONNRESET) || gonet_error_is_errno(err, EPIPE));
        }
        pthread_join(thread, NULL);
        gonet_error_free(err);
        gonet_file_reader_free(f);
        gonet_conn_free(c);
        gonet_conn_free(r.c);
    }
    close(fd);
    assert_true(failed > 0);
    check_report();
}

/* The same for certain: the signal of a call that has succeeded is taken away. */
static void test_signal_of_a_success(void **state)
{
    gonet__sigpipe_t guard;
    sigset_t pending;

    (void)state;
    gonet__sigpipe_block(&guard);
    errno = 0;
    assert_int_equal(pthread_kill(pthread_self(), SIGPIPE), 0);
    gonet__sigpipe_restore(&guard);
    assert_int_equal(errno, 0);
    sigpending(&pending);
    assert_false(sigismember(&pending, SIGPIPE));
}

/* Says that nothing more comes, and still gets everything back. */
static void test_half_closed(void **state)
{
    server_t s;

    (void)state;
    server_start(&s, 0);
    for (int i = 0; i < PEERS; i++) {
        int fd = peer(&s);
        size_t len = 1 + (size_t)i * 300, got = 0;
        ssize_t n;

        assert_int_equal(send(fd, block, len, 0), len);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        while ((n = recv(fd, block, sizeof(block), 0)) > 0)
            got += (size_t)n;
        assert_int_equal(n, 0);
        assert_int_equal(got, len);
        close(fd);
    }
    server_end(&s, PEERS);
    assert_int_equal(atomic_load(&s.ended), PEERS + 1);
}

static void test_one_byte_at_a_time(void **state)
{
    enum { LEN = 200 };
    server_t s;
    int one = 1;

    (void)state;
    server_start(&s, 0);
    for (int i = 0; i < 10; i++) {
        int fd = peer(&s);

        assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
        for (int k = 0; k < LEN; k++) {
            char c = (char)k, back = 0;

            assert_int_equal(send(fd, &c, 1, 0), 1);
            assert_int_equal(recv(fd, &back, 1, 0), 1);
            assert_int_equal(back, c);
        }
        close(fd);
    }
    server_end(&s, 10);
    assert_in_range(atomic_load(&s.bytes), 10 * LEN + 4, 10 * LEN + 4);
}

/* Sends more than the buffers take, and never reads: the server's write runs out of time. */
static void test_never_reads(void **state)
{
    enum { N = 10 };
    server_t s;
    int fds[N];

    (void)state;
    server_start(&s, 20 * GONET_MILLISECOND);
    for (int i = 0; i < N; i++) {
        int small = 4096;

        fds[i] = peer(&s);
        assert_int_equal(setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    }
    AWAIT(atomic_load(&s.served) == N);
    while (atomic_load(&s.timeouts) + atomic_load(&s.reset) < N && check_patience()) {
        for (int i = 0; i < N; i++)
            (void)send(fds[i], block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL);
        check_pause();
    }
    for (int i = 0; i < N; i++)
        close(fds[i]);
    server_end(&s, N);
    assert_int_equal(atomic_load(&s.timeouts), N);
}

/* Nobody accepts: dials beyond the backlog wait for their time, and come back; when the listener
 * closes, those in the queue are reset. */
static void test_full_backlog(void **state)
{
    enum { N = 8 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), timeouts = 0;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    gonet_conn_t *c[N];
    char text[64];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(at.sin_port));
    for (int i = 0; i < N; i++) {
        gonet_error_t *err = NULL;

        /* There is room for the first. */
        c[i] = gonet_dial_timeout("tcp", text, i == 0 ? GONET_HOUR : 50 * GONET_MILLISECOND, &err);
        if (c[i] == NULL) {
            assert_true(gonet_error_timeout(err));
            timeouts++;
        }
        gonet_error_free(err);
    }
    assert_in_range(timeouts, 1, N - 1);
    close(fd);
    for (int i = 0; i < N; i++) {
        gonet_error_t *err = NULL;
        char byte;

        if (c[i] != NULL) {
            assert_true(gonet_conn_read(c[i], &byte, 1, &err) < 0);
            assert_true(gonet_error_is_errno(err, ECONNRESET));
        }
        gonet_error_free(err);
        gonet_conn_free(c[i]);
    }
}

/* ---- a listener without descriptors ---- */

typedef struct {
    gonet_listener_t *l;
    atomic_int refused, served;
    gonet_wait_group_t running;
} poor_t;

/* As a server does it: a pause, and again. */
static void serve_poorly(void *arg)
{
    poor_t *p = arg;

    for (;;) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_conn_t *c = gonet_listener_accept(p->l, &err);

        if (c != NULL) {
            atomic_fetch_add(&p->served, 1);
            gonet_conn_free(c);
        } else if (gonet_error_is_errno(err, EMFILE) && gonet_error_temporary(err)) {
            atomic_fetch_add(&p->refused, 1);
            gonet_sleep(GONET_MILLISECOND);
        } else {
            break;
        }
    }
    gonet_wait_group_done(&p->running);
}

static int poor_listener(void)
{
    enum { WAITING = 5 };
    int procs = gonet_set_max_procs(1); /* a second worker would take descriptors when it likes */
    poor_t p = {.l = gonet_listen("tcp4", "127.0.0.1:0", NULL)};
    server_t view = {.l = p.l};
    struct rlimit limit;
    int waiting[WAITING], taken[256], n = 0;

    CHILD_CHECK(procs > 0 && p.l != NULL);
    gonet_wait_group_add(&p.running, 1);
    CHILD_CHECK(gonet_go(serve_poorly, &p) == 0);
    close(peer(&view)); /* by now the server has what it needs */
    AWAIT(atomic_exchange(&p.served, 0) == 1);
    CHILD_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 64;
    CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int i = 0; i < WAITING; i++)
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (n < 256 && (taken[n] = dup(0)) >= 0)
        n++;
    CHILD_CHECK(errno == EMFILE && n < 256);
    for (int i = 0; i < WAITING; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

        to.sin_port = htons((uint16_t)net_listener_port(view.l));
        CHILD_CHECK(connect(waiting[i], (struct sockaddr *)&to, sizeof(to)) == 0);
    }
    AWAIT(atomic_load(&p.refused) >= 3);
    CHILD_CHECK(atomic_load(&p.served) == 0);
    while (n > 0)
        close(taken[--n]);
    AWAIT(atomic_load(&p.served) == WAITING);
    CHILD_CHECK(gonet_listener_close(p.l, NULL) == 0);
    gonet_wait_group_wait(&p.running);
    gonet_listener_free(p.l);
    CHILD_CHECK(gonet_shutdown(-1) == 0);
    return check_failed();
}

static void test_no_descriptors(void **state)
{
    (void)state;
    child_passes("poor listener", NULL);
}

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"poor listener", poor_listener}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_reset_in_the_middle), LEAK_TEST(test_reset_under_a_copy),
        LEAK_TEST(test_signal_of_a_success), LEAK_TEST(test_half_closed),
        LEAK_TEST(test_one_byte_at_a_time),  LEAK_TEST(test_never_reads),
        LEAK_TEST(test_full_backlog),        LEAK_TEST(test_no_descriptors),
    };

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
