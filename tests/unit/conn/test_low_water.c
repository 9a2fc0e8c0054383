/*
 * Fewer bytes than SO_RCVLOWAT asks for are there, and the kernel tells nobody. A read returns them
 * all the same, for it tries first: whoever set the option, by whichever way the descriptor came
 * into other hands, before or after. A read that believed the socket empty, because the one before
 * was short, would wait until its deadline.
 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn/sock.h"
#include "gonet/dial.h"
#include "gonet/rawconn.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

#define LOW_WATER 100
#define PLENTY    GONET_HOUR /* who waits that long waits in vain */

static void set_low_water(void *arg, int fd)
{
    const int bytes = LOW_WATER;

    (void)arg;
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)), 0);
}

static int control(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                   gonet_error_t **err)
{
    (void)arg, (void)network, (void)address;
    return gonet_raw_conn_control(c, set_low_water, NULL, err);
}

/* Both ends; the first is the one that reads. */
typedef struct {
    gonet_conn_t *reads, *writes;
    int outside; /* a descriptor of the same socket, or -1 */
} pair_t;

static gonet_listener_t *listen_plain(bool with_control)
{
    /* Multipath TCP passes the option on to nobody. */
    const gonet_listen_config_t lc = {.mptcp = 2, .control = with_control ? control : NULL};

    return gonet_listen_config_listen(&lc, NULL, "tcp", "127.0.0.1:0", NULL);
}

/* A connection to l, whose listening end reads. Takes l. */
static void accept_one(pair_t *p, gonet_listener_t *l)
{
    if (l == NULL)
        return;
    p->writes = net_dial("tcp", l);
    p->reads = gonet_listener_accept(l, NULL);
    gonet_listener_free(l);
}

static void accepted_after_control(pair_t *p)
{
    accept_one(p, listen_plain(true));
}

static void accepted_after_raw_control(pair_t *p)
{
    gonet_listener_t *l = listen_plain(false);
    gonet_raw_conn_t *raw = gonet_listener_syscall_conn(l, NULL);

    CHECK_INT(gonet_raw_conn_control(raw, set_low_water, NULL, NULL), 0);
    gonet_raw_conn_free(raw);
    accept_one(p, l);
}

static gonet_listener_t *listen_from_outside(bool before)
{
    gonet_listener_t *l = listen_plain(false), *outside;
    int fd = gonet_listener_file(l, NULL);

    gonet_listener_free(l);
    if (before)
        set_low_water(NULL, fd);
    outside = gonet_file_listener(fd, NULL);
    if (!before)
        set_low_water(NULL, fd);
    close(fd);
    return outside;
}

static void accepted_by_file_listener(pair_t *p)
{
    accept_one(p, listen_from_outside(true));
}

static void accepted_by_file_listener_later(pair_t *p)
{
    accept_one(p, listen_from_outside(false));
}

static void dialed_with_control(pair_t *p)
{
    const gonet_dialer_t d = {.mptcp = 2, .control = control};
    gonet_listener_t *l = listen_plain(false);
    char address[GONET_ADDR_STRLEN];

    p->reads = gonet_dialer_dial(&d, "tcp", net_addr_text(gonet_listener_addr(l), address), NULL);
    p->writes = gonet_listener_accept(l, NULL);
    gonet_listener_free(l);
}

static void raw_control(pair_t *p)
{
    gonet_raw_conn_t *raw;

    accept_one(p, listen_plain(false));
    raw = gonet_conn_syscall_conn(p->reads, NULL);
    CHECK_INT(gonet_raw_conn_control(raw, set_low_water, NULL, NULL), 0);
    gonet_raw_conn_free(raw);
}

static void file_conn(pair_t *p)
{
    gonet_conn_t *c;

    accept_one(p, listen_plain(false));
    p->outside = gonet_conn_file(p->reads, NULL);
    c = gonet_file_conn(p->outside, NULL);
    gonet_conn_free(p->reads);
    p->reads = c;
    set_low_water(NULL, p->outside);
}

/* The acceptor waits already when somebody gets the listener's descriptor. */
typedef struct {
    gonet_listener_t *l;
    gonet_conn_t *c;
} acceptor_t;

