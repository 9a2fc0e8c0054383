/*
 * Streams: TCP, unix, pipe. Each connection has writers, readers and a disturber at both ends.
 *
 * Writers of one direction take turns by a mutex, and write on from the place where the last one
 * came to, however that ended; readers likewise. So deadlines may come at any moment, and still
 * each byte has its place. In a gentle connection everything arrives, then the end; a rough one is
 * closed by somebody in between, and what was read is the beginning of what was written.
 */
#include "stress/stress.h"

#include <stdlib.h>
#include <string.h>

#include "gonet.h"
#include "support/check.h"
#include "support/net.h"

#define FEW_CONNS  24
#define MANY_CONNS 200
#define MAX_WRITE  ((size_t)20000)
#define MAX_QUOTA  ((uint64_t)400000)
#define HELLO      4 /* bytes: the connection's number, before its stream */

typedef struct stream_conn stream_conn_t;

/* One direction. */
typedef struct {
    stream_conn_t *conn;
    uint32_t stream;
    uint64_t quota;
    gonet_mutex_t writing, reading;
    _Atomic uint64_t written, read; /* changed under the mutexes */
    bool end_sent;                  /* under writing */
    bool end_seen;                  /* under reading */
} direction_t;

typedef struct {
    stream_conn_t *conn;
    int end;
    dice_t dice;
} part_t;

struct stream_conn {
    uint32_t number;
    bool rough; /* somebody closes it */
    bool half;  /* it can be half-closed */
    bool cancelled;
    _Atomic bool no_dial; /* none was made */
    _Atomic(gonet_conn_t *) end[2];
    direction_t to[2]; /* to[i] goes to end[i] */
    _Atomic int busy;  /* actors that are not done */
    struct party *party;
    schedule_t *schedule;
    dice_t dice;
    part_t parts[16];
    int part_count;
};

typedef struct party {
    schedule_t *schedule;
    const char *network; /* NULL: pipe */
    gonet_listener_t *listener;
    char address[GONET_ADDR_STRLEN];
    _Atomic int living; /* connections that are being made */
    unsigned n;
    stream_conn_t conn[];
} party_t;

static bool may_close(const stream_conn_t *c)
{
    return c->rough || atomic_load(&c->schedule->over);
}

static void close_end(stream_conn_t *c, int end)
{
    STRESS_COUNT(closes, 1);
    (void)gonet_conn_close(c->end[end], NULL);
}

/* ---- writing ---- */

/* The last byte is out: say so. Under the mutex. */
static void finish_direction(stream_conn_t *c, int end)
{
    direction_t *d = &c->to[!end];

    if (d->end_sent || !c->half)
        return;
    d->end_sent = true;
    (void)gonet_conn_close_write(c->end[end], NULL);
}

/* One write; false when the writer is done. */
static bool write_some(part_t *p, unsigned char *buf)
{
    stream_conn_t *c = p->conn;
    direction_t *d = &c->to[!p->end];
    GONET_AUTO(gonet_error_t) err = NULL;
    bool goes_on = true;
    uint64_t at;
    size_t len, n = 0;

    gonet_mutex_lock(&d->writing);
    at = atomic_load(&d->written);
    len = 1 + dice_below(&p->dice, dice_one_in(&p->dice, 4) ? MAX_WRITE : 200);
    if (len > d->quota - at)
        len = (size_t)(d->quota - at);
    if (len > 0) {
        stress_fill(d->stream, at, buf, len);
        if (gonet_conn_write_count(c->end[p->end], buf, len, &n, &err) != 0)
            goes_on = !stress_ended(err, may_close(c));
        else
            CHECK_INT(n, len);
        atomic_store(&d->written, at + n);
        STRESS_COUNT(operations, 1);
    }
    if (at + n == d->quota) {
        finish_direction(c, p->end);
        goes_on = false;
    }
    gonet_mutex_unlock(&d->writing);
    return goes_on;
}

static void leave(part_t *p)
{
    atomic_fetch_sub(&p->conn->busy, 1);
}

