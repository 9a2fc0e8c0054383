/*
 * Channels: c-ares underneath, one UDP socket each while there are questions, and one task that
 * waits for that socket. Everything runs on the worker that owns the channel.
 *
 * c-ares sees of a reply only that it is one: a header without error and the question. So nothing
 * that a server says can make it ask again, switch its habits or drop other questions; the bytes
 * themselves go to whoever waits. Questions whose waiter left stay with c-ares until their reply
 * comes, or until no other question needs the channel: then all are cancelled.
 */
#include "resolve/channel.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/list.h"
#include "error/error.h"
#include "resolve/address.h"
#include "resolve/cares.h"
#include "resolve/channels.h"
#include "runtime/context.h"
#include "runtime/runtime.h"
#include "runtime/wait.h"

#define HEADER 12

typedef struct {
    gonet__question_t base;
    gonet__list_t link; /* in its channel's live or abandoned ones */
    gonet__channel_t *channel;
    gonet__wait_t *wait; /* NULL: abandoned */
    uint8_t *reply;      /* the waiter's */
    size_t reply_len;    /* 0: none yet */
    bool ended;
    gonet__step_t failed;
    size_t len;
    uint8_t message[GONET__QUESTION_SIZE];
} question_t;

static question_t *question_at(gonet__list_t *link)
{
    return GONET__CONTAINER(link, question_t, link);
}

/* c-ares has done with a question. */
static void question_done(gonet__question_t *base)
{
    question_t *q = (question_t *)base;

    gonet__list_remove(&q->link);
    if (q->wait == NULL) {
        q->channel->abandoned--;
        gonet__free(q);
        return;
    }
    q->channel->live--;
    q->ended = true;
    if (q->reply_len == 0)
        q->failed = q->channel->failed;
    if (gonet__wait_claim(q->wait))
        gonet__wait_wake(q->wait);
}

/* The question that a datagram answers, live or abandoned; NULL if there is none. */
static question_t *find_question(gonet__channel_t *ch, const uint8_t *p, size_t len)
{
    gonet__list_t *lists[] = {&ch->live_list, &ch->abandoned_list};
    gonet__reply_t r;

    for (int i = 0; i < 2; i++) {
        for (gonet__list_t *l = lists[i]->next; l != lists[i]; l = l->next) {
            question_t *q = question_at(l);
            gonet__reply_kind_t kind;

            if (q->reply_len != 0 || len < HEADER || memcmp(p, q->message, 2) != 0)
                continue;
            kind = gonet__reply_open(&r, p, len, q->message, q->len);
            if (kind == GONET__REPLY_OK || kind == GONET__REPLY_QUESTIONS)
                return q;
        }
    }
    return NULL;
}

/* What c-ares gets to see: the header of an unremarkable reply, and the question. */
static ssize_t bland_reply(const question_t *q, uint8_t *p, size_t size)
{
    size_t end = HEADER;

    while (q->message[end] != 0)
        end += q->message[end] + 1u;
    end += 5;
    if (end > size) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(p, q->message, end);
    p[2] = (GONET__DNS_QR | GONET__DNS_RD) >> 8;
    p[3] = GONET__DNS_RA;
    memset(p + 4, 0, 8);
    p[5] = 1;
    return (ssize_t)end;
}

ssize_t gonet__channel_receive(void *self, int fd, void *p, size_t size)
{
    gonet__channel_t *ch = self;
    uint8_t datagram[GONET__UDP_SIZE];

    while (ch->live > 0) {
        ssize_t n = recv(fd, datagram, sizeof(datagram), 0);
        question_t *q;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno != EAGAIN)
                gonet__channel_failed(ch, "read", "read", errno);
            return -1;
        }
        q = find_question(ch, datagram, (size_t)n);
        if (q == NULL)
            continue;
        q->reply_len = (size_t)n;
        if (q->wait != NULL)
            memcpy(q->reply, datagram, (size_t)n);
        return bland_reply(q, p, size);
    }
    errno = EAGAIN;
    return -1;
}

static ssize_t send_once(int fd, const struct iovec *v, int n)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)v, .msg_iovlen = (size_t)n};

    return n == 1 ? send(fd, v->iov_base, v->iov_len, MSG_NOSIGNAL) : sendmsg(fd, &m, MSG_NOSIGNAL);
}

ssize_t gonet__channel_send(void *self, int fd, const struct iovec *v, int n)
{
    gonet__channel_t *ch = self;
    question_t *q = ch->sending;
    ssize_t sent = send_once(fd, v, n);

    /* what an earlier question brought about */
    if (sent < 0 && errno == ECONNREFUSED)
        sent = send_once(fd, v, n);
    if (sent < 0)
        gonet__channel_failed(ch, "write", "write", errno);
    if (q != NULL && n > 0 && v[0].iov_len >= 2)
        memcpy(q->message, v[0].iov_base, 2); /* c-ares may have chosen another id */
    return sent;
}

