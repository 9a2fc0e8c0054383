/*
 * What waits in a listener's queue, from the kernel.
 */
#ifndef TESTS_UNIT_DIAL_QUEUE_H
#define TESTS_UNIT_DIAL_QUEUE_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "gonet/conn.h"
#include "gonet/rawconn.h"
#include "support/check.h"

typedef struct {
    int waiting; /* to be accepted */
    int backlog;
} queue_t;

static inline void queue_look(void *arg, int fd)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);
    queue_t *q = arg;

    memset(&info, 0, sizeof(info));
    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    q->waiting = (int)info.tcpi_unacked; /* a listener's TCP_INFO has these two here */
    q->backlog = (int)info.tcpi_sacked;
}

/* queue_of tells the state of a TCP listener's queue. */
static inline queue_t queue_of(gonet_listener_t *l)
{
    gonet_raw_conn_t *raw = gonet_listener_syscall_conn(l, NULL);
    queue_t q = {-1, -1};

    CHECK_INT(gonet_raw_conn_control(raw, queue_look, &q, NULL), 0);
    gonet_raw_conn_free(raw);
    return q;
}

#endif
