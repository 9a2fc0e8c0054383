/*
 * Batches of datagrams: many messages with a system call, and many datagrams in a message that the
 * kernel cuts apart (UDP_SEGMENT) or has put together (UDP_GRO). A call needs some 8 KiB, for at
 * most CHUNK messages at a time: more than a small stack has, so they come from the cache of
 * buffers.
 *
 * Messages go out in order under one lock. Where the kernel cannot cut a message, it is cut here,
 * and then sent as anybody's datagrams are, so what is really wrong with it shows.
 */
#include <assert.h>
#include <netinet/udp.h>
#include <string.h>

#include "conn/udp.h"
#include "gonet/errno.h"
#include "socket/scratch.h"
#include "socket/sockopt.h"
#include "socket/sys.h"

#define CHUNK 32

/* What one message that the kernel cuts may hold: all kernels take 64 datagrams, and all devices 64
 * KiB with whatever headers there are. */
#define MAX_SEGMENTS 64
#define MAX_RUN      65000

/* Control data of all messages of a chunk, where it must be put together here. */
#define SEND_CONTROL 2048
#define RECV_CONTROL 4096

/* Room for the segment's length, and for what the kernel puts before it (times of arrival, marks).
 */
#define OWN_CONTROL 256

#define SEGMENT_SPACE CMSG_SPACE(sizeof(uint16_t))

typedef enum { UNKNOWN, ON, OFF } offload_t;

/* The addresses of UDP. */
typedef union {
    struct sockaddr sa;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
} name_t;

/* ---- reading ---- */

typedef struct {
    struct mmsghdr v[CHUNK];
    struct iovec iov[CHUNK];
    name_t from[CHUNK];
    _Alignas(struct cmsghdr) unsigned char control[RECV_CONTROL];
} received_t;
static_assert(sizeof(received_t) <= GONET__COPY_SIZE, "it lies in such a buffer");

/* Without joined datagrams control data goes straight to its owner. */
static void prepare(received_t *r, unsigned i, const gonet_udp_message_t *m)
{
    r->iov[i] = (struct iovec){.iov_base = m->buf, .iov_len = m->len};
    r->v[i].msg_len = 0;
    r->v[i].msg_hdr = (struct msghdr){.msg_name = &r->from[i],
                                      .msg_namelen = sizeof(r->from[i]),
                                      .msg_iov = &r->iov[i],
                                      .msg_iovlen = 1,
                                      .msg_control = m->oob_len > 0 ? m->oob : NULL,
                                      .msg_controllen = m->oob_len};
}

/* With them it comes here first, with room for what is ours beyond what is the owner's. The number
 * of messages for which there is room. */
static unsigned prepare_control(received_t *r, const gonet_udp_message_t *messages, unsigned n)
{
    size_t used = 0;
    unsigned i;

    for (i = 0; i < n; i++) {
        size_t wanted = messages[i].oob_len;

        wanted = OWN_CONTROL + (wanted < RECV_CONTROL ? CMSG_ALIGN(wanted) : RECV_CONTROL);
        if (i == 0 && wanted > RECV_CONTROL)
            wanted = RECV_CONTROL;
        if (wanted > RECV_CONTROL - used)
            break;
        r->v[i].msg_hdr.msg_control = r->control + used;
        r->v[i].msg_hdr.msg_controllen = wanted;
        used += wanted;
    }
    return i;
}

/* Hands over the control data, but for the length of joined datagrams. */
static void split_control(struct msghdr *h, gonet_udp_message_t *m)
{
    const unsigned char *end = (unsigned char *)h->msg_control + h->msg_controllen;
    int length;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
        size_t space = CMSG_ALIGN(c->cmsg_len);

        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
            memcpy(&length, CMSG_DATA(c), sizeof(length));
            m->segment = length > 0 ? (size_t)length : 0;
            continue;
        }
        if (space > (size_t)(end - (unsigned char *)c))
            space = (size_t)(end - (unsigned char *)c);
        if (c->cmsg_len > m->oob_len - m->oobn) {
            m->flags |= MSG_CTRUNC;
            continue;
        }
        if (space > m->oob_len - m->oobn)
            space = m->oob_len - m->oobn;
        memcpy((unsigned char *)m->oob + m->oobn, c, space);
        m->oobn += space;
    }
}

