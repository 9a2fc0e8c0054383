/*
 * The server's connections: a question that is written is answered by the next read.
 */
#include "script.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 12

typedef struct {
    script_t *script;
    gonet_packet_conn_t *as_packets;
    uint8_t out[4096];
    size_t len;
} link_t;

/* The end of the question; its name goes to s->name. */
static size_t note(script_t *s, const uint8_t *q)
{
    size_t at = HEADER, n = 0;

    for (; q[at] != 0; at += q[at] + 1u) {
        memcpy(s->name + n, q + at + 1, q[at]);
        n += q[at];
        s->name[n++] = '.';
    }
    if (n == 0)
        s->name[n++] = '.';
    s->name[n] = '\0';
    s->asked++;
    return at + 5;
}

static int take_question(void *self, const void *data, size_t len, size_t *n, gonet_error_t **err)
{
    link_t *l = self;
    const uint8_t *q = data;
    static const reply_t empty = {0, NULL, NULL, "", 0};
    const reply_t *reply = &empty;
    size_t end = note(l->script, q);

    (void)err;
    for (size_t i = 0; i < l->script->n; i++) {
        if (l->script->reply[i].type == q[end - 3])
            reply = &l->script->reply[i];
    }
    memcpy(l->out, q, end);
    memcpy(l->out + 2, reply->flags == NULL ? "\x81\x80" : reply->flags, 2);
    memcpy(l->out + 6, reply->counts == NULL ? "\0\0\0\0\0\0" : reply->counts, 6);
    memcpy(l->out + end, reply->records, reply->len);
    l->len = end + reply->len;
    *n = len;
    return 0;
}

static ssize_t give_reply(void *self, void *p, size_t len, gonet_error_t **err)
{
    link_t *l = self;
    size_t n = l->len < len ? l->len : len;

    if (n == 0) {
        *err = gonet_eof;
        return -1;
    }
    memcpy(p, l->out, n);
    l->len = 0;
    return (ssize_t)n;
}

static int nothing(void *self, gonet_error_t **err)
{
    (void)self;
    (void)err;
    return 0;
}

static int no_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    (void)t;
    return nothing(self, err);
}

static gonet_packet_conn_t *packets(void *self)
{
    return ((link_t *)self)->as_packets;
}

static void destroy(void *self)
{
    gonet_packet_conn_free(((link_t *)self)->as_packets);
    free(self);
}

static const gonet_conn_vtable_t link_conn = {
    .size = sizeof(gonet_conn_vtable_t),
    .read = give_reply,
    .write = take_question,
    .close = nothing,
    .set_deadline = no_deadline,
    .destroy = destroy,
    .packet_conn = packets,
};

static const gonet_packet_conn_vtable_t no_packets = {.size = sizeof(gonet_packet_conn_vtable_t)};

static gonet_conn_t *dial(void *arg, gonet_context_t *ctx, const char *network, const char *address,
                          gonet_error_t **err)
{
    link_t *l = calloc(1, sizeof(*l));

    (void)ctx;
    (void)network;
    (void)address;
    (void)err;
    l->script = arg;
    l->as_packets = gonet_packet_conn_new(&no_packets, NULL);
    return gonet_conn_new(&link_conn, l);
}

void script_start(script_t *s, const reply_t *reply, size_t n)
{
    memset(s, 0, sizeof(*s));
    s->reply = reply;
    s->n = n;
    s->r = (gonet_resolver_t){
        .prefer_go = true, .servers = SCRIPT_SERVER, .dial = dial, .dial_arg = s};
}
