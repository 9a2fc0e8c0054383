/*
 * The buffered writer: when it writes below, what it does with failures, and copies into it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet/dial.h"
#include "gonet/io.h"
#include "support/leak.h"
#include "support/net.h"

/* Keeps what is written to it, and notes the pieces. */
typedef struct {
    char text[65536];
    size_t len, room; /* room: how much more it takes before it fails */
    int writes;
    size_t last; /* piece */
} sink_t;

static int sink_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    sink_t *s = self;

    s->writes++;
    s->last = len;
    *n = len < s->room ? len : s->room;
    memcpy(s->text + s->len, p, *n);
    s->len += *n;
    s->room -= *n;
    if (*n == len)
        return 0;
    gonet_error_set(err, gonet_error_new("full"));
    return -1;
}

static const gonet_writer_vtable_t sinks = {.size = sizeof(sinks), .write = sink_write};

typedef struct {
    sink_t sink;
    gonet_writer_t *below;
    gonet_bufwriter_t *w;
} fixture_t;

static void open_writer(fixture_t *f, size_t size)
{
    memset(&f->sink, 0, sizeof(f->sink));
    f->sink.room = sizeof(f->sink.text);
    f->below = gonet_writer_new(&sinks, &f->sink);
    f->w = gonet_bufwriter_new(f->below, size);
    assert_non_null(f->w);
}

static void close_writer(fixture_t *f)
{
    gonet_bufwriter_free(f->w);
    gonet_writer_free(f->below);
}

static void test_ten_printfs_are_one_write(void **state)
{
    gonet_error_t *err = NULL;
    fixture_t f;

    (void)state;
    open_writer(&f, 0);
    assert_int_equal(gonet_bufwriter_available(f.w), 4096);
    for (int i = 0; i < 10; i++)
        assert_int_equal(gonet_bufwriter_printf(f.w, &err, "line %d\n", i), 7);
    assert_int_equal(f.sink.writes, 0);
    assert_int_equal(gonet_bufwriter_buffered(f.w), 70);
    assert_int_equal(gonet_bufwriter_available(f.w), 4026);
    assert_int_equal(gonet_bufwriter_flush(f.w, &err), 0);
    assert_int_equal(gonet_bufwriter_flush(f.w, &err), 0);
    assert_int_equal(f.sink.writes, 1);
    assert_int_equal(f.sink.len, 70);
    assert_memory_equal(f.sink.text, "line 0\nline 1\n", 14);
    assert_int_equal(gonet_write_string(gonet_bufwriter_as_writer(f.w), "dropped", &err), 7);
    close_writer(&f);
    assert_int_equal(f.sink.len, 70);
    assert_null(err);
}

/* Pieces of all sizes around the buffer's come out in order, in few writes. */
static void test_sizes(void **state)
{
    gonet_error_t *err = NULL;
    char piece[64];
    fixture_t f;

    (void)state;
    for (size_t i = 0; i < sizeof(piece); i++)
        piece[i] = (char)('!' + i);
    for (size_t size = 1; size <= 33; size++) {
        size_t want = 0;

        open_writer(&f, size);
        for (size_t len = 0; len <= sizeof(piece); len++) {
            assert_int_equal(gonet_bufwriter_write(f.w, piece, len, &err), len);
            want += len;
            assert_int_equal(f.sink.len + gonet_bufwriter_buffered(f.w), want);
        }
        assert_int_equal(gonet_bufwriter_flush(f.w, &err), 0);
        assert_int_equal(f.sink.len, want);
        for (size_t len = 0, at = 0; len <= sizeof(piece); at += len, len++)
            assert_memory_equal(f.sink.text + at, piece, len);
        close_writer(&f);
    }
    open_writer(&f, 10);
    assert_int_equal(gonet_bufwriter_write(f.w, piece, 10, &err), 10);
    assert_int_equal(f.sink.writes, 0); /* just full */
    assert_int_equal(gonet_bufwriter_write(f.w, piece, 1, &err), 1);
    assert_int_equal(f.sink.last, 10);
    assert_int_equal(gonet_bufwriter_write(f.w, piece, 60, &err), 60);
    assert_int_equal(f.sink.writes, 3); /* filled up, and the rest past the buffer */
    assert_int_equal(f.sink.last, 51);
    close_writer(&f);
}

