/*
 * Messages over TCP, each behind its length in two bytes (RFC 1035, section 4.2.2). The socket is
 * the exchange's own and used by one task; whoever cancels lets its deadline pass.
 */
#include "resolve/stream.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "error/error.h"
#include "resolve/address.h"
#include "runtime/context.h"
#include "runtime/netpoll.h"

#define BOTH ((1u << GONET__SIDE_READ) | (1u << GONET__SIDE_WRITE))

typedef struct {
    gonet__pd_t pd;
    _Atomic unsigned refs;
    const gonet__server_t *server;
    gonet_context_t *ctx;
} stream_t;

static void hold(gonet__pd_t *pd)
{
    atomic_fetch_add_explicit(&GONET__CONTAINER(pd, stream_t, pd)->refs, 1, memory_order_relaxed);
}

static void unhold(gonet__pd_t *pd)
{
    stream_t *s = GONET__CONTAINER(pd, stream_t, pd);

    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
        gonet__free(s);
}

/* A step's error; "dial" has no local address yet. Takes cause. */
static gonet_error_t *failed(const stream_t *s, const char *op, gonet_error_t *cause)
{
    gonet_addr_t local = {0};

    if (op[0] != 'd')
        local = gonet__local_endpoint(s->pd.fd, SOCK_STREAM);
    return gonet__exchange_error(op, SOCK_STREAM, &local, s->server->addr, cause);
}

/* Parks until the side is ready; NULL, or the step's error. */
static gonet_error_t *await(stream_t *s, gonet__side_t side, const char *op)
{
    gonet__limit_t limit = {.ctx = s->ctx};
    gonet_error_t *e;
    int errnum = 0;

    switch (gonet__pd_wait(&s->pd, side, &errnum)) {
    case GONET__POLL_OK:
    case GONET__POLL_NOT_POLLABLE: /* the call itself tells what is wrong */
        return NULL;
    case GONET__POLL_TIMEOUT:
        e = gonet__limit_ended(&limit);
        if (e != NULL)
            return failed(s, "dial", e);
        return failed(s, op, op[0] == 'd' ? gonet__err_dial_timeout : gonet_err_deadline_exceeded);
    case GONET__POLL_NO_MEMORY:
        return failed(s, op, gonet_syscall_error_new("epoll_ctl", errnum));
    case GONET__POLL_CLOSED:
    case GONET__POLL_TAKEN:
    case GONET__POLL_SHUTDOWN:
        break;
    }
    return failed(s, op, gonet_err_closed);
}

static gonet_error_t *connect_stream(stream_t *s)
{
    gonet__sockaddr_any_t sa;
    socklen_t len = gonet__sockaddr_make(s->server->addr, &sa), size = sizeof(int);
    int status = 0;
    gonet_error_t *e;

    if (connect(s->pd.fd, &sa.sa, len) == 0)
        return NULL;
    if (errno != EINPROGRESS && errno != EINTR)
        return failed(s, "dial", gonet_syscall_error_new("connect", errno));
    for (;;) {
        e = await(s, GONET__SIDE_WRITE, "dial");
        if (e != NULL)
            return e;
        if (getsockopt(s->pd.fd, SOL_SOCKET, SO_ERROR, &status, &size) != 0)
            status = errno;
        if (status != 0)
            return failed(s, "dial", gonet_syscall_error_new("connect", status));
        len = sizeof(sa);
        if (getpeername(s->pd.fd, &sa.sa, &len) == 0)
            return NULL;
    }
}

static gonet_error_t *write_all(stream_t *s, const uint8_t *p, size_t len)
{
    while (len > 0) {
        ssize_t n = send(s->pd.fd, p, len, MSG_NOSIGNAL);
        gonet_error_t *e = NULL;

        if (n > 0) {
            p += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            e = await(s, GONET__SIDE_WRITE, "write");
        } else if (errno != EINTR) {
            e = failed(s, "write", gonet_syscall_error_new("write", errno));
        }
        if (e != NULL)
            return e;
    }
    return NULL;
}

static gonet_error_t *read_full(stream_t *s, uint8_t *p, size_t len)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = recv(s->pd.fd, p + got, len - got, 0);
        gonet_error_t *e = NULL;

        if (n > 0)
            got += (size_t)n;
        else if (n == 0)
            e = got == 0 ? gonet_eof : gonet_err_unexpected_eof;
        else if (errno == EAGAIN)
            e = await(s, GONET__SIDE_READ, "read");
        else if (errno != EINTR)
            e = failed(s, "read", gonet_syscall_error_new("read", errno));
        if (e != NULL)
            return e;
    }
    return NULL;
}

/* The question behind its length; the reply the same way. */
static gonet_error_t *talk(stream_t *s, const uint8_t *question, size_t len,
                           gonet__packet_t *packet)
{
    uint8_t message[2 + GONET__QUESTION_SIZE], length[2];
    gonet_error_t *e;

    message[0] = (uint8_t)(len >> 8);
    message[1] = (uint8_t)len;
    memcpy(message + 2, question, len);
    e = connect_stream(s);
    if (e == NULL)
        e = write_all(s, message, len + 2);
    if (e == NULL)
        e = read_full(s, length, 2);
    if (e != NULL)
        return e;
    len = (size_t)length[0] << 8 | length[1];
    if (!gonet__packet_room(packet, len))
        return gonet_err_no_memory;
    packet->len = len;
    return read_full(s, packet->p, len);
}

/* The context has ended: whoever waits for the socket looks up. */
static void interrupt(void *arg)
{
    stream_t *s = arg;

    gonet__pd_set_deadline(&s->pd, BOTH, 1);
}

static stream_t *make_stream(const gonet__server_t *server, int fd)
{
    stream_t *s = gonet__zalloc(sizeof(*s));

    if (s == NULL)
        return NULL;
    gonet__pd_init(&s->pd, fd);
    s->pd.hold = hold;
    s->pd.unhold = unhold;
    s->server = server;
    atomic_init(&s->refs, 1);
    return s;
}

gonet_error_t *gonet__tcp_exchange(const gonet__server_t *server, const uint8_t *question,
                                   size_t len, gonet_context_t *ctx, int64_t deadline,
                                   gonet__packet_t *packet)
{
    gonet__sockaddr_any_t sa;
    gonet__context_watch_t watch;
    gonet_error_t *e;
    stream_t *s;
    int fd;

    gonet__sockaddr_make(server->addr, &sa);
    fd = gonet__fd_socket(sa.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return gonet__exchange_error("dial", SOCK_STREAM, NULL, server->addr,
                                     gonet_syscall_error_new("socket", errno));
    s = make_stream(server, fd);
    if (s == NULL) {
        close(fd);
        return gonet_err_no_memory;
    }
    s->ctx = ctx;
    gonet__pd_set_deadline(&s->pd, BOTH, deadline);
    if (gonet__context_watch(&watch, ctx, interrupt, s))
        e = talk(s, question, len, packet);
    else
        e = failed(s, "dial", gonet__map_context_error(gonet_error_ref(gonet_context_err(ctx))));
    gonet__context_unwatch(&watch);
    gonet__pd_close(&s->pd);
    gonet__pd_detach(&s->pd);
    close(fd);
    unhold(&s->pd);
    return e;
}
