/*
 * GONETDEBUG=netdns=cgo: what is left to the C library, how it is asked, what is made of its
 * answers, and how many calls may be under way (behaviour 21). The program's own getaddrinfo and
 * getnameinfo stand in for the real ones.
 */
#include "resolve/libc.h"

#include <errno.h>
#include <gonet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "resolve/debug.h"
#include "resolve/lookup.h"
#include "support.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/leak.h"

static struct addrinfo seen; /* the hints of the last call */
static _Atomic int inside, most, calls;
static _Atomic bool gate_closed;

/* Names say what is to come of them: "eNN" that status, "errno" a system error, "slow" waits. */
static int status_of(const char *name)
{
    if (strcmp(name, "errno") == 0) {
        errno = ENFILE;
        return EAI_SYSTEM;
    }
    if (strcmp(name, "noerrno") == 0) {
        errno = 0;
        return EAI_SYSTEM;
    }
    return name[0] == 'e' ? -atoi(name + 1) : 0;
}

static void pass_gate(const char *name)
{
    int now = ++inside;

    if (strncmp(name, "slow", 4) == 0) {
        if (now > most)
            most = now;
        while (gate_closed)
            check_pause();
    }
    inside--;
}

static struct addrinfo *make_answer(int family, const void *addr, struct addrinfo *next)
{
    struct {
        struct addrinfo ai;
        struct sockaddr_in6 sa;
    } *block = calloc(1, sizeof(*block));

    block->ai.ai_family = family;
    block->ai.ai_addr = (struct sockaddr *)&block->sa;
    block->ai.ai_next = next;
    block->sa.sin6_family = (sa_family_t)family;
    if (family == AF_INET)
        memcpy(&((struct sockaddr_in *)&block->sa)->sin_addr, addr, 4);
    else
        memcpy(&block->sa.sin6_addr, addr, 16);
    if (family == AF_INET6 && *(const uint8_t *)addr == 0xfe)
        block->sa.sin6_scope_id = 1;
    return &block->ai;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    calls++;
    if (strncmp(name, "slow", 4) != 0) /* those are many at a time */
        seen = *hints;
    CHECK(service == NULL);
    pass_gate(name);
    *list = NULL;
    if (status_of(name) != 0)
        return status_of(name);
    *list = make_answer(AF_INET6, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", NULL);
    *list = make_answer(AF_INET, "\x7f\0\0\1", *list);
    *list = make_answer(AF_INET, "\xc0\0\2\1", *list);
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;

        free(list);
        list = next;
    }
}

int getnameinfo(const struct sockaddr *sa, socklen_t len, char *host, socklen_t host_len,
                char *service, socklen_t service_len, int flags)
{
    const uint8_t *last = (const uint8_t *)&((const struct sockaddr_in *)sa)->sin_addr + 3;
    static const char *const names[] = {"plain", "dotted.name", "rooted.name."};

    (void)len;
    (void)service;
    (void)service_len;
    calls++;
    CHECK_INT(flags, NI_NAMEREQD);
    if (*last == 100 || *last == 101) { /* the longest name that has room, and one byte more */
        const size_t longest = *last == 100 ? host_len - 1 : host_len;

        if (longest >= host_len)
            return EAI_OVERFLOW;
        memset(host, 'a', longest);
        host[1] = '.';
        host[longest] = '\0';
        return 0;
    }
    if (*last > 2)
        return -*last;
    snprintf(host, host_len, "%s", names[*last]);
    return 0;
}

/* How a call's status becomes an error. */
typedef struct {
    const char *host, *text;
    bool not_found, temporary;
} error_row_t;

static const error_row_t error_rows[] = {
    {"e2", "lookup e2: no such host", true, false},                         /* EAI_NONAME */
    {"e5", "lookup e5: no such host", true, false},                         /* EAI_NODATA */
    {"e3", "lookup e3: Temporary failure in name resolution", false, true}, /* EAI_AGAIN */
    {"e4", "lookup e4: Non-recoverable failure in name resolution", false, false},
    {"e6", "lookup e6: ai_family not supported", false, false},
    {"errno", "lookup errno: too many open files in system", false, true},
    {"noerrno", "lookup noerrno: too many open files", false, true},
    {"", "lookup : no such host", true, false},
};

