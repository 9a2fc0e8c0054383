/*
 * The two sockets; see udp_link.h.
 */
#include "udp_link.h"

char link_bytes[1 << 17];

static gonet_udp_addr_t address(const char *ip, int port)
{
    gonet_udp_addr_t a = {.port = port};

    a.ip = gonet_parse_ip(ip);
    return a;
}

static int port_of(gonet_udp_conn_t *c)
{
    return gonet_udp_conn_local_addr(c)->udp.port;
}

void link_open(link_t *l, const way_t *way)
{
    gonet_udp_addr_t at = address(way->at, 0), to;
    gonet_error_t *err = NULL;

    for (size_t i = 0; i < sizeof(link_bytes); i++)
        link_bytes[i] = (char)(i * 7 + i / 256);
    memset(l, 0, sizeof(*l));
    l->to = gonet_listen_udp(way->listen, &at, &err);
    assert_string_equal(gonet_error_string(err), "<nil>");
    assert_int_equal(gonet_udp_conn_set_read_buffer(l->to, 4 << 20, NULL), 0);
    assert_int_equal(gonet_udp_conn_set_read_deadline(l->to, gonet_after(GONET_HOUR), NULL), 0);
    to = address(way->to, port_of(l->to));
    if (way->dialed)
        l->from = gonet_dial_udp(way->send, NULL, &to, &err);
    else
        l->from = gonet_listen_udp(way->send, NULL, &err);
    assert_string_equal(gonet_error_string(err), "<nil>");
    (void)gonet_udp_conn_local_addr(l->from); /* made now, for tests without memory */
    if (!way->dialed) {
        l->addr = gonet_udp_addr_addr_port(&to);
        l->addr.addr = gonet_netip_addr_unmap(l->addr.addr);
    }
}

void link_close(link_t *l)
{
    gonet_udp_conn_free(l->from);
    gonet_udp_conn_free(l->to);
}

gonet_udp_message_t link_message(const link_t *l, size_t len, size_t segment)
{
    return (gonet_udp_message_t){
        .buf = link_bytes, .len = len, .segment = segment, .addr = l->addr};
}

void link_send(const link_t *l, const gonet_udp_message_t *m, size_t n)
{
    gonet_error_t *err = NULL;
    size_t sent = 77;
    ssize_t result = gonet_udp_conn_write_batch(l->from, m, n, &sent, &err);

    assert_string_equal(gonet_error_string(err), "<nil>");
    assert_int_equal(result, n);
    assert_int_equal(sent, n);
}

/* What was sent, and how much of it has come. */
typedef struct {
    const gonet_udp_message_t *m;
    size_t n, i, done;
} sent_t;

/* Takes the next datagram off what was sent. False: that was all. */
static bool next_datagram(sent_t *s, const char **p, size_t *len)
{
    const gonet_udp_message_t *m = &s->m[s->i];
    size_t left;

    if (s->i == s->n)
        return false;
    left = m->len - s->done;
    *len = m->segment > 0 && m->segment < left ? m->segment : left;
    *p = (const char *)m->buf + s->done;
    s->done += *len;
    if (s->done == m->len) {
        s->i++;
        s->done = 0;
    }
    return true;
}

static void deadline(const link_t *l, gonet_duration_t d)
{
    assert_int_equal(gonet_udp_conn_set_read_deadline(l->to, gonet_after(d), NULL), 0);
}

static void check_sender(const link_t *l, const gonet_udp_message_t *got)
{
    const gonet_netip_addr_t sender = gonet_netip_addr_unmap(got->addr.addr);

    assert_int_equal(got->addr.port, port_of(l->from));
    assert_true(gonet_netip_addr_is_loopback(sender));
}

/* The datagrams of a message that came, which may be joined, follow in what was sent. */
static void check_message(const link_t *l, const gonet_udp_message_t *got, sent_t *sent)
{
    size_t segment = got->segment == 0 ? got->n : got->segment, at = 0, len;
    const char *p;

    check_sender(l, got);
    assert_int_equal(got->flags, 0);
    assert_int_equal(got->oobn, 0);
    do {
        size_t part = got->n - at < segment ? got->n - at : segment;

        assert_true(next_datagram(sent, &p, &len));
        assert_int_equal(part, len);
        assert_memory_equal((char *)got->buf + at, p, len);
        at += part;
    } while (at < got->n);
}

