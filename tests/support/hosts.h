/*
 * Several hosts in one program: network namespaces joined by veth pairs. Host 0 is where the test
 * runs and whatever it starts; a socket belongs to the host in which it was made, so others are
 * made by hosts_at. Needs root and the ip command.
 */
#ifndef TESTS_SUPPORT_HOSTS_H
#define TESTS_SUPPORT_HOSTS_H

#include "support/actor.h"
#include "support/net.h"

enum { HOSTS_MAX = 3 };

/*
 * hosts_open makes n hosts with a loopback interface each. The test's own thread, with the runtime
 * down: threads inherit the host. False: can't be had here, and why has been printed. hosts_close
 * ends them, after all sockets.
 */
bool hosts_open(int n);
void hosts_close(void);

/*
 * hosts_join lays the network number k (1 to 9) between the hosts a and b: an interface "net<k>" in
 * each, with 10.77.<k>.1, fd77:<k>::1 and fe80::<k>:1 at a, and .2 and ::2 at b.
 */
void hosts_join(int a, int b, int k);

/* hosts_run runs a shell command in a host, and asserts nothing: a failure is recorded; hosts_try
 * says whether it succeeded. From a plain thread. */
void hosts_run(int host, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool hosts_try(int host, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* hosts_at calls fn(arg) in a host; from a plain thread. */
void hosts_at(int host, void (*fn)(void *arg), void *arg);

/* hosts_listen and hosts_dial do that in a host; NULL: recorded. */
gonet_listener_t *hosts_listen(int host, const char *network, const char *address);
gonet_conn_t *hosts_dial(int host, const char *network, const char *address);

/*
 * hosts_pair makes a connection over TCP from host 0 to a listener at ip in the host; false:
 * recorded. hosts_address writes "ip:port" of a listener, ip being how another host reaches it.
 */
bool hosts_pair(int host, const char *ip, gonet_conn_t **here, gonet_conn_t **there);
const char *hosts_address(const char *ip, gonet_listener_t *l, char buf[64]);

/*
 * HOSTS_TEST is a test of hosts: body runs on a thread of host 0, with n hosts of which 0 and 1
 * share network 1, and is skipped where that can't be had.
 */
typedef struct {
    int n;
    void (*body)(void *arg);
    const char *needs; /* a shell command that succeeds where the test can run, or NULL */
} hosts_test_t;

void hosts_run_test(void **state);
int hosts_setup(void **state);
int hosts_teardown(void **state);

#define HOSTS_TEST(count, fn, condition)                                  \
    {                                                                     \
#fn, hosts_run_test, hosts_setup, hosts_teardown, &(hosts_test_t) \
        {                                                                 \
            .n = count, .body = fn, .needs = condition                    \
        }                                                                 \
    }

/* ---- transfers ---- */

/*
 * hosts_send writes the bytes from to from + len of the test's pattern; hosts_receive reads just as
 * many and compares. Each returns how many went well; the error that ended it, in *err.
 */
size_t hosts_send(gonet_conn_t *c, size_t from, size_t len, gonet_error_t **err);
size_t hosts_receive(gonet_conn_t *c, size_t from, size_t len, gonet_error_t **err);

/* A transfer by a task; hosts_start_sending begins it, hosts_sent waits for its end and checks that
 * all went out. */
typedef struct {
    gonet_conn_t *c;
    size_t len, done;
    gonet_error_t *err;
    actor_t actor;
} hosts_sender_t;

void hosts_start_sending(hosts_sender_t *s, gonet_conn_t *c, size_t len);
void hosts_sent(hosts_sender_t *s);

/* hosts_transfer sends len bytes and receives them. */
void hosts_transfer(gonet_conn_t *from, gonet_conn_t *to, size_t len);

#endif