static void status_becomes_error(void **state)
{
    const error_row_t *row = *state;
    gonet_error_t *err = NULL;
    size_t n = 1;

    assert_null(gonet_lookup_host(row->host, &n, &err));
    assert_string_equal(gonet_error_string(err), row->text);
    assert_int_equal(gonet_error_as_dns(err)->is_not_found, row->not_found);
    assert_int_equal(gonet_error_as_dns(err)->is_temporary, row->temporary);
    assert_string_equal(gonet_error_as_dns(err)->server, "");
    gonet_error_free(err);
}

/* Which family a network asks for. */
typedef struct {
    const char *network;
    int family;
    size_t n;
} family_row_t;

static const family_row_t family_rows[] = {
    {"ip", AF_UNSPEC, 3}, {"ip4", AF_INET, 2}, {"ip6", AF_INET6, 1}, {"ip4:tcp", AF_INET, 2}};

static void network_becomes_family(void **state)
{
    const family_row_t *row = *state;
    gonet_error_t *err = NULL;
    size_t n = 0;

    gonet_free(gonet_resolver_lookup_ip(NULL, NULL, row->network, "some.host", &n, &err));
    assert_null(err);
    assert_int_equal(n, row->n);
    assert_int_equal(seen.ai_family, row->family);
    assert_int_equal(seen.ai_socktype, SOCK_STREAM);
    assert_int_equal(seen.ai_flags, AI_CANONNAME | AI_V4MAPPED | AI_ALL);
}

/* Not sorted again; zones as names. */
static void order_stays(void **state)
{
    gonet_error_t *err = NULL;
    size_t n = 0;
    const char **list = gonet_lookup_host("some.host", &n, &err);

    (void)state;
    assert_null(err);
    assert_int_equal(n, 3);
    assert_string_equal(list[0], "192.0.2.1");
    assert_string_equal(list[1], "127.0.0.1");
    assert_string_equal(list[2], "fe80::1%lo");
    gonet_free(list);
}

typedef struct {
    const char *addr, *name, *error;
} reverse_row_t;

static const reverse_row_t reverse_rows[] = {
    {"192.0.2.0", "plain", NULL},
    {"192.0.2.1", "dotted.name.", NULL},
    {"192.0.2.2", "rooted.name.", NULL},
    {"192.0.2.3", NULL, "lookup 192.0.2.3: Temporary failure in name resolution"},
    {"192.0.2.4", NULL, "lookup 192.0.2.4: Non-recoverable failure in name resolution"},
    {"192.0.2.100", NULL,
     "lookup 192.0.2.100: DNS response contained records which contain invalid names"},
    {"192.0.2.101", NULL, NULL}, /* the C library's text for EAI_OVERFLOW differs by version */
    {"bogus", NULL, "lookup bogus: invalid address"},
};

static void reverse(void **state)
{
    const reverse_row_t *row = *state;
    gonet_error_t *err = NULL;
    size_t n = 0;
    const char **list = gonet_lookup_addr(row->addr, &n, &err);

    assert_int_equal(n, row->name != NULL);
    assert_true((err == NULL) == (row->name != NULL));
    if (row->name != NULL)
        assert_string_equal(list[0], row->name);
    if (row->error != NULL)
        assert_string_equal(gonet_error_string(err), row->error);
    gonet_free(list);
    gonet_error_free(err);
}

/* Who is asked, given the resolver. */
static gonet_conn_t *no_dial(void *arg, gonet_context_t *ctx, const char *network,
                             const char *address, gonet_error_t **err)
{
    (void)ctx;
    (void)network;
    (void)address;
    ++*(int *)arg;
    gonet_error_set(err, gonet_error_new("dialed"));
    return NULL;
}

