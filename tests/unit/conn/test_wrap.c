/*
 * Connections, packet connections and listeners around others: what a table leaves out is the inner
 * one's, what it has is not passed by, and who owns what.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet.h"
#include "support/leak.h"
#include "support/net.h"
#include "unit/conn/pair.h"

/* What a wrapper has seen. */
typedef struct {
    gonet_conn_t *inner;
    int reads, writes, buffers, closes, copies, destroyed, accepts, packets;
} seen_t;

static ssize_t seen_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    seen_t *s = self;

    s->reads++;
    return gonet_conn_read(s->inner, p, len, err);
}

static int seen_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    seen_t *s = self;

    s->writes++;
    return gonet_conn_write_count(s->inner, p, len, n, err);
}

static int seen_write_buffers(void *self, const struct iovec *v, size_t count, size_t *n,
                              gonet_error_t **err)
{
    seen_t *s = self;

    s->buffers++;
    return gonet_conn_write_buffers(s->inner, v, count, n, err);
}

static int seen_close(void *self, gonet_error_t **err)
{
    seen_t *s = self;

    s->closes++;
    return gonet_conn_close(s->inner, err);
}

static int64_t seen_write_to(void *self, gonet_writer_t *w, gonet_error_t **err)
{
    seen_t *s = self;

    s->copies++;
    return gonet_conn_write_to(s->inner, w, err);
}

static void seen_destroy(void *self)
{
    seen_t *s = self;

    /* the inner one is there until this has returned */
    assert_true(s->inner == NULL || gonet_conn_local_addr(s->inner) != NULL);
    s->destroyed++;
}

static const gonet_conn_vtable_t nothing = {.size = sizeof(nothing), .destroy = seen_destroy};
static const gonet_conn_vtable_t reads = {
    .size = sizeof(reads), .read = seen_read, .destroy = seen_destroy};
static const gonet_conn_vtable_t writes = {
    .size = sizeof(writes), .write = seen_write, .destroy = seen_destroy};
static const gonet_conn_vtable_t closes = {
    .size = sizeof(closes), .close = seen_close, .destroy = seen_destroy};
static const gonet_conn_vtable_t buffers = {
    .size = sizeof(buffers), .write_buffers = seen_write_buffers, .destroy = seen_destroy};
/* As a program has it that was compiled when the table was shorter. */
static const gonet_conn_vtable_t old = {.size = offsetof(gonet_conn_vtable_t, close_read),
                                        .read = seen_read,
                                        .write = seen_write,
                                        .destroy = seen_destroy,
                                        .write_to = seen_write_to};

static gonet_conn_t *wrap(gonet_conn_t *inner, const gonet_conn_vtable_t *table, seen_t *seen)
{
    gonet_conn_t *c;

    *seen = (seen_t){.inner = inner};
    c = gonet_conn_wrap(inner, table, seen);
    assert_non_null(c);
    assert_ptr_equal(gonet_conn_self(c, table), seen);
    assert_ptr_equal(gonet_conn_net_conn(c), inner);
    return c;
}

/* Sends text on from, in one of the ways, and looks that it comes out of to. */
static void passes(gonet_conn_t *from, gonet_conn_t *to)
{
    gonet_error_t *err = NULL;
    char in[16] = "";
    struct iovec v[] = {{.iov_base = (char[]){"there"}, .iov_len = 5},
                        {.iov_base = NULL, .iov_len = 0},
                        {.iov_base = (char[]){"after"}, .iov_len = 5}};
    gonet_buffers_t b = {v, 3};

    assert_int_equal(gonet_conn_write(from, "hello", 5, &err), 5);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(to), in, 5, NULL, &err), 0);
    assert_memory_equal(in, "hello", 5);
    assert_int_equal(gonet_buffers_write_to(&b, gonet_conn_as_writer(from), &err), 10);
    assert_int_equal(b.n, 0);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(to), in, 10, NULL, &err), 0);
    assert_memory_equal(in, "thereafter", 10);
    gonet_error_free(err);
}

