/*
 * What a forked child may do with each kind of object that it inherits, as the table in task.h has
 * it, while others wait for that object in the parent, who must notice nothing.
 */
#include "support/scene.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The CPU time of the process. */
static int64_t cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * GONET_SECOND + t.tv_nsec;
}

/* ---- listeners ---- */

static void accept_one(void *object)
{
    gonet_conn_t *c = gonet_listener_accept(object, NULL);

    CHECK(c != NULL);
    gonet_conn_free(c);
}

static void close_listener(void *object)
{
    CHECK_INT(gonet_listener_close(object, NULL), 0);
    CHECK_INT(gonet_listener_close(object, NULL), -1);
    gonet_listener_free(object);
}

static void serve(void *object)
{
    gonet_conn_t *c = net_dial("tcp", object), *s = gonet_listener_accept(object, NULL);
    char x = 0;

    if (CHECK(s != NULL)) {
        CHECK_INT(gonet_conn_write(c, "s", 1, NULL), 1);
        CHECK_INT(gonet_conn_read(s, &x, 1, NULL), 1);
    }
    gonet_conn_free(c);
    gonet_conn_free(s);
    gonet_listener_free(object);
}

static int listener(void)
{
    gonet_listener_t *used, *unused;
    waiter_t w[WAITERS];
    int n;

    scene_begin();
    used = net_listen("tcp");
    unused = net_listen("tcp");
    n = scene_wait(w, accept_one, used);
    scene_fork(close_listener, used);
    scene_fork(serve, unused);
    for (int i = 0; i < n; i++)
        gonet_conn_free(net_dial("tcp", used));
    scene_join(w);
    serve(unused);
    gonet_listener_free(used);
    return scene_end();
}

/* ---- connections ---- */

typedef struct {
    gonet_conn_t *a, *b, *c, *d; /* a is read from by the parent's waiters */
} conns_t;

static void read_one(void *object)
{
    conns_t *t = object;
    char x = 0;

    CHECK_INT(gonet_conn_read(t->a, &x, 1, NULL), 1);
    CHECK_INT(x, 'p');
}

static void close_used(void *object)
{
    conns_t *t = object;

    CHECK_INT(gonet_conn_close(t->a, NULL), 0);
    CHECK_INT(gonet_conn_write(t->a, "x", 1, NULL), -1);
    gonet_conn_free(t->a);
}

static void use_used(void *object)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    conns_t *t = object;
    char x;

    CHECK_INT(gonet_conn_set_read_deadline(t->a, gonet_after(GONET_MILLISECOND), NULL), 0);
    CHECK_INT(gonet_conn_read(t->a, &x, 1, &err), -1);
    CHECK(gonet_error_is(err, gonet_err_deadline_exceeded));
    gonet_conn_free(t->a);
}

static void talk(void *object)
{
    conns_t *t = object;
    char x = 0;

    CHECK_INT(gonet_conn_write(t->c, "c", 1, NULL), 1);
    CHECK_INT(gonet_conn_read(t->d, &x, 1, NULL), 1);
    CHECK_INT(x, 'c');
    gonet_conn_free(t->c);
    gonet_conn_free(t->d);
}

/* Who waits in the parent goes on waiting, at no cost. */
static void is_quiet(void)
{
    int64_t from = cpu(), begin = cpu();

    for (long i = 0; i < 200 && cpu() - begin < 50 * GONET_MILLISECOND; i++)
        check_pause();
    CHECK(cpu() - from < 100 * GONET_MILLISECOND);
}

static int connection(void)
{
    waiter_t w[WAITERS];
    state_t state = scene_begin();
    conns_t t;
    int n;

    CHILD_CHECK(net_pair("tcp", &t.a, &t.b) && net_pair("tcp", &t.c, &t.d));
    n = scene_wait(w, read_one, &t);
    scene_fork(close_used, &t);
    scene_fork(use_used, &t);
    scene_fork(talk, &t);
    if (state != BUSY)
        is_quiet();
    for (int i = 0; i < n; i++)
        CHECK_INT(gonet_conn_write(t.b, "p", 1, NULL), 1);
    scene_join(w);
    talk(&t);
    gonet_conn_free(t.a);
    gonet_conn_free(t.b);
    return scene_end();
}

