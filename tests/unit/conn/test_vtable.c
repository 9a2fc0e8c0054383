/*
 * Connections, listeners, readers and writers that a program writes itself: made of a table and a
 * pointer, counted, called through the same functions as the library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "gonet/conn.h"
#include "gonet/io.h"
#include "support/leak.h"

typedef struct {
    gonet_conn_t *me; /* for the slot that drops the last reference */
    int closed, destroyed, reads;
    char written[64];
    size_t len;
    gonet_addr_t addr;
} fake_t;

static ssize_t fake_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    fake_t *f = self;

    assert_non_null(err);
    assert_null(*err);
    if (f->reads++ == 0 && len > 0) {
        memcpy(p, "x", 1);
        return 1;
    }
    gonet_error_set(err, gonet_eof);
    return 0;
}

static int fake_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    fake_t *f = self;
    size_t room = sizeof(f->written) - f->len;

    *n = len < room ? len : room;
    memcpy(f->written + f->len, p, *n);
    f->len += *n;
    if (*n == len)
        return 0;
    gonet_error_set(err, gonet_error_new("full"));
    return -1;
}

static int fake_close(void *self, gonet_error_t **err)
{
    fake_t *f = self;

    if (f->closed++ == 0)
        return 0;
    gonet_error_set(err, gonet_err_closed);
    return -1;
}

static const gonet_addr_t *fake_addr(void *self)
{
    return &((fake_t *)self)->addr;
}

static int fake_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    (void)self;
    (void)t;
    gonet_error_set(err, gonet_error_new("no deadlines here"));
    return -1;
}

static void fake_destroy(void *self)
{
    ((fake_t *)self)->destroyed++;
}

static const gonet_conn_vtable_t fake_vtable = {.size = sizeof(gonet_conn_vtable_t),
                                                .read = fake_read,
                                                .write = fake_write,
                                                .close = fake_close,
                                                .local_addr = fake_addr,
                                                .set_deadline = fake_deadline,
                                                .destroy = fake_destroy};

static void test_calls_reach_the_slots(void **state)
{
    gonet_error_t *err = NULL;
    fake_t f = {.addr = {.kind = GONET_ADDR_OTHER}};
    gonet_conn_t *c = gonet_conn_new(&fake_vtable, &f);
    char byte = 0;

    (void)state;
    assert_int_equal(gonet_conn_read(c, &byte, 1, &err), 1);
    assert_int_equal(byte, 'x');
    assert_int_equal(gonet_conn_read(c, &byte, 1, &err), 0);
    assert_ptr_equal(err, gonet_eof);
    assert_int_equal(gonet_conn_write(c, "abc", 3, &err), 3);
    assert_null(err);
    assert_memory_equal(f.written, "abc", 3);
    assert_ptr_equal(gonet_conn_local_addr(c), &f.addr);
    assert_null(gonet_conn_remote_addr(c));
    assert_int_equal(gonet_conn_set_deadline(c, gonet_now(), &err), -1);
    assert_string_equal(gonet_error_string(err), "no deadlines here");
    gonet_error_free(err);
    gonet_conn_free(c);
}

static void test_partial_write(void **state)
{
    gonet_error_t *err = NULL;
    fake_t f = {.len = 60};
    gonet_conn_t *c = gonet_conn_new(&fake_vtable, &f);
    size_t n = 99;

    (void)state;
    assert_int_equal(gonet_conn_write_count(c, "12345678", 8, &n, &err), -1);
    assert_int_equal(n, 4);
    assert_string_equal(gonet_error_string(err), "full");
    assert_int_equal(gonet_conn_write(c, "1", 1, NULL), -1);
    gonet_error_free(err);
    gonet_conn_free(c);
}

/* What slots return that break their promise, and what becomes of it. */
typedef struct {
    ssize_t n;
    size_t written;
    int result;
    gonet_error_t *e;
} liar_t;

static ssize_t liar_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    const liar_t *liar = self;

    (void)p;
    (void)len;
    gonet_error_set(err, liar->e);
    return liar->n;
}

static ssize_t liar_read_from(void *self, void *p, size_t len, gonet_addr_t *addr,
                              gonet_error_t **err)
{
    (void)addr;
    return liar_read(self, p, len, err);
}

