/*
 * Sends datagrams as fast as it can, 1024 with each call: 16 runs of 64, which the kernel (or,
 * where it can't, the library) cuts apart. Usage: udp_blast host:port [calls [bytes in each
 * datagram]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <gonet.h>

enum { runs = 16, run = 64, longest = 1000 };

static int fail(const char *text)
{
    fprintf(stderr, "udp_blast: %s\n", text);
    return 1;
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    long calls = argc > 2 ? atol(argv[2]) : 1000;
    long size = argc > 3 ? atol(argv[3]) : longest;
    if (argc < 2 || calls < 1 || size < 1 || size > longest)
        return fail("usage: udp_blast host:port [calls [bytes in each datagram, to 1000]]");
    GONET_AUTO(gonet_conn_t) any = gonet_dial("udp", argv[1], &err);
    gonet_udp_conn_t *conn = gonet_conn_as_udp(any); /* the same object */
    if (conn == NULL)
        return fail(gonet_error_string(err));

    static char data[run * longest]; /* it is only read: all runs may send the same */
    gonet_udp_message_t batch[runs] = {0};
    for (int i = 0; i < runs; i++) {
        batch[i].buf = data;
        batch[i].len = (size_t)(run * size);
        batch[i].segment = (size_t)size;
    }
    gonet_time_t start = gonet_now();
    for (long i = 0; i < calls; i++)
        if (gonet_udp_conn_write_batch(conn, batch, runs, NULL, &err) < 0)
            return fail(gonet_error_string(err));
    long sent = calls * runs * run;
    printf("%ld datagrams, %ld bytes, %.3f s\n", sent, sent * size,
           (double)gonet_since(start) / GONET_SECOND);
    return fflush(stdout) != 0;
}
