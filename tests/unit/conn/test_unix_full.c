/*
 * Writing to a unixgram socket whose queue is full, from one that is not connected to it. The
 * kernel says that the writer is ready, and refuses: so the writer asks again, in pauses that grow,
 * and not as fast as it can; and it comes back as soon as there is a reason to.
 */
#include <errno.h>
#include <stdatomic.h>

#include "conn/sock.h"
#include "gonet/unixsock.h"
#include "socket/sys.h"
#include "support/actor.h"
#include "support/leak.h"
#include "support/net.h"

/* More attempts than this while nothing changes are too many. */
#define ATTEMPTS 60
#define PLENTY   (120 * GONET_SECOND)

typedef struct {
    actor_kind_t helper;
    bool with_control; /* by write_msg, not write_to */
    gonet_unix_conn_t *r, *w;
    gonet_unix_addr_t to;
    gonet_error_t *err;
    ssize_t result;
} full_t;

static gonet_unix_conn_t *listen_somewhere(const char *what, gonet_unix_addr_t *addr)
{
    char name[64];

    *addr = (gonet_unix_addr_t){.net = "unixgram"};
    snprintf(addr->name, sizeof(addr->name), "%s", net_abstract_new(what, name));
    return gonet_listen_unixgram("unixgram", addr, NULL);
}

static ssize_t send_one(full_t *f)
{
    if (f->with_control)
        return gonet_unix_conn_write_msg_unix(f->w, "x", 1, NULL, 0, &f->to, NULL, &f->err);
    return gonet_unix_conn_write_to_unix(f->w, "x", 1, &f->to, &f->err);
}

static void send_op(void *arg)
{
    full_t *f = arg;

    f->result = send_one(f);
}

/* Fills the queue until a write that has no time to wait fails. */
static bool fill(full_t *f)
{
    gonet_unix_addr_t own;
    char byte = 'x';
    int fd;

    f->r = listen_somewhere("full-r", &f->to);
    f->w = listen_somewhere("full-w", &own);
    if (!CHECK(f->r != NULL) || !CHECK(f->w != NULL))
        return false;
    fd = ((gonet__sock_t *)f->w)->fd.pd.fd;
    for (;;) {
        gonet__sockaddr_t sa;

        gonet__sockaddr_of_unix(&sa, f->to.name);
        if (sendto(fd, &byte, 1, MSG_DONTWAIT, &sa.u.sa, sa.len) < 0)
            return CHECK_INT(errno, EAGAIN);
    }
}

static void release(full_t *f)
{
    gonet_error_set(&f->err, NULL);
    gonet_unix_conn_free(f->r);
    gonet_unix_conn_free(f->w);
}

/* The attempt after so many would fail in its own way. */
static void until_the_deadline(void *arg)
{
    full_t *f = arg;

    if (fill(f)) {
        CHECK_INT(
            gonet_unix_conn_set_write_deadline(f->w, gonet_after(300 * GONET_MILLISECOND), NULL),
            0);
        gonet__sys_fail_at(GONET__SYS_SENDMSG, ATTEMPTS, EIO);
        CHECK_INT(send_one(f), -1);
        CHECK(gonet_error_timeout(f->err));
        CHECK_INT(gonet__sys_failed(), 0);
        gonet__sys_fail_at(GONET__SYS_SENDMSG, 0, 0);
    }
    release(f);
}

/* The writer is at its pauses: it has tried some times. */
static void await_pauses(full_t *f, actor_t *writer)
{
    gonet__sys_fail_at(GONET__SYS_SENDMSG, ATTEMPTS, EIO);
    actor_start(writer, f->helper, send_op, f);
    AWAIT(gonet__sys_left() < ATTEMPTS - 8);
}

static void until_room_comes(void *arg)
{
    full_t *f = arg;
    actor_t writer;
    char byte;

    if (fill(f)) {
        await_pauses(f, &writer);
        CHECK_INT(gonet_unix_conn_read(f->r, &byte, 1, NULL), 1);
        actor_join(&writer);
        CHECK_INT(f->result, 1);
        CHECK_INT(gonet__sys_failed(), 0);
        gonet__sys_fail_at(GONET__SYS_SENDMSG, 0, 0);
    }
    release(f);
}

static void until_it_is_closed(void *arg)
{
    full_t *f = arg;
    actor_t writer;

    if (fill(f)) {
        await_pauses(f, &writer);
        CHECK_INT(gonet_unix_conn_close(f->w, NULL), 0);
        actor_join(&writer);
        CHECK_INT(f->result, -1);
        CHECK(gonet_error_is(f->err, gonet_err_closed));
        gonet__sys_fail_at(GONET__SYS_SENDMSG, 0, 0);
    }
    release(f);
}

static void until_a_deadline_of_another(void *arg)
{
    full_t *f = arg;
    actor_t writer;

    if (fill(f)) {
        CHECK_INT(gonet_unix_conn_set_write_deadline(f->w, gonet_after(PLENTY), NULL), 0);
        await_pauses(f, &writer);
        CHECK_INT(gonet_unix_conn_set_write_deadline(f->w, gonet_now(), NULL), 0);
        actor_join(&writer);
        CHECK_INT(f->result, -1);
        CHECK(gonet_error_timeout(f->err));
        gonet__sys_fail_at(GONET__SYS_SENDMSG, 0, 0);
    }
    release(f);
}

static void run(void (*body)(void *arg))
{
    for (int mode = 0; mode < ACTOR_MODES; mode++) {
        for (int with_control = 0; with_control < 2; with_control++) {
            full_t f = {.helper = actor_helper((actor_mode_t)mode),
                        .with_control = with_control != 0};

            actor_run_test((actor_mode_t)mode, body, &f);
        }
    }
}

#define FULL_TEST(name)                   \
    static void test_##name(void **state) \
    {                                     \
        (void)state;                      \
        run(name);                        \
    }

FULL_TEST(until_the_deadline)
FULL_TEST(until_room_comes)
FULL_TEST(until_it_is_closed)
FULL_TEST(until_a_deadline_of_another)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEAK_TEST(test_until_the_deadline), LEAK_TEST(test_until_room_comes),
        LEAK_TEST(test_until_it_is_closed), LEAK_TEST(test_until_a_deadline_of_another)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
