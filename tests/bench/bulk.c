/*
 * The load of a proxy: bench_bulk MIB COMMAND... starts COMMAND with the number of a listening port
 * behind it, which it is to proxy to, and sends MIB mebibytes through it: into the connection that
 * the command announces, out of the one that it makes. Prints the CPU time of the command's process
 * per mebibyte; it ends the command. The length is checked, and the first and last bytes of each
 * block. Written without gonet, to be neutral.
 */
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 1 << 18, PER_MIB = (1 << 20) / BLOCK, MAX_ARGS = 32 };

static pid_t child;

static void end_child(void)
{
    if (child > 0) {
        kill(child, SIGTERM);
        waitpid(child, NULL, 0);
    }
}

static int listen_here(int *port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET};
    socklen_t len = sizeof sin;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof sin) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&sin, &len) != 0)
        bench_die("listen: %s", strerror(errno));
    *port = ntohs(sin.sin_port);
    return fd;
}

/* Returns the port that the command announces. */
static int start_command(char **command, int count, int port)
{
    char *args[MAX_ARGS + 2], number[16];
    int out[2], announced = 0;
    FILE *f;

    if (count > MAX_ARGS || pipe(out) != 0)
        bench_die("too many arguments, or no pipe");
    memcpy(args, command, (size_t)count * sizeof *args);
    snprintf(number, sizeof number, "%d", port);
    args[count] = number;
    args[count + 1] = NULL;
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* if this process is ended by its alarm */
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execvp(args[0], args);
        _exit(127);
    }
    if (child < 0)
        bench_die("fork: %s", strerror(errno));
    atexit(end_child);
    close(out[1]);
    f = fdopen(out[0], "r");
    if (f == NULL || fscanf(f, "listening 127.0.0.1:%d", &announced) != 1)
        bench_die("the proxy did not start");
    fclose(f);
    return announced;
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

typedef struct {
    int fd;
    long blocks;
} sender_t;

static void mark(char *block, long number)
{
    memcpy(block, &number, sizeof number);
    memcpy(block + BLOCK - sizeof number, &number, sizeof number);
}

static void send_block(int fd, const char *block)
{
    size_t sent = 0;
    ssize_t n;

    while (sent < BLOCK) {
        n = send(fd, block + sent, BLOCK - sent, MSG_NOSIGNAL);
        if (n <= 0)
            bench_die("send: %s", strerror(errno));
        sent += (size_t)n;
    }
}

static void *send_all(void *arg)
{
    static char block[BLOCK];
    const sender_t *s = arg;
    long i;

    for (i = 0; i < s->blocks; i++) {
        mark(block, i);
        send_block(s->fd, block);
    }
    return NULL;
}

static void receive_all(int fd, long blocks)
{
    static char block[BLOCK];
    ssize_t n;
    long i;

    for (i = 0; i < blocks; i++) {
        n = recv(fd, block, BLOCK, MSG_WAITALL);
        if (n != BLOCK)
            bench_die("recv: block %ld of %ld: %s", i, blocks, n < 0 ? strerror(errno) : "the end");
        if (memcmp(block, &i, sizeof i) != 0 || memcmp(block + BLOCK - sizeof i, &i, sizeof i) != 0)
            bench_die("block %ld is another one", i);
    }
}

static void transfer(int from, int to, long mib)
{
    sender_t s = {.fd = from, .blocks = mib * PER_MIB};
    pthread_t thread;

    if (pthread_create(&thread, NULL, send_all, &s) != 0)
        bench_die("no thread");
    receive_all(to, s.blocks);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    int port, listener, from, to;
    int64_t cpu, wall;
    long mib;

    if (argc < 3)
        bench_die("usage: bench_bulk MIB COMMAND...");
    mib = bench_number("mebibytes", argv[1], 1, 1000000);
    bench_end_after(120);
    listener = listen_here(&port);
    from = connect_to(start_command(argv + 2, argc - 2, port));
    to = accept(listener, NULL, NULL);
    if (to < 0)
        bench_die("accept: %s", strerror(errno));
    transfer(from, to, mib / 10 + 1);
    cpu = bench_cpu_of(child);
    wall = bench_now();
    transfer(from, to, mib);
    wall = bench_now() - wall;
    cpu = bench_cpu_of(child) - cpu;
    printf("cpu_ns=%.0f wall_ns=%.0f\n", (double)cpu / (double)mib, (double)wall / (double)mib);
    return 0;
}
