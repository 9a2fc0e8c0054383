/*
 * Sends its arguments, or the lines of its standard input, and prints what comes back.
 * Usage: echo_client [-u] host:port [text...]; -u: over UDP, for 10 seconds at most
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gonet.h>

static void die(const char *text)
{
    fprintf(stderr, "echo_client: %s\n", text);
    exit(1);
}

/* Sends len bytes and prints the answer, which must be as long. */
static void exchange(gonet_conn_t *conn, char *text, size_t len)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    if (gonet_conn_write(conn, text, len, &err) < 0 ||
        gonet_read_full(gonet_conn_as_reader(conn), text, len, NULL, &err) != 0)
        die(gonet_error_string(err));
    if (fwrite(text, 1, len, stdout) != len || fflush(stdout) != 0)
        die("standard output is gone");
}

int main(int argc, char **argv)
{
    bool udp = argc > 1 && strcmp(argv[1], "-u") == 0;
    argc -= udp;
    argv += udp;
    if (argc < 2)
        die("usage: echo_client [-u] host:port [text...]");
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_conn_t) conn = gonet_dial(udp ? "udp" : "tcp", argv[1], &err);
    if (conn == NULL ||
        (udp && gonet_conn_set_deadline(conn, gonet_after(10 * GONET_SECOND), &err) != 0))
        die(gonet_error_string(err));

    char line[4096]; /* a longer line goes in parts */
    for (int i = 2; i < argc; i++) {
        exchange(conn, argv[i], strlen(argv[i]));
        exchange(conn, strcpy(line, i + 1 < argc ? " " : "\n"), 1);
    }
    while (argc == 2 && fgets(line, sizeof(line), stdin) != NULL)
        exchange(conn, line, strlen(line));
    return gonet_conn_close(conn, &err) != 0;
}
