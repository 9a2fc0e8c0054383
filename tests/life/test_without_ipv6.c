/*
 * A network without IPv6, as containers often have it: who listens without an address and dials
 * by name meets by IPv4, and what asks for IPv6 alone says what is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gonet/interface.h"
#include "gonet/resolver.h"
#include "gonet/task.h"
#include "support/actor.h"
#include "support/child.h"
#include "support/net.h"

enum { NOT_HERE = 77 };

static bool write_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        close(fd);
    return done || errno == ENOENT; /* a kernel without IPv6 */
}

/* A network of the process's own, with the loopback interface and no IPv6. */
static bool leave_ipv6(void)
{
    struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd;
    bool up;

    if (unshare(CLONE_NEWNET) != 0 || !write_to("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1") ||
        !write_to("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"))
        return false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    close(fd);
    return up;
}

static void talk(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char address[64], x = 0;
    gonet_listener_t *l = gonet_listen("tcp", ":0", &err);
    gonet_conn_t *a, *b;

    (void)arg;
    CHECK_ERROR(err, NULL);
    REQUIRE(l != NULL);
    snprintf(address, sizeof(address), "localhost:%d", net_listener_port(l));
    a = gonet_dial("tcp", address, &err);
    CHECK_ERROR(err, NULL);
    b = a != NULL ? gonet_listener_accept(l, &err) : NULL;
    REQUIRE(b != NULL);
    CHECK_INT(gonet_conn_write(a, "x", 1, NULL), 1);
    CHECK_INT(gonet_conn_read(b, &x, 1, NULL), 1);
    gonet_conn_free(a);
    gonet_conn_free(b);
    gonet_listener_free(l);
    l = gonet_listen("tcp6", "[::1]:0", &err);
    CHECK(l == NULL && gonet_error_as_op(err) != NULL);
    CHECK(gonet_dial("tcp6", "[::1]:9", &err) == NULL && gonet_error_as_op(err) != NULL);
    CHECK(gonet_dial("udp6", "[::1]:9", &err) == NULL && gonet_error_as_op(err) != NULL);
}

static int without_ipv6(void)
{
    static const actor_kind_t kinds[] = {BY_THREAD, BY_TASK};
    actor_t actor;

    if (!leave_ipv6()) {
        fprintf(stderr, "no network without IPv6 can be made here: %s\n", strerror(errno));
        return NOT_HERE;
    }
    for (int i = 0; i < 2; i++) {
        actor_start(&actor, kinds[i], talk, NULL);
        actor_join(&actor);
    }
    if (check_failed())
        fprintf(stderr, "%s\n", check_failure());
    return check_failed() || gonet_shutdown(-1) != 0;
}

static void ipv4_is_enough(void **state)
{
    child_result_t r;

    (void)state;
    child_run("without_ipv6", NULL, &r);
    if (WIFEXITED(r.status) && WEXITSTATUS(r.status) == NOT_HERE) {
        print_message("skipped: %s", r.output);
        skip();
    }
    if (r.status != 0)
        fail_msg("status %#x: %s", (unsigned)r.status, r.output);
}

int main(int argc, char **argv)
{
    const child_part_t parts[] = {{"without_ipv6", without_ipv6}, {NULL, NULL}};
    const struct CMUnitTest tests[] = {cmocka_unit_test(ipv4_is_enough)};

    child_main(argc, argv, parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
