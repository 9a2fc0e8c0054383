/*
 * A TCP proxy: joins each connection to a new one to the target. Each direction ends by itself, and
 * what is silent for ten minutes ends. Usage: tcp_proxy host:port target-host:port
 */
#include <stdio.h>
#include <gonet.h>

static const char *target;

static void report(const gonet_error_t *err)
{
    fprintf(stderr, "tcp_proxy: %s\n", err ? gonet_error_string(err) : "no memory");
}

static void join(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_conn_t) client = arg;
    GONET_AUTO(gonet_conn_t) server = gonet_dial("tcp", target, &err);
    if (server == NULL || gonet_relay(client, server, 10 * GONET_MINUTE, NULL, NULL, &err) != 0)
        report(err);
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