/* ---- in-memory pipes ---- */

static void write_other_end(void *object)
{
    conns_t *t = object;

    CHECK_INT(gonet_conn_write(t->b, "i", 1, NULL), 1);
}

static void use_pipe(void *object)
{
    conns_t *t = object;
    actor_t writes;
    char x = 0;

    actor_start(&writes, BY_TASK, write_other_end, t);
    CHECK_INT(gonet_conn_read(t->a, &x, 1, NULL), 1);
    CHECK_INT(x, 'i');
    actor_join(&writes);
    CHECK_INT(gonet_conn_close(t->b, NULL), 0);
    CHECK_INT(gonet_conn_read(t->a, &x, 1, NULL), 0);
    gonet_conn_free(t->a);
    gonet_conn_free(t->b);
}

static int in_memory_pipe(void)
{
    waiter_t w[WAITERS];
    conns_t t;
    int n;

    scene_begin();
    CHILD_CHECK(gonet_pipe(&t.a, &t.b) == 0);
    n = scene_wait(w, read_one, &t);
    scene_fork(close_used, &t);
    scene_fork(use_used, &t);
    scene_fork(use_pipe, &t);
    for (int i = 0; i < n; i++)
        CHECK_INT(gonet_conn_write(t.b, "p", 1, NULL), 1);
    scene_join(w);
    gonet_conn_free(t.a);
    gonet_conn_free(t.b);
    return scene_end();
}

/* ---- channels, select ---- */

typedef struct {
    gonet_chan_t *waited, *stored;
} chans_t;

static void receive_one(void *object)
{
    chans_t *t = object;
    int x = 0;

    CHECK(gonet_chan_recv(t->waited, &x));
    CHECK_INT(x, 7);
}

static void select_one(void *object)
{
    chans_t *t = object;
    gonet_chan_t *mine = gonet_chan_new(0, 0);
    int x = 0;
    gonet_select_case_t cases[] = {{.ch = mine}, {.ch = t->waited, .recv = &x}};

    CHECK_INT(gonet_select(cases, 2, gonet_no_deadline), 1);
    CHECK_INT(x, 7);
    gonet_chan_free(mine);
}

static void send_nine(void *object)
{
    chans_t *t = object;
    int x = 9;

    CHECK(gonet_chan_send(t->waited, &x));
}

static void use_channels(void *object)
{
    chans_t *t = object;
    actor_t sends;
    int x = 7;
    gonet_select_case_t cases[] = {{.ch = t->waited, .recv = &x}};

    CHECK_INT(gonet_chan_try_send(t->waited, &x), GONET_CHAN_WOULD_BLOCK);
    CHECK_INT(gonet_select(cases, 1, gonet_after(GONET_MILLISECOND)), -1);
    actor_start(&sends, BY_TASK, send_nine, t);
    CHECK(gonet_chan_recv(t->waited, &x));
    CHECK_INT(x, 9);
    actor_join(&sends);
    actor_start(&sends, BY_TASK, send_nine, t);
    CHECK_INT(gonet_select(cases, 1, gonet_no_deadline), 0);
    CHECK_INT(x, 9);
    actor_join(&sends);
    CHECK_INT(gonet_chan_len(t->stored), 2);
    for (int i = 1; i <= 2; i++) {
        CHECK_INT(gonet_chan_try_recv(t->stored, &x), GONET_CHAN_OK);
        CHECK_INT(x, i);
    }
    CHECK(gonet_chan_close(t->waited));
    gonet_chan_free(t->waited);
    gonet_chan_free(t->stored);
}

static int inherited_channels(void (*wait)(void *object))
{
    waiter_t w[WAITERS];
    chans_t t;
    int n, x;

    scene_begin();
    t = (chans_t){gonet_chan_new(sizeof(int), 0), gonet_chan_new(sizeof(int), 4)};
    for (x = 1; x <= 2; x++)
        CHECK(gonet_chan_send(t.stored, &x));
    n = scene_wait(w, wait, &t);
    scene_fork(use_channels, &t);
    x = 7;
    for (int i = 0; i < n; i++)
        CHECK(gonet_chan_send(t.waited, &x));
    scene_join(w);
    CHECK_INT(gonet_chan_len(t.stored), 2);
    gonet_chan_free(t.waited);
    gonet_chan_free(t.stored);
    return scene_end();
}

