/*
 * Copying: between connections (through a buffer, and in bulk), from files, to and from a program's
 * own readers and writers; the counts, and the shapes of the errors.
 */
#include "../conn/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "gonet/io.h"
#include "socket/scratch.h"
#include "socket/sys.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/pattern.h"

/* Sends so many bytes, then the end. */
typedef struct {
    gonet_conn_t *c;
    size_t len, piece;
    gonet_duration_t pause; /* after each piece */
    bool ok;
} sender_t;

static void send_all(void *arg)
{
    sender_t *s = arg;
    unsigned char *p = malloc(s->piece);

    s->ok = true;
    for (size_t done = 0; done < s->len && s->ok; done += s->piece) {
        size_t n = s->len - done < s->piece ? s->len - done : s->piece;

        pattern_fill(p, 0, done, n);
        s->ok = gonet_conn_write(s->c, p, n, NULL) == (ssize_t)n;
        if (s->pause > 0)
            gonet_sleep(s->pause);
    }
    s->ok = gonet_conn_close_write(s->c, NULL) == 0 && s->ok;
    free(p);
}

typedef struct {
    gonet_conn_t *c;
    size_t got;
    bool ok;
} receiver_t;

static void receive_all(void *arg)
{
    receiver_t *r = arg;
    unsigned char *p = malloc(100000);
    ssize_t n;

    r->ok = true;
    r->got = 0;
    while ((n = gonet_conn_read(r->c, p, 100000, NULL)) > 0) {
        r->ok = r->ok && pattern_matches(p, 0, r->got, (size_t)n);
        r->got += (size_t)n;
    }
    r->ok = r->ok && n == 0;
    free(p);
}

/* A proxy's one direction, from one pair to another. */
typedef struct {
    pair_t *in, *out;
    size_t len, piece;
    gonet_duration_t pause;
    actor_kind_t kind;
    int64_t copied;
} relay_t;

static void relay_body(void *arg)
{
    relay_t *r = arg;
    sender_t s = {.c = r->in->a, .len = r->len, .piece = r->piece, .pause = r->pause};
    receiver_t to = {.c = r->out->b};
    actor_t sender, receiver;
    gonet_error_t *err = NULL;

    actor_start(&sender, r->kind, send_all, &s);
    actor_start(&receiver, r->kind, receive_all, &to);
    r->copied = gonet_copy(gonet_conn_as_writer(r->out->a), gonet_conn_as_reader(r->in->b), &err);
    CHECK_ERROR(err, NULL);
    CHECK(gonet_conn_close_write(r->out->a, NULL) == 0);
    actor_join(&sender);
    actor_join(&receiver);
    CHECK(s.ok);
    CHECK(to.ok);
    CHECK_INT(to.got, r->len);
    CHECK_INT(r->copied, r->len);
    gonet_error_free(err);
}

static void run_relay(size_t len, size_t piece, gonet_duration_t pause, actor_mode_t mode)
{
    pair_t in, out;
    relay_t r = {&in, &out, len, piece, pause, actor_helper(mode), 0};

    pair_open(&in);
    pair_open(&out);
    actor_run_test(mode, relay_body, &r);
    pair_close(&in);
    pair_close(&out);
}

static void test_relay_messages(void **state)
{
    (void)state;
    for (actor_mode_t mode = TASKS; mode < ACTOR_MODES; mode++)
        run_relay(1000, 10, 100 * GONET_MICROSECOND, mode);
}

static void test_relay_bulk(void **state)
{
    (void)state;
    for (actor_mode_t mode = TASKS; mode < ACTOR_MODES; mode++)
        run_relay((size_t)40 << 20, 1 << 20, 0, mode);
}

/* The way back from splice to the buffer, and to splice again. */
static void test_relay_bulk_then_messages(void **state)
{
    (void)state;
    run_relay((size_t)8 << 20, 200000, GONET_MILLISECOND, TASKS);
}

static void test_relay_without_pipes(void **state)
{
    (void)state;
    gonet__sys_fail_at(GONET__SYS_SPLICE, 1, EINVAL);
    run_relay((size_t)8 << 20, 1 << 20, 0, TASKS);
    assert_int_equal(gonet__sys_failed(), 1);
    gonet__scratch_release();
    gonet__sys_fail_at(GONET__SYS_PIPE, 1, EMFILE);
    run_relay((size_t)8 << 20, 1 << 20, 0, TASKS);
    assert_int_equal(gonet__sys_failed(), 1);
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
}

