/*
 * A TCP proxy: joins each connection to a new one to the target. Each direction ends by itself, and
 * what is silent for ten minutes ends; no task waits for it. Usage: tcp_proxy host:port
 * target-host:port
 */
#include <stdio.h>
#include <gonet.h>

static const char *target;

static void report(const gonet_error_t *err)
{
    fprintf(stderr, "tcp_proxy: %s\n", err ? gonet_error_string(err) : "no memory");
}

static void ended(void *arg, int64_t there, int64_t back, const gonet_error_t *err)
{
    (void)arg;
    if (err != NULL)
        fprintf(stderr, "tcp_proxy: after %lld and %lld bytes: %s\n", (long long)there,
                (long long)back, gonet_error_string(err));
}

static void join(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_conn_t *client = arg;
    gonet_conn_t *server = gonet_dial("tcp", target, &err);
    if (server == NULL)
        gonet_conn_free(client);
    if (server == NULL || gonet_relay_go(client, server, 10 * GONET_MINUTE, ended, NULL, &err) != 0)
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
