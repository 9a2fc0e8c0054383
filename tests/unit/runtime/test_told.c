/*
 * What tells a task that the runtime ends: each call that parks, by a result of its own. And a task
 * that goes on calling all the same costs nothing, and keeps nobody from the end.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "gonet.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"
#include "busy.h"

#define MS GONET_MILLISECOND

static struct {
    gonet_chan_t *empty, *full;
    gonet_context_t *ctx;
    gonet_mutex_t mutex;
    gonet_cond_t cond;
    gonet_conn_t *tcp[2], *other[2], *pipe[2];
    gonet_listener_t *listener, *silent;
    gonet_conn_t *waiting[2]; /* in the silent one's queue, which is full */
    gonet_packet_conn_t *server;
    char server_text[GONET_ADDR_STRLEN];
    gonet_resolver_t resolver;
} all;

static bool closed(gonet_error_t *err)
{
    bool told = gonet_error_is(err, gonet_err_closed) && !gonet_error_timeout(err);

    if (!told)
        check_fail(__FILE__, __LINE__, "%s", gonet_error_string(err));
    gonet_error_free(err);
    return told;
}

static bool canceled(bool failed)
{
    return CHECK(failed) && CHECK_INT(errno, ECANCELED);
}

static bool call_sleep(void)
{
    return canceled(gonet_sleep(GONET_HOUR) == -1);
}

static bool call_send(void)
{
    int x = 1;

    return canceled(!gonet_chan_send(all.full, &x));
}

static bool call_recv(void)
{
    int x = 1;

    return canceled(!gonet_chan_recv(all.empty, &x)) && CHECK_INT(x, 0);
}

static bool call_nil(void)
{
    return canceled(!gonet_chan_recv(NULL, NULL)) && canceled(!gonet_chan_send(NULL, NULL));
}

static bool call_select(void)
{
    int x = 1;
    gonet_select_case_t c[] = {{.ch = all.empty, .recv = &x},
                               {.ch = all.full, .send = &x},
                               {.ch = gonet_context_done(all.ctx)}};

    return CHECK_INT(gonet_select(c, 3, gonet_no_deadline), -2);
}

static bool call_select_nothing(void)
{
    return CHECK_INT(gonet_select(NULL, 0, gonet_after(GONET_HOUR)), -2);
}

static bool call_cond(void)
{
    bool told;

    gonet_mutex_lock(&all.mutex);
    told = canceled(!gonet_cond_wait(&all.cond, &all.mutex));
    gonet_mutex_unlock(&all.mutex);
    return told;
}

static bool call_cond_until(void)
{
    bool told;

    gonet_mutex_lock(&all.mutex);
    told = canceled(!gonet_cond_wait_until(&all.cond, &all.mutex, gonet_after(GONET_HOUR)));
    gonet_mutex_unlock(&all.mutex);
    return told;
}

static bool call_read(void)
{
    gonet_error_t *err = NULL;
    char x;

    return CHECK_INT(gonet_conn_read(all.tcp[0], &x, 1, &err), -1) && closed(err);
}

static bool call_write(void)
{
    static const char much[1 << 20];
    gonet_error_t *err = NULL;

    return CHECK_INT(gonet_conn_write(all.tcp[0], much, sizeof(much), &err), -1) && closed(err);
}

static bool call_wait_readable(void)
{
    gonet_error_t *err = NULL;

    return CHECK_INT(gonet_conn_wait_readable(all.tcp[0], &err), -1) && closed(err);
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
    bool told = CHECK_INT(gonet_raw_conn_read(raw, not_yet, NULL, &err), -1) && closed(err);

    gonet_raw_conn_free(raw);
    return told;
}

static bool call_accept(void)
{
    gonet_error_t *err = NULL;

    return CHECK(gonet_listener_accept(all.listener, &err) == NULL) && closed(err);
}

static bool call_read_datagram(void)
{
    gonet_error_t *err = NULL;
    gonet_addr_t from;
    char x;

    return CHECK_INT(gonet_packet_conn_read_from(all.server, &x, 1, &from, &err), -1) &&
           closed(err);
}

