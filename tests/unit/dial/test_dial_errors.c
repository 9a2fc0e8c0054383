/*
 * Dialing and listening that fails, against Go's recorded answers: from a thread, and from a task.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "gonet/dial.h"
#include "gonet/iprawsock.h"
#include "gonet/sync.h"
#include "gonet/task.h"
#include "gonet/tcp.h"
#include "gonet/udp.h"
#include "gonet/unixsock.h"
#include "vectors/addr_field.h"

enum { FUNCTION, NETWORK, ADDRESS, LOCAL, TIMEOUT, TEXT, IS_TIMEOUT, IS_TEMPORARY, COLUMNS };

static char closed_port[8];
static long checked;

/* A TCP port on which nobody listens. */
static void find_closed_port(void)
{
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6};
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
        abort();
    snprintf(closed_port, sizeof(closed_port), "%d", ntohs(sa.sin6_port));
    close(fd);
}

/* Puts the closed port's number in place of the word PORT, wherever it stands in the field. */
static void put_port(vec_row_t *row, int column)
{
    static char room[COLUMNS][VEC_LINE];
    char *out = room[column];

    for (const char *s = row->field[column]; *s != '\0';) {
        if (strncmp(s, "PORT", 4) == 0) {
            out = stpcpy(out, closed_port);
            s += 4;
        } else {
            *out++ = *s++;
        }
    }
    *out = '\0';
    row->field[column] = room[column];
    row->len[column] = strlen(room[column]);
}

static const gonet_tcp_addr_t *tcp_or_null(const gonet_addr_t *addr)
{
    return gonet_addr_as_tcp(addr);
}

/* Makes the row's call. */
static void call(vec_row_t *row, gonet_error_t **err)
{
    const char *network = row->field[NETWORK], *address = row->field[ADDRESS];
    gonet_addr_t local = addr_field_of(row->field[LOCAL]);
    gonet_addr_t typed = addr_field_of(address);
    void *result = NULL;

    if (vec_is(row, FUNCTION, "Dial")) {
        result = gonet_dial(network, address, err);
    } else if (vec_is(row, FUNCTION, "DialTimeout")) {
        result = gonet_dial_timeout(network, address, strtoll(row->field[TIMEOUT], NULL, 10), err);
    } else if (vec_is(row, FUNCTION, "DialContext")) {
        GONET_AUTO(gonet_context_t) ctx = gonet_context_with_cancel(NULL);

        gonet_context_cancel(ctx);
        result = gonet_dialer_dial_context(NULL, ctx, network, address, err);
    } else if (vec_is(row, FUNCTION, "Dialer.Dial")) {
        gonet_dialer_t d = {.local_addr = &local};

        result = gonet_dialer_dial(&d, network, address, err);
    } else if (vec_is(row, FUNCTION, "Listen")) {
        result = gonet_listen(network, address, err);
    } else if (vec_is(row, FUNCTION, "DialTCP")) {
        result = gonet_dial_tcp(network, tcp_or_null(&local), tcp_or_null(&typed), err);
    } else if (vec_is(row, FUNCTION, "ListenTCP")) {
        result = gonet_listen_tcp(network, tcp_or_null(&typed), err);
    } else if (vec_is(row, FUNCTION, "ListenPacket")) {
        result = gonet_listen_packet(network, address, err);
    } else if (vec_is(row, FUNCTION, "DialIP")) {
        result = gonet_dial_ip(network, gonet_addr_as_ip(&local), gonet_addr_as_ip(&typed), err);
    } else if (vec_is(row, FUNCTION, "ListenIP")) {
        result = gonet_listen_ip(network, gonet_addr_as_ip(&typed), err);
    } else if (vec_is(row, FUNCTION, "DialUDP")) {
        result = gonet_dial_udp(network, gonet_addr_as_udp(&local), gonet_addr_as_udp(&typed), err);
    } else if (vec_is(row, FUNCTION, "ListenUDP")) {
        result = gonet_listen_udp(network, gonet_addr_as_udp(&typed), err);
    } else if (vec_is(row, FUNCTION, "ListenMulticastUDP")) {
        result = gonet_listen_multicast_udp(network, NULL, gonet_addr_as_udp(&typed), err);
    } else if (vec_is(row, FUNCTION, "DialUnix")) {
        result =
            gonet_dial_unix(network, gonet_addr_as_unix(&local), gonet_addr_as_unix(&typed), err);
    } else if (vec_is(row, FUNCTION, "ListenUnix")) {
        result = gonet_listen_unix(network, gonet_addr_as_unix(&typed), err);
    } else if (vec_is(row, FUNCTION, "ListenUnixgram")) {
        result = gonet_listen_unixgram(network, gonet_addr_as_unix(&typed), err);
    } else {
        vec_check(row, false, "no such function");
    }
    vec_check(row, result == NULL, "it succeeded");
}

static void check_row(vec_row_t *row)
{
    gonet_error_t *err = NULL;

    put_port(row, ADDRESS);
    put_port(row, LOCAL);
    put_port(row, TEXT);
    call(row, &err);
    checked++;
    vec_text(row, TEXT, gonet_error_string(err));
    vec_int(row, IS_TIMEOUT, gonet_error_timeout(err));
    vec_int(row, IS_TEMPORARY, gonet_error_temporary(err));
    gonet_error_free(err);
}

static long run(void)
{
    checked = 0;
    return vec_run("dial_errors", COLUMNS, check_row);
}

static void test_from_a_thread(void **state)
{
    (void)state;
    find_closed_port();
    assert_int_equal(run(), 0);
    assert_true(checked > 1800);
}

typedef struct {
    gonet_wait_group_t done;
    long failing;
} in_task_t;

static void task(void *arg)
{
    in_task_t *t = arg;

    t->failing = run();
    gonet_wait_group_done(&t->done);
}

static void test_from_a_task(void **state)
{
    in_task_t t = {.failing = -1};

    (void)state;
    find_closed_port();
    gonet_wait_group_add(&t.done, 1);
    assert_int_equal(gonet_go(task, &t), 0);
    gonet_wait_group_wait(&t.done);
    assert_int_equal(t.failing, 0);
    assert_true(checked > 1800);
}

static int no_runtime_left(void **state)
{
    (void)state;
    return gonet_shutdown(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_from_a_thread),
                                       cmocka_unit_test(test_from_a_task)};

    return cmocka_run_group_tests(tests, NULL, no_runtime_left);
}
