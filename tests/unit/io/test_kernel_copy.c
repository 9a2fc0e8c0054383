/*
 * Copies that the kernel makes, between streams and files: that it makes them, and that no byte is
 * lost, doubled or changed where a system call is refused, from the start or in the middle.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "conn/sock.h"
#include "gonet/io.h"
#include "gonet/task.h"
#include "gonet/udp.h"
#include "socket/sys.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/leak.h"
#include "support/net.h"
#include "support/pattern.h"
#include "support/refuse.h"

/* More than all buffers of a route hold. */
#define TOTAL ((size_t)2 << 20)

/* What is copied: bytes that tell their place. */
static unsigned char all[TOTAL];

static void make_bytes(void)
{
    pattern_fill(all, 0, 0, TOTAL);
}

/* From where to where: "tcp", "unix" or "file". limit < 0: all. */
typedef struct {
    const char *from, *to;
    int64_t limit;
    gonet__sys_call_t call; /* what moves the bytes */
} route_t;

static const route_t routes[] = {
    {"tcp", "tcp", -1, GONET__SYS_SPLICE},     {"unix", "tcp", -1, GONET__SYS_SPLICE},
    {"tcp", "unix", -1, GONET__SYS_SPLICE},    {"tcp", "tcp", 1250001, GONET__SYS_SPLICE},
    {"file", "tcp", -1, GONET__SYS_SENDFILE},  {"file", "tcp", 1250001, GONET__SYS_SENDFILE},
    {"file", "unix", -1, GONET__SYS_SENDFILE}, {"tcp", "file", -1, GONET__SYS_SPLICE},
    {"unix", "file", -1, GONET__SYS_SPLICE},   {"tcp", "file", 1250001, GONET__SYS_SPLICE}};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* One end of a route: a connection with its peer, or a file. */
typedef struct {
    gonet_conn_t *c, *peer;
    int fd;
    gonet_file_reader_t *r;
    gonet_file_writer_t *w;
} end_t;

typedef struct {
    const route_t *route;
    actor_kind_t helper;
    end_t in, out;
    void (*middle)(
        void); /* called once half of it has come through, and the copy stands; or NULL */
    size_t wanted, got;
} copy_t;

static int temporary_file(void)
{
    char path[] = "/tmp/gonet-copy-XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0 && unlink(path) == 0);
    return fd;
}

/* So that a copy stands when nobody reads what it writes. */
static void hold_little(gonet_conn_t *c, int name)
{
    const int bytes = 65536;
    int fd = ((gonet__sock_t *)c)->fd.pd.fd;

    CHECK_INT(setsockopt(fd, SOL_SOCKET, name, &bytes, sizeof(bytes)), 0);
}

static bool open_end(end_t *e, const char *kind)
{
    *e = (end_t){.fd = -1};
    if (strcmp(kind, "file") != 0) {
        if (!net_pair(kind, &e->c, &e->peer))
            return false;
        hold_little(e->c, SO_SNDBUF);
        hold_little(e->peer, SO_RCVBUF);
        return true;
    }
    e->fd = temporary_file();
    e->r = gonet_file_reader_new(e->fd, NULL);
    e->w = gonet_file_writer_new(e->fd, NULL);
    return CHECK(e->r != NULL) && CHECK(e->w != NULL);
}

static void close_end(end_t *e)
{
    gonet_conn_free(e->c);
    gonet_conn_free(e->peer);
    gonet_file_reader_free(e->r);
    gonet_file_writer_free(e->w);
    if (e->fd >= 0)
        close(e->fd);
}

/* What comes in, in large pieces; a copy with a limit leaves some of it. */
static void produce(void *arg)
{
    copy_t *t = arg;

    if (t->in.fd >= 0) {
        CHECK(pwrite(t->in.fd, all, TOTAL, 0) == (ssize_t)TOTAL);
        return;
    }
    (void)gonet_conn_write(t->in.peer, all, TOTAL, NULL);
    (void)gonet_conn_close_write(t->in.peer, NULL);
}

/* The copying side stands: its write waits for room. */
static bool copy_stands(const copy_t *t)
{
    gonet__sock_t *s = (gonet__sock_t *)t->out.c;

    return atomic_load(&s->fd.pd.side[GONET__SIDE_WRITE].slot) != 0;
}

static void consume(void *arg)
{
    copy_t *t = arg;
    unsigned char p[30000];
    ssize_t n;

    while ((n = gonet_conn_read(t->out.peer, p, sizeof(p), NULL)) > 0) {
        if (!CHECK(t->got + (size_t)n <= TOTAL && memcmp(p, all + t->got, (size_t)n) == 0))
            return;
        t->got += (size_t)n;
        if (t->middle != NULL && t->got > t->wanted / 4) {
            AWAIT(copy_stands(t));
            t->middle();
            t->middle = NULL;
        }
    }
    CHECK_INT(n, 0);
}

