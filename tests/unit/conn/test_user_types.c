/*
 * What a program's own connections, listeners, readers and writers may offer beyond the least:
 * slots that copy, a listener's optional ones, owners, and gathering writes to a writer that is no
 * socket.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "gonet/buffers.h"
#include "gonet/conn.h"
#include "gonet/io.h"
#include "gonet/rawconn.h"
#include "gonet/stream.h"
#include "support/check.h"
#include "support/leak.h"

typedef struct {
    char text[64]; /* what was written */
    size_t len, room;
    const char *left; /* to read */
    bool offers;      /* its copying slots succeed */
    bool tells_too_little;
    int copies, destroyed, deadlines;
} thing_t;

static ssize_t thing_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    thing_t *t = self;
    size_t n = strlen(t->left);

    if (n == 0) {
        gonet_error_set(err, gonet_eof);
        return 0;
    }
    n = n < len ? n : len;
    memcpy(p, t->left, n);
    t->left += n;
    return (ssize_t)n;
}

static int thing_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    thing_t *t = self;

    if (t->tells_too_little) {
        *n = len - 1;
        return 0;
    }
    *n = len < t->room ? len : t->room;
    if (*n > 0)
        memcpy(t->text + t->len, p, *n);
    t->len += *n;
    t->room -= *n;
    if (*n == len)
        return 0;
    gonet_error_set(err, gonet_error_new("no room"));
    return -1;
}

/* One of the two copies: so many bytes if the thing offers it, else why not. */
static int64_t copied(thing_t *t, int64_t n, const char *why, gonet_error_t **err)
{
    t->copies++;
    if (t->offers)
        return n;
    gonet_error_set(err, gonet_error_new(why));
    return -1;
}

static int64_t thing_read_from(void *self, gonet_reader_t *r, gonet_error_t **err)
{
    (void)r;
    return copied(self, 77, "can't take", err);
}

static int64_t thing_write_to(void *self, gonet_writer_t *w, gonet_error_t **err)
{
    (void)w;
    return copied(self, 88, "can't give", err);
}

static int thing_close(void *self, gonet_error_t **err)
{
    (void)self;
    (void)err;
    return 0;
}

static void thing_destroy(void *self)
{
    thing_t *t = self;

    t->destroyed++;
}

static const gonet_conn_vtable_t copying_conn = {.size = sizeof(copying_conn),
                                                 .read = thing_read,
                                                 .write = thing_write,
                                                 .close = thing_close,
                                                 .destroy = thing_destroy,
                                                 .read_from = thing_read_from,
                                                 .write_to = thing_write_to};
static const gonet_reader_vtable_t plain_reader = {
    .size = sizeof(plain_reader), .read = thing_read, .destroy = thing_destroy};
static const gonet_writer_vtable_t plain_writer = {
    .size = sizeof(plain_writer), .write = thing_write, .destroy = thing_destroy};
static const gonet_writer_vtable_t copying_writer = {.size = sizeof(copying_writer),
                                                     .write = thing_write,
                                                     .destroy = thing_destroy,
                                                     .read_from = thing_read_from};

static void test_conn_copies_itself(void **state)
{
    thing_t t = {.left = "text", .room = 64, .offers = true}, in = {.left = "in"};
    thing_t out = {.room = 64};
    gonet_conn_t *c = gonet_conn_new(&copying_conn, &t);
    gonet_reader_t *r = gonet_reader_new(&plain_reader, &in);
    gonet_writer_t *w = gonet_writer_new(&plain_writer, &out);
    GONET_AUTO(gonet_error_t) err = NULL;
    int64_t n = 0;

    (void)state;
    assert_int_equal(gonet_conn_read_from(c, r, &err), 77);
    assert_int_equal(gonet_conn_write_to(c, w, &err), 88);
    assert_int_equal(gonet_copy(w, gonet_conn_as_reader(c), &err), 88);
    assert_int_equal(gonet_copy(gonet_conn_as_writer(c), r, &err), 77);
    assert_null(err);
    assert_int_equal(t.copies, 4);
    t.offers = false;
    assert_int_equal(gonet_conn_read_from(c, r, &err), -1);
    assert_string_equal(gonet_error_string(err), "can't take");
    assert_int_equal(gonet_copy_count(w, gonet_conn_as_reader(c), &n, &err), -1);
    assert_string_equal(gonet_error_string(err), "can't give");
    assert_int_equal(n, 0);
    gonet_conn_free(c);
    gonet_reader_free(r);
    gonet_writer_free(w);
    assert_int_equal(t.destroyed, 1);
}

static void test_writer_copies_itself(void **state)
{
    thing_t in = {.left = "in"}, out = {.offers = true};
    gonet_reader_t *r = gonet_reader_new(&plain_reader, &in);
    gonet_writer_t *w = gonet_writer_new(&copying_writer, &out);

    (void)state;
    assert_int_equal(gonet_copy(w, r, NULL), 77);
    gonet_reader_free(r);
    gonet_writer_free(w);
}

