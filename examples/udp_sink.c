/*
 * Counts the datagrams that come to it, many with one system call: the kernel joins those that came
 * in a row. Ends, and tells, when none has come for 2 seconds. Usage: udp_sink [host:port]
 */
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

enum { messages = 16, room = 65535 };

static void die(const gonet_error_t *err)
{
    fprintf(stderr, "udp_sink: %s\n", err ? gonet_error_string(err) : "no memory");
    exit(1);
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    gonet_packet_conn_t *any = gonet_listen_packet("udp", argc > 1 ? argv[1] : ":7000", &err);
    GONET_AUTO(gonet_udp_conn_t) conn = gonet_packet_conn_as_udp(any);
    if (conn == NULL || gonet_udp_conn_set_read_buffer(conn, 4 << 20, &err) != 0)
        die(err);
    if (gonet_udp_conn_set_receive_offload(conn, true, &err) != 0) /* the kernel is too old */
        fprintf(stderr, "udp_sink: one by one: %s\n", gonet_error_string(err));
    char text[GONET_ADDR_STRLEN];
    printf("%s\n", gonet_addr_string(gonet_udp_conn_local_addr(conn), text, sizeof(text)));
    fflush(stdout);

    static char space[messages][room];
    gonet_udp_message_t batch[messages] = {0};
    long calls = 0, datagrams = 0, bytes = 0;
    do {
        for (int i = 0; i < messages; i++) {
            batch[i].buf = space[i];
            batch[i].len = room;
        }
        ssize_t n = gonet_udp_conn_read_batch(conn, batch, messages, &err);
        for (ssize_t i = 0; i < n; i++) {
            size_t each = batch[i].segment != 0 ? batch[i].segment : batch[i].n;
            datagrams += each > 0 ? (long)((batch[i].n + each - 1) / each) : 1;
            bytes += (long)batch[i].n;
        }
        calls += n > 0;
        if (err == NULL)
            gonet_udp_conn_set_read_deadline(conn, gonet_after(2 * GONET_SECOND), &err);
    } while (err == NULL);
    if (!gonet_error_timeout(err))
        die(err);
    printf("%ld datagrams, %ld bytes, %ld calls\n", datagrams, bytes, calls);
    return fflush(stdout) != 0;
}