static void test_all_is_the_inner_ones(void **state)
{
    gonet_error_t *err = NULL;
    gonet_raw_conn_t *raw;
    seen_t seen, outer;
    pair_t p;
    int fd;
    char byte;

    (void)state;
    pair_open(&p);
    p.a = wrap(wrap(p.a, &nothing, &seen), &nothing, &outer); /* two of them */
    passes(p.a, p.b);
    passes(p.b, p.a);
    assert_string_equal(net_addr_text(gonet_conn_local_addr(p.a), (char[GONET_ADDR_STRLEN]){0}),
                        p.local);
    assert_string_equal(net_addr_text(gonet_conn_remote_addr(p.a), (char[GONET_ADDR_STRLEN]){0}),
                        p.remote);
    assert_int_equal(gonet_conn_set_read_deadline(p.a, gonet_now(), &err), 0);
    assert_int_equal(gonet_conn_read(p.a, &byte, 1, &err), -1);
    assert_true(gonet_error_is(err, gonet_err_deadline_exceeded));
    assert_int_equal(gonet_conn_wait_readable(p.a, &err), -1);
    assert_int_equal(gonet_conn_set_deadline(p.a, gonet_no_deadline, &err), 0);
    assert_int_equal(gonet_conn_set_write_deadline(p.a, gonet_now(), &err), 0);
    assert_int_equal(gonet_conn_write(p.a, "x", 1, &err), -1);
    assert_int_equal(gonet_conn_set_write_deadline(p.a, gonet_no_deadline, &err), 0);
    fd = gonet_conn_file(p.a, &err);
    assert_true(fd >= 0);
    close(fd);
    raw = gonet_conn_syscall_conn(p.a, &err);
    assert_non_null(raw);
    gonet_raw_conn_free(raw);
    assert_null(gonet_conn_as_packet_conn(p.a));
    assert_null(gonet_conn_as_tcp(p.a));
    assert_ptr_equal(gonet_conn_as_tcp(gonet_conn_net_conn(gonet_conn_net_conn(p.a))), p.ta);
    assert_int_equal(gonet_conn_close_write(p.a, &err), 0);
    assert_int_equal(gonet_conn_read(p.b, &byte, 1, &err), 0);
    assert_int_equal(gonet_conn_close_read(p.a, &err), 0);
    assert_int_equal(gonet_conn_close(p.a, &err), 0);
    assert_int_equal(gonet_conn_close(p.a, &err), -1);
    pair_error(&p, &err, "close tcp ", "L->R", ": use of closed network connection");
    assert_int_equal(seen.destroyed + outer.destroyed, 0);
    pair_close(&p);
    assert_int_equal(seen.destroyed, 1);
    assert_int_equal(outer.destroyed, 1);
}

/* Bulk and pieces go by the functions that there are, and not past them. */
static void test_what_there_is_is_not_passed_by(void **state)
{
    seen_t seen;
    pair_t p;

    (void)state;
    pair_open(&p);
    p.a = wrap(p.a, &writes, &seen);
    passes(p.a, p.b);
    assert_int_equal(seen.writes, 1 + 3); /* no write_buffers: one by one */
    passes(p.b, p.a);
    pair_close(&p);
    assert_int_equal(seen.destroyed, 1);

    pair_open(&p);
    p.a = wrap(p.a, &buffers, &seen);
    passes(p.a, p.b);
    assert_int_equal(seen.buffers, 1); /* in one piece */
    pair_close(&p);

    pair_open(&p);
    p.a = wrap(p.a, &old, &seen);
    passes(p.a, p.b);
    passes(p.b, p.a);
    assert_int_equal(seen.writes, 4);
    assert_int_equal(seen.reads, 2);
    assert_int_equal(gonet_conn_close_write(p.a, NULL), 0); /* beyond its end */
    pair_close(&p);
}

