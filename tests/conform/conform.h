/*
 * The conformance suite: what every gonet_conn_t promises, checked for any kind of connection. A
 * kind tells how a connected pair is made and what it can do; each test then runs in each mode
 * (tasks, threads, and both mixed) on pairs of its own.
 */
#ifndef TESTS_CONFORM_CONFORM_H
#define TESTS_CONFORM_CONFORM_H

#include <stdatomic.h>

#include "gonet/conn.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/net.h"

typedef struct conform_kind {
    const char *name;
    /* Makes two connected ends; false: recorded. May park. */
    bool (*make)(const struct conform_kind *kind, gonet_conn_t **a, gonet_conn_t **b);
    const char *network; /* for make's own use */
    /* Whether this machine has such connections; NULL: always. */
    bool (*available)(const struct conform_kind *kind);

    /* A write ends when somebody has read it (Go's Pipe); else it ends when it is buffered. */
    bool synchronous;
    /* A write of everything is read in pieces of any size; else each write is one message. */
    bool stream;
    /* A write never blocks: what the other end has no room for is lost. */
    bool lossy;
    /* Messages: what the longest has, and the error of a longer one (of twice the bytes). */
    size_t longest;
    const char *too_long;
    /* Messages: the error of a write when the other end is closed (of the second one where lossy).
     */
    const char *write_to_nobody;
    /* A close of one end tells the other nothing, and a message of no bytes reads as 0. */
    bool endless;
    /* It does much with each byte. */
    bool slow;
    /* What calls on a closed end fail with. */
    gonet_error_t *const *closed;
    /* Whether a second close fails, and with which text ("<L>" and "<R>" as in CHECK_CONN_ERROR).
     */
    const char *second_close;
    /* The texts of a read and a write that fail because of a deadline, and of a close. */
    const char *read_timeout, *write_timeout, *read_closed, *write_closed;
} conform_kind_t;

/* conform_run runs the whole suite for each kind; the result of main. */
int conform_run(const conform_kind_t *kinds, size_t n);

/* ---- for the tests ---- */

typedef struct {
    const conform_kind_t *kind;
    actor_mode_t mode;
    gonet_conn_t *a, *b;
} conform_t;

/* What a test needs. */
#define CONFORM_OWN_PAIRS (1u << 0) /* the body makes them itself */
#define CONFORM_BUFFERED  (1u << 1) /* not for synchronous kinds */
#define CONFORM_STREAM    (1u << 2) /* not for messages */
#define CONFORM_END       (1u << 3) /* not for endless kinds */
#define CONFORM_MESSAGES  (1u << 4) /* not for streams */

typedef struct {
    const char *name;
    void (*body)(conform_t *t);
    unsigned needs;
} conform_test_t;

extern const conform_test_t conform_io_tests[];
extern const conform_test_t conform_deadline_tests[];
extern const conform_test_t conform_close_tests[];
extern const conform_test_t conform_message_tests[];
extern const conform_test_t conform_wait_tests[];

/* Who is the i-th helper of a test: in the modes that mix them, tasks and threads by turns. */
actor_kind_t conform_helper(const conform_t *t, int i);

/* A call under way in a helper. */
typedef struct conform_call {
    actor_t actor;
    gonet_conn_t *c;
    void *p;
    size_t len;
    ssize_t result;
    size_t written;
    gonet_error_t *err;
    atomic_bool begun, ended;
} conform_call_t;

void conform_start_read(const conform_t *t, int i, conform_call_t *call, gonet_conn_t *c, void *p,
                        size_t len);
/* A write of all len bytes. */
void conform_start_write(const conform_t *t, int i, conform_call_t *call, gonet_conn_t *c,
                         const void *p, size_t len);
/* A wait until there is something to read. */
void conform_start_wait(const conform_t *t, int i, conform_call_t *call, gonet_conn_t *c);
void conform_start_close(const conform_t *t, int i, conform_call_t *call, gonet_conn_t *c);

/* conform_join waits for the end; conform_drop releases the error. */
void conform_join(conform_call_t *call);
void conform_drop(conform_call_t *call);

/* conform_settle gives calls that have begun the time to block; nothing depends on that they do. */
void conform_settle(conform_call_t *call);

/* conform_is_timeout checks what a deadline's error must be; conform_is_closed likewise. */
bool conform_is_timeout(const gonet_error_t *err);
bool conform_is_closed(const conform_t *t, const gonet_error_t *err);

/* conform_ping writes one byte on from, and reads it on to, at the same time. */
void conform_ping(const conform_t *t, gonet_conn_t *from, gonet_conn_t *to);

/*
 * conform_fill makes every further write of conform_much bytes on c block; nothing to do for
 * synchronous kinds. The kernel may find room for a little more at any time. False: a lossy kind,
 * whose writes don't block.
 */
bool conform_fill(const conform_t *t, gonet_conn_t *c);
size_t conform_much(const conform_t *t);
extern const char conform_block[1 << 20];

#endif
