/*
 * What a resolver's dial may rely on: the values of the caller's context in every lookup, and that
 * nobody uses it, its argument or that context any more when the lookup has returned.
 */
#include <gonet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "support/actor.h"
#include "support/check.h"
#include "support/leak.h"

static int key;

/* A lookup of a kind of x.test; false: there is none of that number. */
static bool look_up(int kind, const gonet_resolver_t *r, gonet_context_t *ctx, gonet_error_t **err)
{
    gonet_dialer_t dialer = {.resolver = (gonet_resolver_t *)r};
    size_t n = 0;

    switch (kind) {
    case 0:
        gonet_free((void *)gonet_resolver_lookup_host(r, ctx, "x.test", &n, err));
        return true;
    case 1:
        gonet_free(gonet_resolver_lookup_ip(r, ctx, "ip", "x.test", &n, err));
        return true;
    case 2:
        gonet_free(gonet_resolver_lookup_ip_addr(r, ctx, "x.test", &n, err));
        return true;
    case 3:
        gonet_free(gonet_resolver_lookup_net_ip(r, ctx, "ip4", "x.test", &n, err));
        return true;
    case 4:
        gonet_free(gonet_resolver_lookup_ip_ttl(r, ctx, "ip6", "x.test", &n, NULL, err));
        return true;
    case 5:
        gonet_free((void *)gonet_resolver_lookup_addr(r, ctx, "192.0.2.7", &n, err));
        return true;
    case 6:
        gonet_free(gonet_resolver_lookup_cname(r, ctx, "x.test", err));
        return true;
    case 7:
        gonet_free(gonet_resolver_lookup_mx(r, ctx, "x.test", &n, err));
        return true;
    case 8:
        gonet_free(gonet_resolver_lookup_ns(r, ctx, "x.test", &n, err));
        return true;
    case 9:
        gonet_free(gonet_resolver_lookup_srv(r, ctx, "s", "tcp", "x.test", NULL, &n, err));
        return true;
    case 10:
        gonet_free(gonet_resolver_lookup_txt(r, ctx, "x.test", &n, err));
        return true;
    case 11:
        gonet_conn_free(gonet_dialer_dial_context(&dialer, ctx, "tcp", "x.test:1", err));
        return true;
    }
    return false;
}

/* Counts who comes with which value, and fails. */
typedef struct {
    _Atomic int with, without;
    void *value;
} seen_t;

static gonet_conn_t *see(void *arg, gonet_context_t *ctx, const char *network, const char *address,
                         gonet_error_t **err)
{
    seen_t *seen = arg;

    (void)network;
    (void)address;
    if (gonet_context_value(ctx, &key) == seen->value)
        seen->with++;
    else
        seen->without++;
    *err = gonet_error_new("no way");
    return NULL;
}

static void ask_with_values(void *arg)
{
    (void)arg;
    for (int kind = 0;; kind++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        seen_t seen = {.value = &kind};
        gonet_resolver_t r = {
            .prefer_go = true, .servers = "192.0.2.53", .dial = see, .dial_arg = &seen};
        gonet_context_t *ctx = gonet_context_with_value(NULL, &key, &kind, NULL);
        bool any = look_up(kind, &r, ctx, &err);

        gonet_context_free(ctx);
        if (!any)
            break;
        CHECK(seen.with > 0);
        CHECK_INT(seen.without, 0);
        CHECK(strstr(gonet_error_string(err), ": no way") != NULL);
    }
}

static void values(void **state)
{
    (void)state;
    actor_run_test(TASKS, ask_with_values, NULL);
    actor_run_test(THREADS, ask_with_values, NULL);
}

/* A dial that looks neither at its context nor at the clock. */
typedef struct {
    _Atomic int inside, dials;
    gonet_context_t *ctx; /* the caller's */
    atomic_bool returned; /* the lookup has */
} slow_t;

#define PATIENCE 100 /* pauses: for the caller to return, if it does */

