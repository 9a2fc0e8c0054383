/*
 * Sends messages back, whole: a line with their length, then so many bytes. All messages that are
 * under way share a budget of memory; who finds none waits for its turn, but not for ever.
 * Usage: budget host:port bytes
 */
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

static gonet_semaphore_t budget;

/* Sends n bytes back that it has read as a whole. */
static int echo(gonet_bufreader_t *r, gonet_conn_t *c, size_t n, gonet_error_t **err)
{
    char *message = malloc(n + 1);
    int status =
        message == NULL ? -1 : gonet_read_full(gonet_bufreader_as_reader(r), message, n, NULL, err);
    if (status == 0 && gonet_conn_write(c, message, n, err) < 0)
        status = -1;
    free(message);
    return status;
}

static void serve(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_conn_t) c = arg;
    GONET_AUTO(gonet_bufreader_t) r = gonet_bufreader_new(gonet_conn_as_reader(c), 0);
    gonet_bufreader_set_max_line(r, 32);
    for (char *line; (line = gonet_bufreader_read_line(r, NULL, &err)) != NULL;) {
        int64_t n = strtol(line, NULL, 10);
        gonet_free(line);
        GONET_AUTO(gonet_context_t) ctx = gonet_context_with_timeout(NULL, 2 * GONET_SECOND);
        if (gonet_semaphore_acquire(&budget, ctx, n, &err) != 0) {
            gonet_conn_printf(c, NULL, "no room: %s\n", gonet_error_string(err));
            return;
        }
        int status = echo(r, c, (size_t)n, &err);
        gonet_semaphore_release(&budget, n);
        if (status != 0)
            return;
    }
}

int main(int argc, char **argv)
{
    budget.size = argc == 3 ? atoll(argv[2]) : 0;
    if (budget.size <= 0)
        return fputs("usage: budget host:port bytes\n", stderr), 2;
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = gonet_listen("tcp", argv[1], &err);
    char text[GONET_ADDR_STRLEN];
    if (ln != NULL && puts(gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text))) >= 0)
        fflush(stdout);
    for (gonet_conn_t *c; ln != NULL && (c = gonet_listener_accept(ln, &err)) != NULL;)
        if (gonet_go(serve, c) != 0)
            gonet_conn_free(c);
    return fprintf(stderr, "budget: %s\n", gonet_error_string(err)), 1;
}