static int channel(void)
{
    return inherited_channels(receive_one);
}

static int in_select(void)
{
    return inherited_channels(select_one);
}

/* ---- contexts ---- */

typedef struct {
    gonet_context_t *parent, *derived;
} contexts_t;

static void wait_for_done(void *object)
{
    contexts_t *t = object;

    CHECK(!gonet_chan_recv(gonet_context_done(t->derived), NULL));
}

static void cancel_in_child(void *object)
{
    contexts_t *t = object;
    gonet_context_t *more = gonet_context_with_cancel(t->derived);

    CHECK(gonet_context_err(t->derived) == NULL);
    gonet_context_cancel(t->parent);
    CHECK(gonet_context_err(t->derived) == gonet_err_canceled);
    CHECK(gonet_context_err(more) == gonet_err_canceled);
    CHECK(!gonet_chan_recv(gonet_context_done(more), NULL));
    gonet_context_free(more);
    gonet_context_free(t->derived);
    gonet_context_free(t->parent);
}

static int context(void)
{
    waiter_t w[WAITERS];
    contexts_t t;

    scene_begin();
    t.parent = gonet_context_with_cancel(NULL);
    t.derived = gonet_context_with_timeout(t.parent, GONET_HOUR);
    scene_wait(w, wait_for_done, &t);
    scene_fork(cancel_in_child, &t);
    CHECK(gonet_context_err(t.derived) == NULL);
    gonet_context_cancel(t.parent);
    scene_join(w);
    gonet_context_free(t.derived);
    gonet_context_free(t.parent);
    return scene_end();
}

/* ---- conditions, wait groups, mutexes ---- */

typedef struct {
    gonet_mutex_t mutex;
    gonet_cond_t cond;
    gonet_wait_group_t group;
    bool met;
} syncs_t;

static void wait_for_cond(void *object)
{
    syncs_t *t = object;

    gonet_mutex_lock(&t->mutex);
    while (!t->met)
        gonet_cond_wait(&t->cond, &t->mutex);
    gonet_mutex_unlock(&t->mutex);
}

static void use_cond(void *object)
{
    syncs_t *t = object;

    memset(&t->mutex, 0, sizeof(t->mutex)); /* a waiter may have it */
    gonet_cond_signal(&t->cond);
    gonet_cond_broadcast(&t->cond);
    gonet_mutex_lock(&t->mutex);
    CHECK(!gonet_cond_wait_until(&t->cond, &t->mutex, gonet_after(GONET_MILLISECOND)));
    gonet_mutex_unlock(&t->mutex);
}

static int condition(void)
{
    waiter_t w[WAITERS];
    syncs_t t = {.met = false};

    scene_begin();
    scene_wait(w, wait_for_cond, &t);
    scene_fork(use_cond, &t);
    gonet_mutex_lock(&t.mutex);
    t.met = true;
    gonet_mutex_unlock(&t.mutex);
    gonet_cond_broadcast(&t.cond);
    scene_join(w);
    return scene_end();
}

static void wait_for_group(void *object)
{
    gonet_wait_group_wait(&((syncs_t *)object)->group);
}

static void done_twice(void *object)
{
    syncs_t *t = object;

    gonet_wait_group_done(&t->group);
    gonet_wait_group_done(&t->group);
}

static void use_group(void *object)
{
    syncs_t *t = object;
    actor_t does;

    actor_start(&does, BY_TASK, done_twice, t); /* the two that are counted */
    gonet_wait_group_wait(&t->group);
    actor_join(&does);
    gonet_wait_group_add(&t->group, 2);
    actor_start(&does, BY_TASK, done_twice, t);
    gonet_wait_group_wait(&t->group);
    actor_join(&does);
}

static int wait_group(void)
{
    waiter_t w[WAITERS];
    syncs_t t = {.met = false};

    scene_begin();
    gonet_wait_group_add(&t.group, 2);
    scene_wait(w, wait_for_group, &t);
    scene_fork(use_group, &t);
    done_twice(&t);
    scene_join(w);
    return scene_end();
}

static void lock_and_unlock(void *object)
{
    syncs_t *t = object;

    gonet_mutex_lock(&t->mutex);
    gonet_mutex_unlock(&t->mutex);
}

