/*
 * A TCP proxy: joins each connection to a new one to the target. Each direction ends by itself, its
 * end passed on with close_write. Usage: tcp_proxy host:port target-host:port
 */
#include <stdio.h>
#include <gonet.h>

static const char *target;

struct direction {
    gonet_conn_t *from, *to;
};

static void report(const gonet_error_t *err)
{
    fprintf(stderr, "tcp_proxy: %s\n", err ? gonet_error_string(err) : "no memory");
}

static void copy(void *arg)
{
    const struct direction *d = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    if (gonet_copy(gonet_conn_as_writer(d->to), gonet_conn_as_reader(d->from), &err) < 0 ||
        gonet_conn_close_write(d->to, &err) != 0) {
        report(err);
        gonet_conn_close(d->from, NULL); /* a broken stream ends both directions */
    }
}

static void join(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_conn_t) client = arg;
    GONET_AUTO(gonet_conn_t) server = gonet_dial("tcp", target, &err);
    struct direction there = {client, server}, back = {server, client};
    gonet_wait_group_t other = {0};
    if (server == NULL || gonet_wait_group_go(&other, copy, &back) != 0) {
        report(err);
        return;
    }
    copy(&there);
    gonet_wait_group_wait(&other);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return fputs("usage: tcp_proxy host:port target-host:port\n", stderr), 2;
    target = argv[2];
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = gonet_listen("tcp", argv[1], &err);
    char text[GONET_ADDR_STRLEN];
    if (ln != NULL && puts(gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text))) >= 0)
        fflush(stdout);
    for (gonet_conn_t *c; ln != NULL && (c = gonet_listener_accept(ln, &err)) != NULL;)
        if (gonet_go(join, c) != 0)
            gonet_conn_free(c);
    report(err);
    return 1;
}
