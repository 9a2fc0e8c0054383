/*
 * Plain threads: a program without tasks gets no thread but its own, and signals that interrupt
 * system calls are nobody's business. Behaviour 9.12, 9.15, 9.23 (EINTR).
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/switch/annotate.h"
#include "support/child.h"
#include "support/pattern.h"
#include "tcp/tcp.h"

/* ---- no tasks, no workers ---- */

/* Threads that are the sanitizer's. */
#ifdef GONET__TSAN
#define OTHERS 1
#else
#define OTHERS 0
#endif

static int count_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    int n = 0;

    if (d == NULL)
        return -1;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void deadlines_and_close(gonet_conn_t *a)
{
    char byte;
    op_t o;

    tcp_park_read(&o, BY_THREAD, a, &byte);
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_after(5 * GONET_MILLISECOND), NULL), 0);
    OP_FAILS(&o, "read tcp <L>-><R>: i/o timeout");
    op_free(&o);
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_no_deadline, NULL), 0);
    net_fill(a);
    tcp_park_write(&o, BY_THREAD, a);
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    OP_FAILS(&o, "write tcp <L>-><R>: use of closed network connection");
    op_free(&o);
}

static void without_tasks(void)
{
    gonet_listener_t *l = net_listen("tcp");
    char text[GONET_ADDR_STRLEN];
    gonet_conn_t *a, *b;
    op_t accept, read;
    char byte;

    op_accept(&accept, BY_THREAD, l);
    AWAIT(tcp_listener_parked(l));
    AWAIT(count_threads() == OTHERS + 2);
    a = gonet_dial_timeout("tcp", net_addr_text(gonet_listener_addr(l), text), GONET_HOUR, NULL);
    op_join(&accept);
    b = accept.accepted;
    REQUIRE(a != NULL && b != NULL);
    tcp_park_read(&read, BY_THREAD, b, &byte);
    AWAIT(count_threads() == OTHERS + 2);
    CHECK_INT(gonet_conn_write(a, "t", 1, NULL), 1);
    op_join(&read);
    CHECK_INT(read.result, 1);
    deadlines_and_close(a);
    expect_byte(b, 0);
    gonet_conn_free(a);
    gonet_listener_free(l);
    op_free(&accept);
    CHECK_INT(gonet_num_task(), 0);
    AWAIT(count_threads() == OTHERS + 1);
}

static int run_without_tasks(void)
{
    without_tasks();
    check_report();
    return 0;
}

static const child_part_t parts[] = {{"without_tasks", run_without_tasks}, {NULL, NULL}};

static void test_no_workers(void **state)
{
    (void)state;
    child_passes("without_tasks", NULL);
}

/* ---- signals ---- */

static _Atomic long interrupts;

static void on_signal(int sig)
{
    (void)sig;
    interrupts++;
}

static void handle_signal(int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

    CHECK_INT(sigaction(SIGUSR1, &action, NULL), 0);
}

/* Sends signals to an operation's thread, as many, while it waits; whether it ended meanwhile. */
static bool storm(op_t *o, int signals)
{
    for (long goal = interrupts + signals; interrupts < goal && !o->ended;) {
        CHECK_INT(pthread_kill(o->actor.thread, SIGUSR1), 0);
        check_pause();
    }
    return o->ended;
}

/* 9.12, 9.15: reads and writes that wait go on; deadlines and closes end them as ever. */
static void waiting_is_not_interrupted(actor_mode_t mode)
{
    const size_t len = 8 << 20;
    char *p = malloc(len), byte = 0;
    op_t o;

    (void)mode;
    OPEN_PAIR(a, b);
    handle_signal(0);
    tcp_park_read(&o, BY_THREAD, a, &byte);
    CHECK(!storm(&o, 200));
    CHECK_INT(gonet_conn_write(b, "s", 1, NULL), 1);
    op_join(&o);
    CHECK_INT(o.result, 1);
    op_free(&o);

    pattern_fill(p, 0, 0, len);
    op_write(&o, BY_THREAD, b, p, len);
    AWAIT(tcp_parked(b, GONET__SIDE_WRITE));
    CHECK(!storm(&o, 200));
    for (size_t sum = 0; sum < len;) {
        static char buf[65536];
        ssize_t n = gonet_conn_read(a, buf, sizeof(buf), NULL);

        if (!o.ended)
            pthread_kill(o.actor.thread, SIGUSR1);
        if (!CHECK(n > 0 && memcmp(buf, p + sum, (size_t)n) == 0))
            break;
        sum += (size_t)n;
    }
    op_join(&o);
    CHECK_INT(o.count, len);
    op_free(&o);
    free(p);
    close_pair(a, b);
}