static void deliver(received_t *r, unsigned i, gonet_udp_message_t *m, bool joined)
{
    struct msghdr *h = &r->v[i].msg_hdr;
    gonet__sockaddr_t from = {.len = h->msg_namelen};

    if (from.len > sizeof(r->from[i]))
        from.len = sizeof(r->from[i]);
    memcpy(&from.u, &r->from[i], from.len);
    gonet__udp_sender(&from, &m->addr);
    m->n = r->v[i].msg_len;
    m->flags = h->msg_flags;
    m->segment = 0;
    m->oobn = joined ? 0 : h->msg_controllen;
    if (joined)
        split_control(h, m);
}

/* Nothing to read into: only whether a read could begin. */
static ssize_t read_none(gonet_udp_conn_t *c, gonet_error_t **err)
{
    gonet__fail_t fail;

    if (!gonet__fd_begin_lock(&c->sock.fd, GONET__SIDE_READ, &fail))
        return gonet__sock_fail(&c->sock, "read", GONET__SHAPE_BOTH, &fail, err);
    gonet__fd_end(&c->sock.fd, GONET__SIDE_READ);
    return 0;
}

/* Reads up to n messages into a chunk, and hands them over. */
static ssize_t receive(gonet_udp_conn_t *c, received_t *r, gonet_udp_message_t *messages,
                       unsigned n, gonet_error_t **err)
{
    bool joined = atomic_load(&c->receive_offload);
    gonet__fail_t fail;
    int got;

    for (unsigned i = 0; i < n; i++)
        prepare(r, i, &messages[i]);
    if (joined)
        n = prepare_control(r, messages, n);
    got = gonet__fd_recvmmsg(&c->sock.fd, r->v, n, &fail);
    if (got < 0)
        return gonet__sock_fail(&c->sock, "read", GONET__SHAPE_BOTH, &fail, err);
    for (unsigned i = 0; i < (unsigned)got; i++)
        deliver(r, i, &messages[i], joined);
    return got;
}

ssize_t gonet_udp_conn_read_batch(gonet_udp_conn_t *c, gonet_udp_message_t *messages, size_t n,
                                  gonet_error_t **err)
{
    received_t *r;
    ssize_t got;

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    if (n == 0)
        return read_none(c, err);
    r = gonet__copy_buffer_get();
    if (r == NULL) {
        gonet_error_set(
            err, gonet__sock_op_error(&c->sock, "read", GONET__SHAPE_BOTH, gonet_err_no_memory));
        return -1;
    }
    got = receive(c, r, messages, n < CHUNK ? (unsigned)n : CHUNK, err);
    gonet__copy_buffer_put(r);
    return got;
}

/* ---- writing ---- */

/* What is still to be sent. */
typedef struct {
    const gonet_udp_message_t *m; /* the first that is not out whole */
    size_t left;                  /* how many there are from it on */
    size_t done;                  /* bytes of it that are out */
    bool refused;                 /* the kernel would not cut it */
} rest_t;

typedef struct {
    struct mmsghdr v[CHUNK];
    struct iovec iov[CHUNK];
    name_t to[CHUNK];
    size_t used; /* of control */
    _Alignas(struct cmsghdr) unsigned char control[SEND_CONTROL];
} sent_t;
static_assert(sizeof(sent_t) <= GONET__COPY_SIZE, "it lies in such a buffer");

static bool no_address(const gonet_udp_message_t *m)
{
    return m->addr.addr.bits == 0 && m->addr.port == 0;
}

/* Asks the kernel once: an old one would send a message whole without a word. */
static bool offloads(gonet_udp_conn_t *c)
{
    uint8_t offload = atomic_load(&c->send_offload);
    uint8_t answer = ON;
    socklen_t len = sizeof(int);
    int value;

    if (offload != UNKNOWN)
        return offload == ON;
    if (gonet__sys_getsockopt(c->sock.fd.pd.fd, SOL_UDP, UDP_SEGMENT, &value, &len) < 0)
        answer = OFF;
    return atomic_compare_exchange_strong(&c->send_offload, &offload, answer) ? answer == ON
                                                                              : offload == ON;
}

/* How many bytes go next; *cut: as several datagrams, which the kernel makes. */
static size_t next_piece(gonet_udp_conn_t *c, const rest_t *rest, const sent_t *s, bool *cut)
{
    size_t left = rest->m->len - rest->done, segment = rest->m->segment, segments;

    *cut = false;
    if (segment == 0 || left <= segment)
        return left;
    if (segment > MAX_RUN / 2 || rest->refused ||
        rest->m->oob_len > sizeof(s->control) - SEGMENT_SPACE || !offloads(c))
        return segment;
    *cut = true;
    segments = MAX_RUN / segment < MAX_SEGMENTS ? MAX_RUN / segment : MAX_SEGMENTS;
    return left < segments * segment ? left : segments * segment;
}