static void test_failures_stay(void **state)
{
    gonet_error_t *err = NULL;
    fixture_t f;
    size_t n;

    (void)state;
    open_writer(&f, 8);
    f.sink.room = 5;
    assert_int_equal(gonet_bufwriter_write(f.w, "abcdefg", 7, &err), 7);
    assert_int_equal(gonet_bufwriter_flush(f.w, &err), -1);
    assert_string_equal(gonet_error_string(err), "full");
    assert_int_equal(gonet_bufwriter_buffered(f.w), 2);
    assert_int_equal(gonet_bufwriter_write(f.w, "h", 1, &err), -1);
    assert_string_equal(gonet_error_string(err), "full");
    assert_int_equal(gonet_bufwriter_printf(f.w, &err, "%d", 1), -1);
    assert_int_equal(gonet_writer_write_count(gonet_bufwriter_as_writer(f.w), "x", 1, &n, &err),
                     -1);
    assert_int_equal(n, 0);
    assert_int_equal(gonet_bufwriter_flush(f.w, NULL), -1);
    assert_int_equal(f.sink.writes, 1);
    f.sink.room = 100;
    gonet_bufwriter_reset(f.w, f.below);
    assert_int_equal(gonet_bufwriter_buffered(f.w), 0);
    assert_int_equal(gonet_bufwriter_write(f.w, "new", 3, &err), 3);
    assert_null(err);
    assert_int_equal(gonet_bufwriter_flush(f.w, &err), 0);
    assert_memory_equal(f.sink.text, "abcdenew", 8);
    gonet_bufwriter_reset(f.w, NULL);
    assert_int_equal(gonet_bufwriter_write(f.w, "x", 1, &err), 1);
    assert_int_equal(gonet_bufwriter_flush(f.w, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    close_writer(&f);
    gonet_error_free(err);
}

static void test_null_and_no_memory(void **state)
{
    gonet_error_t *err = NULL;
    fixture_t f;

    (void)state;
    assert_int_equal(gonet_bufwriter_write(NULL, "x", 1, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_int_equal(gonet_bufwriter_flush(NULL, &err), -1);
    assert_int_equal(gonet_bufwriter_printf(NULL, &err, "x"), -1);
    assert_int_equal(gonet_bufwriter_buffered(NULL), 0);
    assert_int_equal(gonet_bufwriter_available(NULL), 0);
    gonet_bufwriter_reset(NULL, NULL);
    gonet_bufwriter_free(NULL);
    open_writer(&f, 0);
    for (int n = 1; n <= 2; n++) {
        gonet__alloc_fail_at(n, 0);
        assert_null(gonet_bufwriter_new(f.below, 0));
        gonet__alloc_fail_at(0, 0);
    }
    close_writer(&f);
    gonet_error_free(err);
}

/* ---- copies into it ---- */

typedef struct {
    size_t left, piece;
    gonet_error_t *last;
    int empty; /* reads of nothing that come first */
} source_t;

static ssize_t source_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    source_t *s = self;
    size_t n = s->left < s->piece ? s->left : s->piece;

    if (s->empty > 0)
        return s->empty--, 0;
    if (n == 0) {
        gonet_error_set(err, s->last);
        return s->last == gonet_eof ? 0 : -1;
    }
    n = n < len ? n : len;
    memset(p, 's', n);
    s->left -= n;
    return (ssize_t)n;
}

static const gonet_reader_vtable_t sources = {.size = sizeof(sources), .read = source_read};

static int copy_from(fixture_t *f, source_t s, int64_t *n, gonet_error_t **err)
{
    gonet_reader_t *r = gonet_reader_new(&sources, &s);
    int result = gonet_copy_count(gonet_bufwriter_as_writer(f->w), r, n, err);

    gonet_reader_free(r);
    return result;
}

static void test_copy(void **state)
{
    gonet_error_t *err = NULL;
    fixture_t f;
    int64_t n;

    (void)state;
    open_writer(&f, 10);
    assert_int_equal(gonet_bufwriter_write(f.w, "abc", 3, &err), 3);
    assert_int_equal(copy_from(&f, (source_t){22, 4, gonet_eof, 99}, &n, &err), 0);
    assert_int_equal(n, 22);
    assert_int_equal(f.sink.writes, 2);
    assert_int_equal(gonet_bufwriter_buffered(f.w), 5);
    assert_int_equal(copy_from(&f, (source_t){5, 5, gonet_eof, 0}, &n, &err), 0);
    assert_int_equal(f.sink.len, 30); /* just full: written at once */
    assert_int_equal(copy_from(&f, (source_t){7, 4, gonet_err_closed, 0}, &n, &err), -1);
    assert_int_equal(n, 7);
    assert_ptr_equal(err, gonet_err_closed);
    assert_int_equal(copy_from(&f, (source_t){7, 4, gonet_eof, 1000}, &n, &err), -1);
    assert_string_equal(gonet_error_string(err), "multiple Read calls return no data or error");
    assert_int_equal(gonet_bufwriter_flush(f.w, &err), 0); /* the reader's failures are its own */
    f.sink.room = 5;
    assert_int_equal(copy_from(&f, (source_t){22, 4, gonet_eof, 0}, &n, &err), -1);
    assert_string_equal(gonet_error_string(err), "full");
    close_writer(&f);
    gonet_error_free(err);
}

/* Into an empty buffer above a connection the file goes by itself. */
static void test_copy_past_the_buffer(void **state)
{
    gonet_error_t *err = NULL;
    char name[] = "/tmp/gonet-bufwriter-XXXXXX", in[8] = "";
    int fd = mkstemp(name);
    gonet_file_reader_t *file;
    gonet_bufwriter_t *w;
    gonet_conn_t *a, *b;

    (void)state;
    assert_true(fd >= 0 && unlink(name) == 0);
    assert_int_equal(write(fd, "content", 7), 7);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    file = gonet_file_reader_new(fd, &err);
    assert_true(net_pair("tcp", &a, &b));
    w = gonet_bufwriter_new(gonet_conn_as_writer(a), 0);
    assert_int_equal(
        gonet_copy(gonet_bufwriter_as_writer(w), gonet_file_reader_as_reader(file), &err), 7);
    assert_int_equal(gonet_bufwriter_buffered(w), 0);
    assert_int_equal(gonet_read_full(gonet_conn_as_reader(b), in, 7, NULL, &err), 0);
    assert_string_equal(in, "content");
    gonet_conn_close(a, NULL);
    assert_int_equal(gonet_copy(gonet_bufwriter_as_writer(w), gonet_conn_as_reader(b), &err),
                     0); /* the end */
    gonet_bufwriter_free(w);
    gonet_file_reader_free(file);
    gonet_conn_free(a);
    gonet_conn_free(b);
    close(fd);
    gonet_error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_ten_printfs_are_one_write),
        LEAK_TEST(test_sizes),
        LEAK_TEST(test_failures_stay),
        LEAK_TEST(test_null_and_no_memory),
        LEAK_TEST(test_copy),
        LEAK_TEST(test_copy_past_the_buffer),
    };

    return cmocka_run_group_tests_name("bufwriter", tests, NULL, NULL);
}
