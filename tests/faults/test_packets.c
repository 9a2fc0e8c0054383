/*
 * Connections that carry datagrams: UDP, unixgram, raw IP; descriptors passed over unix sockets.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faults/fault.h"
#include "faults/scenario.h"
#include "gonet.h"
#include "gonet/iprawsock.h"
#include "gonet/udp.h"
#include "support/rawip.h"

/* ---- UDP ---- */

/* Somebody who listens, and a connection to them. */
static bool udp_open(part_t *p, gonet_udp_conn_t **l, gonet_udp_conn_t **c)
{
    gonet_udp_addr_t any = {.ip = gonet_ipv4(127, 0, 0, 1)};
    const gonet_addr_t *at;

    STEP(p, (*l = gonet_listen_udp("udp", &any, &p->err)) != NULL);
    STEP(p, gonet_udp_conn_set_deadline(*l, LATER, &p->err) == 0);
    at = gonet_udp_conn_local_addr(*l);
    if (at == NULL)
        p->err = gonet_error_new("no address");
    STEP(p, at != NULL);
    STEP(p, (*c = gonet_dial_udp("udp", NULL, gonet_addr_as_udp(at), &p->err)) != NULL);
    STEP(p, gonet_udp_conn_set_deadline(*c, LATER, &p->err) == 0);
    return true;
done:
    return false;
}

static void udp(run_t *r)
{
    part_t *p = &r->body;
    gonet_udp_conn_t *l = NULL, *c = NULL;
    gonet_udp_addr_t from;
    char in[16] = "";

    if (!udp_open(p, &l, &c))
        goto done;
    STEP(p, gonet_udp_conn_write(c, "there", 5, &p->err) == 5);
    STEP(p, gonet_udp_conn_read_from_udp(l, in, sizeof(in), &from, &p->err) == 5);
    CHECK_TEXT(in, "there");
    STEP(p, gonet_udp_conn_write_to_udp(l, "back", 4, &from, &p->err) == 4);
    STEP(p, gonet_udp_conn_read(c, in, sizeof(in), &p->err) == 4);
    STEP(p, gonet_udp_conn_close(c, &p->err) == 0);
    STEP(p, gonet_udp_conn_close(l, &p->err) == 0);
done:
    gonet_udp_conn_free(c);
    gonet_udp_conn_free(l);
}

/* Several datagrams with a call; three of them in one message. */
static void udp_batch(run_t *r)
{
    enum { MESSAGES = 6, DATAGRAMS = MESSAGES + 2, PIECE = 100 };
    part_t *p = &r->body;
    gonet_udp_conn_t *l = NULL, *c = NULL;
    char out[3 * PIECE], in[DATAGRAMS][PIECE];
    gonet_udp_message_t m[DATAGRAMS];
    size_t sent = 0, want = 0, got = 0;
    ssize_t n;

    memset(out, 'o', sizeof(out));
    memset(m, 0, sizeof(m));
    for (int i = 0; i < MESSAGES; i++) {
        m[i].buf = out;
        m[i].len = i == 2 ? sizeof(out) : (size_t)(10 + i);
        m[i].segment = i == 2 ? PIECE : 0;
        want += m[i].len;
    }
    if (!udp_open(p, &l, &c))
        goto done;
    STEP(p, gonet_udp_conn_write_batch(c, m, MESSAGES, &sent, &p->err) == MESSAGES);
    CHECK_INT(sent, MESSAGES);
    for (int i = 0; i < DATAGRAMS; i += (int)n) {
        memset(m, 0, sizeof(m));
        for (int k = 0; k < DATAGRAMS; k++)
            m[k] = (gonet_udp_message_t){.buf = in[k], .len = sizeof(in[k])};
        STEP(p, (n = gonet_udp_conn_read_batch(l, m, DATAGRAMS, &p->err)) > 0);
        for (ssize_t k = 0; k < n; k++)
            got += m[k].n;
    }
    CHECK_INT(got, want);
done:
    gonet_udp_conn_free(c);
    gonet_udp_conn_free(l);
}

typedef struct {
    gonet_packet_conn_t *l;
    gonet_conn_t *c;
} udp_ends_t;

