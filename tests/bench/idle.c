/*
 * What an idle connection costs its server: opens N connections, echoes one message on each, lets
 * them rest, and reads what the server's private memory and page tables grew by, per connection.
 * One connection is used and closed first, so that what a server needs once is not counted.
 */
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64 };

typedef struct {
    long private_kb; /* Private_Clean + Private_Dirty of smaps_rollup */
    long tables_kb;  /* VmPTE of status */
} memory_t;

/* Adds up the kB of every line of /proc/PID/file that starts with the prefix. */
static long sum_kb(pid_t pid, const char *file, const char *prefix)
{
    char path[64], line[256];
    long sum = 0, kb;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    f = fopen(path, "r");
    if (f == NULL)
        bench_die("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, prefix, strlen(prefix)) == 0 && strchr(line, ':') != NULL &&
            sscanf(strchr(line, ':') + 1, "%ld", &kb) == 1)
            sum += kb;
    fclose(f);
    return sum;
}

static memory_t memory_of(pid_t pid)
{
    memory_t m;

    m.private_kb =
        sum_kb(pid, "smaps_rollup", "Private_Clean") + sum_kb(pid, "smaps_rollup", "Private_Dirty");
    m.tables_kb = sum_kb(pid, "status", "VmPTE");
    return m;
}

static int connect_to(int port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sin, sizeof sin) != 0)
        bench_die("connect: %s", strerror(errno));
    return fd;
}

static void echo_once(int fd, long number)
{
    char out[SIZE] = {0}, in[SIZE];

    snprintf(out, sizeof out, "message %ld", number);
    if (send(fd, out, SIZE, MSG_NOSIGNAL) != SIZE || recv(fd, in, SIZE, MSG_WAITALL) != SIZE ||
        memcmp(in, out, SIZE) != 0)
        bench_die("connection %ld was not echoed", number);
}

/* Waits until the server's CPU time stands still: it has gone to sleep with all that it holds. */
static void let_settle(pid_t pid)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    int64_t before, now = bench_cpu_of(pid);
    int calm = 0, i;

    for (i = 0; i < 100 && calm < 5; i++) {
        before = now;
        nanosleep(&pause, NULL);
        now = bench_cpu_of(pid);
        calm = now - before < 1000000 ? calm + 1 : 0;
    }
}

int main(int argc, char **argv)
{
    memory_t before, after;
    long conns, i;
    pid_t pid;
    int port, fd;

    if (argc != 4)
        bench_die("usage: bench_idle PORT SERVER-PID CONNECTIONS");
    bench_end_after(120);
    port = (int)bench_number("port", argv[1], 1, 65535);
    pid = (pid_t)bench_number("pid", argv[2], 1, 1L << 30);
    conns = bench_number("connections", argv[3], 1, 1000000);
    fd = connect_to(port);
    echo_once(fd, -1);
    close(fd);
    let_settle(pid);
    before = memory_of(pid);
    for (i = 0; i < conns; i++)
        echo_once(connect_to(port), i);
    let_settle(pid);
    after = memory_of(pid);
    printf("private_bytes=%.0f tables_bytes=%.0f\n",
           (double)(after.private_kb - before.private_kb) * 1024 / (double)conns,
           (double)(after.tables_kb - before.tables_kb) * 1024 / (double)conns);
    return 0;
}
