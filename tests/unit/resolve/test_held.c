/*
 * Threads wait for no worker: their lookups, and dials by name, succeed, or end at their deadline,
 * while every worker is held by a task that does not let go. Here the tasks wait for a pthread
 * mutex that the thread has: a lookup that needed them would never return.
 */
#include <arpa/inet.h>
#include <gonet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lookups.h"
#include "name_server.h"
#include "resolve/lookup.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/leak.h"

static name_server_t *server;
static gonet_resolver_t resolver = {.prefer_go = true};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int waiting;

static void wait_for_mutex(void *arg)
{
    (void)arg;
    waiting++;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    waiting--;
}

/* Takes the mutex, and has each worker wait for it. */
static int setup(void **state)
{
    int status = leak_setup(state), workers = gonet_set_max_procs(0);

    server = name_server_start(&resolver.servers);
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < workers; i++) {
        if (gonet_go(wait_for_mutex, NULL) != 0)
            return -1;
    }
    while (waiting < workers)
        check_pause();
    return status;
}

static int teardown(void **state)
{
    pthread_mutex_unlock(&mutex);
    name_server_stop(server);
    return leak_teardown(state);
}

static gonet_conn_t *dial(void *arg, gonet_context_t *ctx, const char *network, const char *address,
                          gonet_error_t **err)
{
    (void)network;
    return gonet_dialer_dial_context(NULL, ctx, arg, address, err);
}

/* By UDP, by TCP after it, by connections of the program's; with a limit, and without. */
static void answered(void **state)
{
    static const char *const names[] = {"both.test", "tc.test"}, *const networks[] = {"udp", "tcp"};

    (void)state;
    for (int i = 0; i < 4 * 2 * LOOKUP_KINDS; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_resolver_t r = resolver;
        gonet_context_t *ctx =
            i / LOOKUP_KINDS % 2 ? gonet_context_with_timeout(NULL, GONET_HOUR) : NULL;
        int way = i / LOOKUP_KINDS / 2;

        if (way >= 2) {
            r.dial = dial;
            r.dial_arg = (void *)(uintptr_t)networks[way - 2];
        }
        CHECK(look_up_kind(&r, ctx, i % LOOKUP_KINDS, names[way % 2], &err) > 0);
        CHECK_ERROR(err, NULL);
        gonet_context_free(ctx);
    }
    check_report();
}

static void given_up(void **state)
{
    static const char *const names[] = {"silent.test", "tcsilent.test"};

    (void)state;
    for (int i = 0; i < 2 * 2 * LOOKUP_KINDS; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet_resolver_t r = resolver;
        gonet_context_t *ctx = gonet_context_with_timeout(NULL, 20 * GONET_MILLISECOND);

        if (i / LOOKUP_KINDS / 2 == 1) {
            r.dial = dial;
            r.dial_arg = (void *)"tcp";
        }
        CHECK_INT(look_up_kind(&r, ctx, i % LOOKUP_KINDS, names[i / LOOKUP_KINDS % 2], &err), 0);
        CHECK(gonet_error_timeout(err));
        gonet_context_free(ctx);
    }
    check_report();
}

static atomic_int returned;

/* Threads that share a lookup: the first one gives up, the others have their answer. */
static void look_up_held(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t n = look_up_kind(&resolver, arg, 0, "held.test", &err);

    CHECK_INT(n, arg != NULL ? 0 : 2);
    CHECK(arg == NULL || gonet_error_is(err, gonet_err_canceled));
    atomic_fetch_add(&returned, 1);
}

static void shared(void **state)
{
    enum { OTHERS = 10 };
    gonet_context_t *ctx = gonet_context_with_cancel(NULL);
    actor_t first, others[OTHERS];
    int before = name_server_count(server);

    (void)state;
    atomic_store(&returned, 0);
    actor_start(&first, BY_THREAD, look_up_held, ctx);
    AWAIT(name_server_count(server) >= before + 2);
    for (int i = 0; i < OTHERS; i++)
        actor_start(&others[i], BY_THREAD, look_up_held, NULL);
    AWAIT(gonet__lookups_waiting() == 1 + OTHERS);
    gonet_context_cancel(ctx);
    actor_join(&first);
    while (atomic_load(&returned) < 1 + OTHERS && check_patience()) {
        name_server_release(server); /* what another has asked in the first one's place, too */
        check_pause();
    }
    for (int i = 0; i < OTHERS; i++)
        actor_join(&others[i]);
    gonet_context_free(ctx);
    check_report();
}

/* A name with two addresses, of which both are dialed; nobody listens at one of them, if at any. */
static void dialed(void **state)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) l = gonet_listen("tcp", "127.0.0.1:0", &err);
    gonet_dialer_t d = {.resolver = &resolver};
    char address[64];
    gonet_conn_t *c;

    (void)state;
    assert_non_null(l);
    snprintf(address, sizeof(address), "localhost:%d",
             gonet_addr_as_tcp(gonet_listener_addr(l))->port);
    for (int i = 0; i < 4; i++) {
        d.interleave = i % 2;
        d.timeout = i / 2 ? GONET_HOUR : 0;
        c = gonet_dialer_dial(&d, "tcp", address, &err);
        CHECK(c != NULL);
        CHECK_ERROR(err, NULL);
        gonet_conn_free(c);
    }
    d.timeout = 100 * GONET_MILLISECOND; /* both.test is in no network of this machine */
    c = gonet_dialer_dial(&d, "tcp", "both.test:80", &err);
    CHECK(c == NULL && err != NULL);
    gonet_conn_free(c);
    check_report();
}

#define HELD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HELD(answered),
        HELD(given_up),
        HELD(shared),
        HELD(dialed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
