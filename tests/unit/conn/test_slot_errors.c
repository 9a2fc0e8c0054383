/*
 * Slots of a program's own objects that fail without saying why: whoever calls them gets an error
 * that names the slot, by whichever way the call went.
 */
#include <stdbool.h>

#include "gonet/conn.h"
#include "gonet/io.h"
#include "gonet/task.h"
#include "unit/table.h"

static ssize_t in_silence(void *self, void *p, size_t len, gonet_error_t **err)
{
    (void)self, (void)p, (void)len, (void)err;
    return -1;
}

static int write_in_silence(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    (void)self, (void)p, (void)len, (void)n, (void)err;
    return -1;
}

static ssize_t receive_in_silence(void *self, void *p, size_t len, gonet_addr_t *addr,
                                  gonet_error_t **err)
{
    (void)self, (void)p, (void)len, (void)addr, (void)err;
    return -1;
}

static ssize_t send_in_silence(void *self, const void *p, size_t len, const gonet_addr_t *addr,
                               gonet_error_t **err)
{
    (void)self, (void)p, (void)len, (void)addr, (void)err;
    return -1;
}

static int plain_in_silence(void *self, gonet_error_t **err)
{
    (void)self, (void)err;
    return -1;
}

static int deadline_in_silence(void *self, gonet_time_t t, gonet_error_t **err)
{
    (void)self, (void)t, (void)err;
    return -1;
}

static int64_t read_from_in_silence(void *self, gonet_reader_t *r, gonet_error_t **err)
{
    (void)self, (void)r, (void)err;
    return -1;
}

static int64_t write_to_in_silence(void *self, gonet_writer_t *w, gonet_error_t **err)
{
    (void)self, (void)w, (void)err;
    return -1;
}

static gonet_raw_conn_t *raw_in_silence(void *self, gonet_error_t **err)
{
    (void)self, (void)err;
    return NULL;
}

static gonet_conn_t *accept_in_silence(void *self, gonet_error_t **err)
{
    (void)self, (void)err;
    return NULL;
}

static const gonet_conn_vtable_t conns = {.size = sizeof(conns),
                                          .read = in_silence,
                                          .write = write_in_silence,
                                          .close = plain_in_silence,
                                          .set_deadline = deadline_in_silence,
                                          .set_read_deadline = deadline_in_silence,
                                          .set_write_deadline = deadline_in_silence,
                                          .close_read = plain_in_silence,
                                          .close_write = plain_in_silence,
                                          .read_from = read_from_in_silence,
                                          .write_to = write_to_in_silence,
                                          .file = plain_in_silence,
                                          .syscall_conn = raw_in_silence,
                                          .wait_readable = plain_in_silence};
static const gonet_packet_conn_vtable_t packets = {.size = sizeof(packets),
                                                   .read_from = receive_in_silence,
                                                   .write_to = send_in_silence,
                                                   .close = plain_in_silence,
                                                   .set_deadline = deadline_in_silence,
                                                   .set_read_deadline = deadline_in_silence,
                                                   .set_write_deadline = deadline_in_silence,
                                                   .file = plain_in_silence,
                                                   .syscall_conn = raw_in_silence};
static const gonet_listener_vtable_t listeners = {.size = sizeof(listeners),
                                                  .accept = accept_in_silence,
                                                  .close = plain_in_silence,
                                                  .set_deadline = deadline_in_silence,
                                                  .file = plain_in_silence,
                                                  .syscall_conn = raw_in_silence};
static const gonet_reader_vtable_t readers = {.size = sizeof(readers), .read = in_silence};
static const gonet_reader_vtable_t copying_readers = {.size = sizeof(copying_readers),
                                                      .write_to = write_to_in_silence};
static const gonet_writer_vtable_t writers = {.size = sizeof(writers), .write = write_in_silence};
static const gonet_writer_vtable_t copying_writers = {.size = sizeof(copying_writers),
                                                      .read_from = read_from_in_silence};