static gonet_conn_t *dial_slowly(void *arg, gonet_context_t *ctx, const char *network,
                                 const char *address, gonet_error_t **err)
{
    slow_t *slow = arg;

    (void)ctx;
    (void)network;
    (void)address;
    slow->inside++;
    slow->dials++;
    AWAIT(gonet_context_err(slow->ctx) != NULL);
    for (int i = 0; i < PATIENCE && !slow->returned; i++)
        check_pause();
    CHECK(!slow->returned);
    slow->inside--;
    *err = gonet_error_new("no way");
    return NULL;
}

static void cancel_when_inside(void *arg)
{
    slow_t *slow = arg;

    AWAIT(slow->inside > 0);
    gonet_context_cancel(slow->ctx);
}

/* The caller is cancelled, or too late, while the dial is at work: it returns after the dial has.
 */
static void give_up_early(void *arg)
{
    for (int i = 0;; i++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        bool cancel = i % 2 == 0, any;
        slow_t slow = {.ctx = cancel ? gonet_context_with_cancel(NULL)
                                     : gonet_context_with_timeout(NULL, 20 * GONET_MILLISECOND)};
        gonet_resolver_t r = {
            .prefer_go = true, .servers = "192.0.2.53", .dial = dial_slowly, .dial_arg = &slow};
        actor_t actor;

        if (cancel)
            actor_start(&actor, arg == NULL ? BY_TASK : BY_THREAD, cancel_when_inside, &slow);
        any = look_up(i / 2, &r, slow.ctx, &err);
        slow.returned = true;
        CHECK_INT(slow.inside, 0);
        if (!any)
            gonet_context_cancel(slow.ctx);
        if (!any)
            slow.inside = 1;
        if (cancel)
            actor_join(&actor);
        gonet_context_free(slow.ctx);
        if (!any)
            break;
        CHECK(!cancel || slow.dials > 0); /* a deadline may come first */
        CHECK(
            gonet_error_is(err, cancel ? gonet_err_canceled : gonet_err_context_deadline_exceeded));
    }
}

static void ended_with_the_call(void **state)
{
    (void)state;
    actor_run_test(TASKS, give_up_early, NULL);
    actor_run_test(THREADS, give_up_early, (void *)"");
}

/* Two who ask the same at once: each with his own context, whoever came first. */
typedef struct {
    _Atomic int dials, values[2];
    const int *who; /* the two values */
} two_t;

static gonet_conn_t *see_both(void *arg, gonet_context_t *ctx, const char *network,
                              const char *address, gonet_error_t **err)
{
    two_t *two = arg;
    const int *who = gonet_context_value(ctx, &key);

    (void)network;
    (void)address;
    if (CHECK(who != NULL))
        two->values[who - two->who]++;
    two->dials++;
    for (int i = 0; i < PATIENCE && two->dials < 2; i++)
        check_pause(); /* so that the other one comes meanwhile */
    *err = gonet_error_new("no way");
    return NULL;
}

typedef struct {
    two_t *two;
    const int *value;
} caller_t;

static void ask_the_same(void *arg)
{
    caller_t *c = arg;
    gonet_resolver_t r = {
        .prefer_go = true, .servers = "192.0.2.53", .dial = see_both, .dial_arg = c->two};
    gonet_context_t *ctx = gonet_context_with_value(NULL, &key, (void *)(uintptr_t)c->value, NULL);
    size_t n;

    gonet_free(gonet_resolver_lookup_ip(&r, ctx, "ip4", "x.test.", &n, NULL));
    gonet_context_free(ctx);
}

static void ask_at_once(void *arg)
{
    static const int who[2];
    two_t two = {.who = who};
    caller_t callers[2] = {{&two, &who[0]}, {&two, &who[1]}};
    actor_t actors[2];

    (void)arg;
    for (int i = 0; i < 2; i++)
        actor_start(&actors[i], i == 0 ? BY_TASK : BY_THREAD, ask_the_same, &callers[i]);
    for (int i = 0; i < 2; i++)
        actor_join(&actors[i]);
    CHECK(two.values[0] > 0);
    CHECK(two.values[1] > 0);
}

static void not_shared(void **state)
{
    (void)state;
    actor_run_test(THREADS, ask_at_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(values), LEAK_TEST(ended_with_the_call),
                                       LEAK_TEST(not_shared)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
