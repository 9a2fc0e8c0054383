/*
 * The in-memory pipe: two flows of bytes, one each way, under one spin lock. A call that waits
 * leaves a node on its own stack in its flow's queue; bytes go straight from the writer's memory to
 * the reader's.
 *
 * A writer stays in its queue until all its bytes are taken, and only the first one of the queue
 * gives any, so writes don't mix. Whoever comes second does the copying: it claims the one who
 * waits, takes note of the bytes under the lock, copies without it, and wakes. A node that is
 * queued but not marked as waiting belongs to a call that is awake and will look for itself when it
 * has the lock. So a waiting reader and a waiting first writer never stay side by side.
 * In a forked child, the first lock forgets the calls that were under way in the parent.
 */
#include "gonet/pipe.h"

#include <string.h>

#include "base/alloc.h"
#include "base/list.h"
#include "conn/object.h"
#include "gonet/errno.h"
#include "runtime/time/clock.h"
#include "runtime/ground/spin.h"
#include "runtime/sched/task.h"
#include "runtime/sync/context_run.h"
#include "runtime/sync/waitq.h"

/* What a read takes out of a longer write under the lock, without a switch to the writer. */
#define SMALL ((size_t)16 * 1024)

/* A read or a write under way. Everything is guarded by the lock, unless it was claimed. */
typedef struct call {
    gonet__waiter_t node;
    gonet__wait_t wait;
    struct call *also; /* the next to be woken */
    unsigned char *p;  /* of a write, only read */
    size_t left;
    bool waiting; /* may be claimed */
    bool done;    /* set by a claimer, together with taking the node out */
    bool looks;   /* a read that takes nothing: it ends when there is a writer */
} call_t;

/* From the end of the same index to the other one. */
typedef struct {
    gonet__waiter_t *writers;
    gonet__waiter_t *readers;
    int64_t write_deadline;
    int64_t read_deadline;
} flow_t;

typedef struct {
    gonet__object_t object; /* first */
    struct pipe *pipe;
    unsigned index;
    bool closed;
} end_t;

typedef struct pipe {
    _Atomic uint32_t lock;
    uint32_t pins; /* calls that will come back for the lock */
    uint32_t ends; /* with an owner */
    end_t end[2];
    flow_t flow[2];
} pipe_t;

typedef enum { OPEN, CLOSED, PEER_CLOSED, TIMED_OUT, CANCELED, ENDING } verdict_t;

static void lock(pipe_t *pipe)
{
    if (gonet__spin_lock(&pipe->lock) == GONET__SPIN_KNOWN)
        return;
    pipe->pins = 0;
    for (unsigned i = 0; i < 2; i++)
        pipe->flow[i].writers = pipe->flow[i].readers = NULL;
}

static end_t *peer_of(end_t *e)
{
    return &e->pipe->end[1 - e->index];
}

static verdict_t judge(end_t *e, int64_t deadline)
{
    if (e->closed)
        return CLOSED;
    if (peer_of(e)->closed)
        return PEER_CLOSED;
    if (gonet__under_over())
        return CANCELED;
    return deadline != 0 && gonet__now() >= deadline ? TIMED_OUT : OPEN;
}

static call_t *call_of(gonet__waiter_t *n)
{
    return GONET__CONTAINER(n, call_t, node);
}

/* claim makes sure that a waiting call stays where it is until it is woken; false: it is awake. */
static bool claim(call_t *c)
{
    if (!c->waiting || !gonet__wait_claim(&c->wait))
        return false;
    c->waiting = false;
    return true;
}

/* claim_first claims the first call of a queue that waits; it stays in the queue. */
static call_t *claim_first(gonet__waiter_t *queue)
{
    gonet__waiter_t *n = queue;

    if (n == NULL)
        return NULL;
    do {
        if (claim(call_of(n)))
            return call_of(n);
        n = n->next;
    } while (n != queue);
    return NULL;
}