static void write_all(void *arg)
{
    part_t *p = arg;
    gonet_conn_t *own = gonet_conn_ref(p->conn->end[p->end]);
    unsigned char *buf = malloc(MAX_WRITE);

    if (buf == NULL)
        abort();
    while (write_some(p, buf))
        stress_pause(&p->dice);
    free(buf);
    gonet_conn_free(own);
    leave(p);
}

/* ---- reading ---- */

/* The end may come: after everything, or before it if somebody closed. */
static void check_end(direction_t *d, uint64_t at)
{
    stream_conn_t *c = d->conn;

    d->end_seen = true;
    if (!may_close(c))
        CHECK_INT(at, d->quota);
    CHECK(at <= d->quota);
}

static bool read_some(part_t *p, unsigned char *buf)
{
    stream_conn_t *c = p->conn;
    direction_t *d = &c->to[p->end];
    GONET_AUTO(gonet_error_t) err = NULL;
    bool goes_on = true;
    uint64_t at;
    ssize_t n;

    gonet_mutex_lock(&d->reading);
    at = atomic_load(&d->read);
    if (d->end_seen || (!c->half && at == d->quota)) {
        gonet_mutex_unlock(&d->reading);
        return false;
    }
    n = gonet_conn_read(c->end[p->end], buf,
                        1 + dice_below(&p->dice, dice_one_in(&p->dice, 3) ? MAX_WRITE : 100), &err);
    STRESS_COUNT(operations, 1);
    if (n > 0) {
        goes_on = stress_check(d->stream, at, buf, (size_t)n);
        STRESS_COUNT(bytes, n);
        atomic_store(&d->read, at + (uint64_t)n);
    } else if (n == 0) {
        CHECK(err == gonet_eof);
        check_end(d, at);
        goes_on = false;
    } else {
        goes_on = !stress_ended(err, may_close(c));
    }
    gonet_mutex_unlock(&d->reading);
    return goes_on;
}

static void read_all(void *arg)
{
    part_t *p = arg;
    gonet_conn_t *own = gonet_conn_ref(p->conn->end[p->end]);
    unsigned char *buf = malloc(MAX_WRITE);

    if (buf == NULL)
        abort();
    while (read_some(p, buf))
        stress_pause(&p->dice);
    free(buf);
    gonet_conn_free(own);
    leave(p);
}

/* ---- disturbing ---- */

static gonet_time_t some_time(dice_t *d)
{
    switch (dice_below(d, 4)) {
    case 0:
        return (gonet_time_t){1};
    case 1:
        return gonet_after(dice_below(d, 2000) * GONET_MICROSECOND);
    case 2:
        return gonet_after(GONET_HOUR);
    default:
        return gonet_no_deadline;
    }
}

static void set_some_deadline(gonet_conn_t *c, dice_t *d)
{
    gonet_time_t t = some_time(d);

    STRESS_COUNT(operations, 1);
    switch (dice_below(d, 3)) {
    case 0:
        (void)gonet_conn_set_deadline(c, t, NULL);
        break;
    case 1:
        (void)gonet_conn_set_read_deadline(c, t, NULL);
        break;
    default:
        (void)gonet_conn_set_write_deadline(c, t, NULL);
    }
}

/* Deadlines come and go; in a rough connection an end is closed at some moment. Whoever still waits
 * in the end has no deadline. */
static void disturb(void *arg)
{
    part_t *p = arg;
    stream_conn_t *c = p->conn;
    gonet_conn_t *own = gonet_conn_ref(c->end[p->end]);
    unsigned rounds = dice_below(&p->dice, 30);

    for (unsigned i = 0; i < rounds && atomic_load(&c->busy) > 0; i++) {
        set_some_deadline(own, &p->dice);
        stress_pause(&p->dice);
        if (c->rough && dice_one_in(&p->dice, 10))
            close_end(c, (int)dice_below(&p->dice, 2));
    }
    (void)gonet_conn_set_deadline(own, gonet_no_deadline, NULL);
    if (c->rough)
        close_end(c, p->end);
    gonet_conn_free(own);
    leave(p);
}

/* ---- a connection's life ---- */

