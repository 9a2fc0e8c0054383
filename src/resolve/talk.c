/*
 * Exchanges over sockets of our own.
 */
#include "resolve/talk.h"

#include <string.h>
#include <sys/socket.h>

#include "error/error.h"

gonet_error_t *gonet__udp_ask(gonet__wire_t **wire, const gonet__server_t *server,
                              const uint8_t *question, size_t len, gonet_context_t *ctx,
                              int64_t deadline)
{
    gonet__wire_t *before = *wire;
    gonet_error_t *e = gonet__wire_open(wire, server, SOCK_DGRAM, ctx, deadline);

    gonet__wire_close(&before);
    return e != NULL ? e : gonet__wire_write(*wire, question, len);
}

gonet_error_t *gonet__udp_answer(gonet__wire_t *wire, const uint8_t *question, size_t len,
                                 gonet__packet_t *packet, gonet__reply_t *reply)
{
    gonet__reply_kind_t kind;

    do {
        gonet_error_t *e =
            gonet__wire_read(wire, packet->small, sizeof(packet->small), &packet->len);

        if (e != NULL)
            return e;
        kind = gonet__reply_open(reply, packet->small, packet->len, question, len);
    } while (kind != GONET__REPLY_OK && kind != GONET__REPLY_QUESTIONS);
    return kind == GONET__REPLY_OK ? NULL : gonet_error_new(GONET__INVALID_RESPONSE);
}

static gonet_error_t *read_full(const gonet__stream_t *s, uint8_t *p, size_t len)
{
    gonet_error_t *e = NULL;
    size_t got = 0, n;

    while (got < len && e == NULL) {
        e = s->read(s->arg, p + got, len - got, &n);
        got += n;
    }
    if (got == len)
        gonet_error_set(&e, NULL);
    return e == gonet_eof && got > 0 ? gonet_err_unexpected_eof : e;
}

gonet_error_t *gonet__stream_exchange(const gonet__stream_t *s, const uint8_t *question, size_t len,
                                      gonet__packet_t *packet)
{
    uint8_t message[2 + GONET__QUESTION_SIZE] = {(uint8_t)(len >> 8), (uint8_t)len}, length[2];
    gonet_error_t *e;

    memcpy(message + 2, question, len);
    e = s->write(s->arg, message, 2 + len);
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

static gonet_error_t *write_wire(void *arg, const uint8_t *p, size_t len)
{
    return gonet__wire_write(arg, p, len);
}

static gonet_error_t *read_wire(void *arg, uint8_t *p, size_t size, size_t *n)
{
    return gonet__wire_read(arg, p, size, n);
}

gonet_error_t *gonet__tcp_exchange(const gonet__server_t *server, const uint8_t *question,
                                   size_t len, gonet_context_t *ctx, int64_t deadline,
                                   gonet__packet_t *packet)
{
    gonet__wire_t *wire;
    gonet_error_t *e = gonet__wire_open(&wire, server, SOCK_STREAM, ctx, deadline);
    const gonet__stream_t stream = {write_wire, read_wire, wire};

    if (e == NULL)
        e = gonet__stream_exchange(&stream, question, len, packet);
    gonet__wire_close(&wire);
    return e;
}
