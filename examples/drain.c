/*
 * drain [ADDRESS]: a request is two lines; the first one is answered with "go on", the second one
 * with its length. On SIGTERM or SIGINT no more requests are taken, and those in hand are finished.
 */
#include <gonet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static gonet_context_t *ending;

typedef struct {
    gonet_bufreader_t *r;
    char *text;
} line_t;

static void read_line(void *arg)
{
    line_t *l = arg;
    l->text = gonet_bufreader_read_string(l->r, '\n', NULL, NULL);
}

static void handle(void *arg)
{
    GONET_AUTO(gonet_conn_t) c = arg;
    GONET_AUTO(gonet_bufreader_t) r = gonet_bufreader_new(gonet_conn_as_reader(c), 0);
    line_t l = {.r = r};
    while (gonet_context_run(ending, read_line, &l), l.text != NULL) { /* it may end here alone */
        gonet_free(l.text);
        gonet_conn_printf(c, NULL, "go on\n");
        read_line(&l);
        gonet_conn_printf(c, NULL, "%zu\n", l.text != NULL ? strcspn(l.text, "\r\n") : 0);
        gonet_free(l.text);
    }
}

static void accept_all(void *ln)
{
    for (gonet_conn_t *c; (c = gonet_listener_accept(ln, NULL)) != NULL;)
        if (gonet_go(handle, c) != 0)
            gonet_conn_free(c);
}

int main(int argc, char **argv)
{
    char text[GONET_ADDR_STRLEN];
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = gonet_listen("tcp", argc > 1 ? argv[1] : ":7000", &err);
    if (ln == NULL)
        return fprintf(stderr, "drain: %s\n", gonet_error_string(err)), 1;
    puts(gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text)));
    fflush(stdout);
    GONET_AUTO(gonet_context_t) stop = gonet_signal_context(NULL, (int[]){SIGTERM, SIGINT}, 2);
    ending = gonet_shutdown_context();
    gonet_context_run(stop, accept_all, ln); /* until a signal comes */
    gonet_listener_close(ln, NULL);
    int left = gonet_drain(10 * GONET_SECOND); /* what is in hand */
    gonet_context_free(ending);
    return gonet_shutdown(GONET_SECOND) != 0 || left != 0;
}
