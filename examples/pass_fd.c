/*
 * Opens a file and passes its descriptor over a unix socket to another task, which prints the file.
 * It could as well be another process, which may not open the file itself. Usage: pass_fd file
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <gonet.h>

/* Room for the control data of one descriptor, aligned as its header. */
typedef union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
} control_t;
static gonet_unix_addr_t meeting_point = {.net = "unix"}; /* no name: the kernel finds one */

static void die(const char *text)
{
    fprintf(stderr, "pass_fd: %s\n", text);
    exit(1);
}

static void send_file(void *arg)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    control_t out = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    int fd = open(arg, O_RDONLY | O_CLOEXEC);
    memcpy(CMSG_DATA(&out.header), &fd, sizeof(fd));
    GONET_AUTO(gonet_unix_conn_t) c = gonet_dial_unix("unix", NULL, &meeting_point, &err);
    if (fd < 0 || c == NULL ||
        gonet_unix_conn_write_msg_unix(c, "file", 4, &out, sizeof(out), NULL, NULL, &err) < 0)
        die(fd < 0 ? "cannot open the file" : gonet_error_string(err));
    close(fd); /* the receiver has its own by now */
}

int main(int argc, char **argv)
{
    GONET_AUTO(gonet_error_t) err = NULL;
    GONET_AUTO(gonet_unix_listener_t) ln = gonet_listen_unix("unix", &meeting_point, &err);
    if (ln == NULL)
        die(gonet_error_string(err));
    meeting_point = *gonet_addr_as_unix(gonet_unix_listener_addr(ln));
    if (argc != 2 || gonet_go(send_file, argv[1]) != 0)
        die("usage: pass_fd file");
    GONET_AUTO(gonet_unix_conn_t) c = gonet_unix_listener_accept_unix(ln, &err);
    control_t in = {.header = {0}};
    char text[4096];
    if (c == NULL || gonet_unix_conn_read_msg_unix(c, text, sizeof(text), &in, sizeof(in), NULL,
                                                   NULL, NULL, &err) < 0)
        die(gonet_error_string(err));
    int fd = -1;
    if (in.header.cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(&in.header), sizeof(fd));
    for (ssize_t n; (n = read(fd, text, sizeof(text))) > 0;)
        fwrite(text, 1, (size_t)n, stdout);
    return fflush(stdout) != 0 || close(fd) != 0;
}
