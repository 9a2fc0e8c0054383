/*
 * gonet_serve: that it serves, how it ends, limits, pauses; and connections that rest without a
 * task.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gonet.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define MS GONET_MILLISECOND

/* A server that runs beside the test. */
typedef struct {
    gonet_listener_t *l;
    void (*handler)(gonet_conn_t *c, void *arg);
    gonet_serve_options_t o;
    int result;
    gonet_error_t *err;
    actor_t actor;
    atomic_bool over;
    /* what handlers note */
    atomic_int at_work, most, begun, ended;
    atomic_bool leave; /* handlers that wait may go */
} site_t;

static void serve(void *arg)
{
    site_t *s = arg;

    s->result = gonet_serve(s->l, s->handler, s, &s->o, &s->err);
    atomic_store(&s->over, true);
}

static void open_site(site_t *s, actor_kind_t kind)
{
    s->l = net_listen("tcp");
    if (s->l != NULL)
        actor_start(&s->actor, kind, serve, s);
}

/* After whatever ends it. */
static void close_site(site_t *s)
{
    actor_join(&s->actor);
    CHECK_INT(atomic_load(&s->begun), atomic_load(&s->ended));
    gonet_error_free(s->err);
    gonet_listener_free(s->l);
}

static void begin(site_t *s)
{
    int n = atomic_fetch_add(&s->at_work, 1) + 1;
    int most = atomic_load(&s->most);

    while (n > most && !atomic_compare_exchange_weak(&s->most, &most, n)) {
    }
    atomic_fetch_add(&s->begun, 1);
}

static void end(site_t *s)
{
    atomic_fetch_sub(&s->at_work, 1);
    atomic_fetch_add(&s->ended, 1);
}

static void echo(gonet_conn_t *c, void *arg)
{
    begin(arg);
    gonet_copy(gonet_conn_as_writer(c), gonet_conn_as_reader(c), NULL);
    end(arg);
}

static void wait_to_leave(gonet_conn_t *c, void *arg)
{
    site_t *s = arg;

    (void)c;
    begin(s);
    AWAIT(atomic_load(&s->leave));
    end(s);
}

/* One question, one answer. */
static bool ask(gonet_conn_t *c)
{
    char buf[4];
    size_t n;

    return CHECK(gonet_conn_write(c, "ping", 4, NULL) == 4) &&
           CHECK(gonet_read_full(gonet_conn_as_reader(c), buf, 4, &n, NULL) == 0) &&
           CHECK(memcmp(buf, "ping", 4) == 0);
}

/* The server has closed it. */
static bool ended(gonet_conn_t *c)
{
    char byte;

    return gonet_conn_read(c, &byte, 1, NULL) <= 0;
}

#define CLIENTS 20

static void serves(actor_kind_t kind)
{
    site_t s = {.handler = echo};
    gonet_conn_t *c[CLIENTS];

    open_site(&s, kind);
    for (int i = 0; i < CLIENTS; i++) {
        c[i] = net_dial("tcp", s.l);
        ask(c[i]);
    }
    CHECK_INT(atomic_load(&s.at_work), CLIENTS);
    CHECK(gonet_listener_close(s.l, NULL) == 0);
    for (int i = 0; i < CLIENTS; i++) { /* those that are there are served to their end */
        CHECK(!atomic_load(&s.over));
        ask(c[i]);
        gonet_conn_free(c[i]);
    }
    close_site(&s);
    CHECK_INT(s.result, 0);
    CHECK_INT(atomic_load(&s.ended), CLIENTS);
}

static void by_context(actor_kind_t kind)
{
    site_t s = {.handler = echo};
    gonet_conn_t *c;

    s.o.ctx = gonet_context_with_cancel(NULL);
    open_site(&s, kind);
    c = net_dial("tcp", s.l);
    ask(c);
    gonet_context_cancel(s.o.ctx);
    ask(c);
    gonet_conn_free(c);
    close_site(&s);
    CHECK_INT(s.result, 0);
    gonet_context_free(s.o.ctx);

    memset(&s, 0, sizeof(s)); /* by its deadline */
    s.handler = echo;
    s.o.ctx = gonet_context_with_timeout(NULL, 10 * MS);
    open_site(&s, kind);
    close_site(&s);
    CHECK_INT(s.result, 0);
    gonet_context_free(s.o.ctx);
}