/* Two random bytes that no question of the channel has for its id. */
static void choose_id(gonet__channel_t *ch, uint8_t *id)
{
    for (bool used = true; used;) {
        used = !gonet__random(id, 2); /* the worker's store exists by now */
        for (gonet__list_t *l = ch->live_list.next; l != &ch->live_list; l = l->next)
            used |= memcmp(question_at(l)->message, id, 2) == 0;
        for (gonet__list_t *l = ch->abandoned_list.next; l != &ch->abandoned_list; l = l->next)
            used |= memcmp(question_at(l)->message, id, 2) == 0;
    }
}

static void put_question(question_t *q, const uint8_t *message)
{
    gonet__channel_t *ch = q->channel;

    memcpy(q->message, message, q->len);
    choose_id(ch, q->message);
    gonet__list_push_back(&ch->live_list, &q->link);
    ch->live++;
    ch->asked++;
    ch->failed = (gonet__step_t){.op = "dial", .errnum = ENOMEM};
    ch->sending = q;
    gonet__cares_send(ch->cares, q->message, q->len, &q->base);
    ch->sending = NULL;
}

/* The waiter leaves without a reply; c-ares keeps the question. */
static void abandon(question_t *q)
{
    gonet__channel_t *ch = q->channel;

    gonet__list_remove(&q->link);
    gonet__list_push_back(&ch->abandoned_list, &q->link);
    q->wait = NULL;
    ch->live--;
    ch->abandoned++;
}

static gonet_error_t *step_error(const gonet__step_t *step, gonet_netip_addr_port_t server)
{
    gonet_error_t *cause = step->syscall == NULL
                               ? gonet_errno_error(step->errnum)
                               : gonet_syscall_error_new(step->syscall, step->errnum);

    if (step->syscall == NULL && step->errnum == ENOMEM)
        cause = gonet_err_no_memory;
    return gonet__exchange_error(step->op, SOCK_DGRAM, &step->local, server, cause);
}

/* Why there is no reply, of a question that is still with c-ares. */
static gonet_error_t *unanswered(gonet__channel_t *ch, gonet__wait_state_t state,
                                 gonet_context_t *ctx)
{
    gonet__limit_t limit = {.ctx = ctx};
    gonet_addr_t local;
    gonet_error_t *e;

    if (state == GONET__WAIT_INTERRUPTED)
        return gonet__exchange_error("dial", SOCK_DGRAM, NULL, ch->server, gonet_err_closed);
    if (state == GONET__WAIT_CLAIMED) {
        e = gonet__limit_ended(&limit);
        return gonet__exchange_error("dial", SOCK_DGRAM, NULL, ch->server,
                                     e != NULL ? e : gonet__err_dial_canceled);
    }
    local = gonet__local_endpoint(gonet__channel_fd(ch), SOCK_DGRAM);
    return gonet__exchange_error("read", SOCK_DGRAM, &local, ch->server,
                                 gonet_err_deadline_exceeded);
}

/* Parks until the question has ended, or its time; then says what came of it. */
static gonet_error_t *await(question_t *q, gonet_netip_addr_port_t server, gonet_context_t *ctx,
                            int64_t deadline, size_t *reply_len)
{
    gonet__wait_state_t state = gonet__wait_within(q->wait, ctx, deadline, "DNS reply");
    gonet_error_t *e = NULL;

    if (!q->ended) {
        gonet__channel_t *ch = q->channel; /* it exists as long as the question */

        e = unanswered(ch, state, ctx);
        abandon(q);
        gonet__channel_settle(ch);
        return e;
    }
    *reply_len = q->reply_len;
    if (q->reply_len == 0)
        e = step_error(&q->failed, server);
    gonet__free(q);
    return e;
}

gonet_error_t *gonet__udp_ask(const gonet__server_t *server, uint8_t *question, size_t len,
                              gonet_context_t *ctx, int64_t deadline,
                              uint8_t reply[GONET__UDP_SIZE], size_t *reply_len)
{
    gonet__wait_t wait;
    question_t *q = gonet__alloc(sizeof(*q));
    gonet__channel_t *ch = q == NULL ? NULL : gonet__channel_for(server->addr);

    *reply_len = 0;
    if (ch == NULL) {
        gonet__free(q);
        return gonet_err_no_memory;
    }
    memset(q, 0, offsetof(question_t, message));
    gonet__list_init(&q->link);
    gonet__wait_init(&wait);
    q->base.done = question_done;
    q->channel = ch;
    q->wait = &wait;
    q->reply = reply;
    q->len = len;
    put_question(q, question);
    memcpy(question, q->message, 2);
    if (q->ended)
        gonet__channel_settle(ch);
    return await(q, server->addr, ctx, deadline, reply_len);
}