/* Sends text through a copy, from the other end of another connection. */
static void copies_through(const gonet_conn_vtable_t *in, const gonet_conn_vtable_t *out,
                           seen_t *read, seen_t *written)
{
    gonet_error_t *err = NULL;
    char got[16] = "";
    pair_t from, to;

    pair_open(&from);
    pair_open(&to);
    from.b = wrap(from.b, in, read);
    to.a = wrap(to.a, out, written);
    assert_int_equal(gonet_conn_write(from.a, "hello", 5, &err), 5);
    assert_int_equal(gonet_conn_close_write(from.a, &err), 0);
    assert_int_equal(gonet_copy(gonet_conn_as_writer(to.a), gonet_conn_as_reader(from.b), &err), 5);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(to.b), got, 5, NULL, &err), 0);
    assert_string_equal(got, "hello");
    pair_close(&from);
    pair_close(&to);
    gonet_error_free(err);
}

static void test_copies(void **state)
{
    seen_t read, written;

    (void)state;
    copies_through(&reads, &writes, &read, &written);
    assert_true(read.reads >= 2);
    assert_int_equal(written.writes, 1);
    copies_through(&nothing, &writes, &read, &written);
    assert_int_equal(written.writes, 1);
    copies_through(&reads, &nothing, &read, &written);
    assert_true(read.reads >= 2);
    copies_through(&closes, &nothing, &read, &written);
}

static ssize_t read_end(void *self, void *p, size_t len, gonet_error_t **err)
{
    (void)self, (void)p, (void)len;
    gonet_error_set(err, gonet_eof);
    return 0;
}