static void accept_body(void *arg)
{
    acceptor_t *a = arg;

    a->c = gonet_listener_accept(a->l, NULL);
}

static void accepted_by_one_who_waited(pair_t *p)
{
    acceptor_t a = {.l = listen_plain(false)};
    gonet__sock_t *s = (gonet__sock_t *)a.l;
    actor_t actor;
    int fd;

    actor_start(&actor, BY_TASK, accept_body, &a);
    AWAIT(atomic_load(&s->fd.pd.side[GONET__SIDE_READ].slot) != 0);
    fd = gonet_listener_file(a.l, NULL);
    set_low_water(NULL, fd);
    close(fd);
    p->writes = net_dial("tcp", a.l);
    actor_join(&actor);
    p->reads = a.c;
    gonet_listener_free(a.l);
}

static const struct {
    const char *name;
    void (*make)(pair_t *p);
} origins[] = {{"accepted, control", accepted_after_control},
               {"accepted, raw control", accepted_after_raw_control},
               {"accepted, file_listener", accepted_by_file_listener},
               {"accepted, file_listener, set later", accepted_by_file_listener_later},
               {"accepted by one who waited", accepted_by_one_who_waited},
               {"dialed, control", dialed_with_control},
               {"raw control", raw_control},
               {"file_conn", file_conn}};

/* Waits until all n bytes are there; nobody may touch the object for that. */
static void await_bytes(gonet_conn_t *c, ssize_t n)
{
    int fd = ((gonet__sock_t *)c)->fd.pd.fd;
    char room[LOW_WATER];

    AWAIT(recv(fd, room, sizeof(room), MSG_PEEK | MSG_DONTWAIT) == n);
}

static void reads_what_is_there(const pair_t *p)
{
    gonet_error_t *err = NULL;
    char room[LOW_WATER];

    CHECK_INT(gonet_conn_set_read_deadline(p->reads, gonet_after(PLENTY), NULL), 0);
    for (int i = 1; i <= 3; i++) {
        CHECK_INT(gonet_conn_write(p->writes, "0123456789", (size_t)i, NULL), i);
        await_bytes(p->reads, i);
        if (!CHECK_INT(gonet_conn_read(p->reads, room, sizeof(room), &err), i))
            break;
    }
    gonet_error_free(err);
}

static void origin_body(void *arg)
{
    pair_t p = {.outside = -1};

    origins[*(const size_t *)arg].make(&p);
    if (CHECK(p.reads != NULL) && CHECK(p.writes != NULL))
        reads_what_is_there(&p);
    if (p.outside >= 0)
        close(p.outside);
    gonet_conn_free(p.reads);
    gonet_conn_free(p.writes);
}

static void run_origins(actor_mode_t mode)
{
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        print_message("    %s\n", origins[i].name);
        actor_run_test(mode, origin_body, &i);
    }
}

static void test_by_task(void **state)
{
    (void)state;
    run_origins(TASKS);
}

static void test_by_thread(void **state)
{
    (void)state;
    run_origins(THREADS);
}

static bool guesses(gonet_conn_t *c)
{
    return !atomic_load(&((gonet__sock_t *)c)->fd.exported);
}

/* What is known of a connection that nobody else has stays known: servers by socket activation
 * save the system call, too. */
static void test_known_where_it_can_be(void **state)
{
    gonet_listener_t *l = listen_plain(false), *outside;
    int fd = gonet_listener_file(l, NULL);
    gonet_conn_t *c, *s;

    (void)state;
    outside = gonet_file_listener(fd, NULL);
    c = net_dial("tcp", outside);
    s = gonet_listener_accept(outside, NULL);
    CHECK(guesses(c));
    CHECK(guesses(s));
    gonet_conn_free(c);
    gonet_conn_free(s);
    gonet_listener_free(outside);
    gonet_listener_free(l);
    close(fd);
    check_report();
}

int main(void)
{
    const struct CMUnitTest tests[] = {LEAK_TEST(test_by_task), LEAK_TEST(test_by_thread),
                                       LEAK_TEST(test_known_where_it_can_be)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