typedef struct {
    gonet_listener_t *l;
    int result;
} here_t;

static void leave_it(gonet_conn_t *c, void *arg)
{
    (void)c;
    (void)arg;
}

static void serve_here(void *arg)
{
    here_t *h = arg;

    h->result = gonet_serve(h->l, leave_it, NULL, NULL, NULL);
}

/* Without a context of its own it ends with the caller's. */
static void by_context_of_caller(void **state)
{
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, 10 * MS);
    here_t h = {.l = net_listen("tcp"), .result = -1};

    (void)state;
    gonet_context_run(ctx, serve_here, &h);
    CHECK_INT(h.result, 0);
    gonet_listener_free(h.l);
    gonet_context_free(ctx);
    check_report();
}

/* Handlers that do not end are closed after their grace, or at once. */
static void grace(actor_kind_t kind)
{
    static const gonet_duration_t graces[] = {20 * MS, -1};

    for (int i = 0; i < 2; i++) {
        site_t s = {.handler = echo, .o = {.grace = graces[i]}};
        gonet_conn_t *c;

        open_site(&s, kind);
        c = net_dial("tcp", s.l);
        ask(c);
        CHECK(gonet_listener_close(s.l, NULL) == 0);
        CHECK(ended(c));
        close_site(&s);
        CHECK_INT(s.result, 0);
        gonet_conn_free(c);
    }
}

static void limit(actor_kind_t kind)
{
    site_t s = {.handler = wait_to_leave, .o = {.max_conns = 3}};
    gonet_conn_t *c[10];

    open_site(&s, kind);
    for (int i = 0; i < 10; i++)
        c[i] = net_dial("tcp", s.l);
    AWAIT(atomic_load(&s.at_work) == 3);
    gonet_sleep(5 * MS);
    CHECK_INT(atomic_load(&s.begun), 3);
    atomic_store(&s.leave, true);
    AWAIT(atomic_load(&s.ended) == 10);
    CHECK_INT(atomic_load(&s.most), 3);
    for (int i = 0; i < 10; i++)
        gonet_conn_free(c[i]);
    CHECK(gonet_listener_close(s.l, NULL) == 0);
    close_site(&s);
}

/* A full server ends with its listener, too. */
static void end_of_full(actor_kind_t kind)
{
    site_t s = {.handler = echo, .o = {.max_conns = 1, .grace = -1}};
    gonet_conn_t *c;

    open_site(&s, kind);
    c = net_dial("tcp", s.l);
    ask(c);
    CHECK(gonet_listener_close(s.l, NULL) == 0);
    close_site(&s);
    CHECK(ended(c));
    gonet_conn_free(c);
}

/* ---- listeners that fail ---- */

typedef struct {
    const int *errnums; /* of each accept; 0: it succeeds; -1: nothing more, until it is closed */
    size_t next;
    gonet_wait_group_t closed;
    gonet_duration_t pauses[16];
    size_t retries;
    actor_kind_t kind;
} failing_t;

static gonet_conn_t *failing_accept(void *self, gonet_error_t **err)
{
    failing_t *f = self;
    int errnum = f->errnums[f->next];
    gonet_conn_t *a = NULL, *b = NULL;

    if (errnum == -1) {
        gonet_error_set(err, gonet_err_closed);
        return NULL;
    }
    f->next++;
    if (errnum != 0) {
        gonet_error_set(err, gonet_syscall_error_new("accept4", errnum));
        return NULL;
    }
    CHECK(gonet_pipe(&a, &b) == 0);
    gonet_conn_free(b);
    return a;
}

static int failing_close(void *self, gonet_error_t **err)
{
    (void)self;
    (void)err;
    return 0;
}