/* One of each. */
static struct {
    gonet_conn_t *c;
    gonet_packet_conn_t *p;
    gonet_listener_t *l;
    gonet_reader_t *r, *copying_r;
    gonet_writer_t *w, *copying_w;
    gonet_bufreader_t *lines;
} own;

static void make(void)
{
    own.c = gonet_conn_new(&conns, NULL);
    own.p = gonet_packet_conn_new(&packets, NULL);
    own.l = gonet_listener_new(&listeners, NULL);
    own.r = gonet_reader_new(&readers, NULL);
    own.copying_r = gonet_reader_new(&copying_readers, NULL);
    own.w = gonet_writer_new(&writers, NULL);
    own.copying_w = gonet_writer_new(&copying_writers, NULL);
    own.lines = gonet_bufreader_new(own.r, 0);
}

static void release(void)
{
    gonet_bufreader_free(own.lines);
    gonet_conn_free(own.c);
    gonet_packet_conn_free(own.p);
    gonet_listener_free(own.l);
    gonet_reader_free(own.r);
    gonet_reader_free(own.copying_r);
    gonet_writer_free(own.w);
    gonet_writer_free(own.copying_w);
    assert_int_equal(gonet_shutdown(0), 0); /* a copy keeps its buffer until then */
}

static char byte[4];

/* The calls: each of them fails. */
#define CALL(name, expression)            \
    static bool name(gonet_error_t **err) \
    {                                     \
        return (expression) == -1;        \
    }
#define CALL_NULL(name, expression)       \
    static bool name(gonet_error_t **err) \
    {                                     \
        return (expression) == NULL;      \
    }

CALL(conn_read, gonet_conn_read(own.c, byte, 4, err))
CALL(conn_as_reader, gonet_reader_read(gonet_conn_as_reader(own.c), byte, 4, err))
CALL(conn_write, gonet_conn_write(own.c, byte, 4, err))
CALL(conn_printf, gonet_conn_printf(own.c, err, "text"))
CALL(conn_close, gonet_conn_close(own.c, err))
CALL(conn_deadline, gonet_conn_set_deadline(own.c, gonet_no_deadline, err))
CALL(conn_read_deadline, gonet_conn_set_read_deadline(own.c, gonet_no_deadline, err))
CALL(conn_write_deadline, gonet_conn_set_write_deadline(own.c, gonet_no_deadline, err))
CALL(conn_close_read, gonet_conn_close_read(own.c, err))
CALL(conn_close_write, gonet_conn_close_write(own.c, err))
CALL(conn_read_from, gonet_conn_read_from(own.c, own.r, err))
CALL(conn_write_to, gonet_conn_write_to(own.c, own.w, err))
CALL(conn_file, gonet_conn_file(own.c, err))
CALL_NULL(conn_raw, gonet_conn_syscall_conn(own.c, err))
CALL(conn_wait_readable, gonet_conn_wait_readable(own.c, err))
CALL(copy_from_conn, gonet_copy(own.w, gonet_conn_as_reader(own.c), err))
CALL(copy_to_conn, gonet_copy(gonet_conn_as_writer(own.c), own.r, err))
CALL(packet_read, gonet_packet_conn_read_from(own.p, byte, 4, NULL, err))
CALL(packet_write, gonet_packet_conn_write_to(own.p, byte, 4, NULL, err))
CALL(packet_close, gonet_packet_conn_close(own.p, err))
CALL(packet_deadline, gonet_packet_conn_set_deadline(own.p, gonet_no_deadline, err))
CALL(packet_read_deadline, gonet_packet_conn_set_read_deadline(own.p, gonet_no_deadline, err))
CALL(packet_write_deadline, gonet_packet_conn_set_write_deadline(own.p, gonet_no_deadline, err))
CALL(packet_file, gonet_packet_conn_file(own.p, err))
CALL_NULL(packet_raw, gonet_packet_conn_syscall_conn(own.p, err))
CALL_NULL(listener_accept, gonet_listener_accept(own.l, err))
CALL(listener_close, gonet_listener_close(own.l, err))
CALL(listener_deadline, gonet_listener_set_deadline(own.l, gonet_no_deadline, err))
CALL(listener_file, gonet_listener_file(own.l, err))
CALL_NULL(listener_raw, gonet_listener_syscall_conn(own.l, err))
CALL(reader_read, gonet_reader_read(own.r, byte, 4, err))
CALL(read_full, gonet_read_full(own.r, byte, 4, NULL, err))
CALL_NULL(read_line, gonet_bufreader_read_line(own.lines, NULL, err))
CALL(writer_write, gonet_writer_write(own.w, byte, 4, err))
CALL(copy, gonet_copy(own.w, own.r, err))
CALL(copy_by_reader, gonet_copy(own.w, own.copying_r, err))
CALL(copy_by_writer, gonet_copy(own.copying_w, own.r, err))

