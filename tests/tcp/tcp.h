/*
 * What the tests of live TCP share: bodies that run in every mode, operations that block in a task
 * or thread of their own, and a look inside a connection to see that they do.
 */
#ifndef TESTS_TCP_TCP_H
#define TESTS_TCP_TCP_H

#include "gonet/tcp.h"
#include "runtime/netpoll/netpoll.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A test: its body gets the mode that it runs in. */
typedef struct {
    const char *name;
    void (*body)(actor_mode_t mode);
} tcp_test_t;

#define TCP_TEST(body) \
    {                  \
#body, body    \
    }

/* tcp_run runs each test in each mode, as tests of their own with a count of leaks; main's result.
 */
int tcp_run(const tcp_test_t *tests, size_t n);

/* helper_kind is actor_helper, but in modes that mix them every other helper is of the other kind.
 */
actor_kind_t helper_kind(actor_mode_t mode, int i);

/* An operation under way. */
typedef struct op {
    actor_t actor;
    void (*run)(struct op *o);
    gonet_conn_t *c;
    gonet_listener_t *l;
    void *p; /* not written to by a write */
    size_t len;
    ssize_t result;
    size_t count; /* of a write */
    gonet_conn_t *accepted;
    gonet_error_t *err;
    _Atomic bool ended;
} op_t;

/* These start an operation; op_join waits for its end and op_free releases what it has left. */
void op_read(op_t *o, actor_kind_t kind, gonet_conn_t *c, void *p, size_t len);
void op_write(op_t *o, actor_kind_t kind, gonet_conn_t *c, const void *p, size_t len);
void op_accept(op_t *o, actor_kind_t kind, gonet_listener_t *l);
void op_close(op_t *o, actor_kind_t kind, gonet_conn_t *c);
void op_join(op_t *o);
void op_free(op_t *o);

/* op_fails joins, and checks that the operation failed; want as in CHECK_CONN_ERROR. */
bool op_fails(const char *file, int line, op_t *o, const char *want);

#define OP_FAILS(o, want) op_fails(__FILE__, __LINE__, o, want)

/* tcp_parked says whether somebody waits for a side of a connection or listener, in its poller. */
bool tcp_parked(gonet_conn_t *c, gonet__side_t side);
bool tcp_listener_parked(gonet_listener_t *l);

/*
 * tcp_users counts those who need the memory of a connection or listener: its owner, its watches,
 * and one for each caller that queues behind another one. A caller is parked a moment before its
 * watch is made, so wait for "at least": what is awaited may then be one watch too early.
 */
unsigned tcp_users(gonet_conn_t *c);
unsigned tcp_listener_users(gonet_listener_t *l);

/* tcp_park_read starts a reader of one byte into p, and returns when it waits. Likewise
 * tcp_park_write, on a connection that has been filled. */
void tcp_park_read(op_t *o, actor_kind_t kind, gonet_conn_t *c, char *p);
void tcp_park_write(op_t *o, actor_kind_t kind, gonet_conn_t *c);

/* OPEN_PAIR declares two connected ends, or leaves the calling function; close_pair frees them. */
#define OPEN_PAIR(a, b)           \
    gonet_conn_t *(a), *(b);      \
    if (!net_pair("tcp", &a, &b)) \
    return
void close_pair(gonet_conn_t *a, gonet_conn_t *b);

/* expect_byte reads one byte, and expect_eof the end of the stream. */
void expect_byte(gonet_conn_t *c, char want);
void expect_eof(gonet_conn_t *c);

/* tcp_closed says whether the descriptor's number is free. */
bool tcp_closed(int fd);

/* tcp_reset lets peer end the connection by a reset, and returns when c has seen it. */
void tcp_reset(gonet_conn_t *c, gonet_conn_t *peer);

/* tcp_read_pattern reads a pattern's stream 0 until its end, and counts. */
size_t tcp_read_pattern(gonet_conn_t *c);

#define TCP_PAST ((gonet_time_t){1})

#endif
