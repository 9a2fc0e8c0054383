/*
 * netip.AddrPort: an address with a port.
 */
#include "gonet/netip.h"

#include "addr/literal_parse.h"
#include "addr/netip_text.h"
#include "base/digits.h"

gonet_netip_addr_port_t gonet_netip_addr_port_from(gonet_netip_addr_t addr, uint16_t port)
{
    return (gonet_netip_addr_port_t){.addr = addr, .port = port};
}

gonet_netip_addr_t gonet_netip_addr_port_addr(gonet_netip_addr_port_t p)
{
    return p.addr;
}

uint16_t gonet_netip_addr_port_port(gonet_netip_addr_port_t p)
{
    return p.port;
}

bool gonet_netip_addr_port_is_valid(gonet_netip_addr_port_t p)
{
    return p.addr.bits != 0;
}

int gonet_netip_addr_port_compare(gonet_netip_addr_port_t a, gonet_netip_addr_port_t b)
{
    int order = gonet_netip_addr_compare(a.addr, b.addr);

    return order != 0 ? order : (a.port > b.port) - (a.port < b.port);
}

/* The port from s to the end, unsigned decimal; -1 if it is none. */
GONET__INLINE int read_port(const char *s, const char *end)
{
    int port = 0;

    if (gonet__at_end(s, end))
        return -1;
    for (; !gonet__at_end(s, end); s++) {
        unsigned d = gonet__digit(*s);
        if (d > 9)
            return -1;
        port = port * 10 + (int)d;
        if (port > 65535)
            return -1;
    }
    return port;
}

static gonet_error_t *port_error(const char *s, const char *port, const char *end)
{
    gonet__buf_t text = {0};

    gonet__buf_puts(&text, "invalid port ");
    gonet__buf_quote(&text, port, (size_t)(end - port));
    gonet__buf_puts(&text, " parsing ");
    gonet__buf_quote(&text, s, (size_t)(end - s));
    return gonet__text_error(&text);
}

static gonet_error_t *bracket_error(const char *s, size_t len, bool bracketed)
{
    gonet__buf_t text = {0};

    gonet__buf_puts(&text, "invalid ip:port ");
    gonet__buf_quote(&text, s, len);
    gonet__buf_puts(&text, bracketed ? ", square brackets can only be used with IPv6 addresses"
                                     : ", IPv6 addresses must be surrounded by square brackets");
    return gonet__text_error(&text);
}

/* The error of a text that parse_addr_port refused, in the order in which Go finds it
 * (behaviour 4.19). */
static gonet_error_t *explain(const char *s, size_t len)
{
    const char *end = s + len;
    const char *colon = memrchr(s, ':', len);
    bool bracketed = s[0] == '[';
    uint8_t b[16];

    if (colon == NULL)
        return gonet_error_new("not an ip:port");
    if (colon == s)
        return gonet_error_new("no IP");
    if (colon + 1 == end)
        return gonet_error_new("no port");
    if (bracketed && (colon - s < 2 || colon[-1] != ']'))
        return gonet_error_new("missing ]");
    if (read_port(colon + 1, end) < 0)
        return port_error(s, colon + 1, end);
    const char *host = bracketed ? s + 1 : s;
    size_t host_len = (size_t)(colon - host) - bracketed;
    gonet__literal_t l = gonet__parse_literal(host, host_len, b);
    if (l.bits == 0)
        return gonet__literal_error(host, host_len);
    if (bracketed != (l.bits == 128))
        return bracket_error(s, len, bracketed);
    return gonet__zone_error(host, host_len);
}

/* The usual texts, in one pass: without a zone, which may have any character in it. *p is zero
 * before. */
GONET__INLINE bool parse_plain(const char *s, const char *end, gonet_netip_addr_port_t *p)
{
    if (gonet__peek(s, end) == '[') {
        s = gonet__read_ipv6(s + 1, end, p->addr.b);
        if (s == NULL || gonet__peek(s, end) != ']')
            return false;
        s++;
        p->addr.bits = 128;
    } else {
        s = gonet__read_ipv4(s, end, p->addr.b);
        if (s == NULL)
            return false;
        p->addr.bits = 32;
    }
    if (gonet__peek(s, end) != ':')
        return false;
    int port = read_port(s + 1, end);
    p->port = (uint16_t)port;
    return port >= 0;
}

/* Addresses with a zone; anything else ends in an error. */
static gonet_netip_addr_port_t parse_zoned(const char *s, size_t len, gonet_error_t **err)
{
    gonet_netip_addr_port_t p = {.port = 0};
    const char *colon = memrchr(s, ':', len);

    if (colon != NULL && colon - s >= 2 && s[0] == '[' && colon[-1] == ']') {
        int port = read_port(colon + 1, s + len);
        gonet__literal_t l = gonet__parse_literal(s + 1, (size_t)(colon - s) - 2, p.addr.b);
        p.port = (uint16_t)port;
        if (port >= 0 && l.bits == 128 && gonet__make_netip(&p.addr, &l))
            return p;
    }
    if (err != NULL)
        *err = explain(s, len);
    return (gonet_netip_addr_port_t){.port = 0};
}