static void whom_to_ask(void **state)
{
    int dials = 0;
    gonet_resolver_t own = {.prefer_go = true, .dial = no_dial, .dial_arg = &dials};
    gonet_resolver_t dialing = {.dial = no_dial, .dial_arg = &dials};
    gonet_resolver_t served = {.servers = "127.0.0.1:1"};
    gonet_error_t *err = NULL;
    size_t n = 0;
    int before = calls;

    (void)state;
    assert_null(gonet_resolver_lookup_host(&own, NULL, "x.test.", &n, &err));
    assert_int_equal(calls, before);
    assert_true(dials > 0);
    dials = 0;
    gonet_free(gonet_resolver_lookup_host(&dialing, NULL, "x.test.", &n, &err));
    assert_null(err);
    assert_int_equal(calls, before + 1); /* a dial alone is no wish */
    assert_int_equal(dials, 0);
    assert_null(gonet_resolver_lookup_host(&served, NULL, "x.test.", &n, &err));
    assert_int_equal(calls, before + 1);
    /* the other records never come from the C library (21.10) */
    assert_null(gonet_resolver_lookup_mx(&dialing, NULL, "x.test.", &n, &err));
    assert_null(gonet_resolver_lookup_txt(&dialing, NULL, "x.test.", &n, &err));
    assert_null(gonet_resolver_lookup_ns(&dialing, NULL, "x.test.", &n, &err));
    assert_null(gonet_resolver_lookup_srv(&dialing, NULL, "", "", "x.test.", NULL, &n, &err));
    assert_int_equal(calls, before + 1);
    assert_true(dials >= 4);
    gonet_error_free(err);
}

/* How many calls may be under way. */
typedef struct {
    uint64_t descriptors;
    unsigned limit;
} limit_row_t;

static const limit_row_t limit_rows[] = {{0, 1},     {1, 1},      {30, 30},
                                         {31, 1},    {40, 10},    {500, 470},
                                         {501, 500}, {1024, 500}, {UINT64_MAX, 500}};

static void limit(void **state)
{
    const limit_row_t *row = *state;

    assert_int_equal(gonet__libc_limit(row->descriptors), row->limit);
}

static void look_up_slow(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t n = 0;

    gonet_free(gonet_resolver_lookup_host(NULL, NULL, arg, &n, &err));
    CHECK_ERROR(err, NULL);
    CHECK_INT(n, 3);
}

#define SLOTS 10

/* More wait for their turn, or until their context ends; a call that is given up keeps its slot. */
static void take_turns(void *arg)
{
    gonet_context_t *ctx = gonet_context_with_timeout(NULL, 20 * GONET_MILLISECOND);
    actor_t actors[SLOTS + 5];
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t n = 0;

    (void)arg;
    most = 0;
    gate_closed = true;
    CHECK(gonet_resolver_lookup_host(NULL, ctx, "slow given up", &n, &err) == NULL);
    CHECK_ERROR(err, "lookup slow given up: i/o timeout");
    for (int i = 0; i < SLOTS + 5; i++)
        actor_start(&actors[i], i % 2 ? BY_TASK : BY_THREAD, look_up_slow, (void *)"slow");
    AWAIT(inside == SLOTS);
    gonet_context_free(ctx);
    ctx = gonet_context_with_timeout(NULL, 20 * GONET_MILLISECOND);
    CHECK(gonet_resolver_lookup_host(NULL, ctx, "slow turn", &n, &err) == NULL);
    CHECK_ERROR(err, "lookup slow turn: i/o timeout");
    CHECK(gonet_error_is(err, gonet_err_context_deadline_exceeded));
    CHECK_INT(inside, SLOTS);
    gate_closed = false;
    for (int i = 0; i < SLOTS + 5; i++)
        actor_join(&actors[i]);
    CHECK_INT(most, SLOTS);
    gonet_context_free(ctx);
    AWAIT(inside == 0);
}

static void turns(void **state)
{
    (void)state;
    actor_run_test(THREADS, take_turns, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(order_stays), LEAK_TEST(whom_to_ask),
                                       LEAK_TEST(turns)};
    struct rlimit r, small;

    setenv("GONETDEBUG", "netdns=cgo", 1);
    /* what the limit of descriptors is at the first call counts */
    getrlimit(RLIMIT_NOFILE, &r);
    small = r;
    small.rlim_cur = SLOTS + 30;
    setrlimit(RLIMIT_NOFILE, &small);
    if (RUN_ROWS(error_rows, status_becomes_error) != 0)
        return 1;
    setrlimit(RLIMIT_NOFILE, &r);
    return RUN_ROWS(family_rows, network_becomes_family) + RUN_ROWS(reverse_rows, reverse) +
           RUN_ROWS(limit_rows, limit) + cmocka_run_group_tests(tests, NULL, NULL);
}
