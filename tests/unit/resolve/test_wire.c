/*
 * What goes over the wire: the questions byte by byte, resolv.conf's options one by one, and
 * answers that are none. Each test makes its own configuration; the servers write down what comes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gonet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error/error.h"
#include "lookups.h"
#include "name_server.h"
#include "resolve/hosts.h"
#include "resolve/lookup.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/leak.h"

#define SERVERS 3

static name_server_t *server[SERVERS];
static const char *server_text[SERVERS];

static int setup(void **state)
{
    int status = leak_setup(state);

    for (int i = 0; i < SERVERS; i++)
        server[i] = name_server_start(&server_text[i]);
    return status;
}

static int teardown(void **state)
{
    for (int i = 0; i < SERVERS; i++)
        name_server_stop(server[i]);
    return leak_teardown(state);
}

/* A configuration of a text, with the first n of the servers. They answer, and nothing is asked
 * again because they are slow to. */
static gonet__resolv_conf_t *make_conf(const char *text, int n)
{
    gonet__resolv_conf_t *base = gonet__resolv_conf_parse(text, strlen(text), "host"), *conf;
    char servers[128];
    bool bad;

    snprintf(servers, sizeof(servers), "%s%s%s%s%s", server_text[0], n > 1 ? "," : "",
             n > 1 ? server_text[1] : "", n > 2 ? "," : "", n > 2 ? server_text[2] : "");
    conf = gonet__resolv_conf_set_servers(base, servers, &bad);
    gonet__resolv_conf_unref(base);
    conf->timeout = GONET_HOUR;
    for (int i = 0; i < SERVERS; i++)
        name_server_forget(server[i]);
    return conf;
}

#define BOTH (GONET__WANT_V4 | GONET__WANT_V6)

static int asked(int i)
{
    int n = 0;

    while (name_server_question(server[i], n).type != 0)
        n++;
    return n;
}

static void run(void (*fn)(void *arg))
{
    actor_run_test(TASKS, fn, NULL);
}

/* The flags of a question, and over what it comes. */
typedef struct {
    const char *options;
    uint16_t flags;
    bool tcp;
} form_t;

static const form_t forms[] = {
    {"", 0x0100, false},
    {"options edns0", 0x0100, false},
    {"options trust-ad", 0x0120, false},
    {"options use-vc", 0x0100, true},
    {"options usevc trust-ad", 0x0120, true},
    {"options tcp", 0x0100, true},
};

static void ask_forms(void *arg)
{
    (void)arg;
    for (size_t f = 0; f < sizeof(forms) / sizeof(*forms); f++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet__resolv_conf_t *conf = make_conf(forms[f].options, 1);
        unsigned types = 0;

        CHECK_INT(look_up(conf, "both.test", BOTH, &err), 2);
        CHECK_INT(asked(0), 2);
        for (int i = 0; i < 2; i++) {
            name_question_t q = name_server_question(server[0], i);

            CHECK_INT(q.flags, forms[f].flags);
            CHECK_INT(q.tcp, forms[f].tcp);
            CHECK(!q.plain);
            CHECK_TEXT(q.name, "both.test.");
            types += q.type;
        }
        CHECK_INT(types, 1 + 28);
        gonet__resolv_conf_unref(conf);
    }
}

static void form(void **state)
{
    (void)state;
    run(ask_forms);
}

/* Asks for what is answered, with the end cut off, after 200 ms; whether that came in time. */
static bool cut_within(gonet__resolv_conf_t *conf, gonet_duration_t timeout)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_time_t start = gonet_now();

    conf->timeout = timeout;
    conf->attempts = 1;
    name_server_forget(server[0]);
    CHECK_INT(look_up(conf, "tcsilentslow.test", GONET__WANT_V4, &err), 0);
    CHECK(gonet_error_timeout(err));
    CHECK_INT(name_server_question(server[0], 0).tcp, false);
    if (strstr(gonet_error_string(err), "read tcp") == NULL)
        return false;
    CHECK(gonet_since(start) >= timeout + 190 * GONET_MILLISECOND);
    CHECK_INT(name_server_question(server[0], 1).tcp, true);
    return true;
}

/* Over TCP, the question has the whole of its time once more. */
static void ask_cut(void *arg)
{
    gonet__resolv_conf_t *conf = make_conf(arg, 1);
    gonet_duration_t timeout = 500 * GONET_MILLISECOND;

    while (!cut_within(conf, timeout) && !check_failed())
        timeout *= 2;
    gonet__resolv_conf_unref(conf);
}

static void cut(void **state)
{
    (void)state;
    actor_run_test(TASKS, ask_cut, (void *)"");
    actor_run_test(TASKS, ask_cut, (void *)"options single-request"); /* another way to begin */
}