typedef struct {
    const char *name;
    bool (*fails)(gonet_error_t **err);
    const char *slot, *kind;
} row_t;

#define CONN(call, slot)                \
    {                                   \
#call, call, slot, "connection" \
    }
#define PACKET(call, slot)                     \
    {                                          \
#call, call, slot, "packet connection" \
    }
#define LISTENER(call, slot)          \
    {                                 \
#call, call, slot, "listener" \
    }
#define READER(call, slot)          \
    {                               \
#call, call, slot, "reader" \
    }
#define WRITER(call, slot)          \
    {                               \
#call, call, slot, "writer" \
    }

static const row_t rows[] = {CONN(conn_read, "read"),
                             CONN(conn_as_reader, "read"),
                             CONN(conn_write, "write"),
                             CONN(conn_printf, "write"),
                             CONN(conn_close, "close"),
                             CONN(conn_deadline, "set_deadline"),
                             CONN(conn_read_deadline, "set_read_deadline"),
                             CONN(conn_write_deadline, "set_write_deadline"),
                             CONN(conn_close_read, "close_read"),
                             CONN(conn_close_write, "close_write"),
                             CONN(conn_read_from, "read_from"),
                             CONN(conn_write_to, "write_to"),
                             CONN(conn_file, "file"),
                             CONN(conn_raw, "syscall_conn"),
                             CONN(conn_wait_readable, "wait_readable"),
                             CONN(copy_from_conn, "write_to"),
                             CONN(copy_to_conn, "read_from"),
                             PACKET(packet_read, "read_from"),
                             PACKET(packet_write, "write_to"),
                             PACKET(packet_close, "close"),
                             PACKET(packet_deadline, "set_deadline"),
                             PACKET(packet_read_deadline, "set_read_deadline"),
                             PACKET(packet_write_deadline, "set_write_deadline"),
                             PACKET(packet_file, "file"),
                             PACKET(packet_raw, "syscall_conn"),
                             LISTENER(listener_accept, "accept"),
                             LISTENER(listener_close, "close"),
                             LISTENER(listener_deadline, "set_deadline"),
                             LISTENER(listener_file, "file"),
                             LISTENER(listener_raw, "syscall_conn"),
                             READER(reader_read, "read"),
                             READER(read_full, "read"),
                             READER(read_line, "read"),
                             READER(copy, "read"),
                             WRITER(writer_write, "write"),
                             READER(copy_by_reader, "write_to"),
                             WRITER(copy_by_writer, "read_from")};

static void test_silence(void **state)
{
    const row_t *row = *state;
    gonet_error_t *err = NULL;
    char want[128];

    make();
    assert_true(row->fails(&err));
    snprintf(want, sizeof(want), "%s: the %s's function failed without an error", row->slot,
             row->kind);
    assert_string_equal(gonet_error_string(err), want);
    assert_true(row->fails(NULL)); /* whoever wants no error need not have one */
    gonet_error_free(err);
    release();
}

int main(void)
{
    TABLE_ADD_ALL("slot", rows, name, test_silence);
    return table_run("slot errors");
}