/* Who fails ends the other one's wait. */
static void udp_answer(run_t *r)
{
    part_t *p = &r->helper;
    udp_ends_t *e = r->shared;
    gonet_addr_t from;
    char in[16];

    STEP(p, gonet_packet_conn_read_from(e->l, in, sizeof(in), &from, &p->err) == 5);
    STEP(p, gonet_packet_conn_write_to(e->l, in, 5, &from, &p->err) == 5);
done:
    if (p->step != NULL)
        (void)gonet_conn_close(e->c, NULL);
}

/* Both wait, and the messages carry more than bytes. */
static void udp_echo(run_t *r)
{
    part_t *p = &r->body;
    udp_ends_t e = {0};
    char text[GONET_ADDR_STRLEN], in[16] = "", oob[128];
    gonet_udp_addr_t from;
    size_t oobn;
    int flags;

    STEP(p, (e.l = gonet_listen_packet("udp4", "127.0.0.1:0", &p->err)) != NULL);
    if (gonet_packet_conn_local_addr(e.l) == NULL)
        p->err = gonet_error_new("no address");
    STEP(p, gonet_packet_conn_local_addr(e.l) != NULL);
    (void)gonet_addr_string(gonet_packet_conn_local_addr(e.l), text, sizeof(text));
    r->shared = &e;
    STEP(p, (e.c = gonet_dial("udp4", text, &p->err)) != NULL);
    STEP(p, gonet_conn_set_deadline(e.c, LATER, &p->err) == 0);
    STEP(p, scenario_help(r, udp_answer));
    gonet_sleep(GONET_MILLISECOND / 10);
    STEP(p, gonet_udp_conn_write_msg_udp(gonet_conn_as_udp(e.c), "there", 5, NULL, 0, NULL, NULL,
                                         &p->err) == 5);
    STEP(p, gonet_udp_conn_read_msg_udp(gonet_conn_as_udp(e.c), in, sizeof(in), oob, sizeof(oob),
                                        &oobn, &flags, &from, &p->err) == 5);
    CHECK_TEXT(in, "there");
done:
    if (p->step != NULL && e.l != NULL)
        (void)gonet_packet_conn_close(e.l, NULL);
    scenario_join(r);
    gonet_conn_free(e.c);
    gonet_packet_conn_free(e.l);
}

static void udp_file(run_t *r)
{
    part_t *p = &r->body;
    gonet_packet_conn_t *l = NULL, *copy = NULL;
    gonet_addr_t to, from;
    char in[16];
    int fd = -1;

    STEP(p, (l = gonet_listen_packet("udp4", "127.0.0.1:0", &p->err)) != NULL);
    STEP(p, (fd = gonet_packet_conn_file(l, &p->err)) >= 0);
    STEP(p, (copy = gonet_file_packet_conn(fd, &p->err)) != NULL);
    STEP(p, gonet_packet_conn_set_deadline(l, LATER, &p->err) == 0);
    if (gonet_packet_conn_local_addr(copy) == NULL)
        p->err = gonet_error_new("no address");
    STEP(p, gonet_packet_conn_local_addr(copy) != NULL);
    to = *gonet_packet_conn_local_addr(copy);
    STEP(p, gonet_packet_conn_write_to(copy, "self", 4, &to, &p->err) == 4);
    STEP(p, gonet_packet_conn_read_from(l, in, sizeof(in), &from, &p->err) == 4);
done:
    fault_exempt(true);
    if (fd >= 0)
        close(fd);
    fault_exempt(false);
    gonet_packet_conn_free(l);
    gonet_packet_conn_free(copy);
}

/* ---- unixgram ---- */

static void unixgram(run_t *r)
{
    part_t *p = &r->body;
    gonet_unix_addr_t at = {.net = "unixgram"}, from;
    gonet_unix_conn_t *l = NULL, *c = NULL;
    char in[16] = "";

    snprintf(at.name, sizeof(at.name), "%s", OWN_NAME("gram"));
    STEP(p, (l = gonet_listen_unixgram("unixgram", &at, &p->err)) != NULL);
    STEP(p, gonet_unix_conn_set_deadline(l, LATER, &p->err) == 0);
    STEP(p, (c = gonet_dial_unix("unixgram", NULL, &at, &p->err)) != NULL);
    STEP(p, gonet_unix_conn_write(c, "there", 5, &p->err) == 5);
    STEP(p, gonet_unix_conn_read_from_unix(l, in, sizeof(in), &from, &p->err) == 5);
    CHECK_TEXT(in, "there");
    STEP(p, gonet_unix_conn_write_to_unix(l, "self", 4, &at, &p->err) == 4);
    STEP(p, gonet_unix_conn_read(l, in, sizeof(in), &p->err) == 4);
done:
    gonet_unix_conn_free(c);
    gonet_unix_conn_free(l);
}