static void check_file(copy_t *t)
{
    static unsigned char bytes[TOTAL + 1];
    ssize_t n = pread(t->out.fd, bytes, sizeof(bytes), 0);

    t->got = n < 0 ? 0 : (size_t)n;
    CHECK(t->got <= TOTAL && memcmp(bytes, all, t->got) == 0);
}

static void copy_body(void *arg)
{
    copy_t *t = arg;
    gonet_reader_t *from =
        t->in.c != NULL ? gonet_conn_as_reader(t->in.c) : gonet_file_reader_as_reader(t->in.r);
    gonet_writer_t *to =
        t->out.c != NULL ? gonet_conn_as_writer(t->out.c) : gonet_file_writer_as_writer(t->out.w);
    gonet_limited_reader_t *limited = NULL;
    actor_t producer, consumer;
    gonet_error_t *err = NULL;

    t->wanted = t->route->limit < 0 ? TOTAL : (size_t)t->route->limit;
    if (t->in.fd >= 0)
        produce(t);
    else
        actor_start(&producer, t->helper, produce, t);
    if (t->out.c != NULL)
        actor_start(&consumer, t->helper, consume, t);
    if (t->route->limit >= 0) {
        limited = gonet_limited_reader_new(from, t->route->limit);
        from = gonet_limited_reader_as_reader(limited);
    }
    CHECK_INT(gonet_copy(to, from, &err), t->wanted);
    CHECK_ERROR(err, NULL);
    if (limited != NULL)
        CHECK_INT(gonet_limited_reader_n(limited), 0);
    gonet_limited_reader_free(limited);
    if (t->in.c != NULL)
        gonet_conn_close(t->in.c, NULL); /* the producer may have more */
    if (t->out.c != NULL) {
        gonet_conn_close_write(t->out.c, NULL);
        actor_join(&consumer);
    } else {
        check_file(t);
    }
    if (t->in.fd < 0)
        actor_join(&producer);
    CHECK_INT(t->got, t->wanted);
    gonet_error_free(err);
}

static void run_route(const route_t *route, actor_mode_t mode, void (*middle)(void))
{
    copy_t t = {.route = route, .helper = actor_helper(mode), .middle = middle};

    if (open_end(&t.in, route->from) && open_end(&t.out, route->to)) {
        gonet_shutdown(0);
        actor_run_test(mode, copy_body, &t);
    }
    close_end(&t.in);
    close_end(&t.out);
}

/* ---- nothing is refused ---- */

#define NEVER (1L << 40)

static void test_the_kernel_copies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUTES; i++) {
        for (int mode = 0; mode < ACTOR_MODES; mode++) {
            long calls;

            gonet__sys_fail_at(routes[i].call, NEVER, EIO);
            run_route(&routes[i], (actor_mode_t)mode, NULL);
            calls = NEVER - gonet__sys_left();
            gonet__sys_fail_at(routes[i].call, 0, 0);
            if (calls == 0)
                fail_msg("%s to %s: not by the kernel", routes[i].from, routes[i].to);
        }
    }
}

/* ---- refused ---- */

/* The child's part of the environment: errno, mode, and the route's number or -1 for all. */
typedef struct {
    int errnum, mode, route;
} order_t;

static order_t order(void)
{
    order_t o = {0, 0, -1};

    if (sscanf(getenv("GONET_TEST_ORDER"), "%d %d %d", &o.errnum, &o.mode, &o.route) != 3)
        abort();
    return o;
}

static bool refuse_copies(int errnum)
{
    return refuse_call(SYS_splice, errnum) && refuse_call(SYS_sendfile, errnum) &&
           refuse_call(SYS_preadv2, errnum);
}

static int part_from_the_start(void)
{
    order_t o = order();

    if (!refuse_copies(o.errnum))
        return REFUSE_SKIPPED;
    for (size_t i = 0; i < ROUTES; i++) {
        fprintf(stderr, "%s to %s, %s, from the start\n", routes[i].from, routes[i].to,
                actor_mode_name[o.mode]);
        run_route(&routes[i], (actor_mode_t)o.mode, NULL);
    }
    return 0;
}

static void refuse_now(void)
{
    if (!refuse_copies(order().errnum))
        exit(REFUSE_SKIPPED);
}

