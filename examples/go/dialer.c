/* Dialer: a connection made within a minute, names and all. The context ends the dial, not the
 * connection. Usage: dialer [host:port] */
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
    GONET_AUTO(gonet_context_t) ctx = gonet_context_with_timeout(NULL, GONET_MINUTE);
    gonet_dialer_t dialer = {0};
    const char *address = argc > 1 ? argv[1] : "localhost:12345";

    GONET_AUTO(gonet_conn_t) conn = gonet_dialer_dial_context(&dialer, ctx, "tcp", address, &err);
    if (conn == NULL)
        die("cannot dial", err);
    if (gonet_conn_printf(conn, &err, "Hello, World!") < 0)
        die("cannot write", err);
    if (gonet_conn_close(conn, &err) != 0)
        die("cannot close", err);
    return 0;
}