static void test_relay_with_a_limit(void **state)
{
    gonet_error_t *err = NULL;
    gonet_limited_reader_t *l;
    char buf[16];
    pair_t in, out;

    (void)state;
    pair_open(&in);
    pair_open(&out);
    assert_int_equal(gonet_conn_write(in.a, "0123456789", 10, &err), 10);
    l = gonet_limited_reader_new(gonet_conn_as_reader(in.b), 4);
    assert_int_equal(gonet_conn_read_from(out.a, gonet_limited_reader_as_reader(l), &err), 4);
    assert_int_equal(gonet_limited_reader_n(l), 0);
    assert_int_equal(gonet_conn_read_from(out.a, gonet_limited_reader_as_reader(l), &err), 0);
    assert_int_equal(gonet_conn_read(out.b, buf, sizeof(buf), &err), 4);
    assert_int_equal(gonet_conn_read(in.b, buf, sizeof(buf), &err), 6);
    assert_memory_equal(buf, "456789", 6);
    gonet_limited_reader_free(l);
    pair_close(&in);
    pair_close(&out);
}

static int temporary_file(size_t len)
{
    char path[] = "/tmp/gonet-test-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    for (size_t done = 0; done < len;) {
        unsigned char block[4096];
        size_t n = len - done < sizeof(block) ? len - done : sizeof(block);

        pattern_fill(block, 0, done, n);
        assert_int_equal(write(fd, block, n), n);
        done += n;
    }
    return fd;
}

static void test_sendfile(void **state)
{
    gonet_error_t *err = NULL;
    int fd = temporary_file(1000);
    gonet_file_reader_t *f;
    gonet_limited_reader_t *l;
    unsigned char buf[1000];
    pair_t p;

    (void)state;
    pair_open(&p);
    lseek(fd, 10, SEEK_SET);
    f = gonet_file_reader_new(fd, &err);
    l = gonet_limited_reader_new(gonet_file_reader_as_reader(f), 100);
    assert_int_equal(gonet_tcp_conn_read_from(p.ta, gonet_limited_reader_as_reader(l), &err), 100);
    assert_int_equal(gonet_limited_reader_n(l), 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 110);
    gonet_limited_reader_free(l);
    l = gonet_limited_reader_new(gonet_file_reader_as_reader(f), 5000);
    assert_int_equal(gonet_tcp_conn_read_from(p.ta, gonet_limited_reader_as_reader(l), &err), 890);
    assert_int_equal(gonet_limited_reader_n(l), 4110);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(p.b), buf, 990, NULL, &err), 0);
    assert_true(pattern_matches(buf, 0, 10, 990));
    gonet_limited_reader_free(l);
    gonet_file_reader_free(f);
    pair_close(&p);
    close(fd);
}

static void test_sendfile_refused(void **state)
{
    gonet_error_t *err = NULL;
    int fd = temporary_file(300);
    gonet_file_reader_t *f = gonet_file_reader_new(fd, &err);
    unsigned char buf[300];
    pair_t p;

    (void)state;
    pair_open(&p);
    lseek(fd, 0, SEEK_SET);
    gonet__sys_fail_at(GONET__SYS_SENDFILE, 1, EINVAL);
    assert_int_equal(gonet_copy(gonet_conn_as_writer(p.a), gonet_file_reader_as_reader(f), &err),
                     300);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(p.b), buf, 300, NULL, &err), 0);
    assert_true(pattern_matches(buf, 0, 0, 300));
    lseek(fd, 0, SEEK_SET);
    gonet__sys_fail_at(GONET__SYS_SENDFILE, 1, EPIPE);
    assert_int_equal(gonet_copy(gonet_conn_as_writer(p.a), gonet_file_reader_as_reader(f), &err),
                     -1);
    pair_error(&p, &err, "readfrom tcp ", "L->R", ": sendfile: broken pipe");
    gonet__sys_fail_at(GONET__SYS_ANY, 0, 0);
    gonet_file_reader_free(f);
    pair_close(&p);
    close(fd);
}

typedef struct {
    gonet_conn_t *to;
    int fd;
    int64_t n;
} file_copy_t;

static void copy_file(void *arg)
{
    file_copy_t *c = arg;
    gonet_file_reader_t *f = gonet_file_reader_new(c->fd, NULL);

    c->n = gonet_copy(gonet_conn_as_writer(c->to), gonet_file_reader_as_reader(f), NULL);
    CHECK_INT(gonet_conn_close_write(c->to, NULL), 0);
    gonet_file_reader_free(f);
}

