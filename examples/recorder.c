/*
 * Talks to a server, standard input to standard output, and records every byte in a file: a
 * connection of the program's own (recorder_conn.c) goes where the library's go.
 * Usage: recorder host:port file
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "recorder_conn.h"

static void die(const char *what, const gonet_error_t *err)
{
    fprintf(stderr, "recorder: %s: %s\n", what, err ? gonet_error_string(err) : "no memory");
    exit(1);
}

/* Sends standard input, and says so when it has ended. */
static void send_input(void *arg)
{
    GONET_AUTO(gonet_conn_t) conn = arg;
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_file_reader_t) in = gonet_file_reader_new(STDIN_FILENO, &err);
    if (in == NULL ||
        gonet_copy(gonet_conn_as_writer(conn), gonet_file_reader_as_reader(in), &err) < 0 ||
        gonet_conn_close_write(conn, &err) != 0)
        die("sending", err);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return fputs("usage: recorder host:port file\n", stderr), 2;
    GONET_AUTO(gonet_error_t) err = NULL;
    int fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    GONET_AUTO(gonet_file_writer_t) file = gonet_file_writer_new(fd, &err);
    GONET_AUTO(gonet_file_writer_t) out = gonet_file_writer_new(STDOUT_FILENO, &err);
    if (file == NULL || out == NULL)
        die(argv[2], err);
    recorder_log_t log = {.to = gonet_file_writer_as_writer(file)};

    gonet_conn_t *plain = gonet_dial("tcp", argv[1], &err);
    GONET_AUTO(gonet_conn_t) conn = plain != NULL ? recorder_conn_new(plain, &log) : NULL;
    if (conn == NULL || gonet_go(send_input, gonet_conn_ref(conn)) != 0)
        die("connecting", err);
    if (gonet_copy(gonet_file_writer_as_writer(out), gonet_conn_as_reader(conn), &err) < 0)
        die("receiving", err);
    if (gonet_conn_close(conn, &err) != 0)
        die("closing", err);
    if (gonet_shutdown(5 * GONET_SECOND) != 0) /* send_input waits for standard input */
        return fputs("recorder: the server ended first\n", stderr), 1;
    if (log.err != NULL)
        die(argv[2], log.err);
    return close(fd);
}