static void add_part(stream_conn_t *c, void (*fn)(void *arg), int end)
{
    part_t *p = &c->parts[c->part_count++];

    *p = (part_t){.conn = c, .end = end, .dice = {dice_next(&c->dice)}};
    atomic_fetch_add(&c->busy, 1);
    stress_start(c->schedule, fn, p);
}

/* With small buffers writes go out in parts, and wait. */
static void set_small_buffer(gonet_conn_t *conn)
{
    gonet_tcp_conn_t *tcp = gonet_conn_as_tcp(conn);
    gonet_unix_conn_t *local = gonet_conn_as_unix(conn);

    if (tcp != NULL)
        (void)gonet_tcp_conn_set_write_buffer(tcp, 4096, NULL);
    if (local != NULL)
        (void)gonet_unix_conn_set_write_buffer(local, 4096, NULL);
}

static void start_parts(stream_conn_t *c)
{
    STRESS_COUNT(streams, 2);
    for (int end = 0; end < 2; end++) {
        if (dice_one_in(&c->dice, 2))
            set_small_buffer(c->end[end]);
    }
    for (int end = 0; end < 2; end++) {
        for (unsigned i = 1 + dice_below(&c->dice, 3); i > 0; i--)
            add_part(c, write_all, end);
        for (unsigned i = 1 + dice_below(&c->dice, 3); i > 0; i--)
            add_part(c, read_all, end);
        add_part(c, disturb, end);
    }
}

static void init_conn(party_t *party, unsigned i)
{
    stream_conn_t *c = &party->conn[i];
    dice_t *dice = &party->schedule->dice;

    c->number = i;
    c->party = party;
    c->schedule = party->schedule;
    c->dice.state = dice_next(dice);
    c->rough = dice_one_in(&c->dice, 3);
    c->half = party->network != NULL;
    for (int end = 0; end < 2; end++) {
        c->to[end].conn = c;
        c->to[end].stream = (uint32_t)dice_next(&c->dice);
        c->to[end].quota = dice_below(&c->dice, dice_one_in(&c->dice, 4) ? MAX_QUOTA : 3000);
    }
}

/* ---- dialing and accepting ---- */

static void cancel_soon(void *arg)
{
    gonet_context_t *ctx = arg;

    gonet_yield();
    gonet_context_cancel(ctx);
    gonet_context_free(ctx);
}

/* Dials, now and then with a context that is cancelled meanwhile, and says which connection it is.
 */
static gonet_conn_t *dial(stream_conn_t *c)
{
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, GONET_HOUR);
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *conn;

    c->cancelled = dice_one_in(&c->dice, 8);
    if (c->cancelled)
        stress_start(c->schedule, cancel_soon, gonet_context_ref(ctx));
    conn = gonet_dialer_dial_context(NULL, ctx, c->party->network, c->party->address, &err);
    STRESS_COUNT(operations, 1);
    if (conn == NULL && !c->cancelled && !atomic_load(&c->schedule->over))
        CHECK_ERROR(err, NULL);
    if (conn == NULL)
        STRESS_COUNT(cancelled, 1);
    else
        STRESS_COUNT(dialed, 1);
    if (conn != NULL && gonet_conn_write(conn, &c->number, HELLO, &err) != HELLO) {
        if (!atomic_load(&c->schedule->over))
            CHECK_ERROR(err, NULL);
        gonet_conn_free(conn);
        conn = NULL;
    }
    gonet_context_free(ctx);
    return conn;
}

/* An accepted connection finds out which it is. */
static void greet(party_t *party, gonet_conn_t *conn)
{
    uint32_t number;
    GONET_AUTO(gonet_error_t) err = NULL;

    if (gonet_read_full(gonet_conn_as_reader(conn), &number, HELLO, NULL, &err) != 0) {
        /* nobody: its dial was cancelled, or this is the end of all */
        gonet_conn_free(conn);
        return;
    }
    STRESS_COUNT(accepted, 1);
    if (!CHECK(number < party->n) || !CHECK(atomic_load(&party->conn[number].end[1]) == NULL)) {
        gonet_conn_free(conn);
        return;
    }
    atomic_store(&party->conn[number].end[1], conn);
}

