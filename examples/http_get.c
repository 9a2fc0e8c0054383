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

    char address[400];
    const char *to = argv[1];
    if (gonet_split_host_port(to, NULL, 0, NULL, 0, &err) != 0)
        to = gonet_join_host_port(argv[1], "http", address, sizeof(address));
    if (to == NULL)
        return fail("too long for a host", err);

    GONET_AUTO(gonet_conn_t) conn = gonet_dialer_dial(&dialer, "tcp", to, &err);
    if (conn == NULL)
        return fail(to, err);
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
