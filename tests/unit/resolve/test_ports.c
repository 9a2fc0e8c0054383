/*
 * Each question leaves from a socket of its own: what stands between asker and server (an address
 * translator that lets one answer back in, a balancer that goes by ports, one of whose servers is
 * dead) and what the kernel says about one question concerns that question alone.
 */
#include <arpa/inet.h>
#include <gonet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error/error.h"
#include "lookups.h"
#include "name_server.h"
#include "resolve/lookup.h"
#include "resolve/talk.h"
#include "support/actor.h"
#include "support/check.h"
#include "support/leak.h"

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

static gonet__resolv_conf_t *make_conf(const char *text, const char *servers)
{
    gonet__resolv_conf_t *base = gonet__resolv_conf_parse(text, strlen(text), "host"), *conf;
    bool bad;

    conf = gonet__resolv_conf_set_servers(base, servers, &bad);
    gonet__resolv_conf_unref(base);
    return conf;
}

#define BOTH (GONET__WANT_V4 | GONET__WANT_V6)

static int asked(void)
{
    int n = 0;

    while (name_server_question(server, n).type != 0)
        n++;
    return n;
}

static void by_all(void (*fn)(void *arg), void *arg)
{
    actor_run_test(TASKS, fn, arg);
    actor_run_test(THREADS, fn, arg);
}

/* How many of the questions from..to share a port with an earlier one of them. */
static int repeated(int from, int to)
{
    int n = 0;

    for (int i = from; i < to; i++) {
        for (int k = from; k < i; k++) {
            if (name_server_question(server, k).port == name_server_question(server, i).port) {
                n++;
                break;
            }
        }
    }
    return n;
}

static gonet__resolv_conf_t *shared_conf;

static void look_up_both(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char name[32];

    snprintf(name, sizeof(name), "n%d.test", *(int *)arg);
    CHECK_INT(look_up(shared_conf, name, BOTH, &err), 2);
}

/* One lookup after the other, and all at once. The kernel chooses ports at random, so that some
 * may come twice, but of those that are open at a time. */
static void ask_often(void *arg)
{
    enum { N = 100 };
    static actor_t actors[N];
    static int numbers[N];
    actor_kind_t kind = arg != NULL ? BY_THREAD : BY_TASK;

    shared_conf = make_conf("", server_text);
    name_server_forget(server);
    for (int i = 0; i < N; i++) {
        numbers[i] = i;
        look_up_both(&numbers[i]);
        CHECK_INT(repeated(2 * i, 2 * i + 2), 0);
    }
    CHECK(repeated(0, 2 * N) < N / 5);
    for (int i = 0; i < N; i++)
        actor_start(&actors[i], kind, look_up_both, &numbers[i]);
    for (int i = 0; i < N; i++)
        actor_join(&actors[i]);
    CHECK_INT(asked(), 4 * N);
    CHECK(repeated(2 * N, 4 * N) < N / 5);
    gonet__resolv_conf_unref(shared_conf);
}

static void own_ports(void **state)
{
    (void)state;
    actor_run_test(TASKS, ask_often, NULL);
    actor_run_test(THREADS, ask_often, (void *)"threads");
}

/* A translator that lets one answer through to each port. What is asked one after the other may
 * come from the same port by chance; then a second attempt gets through. */
static void ask_once(void *arg)
{
    static const char *const options[] = {"", "options single-request",
                                          "options single-request-reopen"};
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)arg;
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        gonet__resolv_conf_t *conf = make_conf(options[i], server_text);

        if (i == 0)
            conf->timeout = GONET_HOUR; /* nothing is lost on a loopback */
        name_server_forget(server);
        CHECK_INT(look_up(conf, "once.test", BOTH, &err), 2);
        CHECK(asked() == 2 || i > 0);
        gonet__resolv_conf_unref(conf);
    }
}

static void once(void **state)
{
    (void)state;
    by_all(ask_once, NULL);
}

/* A balancer that sends the first port's questions to a dead server: the second attempt gets
 * through. */
static void ask_dead(void *arg)
{
    static const char *const options[] = {"", "options single-request"};
    GONET_AUTO(gonet_error_t) err = NULL;

    (void)arg;
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        gonet__resolv_conf_t *conf = make_conf(options[i], server_text);

        conf->timeout = 200 * GONET_MILLISECOND;
        conf->attempts = 20; /* a busy machine may need them */
        name_server_forget(server);
        CHECK_INT(look_up(conf, "dead.test", BOTH, &err), 2);
        gonet__resolv_conf_unref(conf);
    }
}

static void dead(void **state)
{
    (void)state;
    by_all(ask_dead, NULL);
}

/* A retry leaves from another port than the one that timed out. */
static void ask_silent(void *arg)
{
    enum { ATTEMPTS = 20 };
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet__resolv_conf_t *conf = make_conf("", server_text);

    (void)arg;
    conf->timeout = 10 * GONET_MILLISECOND;
    conf->attempts = ATTEMPTS;
    name_server_forget(server);
    CHECK_INT(look_up(conf, "silent.test", GONET__WANT_V4, &err), 0);
    CHECK(gonet_error_timeout(err));
    AWAIT(asked() == ATTEMPTS);
    for (int i = 1; i < ATTEMPTS; i++)
        CHECK_INT(repeated(i - 1, i + 1), 0);
    gonet__resolv_conf_unref(conf);
}

