/* The overview's server: answers whoever connects, each in a task of its own.
 * Usage: overview_server [host:port] */
#include <stdio.h>
#include <gonet.h>

static void handle(void *arg)
{
    GONET_AUTO(gonet_conn_t) conn = arg;
    GONET_AUTO(gonet_bufreader_t) reader = gonet_bufreader_new(gonet_conn_as_reader(conn), 0);
    if (reader == NULL)
        return;
    gonet_bufreader_set_max_line(reader, 8192);
    GONET_AUTO_FREE char *request = gonet_bufreader_read_line(reader, NULL, NULL);
    if (request != NULL)
        gonet_conn_printf(conn, NULL, "HTTP/1.0 200 OK\r\n\r\nYou said: %s\r\n", request);
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_listener_t) ln = gonet_listen("tcp", argc > 1 ? argv[1] : ":8080", &err);
    char text[GONET_ADDR_STRLEN];
    if (ln != NULL && puts(gonet_addr_string(gonet_listener_addr(ln), text, sizeof(text))) >= 0)
        fflush(stdout);
    for (gonet_conn_t *conn; ln != NULL && (conn = gonet_listener_accept(ln, &err)) != NULL;)
        if (gonet_go(handle, conn) != 0)
            gonet_conn_free(conn);
    fprintf(stderr, "%s\n", gonet_error_string(err));
    return 1;
}