static int part_in_the_middle(void)
{
    order_t o = order();
    const route_t *r = &routes[o.route];

    fprintf(stderr, "%s to %s, %s, in the middle\n", r->from, r->to, actor_mode_name[o.mode]);
    run_route(r, (actor_mode_t)o.mode, refuse_now);
    return 0;
}

static const int refusals[] = {ENOSYS, EPERM, EOPNOTSUPP, EINVAL};

static void ordered(const char *part, int errnum, int mode, int route)
{
    char setting[64];

    snprintf(setting, sizeof(setting), "GONET_TEST_ORDER=%d %d %d", errnum, mode, route);
    refuse_passes(part, setting);
}

static void test_refused_from_the_start(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        ordered("from the start", refusals[i], i % ACTOR_MODES, -1);
}

/* Only a connection's copy can be made to stand with bytes in the pipe. */
static void test_refused_in_the_middle(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUTES; i++) {
        if (strcmp(routes[i].to, "file") == 0)
            continue;
        for (int k = 0; k < 2; k++)
            ordered("in the middle", refusals[(i + (size_t)k) % 4], (int)(i + (size_t)k) % 4,
                    (int)i);
    }
}

/* A file's copy is refused at its n-th splice, by the seam: for all n. */
static void test_refused_on_the_way_to_a_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUTES; i++) {
        long failed = 1;

        for (long n = 1; failed > 0 && strcmp(routes[i].to, "file") == 0; n++) {
            gonet__sys_fail_at(GONET__SYS_SPLICE, n, refusals[n % 4]);
            run_route(&routes[i], n % 2 ? TASKS : THREADS, NULL);
            failed = gonet__sys_failed();
            gonet__sys_fail_at(GONET__SYS_SPLICE, 0, 0);
        }
    }
}

/* ---- other calls ---- */

static int part_accept(void)
{
    gonet_conn_t *a, *b;
    int fd;

    if (!refuse_call(SYS_accept4, order().errnum))
        return REFUSE_SKIPPED;
    CHILD_CHECK(net_pair("tcp", &a, &b));
    fd = net_descriptor(b);
    CHILD_CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    CHILD_CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    gonet_conn_free(a);
    gonet_conn_free(b);
    return 0;
}

static int part_batches(void)
{
    enum { N = 5 };
    const gonet_udp_addr_t any = {.ip = gonet_parse_ip("127.0.0.1")};
    gonet_udp_conn_t *in, *out;
    gonet_udp_message_t messages[N];
    char bytes[N][8] = {"a", "b", "c", "d", "e"}, got[N][8];
    ssize_t n;

    if (!refuse_call(SYS_recvmmsg, order().errnum) || !refuse_call(SYS_sendmmsg, order().errnum))
        return REFUSE_SKIPPED;
    in = gonet_listen_udp("udp", &any, NULL);
    out = gonet_dial_udp("udp", NULL, gonet_addr_as_udp(gonet_udp_conn_local_addr(in)), NULL);
    CHILD_CHECK(in != NULL && out != NULL);
    memset(messages, 0, sizeof(messages));
    for (int i = 0; i < N; i++) {
        messages[i].buf = bytes[i];
        messages[i].len = 1;
    }
    CHILD_CHECK(gonet_udp_conn_write_batch(out, messages, N, NULL, NULL) == N);
    for (ssize_t seen = 0; seen < N; seen += n) {
        memset(messages, 0, sizeof(messages));
        for (int i = 0; i < N; i++) {
            messages[i].buf = got[i];
            messages[i].len = sizeof(got[i]);
        }
        n = gonet_udp_conn_read_batch(in, messages, N, NULL);
        CHILD_CHECK(n > 0);
        for (ssize_t i = 0; i < n; i++)
            CHILD_CHECK(messages[i].n == 1 && got[i][0] == bytes[seen + i][0]);
    }
    gonet_udp_conn_free(in);
    gonet_udp_conn_free(out);
    return 0;
}

static void test_other_calls_refused(void **state)
{
    static const char *const parts[] = {"accept", "batches"};

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (int k = 0; k < 3; k++)
            ordered(parts[i], refusals[k], 0, 0);
    }
}

int main(int argc, char **argv)
{
    static const child_part_t parts[] = {{"from the start", part_from_the_start},
                                         {"in the middle", part_in_the_middle},
                                         {"accept", part_accept},
                                         {"batches", part_batches},
                                         {NULL, NULL}};
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_the_kernel_copies), LEAK_TEST(test_refused_from_the_start),
        LEAK_TEST(test_refused_in_the_middle), LEAK_TEST(test_refused_on_the_way_to_a_file),
        LEAK_TEST(test_other_calls_refused)};

    make_bytes();
    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