/* Puts the segments' length before the caller's control data. False: no room in this chunk. */
static bool put_control(sent_t *s, struct msghdr *h, const gonet_udp_message_t *m)
{
    unsigned char *p = s->control + s->used;
    size_t len = SEGMENT_SPACE + m->oob_len, space = CMSG_ALIGN(len);
    uint16_t segment = (uint16_t)m->segment;
    struct cmsghdr c = {
        .cmsg_len = CMSG_LEN(sizeof(segment)), .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT};

    if (space > sizeof(s->control) - s->used)
        return false;
    memset(p, 0, SEGMENT_SPACE);
    memcpy(p, &c, sizeof(c));
    memcpy(p + CMSG_LEN(0), &segment, sizeof(segment));
    if (m->oob_len > 0)
        memcpy(p + SEGMENT_SPACE, m->oob, m->oob_len);
    h->msg_control = p;
    h->msg_controllen = len;
    s->used += space;
    return true;
}

static void put_target(gonet_udp_conn_t *c, sent_t *s, unsigned i, const gonet_udp_message_t *m)
{
    gonet__sockaddr_t sa = {.len = 0};

    if (no_address(m) || gonet__udp_target(c, m->addr, &sa) != NULL)
        return;
    memcpy(&s->to[i], &sa.u, sa.len);
    s->v[i].msg_hdr.msg_name = &s->to[i];
    s->v[i].msg_hdr.msg_namelen = sa.len;
}

static void advance(rest_t *rest, size_t n)
{
    rest->done += n;
    if (rest->done < rest->m->len)
        return;
    rest->m++;
    rest->left--;
    rest->done = 0;
    rest->refused = false;
}

/* Fills a chunk with what comes next, at most n messages for the kernel; how many. */
static unsigned fill(gonet_udp_conn_t *c, sent_t *s, rest_t rest, unsigned n)
{
    unsigned i;

    s->used = 0;
    for (i = 0; i < n && rest.left > 0; i++) {
        const gonet_udp_message_t *m = rest.m;
        bool cut;
        size_t len = next_piece(c, &rest, s, &cut);

        s->iov[i] = (struct iovec){.iov_base = (char *)m->buf + rest.done, .iov_len = len};
        s->v[i].msg_hdr = (struct msghdr){.msg_iov = &s->iov[i],
                                          .msg_iovlen = 1,
                                          .msg_control = m->oob_len > 0 ? m->oob : NULL,
                                          .msg_controllen = m->oob_len};
        if (cut && !put_control(s, &s->v[i].msg_hdr, m))
            break;
        put_target(c, s, i, m);
        advance(&rest, len);
    }
    return i;
}

/*
 * The kernel refused a message. True: only to cut it, so that is done here. The device or the
 * route cannot (EIO), or nobody can: that is remembered. A length that does not suit the way
 * (EINVAL, EMSGSIZE) concerns this message; as plain datagrams it may be sent in fragments.
 */
static bool refused_to_cut(gonet_udp_conn_t *c, rest_t *rest, const sent_t *s, int errnum)
{
    const unsigned char *control = s->v[0].msg_hdr.msg_control;

    if (control != s->control)
        return false;
    switch (errnum) {
    case EIO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
        atomic_store(&c->send_offload, OFF);
        break;
    case EINVAL:
    case EMSGSIZE:
        break;
    default:
        return false;
    }
    rest->refused = true;
    return true;
}

/*
 * How many messages to try next. Where the kernel stopped half-way it is asked about that message
 * alone. If the reason was a full buffer all is well; if it has none any more, it was an answer to
 * an earlier datagram, of which nothing is left: the others go one by one, so that the next such
 * answer is seen.
 */
static unsigned next_limit(unsigned limit, bool stopped, int errnum)
{
    if (stopped)
        return 1;
    return limit == 1 && errnum == EAGAIN ? CHUNK : limit;
}

