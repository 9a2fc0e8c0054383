/*
 * gonet_context_run: each call that parks ends with the context of the function that makes it, by a
 * task and by a thread: cancelled, by anybody, at any moment before or while it waits; at the
 * deadline; or ended before the call.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "gonet.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define MS GONET_MILLISECOND

static struct {
    gonet_chan_t *empty, *full;
    gonet_timer_t *timer;
    gonet_context_t *other;
    gonet_mutex_t mutex;
    gonet_cond_t cond;
    gonet_conn_t *tcp[2], *other_tcp[2], *pipe[2], *sender;
    gonet_listener_t *listener, *silent;
    gonet_conn_t *waiting[2]; /* in the silent one's queue, which is full */
    gonet_packet_conn_t *server, *receiver;
    char server_text[GONET_ADDR_STRLEN];
    gonet_resolver_t resolver;
} all;

/* ---- the calls; each says whether it has failed for the context's sake ---- */

static gonet_error_t *why(void)
{
    return gonet_context_err(gonet_context_current());
}

/* For calls that tell by errno. */
static bool told(bool failed)
{
    return CHECK(failed) && CHECK_INT(errno, why() == gonet_err_canceled ? ECANCELED : ETIMEDOUT);
}

/* Takes err, which is about as late as why says. */
static bool said(gonet_error_t *err)
{
    bool is = gonet_error_is(err, why()) &&
              gonet_error_timeout(err) == (why() == gonet_err_context_deadline_exceeded);

    if (!is)
        check_fail(__FILE__, __LINE__, "%s", gonet_error_string(err));
    gonet_error_free(err);
    return is;
}

static bool call_sleep(void)
{
    return told(gonet_sleep(GONET_HOUR) == -1);
}

static bool call_send(void)
{
    int x = 1;

    return told(!gonet_chan_send(all.full, &x));
}

static bool call_recv(void)
{
    int x = 1;

    return told(!gonet_chan_recv(all.empty, &x)) && CHECK_INT(x, 0);
}

static bool call_nil(void)
{
    return told(!gonet_chan_recv(NULL, NULL)) && told(!gonet_chan_send(NULL, NULL));
}

static bool call_tick(void)
{
    return told(!gonet_chan_recv(gonet_timer_chan(all.timer), NULL));
}

static bool call_select(void)
{
    int x = 1;
    gonet_select_case_t c[] = {{.ch = all.empty, .recv = &x},
                               {.ch = all.full, .send = &x},
                               {.ch = gonet_timer_chan(all.timer)},
                               {.ch = gonet_context_done(all.other)}};

    return told(gonet_select(c, 4, gonet_no_deadline) == -2);
}

static bool call_select_until(void)
{
    return told(gonet_select(NULL, 0, gonet_after(GONET_HOUR)) == -2);
}

static bool call_cond(void)
{
    bool is;

    gonet_mutex_lock(&all.mutex);
    is = told(!gonet_cond_wait(&all.cond, &all.mutex));
    gonet_mutex_unlock(&all.mutex);
    return is;
}

static bool call_cond_until(void)
{
    bool is;

    gonet_mutex_lock(&all.mutex);
    is = told(!gonet_cond_wait_until(&all.cond, &all.mutex, gonet_after(GONET_HOUR)));
    gonet_mutex_unlock(&all.mutex);
    return is;
}

static bool call_read(void)
{
    gonet_error_t *err = NULL;
    char x;

    return CHECK_INT(gonet_conn_read(all.tcp[0], &x, 1, &err), -1) && said(err);
}

static bool call_read_until(void)
{
    gonet_error_t *err = NULL;
    char x;

    return CHECK_INT(gonet_conn_set_deadline(all.other_tcp[1], gonet_after(GONET_HOUR), &err), 0) &&
           CHECK_INT(gonet_conn_read(all.other_tcp[1], &x, 1, &err), -1) && said(err);
}

static bool call_write(void)
{
    static const char much[1 << 20];
    gonet_error_t *err = NULL;

    return CHECK_INT(gonet_conn_write(all.tcp[0], much, sizeof(much), &err), -1) && said(err);
}

/* To a receiver that is full: the sender asks again in pauses. */
static bool call_send_datagram(void)
{
    static const char message[1000];
    gonet_error_t *err = NULL;

    while (gonet_conn_write(all.sender, message, sizeof(message), &err) > 0) {
    }
    return said(err);
}

static bool call_wait_readable(void)
{
    gonet_error_t *err = NULL;

    return CHECK_INT(gonet_conn_wait_readable(all.tcp[0], &err), -1) && said(err);
}

static bool not_yet(void *arg, int fd)
{
    (void)arg;
    (void)fd;
    return false;
}

static bool call_raw_read(void)
{
    gonet_error_t *err = NULL;
    gonet_raw_conn_t *raw = gonet_conn_syscall_conn(all.tcp[0], NULL);
    bool is = CHECK_INT(gonet_raw_conn_read(raw, not_yet, NULL, &err), -1) && said(err);

    gonet_raw_conn_free(raw);
    return is;
}