static const gonet_listener_vtable_t failing_vtable = {
    .size = sizeof(failing_vtable), .accept = failing_accept, .close = failing_close};

static void nothing(gonet_conn_t *c, void *arg)
{
    (void)c;
    (void)arg;
}

static void note_pause(void *arg, const gonet_error_t *err, gonet_duration_t pause)
{
    failing_t *f = arg;

    CHECK(err != NULL);
    f->pauses[f->retries++] = pause;
}

static void pauses(actor_kind_t kind)
{
    static const int errnums[] = {EMFILE, ENFILE, ENOBUFS, 0, ENOMEM, EMFILE, -1};
    static const gonet_duration_t want[] = {5 * MS, 10 * MS, 20 * MS, 5 * MS, 10 * MS};
    failing_t f = {.errnums = errnums};
    gonet_listener_t *l = gonet_listener_new(&failing_vtable, &f);
    gonet_serve_options_t o = {.on_retry = note_pause};
    gonet_error_t *err = NULL;
    gonet_time_t begin = gonet_now();

    (void)kind;
    CHECK_INT(gonet_serve(l, nothing, &f, &o, &err), 0);
    CHECK_ERROR(err, NULL);
    CHECK_INT(f.retries, 5);
    for (int i = 0; i < 5; i++)
        CHECK_INT(f.pauses[i], want[i]);
    CHECK(gonet_since(begin) >= 50 * MS);
    gonet_listener_free(l);
}

static void fails(actor_kind_t kind)
{
    static const int errnums[] = {0, EINVAL};
    failing_t f = {.errnums = errnums};
    gonet_listener_t *l = gonet_listener_new(&failing_vtable, &f);
    gonet_error_t *err = NULL;

    (void)kind;
    CHECK_INT(gonet_serve(l, nothing, &f, NULL, &err), -1);
    CHECK_ERROR(err, "accept4: invalid argument");
    gonet_listener_free(l);
    CHECK_INT(gonet_serve(NULL, nothing, &f, NULL, &err), -1);
    CHECK(gonet_error_is_errno(err, EINVAL));
    gonet_error_free(err);
}

/* ---- connections that rest ---- */

/* Answers what has come; counts in its state, which it frees in the end. */
static bool answer(gonet_conn_t *c, void **state, void *arg)
{
    site_t *s = arg;
    int *count = *state;
    char buf[64];
    ssize_t n = gonet_conn_read(c, buf, sizeof(buf), NULL);

    if (count == NULL) {
        *state = count = calloc(1, sizeof(*count));
        atomic_fetch_add(&s->begun, 1);
    }
    if (n > 0 && gonet_conn_write(c, buf, (size_t)n, NULL) == n) {
        ++*count;
        return true;
    }
    atomic_fetch_add(&s->at_work, *count); /* here: how many were answered in all */
    atomic_fetch_add(&s->ended, 1);
    free(count);
    return false;
}

static void rests(actor_kind_t kind)
{
    site_t s = {.o = {.readable = answer}};
    gonet_conn_t *c[CLIENTS];
    int tasks;

    open_site(&s, kind);
    for (int i = 0; i < CLIENTS; i++)
        c[i] = net_dial("tcp", s.l);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < CLIENTS; i++)
            ask(c[i]);
    }
    tasks = gonet_num_task();
    CHECK(tasks >= CLIENTS); /* those to be born count */
    for (int i = 0; i < CLIENTS / 2; i++)
        gonet_conn_free(c[i]); /* they end, the others are ended */
    AWAIT(atomic_load(&s.ended) == CLIENTS / 2);
    CHECK(gonet_listener_close(s.l, NULL) == 0);
    close_site(&s);
    CHECK_INT(s.result, 0);
    CHECK_INT(atomic_load(&s.ended), CLIENTS);
    CHECK_INT(atomic_load(&s.at_work), 5 * CLIENTS);
    for (int i = CLIENTS / 2; i < CLIENTS; i++) {
        CHECK(ended(c[i]));
        gonet_conn_free(c[i]);
    }
}

