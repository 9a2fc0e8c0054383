/*
 * Gets a page over HTTP, by name and within 10 seconds in all, and writes it to standard output.
 * Usage: http_get host[:port] [path]
 */
#include <stdio.h>
#include <string.h>
#include <gonet.h>

static int fail(const char *what, const gonet_error_t *err)
{
    fprintf(stderr, "http_get: %s: %s\n", what, gonet_error_string(err));
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: http_get host[:port] [path]\n");
        return 2;
    }
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_time_t deadline = gonet_after(10 * GONET_SECOND);
    gonet_dialer_t dialer = {.deadline = deadline};

    char host[256], port[64], address[400];
    if (gonet_split_host_port(argv[1], host, sizeof(host), port, sizeof(port), &err) != 0)
        gonet_join_host_port(argv[1], "http", address, sizeof(address));
    else
        gonet_join_host_port(host, port, address, sizeof(address));

    GONET_AUTO(gonet_conn_t) conn = gonet_dialer_dial(&dialer, "tcp", address, &err);
    if (conn == NULL)
        return fail(address, err);
    if (gonet_conn_set_deadline(conn, deadline, &err) != 0 ||
        gonet_conn_printf(conn, &err, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n",
                          argc == 3 ? argv[2] : "/", argv[1]) < 0)
        return fail("asking", err);

    char page[16384];
    ssize_t n;
    while ((n = gonet_conn_read(conn, page, sizeof(page), &err)) > 0) {
        if (fwrite(page, 1, (size_t)n, stdout) != (size_t)n)
            return fail("standard output", err);
    }
    return err == gonet_eof ? 0 : fail("reading", err);
}
