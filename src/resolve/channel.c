/*
 * A worker's channel: c-ares underneath, the sockets beside it, and the questions that are with
 * both. Everything runs on the worker that owns it.
 *
 * c-ares sees of a reply only that it is one: a header without error and the question. So nothing
 * that a server says, and nothing that happens to a socket, can make it ask again, switch its
 * habits or drop other questions; the bytes themselves go to whoever waits. A question that ends
 * without a reply, because its socket failed or its waiter left, ends for c-ares like an answered
 * one. So a question lives no longer than the call that asks it, and may be on its stack.
 */
#include "resolve/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "error/error.h"
#include "gonet/task.h"
#include "resolve/address.h"
#include "resolve/channels.h"
#include "resolve/outgoing.h"
#include "runtime/clock.h"
#include "runtime/context.h"
#include "runtime/wait.h"
#include "runtime/waitq.h"

#define HEADER        12
#define MAX_IN_FLIGHT 50000 /* of 65536 ids */

/* Beyond WINDOW unanswered questions, one is sent when an answer comes, or after PACE: what is sent
 * all at once overflows the server's receive buffer (212,992 bytes by default, some 270 questions),
 * and then costs the 5 seconds of an exchange. A server that is down delays nobody by more. */
#define WINDOW 128
#define PACE   (200 * GONET_MICROSECOND)

typedef gonet__udp_question_t question_t;
typedef gonet__channel_t channel_t;

static question_t *question_at(gonet__list_t *link)
{
    return GONET__CONTAINER(link, question_t, link);
}

/* Lets the first in the queue ask. */
static void next_turn(channel_t *ch)
{
    gonet__waiter_t *next = gonet__waitq_claim(&ch->queue);

    if (next != NULL)
        gonet__wait_wake(next->wait);
}

/* c-ares has done with a question. */
static void question_done(gonet__question_t *base)
{
    question_t *q = (question_t *)base;

    gonet__outgoing_forget(q);
    gonet__list_remove(&q->link);
    if (q->socket != NULL)
        gonet__dns_socket_remove(q->socket, q->place);
    q->socket = NULL;
    q->ended = true;
    q->arrived = ++q->channel->arrivals;
    q->channel->used[q->id / 64] &= ~(UINT64_C(1) << q->id % 64);
    q->channel->in_flight--;
    next_turn(q->channel);
    if (q->wait != NULL && gonet__wait_claim(q->wait)) {
        q->channel->woken++;
        gonet__wait_wake(q->wait);
    }
}

void gonet__question_end(question_t *q)
{
    gonet__outgoing_forget(q);
    gonet__dns_socket_remove(q->socket, q->place);
    q->socket = NULL;
    gonet__list_push_back(&q->channel->ended, &q->link);
}

/* What c-ares gets to see: the header of an unremarkable reply, and the question. */
static size_t bland_reply(const question_t *q, uint8_t *p, size_t size)
{
    size_t end = HEADER;

    while (q->message[end] != 0)
        end += q->message[end] + 1u;
    end += 5;
    if (end > size)
        return 0;
    memcpy(p, q->message, end);
    p[2] = (GONET__DNS_QR | GONET__DNS_RD) >> 8;
    p[3] = GONET__DNS_RA;
    memset(p + 4, 0, 8);
    p[5] = 1;
    return end;
}

static size_t hand_over(void *self, uint8_t *p, size_t size)
{
    channel_t *ch = self;
    gonet__list_t *l = gonet__list_pop_front(&ch->ended);

    if (l == NULL)
        return 0;
    gonet__list_push_back(&ch->told, l);
    return bland_reply(question_at(l), p, size);
}

/* Ends for c-ares what has ended. Should it not listen, for want of memory, everything ends. */
static void tell(channel_t *ch)
{
    gonet__list_t *first = NULL;

    while (ch->ended.next != first && !gonet__list_empty(&ch->ended) &&
           gonet__list_empty(&ch->told)) {
        first = ch->ended.next;
        gonet__cares_read(ch->cares);
    }
    if (!gonet__list_empty(&ch->told) || !gonet__list_empty(&ch->ended))
        gonet__cares_cancel(ch->cares);
}

