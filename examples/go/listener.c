/* Listener: sends everything back, each connection in a task of its own, so that they are served
 * at the same time. On all addresses of this host. Usage: listener [host:port] */
#include <stdio.h>
#include <gonet.h>

static void echo(void *arg)
{
    GONET_AUTO(gonet_conn_t) conn = arg; /* closed at the end, too: this is the last reference */
    gonet_copy(gonet_conn_as_writer(conn), gonet_conn_as_reader(conn), NULL);
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = gonet_listen("tcp", argc > 1 ? argv[1] : ":2000", &err);
    char text[GONET_ADDR_STRLEN];
    if (ln != NULL && puts(gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text))) >= 0)
        fflush(stdout);
    for (gonet_conn_t *conn; ln != NULL && (conn = gonet_listener_accept(ln, &err)) != NULL;)
        if (gonet_go(echo, conn) != 0)
            gonet_conn_free(conn);
    fprintf(stderr, "%s\n", gonet_error_string(err));
    return 1;
}