gonet_netip_addr_port_t gonet_netip_parse_addr_port_n(const char *s, size_t len,
                                                      gonet_error_t **err)
{
    gonet_netip_addr_port_t p = {.port = 0};

    s = gonet__text(s);
    gonet__error_clear(err);
    if (!parse_plain(s, s + len, &p))
        p = parse_zoned(s, len, err);
    return p;
}

gonet_netip_addr_port_t gonet_netip_parse_addr_port(const char *s, gonet_error_t **err)
{
    gonet_netip_addr_port_t p = {.port = 0};

    gonet__error_clear(err);
    if (!parse_plain(s, NULL, &p))
        p = parse_zoned(s, strlen(s), err);
    return p;
}

gonet_netip_addr_port_t gonet_netip_must_parse_addr_port_n(const char *s, size_t len)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_port_t p = gonet_netip_parse_addr_port_n(s, len, &err);

    gonet__must(err);
    return p;
}

gonet_netip_addr_port_t gonet_netip_must_parse_addr_port(const char *s)
{
    return gonet_netip_must_parse_addr_port_n(s, strlen(s));
}

static char *put(char *p, const gonet_netip_addr_port_t *ap)
{
    if (ap->addr.bits == 128)
        *p++ = '[';
    p = gonet__put_netip(p, &ap->addr);
    if (ap->addr.bits == 128)
        *p++ = ']';
    *p++ = ':';
    return gonet__put_uint(p, ap->port);
}

const char *gonet_netip_addr_port_string(gonet_netip_addr_port_t p, char *buf, size_t size)
{
    static const char invalid[] = "invalid AddrPort";
    char text[GONET__NETIP_ROOM];

    if (p.addr.bits == 0)
        return gonet__deliver(buf, size, invalid, invalid + sizeof(invalid) - 1);
    return gonet__deliver(buf, size, text, put(text, &p));
}

ssize_t gonet_netip_addr_port_append_to(gonet_netip_addr_port_t p, void *buf, size_t size)
{
    char text[GONET__NETIP_ROOM];

    return gonet__deliver_bytes(buf, size, text, p.addr.bits != 0 ? put(text, &p) : text);
}

ssize_t gonet_netip_addr_port_append_text(gonet_netip_addr_port_t p, void *buf, size_t size,
                                          gonet_error_t **err)
{
    return gonet__short_buffer(gonet_netip_addr_port_append_to(p, buf, size), err);
}

ssize_t gonet_netip_addr_port_marshal_text(gonet_netip_addr_port_t p, void *buf, size_t size,
                                           gonet_error_t **err)
{
    return gonet_netip_addr_port_append_text(p, buf, size, err);
}

int gonet_netip_addr_port_unmarshal_text(gonet_netip_addr_port_t *p, const void *text, size_t len,
                                         gonet_error_t **err)
{
    gonet_netip_addr_port_t parsed = {.port = 0};

    gonet__error_clear(err);
    if (len > 0)
        parsed = gonet_netip_parse_addr_port_n(text, len, err);
    if (p != NULL)
        *p = parsed;
    return len > 0 && parsed.addr.bits == 0 ? -1 : 0;
}

ssize_t gonet_netip_addr_port_append_binary(gonet_netip_addr_port_t p, void *buf, size_t size,
                                            gonet_error_t **err)
{
    uint8_t bytes[16 + GONET_ZONE_SIZE + 2];
    uint8_t *end = gonet__pack_netip(bytes, &p.addr);

    *end++ = (uint8_t)p.port;
    *end++ = (uint8_t)(p.port >> 8);
    return gonet__deliver_or_fail(buf, size, bytes, end, err);
}

ssize_t gonet_netip_addr_port_marshal_binary(gonet_netip_addr_port_t p, void *buf, size_t size,
                                             gonet_error_t **err)
{
    return gonet_netip_addr_port_append_binary(p, buf, size, err);
}

int gonet_netip_addr_port_unmarshal_binary(gonet_netip_addr_port_t *p, const void *b, size_t len,
                                           gonet_error_t **err)
{
    const uint8_t *bytes = b;
    gonet_netip_addr_port_t unpacked = {.port = 0};

    gonet__error_clear(err);
    if (len < 2) {
        if (err != NULL)
            *err = gonet_error_new("unexpected slice size");
        return -1;
    }
    if (!gonet__unpack_netip(&unpacked.addr, bytes, len - 2, true, err))
        return -1;
    unpacked.port = (uint16_t)(bytes[len - 2] | bytes[len - 1] << 8);
    if (p != NULL)
        *p = unpacked;
    return 0;
}
