/* Dialer with a unix socket: gonet_dial_unix takes no context, a dialer does.
 * Usage: dialer_unix [path] */
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
    gonet_dialer_t dialer = {.local_addr = NULL}; /* here a name of its own could stand */
    gonet_unix_addr_t raddr;
    char path[GONET_ADDR_STRLEN];
    if (gonet_resolve_unix_addr("unix", argc > 1 ? argv[1] : "/path/to/unix.sock", &raddr, &err))
        die("no address", err);
    gonet_unix_addr_string(&raddr, path, sizeof(path));

    GONET_AUTO(gonet_conn_t) conn = gonet_dialer_dial_context(&dialer, ctx, "unix", path, &err);
    if (conn == NULL)
        die("cannot dial", err);
    if (gonet_conn_printf(conn, &err, "Hello, socket!") < 0)
        die("cannot write", err);
    if (gonet_conn_close(conn, &err) != 0)
        die("cannot close", err);
    return 0;
}
