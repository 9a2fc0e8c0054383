/*
 * A server of short connections: accept, one message, its echo, close. The accept loop runs in a
 * task, with the argument "thread" in a plain thread, or with "serve" it is gonet_serve's, with
 * "readable" its connections have no task before the message has come. Port 0; ends itself after
 * ten minutes.
 */
#include "common.h"
#include "serve_gonet.h"

#include <string.h>

static void answer(gonet_conn_t *c, void *arg)
{
    char buf[4096];
    ssize_t n = gonet_conn_read(c, buf, sizeof buf, NULL);

    (void)arg;
    if (n > 0 && gonet_conn_write(c, buf, (size_t)n, NULL) != n)
        bench_die("the echo was not written");
}

static bool answer_readable(gonet_conn_t *c, void **state, void *arg)
{
    (void)state;
    answer(c, arg);
    return false;
}

static void handle(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;

    answer(c, NULL);
}

static void serve(void *ln)
{
    bench_serve_gonet(ln, handle);
}

int main(int argc, char **argv)
{
    gonet_listener_t *ln = bench_listen_gonet();
    gonet_wait_group_t server = {0};
    const gonet_serve_options_t readable = {.readable = answer_readable};

    if (argc > 1 && strcmp(argv[1], "thread") == 0)
        serve(ln);
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        return gonet_serve(ln, answer, NULL, NULL, NULL);
    if (argc > 1 && strcmp(argv[1], "readable") == 0)
        return gonet_serve(ln, NULL, NULL, &readable, NULL);
    if (gonet_wait_group_go(&server, serve, ln) != 0)
        bench_die("out of memory");
    gonet_wait_group_wait(&server);
    return 0;
}
