/*
 * The buffered reader, the limited reader, files as readers and writers, formatted writing.
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
#include "gonet/io.h"
#include "gonet/task.h"
#include "support/actor.h"
#include "support/leak.h"

/* Delivers a text in pieces of a few bytes, then an error. */
typedef struct {
    const char *text;
    size_t piece;
    gonet_error_t *last; /* gonet_eof, or another static error */
    int reads;
} source_t;

static ssize_t source_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    source_t *s = self;
    size_t n = strlen(s->text);

    s->reads++;
    if (n > s->piece)
        n = s->piece;
    if (n > len)
        n = len;
    if (n == 0) {
        gonet_error_set(err, s->last);
        return s->last == gonet_eof ? 0 : -1;
    }
    memcpy(p, s->text, n);
    s->text += n;
    return (ssize_t)n;
}

static const gonet_reader_vtable_t source_vtable = {.size = sizeof(source_vtable),
                                                    .read = source_read};

typedef struct {
    source_t source;
    gonet_reader_t *below;
    gonet_bufreader_t *r;
} fixture_t;

static void open_reader(fixture_t *f, const char *text, size_t piece, size_t size)
{
    f->source = (source_t){.text = text, .piece = piece, .last = gonet_eof};
    f->below = gonet_reader_new(&source_vtable, &f->source);
    f->r = gonet_bufreader_new(f->below, size);
    assert_non_null(f->r);
}

static void close_reader(fixture_t *f)
{
    gonet_bufreader_free(f->r);
    gonet_reader_free(f->below);
}

static void expect_line(gonet_bufreader_t *r, const char *want)
{
    gonet_error_t *err = NULL;
    size_t len = 99;
    char *line = gonet_bufreader_read_line(r, &len, &err);

    assert_null(err);
    assert_string_equal(line, want);
    assert_int_equal(len, strlen(want));
    gonet_free(line);
}

static void test_lines(void **state)
{
    gonet_error_t *err = NULL;
    fixture_t f;
    size_t len = 99;

    (void)state;
    for (size_t piece = 1; piece < 20; piece++) {
        open_reader(&f, "one\r\ntwo\n\n\r\na line longer than the buffer\nlast", piece, 16);
        expect_line(f.r, "one");
        expect_line(f.r, "two");
        expect_line(f.r, "");
        expect_line(f.r, "");
        expect_line(f.r, "a line longer than the buffer");
        expect_line(f.r, "last");
        assert_null(gonet_bufreader_read_line(f.r, &len, &err));
        assert_ptr_equal(err, gonet_eof);
        assert_int_equal(len, 0);
        close_reader(&f);
    }
}

static void test_read_string(void **state)
{
    gonet_error_t *err = NULL;
    char buf[16];
    fixture_t f;
    size_t len;
    char *s;

    (void)state;
    open_reader(&f, "key=value;rest", 3, 0);
    s = gonet_bufreader_read_string(f.r, '=', &len, &err);
    assert_string_equal(s, "key=");
    assert_int_equal(len, 4);
    gonet_free(s);
    s = gonet_bufreader_read_string(f.r, ';', NULL, &err);
    assert_string_equal(s, "value;");
    gonet_free(s);
    assert_null(gonet_bufreader_read_string(f.r, ';', &len, &err));
    assert_ptr_equal(err, gonet_eof);
    assert_int_equal(gonet_bufreader_read(f.r, buf, sizeof(buf), &err), 4);
    assert_memory_equal(buf, "rest", 4);
    assert_int_equal(gonet_bufreader_read(f.r, buf, sizeof(buf), &err), 0);
    assert_ptr_equal(err, gonet_eof);
    close_reader(&f);
}