/* Whose reply is it? */
static void arrived(gonet__dns_socket_t *s, const uint8_t *p, size_t n)
{
    uint16_t id;

    if (n < HEADER)
        return;
    memcpy(&id, p, sizeof(id));
    for (unsigned i = s->first; i < s->asked; i++) {
        question_t *q;
        gonet__reply_kind_t kind;

        if (s->id[i] != id)
            continue;
        q = s->question[i];
        if (q == NULL)
            continue;
        kind = gonet__reply_open(&q->walk, p, n, q->message, q->len);
        if (kind != GONET__REPLY_OK && kind != GONET__REPLY_QUESTIONS)
            continue;
        memcpy(q->reply, p, n);
        q->reply_len = n;
        q->walk.p = q->reply;
        q->foreign = kind == GONET__REPLY_QUESTIONS;
        gonet__question_end(q);
        return;
    }
}

static void socket_failed(gonet__dns_socket_t *s, const gonet__step_t *step)
{
    for (unsigned i = s->first; i < s->asked; i++) {
        question_t *q = s->question[i];

        if (q == NULL)
            continue;
        q->failed = *step;
        gonet__question_end(q);
    }
}

/*
 * All that has arrived is there. If it wakes several tasks, many of them will ask for something
 * else at once: their questions wait until these tasks have had their turn, and leave together. By
 * the reader, which goes to the end of the queue, and sends them when it comes back.
 */
static void answered(gonet__dns_sockets_t *home)
{
    channel_t *ch = (channel_t *)home;

    ch->woken = 0;
    tell(ch);
    if (ch->woken < 2)
        return;
    ch->senders++;
    gonet_yield();
    ch->senders--;
    gonet__outgoing_send(ch);
    tell(ch);
}

/*
 * The question that is being sent, with the id that c-ares has chosen. Nothing else is taken from
 * its message: 1.34 adds a cookie, which Go does not, and which it would never see again.
 */
static void send_message(void *self, const uint8_t *message, size_t len)
{
    channel_t *ch = self;
    question_t *q = ch->sending;

    if (q == NULL || len < HEADER)
        return;
    memcpy(q->message, message, 2);
    memcpy(&q->socket->id[q->place], message, 2);
    gonet__outgoing_put(ch, q);
}

static const gonet__cares_user_t user = {.send = send_message, .receive = hand_over};

bool gonet__channel_set_up(channel_t *ch)
{
    gonet__list_init(&ch->ended);
    gonet__list_init(&ch->told);
    gonet__list_init(&ch->sockets.ready);
    gonet__list_init(&ch->sockets.full);
    ch->sockets.arrived = arrived;
    ch->sockets.failed = socket_failed;
    ch->sockets.done = answered;
    ch->cares = gonet__cares_new(&user, ch);
    return ch->cares != NULL;
}

void gonet__udp_hold(void)
{
    channel_t *ch = gonet__channel_mine();

    if (ch != NULL)
        ch->hold = true;
}

void gonet__udp_release(void)
{
    channel_t *ch = gonet__channel_mine();

    if (ch == NULL)
        return;
    ch->hold = false;
    if (ch->senders > 0)
        return;
    gonet__outgoing_send(ch);
    tell(ch);
}

static gonet_error_t *step_error(const gonet__step_t *step, gonet_netip_addr_port_t server)
{
    gonet_error_t *cause = step->syscall == NULL
                               ? gonet_errno_error(step->errnum)
                               : gonet_syscall_error_new(step->syscall, step->errnum);

    if (step->syscall == NULL && step->errnum == ENOMEM)
        cause = gonet_err_no_memory;
    if (step->syscall == NULL && step->errnum == ECANCELED)
        cause = gonet_err_closed;
    return gonet__exchange_error(step->op, SOCK_DGRAM, &step->local, server, cause);
}

/* Why there is no reply, of a question that is still asked. */
static gonet_error_t *unanswered(const question_t *q, gonet__wait_state_t state,
                                 gonet_context_t *ctx)
{
    gonet__limit_t limit = {.ctx = ctx};
    gonet__step_t step;
    gonet_error_t *e;

    if (state == GONET__WAIT_INTERRUPTED)
        return gonet__exchange_error("dial", SOCK_DGRAM, NULL, q->server, gonet_err_closed);
    if (state == GONET__WAIT_CLAIMED) {
        e = gonet__limit_ended(&limit);
        return gonet__exchange_error("dial", SOCK_DGRAM, NULL, q->server,
                                     e != NULL ? e : gonet__err_dial_canceled);
    }
    step = gonet__dns_socket_step(q->socket, "read", NULL, 0);
    return gonet__exchange_error("read", SOCK_DGRAM, &step.local, q->server,
                                 gonet_err_deadline_exceeded);
}

