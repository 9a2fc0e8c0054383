/*
 * Relaying between two connections: two directions, each of which copies until its source ends, and
 * passes the end on. Whoever comes last ends the whole.
 *
 * One clock counts for both: when bytes last arrived anywhere. Each side has a deadline, which
 * nobody moves for a message; when it comes, and the clock says that it came too early, it is set
 * anew, and what it has interrupted goes on where it was.
 *
 * A direction in which nothing is under way holds neither buffer nor pipe, and between two sockets
 * no task either: one is born when there is something to read. Other connections have a task for
 * each direction, of which a caller that waits is one.
 */
#include <stdatomic.h>

#include "base/alloc.h"
#include "conn/sock.h"
#include "conn/stream.h"
#include "error/errno_error.h"
#include "gonet/errno.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "runtime/time/clock.h"
#include "socket/fd_copy.h"
#include "socket/fd_lock.h"
#include "socket/scratch.h"

struct relay;

typedef struct {
    struct relay *relay;
    gonet_conn_t *src, *dst;
    gonet__sock_t *in, *out; /* both NULL unless they are stream sockets */
    atomic_bool writing;     /* unless they are */
    int64_t n;
} direction_t;

typedef struct relay {
    direction_t there, back;
    gonet_duration_t idle;        /* <= 0: none */
    _Atomic int64_t last;         /* when bytes arrived */
    _Atomic(gonet_error_t *) err; /* the first */
    atomic_bool over;             /* both connections have been closed */
    atomic_int left;              /* directions that have not ended */
    gonet_wait_group_t waits;     /* for those; or, if nobody waits, it is allocated, and tells */
    bool waited_for;
    void (*ended)(void *arg, int64_t there, int64_t back, const gonet_error_t *err);
    void *arg;
} relay_t;

typedef enum { LEFT_UNBORN, ENDED, FAILED } outcome_t;

static void run(void *arg);

static void moved(void *arg)
{
    relay_t *r = ((direction_t *)arg)->relay;

    if (r->idle > 0)
        atomic_store_explicit(&r->last, gonet__now(), memory_order_relaxed);
}

static bool is_writing(direction_t *d)
{
    return d->out != NULL
               ? (atomic_load(&d->out->fd.state) & GONET__FD_LOCK(GONET__SIDE_WRITE)) != 0
               : atomic_load(&d->writing);
}

/*
 * Until when nothing need move, for a side whose deadline has come; 0: the time is over. How far a
 * large write of the other direction has got is known to that one alone: it is left to its own
 * deadline.
 */
static int64_t silent_until(direction_t *d, bool reads)
{
    relay_t *r = d->relay;
    int64_t now = gonet__now(), until = gonet__add_ns(atomic_load(&r->last), r->idle);

    if (r->idle <= 0)
        return 0;
    if (until <= now && reads && is_writing(d == &r->there ? &r->back : &r->there))
        until = gonet__add_ns(now, r->idle);
    return until > now ? until : 0;
}

static bool goes_on(void *arg, gonet__fd_t *fd, gonet__side_t side)
{
    int64_t until = silent_until(arg, side == GONET__SIDE_READ);
    gonet__fail_t fail;

    if (until != 0 && !gonet__fd_set_deadline(fd, 1u << side, until, &fail))
        gonet__fd_unhold(fd); /* closed: the next call says so */
    return until != 0;
}

/* The same for any connection: whether e is a deadline that came too early. */
static bool may_go_on(direction_t *d, bool reads, const gonet_error_t *e)
{
    int64_t until = gonet_error_is(e, gonet_err_deadline_exceeded) ? silent_until(d, reads) : 0;
    gonet_time_t t = {until};

    return until != 0 && (reads ? gonet_conn_set_read_deadline(d->src, t, NULL)
                                : gonet_conn_set_write_deadline(d->dst, t, NULL)) == 0;
}

/* Ends both directions; takes e, the reason, if it is not the program's or the peers' wish. */
static void end_all(relay_t *r, gonet_error_t *e)
{
    gonet_error_t *none = NULL;

    if (e != NULL && (atomic_load(&r->over) || !atomic_compare_exchange_strong(&r->err, &none, e)))
        gonet_error_free(e);
    if (atomic_exchange(&r->over, true))
        return;
    gonet_conn_close(r->there.src, NULL);
    gonet_conn_close(r->back.src, NULL);
}