static void accept_all(void *arg)
{
    party_t *party = arg;
    gonet_conn_t *conn;

    while ((conn = gonet_listener_accept(party->listener, NULL)) != NULL)
        greet(party, conn);
}

/* Makes the connection's ends, and lets it live. */
static void live(void *arg)
{
    stream_conn_t *c = arg;
    gonet_conn_t *a, *b;

    if (c->party->network == NULL) {
        if (gonet_pipe(&a, &b) != 0)
            abort();
        atomic_store(&c->end[1], b);
    } else {
        a = dial(c);
    }
    atomic_store(&c->end[0], a);
    while (a != NULL && atomic_load(&c->end[1]) == NULL && !atomic_load(&c->schedule->over))
        stress_pause(&c->dice); /* not accepted yet */
    if (a != NULL && atomic_load(&c->end[1]) != NULL)
        start_parts(c);
    atomic_fetch_sub(&c->party->living, 1);
}

static bool party_listen(party_t *party)
{
    char name[64];
    const char *where = name;

    if (strcmp(party->network, "unix") == 0)
        net_abstract_new("stress", name);
    else
        where = party->network[3] == '6' ? "[::1]:0" : "127.0.0.1:0";
    party->listener = gonet_listen(party->network, where, NULL);
    if (!CHECK(party->listener != NULL))
        return false;
    (void)net_addr_text(gonet_listener_addr(party->listener), party->address);
    for (unsigned i = 1 + dice_below(&party->schedule->dice, 4); i > 0; i--)
        stress_start(party->schedule, accept_all, party);
    return true;
}

/* When all actors but the acceptors have ended. */
static void check_conn(stream_conn_t *c)
{
    for (int end = 0; end < 2 && c->part_count > 0; end++) {
        direction_t *d = &c->to[end];

        CHECK(atomic_load(&d->read) <= atomic_load(&d->written));
        if (!may_close(c)) {
            CHECK_INT(atomic_load(&d->written), d->quota);
            CHECK_INT(atomic_load(&d->read), d->quota);
        }
    }
    gonet_conn_free(c->end[0]);
    gonet_conn_free(c->end[1]);
}

static bool is_done(party_t *party)
{
    bool over = atomic_load(&party->schedule->over), done = atomic_load(&party->living) == 0;

    for (unsigned i = 0; i < party->n; i++) {
        stream_conn_t *c = &party->conn[i];

        /* after a shutdown nobody is there to read what others still write */
        for (int end = 0; over && end < 2; end++) {
            if (atomic_load(&c->end[end]) != NULL)
                (void)gonet_conn_close(c->end[end], NULL);
        }
        done = done && atomic_load(&c->busy) == 0;
    }
    return done;
}

static const char *choose_network(dice_t *dice)
{
    static const char *const networks[] = {"tcp4", "tcp6", "unix", "tcp4", NULL, NULL};
    const char *network = networks[dice_below(dice, 6)];

    return network != NULL && strcmp(network, "tcp6") == 0 && !net_has("tcp6") ? "tcp4" : network;
}

void stress_streams(schedule_t *s)
{
    unsigned n = 1 + dice_below(&s->dice, dice_one_in(&s->dice, 10) ? MANY_CONNS : FEW_CONNS);
    party_t *party = calloc(1, sizeof(*party) + n * sizeof(party->conn[0]));

    if (party == NULL)
        abort();
    party->schedule = s;
    party->network = choose_network(&s->dice);
    party->n = n;
    atomic_store(&party->living, (int)n);
    for (unsigned i = 0; i < n; i++)
        init_conn(party, i);
    if (party->network == NULL || party_listen(party)) {
        for (unsigned i = 0; i < n; i++)
            stress_start(s, live, &party->conn[i]);
        AWAIT(is_done(party));
    }
    if (party->listener != NULL)
        (void)gonet_listener_close(party->listener, NULL);
    stress_wait(s);
    for (unsigned i = 0; i < n; i++)
        check_conn(&party->conn[i]);
    gonet_listener_free(party->listener);
    free(party);
}