/* A write that takes less than all without an error is one (io.ErrShortWrite). */
static void test_short_write(void **state)
{
    thing_t in = {.left = "in"}, out = {.tells_too_little = true};
    gonet_reader_t *r = gonet_reader_new(&plain_reader, &in);
    gonet_writer_t *w = gonet_writer_new(&plain_writer, &out);
    GONET_AUTO(gonet_error_t) err = NULL;
    int64_t n = 0;

    (void)state;
    assert_int_equal(gonet_copy_count(w, r, &n, &err), -1);
    assert_ptr_equal(err, gonet_err_short_write);
    assert_int_equal(n, 1);
    gonet_reader_free(r);
    gonet_writer_free(w);
}

static void test_owners(void **state)
{
    thing_t in = {.left = ""}, out = {.room = 1};
    gonet_reader_t *r = gonet_reader_new(&plain_reader, &in);
    gonet_writer_t *w = gonet_writer_new(&plain_writer, &out);

    (void)state;
    assert_ptr_equal(gonet_reader_ref(r), r);
    assert_ptr_equal(gonet_writer_ref(w), w);
    gonet_reader_free(r);
    gonet_writer_free(w);
    assert_int_equal(in.destroyed + out.destroyed, 0);
    gonet_reader_free(r);
    gonet_writer_free(w);
    assert_int_equal(in.destroyed, 1);
    assert_int_equal(out.destroyed, 1);
}

/* The pieces go one by one; what was not written stays, the piece that was cut, too. */
static void test_buffers_to_a_writer(void **state)
{
    struct iovec v[] = {{(char[]){"one"}, 3}, {NULL, 0}, {(char[]){"three"}, 5}};
    gonet_buffers_t b = {v, 3};
    thing_t out = {.room = 5};
    gonet_writer_t *w = gonet_writer_new(&plain_writer, &out);
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)state;
    assert_int_equal(gonet_buffers_write_to(&b, w, &err), -1);
    assert_string_equal(gonet_error_string(err), "no room");
    assert_memory_equal(out.text, "oneth", 5);
    assert_int_equal(b.n, 1);
    assert_int_equal(b.v[0].iov_len, 3);
    out.room = 59;
    assert_int_equal(gonet_buffers_write_to(&b, w, &err), 3);
    assert_null(err);
    assert_memory_equal(out.text, "onethree", 8);
    assert_int_equal(b.n, 0);
    assert_int_equal(gonet_buffers_write_to(&b, NULL, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    gonet_writer_free(w);
}

static gonet_conn_t *no_accept(void *self, gonet_error_t **err)
{
    (void)self;
    gonet_error_set(err, gonet_error_new("nobody comes"));
    return NULL;
}

static int note_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    thing_t *thing = self;

    (void)t;
    (void)err;
    thing->deadlines++;
    return 0;
}

static void test_listener(void **state)
{
    static const gonet_listener_vtable_t full = {.size = sizeof(full),
                                                 .accept = no_accept,
                                                 .close = thing_close,
                                                 .destroy = thing_destroy,
                                                 .set_deadline = note_deadline};
    static const gonet_listener_vtable_t least = {
        .size = sizeof(least), .accept = no_accept, .destroy = thing_destroy};
    thing_t t = {.left = ""}, u = {.left = ""};
    gonet_listener_t *l = gonet_listener_new(&full, &t), *m = gonet_listener_new(&least, &u);
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)state;
    assert_ptr_equal(gonet_listener_self(l, &full), &t);
    assert_null(gonet_listener_self(l, &least));
    assert_ptr_equal(gonet_listener_ref(l), l);
    gonet_listener_free(l);
    assert_int_equal(t.destroyed, 0);
    assert_null(gonet_listener_accept(l, &err));
    assert_string_equal(gonet_error_string(err), "nobody comes");
    assert_int_equal(gonet_listener_set_deadline(l, gonet_no_deadline, &err), 0);
    assert_int_equal(t.deadlines, 1);
    assert_int_equal(gonet_listener_set_deadline(m, gonet_no_deadline, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_int_equal(gonet_listener_file(m, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_null(gonet_listener_syscall_conn(m, &err));
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_int_equal(gonet_listener_close(m, &err), -1);
    assert_null(gonet_listener_addr(m));
    gonet_listener_free(l);
    gonet_listener_free(m);
    assert_int_equal(t.destroyed + u.destroyed, 2);
}

static void test_nothing(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t n;

    (void)state;
    assert_int_equal(gonet_reader_read(NULL, NULL, 0, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_int_equal(gonet_writer_write_count(NULL, "", 0, &n, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_int_equal(gonet_packet_conn_close(NULL, &err), -1);
    assert_int_equal(gonet_packet_conn_set_deadline(NULL, gonet_no_deadline, &err), -1);
    assert_null(gonet_packet_conn_syscall_conn(NULL, &err));
    assert_int_equal(gonet_raw_conn_control(NULL, NULL, NULL, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_null(gonet_listener_ref(NULL));
    assert_null(gonet_reader_ref(NULL));
    assert_null(gonet_writer_ref(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_conn_copies_itself),
        LEAK_TEST(test_writer_copies_itself),
        LEAK_TEST(test_short_write),
        LEAK_TEST(test_owners),
        LEAK_TEST(test_buffers_to_a_writer),
        LEAK_TEST(test_listener),
        LEAK_TEST(test_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