static void use_mutex(void *object)
{
    syncs_t *t = object;
    actor_t other;

    CHECK(!gonet_mutex_try_lock(&t->mutex)); /* as the parent had it */
    actor_start(&other, BY_TASK, lock_and_unlock, t);
    gonet_mutex_unlock(&t->mutex);
    actor_join(&other);
    CHECK(gonet_mutex_try_lock(&t->mutex));
    gonet_mutex_unlock(&t->mutex);
}

static int mutex(void)
{
    waiter_t w[WAITERS];
    syncs_t t = {.met = false};

    scene_begin();
    gonet_mutex_lock(&t.mutex);
    scene_wait(w, lock_and_unlock, &t);
    scene_fork(use_mutex, &t);
    gonet_mutex_unlock(&t.mutex);
    scene_join(w);
    CHECK(gonet_mutex_try_lock(&t.mutex));
    return scene_end();
}

/* ---- raw connections ---- */

typedef struct {
    conns_t conns;
    gonet_raw_conn_t *raw;
    int calls;
} raws_t;

static void note_number(void *arg, int fd)
{
    *(int *)arg = fd;
}

static void use_raw(void *object)
{
    raws_t *t = object;
    int fd = -1;

    CHECK_INT(gonet_raw_conn_control(t->raw, note_number, &fd, NULL), 0);
    CHECK(fd > 2);
    CHECK_INT(gonet_conn_close(t->conns.a, NULL), 0);
    CHECK_INT(gonet_raw_conn_control(t->raw, note_number, &fd, NULL), -1);
    gonet_conn_free(t->conns.a);
    gonet_raw_conn_free(t->raw);
}

static bool read_raw(void *arg, int fd)
{
    char x;

    (void)arg;
    return read(fd, &x, 1) == 1;
}

static void wait_raw(void *object)
{
    raws_t *t = object;

    CHECK_INT(gonet_raw_conn_read(t->raw, read_raw, t, NULL), 0);
}

static int raw_connection(void)
{
    waiter_t w[WAITERS];
    raws_t t = {.calls = 0};
    int n;

    scene_begin();
    CHILD_CHECK(net_pair("tcp", &t.conns.a, &t.conns.b));
    t.raw = gonet_conn_syscall_conn(t.conns.a, NULL);
    CHECK(t.raw != NULL);
    scene_fork(use_raw, &t);
    n = scene_wait(w, wait_raw, &t);
    scene_fork(use_raw, &t);
    for (int i = 0; i < n; i++)
        CHECK_INT(gonet_conn_write(t.conns.b, "r", 1, NULL), 1);
    scene_join(w);
    gonet_raw_conn_free(t.raw);
    gonet_conn_free(t.conns.a);
    gonet_conn_free(t.conns.b);
    return scene_end();
}

/* ---- times, names, tasks ---- */

static void sleep_long(void *object)
{
    gonet_time_t begin = gonet_now();

    (void)object;
    gonet_sleep(150 * GONET_MILLISECOND);
    CHECK(gonet_since(begin) >= 150 * GONET_MILLISECOND);
}

static void use_times(void *object)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    conns_t *t = object;
    gonet_time_t begin = gonet_now();
    char x;

    gonet_sleep(2 * GONET_MILLISECOND);
    CHECK(gonet_since(begin) >= 2 * GONET_MILLISECOND);
    CHECK_INT(gonet_conn_read(t->a, &x, 1, &err), -1); /* its deadline was set in the parent */
    CHECK(gonet_error_is(err, gonet_err_deadline_exceeded));
    gonet_conn_free(t->a);
}

static int times(void)
{
    waiter_t w[WAITERS];
    conns_t t;

    scene_begin();
    CHILD_CHECK(net_pair("tcp", &t.a, &t.b));
    CHECK_INT(gonet_conn_set_deadline(t.a, gonet_after(5 * GONET_MILLISECOND), NULL), 0);
    scene_wait(w, sleep_long, NULL);
    scene_fork(use_times, &t);
    scene_join(w);
    gonet_conn_free(t.a);
    gonet_conn_free(t.b);
    return scene_end();
}