/* A deadline is an instant: interruptions don't begin it anew. */
static void deadlines_come_in_a_storm(actor_mode_t mode)
{
    char byte;
    op_t o;

    (void)mode;
    OPEN_PAIR(a, b);
    handle_signal(0);
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_after(50 * GONET_MILLISECOND), NULL), 0);
    op_read(&o, BY_THREAD, a, &byte, 1);
    CHECK(storm(&o, 1000000));
    OP_FAILS(&o, "read tcp <L>-><R>: i/o timeout");
    op_free(&o);
    CHECK_INT(gonet_conn_set_read_deadline(a, gonet_no_deadline, NULL), 0);
    tcp_park_read(&o, BY_THREAD, a, &byte);
    (void)storm(&o, 50);
    CHECK_INT(gonet_conn_close(a, NULL), 0);
    OP_FAILS(&o, "read tcp <L>-><R>: use of closed network connection");
    op_free(&o);
    close_pair(a, b);
}

/* 9.23, and for those who wait behind another one. */
static void accepts_and_queues_in_a_storm(actor_mode_t mode)
{
    gonet_listener_t *l = net_listen("tcp");
    gonet_conn_t *c[2];
    op_t o[2];
    unsigned users;

    (void)mode;
    REQUIRE(l != NULL);
    handle_signal(0);
    op_accept(&o[0], BY_THREAD, l);
    AWAIT(tcp_listener_parked(l));
    users = tcp_listener_users(l);
    op_accept(&o[1], BY_THREAD, l);
    AWAIT(tcp_listener_users(l) == users + 1);
    for (int i = 0; i < 2; i++)
        storm(&o[i], 100);
    for (int i = 0; i < 2; i++) {
        CHECK(!o[i].ended);
        c[i] = net_dial("tcp", l);
    }
    for (int i = 0; i < 2; i++) {
        op_join(&o[i]);
        CHECK(o[i].accepted != NULL);
        op_free(&o[i]);
        gonet_conn_free(c[i]);
    }
    gonet_listener_free(l);
}

/* ---- a program's threads under load: an echo server with a thread for each client ---- */

#define CLIENTS 8
#define ROUNDS  200

typedef struct {
    actor_t actor;
    gonet_listener_t *l;
    int id;
} peer_t;

static void serve(void *arg)
{
    peer_t *p = arg;
    gonet_conn_t *c = gonet_listener_accept(p->l, NULL);
    char buf[512];
    ssize_t n;

    while (c != NULL && (n = gonet_conn_read(c, buf, sizeof(buf), NULL)) > 0)
        CHECK_INT(gonet_conn_write(c, buf, (size_t)n, NULL), n);
    CHECK(c != NULL);
    gonet_conn_free(c);
}

static void be_client(void *arg)
{
    peer_t *p = arg;
    gonet_conn_t *c = net_dial("tcp", p->l);

    for (int i = 0; i < ROUNDS && c != NULL && !check_failed(); i++) {
        int sent[2] = {p->id, i}, got[2] = {0, 0};
        size_t done = 0;

        CHECK_INT(gonet_conn_write(c, sent, sizeof(sent), NULL), sizeof(sent));
        while (done < sizeof(got)) {
            ssize_t n = gonet_conn_read(c, (char *)got + done, sizeof(got) - done, NULL);

            if (!CHECK(n > 0))
                break;
            done += (size_t)n;
        }
        CHECK(memcmp(sent, got, sizeof(got)) == 0);
    }
    gonet_conn_free(c);
}

static void servers_and_clients(actor_mode_t mode)
{
    gonet_listener_t *l = net_listen("tcp");
    peer_t p[2 * CLIENTS];

    REQUIRE(l != NULL);
    for (int i = 0; i < 2 * CLIENTS; i++) {
        p[i].l = l;
        p[i].id = i;
        actor_start(&p[i].actor, helper_kind(mode, i / 2), i % 2 == 0 ? serve : be_client, &p[i]);
    }
    for (int i = 0; i < 2 * CLIENTS; i++)
        actor_join(&p[i].actor);
    gonet_listener_free(l);
}

int main(int argc, char **argv)
{
    static const tcp_test_t tests[] = {
        TCP_TEST(waiting_is_not_interrupted),
        TCP_TEST(deadlines_come_in_a_storm),
        TCP_TEST(accepts_and_queues_in_a_storm),
        TCP_TEST(servers_and_clients),
    };
    const struct CMUnitTest in_children[] = {cmocka_unit_test(test_no_workers)};

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(in_children, NULL, NULL) + tcp_run(tests, COUNT(tests));
}