/* Which server gets which question: each name+type moves the start by one. */
static void ask_in_turn(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet__resolv_conf_t *conf = make_conf("options rotate", 3);

    (void)arg;
    for (int i = 0; i < 6; i++) {
        CHECK_INT(look_up(conf, "both.test", GONET__WANT_V4, &err), 1);
        for (int k = 0; k < 3; k++)
            CHECK_INT(asked(k), i / 3 + (k <= i % 3));
    }
    CHECK_INT(look_up(conf, "both.test", BOTH, &err), 2);
    CHECK_INT(asked(0) + asked(1), 6);
    CHECK_INT(asked(2), 2);
    CHECK_INT(look_up(conf, "both.test", GONET__WANT_V4, &err), 1);
    CHECK_INT(asked(2), 3);
    gonet__resolv_conf_unref(conf);
    conf = make_conf("", 3);
    for (int i = 0; i < 4; i++)
        CHECK_INT(look_up(conf, "both.test", GONET__WANT_V4, &err), 1);
    CHECK_INT(asked(0), 4);
    gonet__resolv_conf_unref(conf);
}

static void rotate(void **state)
{
    (void)state;
    run(ask_in_turn);
}

/* The server waits for the second question before it answers the first. */
static void ask_pairs(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet__resolv_conf_t *conf = make_conf("", 1);

    (void)arg;
    CHECK_INT(look_up(conf, "pair.test", BOTH, &err), 2);
    gonet__resolv_conf_unref(conf);
    for (int i = 0; i < 2; i++) {
        conf = make_conf(i == 0 ? "options single-request" : "options single-request-reopen", 1);
        conf->timeout = 50 * GONET_MILLISECOND;
        conf->attempts = 1;
        CHECK(look_up(conf, "pair.test", BOTH, &err) <= 1); /* A had no answer in time */
        CHECK_INT(name_server_question(server[0], 0).type, 1);
        CHECK_INT(name_server_question(server[0], 1).type, 28);
        conf->timeout = GONET_HOUR;
        CHECK_INT(look_up(conf, "both.test", BOTH, &err), 2);
        CHECK_INT(name_server_question(server[0], 2).type, 1);
        CHECK_INT(name_server_question(server[0], 3).type, 28);
        gonet__resolv_conf_unref(conf);
    }
}

static void single_request(void **state)
{
    (void)state;
    run(ask_pairs);
}

/* The names that are asked for, in order. */
typedef struct {
    const char *text, *name, *asked;
} search_t;

static const search_t searches[] = {
    {"search s1 s2", "nx", "nx.s1. nx.s2. nx. "},
    {"search s1 s2", "nx.b", "nx.b. nx.b.s1. nx.b.s2. "},
    {"search s1 s2", "nx.", "nx. "},
    {"search s1 s2\noptions ndots:2", "nx.b", "nx.b.s1. nx.b.s2. nx.b. "},
    {"search s1\noptions ndots:2", "nx.b.c", "nx.b.c. nx.b.c.s1. "},
    {"search s1\noptions ndots:0", "nx", "nx. nx.s1. "},
    {"domain d", "nx", "nx.d. nx. "},
    {"domain d\nsearch s1", "nx", "nx.s1. nx. "},
    {"search s1", "nx.b.onion", "nx.b.onion.s1. "}, /* that one is no onion */
    {"search s1", "nx.b.Onion.", ""},
};

static void ask_along(void *arg)
{
    (void)arg;
    for (size_t k = 0; k < sizeof(searches) / sizeof(*searches); k++) {
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet__resolv_conf_t *conf = make_conf(searches[k].text, 2);
        char got[256] = "";

        CHECK_INT(look_up(conf, searches[k].name, GONET__WANT_V4, &err), 0);
        for (int i = 0; i < asked(0); i++) {
            strcat(got, name_server_question(server[0], i).name);
            strcat(got, " ");
        }
        CHECK_TEXT(got, searches[k].asked);
        CHECK_INT(asked(1), 0); /* that there is no such name is final */
        gonet__resolv_conf_unref(conf);
    }
}

static void search(void **state)
{
    (void)state;
    run(ask_along);
}

/* How often each of two servers is asked, and the words of the end; %s is the last server. */
typedef struct {
    const char *name;
    int attempts;
    int counts[2];
    const char *error;
} attempt_t;

static const attempt_t attempts[] = {
    {"silent.test", 1, {1, 1}, "i/o timeout"},
    {"silent.test", 3, {3, 3}, "i/o timeout"},
    {"servfail.test", 2, {2, 2}, ": server misbehaving"},
    {"refused.test", 2, {2, 2}, ": server misbehaving"},
    {"nx.test", 3, {1, 0}, ": no such host"},
    {"both.test", 3, {1, 0}, NULL},
};