static void greet(gonet_conn_t *c, void *arg)
{
    (void)arg;
    CHECK(gonet_conn_write(c, "ready", 5, NULL) == 5);
}

static void greets(actor_kind_t kind)
{
    site_t s = {.handler = greet, .o = {.readable = answer}};
    gonet_conn_t *c;
    char buf[5];
    size_t n;

    open_site(&s, kind);
    c = net_dial("tcp", s.l);
    CHECK(gonet_read_full(gonet_conn_as_reader(c), buf, 5, &n, NULL) == 0);
    ask(c);
    gonet_conn_free(c);
    AWAIT(atomic_load(&s.ended) == 1);
    CHECK(gonet_listener_close(s.l, NULL) == 0);
    close_site(&s);
}

static void silence_ends(actor_kind_t kind)
{
    site_t s = {.o = {.readable = answer, .idle_timeout = 20 * MS}};
    gonet_conn_t *c;

    open_site(&s, kind);
    c = net_dial("tcp", s.l);
    CHECK(ended(c));
    AWAIT(atomic_load(&s.ended) == 1);
    gonet_conn_free(c);
    CHECK(gonet_listener_close(s.l, NULL) == 0);
    close_site(&s);
}

/* A function that never looks at what it reads does not keep a server from ending. */
static bool careless(gonet_conn_t *c, void **state, void *arg)
{
    char byte;

    (void)state;
    (void)arg;
    (void)gonet_conn_read(c, &byte, 1, NULL);
    return true;
}

static void careless_ends(actor_kind_t kind)
{
    site_t s = {.o = {.readable = careless}};
    gonet_conn_t *c;

    open_site(&s, kind);
    c = net_dial("tcp", s.l);
    CHECK(gonet_conn_write(c, "x", 1, NULL) == 1);
    CHECK(gonet_listener_close(s.l, NULL) == 0);
    close_site(&s);
    gonet_conn_free(c);
}

#define BOTH(name)                             \
    static void name##_in_task(void **state)   \
    {                                          \
        (void)state;                           \
        name(BY_TASK);                         \
        check_report();                        \
    }                                          \
    static void name##_in_thread(void **state) \
    {                                          \
        (void)state;                           \
        name(BY_THREAD);                       \
        check_report();                        \
    }

BOTH(serves)
BOTH(by_context)
BOTH(grace)
BOTH(limit)
BOTH(end_of_full)
BOTH(pauses)
BOTH(fails)
BOTH(rests)
BOTH(greets)
BOTH(silence_ends)
BOTH(careless_ends)

/* ---- shutdown ---- */

static void shut_down(actor_kind_t kind, const gonet_serve_options_t *o)
{
    site_t s = {.handler = o->readable == NULL ? echo : NULL, .o = *o};
    gonet_conn_t *c[CLIENTS];

    open_site(&s, kind);
    for (int i = 0; i < CLIENTS; i++) {
        c[i] = net_dial("tcp", s.l);
        ask(c[i]);
    }
    CHECK_INT(gonet_shutdown(-1), 0);
    close_site(&s);
    CHECK_INT(s.result, 0);
    for (int i = 0; i < CLIENTS; i++)
        gonet_conn_free(c[i]);
}

static void test_shutdown(void **state)
{
    const gonet_serve_options_t plain = {.grace = 0}, resting = {.readable = answer};

    (void)state;
    shut_down(BY_TASK, &plain);
    shut_down(BY_THREAD, &plain);
    shut_down(BY_TASK, &resting);
    shut_down(BY_THREAD, &resting);
    check_report();
}

#define TESTS(name) LEAK_TEST(name##_in_task), LEAK_TEST(name##_in_thread)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TESTS(serves),
        TESTS(by_context),
        TESTS(grace),
        TESTS(limit),
        TESTS(pauses),
        TESTS(end_of_full),
        TESTS(fails),
        TESTS(rests),
        TESTS(greets),
        TESTS(silence_ends),
        TESTS(careless_ends),
        LEAK_TEST(test_shutdown),
        LEAK_TEST(by_context_of_caller),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