static void retries(void **state)
{
    (void)state;
    by_all(ask_silent, NULL);
}

/* ---- a server that is away for a moment ---- */

#define CROWD 20

static _Atomic int answered, refused;

/* A socket of the server; it knows the port after the first time. */
static int serve(struct sockaddr_in *addr)
{
    socklen_t len = sizeof(*addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    addr->sin_family = AF_INET;
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, (void *)addr, len) == 0 && getsockname(fd, (void *)addr, &len) == 0);
    return fd;
}

static void look_up_one(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    size_t n = look_up(arg, "x.test", GONET__WANT_V4, &err);

    answered += n == 1;
    refused += err != NULL && strstr(gonet_error_string(err), "connection refused") != NULL;
}

typedef struct {
    struct sockaddr_in from;
    size_t len;
    uint8_t p[512];
} datagram_t;

static void receive(int fd, datagram_t *d)
{
    socklen_t len = sizeof(d->from);

    d->len = (size_t)recvfrom(fd, d->p, sizeof(d->p) - 16, 0, (void *)&d->from, &len);
}

/* An address; the OPT record of the question goes. */
static void answer(int fd, datagram_t *d)
{
    static const char record[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";

    memcpy(d->p + 2, "\x81\x80\0\1\0\1\0\0\0\0", 10);
    memcpy(d->p + d->len - 11, record, sizeof(record) - 1);
    CHECK(sendto(fd, d->p, d->len - 11 + sizeof(record) - 1, 0, (void *)&d->from, sizeof(d->from)) >
          0);
}

/* Questions are asked; the server goes, another question is refused; it comes back and answers. */
static void ask_while_away(void *arg)
{
    static actor_t actors[CROWD], late;
    static datagram_t questions[CROWD];
    struct sockaddr_in addr = {0};
    actor_kind_t kind = arg != NULL ? BY_THREAD : BY_TASK;
    int fd = serve(&addr);
    gonet__resolv_conf_t *conf;
    char text[32];

    snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(addr.sin_port));
    conf = make_conf("options attempts:1", text);
    conf->timeout = GONET_HOUR;
    answered = refused = 0;
    for (int i = 0; i < CROWD; i++)
        actor_start(&actors[i], kind, look_up_one, conf);
    for (int i = 0; i < CROWD; i++)
        receive(fd, &questions[i]);
    close(fd);
    actor_start(&late, kind, look_up_one, conf);
    actor_join(&late);
    fd = serve(&addr);
    for (int i = 0; i < CROWD; i++)
        answer(fd, &questions[i]);
    for (int i = 0; i < CROWD; i++)
        actor_join(&actors[i]);
    CHECK_INT(answered, CROWD);
    CHECK_INT(refused, 1);
    close(fd);
    gonet__resolv_conf_unref(conf);
}

/* An answer that came in time counts, although the asker waited elsewhere until its time was over,
 * as somebody does who has asked two questions. */
static void ask_and_wait(void *arg)
{
    static datagram_t question;
    struct sockaddr_in addr = {0};
    int fd = serve(&addr);
    uint8_t message[GONET__QUESTION_SIZE];
    size_t len = gonet__question_make(message, "x.test.", 1, 7, true, false);
    gonet_time_t end = gonet_after(50 * GONET_MILLISECOND);
    gonet_error_t *e = NULL;
    gonet__wire_t *wire = NULL;
    gonet__packet_t packet;
    gonet__reply_t reply;
    gonet__resolv_conf_t *conf;
    char text[32];

    (void)arg;
    snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(addr.sin_port));
    conf = make_conf("", text);
    gonet__packet_init(&packet);
    do { /* on a busy machine the time may be over before it has begun */
        gonet_error_set(&e, NULL);
        end = gonet_after(50 * GONET_MILLISECOND);
        e = gonet__udp_ask(&wire, &conf->servers[0], message, len, NULL, end.ns);
    } while (e != NULL && gonet_error_timeout(e));
    CHECK_ERROR(e, NULL);
    receive(fd, &question);
    answer(fd, &question);
    gonet_sleep(gonet_until(end) + GONET_MILLISECOND);
    CHECK_ERROR(gonet__udp_answer(wire, message, len, &packet, &reply), NULL);
    CHECK_INT(packet.len, len - 11 + 16);
    e = gonet__udp_answer(wire, message, len, &packet, &reply);
    CHECK(gonet_error_timeout(e));
    gonet_error_free(e);
    gonet__wire_close(&wire);
    gonet__packet_free(&packet);
    gonet__resolv_conf_unref(conf);
    close(fd);
}

static void late(void **state)
{
    (void)state;
    by_all(ask_and_wait, NULL);
}

static void away(void **state)
{
    (void)state;
    actor_run_test(THREADS, ask_while_away, NULL);
    actor_run_test(THREADS, ask_while_away, (void *)"threads");
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(own_ports), SERVED(once), SERVED(dead), SERVED(retries), SERVED(away), SERVED(late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