/* From a stream socket to another one, as long as there is something to read. */
static outcome_t copy_socks(direction_t *d, gonet_error_t **err)
{
    const gonet__relay_watch_t watch = {moved, goes_on, d};
    gonet__relay_result_t result;
    gonet__fd_t *failed;
    gonet__fail_t fail;
    int64_t n;

    do {
        result = gonet__fd_relay(&d->out->fd, &d->in->fd, -1, &n, &watch, &failed, &fail);
        d->n += n;
        if (result == GONET__RELAY_MORE && gonet__sock_leave_unborn(d->in, run, d, err) == 0)
            return LEFT_UNBORN; /* by now d may be gone */
    } while (result == GONET__RELAY_MORE && may_go_on(d, true, *err));
    if (result == GONET__RELAY_FAILED && failed == &d->in->fd)
        (void)gonet__sock_fail(d->in, "read", GONET__SHAPE_BOTH, &fail, err);
    else if (result == GONET__RELAY_FAILED)
        (void)gonet__sock_fail(d->out, "write", GONET__SHAPE_BOTH, &fail, err);
    return result == GONET__RELAY_END ? ENDED : FAILED;
}

static bool write_all(direction_t *d, const char *p, size_t len, gonet_error_t **err)
{
    size_t done;
    int result;

    atomic_store(&d->writing, true);
    do {
        result = gonet_conn_write_count(d->dst, p, len, &done, err);
        d->n += (int64_t)done;
        p += done;
        len -= done;
        if (done > 0)
            moved(d);
    } while (result != 0 && may_go_on(d, false, *err));
    atomic_store(&d->writing, false);
    return result == 0;
}

/* Waits until there is something to read; what has no such call waits in its read. */
static bool wait_readable(direction_t *d, gonet_error_t **err)
{
    while (gonet_conn_wait_readable(d->src, err) != 0) {
        if (*err == gonet_err_unsupported)
            break;
        if (!may_go_on(d, true, *err))
            return false;
    }
    return true;
}

/* A piece between any two connections; false: the end (gonet_eof), or a failure. */
static bool copy_piece(direction_t *d, gonet_error_t **err)
{
    void *buffer = gonet__copy_buffer_get();
    bool more = false;
    ssize_t n;

    if (buffer == NULL) {
        gonet_error_set(err, gonet_err_no_memory);
        return false;
    }
    n = gonet_conn_read(d->src, buffer, GONET__COPY_SIZE, err);
    if (n > 0 || (n == 0 && *err == NULL))
        more = write_all(d, buffer, (size_t)n, err);
    else if (n < 0)
        more = may_go_on(d, true, *err);
    gonet__copy_buffer_put(buffer);
    return more;
}

/* Between any two connections, until the end of one. */
static outcome_t copy_any(direction_t *d, gonet_error_t **err)
{
    while (wait_readable(d, err) && copy_piece(d, err))
        continue;
    return gonet_error_is(*err, gonet_eof) ? ENDED : FAILED;
}

/* The source has ended: its end is passed on; a destination without such a call ends with it. */
static void pass_end(direction_t *d)
{
    gonet_error_t *e = NULL;

    if (gonet_conn_close_write(d->dst, &e) == 0)
        return;
    if (e == gonet_err_unsupported || gonet_error_is_errno(e, ENOTCONN))
        gonet_error_set(&e, NULL); /* it can't be told, or has gone itself */
    end_all(d->relay, e);
}

/* Nobody has a use for the two any more. */
static void release(gonet_conn_t *a, gonet_conn_t *b)
{
    gonet_conn_close(a, NULL);
    gonet_conn_close(b, NULL);
    gonet_conn_free(a);
    gonet_conn_free(b);
}

