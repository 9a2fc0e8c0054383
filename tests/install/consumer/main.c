/*
 * A program outside the tree that uses the installed library: it echoes a line to itself over
 * loopback, and checks that the library is of the version that the headers are of.
 */
#include <stdio.h>
#include <string.h>

#include <gonet.h>

static void echo(void *arg)
{
    GONET_AUTO(gonet_listener_t) listener = arg;
    GONET_AUTO(gonet_conn_t) conn = gonet_listener_accept(listener, NULL);
    if (conn != NULL &&
        gonet_copy(gonet_conn_as_writer(conn), gonet_conn_as_reader(conn), NULL) < 0)
        fputs("the echo failed\n", stderr);
}

static int run(gonet_error_t **err)
{
    GONET_AUTO(gonet_listener_t) listener = gonet_listen("tcp", "127.0.0.1:0", err);
    if (listener == NULL)
        return -1;
    gonet_listener_t *shared = gonet_listener_ref(listener);
    if (gonet_go(echo, shared) != 0) {
        gonet_listener_free(shared);
        return -1;
    }
    char address[GONET_ADDR_STRLEN];
    gonet_addr_string(gonet_listener_addr(listener), address, sizeof(address));
    GONET_AUTO(gonet_conn_t) conn = gonet_dial("tcp", address, err);
    char back[6] = "";
    if (conn == NULL || gonet_conn_write(conn, "hello", 5, err) < 0 ||
        gonet_read_full(gonet_conn_as_reader(conn), back, 5, NULL, err) != 0)
        return -1;
    return strcmp(back, "hello") == 0 ? 0 : -1;
}

int main(void)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    char version[32];
    snprintf(version, sizeof(version), "%d.%d.%d", GONET_VERSION_NUMBER >> 16,
             GONET_VERSION_NUMBER >> 8 & 0xff, GONET_VERSION_NUMBER & 0xff);
    if (strcmp(version, gonet_version()) != 0) {
        fprintf(stderr, "headers %s, library %s\n", version, gonet_version());
        return 1;
    }
    if (run(&err) != 0) {
        fprintf(stderr, "%s\n", gonet_error_string(err));
        return 1;
    }
    if (gonet_shutdown(-1) != 0)
        return 1;
    printf("gonet %s works\n", version);
    return 0;
}
