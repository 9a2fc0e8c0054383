/*
 * A chat without a server: who joins the group on an interface sees what everybody there types.
 * Usage: multicast_chat name interface group:port, as in: multicast_chat me eth0 224.0.0.199:7000
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <gonet.h>

static int fail(const gonet_error_t *err)
{
    return fprintf(stderr, "multicast_chat: %s\n", err ? gonet_error_string(err) : "no memory"), 1;
}

static void hear(void *arg)
{
    GONET_AUTO(gonet_udp_conn_t) conn = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    char text[1000];
    for (ssize_t n; (n = gonet_udp_conn_read(conn, text, sizeof(text), &err)) >= 0;)
        fwrite(text, 1, (size_t)n, stdout);
    if (!gonet_error_is(err, gonet_err_closed))
        fail(err);
}

/* Lets this host hear what it sends itself, which gonet_listen_multicast_udp turns off, as Go. */
static void hear_this_host(void *failure, int fd)
{
    int on = 1;
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &on, sizeof(on)) != 0 &&
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof(on)) != 0)
        gonet_error_set(failure, gonet_syscall_error_new("setsockopt", errno));
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_error_t) failure = NULL;
    gonet_udp_addr_t group;
    gonet_interface_t ifi;
    char line[900], text[1000];
    if (argc != 4)
        return fputs("usage: multicast_chat name interface group:port\n", stderr), 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    GONET_AUTO(gonet_udp_conn_t) conn = NULL;
    if (gonet_interface_by_name(argv[2], &ifi, &err) == 0 &&
        gonet_resolve_udp_addr("udp", argv[3], &group, &err) == 0)
        conn = gonet_listen_multicast_udp("udp", &ifi, &group, &err);
    GONET_AUTO(gonet_raw_conn_t) raw = conn ? gonet_udp_conn_syscall_conn(conn, &err) : NULL;
    if (raw == NULL || gonet_raw_conn_control(raw, hear_this_host, &failure, &err) != 0 ||
        failure != NULL || gonet_go(hear, gonet_udp_conn_ref(conn)) != 0)
        return fail(failure != NULL ? failure : err);
    printf("%s is in\n", argv[1]);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        int n = snprintf(text, sizeof(text), "%.80s: %s", argv[1], line);
        if (gonet_udp_conn_write_to_udp(conn, text, (size_t)n, &group, &err) < 0)
            return fail(err);
    }
    return gonet_udp_conn_close(conn, &err) != 0 || gonet_shutdown(10 * GONET_SECOND) != 0;
}