/* claim_all puts all waiting calls of a queue, which they stay in, in front of list. */
static call_t *claim_all(gonet__waiter_t *queue, call_t *list)
{
    call_t *c;

    while ((c = claim_first(queue)) != NULL) {
        c->also = list;
        list = c;
    }
    return list;
}

static void wake_all(call_t *list)
{
    while (list != NULL) {
        call_t *next = list->also;

        gonet__wait_wake(&list->wait);
        list = next;
    }
}

static void enter(pipe_t *pipe, gonet__waiter_t **queue, call_t *c)
{
    if (gonet__waitq_has(&c->node))
        return;
    c->node.wait = &c->wait;
    gonet__waitq_push_back(queue, &c->node);
    pipe->pins++;
}

/* finish takes out a call that has got all it wanted. */
static void finish(pipe_t *pipe, gonet__waiter_t **queue, call_t *c)
{
    if (!gonet__waitq_has(&c->node))
        return;
    gonet__waitq_remove(queue, &c->node);
    pipe->pins--;
}

/* next_writer claims the writer whose turn it has become, if somebody waits for it; to be woken. */
static call_t *next_writer(flow_t *f)
{
    if (f->writers == NULL || f->readers == NULL || !claim(call_of(f->writers)))
        return NULL;
    return call_of(f->writers);
}

/* leave ends a call that failed, and gives up the lock and, as the last one, the pipe. */
static void leave(pipe_t *pipe, flow_t *f, gonet__waiter_t **queue, call_t *c)
{
    call_t *next;
    bool last;

    finish(pipe, queue, c);
    next = next_writer(f);
    last = pipe->pins == 0 && pipe->ends == 0;
    gonet__spin_unlock(&pipe->lock);
    if (next != NULL)
        gonet__wait_wake(&next->wait);
    if (last)
        gonet__free(pipe);
}

/*
 * wait_here waits in queue and gives up the lock meanwhile. True: somebody else has finished the
 * call, and the pipe may be gone. False: the lock is held; *verdict is ENDING when the runtime
 * ends. (The context of the caller is looked at by judge.)
 */
static bool wait_here(pipe_t *pipe, gonet__waiter_t **queue, call_t *c, int64_t deadline,
                      const char *why, verdict_t *verdict)
{
    gonet__wait_state_t state;

    enter(pipe, queue, c);
    gonet__wait_init(&c->wait);
    c->waiting = true;
    gonet__spin_unlock(&pipe->lock);
    state = gonet__wait_for(&c->wait, deadline, 0, why);
    if (state == GONET__WAIT_CLAIMED && c->done)
        return true;
    lock(pipe);
    c->waiting = false;
    if (state == GONET__WAIT_INTERRUPTED && !gonet__under_over())
        *verdict = ENDING;
    return false;
}

static void copy_bytes(void *to, const void *from, size_t n)
{
    if (n > 0)
        memcpy(to, from, n);
}

/* give serves a waiting reader, which gives up the lock. True: that was all of w. */
static bool give(pipe_t *pipe, flow_t *f, call_t *w, call_t *r)
{
    size_t n = w->left < r->left ? w->left : r->left; /* 0 for one who looks */
    const unsigned char *from = w->p;
    call_t *next = NULL;
    bool all = n == w->left && !r->looks;

    finish(pipe, &f->readers, r);
    w->p += n;
    w->left -= n;
    if (all) {
        finish(pipe, &f->writers, w);
        next = next_writer(f);
    }
    gonet__spin_unlock(&pipe->lock);
    copy_bytes(r->p, from, n);
    r->left = n;
    r->done = true;
    gonet__wait_wake(&r->wait);
    if (next != NULL)
        gonet__wait_wake(&next->wait);
    return all;
}