static bool call_accept(void)
{
    gonet_error_t *err = NULL;

    return CHECK(gonet_listener_accept(all.listener, &err) == NULL) && said(err);
}

static bool call_read_datagram(void)
{
    gonet_error_t *err = NULL;
    gonet_addr_t from;
    char x;

    return CHECK_INT(gonet_packet_conn_read_from(all.server, &x, 1, &from, &err), -1) && said(err);
}

static bool call_pipe_read(void)
{
    gonet_error_t *err = NULL;
    char x;

    return CHECK_INT(gonet_conn_read(all.pipe[0], &x, 1, &err), -1) && said(err);
}

static bool call_pipe_write(void)
{
    gonet_error_t *err = NULL;

    return CHECK_INT(gonet_conn_write(all.pipe[0], "x", 1, &err), -1) && said(err);
}

static bool call_copy(void)
{
    gonet_error_t *err = NULL;

    return CHECK_INT(gonet_copy(gonet_conn_as_writer(all.other_tcp[0]),
                                gonet_conn_as_reader(all.tcp[0]), &err),
                     -1) &&
           said(err);
}

static bool call_dial(void)
{
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];

    gonet_addr_string(gonet_listener_addr(all.silent), text, sizeof(text));
    return CHECK(gonet_dial("tcp", text, &err) == NULL) && said(err);
}

/* A context of its own does not keep the other one from it. */
static bool call_dial_context(void)
{
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];

    gonet_addr_string(gonet_listener_addr(all.silent), text, sizeof(text));
    return CHECK(gonet_dialer_dial_context(NULL, all.other, "tcp", text, &err) == NULL) &&
           said(err);
}

static bool call_dial_tcp(void)
{
    gonet_error_t *err = NULL;

    return CHECK(gonet_dial_tcp("tcp", NULL, gonet_addr_as_tcp(gonet_listener_addr(all.silent)),
                                &err) == NULL) &&
           said(err);
}

static bool call_dial_name(void)
{
    gonet_dialer_t d = {.resolver = &all.resolver};
    gonet_error_t *err = NULL;

    return CHECK(gonet_dialer_dial(&d, "tcp", "a.test:80", &err) == NULL) && said(err);
}

static bool call_lookup(void)
{
    gonet_error_t *err = NULL;
    size_t n = 0;

    return CHECK(gonet_resolver_lookup_txt(&all.resolver, NULL, "a.test", &n, &err) == NULL) &&
           said(err);
}

static bool call_lookup_context(void)
{
    gonet_error_t *err = NULL;
    size_t n = 0;

    return CHECK(gonet_resolver_lookup_ip(&all.resolver, all.other, "ip", "b.test", &n, &err) ==
                 NULL) &&
           said(err);
}

static bool call_lookup_addresses(void)
{
    gonet_error_t *err = NULL;
    size_t n = 0;

    return CHECK(gonet_resolver_lookup_ip(&all.resolver, NULL, "ip", "a.test", &n, &err) == NULL) &&
           said(err);
}

typedef struct {
    const char *name;
    bool (*call)(void);
    int actors; /* that make the call at the same time */
} kind_t;

static const kind_t kinds[] = {
    {"sleep", call_sleep, 2},
    {"chan_send", call_send, 2},
    {"chan_recv", call_recv, 2},
    {"chan_nil", call_nil, 1},
    {"timer", call_tick, 2},
    {"select", call_select, 2},
    {"select_until", call_select_until, 1},
    {"cond_wait", call_cond, 2},
    {"cond_wait_until", call_cond_until, 1},
    {"read", call_read, 1},
    {"read_until", call_read_until, 1},
    {"read_behind_another", call_read, 3},
    {"write", call_write, 2},
    {"send_datagram", call_send_datagram, 1},
    {"wait_readable", call_wait_readable, 1},
    {"raw_read", call_raw_read, 1},
    {"accept", call_accept, 3},
    {"read_datagram", call_read_datagram, 1},
    {"pipe_read", call_pipe_read, 2},
    {"pipe_write", call_pipe_write, 2},
    {"copy", call_copy, 1},
    {"dial", call_dial, 2},
    {"dial_context", call_dial_context, 1},
    {"dial_tcp", call_dial_tcp, 1},
    {"dial_name", call_dial_name, 1},
    {"lookup", call_lookup, 1},
    {"lookup_context", call_lookup_context, 1},
    {"lookup_addresses", call_lookup_addresses, 2},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), MOST = 3 };