static bool call_pipe_read(void)
{
    gonet_error_t *err = NULL;
    char x;

    return CHECK_INT(gonet_conn_read(all.pipe[0], &x, 1, &err), -1) && closed(err);
}

static bool call_pipe_write(void)
{
    gonet_error_t *err = NULL;

    return CHECK_INT(gonet_conn_write(all.pipe[0], "x", 1, &err), -1) && closed(err);
}

static bool call_copy(void)
{
    gonet_error_t *err = NULL;

    return CHECK_INT(gonet_copy(gonet_conn_as_writer(all.other[0]),
                                gonet_conn_as_reader(all.tcp[0]), &err),
                     -1) &&
           closed(err);
}

static bool call_dial(void)
{
    gonet_error_t *err = NULL;
    char text[GONET_ADDR_STRLEN];

    gonet_addr_string(gonet_listener_addr(all.silent), text, sizeof(text));
    return CHECK(gonet_dial("tcp", text, &err) == NULL) && closed(err);
}

static bool call_dial_tcp(void)
{
    gonet_error_t *err = NULL;

    return CHECK(gonet_dial_tcp("tcp", NULL, gonet_addr_as_tcp(gonet_listener_addr(all.silent)),
                                &err) == NULL) &
           closed(err);
}

static bool call_dial_name(void)
{
    gonet_dialer_t d = {.resolver = &all.resolver};
    gonet_error_t *err = NULL;

    return CHECK(gonet_dialer_dial(&d, "tcp", "a.test:80", &err) == NULL) && closed(err);
}

static bool call_lookup(void)
{
    gonet_error_t *err = NULL;
    size_t n = 0;

    return CHECK(gonet_resolver_lookup_txt(&all.resolver, NULL, "a.test", &n, &err) == NULL) &
           closed(err);
}

static bool call_lookup_addresses(void)
{
    gonet_error_t *err = NULL;
    size_t n = 0;

    return CHECK(gonet_resolver_lookup_ip(&all.resolver, NULL, "ip", "a.test", &n, &err) == NULL) &
           closed(err);
}

typedef struct {
    const char *name;
    bool (*call)(void); /* whether it was told that the runtime ends */
    int tasks;          /* that make the call */
} kind_t;