static void ask_again(void *arg)
{
    (void)arg;
    for (size_t k = 0; k < sizeof(attempts) / sizeof(*attempts); k++) {
        const attempt_t *row = &attempts[k];
        GONET_AUTO(gonet_error_t) err = NULL;
        gonet__resolv_conf_t *conf = make_conf("", 2);
        bool quiet = row->name[0] == 's' && row->name[1] == 'i';

        conf->attempts = row->attempts;
        if (quiet)
            conf->timeout = 20 * GONET_MILLISECOND;
        CHECK_INT(look_up(conf, row->name, GONET__WANT_V4, &err), row->error == NULL);
        CHECK(row->error == NULL || strstr(gonet_error_string(err), row->error) != NULL);
        AWAIT(asked(0) == row->counts[0] && asked(1) == row->counts[1]);
        if (quiet)
            CHECK(gonet_error_timeout(err) && gonet_error_temporary(err));
        gonet__resolv_conf_unref(conf);
    }
}

static void attempt(void **state)
{
    (void)state;
    run(ask_again);
}

/* Answers that are none are passed over; what comes late disturbs nobody. */
static void ask_liars(void *arg)
{
    static const char *const names[] = {"wrongid.test", "wrongport.test", "garbage.test",
                                        "noqr.test", "othername.test"};
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet__resolv_conf_t *conf = make_conf("", 1);

    (void)arg;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        CHECK_INT(look_up(conf, names[i], BOTH, &err), 2);
        CHECK_INT(asked(0), 2 * ((int)i + 1)); /* nothing was asked twice */
    }
    conf->timeout = 10 * GONET_MILLISECOND;
    conf->attempts = 1;
    CHECK_INT(look_up(conf, "held.test", BOTH, &err), 0);
    CHECK(gonet_error_timeout(err));
    conf->timeout = GONET_HOUR;
    name_server_release(server[0]);
    CHECK_INT(look_up(conf, "slow.test", BOTH, &err), 2); /* the late ones come first */
    CHECK_INT(look_up(conf, "both.test", BOTH, &err), 2);
    gonet__resolv_conf_unref(conf);
}

static void liars(void **state)
{
    (void)state;
    run(ask_liars);
}

/* A reply that is longer than was announced is read up to there; over TCP there is no such end. */
static void ask_big(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet__resolv_conf_t *conf = make_conf("", 1);

    (void)arg;
    CHECK_INT(look_up(conf, "big.test", GONET__WANT_V4, &err), (1232 - 26) / 16);
    CHECK_ERROR(err, NULL);
    gonet__resolv_conf_unref(conf);
    conf = make_conf("options use-vc", 1);
    CHECK_INT(look_up(conf, "big.test", GONET__WANT_V4, &err), 100);
    gonet__resolv_conf_unref(conf);
}

static void big(void **state)
{
    (void)state;
    run(ask_big);
}

/* Who is asked in which order; localhost is in the hosts file, and the servers know it, too. */
typedef struct {
    gonet__order_t order;
    const char *name;
    bool found, asked;
} order_row_t;

static const order_row_t orders[] = {
    {GONET__ORDER_FILES_DNS, "localhost", true, false},
    {GONET__ORDER_FILES_DNS, "both.test", true, true},
    {GONET__ORDER_FILES_DNS, "nx.test", false, true},
    {GONET__ORDER_FILES, "localhost", true, false},
    {GONET__ORDER_FILES, "both.test", false, false},
    {GONET__ORDER_DNS, "localhost", true, true},
    {GONET__ORDER_DNS_FILES, "localhost", true, true},
    {GONET__ORDER_DNS_FILES, "nx.test", false, true},
};

static void ask_in_order(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet__resolv_conf_t *conf = make_conf("", 1), *closed;
    bool bad;

    (void)arg;
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        const order_row_t *row = &orders[i];

        name_server_forget(server[0]);
        CHECK_INT(look_up_in(row->order, conf, row->name, GONET__WANT_V4, &err) > 0, row->found);
        CHECK_INT(asked(0) > 0, row->asked);
        CHECK_INT(err == NULL, row->found);
        CHECK(row->found || gonet_error_as_dns(err)->is_not_found);
    }
    /* no answer from the DNS: the file has one */
    closed = gonet__resolv_conf_set_servers(conf, "127.0.0.1:1", &bad);
    CHECK(look_up_in(GONET__ORDER_DNS_FILES, closed, "localhost", GONET__WANT_V4, &err) > 0);
    CHECK_ERROR(err, NULL);
    CHECK_INT(look_up_in(GONET__ORDER_DNS, closed, "localhost", GONET__WANT_V4, &err), 0);
    gonet__resolv_conf_unref(closed);
    gonet__resolv_conf_unref(conf);
}