/* The other calls that copy ask the inner one only if it is not passed by. */
static void test_read_from_and_write_to(void **state)
{
    gonet_error_t *err = NULL;
    gonet_writer_t *none;
    gonet_reader_t *empty;
    seen_t seen;
    pair_t p;
    static const gonet_reader_vtable_t ended_reader = {.size = sizeof(ended_reader),
                                                       .read = read_end};
    static const gonet_writer_vtable_t unused_writer = {.size = sizeof(unused_writer)};

    (void)state;
    empty = gonet_reader_new(&ended_reader, NULL);
    none = gonet_writer_new(&unused_writer, NULL);
    pair_open(&p);
    p.a = wrap(p.a, &writes, &seen);
    assert_int_equal(gonet_conn_read_from(p.a, empty, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    pair_close(&p);
    pair_open(&p);
    p.a = wrap(p.a, &reads, &seen);
    assert_int_equal(gonet_conn_close_write(p.b, NULL), 0);
    assert_int_equal(gonet_conn_write_to(p.a, none, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_int_equal(gonet_conn_read_from(p.a, gonet_conn_as_reader(p.a), &err), 0);
    assert_null(err);
    pair_close(&p);
    gonet_reader_free(empty);
    gonet_writer_free(none);
}

static void test_who_closes(void **state)
{
    seen_t seen, outer;
    gonet_conn_t *kept;
    pair_t p;
    char byte;

    (void)state;
    pair_open(&p); /* the last free closes, though another owner of the inner one is left */
    kept = gonet_conn_ref(p.a);
    p.a = wrap(p.a, &nothing, &seen);
    gonet_conn_free(p.a);
    assert_int_equal(seen.destroyed, 1);
    assert_int_equal(gonet_conn_read(p.b, &byte, 1, NULL), 0);
    assert_int_equal(gonet_conn_close(kept, NULL), -1);
    p.a = kept;
    pair_close(&p);

    pair_open(&p); /* by the function that there is, once, also of one further in */
    p.a = wrap(wrap(p.a, &closes, &seen), &nothing, &outer);
    gonet_conn_free(p.a);
    p.a = NULL;
    assert_int_equal(seen.closes, 1);
    assert_int_equal(seen.destroyed + outer.destroyed, 2);
    pair_close(&p);

    pair_open(&p);
    p.a = wrap(wrap(p.a, &closes, &seen), &nothing, &outer);
    assert_int_equal(gonet_conn_close(p.a, NULL), 0);
    assert_int_equal(seen.closes, 1);
    gonet_conn_free(p.a);
    p.a = NULL;
    assert_int_equal(seen.closes, 1);
    pair_close(&p);
}

static void test_without_inner_or_memory(void **state)
{
    seen_t seen = {.inner = NULL};
    pair_t p;
    char byte;

    (void)state;
    assert_null(gonet_conn_wrap(NULL, &nothing, &seen));
    assert_int_equal(seen.destroyed, 1);
    pair_open(&p);
    gonet__alloc_fail_at(1, 0);
    assert_null(gonet_conn_wrap(p.a, &nothing, &seen));
    gonet__alloc_fail_at(0, 0);
    assert_int_equal(seen.destroyed, 2);
    p.a = NULL;
    assert_int_equal(gonet_conn_read(p.b, &byte, 1, NULL), 0); /* it was released */
    pair_close(&p);
}

/* ---- a vectored write of a program's own connection ---- */

typedef struct {
    size_t take; /* of what it is given */
    int calls;
    char got[32];
    size_t n;
} sink_t;

static int sink_write_buffers(void *self, const struct iovec *v, size_t count, size_t *n,
                              gonet_error_t **err)
{
    sink_t *s = self;

    s->calls++;
    for (size_t i = 0; i < count; i++) {
        size_t len = v[i].iov_len < s->take - *n ? v[i].iov_len : s->take - *n;

        memcpy(s->got + s->n, v[i].iov_base, len);
        s->n += len;
        *n += len;
    }
    if (s->take >= 9)
        return 0;
    gonet_error_set(err, gonet_error_new("enough"));
    return -1;
}

static int sink_lies(void *self, const struct iovec *v, size_t count, size_t *n,
                     gonet_error_t **err)
{
    (void)v, (void)count, (void)err;
    *n = ((sink_t *)self)->take;
    return 0;
}

static const gonet_conn_vtable_t sinks = {.size = sizeof(sinks),
                                          .write_buffers = sink_write_buffers};
static const gonet_conn_vtable_t liars = {.size = sizeof(liars), .write_buffers = sink_lies};

static int64_t send_three(const gonet_conn_vtable_t *table, sink_t *s, gonet_buffers_t *left,
                          struct iovec *v, gonet_error_t **err)
{
    static char text[3][4] = {"one", "two", "six"};
    gonet_conn_t *c = gonet_conn_new(table, s);
    int64_t n;

    for (int i = 0; i < 3; i++)
        v[i] = (struct iovec){.iov_base = text[i], .iov_len = 3};
    *left = (gonet_buffers_t){v, 3};
    n = gonet_buffers_write_to(left, gonet_conn_as_writer(c), err);
    gonet_conn_free(c);
    return n;
}

static void test_write_buffers(void **state)
{
    gonet_error_t *err = NULL;
    gonet_buffers_t left;
    struct iovec v[3];
    sink_t s = {.take = 9};

    (void)state;
    assert_int_equal(send_three(&sinks, &s, &left, v, &err), 9);
    assert_int_equal(s.calls, 1);
    assert_memory_equal(s.got, "onetwosix", 9);
    assert_int_equal(left.n, 0);
    s = (sink_t){.take = 4};
    assert_int_equal(send_three(&sinks, &s, &left, v, &err), -1);
    assert_string_equal(gonet_error_string(err), "enough");
    assert_int_equal(left.n, 2);
    assert_memory_equal(left.v->iov_base, "wo", 2);
    s = (sink_t){.take = 8};
    assert_int_equal(send_three(&liars, &s, &left, v, &err), -1);
    assert_ptr_equal(err, gonet_err_short_write);
    s = (sink_t){.take = 10};
    assert_int_equal(send_three(&liars, &s, &left, v, &err), -1);
    assert_string_equal(gonet_error_string(err), "invalid write result");
    gonet_error_free(err);
}

/* What the caller shows stays as it is, on each kind of connection, for few pieces and many. */
static void test_write_buffers_of_all_kinds(void **state)
{
    static char bytes[100];
    struct iovec v[100];
    gonet_conn_t *a, *b;
    seen_t seen;
    size_t n;

    (void)state;
    for (int i = 0; i < 100; i++)
        v[i] = (struct iovec){.iov_base = &bytes[i], .iov_len = 1};
    for (int count = 3; count <= 100; count += 97) {
        gonet_error_t *err = NULL;
        char in[100];

        assert_true(net_pair("tcp", &a, &b));
        a = wrap(a, count == 3 ? &buffers : &nothing, &seen);
        memset(bytes, 'x', sizeof(bytes));
        assert_int_equal(gonet_conn_write_buffers(a, v, (size_t)count, &n, &err), 0);
        assert_int_equal(n, count);
        assert_int_equal(gonet_read_full(gonet_conn_as_reader(b), in, (size_t)count, NULL, &err),
                         0);
        for (int i = 0; i < 100; i++)
            assert_true(v[i].iov_base == &bytes[i] && v[i].iov_len == 1);
        assert_int_equal(gonet_conn_close(a, NULL), 0);
        assert_int_equal(gonet_conn_write_buffers(a, v, 3, &n, &err), -1);
        assert_true(gonet_error_is(err, gonet_err_closed));
        assert_int_equal(n, 0);
        gonet_conn_free(a);
        gonet_conn_free(b);
        assert_int_equal(gonet_conn_write_buffers(NULL, v, 3, &n, &err), -1);
        assert_true(gonet_error_is_errno(err, EINVAL));
        gonet_error_free(err);
    }
    assert_int_equal(gonet_pipe(&a, &b), 0);
    assert_int_equal(gonet_conn_write_buffers(a, v, 0, &n, NULL), 0);
    gonet_conn_close(b, NULL);
    assert_int_equal(gonet_conn_write_buffers(a, v, 3, &n, NULL), -1);
    gonet_conn_free(a);
    gonet_conn_free(b);
}

/* ---- listeners and packet connections ---- */

typedef struct {
    gonet_listener_t *inner;
    seen_t *seen;
    int accepts, destroyed;
} doorman_t;

static gonet_conn_t *doorman_accept(void *self, gonet_error_t **err)
{
    doorman_t *d = self;
    gonet_conn_t *c = gonet_listener_accept(d->inner, err);

    d->accepts++;
    d->seen->inner = c;
    return gonet_conn_wrap(c, &reads, d->seen); /* NULL, with *err, if c is */
}

static void doorman_destroy(void *self)
{
    ((doorman_t *)self)->destroyed++;
}

static const gonet_listener_vtable_t doormen = {
    .size = sizeof(doormen), .accept = doorman_accept, .destroy = doorman_destroy};

static void test_listener(void **state)
{
    gonet_error_t *err = NULL;
    seen_t seen = {.inner = NULL};
    doorman_t d = {.seen = &seen};
    gonet_raw_conn_t *raw;
    gonet_conn_t *a, *b;
    gonet_listener_t *l;
    int fd;

    (void)state;
    d.inner = net_listen("tcp");
    l = gonet_listener_wrap(d.inner, &doormen, &d);
    assert_ptr_equal(gonet_listener_self(l, &doormen), &d);
    a = net_dial("tcp", l); /* by the inner one's address */
    b = gonet_listener_accept(l, &err);
    assert_non_null(b);
    passes(a, b);
    assert_true(seen.reads >= 2);
    assert_int_equal(d.accepts, 1);
    fd = gonet_listener_file(l, &err);
    assert_true(fd >= 0);
    close(fd);
    raw = gonet_listener_syscall_conn(l, &err);
    assert_non_null(raw);
    gonet_raw_conn_free(raw);
    assert_int_equal(gonet_listener_set_deadline(l, gonet_now(), &err), 0);
    assert_null(gonet_listener_accept(l, &err));
    assert_true(gonet_error_is(err, gonet_err_deadline_exceeded));
    assert_int_equal(gonet_listener_close(l, &err), 0);
    assert_int_equal(gonet_listener_close(l, &err), -1);
    assert_true(gonet_error_is(err, gonet_err_closed));
    gonet_error_free(err);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
    assert_int_equal(d.destroyed, 1);
    assert_null(gonet_listener_wrap(NULL, &doormen, &d));
    assert_int_equal(d.destroyed, 2);
}

typedef struct {
    gonet_packet_conn_t *inner;
    int sent, destroyed;
} counter_t;

static ssize_t counter_write_to(void *self, const void *p, size_t len, const gonet_addr_t *addr,
                                gonet_error_t **err)
{
    counter_t *c = self;

    c->sent++;
    return gonet_packet_conn_write_to(c->inner, p, len, addr, err);
}

static void counter_destroy(void *self)
{
    ((counter_t *)self)->destroyed++;
}

static const gonet_packet_conn_vtable_t counters = {
    .size = sizeof(counters), .write_to = counter_write_to, .destroy = counter_destroy};

static void test_packet_conn(void **state)
{
    gonet_error_t *err = NULL;
    counter_t counter = {.sent = 0};
    gonet_packet_conn_t *p;
    gonet_raw_conn_t *raw;
    gonet_addr_t from;
    char byte = 0;
    int fd;

    (void)state;
    counter.inner = gonet_listen_packet("udp", "127.0.0.1:0", &err);
    assert_non_null(counter.inner);
    p = gonet_packet_conn_wrap(counter.inner, &counters, &counter);
    assert_ptr_equal(gonet_packet_conn_self(p, &counters), &counter);
    assert_int_equal(gonet_packet_conn_write_to(p, "x", 1, gonet_packet_conn_local_addr(p), &err),
                     1);
    assert_int_equal(counter.sent, 1);
    assert_int_equal(gonet_packet_conn_read_from(p, &byte, 1, &from, &err), 1);
    assert_int_equal(byte, 'x');
    assert_int_equal(gonet_packet_conn_set_deadline(p, gonet_no_deadline, &err), 0);
    assert_int_equal(gonet_packet_conn_set_write_deadline(p, gonet_no_deadline, &err), 0);
    assert_int_equal(gonet_packet_conn_set_read_deadline(p, gonet_now(), &err), 0);
    assert_int_equal(gonet_packet_conn_read_from(p, &byte, 1, NULL, &err), -1);
    assert_true(gonet_error_is(err, gonet_err_deadline_exceeded));
    fd = gonet_packet_conn_file(p, &err);
    assert_true(fd >= 0);
    close(fd);
    raw = gonet_packet_conn_syscall_conn(p, &err);
    assert_non_null(raw);
    gonet_raw_conn_free(raw);
    assert_non_null(gonet_packet_conn_as_conn(p));
    assert_null(gonet_packet_conn_as_udp(p));
    gonet_packet_conn_ref(counter.inner);
    gonet_packet_conn_free(p);
    assert_int_equal(counter.destroyed, 1);
    assert_int_equal(gonet_packet_conn_close(counter.inner, &err), -1); /* it was closed with p */
    gonet_packet_conn_free(counter.inner);
    gonet_error_free(err);
    assert_null(gonet_packet_conn_wrap(NULL, &counters, &counter));
    assert_int_equal(counter.destroyed, 2);
}

/* A connection that carries datagrams still says so. */
static void test_datagrams(void **state)
{
    gonet_conn_t *c = gonet_dial("udp", "127.0.0.1:9", NULL);
    seen_t seen;

    (void)state;
    assert_non_null(c);
    c = wrap(c, &reads, &seen);
    assert_non_null(gonet_conn_as_packet_conn(c));
    gonet_conn_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_all_is_the_inner_ones),
        LEAK_TEST(test_what_there_is_is_not_passed_by),
        LEAK_TEST(test_copies),
        LEAK_TEST(test_read_from_and_write_to),
        LEAK_TEST(test_who_closes),
        LEAK_TEST(test_without_inner_or_memory),
        LEAK_TEST(test_write_buffers),
        LEAK_TEST(test_write_buffers_of_all_kinds),
        LEAK_TEST(test_listener),
        LEAK_TEST(test_packet_conn),
        LEAK_TEST(test_datagrams),
    };

    return cmocka_run_group_tests_name("wrap", tests, NULL, NULL);
}