static void test_error_comes_after_the_bytes(void **state)
{
    gonet_error_t *err = NULL;
    char buf[16];
    fixture_t f;

    (void)state;
    open_reader(&f, "abc", 16, 0);
    f.source.last = gonet_err_closed;
    assert_null(gonet_bufreader_peek(f.r, 5, &err));
    assert_ptr_equal(err, gonet_err_closed);
    assert_int_equal(gonet_bufreader_buffered(f.r), 3);
    assert_int_equal(gonet_bufreader_read(f.r, buf, sizeof(buf), &err), 3);
    assert_null(err);
    assert_int_equal(gonet_bufreader_read(f.r, buf, sizeof(buf), &err), -1);
    assert_ptr_equal(err, gonet_err_closed);
    close_reader(&f);
}

static void test_peek_and_bytes(void **state)
{
    gonet_error_t *err = NULL;
    fixture_t f;

    (void)state;
    open_reader(&f, "0123456789abcdefghij", 7, 16);
    assert_memory_equal(gonet_bufreader_peek(f.r, 2, &err), "01", 2);
    assert_int_equal(gonet_bufreader_read_byte(f.r, &err), '0');
    for (int i = 0; i < 9; i++)
        assert_true(gonet_bufreader_read_byte(f.r, &err) > 0);
    assert_memory_equal(gonet_bufreader_peek(f.r, 10, &err), "abcdefghij", 10);
    assert_null(gonet_bufreader_peek(f.r, 17, &err));
    assert_ptr_equal(err, gonet_err_short_buffer);
    for (int i = 0; i < 10; i++)
        assert_true(gonet_bufreader_read_byte(f.r, &err) > 0);
    assert_int_equal(gonet_bufreader_read_byte(f.r, &err), -1);
    assert_ptr_equal(err, gonet_eof);
    close_reader(&f);
}

static void test_large_reads_go_past_the_buffer(void **state)
{
    gonet_error_t *err = NULL;
    char buf[64];
    fixture_t f;

    (void)state;
    open_reader(&f, "0123456789abcdefghij", 64, 16);
    assert_int_equal(gonet_bufreader_read(f.r, buf, sizeof(buf), &err), 20);
    assert_int_equal(f.source.reads, 1);
    assert_int_equal(gonet_reader_read(gonet_bufreader_as_reader(f.r), buf, 1, &err), 0);
    assert_ptr_equal(err, gonet_eof);
    close_reader(&f);
}

static void test_no_memory_loses_nothing(void **state)
{
    static const char text[] = "a line that is much longer than sixteen bytes\n";
    gonet_error_t *err = NULL;
    fixture_t f;

    (void)state;
    open_reader(&f, text, 5, 16);
    for (long n = 1; n < 3; n++) {
        gonet__alloc_fail_at(n, 1);
        assert_null(gonet_bufreader_read_line(f.r, NULL, &err));
        assert_ptr_equal(err, gonet_err_no_memory);
    }
    gonet__alloc_fail_at(0, 0);
    expect_line(f.r, "a line that is much longer than sixteen bytes");
    close_reader(&f);
    gonet__alloc_fail_at(2, 0);
    assert_null(gonet_bufreader_new(f.below, 0));
}

static void test_limited(void **state)
{
    gonet_error_t *err = NULL;
    source_t source = {.text = "0123456789", .piece = 3, .last = gonet_eof};
    gonet_reader_t *below = gonet_reader_new(&source_vtable, &source);
    gonet_limited_reader_t *l = gonet_limited_reader_new(below, 5);
    gonet_reader_t *r = gonet_limited_reader_as_reader(l);
    char buf[16];

    (void)state;
    assert_int_equal(gonet_reader_read(r, buf, sizeof(buf), &err), 3);
    assert_int_equal(gonet_reader_read(r, buf, sizeof(buf), &err), 2);
    assert_int_equal(gonet_limited_reader_n(l), 0);
    assert_int_equal(gonet_reader_read(r, buf, sizeof(buf), &err), 0);
    assert_ptr_equal(err, gonet_eof);
    assert_string_equal(source.text, "56789");
    gonet_limited_reader_free(l);
    gonet_reader_free(below);
}