/* ---- descriptors ---- */

static size_t pack(char *oob, int fd)
{
    struct cmsghdr *c = (struct cmsghdr *)(void *)oob;

    c->cmsg_len = CMSG_LEN(sizeof(fd));
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    return CMSG_SPACE(sizeof(fd));
}

static int unpack(const char *oob, size_t len)
{
    const struct cmsghdr *c = (const struct cmsghdr *)(const void *)oob;
    int fd = -1;

    if (len >= CMSG_LEN(sizeof(fd)) && c->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}

static void pass(run_t *r)
{
    part_t *p = &r->body;
    gonet_unix_addr_t at = {.net = "unix"};
    gonet_unix_listener_t *l = NULL;
    gonet_unix_conn_t *a = NULL, *b = NULL;
    _Alignas(struct cmsghdr) char oob[CMSG_SPACE(sizeof(int))] = {0};
    char in[4];
    size_t n = 0;
    int flags, fd = -1;

    snprintf(at.name, sizeof(at.name), "%s", OWN_NAME("pass"));
    STEP(p, (l = gonet_listen_unix("unix", &at, &p->err)) != NULL);
    STEP(p, gonet_unix_listener_set_deadline(l, LATER, &p->err) == 0);
    STEP(p, (a = gonet_dial_unix("unix", NULL, &at, &p->err)) != NULL);
    STEP(p, (b = gonet_unix_listener_accept_unix(l, &p->err)) != NULL);
    STEP(p, gonet_unix_conn_set_deadline(b, LATER, &p->err) == 0);
    STEP(p, gonet_unix_conn_write_msg_unix(a, "x", 1, oob, pack(oob, STDERR_FILENO), NULL, &n,
                                           &p->err) == 1);
    memset(oob, 0, sizeof(oob));
    STEP(p, gonet_unix_conn_read_msg_unix(b, in, sizeof(in), oob, sizeof(oob), &n, &flags, NULL,
                                          &p->err) == 1);
    fd = unpack(oob, n);
    CHECK(fd >= 0);
done:
    fault_exempt(true);
    if (fd >= 0)
        close(fd);
    fault_exempt(false);
    gonet_unix_conn_free(a);
    gonet_unix_conn_free(b);
    gonet_unix_listener_free(l);
}

/* ---- raw IP ---- */

static void raw_ip(run_t *r)
{
    part_t *p = &r->body;
    gonet_ip_addr_t home = {.ip = gonet_ipv4(127, 0, 0, 1)}, from;
    gonet_ip_conn_t *l = NULL, *c = NULL;
    char in[64];

    STEP(p, (l = gonet_listen_ip("ip4:253", &home, &p->err)) != NULL);
    STEP(p, gonet_ip_conn_set_deadline(l, LATER, &p->err) == 0);
    STEP(p, (c = gonet_dial_ip("ip4:253", NULL, &home, &p->err)) != NULL);
    STEP(p, gonet_ip_conn_write(c, "raw", 3, &p->err) == 3);
    STEP(p, gonet_ip_conn_read_from_ip(l, in, sizeof(in), &from, &p->err) == 3);
    CHECK(memcmp(in, "raw", 3) == 0);
done:
    gonet_ip_conn_free(c);
    gonet_ip_conn_free(l);
}

int main(int argc, char **argv)
{
    static const scenario_t scenarios[] = {
        {.name = "udp", .run = udp},
        {.name = "udp batch", .run = udp_batch},
        {.name = "udp echo", .run = udp_echo},
        {.name = "udp, by file", .run = udp_file, .also = "protocol not supported"},
        {.name = "unixgram", .run = unixgram},
        {.name = "passing a descriptor", .run = pass},
        {.name = "raw ip", .run = raw_ip}, /* the last: not for everybody */
    };
    size_t n = sizeof(scenarios) / sizeof(scenarios[0]);

    if (!rawip_allowed(AF_INET))
        n--;
    return scenarios_run(scenarios, n, argc, argv);
}