static void large_file_body(void *arg)
{
    file_copy_t *c = arg;
    receiver_t r;
    actor_t receiver;
    pair_t p;

    pair_open(&p);
    r.c = p.b;
    c->to = p.a;
    CHECK_INT(lseek(c->fd, 0, SEEK_SET), 0);
    actor_start(&receiver, BY_TASK, receive_all, &r);
    copy_file(c);
    actor_join(&receiver);
    CHECK_INT(c->n, 6000000);
    CHECK_INT(r.got, 6000000);
    CHECK(r.ok);
    pair_close(&p);
}

/* Whether the file is in memory or not. */
static void test_large_file(void **state)
{
    file_copy_t c = {.fd = temporary_file(6000000)};

    (void)state;
    for (actor_mode_t mode = TASKS; mode < ACTOR_MODES; mode++)
        actor_run_test(mode, large_file_body, &c);
    assert_int_equal(fsync(c.fd), 0);
    assert_int_equal(posix_fadvise(c.fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    actor_run_test(TASKS, large_file_body, &c);
    close(c.fd);
}

/* A pipe is no file to send from; looking must not take anything out of it. */
static void pipe_body(void *arg)
{
    int fds[2];
    file_copy_t c;
    char buf[8] = "";
    pair_t p;

    (void)arg;
    CHECK_INT(pipe(fds), 0);
    CHECK_INT(write(fds[1], "0123456", 7), 7);
    close(fds[1]);
    pair_open(&p);
    c = (file_copy_t){.to = p.a, .fd = fds[0]};
    copy_file(&c);
    CHECK_INT(c.n, 7);
    CHECK_INT(gonet_read_full(gonet_conn_as_reader(p.b), buf, 7, NULL, NULL), 0);
    CHECK_TEXT(buf, "0123456");
    pair_close(&p);
    close(fds[0]);
}

static void test_from_a_pipe(void **state)
{
    (void)state;
    actor_run_test(TASKS, pipe_body, NULL);
    actor_run_test(THREADS, pipe_body, NULL);
}

/* Neither writev nor sendfile nor splice may raise SIGPIPE in a plain thread. */
static void test_no_sigpipe(void **state)
{
    gonet_error_t *err = NULL;
    int fd = temporary_file(1000);
    gonet_file_reader_t *f = gonet_file_reader_new(fd, &err);
    pair_t p;

    (void)state;
    pair_open(&p);
    assert_int_equal(gonet_conn_close_write(p.a, &err), 0);
    assert_int_equal(gonet_conn_write(p.a, "x", 1, &err), -1);
    pair_error(&p, &err, "write tcp ", "L->R", ": write: broken pipe");
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(gonet_copy(gonet_conn_as_writer(p.a), gonet_file_reader_as_reader(f), &err),
                     -1);
    pair_error(&p, &err, "readfrom tcp ", "L->R", ": sendfile: broken pipe");
    gonet_file_reader_free(f);
    pair_close(&p);
    close(fd);
}

static ssize_t text_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    const char **text = self;
    size_t n = strlen(*text) < len ? strlen(*text) : len;

    if (n == 0)
        gonet_error_set(err, gonet_eof);
    memcpy(p, *text, n);
    *text += n;
    return (ssize_t)n;
}

static ssize_t failing_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    (void)self;
    (void)p;
    (void)len;
    gonet_error_set(err, gonet_error_new("rerr"));
    return -1;
}

static int failing_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    (void)self;
    (void)p;
    (void)len;
    *n = 1;
    gonet_error_set(err, gonet_error_new("werr"));
    return -1;
}

static const gonet_reader_vtable_t text_vtable = {.size = sizeof(text_vtable), .read = text_read};
static const gonet_reader_vtable_t bad_reader = {.size = sizeof(bad_reader), .read = failing_read};
static const gonet_writer_vtable_t bad_writer = {.size = sizeof(bad_writer),
                                                 .write = failing_write};