/* write_loop returns OPEN when all was taken. The caller holds the lock, which it gives up. */
static verdict_t write_loop(end_t *e, call_t *w)
{
    pipe_t *pipe = e->pipe;
    flow_t *f = &pipe->flow[e->index];
    verdict_t verdict = OPEN;
    call_t *r;

    for (;;) {
        if (verdict == OPEN)
            verdict = judge(e, f->write_deadline);
        if (verdict != OPEN)
            break;
        enter(pipe, &f->writers, w);
        if (f->writers == &w->node && (r = claim_first(f->readers)) != NULL) {
            if (give(pipe, f, w, r))
                return OPEN;
            lock(pipe);
        } else if (wait_here(pipe, &f->writers, w, f->write_deadline, "pipe write", &verdict)) {
            return OPEN;
        }
    }
    leave(pipe, f, &f->writers, w);
    return verdict;
}

/*
 * take serves the reader r from a writer, if one is there for it. True: r has its bytes, and the
 * lock was given up.
 */
static bool take(pipe_t *pipe, flow_t *f, call_t *r)
{
    call_t *w = f->writers == NULL ? NULL : call_of(f->writers), *next = NULL;
    size_t n;
    const unsigned char *from;
    bool claimed = false;

    if (w == NULL)
        return false;
    if (r->looks) {
        finish(pipe, &f->readers, r);
        gonet__spin_unlock(&pipe->lock);
        return true;
    }
    n = w->left < r->left ? w->left : r->left;
    if ((n == w->left || n > SMALL) && !(claimed = claim(w)))
        return false;
    from = w->p;
    w->p += n;
    w->left -= n;
    finish(pipe, &f->readers, r);
    if (w->left == 0 && claimed) {
        w->done = true;
        finish(pipe, &f->writers, w);
        next = next_writer(f);
    }
    if (!claimed)
        copy_bytes(r->p, from, n);
    gonet__spin_unlock(&pipe->lock);
    if (claimed) {
        copy_bytes(r->p, from, n);
        gonet__wait_wake(&w->wait);
    }
    if (next != NULL)
        gonet__wait_wake(&next->wait);
    r->left = n;
    return true;
}

/* read_loop returns OPEN when r has its bytes, which r->left then counts. Locks as write_loop. */
static verdict_t read_loop(end_t *e, call_t *r)
{
    pipe_t *pipe = e->pipe;
    flow_t *f = &pipe->flow[1 - e->index];
    verdict_t verdict = OPEN;

    for (;;) {
        if (verdict == OPEN)
            verdict = judge(e, f->read_deadline);
        if (verdict != OPEN)
            break;
        if (take(pipe, f, r) ||
            wait_here(pipe, &f->readers, r, f->read_deadline, "pipe read", &verdict))
            return OPEN;
    }
    leave(pipe, f, &f->readers, r);
    return verdict;
}

/* The errors of a deadline, the caller's context and the runtime's end name op; others are bare
 * (19.4, 19.5). */
static int fail(verdict_t verdict, const char *op, gonet_error_t **err)
{
    gonet_error_t *e = verdict == TIMED_OUT  ? gonet_err_deadline_exceeded
                       : verdict == CANCELED ? gonet__under_error()
                                             : gonet_err_closed;

    if (verdict >= TIMED_OUT)
        gonet_error_set(err, gonet_op_error_new(op, "pipe", NULL, NULL, e));
    else
        gonet_error_set(err, gonet_err_closed_pipe);
    return -1;
}

static ssize_t read_slot(void *self, void *p, size_t len, gonet_error_t **err)
{
    end_t *e = self;
    call_t r = {.p = p, .left = len};
    verdict_t verdict;

    lock(e->pipe);
    verdict = read_loop(e, &r);
    gonet__task_tick();
    if (verdict == OPEN)
        return (ssize_t)r.left;
    if (verdict != PEER_CLOSED)
        return fail(verdict, "read", err);
    gonet_error_set(err, gonet_eof);
    return 0;
}

static int wait_readable_slot(void *self, gonet_error_t **err)
{
    end_t *e = self;
    call_t r = {.looks = true};
    verdict_t verdict;

    lock(e->pipe);
    verdict = read_loop(e, &r);
    gonet__task_tick();
    return verdict == OPEN || verdict == PEER_CLOSED ? 0 : fail(verdict, "read", err);
}