static void order(void **state)
{
    gonet__hosts_t *hosts = gonet__hosts_current();
    bool known = hosts != NULL && gonet__hosts_by_name(hosts, "localhost").n > 0;

    (void)state;
    gonet__hosts_unref(hosts);
    if (!known) {
        print_message("skipped: this machine's hosts file has no localhost\n");
        skip();
    }
    run(ask_in_order);
}

/* Ids are not counted up. */
static void ask_often(void *arg)
{
    enum { N = 400 };
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet__resolv_conf_t *conf = make_conf("", 1);
    int steps = 0;

    (void)arg;
    for (int i = 0; i < N; i++)
        CHECK_INT(look_up(conf, "both.test", GONET__WANT_V4, &err), 1);
    for (int i = 0; i < N; i++)
        steps += name_server_question(server[0], i + 1).id ==
                 (uint16_t)(name_server_question(server[0], i).id + 1);
    CHECK_INT(asked(0), N);
    CHECK(steps < N / 10);
    gonet__resolv_conf_unref(conf);
}

static void ids(void **state)
{
    (void)state;
    run(ask_often);
}

/* A server whose queue of connections is full: what connects to it waits. */
static int half_open(char text[32], int fill[8])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(bind(fd, (void *)&addr, len) == 0 && listen(fd, 0) == 0 &&
          getsockname(fd, (void *)&addr, &len) == 0);
    for (int i = 0; i < 8; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        CHECK(connect(fill[i], (void *)&addr, len) == 0 || errno == EINPROGRESS);
    }
    snprintf(text, 32, "127.0.0.1:%d", ntohs(addr.sin_port));
    return fd;
}

typedef struct {
    gonet__resolv_conf_t *conf;
    gonet_context_t *ctx;
    const char *name;
    gonet_error_t *e;
    size_t n;
} call_t;

static void look_up_within(void *arg)
{
    call_t *c = arg;
    gonet_resolver_t resolver = {.prefer_go = true};
    gonet__asking_t asking = {.resolver = &resolver, .conf = c->conf, .limit = {.ctx = c->ctx}};
    gonet__addresses_t a;

    gonet__addresses_init(&a);
    c->e = gonet__lookup_addresses(&asking, GONET__ORDER_DNS, c->name, BOTH, &a);
    c->n = a.n;
    gonet__addresses_free(&a);
}

/* Cancelled while it connects, waits for a datagram, or for a message: it ends, and nothing stays.
 */
static void cancel(gonet__resolv_conf_t *conf, const char *name, int tasks)
{
    call_t call = {.conf = conf, .name = name, .ctx = gonet_context_with_cancel(NULL)};
    actor_t actor;

    actor_start(&actor, BY_TASK, look_up_within, &call);
    AWAIT(gonet_num_task() > tasks);
    gonet_sleep(20 * GONET_MILLISECOND); /* into its wait, most likely */
    gonet_context_cancel(call.ctx);
    actor_join(&actor); /* an exchange lasts an hour */
    CHECK_INT(call.n, 0);
    CHECK(gonet_error_is(call.e, gonet_err_canceled));
    gonet_error_free(call.e);
    gonet_context_free(call.ctx);
}

static void cancel_all(void *arg)
{
    gonet__resolv_conf_t *udp = make_conf("", 1), *tcp = make_conf("options use-vc", 1), *stuck;
    int tasks = gonet_num_task(), descriptors, fd, fill[8];
    char text[32];
    bool bad;

    (void)arg;
    fd = half_open(text, fill);
    stuck = gonet__resolv_conf_set_servers(tcp, text, &bad);
    cancel(udp, "silent.test", tasks); /* the loops have what they need */
    AWAIT(gonet_num_task() == tasks);
    descriptors = leak_open_descriptors();
    for (int i = 0; i < 3; i++) {
        cancel(udp, "silent.test", tasks);
        cancel(udp, "tcsilent.test", tasks);
        cancel(tcp, "tcsilent.test", tasks);
        cancel(stuck, "both.test", tasks);
    }
    /* the server keeps its side of the connections that it does not answer; ours are gone */
    AWAIT(gonet_num_task() == tasks);
    AWAIT(leak_open_descriptors() <= descriptors + 4 * 3);
    for (int i = 0; i < 8; i++)
        close(fill[i]);
    close(fd);
    gonet__resolv_conf_unref(udp);
    gonet__resolv_conf_unref(tcp);
    gonet__resolv_conf_unref(stuck);
}

static void cancelled(void **state)
{
    (void)state;
    actor_run_test(TASKS, cancel_all, NULL);
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(form),  SERVED(rotate), SERVED(single_request), SERVED(search), SERVED(attempt),
        SERVED(liars), SERVED(ids),    SERVED(cancelled),      SERVED(big),    SERVED(order),
        SERVED(cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
