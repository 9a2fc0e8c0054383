/*
 * Exchanges over connections of the user's own dial. They are used through their public interface,
 * like any program would.
 */
#include <stdatomic.h>

#include "error/error.h"
#include "gonet/conn.h"
#include "resolve/talk.h"
#include "runtime/time/clock.h"
#include "runtime/sync/context.h"
#include "runtime/sched/task.h"

/* As many reads in a row may bring nothing; what goes on in this way will not end. */
#define MAX_EMPTY_READS 100

/* What is going on over a connection. */
typedef struct {
    gonet_conn_t *conn;
    int64_t deadline; /* monotonic ns */
    unsigned reads;
    unsigned empty; /* of them, the last ones in a row */
    _Atomic bool cancelled;
} talk_t;

/* The context has ended: a read in progress comes back. */
static void cancel(void *arg)
{
    talk_t *t = arg;

    atomic_store(&t->cancelled, true);
    gonet_conn_set_deadline(t->conn, (gonet_time_t){1}, NULL);
}

/* Why there is to be no other read; NULL: read on. The program's connections need not know about
 * deadlines, nor ever wait: so who reads again and again looks at the time, and lets other tasks
 * run. */
static gonet_error_t *may_read_on(const talk_t *t)
{
    if (t->empty == MAX_EMPTY_READS)
        return gonet_error_new("multiple Read calls return no data or error");
    if (atomic_load(&t->cancelled) || gonet__now() >= t->deadline)
        return gonet_err_deadline_exceeded;
    gonet__task_tick();
    return NULL;
}

static gonet_error_t *write_all(void *arg, const uint8_t *p, size_t len)
{
    const talk_t *t = arg;
    gonet_error_t *e = NULL;

    (void)gonet_conn_write(t->conn, p, len, &e);
    return e;
}

static gonet_error_t *read_some(void *arg, uint8_t *p, size_t size, size_t *n)
{
    talk_t *t = arg;
    gonet_error_t *e = t->reads++ == 0 ? NULL : may_read_on(t);
    ssize_t got;

    *n = 0;
    if (e != NULL)
        return e;
    got = gonet_conn_read(t->conn, p, size, &e);
    if (got > 0)
        *n = (size_t)got;
    t->empty = got == 0 ? t->empty + 1 : 0;
    return e;
}

/* Reads datagrams until one is a reply to the question. */
static gonet_error_t *packets(talk_t *t, const uint8_t *question, size_t len,
                              gonet__packet_t *packet)
{
    gonet_error_t *e = write_all(t, question, len);
    gonet__reply_kind_t kind = GONET__REPLY_FOREIGN;
    gonet__reply_t reply;

    while (e == NULL && kind != GONET__REPLY_OK && kind != GONET__REPLY_QUESTIONS) {
        e = read_some(t, packet->small, sizeof(packet->small), &packet->len);
        if (e == NULL)
            kind = gonet__reply_open(&reply, packet->small, packet->len, question, len);
    }
    return e;
}

gonet_error_t *gonet__user_exchange(const gonet_resolver_t *resolver, const char *network,
                                    const gonet__server_t *server, const uint8_t *question,
                                    size_t len, gonet_context_t *ctx, int64_t deadline,
                                    gonet__packet_t *packet)
{
    gonet_context_t *limited = gonet_context_with_deadline(ctx, (gonet_time_t){deadline});
    gonet_error_t *e = NULL;
    gonet_conn_t *c = resolver->dial(resolver->dial_arg, limited, network, server->text, &e);
    gonet__context_watch_t watch;
    talk_t t;

    if (c == NULL) {
        gonet_context_free(limited);
        return e != NULL ? gonet__map_context_error(e) : gonet_error_new("dial made no connection");
    }
    gonet_error_set(&e, NULL);
    gonet_conn_set_deadline(c, (gonet_time_t){deadline}, NULL);
    t = (talk_t){.conn = c, .deadline = deadline};
    if (!gonet__context_watch(&watch, ctx, cancel, &t))
        cancel(&t);
    if (gonet_conn_as_packet_conn(c) != NULL)
        e = packets(&t, question, len, packet);
    else
        e = gonet__stream_exchange(&(gonet__stream_t){write_all, read_some, &t}, question, len,
                                   packet);
    gonet__context_unwatch(&watch);
    if (e != NULL && atomic_load(&t.cancelled)) {
        gonet_error_free(e);
        e = gonet__map_context_error(gonet_error_ref(gonet__context_err(ctx)));
    }
    gonet_conn_close(c, NULL);
    gonet_conn_free(c);
    gonet_context_free(limited);
    return e;
}
