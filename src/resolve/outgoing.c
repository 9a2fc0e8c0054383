/*
 * Questions on their way to the sockets: each by itself, or, where several are about to be asked,
 * together in one system call. A question that ends before leaves the row, so that its asker may
 * go.
 */
#include "resolve/outgoing.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

typedef gonet__udp_question_t question_t;
typedef gonet__channel_t channel_t;

void gonet__outgoing_forget(question_t *q)
{
    if (q->held)
        q->channel->held[q->held_at] = NULL;
    q->held = false;
}

static void transmit(question_t *q)
{
    gonet__dns_socket_t *s = q->socket;

    for (int i = 0; i < 2; i++) {
        if (send(s->pd.fd, q->message, q->len, MSG_NOSIGNAL) >= 0)
            return;
        if (errno != ECONNREFUSED && errno != EINTR) /* the first: of an earlier question */
            break;
    }
    q->failed = gonet__dns_socket_step(s, "write", "write", errno);
    gonet__question_end(q);
}

/* Sends n questions, which leave by one socket, in one call; the number that went. */
static unsigned transmit_together(question_t **q, unsigned n)
{
    struct mmsghdr m[GONET__MAX_HELD];
    struct iovec v[GONET__MAX_HELD];
    int sent;

    if (n < 2)
        return 0;
    memset(m, 0, n * sizeof(*m));
    for (unsigned i = 0; i < n; i++) {
        v[i] = (struct iovec){q[i]->message, q[i]->len};
        m[i].msg_hdr.msg_iov = &v[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    sent = sendmmsg(q[0]->socket->pd.fd, m, n, MSG_NOSIGNAL);
    return sent < 0 ? 0 : (unsigned)sent;
}

/* Takes from *rest those at the front that leave by one socket; how many. */
static unsigned take_run(question_t ***rest, question_t **last, question_t *run[GONET__MAX_HELD])
{
    unsigned n = 0;

    for (; *rest < last; (*rest)++) {
        question_t *q = **rest;

        if (q == NULL)
            continue;
        if (n > 0 && q->socket != run[0]->socket)
            break;
        q->held = false;
        run[n++] = q;
    }
    return n;
}

void gonet__outgoing_send(channel_t *ch)
{
    question_t **rest = ch->held, **last = ch->held + ch->held_count;
    question_t *run[GONET__MAX_HELD];
    unsigned n;

    ch->held_count = 0;
    while ((n = take_run(&rest, last, run)) > 0) {
        for (unsigned i = transmit_together(run, n); i < n; i++)
            transmit(run[i]);
    }
}

void gonet__outgoing_put(channel_t *ch, question_t *q)
{
    if (!ch->hold && ch->senders == 0) {
        transmit(q);
        return;
    }
    if (ch->held_count == GONET__MAX_HELD)
        gonet__outgoing_send(ch);
    q->held = true;
    q->held_at = ch->held_count;
    ch->held[ch->held_count++] = q;
}
