/*
 * Connections that come and go in many tasks and threads at once, so that a descriptor's number is
 * somebody else's as soon as it is free: nobody is woken for another one's events, nobody gets
 * another one's bytes, nothing is left. Behaviour 9.7.
 */
#include <stdlib.h>
#include <string.h>

#include "tcp/tcp.h"

#define PLAYERS 6
#define ROUNDS  40

typedef struct {
    gonet_listener_t *l;
    _Atomic int serving;
    _Atomic long rounds;
    actor_mode_t mode;
} field_t;

typedef struct {
    actor_t actor;
    field_t *f;
    gonet_conn_t *c; /* a server's */
    unsigned seed;
} player_t;

static void echo(void *arg)
{
    player_t *p = arg;
    field_t *f = p->f;
    char buf[256];
    ssize_t n;

    while ((n = gonet_conn_read(p->c, buf, sizeof(buf), NULL)) > 0) {
        if (gonet_conn_write(p->c, buf, (size_t)n, NULL) < 0)
            break;
    }
    gonet_conn_free(p->c);
    free(p);
    f->serving--;
}

/* Each connection gets a task, or is served by the acceptor itself. */
static void serve(void *arg)
{
    player_t *p = arg;
    gonet_conn_t *c;

    while ((c = gonet_listener_accept(p->f->l, NULL)) != NULL) {
        player_t *server = malloc(sizeof(*server));

        if (!CHECK(server != NULL))
            break;
        server->f = p->f;
        server->c = c;
        p->f->serving++;
        if (p->actor.kind == BY_THREAD && rand_r(&p->seed) % 2 == 0)
            echo(server);
        else if (!CHECK(gonet_go(echo, server) == 0))
            echo(server);
    }
}

static bool exchange(gonet_conn_t *c, unsigned tag, unsigned number)
{
    unsigned sent[2] = {tag, number}, got[2];
    size_t done = 0;

    if (!CHECK(gonet_conn_write(c, sent, sizeof(sent), NULL) == (ssize_t)sizeof(sent)))
        return false;
    while (done < sizeof(got)) {
        gonet_error_t *err = NULL;
        ssize_t n = gonet_conn_read(c, (char *)got + done, sizeof(got) - done, &err);

        if (n <= 0) {
            CHECK_ERROR(err, NULL);
            gonet_error_free(err);
            return CHECK(n > 0);
        }
        done += (size_t)n;
    }
    return CHECK(memcmp(sent, got, sizeof(got)) == 0);
}

/* Ends a connection in one of the ways there are. */
static void end(field_t *f, gonet_conn_t *c, unsigned *seed)
{
    op_t o;
    char byte;

    switch (rand_r(seed) % 5) {
    case 0: /* while somebody reads */
        op_read(&o, helper_kind(f->mode, (int)*seed), c, &byte, 1);
        CHECK_INT(gonet_conn_close(c, NULL), 0);
        OP_FAILS(&o, "read tcp <L>-><R>: use of closed network connection");
        op_free(&o);
        break;
    case 1: /* after a timeout */
        CHECK_INT(gonet_conn_set_read_deadline(c, gonet_after(100 * GONET_MICROSECOND), NULL), 0);
        CHECK_INT(gonet_conn_read(c, &byte, 1, NULL), -1);
        break;
    case 2: /* after the server */
        CHECK_INT(gonet_conn_close_write(c, NULL), 0);
        expect_eof(c);
        break;
    case 3: /* by a reset */
        CHECK_INT(gonet_tcp_conn_set_linger(gonet_conn_as_tcp(c), 0, NULL), 0);
        break;
    default:
        break;
    }
    gonet_conn_free(c);
}

static void play(void *arg)
{
    player_t *p = arg;

    for (int round = 0; round < ROUNDS && !check_failed(); round++) {
        gonet_conn_t *c = net_dial("tcp", p->f->l);
        unsigned tag = (unsigned)rand_r(&p->seed), n = tag % 5;

        if (c == NULL)
            return;
        CHECK_INT(gonet_conn_set_deadline(c, gonet_after(GONET_HOUR), NULL), 0);
        for (unsigned i = 0; i < n && exchange(c, tag, i); i++) {
        }
        CHECK_INT(gonet_conn_set_deadline(c, gonet_no_deadline, NULL), 0);
        end(p->f, c, &p->seed);
        p->f->rounds++;
    }
}

static void connections_come_and_go(actor_mode_t mode)
{
    field_t f = {.l = net_listen("tcp"), .mode = mode};
    player_t servers[3], players[PLAYERS];

    REQUIRE(f.l != NULL);
    for (int i = 0; i < 3; i++) {
        servers[i] = (player_t){.f = &f, .seed = (unsigned)i};
        actor_start(&servers[i].actor, i == 2 ? BY_THREAD : BY_TASK, serve, &servers[i]);
    }
    for (int i = 0; i < PLAYERS; i++) {
        players[i] = (player_t){.f = &f, .seed = 100u + (unsigned)i};
        actor_start(&players[i].actor, helper_kind(mode, i), play, &players[i]);
    }
    for (int i = 0; i < PLAYERS; i++)
        actor_join(&players[i].actor);
    CHECK_INT(gonet_listener_close(f.l, NULL), 0);
    for (int i = 0; i < 3; i++)
        actor_join(&servers[i].actor);
    AWAIT(f.serving == 0);
    CHECK_INT(f.rounds, PLAYERS * ROUNDS);
    gonet_listener_free(f.l);
}

int main(void)
{
    static const tcp_test_t tests[] = {TCP_TEST(connections_come_and_go)};

    return tcp_run(tests, COUNT(tests));
}