static void file_body(void *arg)
{
    int fd = *(int *)arg;
    gonet_error_t *err = NULL;
    gonet_file_writer_t *w = gonet_file_writer_new(fd, &err);
    gonet_file_reader_t *r = gonet_file_reader_new(fd, &err);
    char buf[32] = "";

    CHECK_INT(ftruncate(fd, 0), 0);
    CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
    CHECK_INT(gonet_writer_printf(gonet_file_writer_as_writer(w), &err, "%s", "file text"), 9);
    CHECK_ERROR(err, NULL);
    CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
    CHECK_INT(gonet_reader_read(gonet_file_reader_as_reader(r), buf, sizeof(buf), &err), 9);
    CHECK_TEXT(buf, "file text");
    CHECK_INT(gonet_reader_read(gonet_file_reader_as_reader(r), buf, sizeof(buf), &err), 0);
    CHECK(err == gonet_eof);
    gonet_file_writer_free(w);
    gonet_file_reader_free(r);
}

static void test_files(void **state)
{
    char path[] = "/tmp/gonet-test-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    unlink(path);
    actor_run_test(TASKS, file_body, &fd);
    actor_run_test(THREADS, file_body, &fd);
    close(fd);
}

static void test_file_errors(void **state)
{
    gonet_error_t *err = NULL;
    gonet_file_writer_t *w;

    (void)state;
    assert_null(gonet_file_reader_new(-1, &err));
    assert_string_equal(gonet_error_string(err), "fcntl: bad file descriptor");
    w = gonet_file_writer_new(STDIN_FILENO, &err);
    if (w != NULL)
        gonet_file_writer_free(w);
    gonet_error_free(err);
}

typedef struct {
    char *p;
    size_t len;
} sink_t;

static int sink_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    sink_t *s = self;

    (void)err;
    s->p = realloc(s->p, s->len + len);
    memcpy(s->p + s->len, p, len);
    s->len += len;
    *n = len;
    return 0;
}

/* A line of max bytes, its end included, is read; a longer one is not, with its end or without,
 * and the reader takes no more than it has to for seeing that. */
static void test_max_line(void **state)
{
    static char endless[100001];
    char buf[64];
    gonet_error_t *err = NULL;
    size_t len = 9;
    fixture_t f;

    (void)state;
    open_reader(&f, "seven.\nsevens.\nseven", 3, 16);
    gonet_bufreader_set_max_line(f.r, 7);
    expect_line(f.r, "seven.");
    for (int i = 0; i < 2; i++) {
        assert_null(gonet_bufreader_read_line(f.r, &len, &err));
        assert_true(gonet_error_is(err, gonet_err_short_buffer));
        assert_string_equal(gonet_error_string(err), "line of more than 7 bytes: short buffer");
        assert_int_equal(len, 0);
    }
    gonet_bufreader_set_max_line(f.r, 0);
    expect_line(f.r, "sevens.");
    gonet_bufreader_set_max_line(f.r, 6);
    expect_line(f.r, "seven");
    close_reader(&f);

    memset(endless, 'x', sizeof(endless) - 1);
    open_reader(&f, endless, 10, 16);
    gonet_bufreader_set_max_line(f.r, 40);
    assert_null(gonet_bufreader_read_string(f.r, ';', NULL, &err));
    assert_true(gonet_error_is(err, gonet_err_short_buffer));
    assert_string_equal(gonet_error_string(err), "more than 40 bytes without ';': short buffer");
    assert_null(gonet_bufreader_read_string(f.r, '\0', NULL, &err));
    assert_string_equal(gonet_error_string(err),
                        "more than 40 bytes without a byte 0x00: short buffer");
    gonet__alloc_fail_at(1, 1);
    assert_null(gonet_bufreader_read_string(f.r, ';', NULL, &err));
    gonet__alloc_fail_at(0, 0);
    assert_ptr_equal(err, gonet_err_short_buffer); /* without memory for the words, too */
    assert_true(f.source.reads <= 6);
    assert_true(gonet_bufreader_read(f.r, buf, sizeof(buf), &err) >= 40);
    close_reader(&f);
    gonet_error_free(err);
}