/* Reads once, and checks what came; how many messages of it were joined. -1: the deadline. */
static int check_batch(const link_t *l, sent_t *sent)
{
    enum { MANY = 40 };
    static char room[MANY][65536];
    gonet_udp_message_t got[MANY] = {{0}};
    gonet_error_t *err = NULL;
    int joined = 0;
    ssize_t count;

    for (int k = 0; k < MANY; k++)
        got[k] = (gonet_udp_message_t){.buf = room[k], .len = sizeof(room[k]), .n = 99};
    count = gonet_udp_conn_read_batch(l->to, got, MANY, &err);
    if (gonet_error_timeout(err)) {
        gonet_error_free(err);
        return -1;
    }
    assert_string_equal(gonet_error_string(err), "<nil>");
    assert_in_range(count, 1, 32);
    for (ssize_t k = 0; k < count; k++) {
        check_message(l, &got[k], sent);
        joined += got[k].segment != 0;
    }
    assert_int_equal(got[count].n, 99);
    return joined;
}

size_t link_expect(const link_t *l, const gonet_udp_message_t *m, size_t n)
{
    sent_t sent = {.m = m, .n = n};
    size_t joined = 0;

    while (sent.i < n) {
        int count = check_batch(l, &sent);

        assert_true(count >= 0);
        joined += (size_t)count;
    }
    return joined;
}

void link_expect_part(const link_t *l, const gonet_udp_message_t *m, size_t n, size_t whole)
{
    sent_t sent = {.m = m, .n = n};

    while (sent.i < whole)
        assert_true(check_batch(l, &sent) >= 0);
    deadline(l, 10 * GONET_MILLISECOND); /* nothing more is to come */
    while (check_batch(l, &sent) >= 0) {
    }
    deadline(l, GONET_HOUR);
    assert_int_equal(sent.i, whole);
}

void link_silent(const link_t *l)
{
    link_expect_part(l, NULL, 0, 0);
}

typedef struct {
    int level, name, value;
} option_t;

static void set(void *arg, int fd)
{
    const option_t *o = arg;

    assert_int_equal(setsockopt(fd, o->level, o->name, &o->value, sizeof(o->value)), 0);
}

static void get(void *arg, int fd)
{
    option_t *o = arg;
    socklen_t len = sizeof(o->value);

    assert_int_equal(getsockopt(fd, o->level, o->name, &o->value, &len), 0);
}

static void control(gonet_udp_conn_t *c, void (*f)(void *, int), option_t *o)
{
    gonet_raw_conn_t *raw = gonet_udp_conn_syscall_conn(c, NULL);

    assert_non_null(raw);
    assert_int_equal(gonet_raw_conn_control(raw, f, o, NULL), 0);
    gonet_raw_conn_free(raw);
}

void link_option(gonet_udp_conn_t *c, int level, int name, int value)
{
    option_t o = {level, name, value};

    control(c, set, &o);
}

int link_get(gonet_udp_conn_t *c, int level, int name)
{
    option_t o = {level, name, 0};

    control(c, get, &o);
    return o.value;
}

void link_error(const link_t *l, gonet_error_t **err, const char *want)
{
    char local[GONET_ADDR_STRLEN], remote[GONET_ADDR_STRLEN], text[512], *out = text;
    const gonet_addr_t *peer = gonet_udp_conn_remote_addr(l->from);

    (void)gonet_addr_string(gonet_udp_conn_local_addr(l->from), local, sizeof(local));
    if (peer != NULL)
        (void)gonet_addr_string(peer, remote, sizeof(remote));
    else
        (void)gonet_netip_addr_port_string(l->addr, remote, sizeof(remote));
    for (; *want != '\0'; want++) {
        if (*want == 'L' || *want == 'R')
            out = stpcpy(out, *want == 'L' ? local : remote);
        else
            *out++ = *want;
    }
    *out = '\0';
    assert_string_equal(gonet_error_string(*err), text);
    gonet_error_set(err, NULL);
}
