/*
 * An error says what was tried, layer by layer: each function that gives up puts its own words
 * before those of the one below, and what happened can still be asked. Go: fmt.Errorf("…: %w",
 * err).
 */
#include <stdio.h>
#include <gonet.h>

static gonet_conn_t *connect_to_backend(const char *address, gonet_error_t **err)
{
    gonet_conn_t *c = gonet_dial("tcp", address, err);

    if (c == NULL)
        gonet_error_wrap(err, "connect to backend");
    return c;
}

static int greet(const char *address, gonet_error_t **err)
{
    GONET_AUTO(gonet_conn_t) c = connect_to_backend(address, err);

    if (c == NULL || gonet_conn_printf(c, err, "hello\n") < 0) {
        gonet_error_wrap(err, "greet %s", address);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;

    if (greet(argc > 1 ? argv[1] : "127.0.0.1:1", &err) == 0)
        return 0;
    fprintf(stderr, "%s\n", gonet_error_string(err));
    if (gonet_error_is_errno(err, ECONNREFUSED))
        fputs("nobody listens there\n", stderr);
    return 1;
}
