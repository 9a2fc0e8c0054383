/*
 * The text of IP addresses and masks, and back.
 */
#include "gonet/ip.h"

#include "addr/addr_error.h"
#include "addr/ip_bytes.h"
#include "addr/literal_parse.h"
#include "base/digits.h"

static char *put_words(char *p, const char *words)
{
    size_t n = strlen(words);

    memcpy(p, words, n);
    return p + n;
}

char *gonet__put_ip(char *p, const gonet_ip_t *ip)
{
    const uint8_t *four = gonet__ip_four(ip);

    if (four != NULL)
        return gonet__put_ipv4(p, four);
    if (ip->len == 16)
        return gonet__put_ipv6(p, ip->b);
    if (ip->len == 0)
        return put_words(p, "<nil>");
    *p++ = '?';
    return gonet__put_hex(p, ip->b, gonet__ip_len(ip));
}

const char *gonet_ip_string(gonet_ip_t ip, char *buf, size_t size)
{
    char text[GONET_IP_STRLEN];

    if (size >= sizeof(text)) {
        *gonet__put_ip(buf, &ip) = '\0';
        return buf;
    }
    return gonet__deliver(buf, size, text, gonet__put_ip(text, &ip));
}

ssize_t gonet_ip_append_text(gonet_ip_t ip, void *buf, size_t size, gonet_error_t **err)
{
    char text[GONET_IP_STRLEN];
    char *end = text;

    if (ip.len == 4 || ip.len == 16) {
        end = gonet__put_ip(text, &ip);
    } else if (ip.len != 0) {
        *gonet__put_hex(text, ip.b, gonet__ip_len(&ip)) = '\0';
        gonet_error_set(err, err != NULL ? gonet__addr_error("invalid IP address", text) : NULL);
        return -1;
    }
    return gonet__deliver_or_fail(buf, size, text, end, err);
}

ssize_t gonet_ip_marshal_text(gonet_ip_t ip, void *buf, size_t size, gonet_error_t **err)
{
    return gonet_ip_append_text(ip, buf, size, err);
}

GONET__INLINE gonet_ip_t from_four(uint32_t four)
{
    return (gonet_ip_t){16, {[10] = 0xff, 0xff, GONET__BYTES4(four)}};
}

/* A zone's "%" is as wrong here as any other character. */
GONET__INLINE gonet_ip_t parse_ipv6(const char *s, const char *end)
{
    gonet__halves_t halves;
    const char *p = gonet__read_groups(s, end, &halves);

    if (p == NULL || !gonet__at_end(p, end))
        return (gonet_ip_t){0};
    return (gonet_ip_t){16, {GONET__BYTES8(halves.high), GONET__BYTES8(halves.low)}};
}

gonet_ip_t gonet_parse_ip_n(const char *s, size_t len)
{
    uint32_t four;
    const char *end;

    s = gonet__text(s);
    end = s + len;
    return gonet__read_dotted(s, end, &four) == end ? from_four(four) : parse_ipv6(s, end);
}

/* Not inlined, so that IPv4 needs no stack frame. */
GONET__NOINLINE static gonet_ip_t parse_ipv6_string(const char *s)
{
    return parse_ipv6(s, NULL);
}

gonet_ip_t gonet_parse_ip(const char *s)
{
    uint32_t four;
    const char *end = gonet__read_dotted(s, NULL, &four);

    return end != NULL && *end == '\0' ? from_four(four) : parse_ipv6_string(s);
}

int gonet_ip_unmarshal_text(gonet_ip_t *ip, const void *text, size_t len, gonet_error_t **err)
{
    gonet_ip_t parsed = {0};

    gonet__error_clear(err);
    if (len > 0)
        parsed = gonet_parse_ip_n(text, len);
    if (len > 0 && parsed.len == 0) {
        if (err != NULL)
            *err = gonet__parse_error_n("IP address", text, len);
        return -1;
    }
    if (ip != NULL)
        *ip = parsed;
    return 0;
}

const char *gonet_ip_mask_string(gonet_ip_mask_t m, char *buf, size_t size)
{
    char text[GONET_IP_MASK_STRLEN];
    char *end =
        m.len == 0 ? put_words(text, "<nil>") : gonet__put_hex(text, m.b, m.len <= 16 ? m.len : 16);

    return gonet__deliver(buf, size, text, end);
}