/* Sends with the lock, which it gives up. False: fail, held; rest is what did not go out. */
static bool send_all(gonet_udp_conn_t *c, sent_t *s, rest_t *rest, gonet__fail_t *fail)
{
    unsigned limit = CHUNK;

    while (rest->left > 0) {
        unsigned n = fill(c, s, *rest, limit);
        int errnum, count = gonet__fd_sendmmsg(&c->sock.fd, s->v, n, &errnum, fail);

        if (count < 0)
            return false;
        if (count == 0 && !refused_to_cut(c, rest, s, errnum)) {
            gonet__fd_end_fail(&c->sock.fd, GONET__SIDE_WRITE, fail, GONET__FAIL_SYSCALL, "sendmsg",
                               errnum);
            return false;
        }
        for (int i = 0; i < count; i++)
            advance(rest, s->iov[i].iov_len);
        limit = count == 0 ? CHUNK : next_limit(limit, (unsigned)count < n, errnum);
    }
    gonet__fd_end(&c->sock.fd, GONET__SIDE_WRITE);
    return true;
}

/* Why a message cannot be sent to where it says; NULL: it can. */
static gonet_error_t *check_target(gonet_udp_conn_t *c, const gonet_udp_message_t *m)
{
    gonet__sockaddr_t sa;

    if (c->sock.fd.connected)
        return no_address(m) ? NULL : gonet_err_write_to_connected;
    return gonet__udp_target(c, m->addr, &sa);
}

static ssize_t write_failed(gonet_udp_conn_t *c, const gonet_udp_message_t *m, gonet_error_t *e,
                            gonet_error_t **err)
{
    gonet_addr_t to;

    if (m != NULL && !(c->sock.fd.connected && no_address(m))) {
        to = gonet__udp_addr_of_netip(m->addr);
        return gonet__sock_write_failed(&c->sock, &to, e, err);
    }
    gonet_error_set(err, gonet__sock_op_error(&c->sock, "write", GONET__SHAPE_BOTH, e));
    return -1;
}

ssize_t gonet_udp_conn_write_batch(gonet_udp_conn_t *c, const gonet_udp_message_t *messages,
                                   size_t n, size_t *sent, gonet_error_t **err)
{
    rest_t rest = {.m = messages, .left = n};
    gonet__fail_t fail;
    sent_t *s;
    bool ok;

    if (sent != NULL)
        *sent = 0;
    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    for (size_t i = 0; i < n; i++) {
        gonet_error_t *e = check_target(c, &messages[i]);
        if (e != NULL)
            return write_failed(c, &messages[i], e, err);
    }
    s = gonet__copy_buffer_get();
    if (s == NULL)
        return write_failed(c, n > 0 ? messages : NULL, gonet_err_no_memory, err);
    ok = gonet__fd_begin(&c->sock.fd, GONET__SIDE_WRITE, &fail) && send_all(c, s, &rest, &fail);
    gonet__copy_buffer_put(s);
    if (sent != NULL)
        *sent = n - rest.left;
    if (ok)
        return (ssize_t)n;
    (void)write_failed(c, rest.left > 0 ? rest.m : NULL, gonet__fail_error(&fail), err);
    gonet__fd_unhold(&c->sock.fd);
    return -1;
}

/* ---- switches ---- */

int gonet_udp_conn_set_receive_offload(gonet_udp_conn_t *c, bool on, gonet_error_t **err)
{
    gonet__fail_t fail;

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    if (on) /* before the first joined datagram can be read */
        atomic_store(&c->receive_offload, true);
    if (gonet__fd_set_int_option(&c->sock.fd, SOL_UDP, UDP_GRO, on, &fail)) {
        atomic_store(&c->receive_offload, on);
        return 0;
    }
    if (fail.kind != GONET__FAIL_SYSCALL || fail.errnum != ENOPROTOOPT)
        return gonet__sock_fail(&c->sock, "set", GONET__SHAPE_LOCAL, &fail, err);
    atomic_store(&c->receive_offload, false);
    if (on)
        gonet_error_set(
            err, gonet__sock_op_error(&c->sock, "set", GONET__SHAPE_LOCAL, gonet_err_unsupported));
    gonet__fd_unhold(&c->sock.fd);
    return on ? -1 : 0;
}

int gonet_udp_conn_set_send_offload(gonet_udp_conn_t *c, bool on, gonet_error_t **err)
{
    gonet__fail_t fail;

    gonet__error_clear(err);
    if (c == NULL)
        return gonet__no_object(err);
    if (!gonet__fd_ref(&c->sock.fd, &fail))
        return gonet__sock_fail(&c->sock, "set", GONET__SHAPE_LOCAL, &fail, err);
    atomic_store(&c->send_offload, on ? UNKNOWN : OFF);
    gonet__fd_unref(&c->sock.fd);
    return 0;
}