static int write_slot(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err)
{
    end_t *e = self;
    call_t w = {.p = (unsigned char *)(uintptr_t)p, .left = len};
    verdict_t verdict;

    lock(e->pipe);
    verdict = write_loop(e, &w);
    gonet__task_tick();
    *n = len - w.left;
    return verdict == OPEN ? 0 : fail(verdict, "write", err);
}

/* shut closes e, which so many owners leave; who waits at either end is woken. */
static void shut(end_t *e, unsigned owners)
{
    pipe_t *pipe = e->pipe;
    call_t *list = NULL;
    bool last;

    lock(pipe);
    e->closed = true;
    for (unsigned i = 0; i < 2; i++)
        list = claim_all(pipe->flow[i].writers, claim_all(pipe->flow[i].readers, list));
    pipe->ends -= owners;
    last = pipe->pins == 0 && pipe->ends == 0;
    gonet__spin_unlock(&pipe->lock);
    wake_all(list);
    if (last)
        gonet__free(pipe);
}

static int close_slot(void *self, gonet_error_t **err)
{
    (void)err;
    shut(self, 0);
    return 0;
}

static void destroy_slot(void *self)
{
    shut(self, 1);
}

static const gonet_addr_t *addr_slot(void *self)
{
    static const gonet_addr_t addr = {.kind = GONET_ADDR_OTHER,
                                      .other = {.text = "pipe", .net = "pipe"}};

    (void)self;
    return &addr;
}

/* move sets a deadline; if it comes earlier than thought, who waits in queue has to look again. */
static call_t *move(int64_t *deadline, int64_t to, gonet__waiter_t *queue, call_t *list)
{
    int64_t was = *deadline;

    *deadline = to;
    return to != 0 && (was == 0 || to < was) ? claim_all(queue, list) : list;
}

static int set_deadlines(end_t *e, bool read, bool write, gonet_time_t t, gonet_error_t **err)
{
    pipe_t *pipe = e->pipe;
    flow_t *out = &pipe->flow[e->index], *in = &pipe->flow[1 - e->index];
    call_t *list = NULL;
    bool closed;

    lock(pipe);
    closed = e->closed || peer_of(e)->closed;
    if (!closed && read)
        list = move(&in->read_deadline, t.ns, in->readers, list);
    if (!closed && write)
        list = move(&out->write_deadline, t.ns, out->writers, list);
    gonet__spin_unlock(&pipe->lock);
    wake_all(list);
    return closed ? fail(CLOSED, "set", err) : 0;
}

static int set_deadline_slot(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadlines(self, true, true, t, err);
}

static int set_read_deadline_slot(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadlines(self, true, false, t, err);
}

static int set_write_deadline_slot(void *self, gonet_time_t t, gonet_error_t **err)
{
    return set_deadlines(self, false, true, t, err);
}

static const gonet__conn_class_t pipe_class = {
    .conn = {.size = sizeof(gonet_conn_vtable_t),
             .read = read_slot,
             .write = write_slot,
             .close = close_slot,
             .local_addr = addr_slot,
             .remote_addr = addr_slot,
             .set_deadline = set_deadline_slot,
             .set_read_deadline = set_read_deadline_slot,
             .set_write_deadline = set_write_deadline_slot,
             .destroy = destroy_slot,
             .wait_readable = wait_readable_slot}};

int gonet_pipe(gonet_conn_t **a, gonet_conn_t **b)
{
    pipe_t *pipe = gonet__zalloc(sizeof(*pipe));

    *a = *b = NULL;
    if (pipe == NULL) {
        errno = ENOMEM;
        return -1;
    }
    atomic_init(&pipe->lock, gonet__spin_init());
    pipe->ends = 2;
    for (unsigned i = 0; i < 2; i++) {
        gonet__object_init(&pipe->end[i].object, GONET__KIND_CONN, GONET__TYPE_PIPE, &pipe_class);
        pipe->end[i].pipe = pipe;
        pipe->end[i].index = i;
    }
    *a = (gonet_conn_t *)&pipe->end[0].object;
    *b = (gonet_conn_t *)&pipe->end[1].object;
    return 0;
}
