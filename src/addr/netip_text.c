/*
 * The text and binary forms of netip.Addr.
 */
#include "addr/netip_text.h"

#include <stdlib.h>

#include "addr/literal_parse.h"
#include "base/say.h"

bool gonet__make_netip(gonet_netip_addr_t *a, const gonet__literal_t *l)
{
    a->bits = (uint8_t)l->bits;
    if (l->zone == NULL)
        return true;
    if (l->zone_len >= sizeof(a->zone) || memchr(l->zone, '\0', l->zone_len) != NULL)
        return false;
    memcpy(a->zone, l->zone, l->zone_len);
    return true;
}

gonet_error_t *gonet__zone_error(const char *s, size_t len)
{
    gonet__buf_t text = {0};

    gonet__buf_puts(&text, "ParseAddr(");
    gonet__buf_quote(&text, s, len);
    gonet__buf_puts(&text, "): zone is longer than 31 bytes or has a NUL byte");
    return gonet__text_error(&text);
}

/* Whatever is right: an address with a zone, too. Anything else ends in an error. */
GONET__NOINLINE static gonet_netip_addr_t parse_slowly(const char *s, size_t len,
                                                       gonet_error_t **err)
{
    gonet_netip_addr_t a = {.bits = 0};
    gonet__literal_t l = gonet__parse_literal(s, len, a.b);

    gonet__error_clear(err);
    if (l.bits != 0 && gonet__make_netip(&a, &l))
        return a;
    if (err != NULL)
        *err = l.bits == 0 ? gonet__literal_error(s, len) : gonet__zone_error(s, len);
    return (gonet_netip_addr_t){.bits = 0};
}

GONET__INLINE gonet_netip_addr_t from_four(uint32_t four)
{
    return (gonet_netip_addr_t){.b = {GONET__BYTES4(four)}, .bits = 32};
}

GONET__INLINE gonet_netip_addr_t from_halves(gonet__halves_t halves)
{
    return (gonet_netip_addr_t){
        .b = {GONET__BYTES8(halves.high), GONET__BYTES8(halves.low)},
        .bits = 128,
    };
}

gonet_netip_addr_t gonet_netip_parse_addr_n(const char *s, size_t len, gonet_error_t **err)
{
    uint32_t four;
    gonet__halves_t halves;
    const char *end;

    s = gonet__text(s);
    end = s + len;
    if (gonet__read_dotted(s, end, &four) == end && gonet__is_clear(err))
        return from_four(four);
    if (gonet__read_groups(s, end, &halves) == end && gonet__is_clear(err))
        return from_halves(halves);
    return parse_slowly(s, len, err);
}

/* What is not IPv4. Not inlined, so that IPv4 needs no stack frame. */
GONET__NOINLINE static gonet_netip_addr_t parse_other(const char *s, gonet_error_t **err)
{
    gonet__halves_t halves;
    const char *end = gonet__read_groups(s, NULL, &halves);

    if (end != NULL && *end == '\0' && gonet__is_clear(err))
        return from_halves(halves);
    return parse_slowly(s, strlen(s), err);
}

gonet_netip_addr_t gonet_netip_parse_addr(const char *s, gonet_error_t **err)
{
    uint32_t four;
    const char *end = gonet__read_dotted(s, NULL, &four);

    if (end != NULL && *end == '\0' && gonet__is_clear(err))
        return from_four(four);
    return parse_other(s, err);
}

void gonet__must(const gonet_error_t *err)
{
    if (err == NULL)
        return;
    gonet__say("%s\n", gonet_error_string(err));
    abort();
}

gonet_netip_addr_t gonet_netip_must_parse_addr_n(const char *s, size_t len)
{
    gonet_error_t *err = NULL;
    gonet_netip_addr_t a = gonet_netip_parse_addr_n(s, len, &err);

    gonet__must(err);
    return a;
}

gonet_netip_addr_t gonet_netip_must_parse_addr(const char *s)
{
    return gonet_netip_must_parse_addr_n(s, strlen(s));
}

static char *put_zone(char *p, const gonet_netip_addr_t *a)
{
    if (a->zone[0] == '\0')
        return p;
    size_t len = strnlen(a->zone, sizeof(a->zone));
    *p++ = '%';
    memcpy(p, a->zone, len);
    return p + len;
}

char *gonet__put_bytes(char *p, const uint8_t b[16], unsigned bits)
{
    static const char mapped[] = "::ffff:";

    if (bits == 32)
        return gonet__put_ipv4(p, b);
    if (!gonet__is_mapped(b))
        return gonet__put_ipv6(p, b);
    memcpy(p, mapped, sizeof(mapped));
    return gonet__put_ipv4(p + sizeof(mapped) - 1, b + 12);
}

char *gonet__put_netip(char *p, const gonet_netip_addr_t *a)
{
    return put_zone(gonet__put_bytes(p, a->b, a->bits), a);
}

