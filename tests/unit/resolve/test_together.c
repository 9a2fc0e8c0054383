/*
 * Lookups whose answers arrive together, and who ask for something else at once. All in tasks of
 * one worker, which is kept busy until the answers are there.
 */
#include <gonet.h>
#include <time.h>

#include "name_server.h"
#include "resolve/channels.h"
#include "resolve/lookup.h"
#include "runtime/task.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/leak.h"

#define LOOKUPS (NAME_SERVER_CROWD / 2)

static name_server_t *server;
static const char *server_text;

static int setup(void **state)
{
    int status = leak_setup(state);

    server = name_server_start(&server_text);
    return status;
}

static int teardown(void **state)
{
    name_server_stop(server);
    return leak_teardown(state);
}

/* What the lookups have in common. */
typedef struct {
    gonet__resolv_conf_t *conf;
    bool break_socket; /* the last to be answered does it, in place of asking */
    int answered;      /* of the first questions */
    int ended;
    unsigned most; /* questions that were held when another lookup was about to ask */
} crowd_t;

static size_t look_up(crowd_t *c, const char *name)
{
    gonet_resolver_t resolver = {.prefer_go = true};
    gonet__asking_t asking = {.resolver = &resolver, .conf = c->conf};
    gonet__addresses_t a;
    size_t n;

    gonet__addresses_init(&a);
    CHECK_ERROR(gonet__lookup_addresses(&asking, GONET__ORDER_DNS, name,
                                        GONET__WANT_V4 | GONET__WANT_V6, &a),
                NULL);
    n = a.n;
    gonet__addresses_free(&a);
    return n;
}

/* The socket fails while questions wait to be sent by it. */
static void break_socket(gonet__channel_t *ch)
{
    gonet__list_t *l = ch->sockets.ready.next;
    gonet__step_t step = {.op = "read", .syscall = "read", .errnum = 111};

    CHECK(l != &ch->sockets.ready);
    ch->sockets.failed(GONET__CONTAINER(l, gonet__dns_socket_t, link), &step);
}

static void look_up_twice(void *arg)
{
    crowd_t *c = arg;
    gonet__channel_t *ch;

    CHECK_INT(look_up(c, "crowd.test"), 2);
    ch = gonet__channel_mine();
    c->most = ch->held_count > c->most ? ch->held_count : c->most;
    if (++c->answered == LOOKUPS && c->break_socket)
        break_socket(ch);
    else
        CHECK_INT(look_up(c, "both.test"), 2);
    c->ended++;
}

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Asks together; none of the others of the worker runs until all is answered. */
static void ask_together(crowd_t *c)
{
    int before = name_server_count(server), crowds = name_server_crowds(server);
    gonet__resolv_conf_t *base = gonet__resolv_conf_parse("", 0, "host");
    bool bad;

    c->conf = gonet__resolv_conf_set_servers(base, server_text, &bad);
    gonet__resolv_conf_unref(base);
    for (int i = 0; i < LOOKUPS; i++)
        CHECK(gonet__task_go_here(look_up_twice, c) == 0);
    while (name_server_count(server) < before + NAME_SERVER_CROWD)
        gonet_yield();
    while (name_server_crowds(server) == crowds)
        rest();
    while (c->ended < LOOKUPS)
        gonet_sleep(GONET_MILLISECOND);
    gonet__resolv_conf_unref(c->conf);
}

/* The questions of those who are woken together wait for one another. */
static void ask_all(void *arg)
{
    crowd_t c = {0};

    (void)arg;
    name_server_forget(server);
    ask_together(&c);
    CHECK_INT(c.most, 2 * (LOOKUPS - 1));
    CHECK_INT(name_server_question(server, 2 * NAME_SERVER_CROWD - 1).type != 0, true);
    CHECK_INT(name_server_question(server, 2 * NAME_SERVER_CROWD).type, 0);
}

static void together(void **state)
{
    (void)state;
    actor_run_test(TASKS, ask_all, NULL);
}

/* What ends before it is sent is not sent: the server sees the second attempts alone. */
static void ask_and_break(void *arg)
{
    crowd_t c = {.break_socket = true};
    int n = 2 * NAME_SERVER_CROWD - 2;

    (void)arg;
    name_server_forget(server);
    ask_together(&c);
    CHECK_INT(c.most, 2 * (LOOKUPS - 1));
    CHECK_INT(name_server_question(server, n - 1).type != 0, true);
    CHECK_INT(name_server_question(server, n).type, 0);
}

static void broken(void **state)
{
    (void)state;
    actor_run_test(TASKS, ask_and_break, NULL);
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {SERVED(together), SERVED(broken)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