static int liar_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    const liar_t *liar = self;

    (void)p;
    (void)len;
    *n = liar->written;
    gonet_error_set(err, liar->e);
    return liar->result;
}

static void test_broken_promises_of_reads(void **state)
{
    static const gonet_conn_vtable_t conns = {.size = sizeof(conns), .read = liar_read};
    static const gonet_reader_vtable_t readers = {.size = sizeof(readers), .read = liar_read};
    static const gonet_packet_conn_vtable_t packets = {.size = sizeof(packets),
                                                       .read_from = liar_read_from};
    static const struct {
        liar_t liar;
        const char *error;
    } rows[] = {{{.n = 5}, "invalid read result"},
                {{.n = 5, .e = (gonet_error_t *)1}, "closed"},
                {{.n = -1}, "failed without an error"},
                {{.n = -7}, "failed without an error"},
                {{.n = -1, .e = (gonet_error_t *)1}, "closed"}};
    char b[4];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        liar_t liar = rows[i].liar;
        gonet_conn_t *c = gonet_conn_new(&conns, &liar);
        gonet_reader_t *r = gonet_reader_new(&readers, &liar);
        gonet_packet_conn_t *p = gonet_packet_conn_new(&packets, &liar);
        gonet_error_t *err = NULL;

        liar.e = liar.e != NULL ? gonet_err_closed : NULL;
        assert_int_equal(gonet_conn_read(c, b, sizeof(b), &err), -1);
        assert_non_null(strstr(gonet_error_string(err), rows[i].error));
        assert_int_equal(gonet_reader_read(r, b, sizeof(b), &err), -1);
        assert_non_null(strstr(gonet_error_string(err), rows[i].error));
        assert_int_equal(gonet_packet_conn_read_from(p, b, sizeof(b), NULL, &err), -1);
        assert_non_null(strstr(gonet_error_string(err), rows[i].error));
        gonet_error_free(err);
        gonet_conn_free(c);
        gonet_reader_free(r);
        gonet_packet_conn_free(p);
    }
}