const char *gonet_netip_addr_string(gonet_netip_addr_t a, char *buf, size_t size)
{
    static const char invalid[] = "invalid IP";
    char text[GONET__NETIP_ROOM];

    if (a.bits == 0)
        return gonet__deliver(buf, size, invalid, invalid + sizeof(invalid) - 1);
    if (size >= sizeof(text)) {
        *gonet__put_netip(buf, &a) = '\0';
        return buf;
    }
    return gonet__deliver(buf, size, text, gonet__put_netip(text, &a));
}

const char *gonet_netip_addr_string_expanded(gonet_netip_addr_t a, char *buf, size_t size)
{
    char text[GONET__NETIP_ROOM];
    char *p = text;

    if (a.bits != 128)
        return gonet_netip_addr_string(a, buf, size);
    for (size_t i = 0; i < 16; i += 2) {
        p = gonet__put_hex(p, a.b + i, 2);
        *p++ = ':';
    }
    return gonet__deliver(buf, size, text, put_zone(p - 1, &a));
}

const char *gonet_netip_addr_zone(gonet_netip_addr_t a, char *buf, size_t size)
{
    return gonet__deliver(buf, size, a.zone, a.zone + strnlen(a.zone, sizeof(a.zone)));
}

ssize_t gonet_netip_addr_append_to(gonet_netip_addr_t a, void *buf, size_t size)
{
    char text[GONET__NETIP_ROOM];

    return gonet__deliver_bytes(buf, size, text, a.bits != 0 ? gonet__put_netip(text, &a) : text);
}

ssize_t gonet_netip_addr_append_text(gonet_netip_addr_t a, void *buf, size_t size,
                                     gonet_error_t **err)
{
    return gonet__short_buffer(gonet_netip_addr_append_to(a, buf, size), err);
}

ssize_t gonet_netip_addr_marshal_text(gonet_netip_addr_t a, void *buf, size_t size,
                                      gonet_error_t **err)
{
    return gonet_netip_addr_append_text(a, buf, size, err);
}

int gonet_netip_addr_unmarshal_text(gonet_netip_addr_t *a, const void *text, size_t len,
                                    gonet_error_t **err)
{
    gonet_netip_addr_t parsed = {.bits = 0};

    gonet__error_clear(err);
    if (len > 0)
        parsed = gonet_netip_parse_addr_n(text, len, err);
    if (a != NULL)
        *a = parsed;
    return len > 0 && parsed.bits == 0 ? -1 : 0;
}

ssize_t gonet_netip_addr_append_binary(gonet_netip_addr_t a, void *buf, size_t size,
                                       gonet_error_t **err)
{
    uint8_t bytes[16 + GONET_ZONE_SIZE];

    return gonet__deliver_or_fail(buf, size, bytes, gonet__pack_netip(bytes, &a), err);
}

ssize_t gonet_netip_addr_marshal_binary(gonet_netip_addr_t a, void *buf, size_t size,
                                        gonet_error_t **err)
{
    return gonet_netip_addr_append_binary(a, buf, size, err);
}

uint8_t *gonet__pack_netip(uint8_t *p, const gonet_netip_addr_t *a)
{
    size_t zone_len = strnlen(a->zone, sizeof(a->zone));

    memcpy(p, a->b, 16);
    p += gonet__byte_len(a->bits);
    memcpy(p, a->zone, zone_len);
    return p + zone_len;
}

bool gonet__unpack_netip(gonet_netip_addr_t *a, const uint8_t *b, size_t len, bool want_zone,
                         gonet_error_t **err)
{
    size_t bytes = len < 16 ? len : 16;
    size_t zone_len = want_zone ? len - bytes : 0;
    const char *why = NULL;

    memset(a, 0, sizeof(*a));
    if (len == 0)
        return true; /* the zero value; b may be NULL */
    if (bytes != 4 && bytes != 16)
        why = "unexpected slice size";
    else if (zone_len >= sizeof(a->zone) || memchr(b + bytes, '\0', zone_len) != NULL)
        why = "zone is longer than 31 bytes or has a NUL byte";
    if (why != NULL) {
        if (err != NULL)
            *err = gonet_error_new(why);
        return false;
    }
    memcpy(a->b, b, bytes);
    memcpy(a->zone, b + bytes, zone_len);
    a->bits = (uint8_t)(bytes * 8);
    return true;
}

int gonet_netip_addr_unmarshal_binary(gonet_netip_addr_t *a, const void *b, size_t len,
                                      gonet_error_t **err)
{
    gonet_netip_addr_t unpacked;

    gonet__error_clear(err);
    if (!gonet__unpack_netip(&unpacked, b, len, true, err))
        return -1;
    if (a != NULL)
        *a = unpacked;
    return 0;
}