static void look_up(void *object)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t n = 0;
    const char **found = gonet_lookup_host("localhost", &n, &err);

    (void)object;
    CHECK_ERROR(err, NULL);
    CHECK(found != NULL && n > 0);
    gonet_free(found);
    CHECK_INT(gonet_lookup_port("tcp", "http", NULL), 80);
    gonet_free(gonet_interfaces(&n, NULL));
    CHECK(n > 0);
}

static int names(void)
{
    scene_begin();
    scene_fork(look_up, NULL);
    look_up(NULL);
    scene_fork(look_up, NULL);
    return scene_end();
}

static void *two(void *arg)
{
    return (char *)arg + 2;
}

static void block(void *arg)
{
    char *at = *(char **)arg;

    CHECK(gonet_blocking(two, at) == at + 2);
}

static void count_tasks(void *object)
{
    char *at = (char *)&object;
    actor_t a;

    CHECK_INT(gonet_num_task(), 0);
    actor_start(&a, BY_TASK, block, &at);
    actor_join(&a);
    CHECK_INT(gonet_shutdown(60 * GONET_SECOND), 0);
    CHECK_INT(gonet_num_task(), 0);
    scene_new();
}

static int tasks(void)
{
    waiter_t w[WAITERS];

    scene_begin();
    scene_fork(count_tasks, NULL);
    scene_wait(w, sleep_long, NULL);
    scene_fork(count_tasks, NULL);
    scene_join(w);
    return scene_end();
}

/* ---- the pipes of splice ---- */

#define STREAM ((size_t)24 << 20)

typedef struct {
    gonet_conn_t *in_w, *in_r, *out_w, *out_r;
    char letter;
} relay_t;

static void feed(void *arg)
{
    static char buf[1 << 16];
    relay_t *r = arg;

    memset(buf, r->letter, sizeof(buf));
    for (size_t n = 0; n < STREAM; n += sizeof(buf))
        CHECK_INT(gonet_conn_write(r->in_w, buf, sizeof(buf), NULL), sizeof(buf));
    CHECK_INT(gonet_conn_close_write(r->in_w, NULL), 0);
}

static void copy(void *arg)
{
    relay_t *r = arg;

    CHECK_INT(gonet_copy(gonet_conn_as_writer(r->out_w), gonet_conn_as_reader(r->in_r), NULL),
              (int64_t)STREAM);
    CHECK_INT(gonet_conn_close_write(r->out_w, NULL), 0);
}

static void relay(char letter)
{
    static char buf[1 << 16];
    relay_t r = {.letter = letter};
    actor_t feeds, copies;
    size_t wrong = 0, got = 0;
    ssize_t n;

    CHILD_CHECK(net_pair("tcp", &r.in_w, &r.in_r) && net_pair("tcp", &r.out_w, &r.out_r));
    actor_start(&feeds, BY_TASK, feed, &r);
    actor_start(&copies, BY_TASK, copy, &r);
    while ((n = gonet_conn_read(r.out_r, buf, sizeof(buf), NULL)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            wrong += buf[i] != letter;
        got += (size_t)n;
    }
    CHECK_INT(got, STREAM);
    CHECK_INT(wrong, 0);
    actor_join(&feeds);
    actor_join(&copies);
    gonet_conn_free(r.in_w);
    gonet_conn_free(r.in_r);
    gonet_conn_free(r.out_w);
    gonet_conn_free(r.out_r);
}

/* Both processes relay a stream of their own, after one that has left its pipe in the cache. */
static int splice_cache(void)
{
    pid_t child;

    scene_begin();
    relay('0');
    child = scene_fork_now();
    relay(child == 0 ? 'c' : 'p');
    if (child == 0)
        child_exit(check_failed() ? 1 : 0);
    CHECK_INT(scene_end_of(child), 0);
    return scene_end();
}

#define PART(name)  \
    {               \
#name, name \
    }

static const child_part_t parts[] = {
    PART(listener),  PART(connection),     PART(in_memory_pipe), PART(channel),
    PART(in_select), PART(context),        PART(condition),      PART(wait_group),
    PART(mutex),     PART(raw_connection), PART(times),          PART(names),
    PART(tasks),     PART(splice_cache),   {NULL, NULL},
};

int main(int argc, char **argv)
{
    return scene_main(argc, argv, "objects", parts);
}