static void test_broken_promises_of_writes(void **state)
{
    static const gonet_conn_vtable_t conns = {.size = sizeof(conns), .write = liar_write};
    static const gonet_writer_vtable_t writers = {.size = sizeof(writers), .write = liar_write};
    static const struct {
        liar_t liar;
        size_t n;
        const char *error;
    } rows[] = {
        {{.written = 2}, 2, "short write"},
        {{.written = 9}, 4, "invalid write result"},
        {{.written = 4, .result = 4}, 4, "failed without an error"}, /* as write(2) returns */
        {{.written = 1, .result = -1}, 1, "failed without an error"},
        {{.written = 1, .result = -1, .e = (gonet_error_t *)1}, 1, "closed"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        liar_t liar = rows[i].liar;
        gonet_conn_t *c = gonet_conn_new(&conns, &liar);
        gonet_writer_t *w = gonet_writer_new(&writers, &liar);
        gonet_error_t *err = NULL;
        size_t n = 99;

        liar.e = liar.e != NULL ? gonet_err_closed : NULL;
        assert_int_equal(gonet_conn_write(c, "four", 4, &err), -1);
        assert_non_null(strstr(gonet_error_string(err), rows[i].error));
        assert_int_equal(gonet_conn_write_count(c, "four", 4, &n, &err), -1);
        assert_int_equal(n, rows[i].n);
        assert_int_equal(gonet_writer_write_count(w, "four", 4, &n, &err), -1);
        assert_int_equal(n, rows[i].n);
        assert_non_null(strstr(gonet_error_string(err), rows[i].error));
        gonet_error_free(err);
        gonet_conn_free(c);
        gonet_writer_free(w);
    }
}

static void test_last_free_closes_and_destroys_once(void **state)
{
    fake_t f = {.closed = 0};
    gonet_conn_t *c = gonet_conn_new(&fake_vtable, &f);

    (void)state;
    assert_ptr_equal(gonet_conn_ref(c), c);
    gonet_conn_free(c);
    assert_int_equal(f.closed, 0);
    assert_int_equal(f.destroyed, 0);
    gonet_conn_free(c);
    assert_int_equal(f.closed, 1);
    assert_int_equal(f.destroyed, 1);
}

static void test_closed_by_hand_is_not_closed_again(void **state)
{
    gonet_error_t *err = NULL;
    fake_t f = {.closed = 0};
    gonet_conn_t *c = gonet_conn_new(&fake_vtable, &f);

    (void)state;
    assert_int_equal(gonet_conn_close(c, &err), 0);
    assert_int_equal(gonet_conn_close(c, &err), -1);
    assert_ptr_equal(err, gonet_err_closed);
    gonet_conn_free(c);
    assert_int_equal(f.closed, 2);
    assert_int_equal(f.destroyed, 1);
}

static ssize_t read_that_frees(void *self, void *p, size_t len, gonet_error_t **err)
{
    fake_t *f = self;

    (void)p;
    (void)len;
    (void)err;
    gonet_conn_free(f->me);
    assert_int_equal(f->destroyed, 0);
    return 7;
}

static void test_a_call_keeps_the_object_alive(void **state)
{
    static const gonet_conn_vtable_t vtable = {
        .size = sizeof(vtable), .read = read_that_frees, .destroy = fake_destroy};
    fake_t f = {.closed = 0};
    char room[7];

    (void)state;
    f.me = gonet_conn_new(&vtable, &f);
    assert_int_equal(gonet_conn_read(f.me, room, sizeof(room), NULL), 7);
    assert_int_equal(f.destroyed, 1);
}

static void test_what_is_not_offered(void **state)
{
    gonet_error_t *err = NULL;
    fake_t f = {.closed = 0};
    gonet_conn_t *c = gonet_conn_new(&fake_vtable, &f);

    (void)state;
    assert_int_equal(gonet_conn_close_write(c, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_int_equal(gonet_conn_file(c, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_int_equal(gonet_conn_read_from(c, gonet_conn_as_reader(c), &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_int_equal(gonet_conn_set_read_deadline(c, gonet_now(), &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_null(gonet_conn_syscall_conn(c, &err));
    assert_ptr_equal(err, gonet_err_unsupported);
    assert_null(gonet_conn_as_packet_conn(c));
    assert_null(gonet_conn_net_conn(c));
    gonet_conn_free(c);
}

static int must_not_run(void *self, gonet_error_t **err)
{
    (void)self;
    (void)err;
    fail_msg("a slot beyond the table's size was called");
    return 0;
}

static void test_slots_beyond_the_size_count_as_null(void **state)
{
    const gonet_conn_vtable_t old = {.size = offsetof(gonet_conn_vtable_t, close_write),
                                     .destroy = fake_destroy,
                                     .close_write = must_not_run};
    gonet_error_t *err = NULL;
    fake_t f = {.closed = 0};
    gonet_conn_t *c = gonet_conn_new(&old, &f);

    (void)state;
    assert_int_equal(gonet_conn_close_write(c, &err), -1);
    assert_ptr_equal(err, gonet_err_unsupported);
    gonet_conn_free(c);
    assert_int_equal(f.destroyed, 1);
}

static void test_self_is_a_type_assertion(void **state)
{
    static const gonet_conn_vtable_t other = {.size = sizeof(other)};
    fake_t f = {.closed = 0};
    gonet_conn_t *c = gonet_conn_new(&fake_vtable, &f);

    (void)state;
    assert_ptr_equal(gonet_conn_self(c, &fake_vtable), &f);
    assert_null(gonet_conn_self(c, &other));
    assert_null(gonet_conn_self(NULL, &fake_vtable));
    gonet_conn_free(c);
}

static void test_no_object(void **state)
{
    gonet_error_t *err = NULL;
    char byte;

    (void)state;
    assert_int_equal(gonet_conn_read(NULL, &byte, 1, &err), -1);
    assert_string_equal(gonet_error_string(err), "invalid argument");
    assert_true(gonet_error_is_errno(err, EINVAL));
    assert_int_equal(gonet_conn_write(NULL, &byte, 1, &err), -1);
    assert_int_equal(gonet_conn_close(NULL, &err), -1);
    assert_null(gonet_conn_local_addr(NULL));
    assert_null(gonet_listener_accept(NULL, &err));
    assert_int_equal(gonet_copy(NULL, NULL, &err), -1);
    gonet_conn_free(NULL);
    gonet_listener_free(NULL);
    gonet_reader_free(NULL);
}

static void test_without_memory_self_is_destroyed(void **state)
{
    fake_t f = {.closed = 0};

    (void)state;
    gonet__alloc_fail_at(1, 0);
    assert_null(gonet_conn_new(&fake_vtable, &f));
    assert_int_equal(f.destroyed, 1);
}

static ssize_t reader_read(void *self, void *p, size_t len, gonet_error_t **err)
{
    return fake_read(self, p, len, err);
}

static const gonet_reader_vtable_t reader_vtable = {
    .size = sizeof(reader_vtable), .read = reader_read, .destroy = fake_destroy};
static const gonet_writer_vtable_t writer_vtable = {
    .size = sizeof(writer_vtable), .write = fake_write, .destroy = fake_destroy};

static void test_readers_and_writers(void **state)
{
    gonet_error_t *err = NULL;
    fake_t in = {.closed = 0}, out = {.len = 0};
    gonet_reader_t *r = gonet_reader_new(&reader_vtable, &in);
    gonet_writer_t *w = gonet_writer_new(&writer_vtable, &out);

    (void)state;
    assert_int_equal(gonet_copy(w, r, &err), 1);
    assert_null(err);
    assert_memory_equal(out.written, "x", 1);
    assert_int_equal(gonet_writer_printf(w, &err, "%d-%s", 42, "y"), 4);
    assert_memory_equal(out.written, "x42-y", 5);
    assert_ptr_equal(gonet_reader_self(r, &reader_vtable), &in);
    assert_ptr_equal(gonet_writer_self(w, &writer_vtable), &out);
    gonet_reader_free(r);
    gonet_writer_free(w);
    assert_int_equal(in.destroyed, 1);
    assert_int_equal(out.destroyed, 1);
}

static int64_t copies_itself(void *self, gonet_writer_t *w, gonet_error_t **err)
{
    (void)self;
    return gonet_writer_write(w, "by itself", 9, err);
}

static void test_copy_prefers_write_to(void **state)
{
    static const gonet_reader_vtable_t vtable = {
        .size = sizeof(vtable), .read = reader_read, .write_to = copies_itself};
    fake_t in = {.closed = 0}, out = {.len = 0};
    GONET_AUTO(gonet_reader_t) r = gonet_reader_new(&vtable, &in);
    GONET_AUTO(gonet_writer_t) w = gonet_writer_new(&writer_vtable, &out);
    int64_t n = 0;

    (void)state;
    assert_int_equal(gonet_copy_count(w, r, &n, NULL), 0);
    assert_int_equal(n, 9);
    assert_memory_equal(out.written, "by itself", 9);
    assert_int_equal(in.reads, 0);
}

static gonet_conn_t *fake_accept(void *self, gonet_error_t **err)
{
    (void)err;
    return gonet_conn_new(&fake_vtable, self);
}

static void test_listener(void **state)
{
    static const gonet_listener_vtable_t vtable = {.size = sizeof(vtable),
                                                   .accept = fake_accept,
                                                   .close = fake_close,
                                                   .addr = fake_addr,
                                                   .destroy = fake_destroy};
    fake_t f = {.closed = 0};
    gonet_listener_t *l = gonet_listener_new(&vtable, &f);
    gonet_conn_t *c = gonet_listener_accept(l, NULL);

    (void)state;
    assert_ptr_equal(gonet_conn_self(c, &fake_vtable), &f);
    assert_ptr_equal(gonet_listener_addr(l), &f.addr);
    gonet_conn_free(c);
    gonet_listener_free(l);
    assert_int_equal(f.closed, 2);
    assert_int_equal(f.destroyed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_calls_reach_the_slots),
        LEAK_TEST(test_partial_write),
        LEAK_TEST(test_broken_promises_of_reads),
        LEAK_TEST(test_broken_promises_of_writes),
        LEAK_TEST(test_last_free_closes_and_destroys_once),
        LEAK_TEST(test_closed_by_hand_is_not_closed_again),
        LEAK_TEST(test_a_call_keeps_the_object_alive),
        LEAK_TEST(test_what_is_not_offered),
        LEAK_TEST(test_slots_beyond_the_size_count_as_null),
        LEAK_TEST(test_self_is_a_type_assertion),
        LEAK_TEST(test_no_object),
        LEAK_TEST(test_without_memory_self_is_destroyed),
        LEAK_TEST(test_readers_and_writers),
        LEAK_TEST(test_copy_prefers_write_to),
        LEAK_TEST(test_listener),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
