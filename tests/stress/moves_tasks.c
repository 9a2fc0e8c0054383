/*
 * A mutex with a condition; contexts; tasks that start tasks.
 */
#include <stdlib.h>
#include <unistd.h>

#include "gonet.h"
#include "stress/moves.h"
#include "support/check.h"

enum { CONTEXTS = 6 };

/* ---- a store: goods are brought and taken, under a mutex ---- */

typedef struct {
    schedule_t *schedule;
    gonet_mutex_t mutex;
    gonet_cond_t cond;
    /* Under the mutex. */
    bool inside;
    unsigned bringers, goods, brought, taken;
    member_t member[MEMBERS];
} store_t;

static void enter(store_t *k, mover_t *m)
{
    mover_mark(m);
    if (!dice_one_in(&m->dice, 4) || !gonet_mutex_try_lock(&k->mutex))
        gonet_mutex_lock(&k->mutex);
    mover_same(m);
    CHECK(!k->inside);
    k->inside = true;
    if (dice_one_in(&m->dice, 8))
        mover_pause(m); /* others wait meanwhile */
}

static void leave(store_t *k)
{
    k->inside = false;
    gonet_mutex_unlock(&k->mutex);
}

static void bring(void *arg)
{
    member_t *p = arg;
    store_t *k = p->object;
    mover_t m;

    mover_begin(&m, k->schedule, p->seed);
    for (unsigned n = dice_below(&m.dice, 60); n > 0; n--) {
        enter(k, &m);
        k->goods++;
        k->brought++;
        gonet_cond_signal(&k->cond);
        leave(k);
        mover_pause(&m);
    }
    enter(k, &m);
    if (--k->bringers == 0)
        gonet_cond_broadcast(&k->cond);
    leave(k);
    mover_end(&m);
}

/* Inside. False: gonet_shutdown. */
static bool wait_for_goods(store_t *k, mover_t *m)
{
    gonet_time_t deadline =
        dice_one_in(&m->dice, 2) ? mover_deadline(m) : gonet_no_deadline; /* nobody helps then */
    bool signalled;

    k->inside = false;
    mover_mark(m);
    signalled = gonet_cond_wait_until(&k->cond, &k->mutex, deadline);
    CHECK(!k->inside);
    k->inside = true;
    if (signalled) {
        mover_same(m);
    } else if (errno == ETIMEDOUT) {
        CHECK(deadline.ns != 0 && gonet_until(deadline) <= 0);
    } else if (CHECK_INT(errno, ECANCELED)) {
        mover_cancelled(m);
        return false;
    }
    return true;
}

static void take(void *arg)
{
    member_t *p = arg;
    store_t *k = p->object;
    mover_t m;
    bool goes_on = true;

    mover_begin(&m, k->schedule, p->seed);
    while (goes_on) {
        enter(k, &m);
        while (goes_on && k->goods == 0 && k->bringers > 0)
            goes_on = wait_for_goods(k, &m);
        goes_on = goes_on && k->goods > 0;
        if (goes_on) {
            k->goods--;
            k->taken++;
        }
        leave(k);
        mover_pause(&m);
    }
    mover_end(&m);
}

static void *store_start(schedule_t *s)
{
    store_t *k = calloc(1, sizeof(*k));
    unsigned n = 2 + dice_below(&s->dice, MEMBERS - 1);

    if (k == NULL)
        abort();
    k->schedule = s;
    k->bringers = 1 + dice_below(&s->dice, n - 1);
    for (unsigned i = 0, bringers = k->bringers; i < n; i++)
        start_member(s, &k->member[i], k, i < bringers ? bring : take);
    return k;
}

static void store_finish(void *part)
{
    store_t *k = part;

    CHECK_INT(k->brought, k->taken + k->goods);
    CHECK(k->goods == 0 || atomic_load(&k->schedule->over));
    CHECK_INT(k->bringers, 0);
    free(k);
}

const moves_kind_t moves_store = {store_start, store_finish};

/* ---- a scope: contexts of contexts, cancelled by one, awaited by others ---- */

typedef struct {
    schedule_t *schedule;
    gonet_context_t *ctx[CONTEXTS];
    int parent[CONTEXTS];
    atomic_bool cancelled[CONTEXTS]; /* before it is */
    member_t member[MEMBERS];
} scope_t;

/* The context has ended: is there a reason? */
static void check_reason(scope_t *c, int i)
{
    gonet_error_t *why = gonet_context_err(c->ctx[i]);
    gonet_time_t deadline;
    bool was = false;

    if (why == gonet_err_context_deadline_exceeded) {
        CHECK(gonet_context_deadline(c->ctx[i], &deadline));
        CHECK(gonet_until(deadline) <= 0);
        return;
    }
    CHECK(why == gonet_err_canceled);
    for (; i >= 0; i = c->parent[i])
        was = was || atomic_load(&c->cancelled[i]);
    CHECK(was);
}

