/*
 * Exchanges over connections of the user's own dial. They are used through their public interface,
 * like any program would; a helper task closes the connection when the context ends, so that a read
 * in progress comes back.
 */
#include <string.h>

#include "base/alloc.h"
#include "error/error.h"
#include "gonet/conn.h"
#include "resolve/stream.h"
#include "runtime/context.h"
#include "runtime/task.h"
#include "runtime/wait.h"

/*
 * Closes conn at the context's end. It and the exchange are tasks of one worker, so what one of
 * them looks at the other is not changing; each is woken only while it waits for the other.
 */
typedef struct {
    gonet_conn_t *conn;
    gonet_context_t *ctx;
    gonet__wait_t *guard_waits;    /* for the context's end */
    gonet__wait_t *exchange_waits; /* for the guard's end */
    bool running, stop, cancelled;
} guard_t;

static void guard(void *arg)
{
    guard_t *g = arg;
    gonet__wait_t wait;

    if (!g->stop) {
        gonet__wait_init(&wait);
        g->guard_waits = &wait;
        gonet__wait_within(&wait, g->ctx, 0, "the end of a context");
        g->guard_waits = NULL;
        if (!g->stop) {
            g->cancelled = gonet_context_err(g->ctx) != NULL;
            gonet_conn_close(g->conn, NULL);
        }
    }
    g->running = false;
    if (g->exchange_waits != NULL && gonet__wait_claim(g->exchange_waits))
        gonet__wait_wake(g->exchange_waits);
}

static void start_guard(guard_t *g, gonet_conn_t *conn, gonet_context_t *ctx)
{
    memset(g, 0, sizeof(*g));
    g->conn = conn;
    g->ctx = ctx;
    g->running = ctx != NULL && gonet__task_go_here(guard, g) == 0;
}

static void stop_guard(guard_t *g)
{
    gonet__wait_t wait;

    g->stop = true;
    if (g->guard_waits != NULL && gonet__wait_claim(g->guard_waits))
        gonet__wait_wake(g->guard_waits);
    if (!g->running)
        return;
    gonet__wait_init(&wait);
    g->exchange_waits = &wait;
    gonet__wait_for(&wait, 0, GONET__WAIT_UNINTERRUPTIBLE, "a helper");
}

/* Reads datagrams until one is a reply to the question. */
static gonet_error_t *packets(gonet_conn_t *c, const uint8_t *question, size_t len,
                              gonet__packet_t *packet)
{
    gonet_error_t *e = NULL;
    gonet__reply_t reply;

    if (gonet_conn_write(c, question, len, &e) < 0)
        return e;
    for (;;) {
        gonet__reply_kind_t kind;
        ssize_t n = gonet_conn_read(c, packet->small, sizeof(packet->small), &e);

        if (n < 0 || e != NULL)
            return e;
        packet->len = (size_t)n;
        kind = gonet__reply_open(&reply, packet->small, packet->len, question, len);
        if (kind == GONET__REPLY_OK || kind == GONET__REPLY_QUESTIONS)
            return NULL;
    }
}

static gonet_error_t *read_full(gonet_conn_t *c, uint8_t *p, size_t len)
{
    gonet_error_t *e = NULL;
    size_t got = 0;

    while (got < len) {
        ssize_t n = gonet_conn_read(c, p + got, len - got, &e);

        if (n > 0) {
            got += (size_t)n;
        } else if (e == gonet_eof && got > 0) {
            return gonet_err_unexpected_eof;
        } else if (e != NULL) {
            return e;
        }
    }
    return NULL;
}

static gonet_error_t *stream(gonet_conn_t *c, const uint8_t *question, size_t len,
                             gonet__packet_t *packet)
{
    uint8_t message[2 + GONET__QUESTION_SIZE], length[2];
    gonet_error_t *e = NULL;

    message[0] = (uint8_t)(len >> 8);
    message[1] = (uint8_t)len;
    memcpy(message + 2, question, len);
    if (gonet_conn_write(c, message, len + 2, &e) < 0)
        return e;
    e = read_full(c, length, 2);
    if (e != NULL)
        return e;
    len = (size_t)length[0] << 8 | length[1];
    if (!gonet__packet_room(packet, len))
        return gonet_err_no_memory;
    packet->len = len;
    return read_full(c, packet->p, len);
}

gonet_error_t *gonet__user_exchange(const gonet_resolver_t *resolver, const char *network,
                                    const gonet__server_t *server, const uint8_t *question,
                                    size_t len, gonet_context_t *ctx, int64_t deadline,
                                    gonet__packet_t *packet)
{
    gonet_context_t *limited = gonet_context_with_deadline(ctx, (gonet_time_t){deadline});
    gonet_error_t *e = NULL;
    gonet_conn_t *c = resolver->dial(resolver->dial_arg, limited, network, server->text, &e);
    guard_t g;

    if (c == NULL) {
        gonet_context_free(limited);
        return e != NULL ? gonet__map_context_error(e) : gonet_error_new("dial made no connection");
    }
    gonet_error_set(&e, NULL);
    gonet_conn_set_deadline(c, (gonet_time_t){deadline}, NULL);
    start_guard(&g, c, ctx);
    if (gonet_conn_as_packet_conn(c) != NULL)
        e = packets(c, question, len, packet);
    else
        e = stream(c, question, len, packet);
    stop_guard(&g);
    if (e != NULL && g.cancelled) {
        gonet_error_free(e);
        e = gonet__map_context_error(gonet_error_ref(gonet_context_err(ctx)));
    }
    gonet_conn_close(c, NULL);
    gonet_conn_free(c);
    gonet_context_free(limited);
    return e;
}