static void test_error_shapes(void **state)
{
    const char *text = "some text";
    gonet_error_t *err = NULL;
    char want[512];
    gonet_reader_t *r = gonet_reader_new(&text_vtable, &text);
    gonet_reader_t *bad_r = gonet_reader_new(&bad_reader, NULL);
    gonet_writer_t *bad_w = gonet_writer_new(&bad_writer, NULL);
    int64_t n = -1;
    pair_t p, q;

    (void)state;
    pair_open(&p);
    pair_open(&q);
    assert_int_equal(gonet_conn_read_from(p.a, bad_r, &err), -1);
    pair_error(&p, &err, "readfrom tcp ", "L->R", ": rerr");
    assert_int_equal(gonet_conn_write(p.b, "abc", 3, &err), 3);
    assert_int_equal(gonet_copy_count(bad_w, gonet_conn_as_reader(p.a), &n, &err), -1);
    assert_int_equal(n, 1);
    pair_error(&p, &err, "writeto tcp ", "L->R", ": werr");
    assert_int_equal(gonet_conn_close(p.a, &err), 0);
    assert_int_equal(gonet_conn_read_from(p.a, r, &err), -1);
    snprintf(want, sizeof(want), "readfrom tcp %s: write tcp %s: use of closed network connection",
             p.both, p.both);
    assert_string_equal(gonet_error_string(err), want);
    assert_int_equal(gonet_conn_read_from(p.a, r, &err), 0); /* an empty source: nothing to write */
    assert_null(err);
    assert_int_equal(gonet_conn_write_to(p.a, bad_w, &err), -1);
    snprintf(want, sizeof(want), "writeto tcp %s: read tcp %s: use of closed network connection",
             p.both, p.both);
    assert_string_equal(gonet_error_string(err), want);
    assert_int_equal(gonet_conn_write(q.a, "abc", 3, &err), 3);
    assert_int_equal(gonet_conn_read_from(p.a, gonet_conn_as_reader(q.b), &err), -1);
    pair_error(&p, &err, "readfrom tcp ", "L->R", ": use of closed network connection");
    gonet_reader_free(r);
    gonet_reader_free(bad_r);
    gonet_writer_free(bad_w);
    pair_close(&p);
    pair_close(&q);
}

/* Whoever copies a connection to itself is an echo server. */
typedef struct {
    pair_t p;
    int64_t n;
} echo_t;

static void echo(void *arg)
{
    echo_t *e = arg;

    e->n = gonet_copy(gonet_conn_as_writer(e->p.b), gonet_conn_as_reader(e->p.b), NULL);
}

static void echo_body(void *arg)
{
    echo_t *e = arg;
    actor_t server;
    char buf[8];

    pair_open(&e->p);
    actor_start(&server, BY_TASK, echo, e);
    for (int i = 0; i < 100; i++) {
        CHECK_INT(gonet_conn_write(e->p.a, "message", 7, NULL), 7);
        CHECK_INT(gonet_read_full(gonet_conn_as_reader(e->p.a), buf, 7, NULL, NULL), 0);
    }
    CHECK_INT(gonet_conn_close_write(e->p.a, NULL), 0);
    actor_join(&server);
    CHECK_INT(e->n, 700);
    pair_close(&e->p);
}

static void test_echo(void **state)
{
    echo_t e;

    (void)state;
    actor_run_test(TASKS, echo_body, &e);
    actor_run_test(THREAD_AND_TASKS, echo_body, &e);
}

static void test_read_full(void **state)
{
    const char *text = "short";
    gonet_error_t *err = NULL;
    gonet_reader_t *r = gonet_reader_new(&text_vtable, &text);
    char buf[16];
    size_t n = 99;

    (void)state;
    assert_int_equal(gonet_read_full(r, buf, 3, &n, &err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(gonet_read_full(r, buf, 3, &n, &err), -1);
    assert_int_equal(n, 2);
    assert_ptr_equal(err, gonet_err_unexpected_eof);
    assert_int_equal(gonet_read_full(r, buf, 3, &n, &err), -1);
    assert_int_equal(n, 0);
    assert_ptr_equal(err, gonet_eof);
    assert_int_equal(gonet_read_full(r, buf, 0, &n, &err), 0);
    gonet_reader_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_relay_messages),
        LEAK_TEST(test_relay_bulk),
        LEAK_TEST(test_relay_bulk_then_messages),
        LEAK_TEST(test_relay_without_pipes),
        LEAK_TEST(test_relay_with_a_limit),
        LEAK_TEST(test_sendfile),
        LEAK_TEST(test_sendfile_refused),
        LEAK_TEST(test_large_file),
        LEAK_TEST(test_from_a_pipe),
        LEAK_TEST(test_no_sigpipe),
        LEAK_TEST(test_error_shapes),
        LEAK_TEST(test_echo),
        LEAK_TEST(test_read_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