static void make_all(void *arg)
{
    const gonet_listen_config_t one = {.backlog = 1, .mptcp = 2};
    char name[64];
    int x = 0;

    (void)arg;
    memset(&all, 0, sizeof(all));
    all.empty = gonet_chan_new(sizeof(int), 0);
    all.full = gonet_chan_new(sizeof(int), 1);
    all.timer = gonet_timer_new(GONET_HOUR);
    all.other = gonet_context_with_timeout(NULL, GONET_HOUR);
    REQUIRE(all.empty != NULL && all.full != NULL && gonet_chan_send(all.full, &x));
    REQUIRE(net_pair("tcp", &all.tcp[0], &all.tcp[1]) &&
            net_pair("tcp", &all.other_tcp[0], &all.other_tcp[1]));
    all.receiver = gonet_listen_packet("unixgram", net_abstract_new("under", name), NULL);
    all.sender = gonet_dial("unixgram", name, NULL);
    REQUIRE(all.receiver != NULL && all.sender != NULL);
    REQUIRE(gonet_pipe(&all.pipe[0], &all.pipe[1]) == 0);
    (void)net_fill(all.tcp[0]);
    all.listener = net_listen("tcp");
    all.silent = gonet_listen_config_listen(&one, NULL, "tcp", "127.0.0.1:0", NULL);
    all.waiting[0] = net_dial("tcp", all.silent);
    all.waiting[1] = net_dial("tcp", all.silent);
    all.server = gonet_listen_packet("udp", "127.0.0.1:0", NULL);
    REQUIRE(all.listener != NULL && all.silent != NULL && all.server != NULL);
    gonet_addr_string(gonet_packet_conn_local_addr(all.server), all.server_text,
                      sizeof(all.server_text));
    all.resolver = (gonet_resolver_t){.prefer_go = true, .servers = all.server_text};
}

static void free_all(void)
{
    gonet_chan_free(all.empty);
    gonet_chan_free(all.full);
    gonet_timer_free(all.timer);
    gonet_context_free(all.other);
    for (int i = 0; i < 2; i++) {
        gonet_conn_free(all.tcp[i]);
        gonet_conn_free(all.other_tcp[i]);
        gonet_conn_free(all.pipe[i]);
        gonet_conn_free(all.waiting[i]);
    }
    gonet_listener_free(all.listener);
    gonet_listener_free(all.silent);
    gonet_packet_conn_free(all.server);
    gonet_packet_conn_free(all.receiver);
    gonet_conn_free(all.sender);
}

/* ---- ended at any moment ---- */

typedef struct {
    const kind_t *kind;
    gonet_context_t *ctx;
    atomic_int begun, ended;
} round_t;

static void call(void *arg)
{
    round_t *r = arg;

    CHECK(gonet_context_current() == r->ctx);
    atomic_fetch_add(&r->begun, 1);
    CHECK(r->kind->call());
}

static void run_under(void *arg)
{
    round_t *r = arg;

    CHECK(gonet_context_current() == NULL);
    gonet_context_run(r->ctx, call, r);
    CHECK(gonet_context_current() == NULL);
    atomic_fetch_add(&r->ended, 1);
}

static void cancel(void *arg)
{
    gonet_context_cancel(arg);
}

/* How the context of a round ends. */
typedef enum { BY_THIS_THREAD, BY_SOME_TASK, AT_DEADLINE, AS_ITS_PARENT, BEFORE, WAYS } way_t;

static void one_round(const kind_t *kind, actor_kind_t who, way_t way, int moment)
{
    gonet_context_t *parent = gonet_context_with_cancel(NULL);
    round_t r = {.kind = kind};
    actor_t a[MOST], canceller;

    r.ctx = way == AT_DEADLINE ? gonet_context_with_timeout(parent, moment * MS)
                               : gonet_context_with_cancel(parent);
    if (way == BEFORE)
        gonet_context_cancel(r.ctx);
    for (int i = 0; i < kind->actors; i++)
        actor_start(&a[i], who, run_under, &r);
    AWAIT(atomic_load(&r.begun) == kind->actors);
    for (int i = 0; i < moment; i++)
        check_pause();
    switch (way) {
    case BY_THIS_THREAD:
        gonet_context_cancel(r.ctx);
        break;
    case BY_SOME_TASK:
        actor_start(&canceller, BY_TASK, cancel, r.ctx);
        actor_join(&canceller);
        break;
    case AS_ITS_PARENT:
        gonet_context_cancel(parent);
        break;
    case AT_DEADLINE:
    case BEFORE:
    case WAYS:
        break;
    }
    for (int i = 0; i < kind->actors; i++)
        actor_join(&a[i]);
    CHECK_INT(atomic_load(&r.ended), kind->actors);
    gonet_context_free(r.ctx);
    gonet_context_free(parent);
}

static void ends(void **state)
{
    const kind_t *kind = *state;

    actor_run_test(THREADS, make_all, NULL);
    for (int who = BY_TASK; who <= BY_THREAD; who++) {
        for (way_t way = BY_THIS_THREAD; way < WAYS; way++) {
            for (int moment = 0; moment < 6 && !check_failed(); moment++)
                one_round(kind, (actor_kind_t)who, way, moment);
        }
    }
    free_all();
    check_report();
}

int main(void)
{
    struct CMUnitTest tests[KINDS];

    for (int i = 0; i < KINDS; i++)
        tests[i] = (struct CMUnitTest){kinds[i].name, ends, leak_setup, leak_teardown,
                                       (void *)(uintptr_t)&kinds[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