static bool await_one(scope_t *c, mover_t *m)
{
    int i = (int)dice_below(&m->dice, CONTEXTS), result;
    gonet_select_case_t one = {.ch = gonet_context_done(c->ctx[i])};
    gonet_time_t deadline = mover_deadline(m);

    mover_mark(m);
    result = gonet_select(&one, 1, deadline);
    mover_here(m);
    if (result == 0) {
        CHECK(!one.ok);
        check_reason(c, i);
    } else if (result == -1) {
        CHECK(deadline.ns != 0 && gonet_until(deadline) <= 0);
    } else {
        CHECK_INT(result, -2);
        mover_cancelled(m);
    }
    return result >= -1;
}

static void await_contexts(void *arg)
{
    member_t *p = arg;
    scope_t *c = p->object;
    mover_t m;

    mover_begin(&m, c->schedule, p->seed);
    for (unsigned n = dice_below(&m.dice, 30); n > 0 && await_one(c, &m); n--)
        mover_pause(&m);
    mover_end(&m);
}

static void cancel_contexts(void *arg)
{
    member_t *p = arg;
    scope_t *c = p->object;
    mover_t m;

    mover_begin(&m, c->schedule, p->seed);
    for (int n = 0; n < 3; n++) {
        int i = n == 2 ? 0 : (int)dice_below(&m.dice, CONTEXTS); /* the first one is everybody's */

        mover_pauses(&m, 60);
        atomic_store(&c->cancelled[i], true);
        gonet_context_cancel(c->ctx[i]);
    }
    mover_end(&m);
}

static void *scope_start(schedule_t *s)
{
    scope_t *c = calloc(1, sizeof(*c));
    unsigned n = 2 + dice_below(&s->dice, MEMBERS - 1);

    if (c == NULL)
        abort();
    c->schedule = s;
    for (int i = 0; i < CONTEXTS; i++) {
        gonet_context_t *parent;

        c->parent[i] = i == 0 ? -1 : (int)dice_below(&s->dice, (unsigned)i);
        parent = i == 0 ? NULL : c->ctx[c->parent[i]];
        if (i > 0 && dice_one_in(&s->dice, 2))
            c->ctx[i] = gonet_context_with_timeout(
                parent, (gonet_duration_t)dice_below(&s->dice, 20000) * GONET_MICROSECOND);
        else
            c->ctx[i] = gonet_context_with_cancel(parent);
    }
    for (unsigned i = 0; i < n; i++)
        start_member(s, &c->member[i], c, i == 0 ? cancel_contexts : await_contexts);
    return c;
}

static void scope_finish(void *part)
{
    scope_t *c = part;

    for (int i = 0; i < CONTEXTS; i++) {
        CHECK(gonet_context_err(c->ctx[i]) != NULL);
        gonet_context_free(c->ctx[i]);
    }
    free(c);
}

const moves_kind_t moves_scope = {scope_start, scope_finish};

/* ---- a family: tasks that start tasks, pinned beside them or not ---- */

typedef struct {
    schedule_t *schedule;
    member_t parent[4];
} family_t;

typedef struct {
    schedule_t *schedule;
    uint64_t seed;
    pid_t thread; /* where it has to be; 0: anywhere */
    bool pinned;
    gonet_wait_group_t *ended; /* NULL: it was started by the wait group */
} child_t;

static void grow_up(void *arg)
{
    child_t *c = arg;
    mover_t m;

    mover_begin(&m, c->schedule, c->seed);
    CHECK(m.task);
    if (c->pinned) {
        m.pins = 1;
        m.thread = gettid();
        CHECK(c->thread == 0 || c->thread == m.thread);
    }
    mover_pauses(&m, 12);
    mover_end(&m);
    if (c->ended != NULL)
        gonet_wait_group_done(c->ended);
}

static void bear(mover_t *m, child_t *c, gonet_wait_group_t *ended)
{
    bool born;

    *c = (child_t){m->schedule, dice_next(&m->dice), 0, dice_one_in(&m->dice, 2), NULL};
    if (c->pinned) {
        c->thread = m->task ? gettid() : 0;
        c->ended = ended;
        gonet_wait_group_add(ended, 1);
        born = gonet_go_pinned(grow_up, c) == 0;
        if (!born)
            gonet_wait_group_done(ended);
    } else {
        born = gonet_wait_group_go(ended, grow_up, c) == 0;
    }
    if (!born && CHECK_INT(errno, EAGAIN))
        CHECK(atomic_load(&m->schedule->over));
    mover_here(m);
}

static void raise_children(void *arg)
{
    member_t *p = arg;
    family_t *f = p->object;
    child_t child[8];
    mover_t m;

    mover_begin(&m, f->schedule, p->seed);
    for (unsigned n = dice_below(&m.dice, 8); n > 0; n--) {
        gonet_wait_group_t ended = {0};
        unsigned children = 1 + dice_below(&m.dice, 8);

        for (unsigned i = 0; i < children; i++) {
            bear(&m, &child[i], &ended);
            mover_pauses(&m, 3);
        }
        mover_mark(&m);
        gonet_wait_group_wait(&ended);
        mover_same(&m);
    }
    mover_end(&m);
}

static void *family_start(schedule_t *s)
{
    family_t *f = calloc(1, sizeof(*f));

    if (f == NULL)
        abort();
    f->schedule = s;
    for (unsigned i = 1 + dice_below(&s->dice, 4); i > 0; i--)
        start_member(s, &f->parent[i - 1], f, raise_children);
    return f;
}

const moves_kind_t moves_family = {family_start, free};