/* A direction has ended. The last one ends the relay. */
static void leave(relay_t *r)
{
    gonet_error_t *e;

    if (atomic_fetch_sub(&r->left, 1) != 1)
        return;
    if (r->waited_for) {
        gonet_wait_group_done(&r->waits);
        return;
    }
    release(r->there.src, r->back.src);
    e = atomic_load(&r->err);
    if (r->ended != NULL)
        r->ended(r->arg, r->there.n, r->back.n, e);
    gonet_error_free(e);
    gonet__free(r);
}

static void run(void *arg)
{
    direction_t *d = arg;
    gonet_error_t *e = NULL;
    outcome_t outcome = d->out != NULL ? copy_socks(d, &e) : copy_any(d, &e);

    if (outcome == LEFT_UNBORN)
        return;
    if (outcome == ENDED)
        pass_end(d);
    else
        end_all(d->relay, gonet_error_ref(e));
    gonet_error_free(e);
    leave(d->relay);
}

static void prepare(direction_t *d, relay_t *r, gonet_conn_t *src, gonet_conn_t *dst)
{
    gonet__sock_t *out = gonet__object_sock(gonet__copy_dst(gonet_conn_as_writer(dst)));
    gonet__sock_t *in = gonet__object_sock(gonet__copy_src(gonet_conn_as_reader(src)));
    bool streams = out != NULL && in != NULL && out->fd.stream && in->fd.stream;

    d->relay = r;
    d->src = src;
    d->dst = dst;
    d->in = streams ? in : NULL;
    d->out = streams ? out : NULL;
}

/* Takes a and b. */
static bool begin(relay_t *r, gonet_conn_t *a, gonet_conn_t *b, gonet_error_t **err)
{
    gonet_time_t until = {gonet__add_ns(gonet__now(), r->idle)};

    prepare(&r->there, r, a, b);
    prepare(&r->back, r, b, a);
    atomic_store(&r->left, 2);
    moved(&r->there);
    if (r->idle > 0 && (gonet_conn_set_deadline(a, until, err) != 0 ||
                        gonet_conn_set_deadline(b, until, err) != 0))
        return false;
    if (gonet_go(run, &r->back) == 0)
        return true;
    gonet_error_set(err, gonet__start_error(errno));
    return false;
}

/* The other direction, once the first has begun: where no task can be had, both end. */
static void begin_there(relay_t *r)
{
    if (gonet_go(run, &r->there) == 0)
        return;
    end_all(r, gonet__start_error(errno));
    leave(r);
}

int gonet_relay(gonet_conn_t *a, gonet_conn_t *b, gonet_duration_t idle, int64_t *there,
                int64_t *back, gonet_error_t **err)
{
    relay_t r = {.idle = idle, .waited_for = true};
    gonet_error_t *e = NULL;

    if (there != NULL)
        *there = 0;
    if (back != NULL)
        *back = 0;
    if (a == NULL || b == NULL)
        return gonet__no_object(err);
    gonet_wait_group_add(&r.waits, 1);
    if (begin(&r, gonet_conn_ref(a), gonet_conn_ref(b), &e)) {
        if (r.there.out != NULL)
            begin_there(&r);
        else
            run(&r.there);
        gonet_wait_group_wait(&r.waits);
        e = atomic_load(&r.err);
    }
    release(a, b);
    if (there != NULL)
        *there = r.there.n;
    if (back != NULL)
        *back = r.back.n;
    gonet_error_set(err, e);
    return e == NULL ? 0 : -1;
}

int gonet_relay_go(gonet_conn_t *a, gonet_conn_t *b, gonet_duration_t idle,
                   void (*ended)(void *arg, int64_t there, int64_t back, const gonet_error_t *err),
                   void *arg, gonet_error_t **err)
{
    relay_t *r = a != NULL && b != NULL ? gonet__zalloc(sizeof(*r)) : NULL;
    gonet_error_t *e = r != NULL ? NULL : gonet_err_no_memory;

    if (a == NULL || b == NULL)
        e = gonet_errno_error(EINVAL);
    if (e == NULL) {
        r->idle = idle;
        r->ended = ended;
        r->arg = arg;
    }
    if (e == NULL && begin(r, a, b, &e)) {
        begin_there(r);
    } else {
        release(a, b);
        gonet__free(r);
    }
    gonet_error_set(err, e);
    return e == NULL ? 0 : -1;
}
