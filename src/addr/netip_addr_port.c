/*
 * netip.AddrPort: an address with a port. The struct has a byte of padding, which is zero in every
 * value made here: equal values have equal bytes.
 */
#include "gonet/netip.h"

#include "addr/literal_parse.h"
#include "addr/netip_text.h"
#include "base/digits.h"

/* An initialiser of all fields leaves the padding as it is; so this is what to begin with. */
static gonet_netip_addr_port_t zero(void)
{
    gonet_netip_addr_port_t p;

    memset(&p, 0, sizeof(p));
    return p;
}

gonet_netip_addr_port_t gonet_netip_addr_port_from(gonet_netip_addr_t addr, uint16_t port)
{
    gonet_netip_addr_port_t p = zero();

    p.addr = addr;
    p.port = port;
    return p;
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

/* ":" and a port from s (NULL: no address was found) to the end; -1 if it is none. */
GONET__INLINE int read_colon_port(const char *s, const char *end)
{
    return s != NULL && gonet__peek(s, end) == ':' ? read_port(s + 1, end) : -1;
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

/* Addresses with a zone; anything else ends in an error. */
static gonet_netip_addr_port_t parse_zoned(const char *s, size_t len, gonet_error_t **err)
{
    gonet_netip_addr_port_t p = zero();
    const char *colon = memrchr(s, ':', len);

    gonet__error_clear(err);
    if (colon != NULL && colon - s >= 2 && s[0] == '[' && colon[-1] == ']') {
        int port = read_port(colon + 1, s + len);
        gonet__literal_t l = gonet__parse_literal(s + 1, (size_t)(colon - s) - 2, p.addr.b);
        p.port = (uint16_t)port;
        if (port >= 0 && l.bits == 128 && gonet__make_netip(&p.addr, &l))
            return p;
    }
    if (err != NULL)
        *err = explain(s, len);
    return zero();
}

/* Not by way of zero(), which costs as much as the reading. A struct that is left mostly empty is
 * cleared as a whole by GCC and Clang; a test sees to it. */
GONET__INLINE gonet_netip_addr_port_t from_four(uint32_t four, int port)
{
    return (gonet_netip_addr_port_t){
        .addr = {.b = {GONET__BYTES4(four)}, .bits = 32},
        .port = (uint16_t)port,
    };
}

/* What is not IPv4: the usual texts, in one pass; not those with a zone, which may have any
 * character in it. */
GONET__INLINE gonet_netip_addr_port_t parse_other(const char *s, const char *end,
                                                  gonet_error_t **err)
{
    gonet_netip_addr_port_t p = zero();
    gonet__halves_t halves;
    const char *bracket = NULL;
    int port = -1;

    if (gonet__peek(s, end) == '[')
        bracket = gonet__read_groups(s + 1, end, &halves);
    if (bracket != NULL && gonet__peek(bracket, end) == ']')
        port = read_colon_port(bracket + 1, end);
    if (port < 0)
        return parse_zoned(s, end != NULL ? (size_t)(end - s) : strlen(s), err);
    gonet__error_clear(err);
    p.addr.bits = 128;
    gonet__put_sixteen(p.addr.b, halves);
    p.port = (uint16_t)port;
    return p;
}

gonet_netip_addr_port_t gonet_netip_parse_addr_port_n(const char *s, size_t len,
                                                      gonet_error_t **err)
{
    uint32_t four;
    int port;

    s = gonet__text(s);
    port = read_colon_port(gonet__read_dotted(s, s + len, &four), s + len);
    if (port < 0)
        return parse_other(s, s + len, err);
    gonet__error_clear(err);
    return from_four(four, port);
}

/* Not inlined, so that IPv4 needs no stack frame. */
GONET__NOINLINE static gonet_netip_addr_port_t parse_other_string(const char *s,
                                                                  gonet_error_t **err)
{
    return parse_other(s, NULL, err);
}

gonet_netip_addr_port_t gonet_netip_parse_addr_port(const char *s, gonet_error_t **err)
{
    uint32_t four;
    int port = read_colon_port(gonet__read_dotted(s, NULL, &four), NULL);

    if (port < 0)
        return parse_other_string(s, err);
    gonet__error_clear(err);
    return from_four(four, port);
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
    gonet_netip_addr_port_t parsed = zero();

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
    gonet_netip_addr_port_t unpacked = zero();

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
