/* The overview's client: asks a web server, and shows the first line that it answers.
 * Usage: overview_client [host:port] */
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

static void die(const char *what, const gonet_error_t *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? gonet_error_string(err) : "no memory");
    exit(1);
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_conn_t) conn = gonet_dial("tcp", argc > 1 ? argv[1] : "golang.org:80", &err);
    if (conn == NULL)
        die("cannot dial", err);
    if (gonet_conn_printf(conn, &err, "GET / HTTP/1.0\r\n\r\n") < 0)
        die("cannot write", err);
    GONET_AUTO(gonet_bufreader_t) reader = gonet_bufreader_new(gonet_conn_as_reader(conn), 0);
    if (reader == NULL)
        die("cannot read", NULL);
    GONET_AUTO_FREE char *status = gonet_bufreader_read_string(reader, '\n', NULL, &err);
    if (status == NULL)
        die("cannot read", err);
    printf("%s", status);
    return fflush(stdout) != 0;
}