static ssize_t nothing_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    (void)p;
    (void)len;
    (void)err;
    ++*(int *)self;
    return 0;
}

/* A reader that forgets to say that it is at its end keeps nobody busy for ever. */
static void test_empty_reads(void **state)
{
    static const gonet_reader_vtable_t vtable = {.size = sizeof(vtable), .read = nothing_read};
    gonet_error_t *err = NULL;
    int reads = 0;
    gonet_reader_t *below = gonet_reader_new(&vtable, &reads);
    gonet_bufreader_t *r = gonet_bufreader_new(below, 0);

    (void)state;
    assert_null(gonet_bufreader_read_line(r, NULL, &err));
    assert_string_equal(gonet_error_string(err), "multiple Read calls return no data or error");
    assert_int_equal(reads, 100);
    gonet_error_free(err);
    gonet_bufreader_free(r);
    gonet_reader_free(below);
}

static void test_no_reader(void **state)
{
    gonet_error_t *err = NULL;
    char c;

    (void)state;
    gonet_bufreader_set_max_line(NULL, 1);
    assert_int_equal(gonet_bufreader_buffered(NULL), 0);
    assert_int_equal(gonet_bufreader_read(NULL, &c, 1, &err), -1);
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_int_equal(gonet_bufreader_read_byte(NULL, NULL), -1);
    assert_null(gonet_bufreader_peek(NULL, 1, &err));
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_null(gonet_bufreader_read_line(NULL, NULL, &err));
    assert_null(gonet_bufreader_read_string(NULL, '.', NULL, &err));
    assert_true(gonet_error_is_errno(err, EINVAL));
}

static ssize_t wrapped_printf(gonet_writer_t *w, const char *format, ...)
{
    gonet_error_t *err = NULL;
    va_list args;
    ssize_t n;

    va_start(args, format);
    n = gonet_writer_vprintf(w, &err, format, args);
    va_end(args);
    assert_null(err);
    return n;
}

static void test_printf(void **state)
{
    static const gonet_writer_vtable_t vtable = {.size = sizeof(vtable), .write = sink_write};
    static char filler[2001];
    gonet_error_t *err = NULL;
    sink_t sink = {NULL, 0};
    gonet_writer_t *w = gonet_writer_new(&vtable, &sink);

    (void)state;
    memset(filler, 'f', sizeof(filler) - 1);
    assert_int_equal(gonet_writer_printf(w, &err, "%d%s!", 7, filler), 2002);
    assert_int_equal(sink.len, 2002);
    assert_int_equal(sink.p[0], '7');
    assert_int_equal(sink.p[2001], '!');
    gonet__alloc_fail_at(1, 0);
    assert_int_equal(gonet_writer_printf(w, &err, "%s", filler), -1);
    assert_ptr_equal(err, gonet_err_no_memory);
    assert_int_equal(sink.len, 2002);
    assert_int_equal(wrapped_printf(w, "%s %d", "of one's own", 8), 14);
    assert_memory_equal(sink.p + 2002, "of one's own 8", 14);
    free(sink.p);
    gonet_writer_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_lines),
        LEAK_TEST(test_read_string),
        LEAK_TEST(test_error_comes_after_the_bytes),
        LEAK_TEST(test_peek_and_bytes),
        LEAK_TEST(test_large_reads_go_past_the_buffer),
        LEAK_TEST(test_no_memory_loses_nothing),
        LEAK_TEST(test_max_line),
        LEAK_TEST(test_empty_reads),
        LEAK_TEST(test_no_reader),
        LEAK_TEST(test_limited),
        LEAK_TEST(test_files),
        LEAK_TEST(test_file_errors),
        LEAK_TEST(test_printf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