/* Why a question has ended without a reply: without a reason of its own, c-ares had no memory. */
static gonet_error_t *failure(const question_t *q)
{
    static const gonet__step_t no_memory = {.op = "dial", .errnum = ENOMEM};

    return step_error(q->failed.op != NULL ? &q->failed : &no_memory, q->server);
}

gonet_error_t *gonet__udp_await(question_t *q, gonet_context_t *ctx, int64_t deadline)
{
    gonet__wait_state_t state = GONET__WAIT_WOKEN;
    gonet__wait_t wait;
    gonet_error_t *e;

    if (!q->ended) {
        gonet__wait_init(&wait);
        q->wait = &wait;
        state = gonet__wait_within(&wait, ctx, deadline, "DNS reply");
        q->wait = NULL;
    }
    if (!q->ended) {
        e = unanswered(q, state, ctx);
        gonet__question_end(q);
        tell(q->channel);
        return e;
    }
    return q->reply_len == 0 ? failure(q) : NULL;
}

uint64_t gonet__udp_arrival(void)
{
    channel_t *ch = gonet__channel_mine();

    return ch == NULL ? UINT64_MAX : ++ch->arrivals;
}

/* Two random bytes that no question of the channel has for its id. */
static gonet_error_t *choose_id(question_t *q)
{
    channel_t *ch = q->channel;

    do {
        gonet_error_t *e = gonet__channel_random(ch, (uint8_t *)&q->id, sizeof(q->id));

        if (e != NULL)
            return e;
    } while ((ch->used[q->id / 64] >> q->id % 64 & 1) != 0);
    ch->used[q->id / 64] |= UINT64_C(1) << q->id % 64;
    ch->in_flight++;
    q->message[0] = (uint8_t)(q->id >> 8);
    q->message[1] = (uint8_t)q->id;
    return NULL;
}

/* Hands the question, which has a place on its socket, to c-ares, and so to the socket. */
static void ask(channel_t *ch, question_t *q)
{
    ch->sending = q;
    gonet__cares_send(ch->cares, q->message, q->len, &q->base);
    ch->sending = NULL;
    tell(ch);
}

/* Waits until the question may be sent, without hurry. */
static gonet_error_t *await_turn(channel_t *ch, gonet_netip_addr_port_t server,
                                 gonet_context_t *ctx, int64_t deadline)
{
    gonet__limit_t limit = {.ctx = ctx};
    gonet__wait_t wait;
    gonet__waiter_t waiter = {.wait = &wait};
    int64_t now = gonet__now();
    gonet_error_t *e;

    gonet__udp_release(); /* nothing is held while the task is parked */
    ch->last_turn = (ch->last_turn > now ? ch->last_turn : now) + PACE;
    gonet__wait_init(&wait);
    gonet__waitq_push_back(&ch->queue, &waiter);
    if (gonet__wait_within(&wait, ctx, gonet__earlier(ch->last_turn, deadline), "a turn to ask") ==
        GONET__WAIT_INTERRUPTED)
        e = gonet_err_closed;
    else
        e = gonet__limit_ended(&limit);
    gonet__waitq_remove(&ch->queue, &waiter);
    return e == NULL ? NULL : gonet__exchange_error("dial", SOCK_DGRAM, NULL, server, e);
}

gonet_error_t *gonet__udp_begin(question_t *q, const gonet__server_t *server, uint8_t *question,
                                size_t len, gonet_context_t *ctx, int64_t deadline,
                                uint8_t reply[GONET__UDP_SIZE])
{
    channel_t *ch = gonet__channel_mine();
    gonet__step_t step;
    gonet_error_t *e;

    if (ch == NULL)
        return gonet_err_no_memory;
    if (ch->in_flight >= WINDOW) {
        e = await_turn(ch, server->addr, ctx, deadline);
        if (e != NULL)
            return e;
    }
    if (ch->in_flight >= MAX_IN_FLIGHT)
        return gonet_errno_error(EAGAIN);
    q->socket = gonet__dns_socket_for(&ch->sockets, &server->addr, &step);
    if (q->socket == NULL)
        return step_error(&step, server->addr);
    gonet__list_init(&q->link);
    q->base.done = question_done;
    q->channel = ch;
    q->server = server->addr;
    q->wait = NULL;
    q->reply = reply;
    q->reply_len = 0;
    q->arrived = 0;
    q->ended = false;
    q->held = false;
    q->failed.op = NULL;
    q->len = len;
    q->message = question;
    e = choose_id(q);
    if (e != NULL)
        return e;
    q->place = gonet__dns_socket_add(q->socket, q);
    ask(ch, q);
    return NULL;
}