static const kind_t kinds[] = {
    {"sleep", call_sleep, 1},
    {"chan_send", call_send, 1},
    {"chan_recv", call_recv, 1},
    {"chan_nil", call_nil, 1},
    {"select", call_select, 1},
    {"select_nothing", call_select_nothing, 1},
    {"cond_wait", call_cond, 2},
    {"cond_wait_until", call_cond_until, 1},
    {"read", call_read, 1},
    {"read_behind_another", call_read, 3},
    {"write", call_write, 1},
    {"wait_readable", call_wait_readable, 1},
    {"raw_read", call_raw_read, 1},
    {"accept", call_accept, 2},
    {"read_datagram", call_read_datagram, 1},
    {"pipe_read", call_pipe_read, 2},
    {"pipe_write", call_pipe_write, 1},
    {"copy", call_copy, 1},
    {"dial", call_dial, 1},
    {"dial_tcp", call_dial_tcp, 1},
    {"dial_name", call_dial_name, 1},
    {"lookup", call_lookup, 1},
    {"lookup_addresses", call_lookup_addresses, 2},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void make_all(void *arg)
{
    const gonet_listen_config_t one = {.backlog = 1, .mptcp = 2};
    int x = 0;

    (void)arg;
    memset(&all, 0, sizeof(all));
    all.empty = gonet_chan_new(sizeof(int), 0);
    all.full = gonet_chan_new(sizeof(int), 1);
    all.ctx = gonet_context_with_cancel(NULL);
    REQUIRE(all.empty != NULL && all.full != NULL && gonet_chan_send(all.full, &x));
    REQUIRE(net_pair("tcp", &all.tcp[0], &all.tcp[1]) &&
            net_pair("tcp", &all.other[0], &all.other[1]));
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
    gonet_context_free(all.ctx);
    for (int i = 0; i < 2; i++) {
        gonet_conn_free(all.tcp[i]);
        gonet_conn_free(all.other[i]);
        gonet_conn_free(all.pipe[i]);
        gonet_conn_free(all.waiting[i]);
    }
    gonet_listener_free(all.listener);
    gonet_listener_free(all.silent);
    gonet_packet_conn_free(all.server);
}

static atomic_int begun;
static atomic_long told;
static atomic_bool enough;

static void call_again_and_again(void *arg)
{
    const kind_t *kind = arg;

    atomic_fetch_add(&begun, 1);
    while (!atomic_load(&enough) && kind->call())
        atomic_fetch_add(&told, 1);
}

static void sleep_once(void *arg)
{
    (void)arg;
    CHECK_INT(gonet_sleep(GONET_HOUR), -1);
}

static void *shut_down(void *arg)
{
    CHECK_INT(gonet_shutdown(-1), 0);
    return arg;
}

/* All that is told is counted: at most nine times quickly, then ten times a second. */
static void is_told_and_held_up(void **state)
{
    const kind_t *kind = *state;
    gonet_time_t begin;
    pthread_t thread;
    long n;

    actor_run_test(THREADS, make_all, NULL);
    atomic_store(&begun, 0);
    atomic_store(&told, 0);
    atomic_store(&enough, false);
    for (int i = 0; i < kind->tasks; i++)
        assert_int_equal(gonet_go(call_again_and_again, (void *)(uintptr_t)kind), 0);
    assert_int_equal(gonet_go(sleep_once, NULL), 0);
    AWAIT(atomic_load(&begun) == kind->tasks);
    begin = gonet_now();
    assert_int_equal(pthread_create(&thread, NULL, shut_down, NULL), 0);
    AWAIT(atomic_load(&told) >= 8 * kind->tasks || check_failed());
    n = atomic_load(&told) / kind->tasks;
    CHECK(n <= 9 + gonet_since(begin) / (100 * MS));
    AWAIT(gonet_num_task() <= kind->tasks || check_failed()); /* who behaves has ended */
    atomic_store(&enough, true);
    pthread_join(thread, NULL);
    free_all();
    check_report();
}

static void sleep_on(void *arg)
{
    atomic_int *slept = arg;

    while (!atomic_load(&enough)) {
        if (gonet_sleep(MS) == 0 && gonet_select(NULL, 0, gonet_after(MS)) == -1)
            atomic_fetch_add(slept, 1);
        else
            atomic_fetch_add(&told, 1);
    }
}

/* Each shutdown tells anew, and when it has failed nobody is told any more. */
static void a_failed_one_is_over(void **state)
{
    char listing[4096];
    atomic_int slept = 0;

    (void)state;
    atomic_store(&enough, false);
    assert_int_equal(gonet_go(sleep_on, &slept), 0);
    for (int i = 0; i < 3; i++) {
        int before = atomic_load(&slept);

        AWAIT(atomic_load(&slept) > before + 10);
        atomic_store(&told, 0);
        listing_begin();
        do {
            assert_int_equal(gonet_shutdown(5 * MS), -1);
            assert_int_equal(errno, EBUSY);
        } while (atomic_load(&told) == 0);
        listing_end(listing, sizeof(listing));
    }
    atomic_store(&enough, true);
    assert_int_equal(gonet_shutdown(-1), 0);
    check_report();
}

int main(void)
{
    struct CMUnitTest tests[KINDS + 1];

    for (int i = 0; i < KINDS; i++)
        tests[i] = (struct CMUnitTest){kinds[i].name, is_told_and_held_up, leak_setup,
                                       leak_teardown, (void *)(uintptr_t)&kinds[i]};
    tests[KINDS] = (struct CMUnitTest)LEAK_TEST(a_failed_one_is_over);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
