/*
 * netip.Prefix: an address without a zone, and the length of its network part.
 */
#include "gonet/netip.h"

#include <endian.h>

#include "addr/ip_bytes.h"
#include "addr/literal_parse.h"
#include "addr/netip_text.h"
#include "base/digits.h"

static gonet_netip_prefix_t make(const uint8_t b[16], unsigned addr_bits, int bits)
{
    gonet_netip_prefix_t p = {.addr_bits = (uint8_t)addr_bits};

    memcpy(p.b, b, 16);
    if (addr_bits != 0 && bits >= 0 && bits <= (int)addr_bits)
        p.bits_plus_one = (uint8_t)(bits + 1);
    return p;
}

gonet_netip_prefix_t gonet_netip_prefix_from(gonet_netip_addr_t addr, int bits)
{
    return make(addr.b, addr.bits, bits);
}

gonet_netip_addr_t gonet_netip_prefix_addr(gonet_netip_prefix_t p)
{
    gonet_netip_addr_t a = {.bits = p.addr_bits};

    memcpy(a.b, p.b, 16);
    return a;
}

int gonet_netip_prefix_bits(gonet_netip_prefix_t p)
{
    return p.bits_plus_one - 1;
}

bool gonet_netip_prefix_is_valid(gonet_netip_prefix_t p)
{
    return p.bits_plus_one > 0;
}

bool gonet_netip_prefix_is_single_ip(gonet_netip_prefix_t p)
{
    return p.bits_plus_one > 0 && p.bits_plus_one - 1 == p.addr_bits;
}

gonet_netip_prefix_t gonet_netip_prefix_masked(gonet_netip_prefix_t p)
{
    uint8_t mask[16] = {0};

    /* The fields are the program's to fill: a length that no address has must not write past mask.
     */
    if (p.bits_plus_one == 0 || p.bits_plus_one > 129)
        return (gonet_netip_prefix_t){.addr_bits = 0};
    gonet__fill_mask(mask, p.bits_plus_one - 1u);
    for (size_t i = 0; i < sizeof(mask); i++)
        p.b[i] &= mask[i];
    return p;
}

gonet_netip_prefix_t gonet_netip_addr_prefix(gonet_netip_addr_t a, int bits, gonet_error_t **err)
{
    gonet_error_t *e = NULL;
    gonet_netip_prefix_t p = {.addr_bits = 0};

    if (bits < 0)
        e = gonet_error_new("negative Prefix bits");
    else if (a.bits != 0 && bits > a.bits)
        e = gonet_error_errorf(NULL, "prefix length %d too large for %s", bits,
                               a.bits == 32 ? "IPv4" : "IPv6");
    else if (a.bits != 0)
        p = gonet_netip_prefix_masked(make(a.b, a.bits, bits));
    gonet_error_set(err, e);
    return p;
}

static inline uint64_t load(const uint8_t *b)
{
    uint64_t v;

    memcpy(&v, b, sizeof(v));
    return be64toh(v);
}

/* Whether the first n (all 128, if n is larger) bits of a and b are the same. Shifts stay below 64.
 */
static inline bool same_bits(const uint8_t *a, const uint8_t *b, unsigned n)
{
    uint64_t high = load(a) ^ load(b);

    if (n <= 64)
        return n == 0 || high >> (64 - n) == 0;
    if (n > 128)
        n = 128;
    return high == 0 && (load(a + 8) ^ load(b + 8)) >> (128 - n) == 0;
}

bool gonet_netip_prefix_contains(gonet_netip_prefix_t p, gonet_netip_addr_t a)
{
    if (p.bits_plus_one == 0 || a.zone[0] != '\0' || a.bits != p.addr_bits)
        return false;
    return same_bits(p.b, a.b, p.bits_plus_one - 1u);
}

bool gonet_netip_prefix_overlaps(gonet_netip_prefix_t a, gonet_netip_prefix_t b)
{
    unsigned shorter = a.bits_plus_one < b.bits_plus_one ? a.bits_plus_one : b.bits_plus_one;

    return shorter > 0 && a.addr_bits == b.addr_bits && same_bits(a.b, b.b, shorter - 1);
}

/* Whether s to end is what Go's Atoi takes after a look at the first digit: at most 63 bits. */
static bool is_number(const char *s, const char *end)
{
    int64_t n = 0;

    if (s == end || (end - s > 1 && *s == '0'))
        return false;
    for (; s < end; s++) {
        unsigned d = gonet__digit(*s);
        if (d > 9 || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (int)d, &n))
            return false;
    }
    return true;
}

/* The error of a text that parse_prefix refused, in the order in which Go finds it
 * (behaviour 4.22). */
static gonet_error_t *explain(const char *s, size_t len)
{
    gonet__buf_t text = {0};
    const char *slash = memrchr(s, '/', len);
    const char *end = s + len;
    uint8_t b[16];
    gonet__literal_t l = {0};

    gonet__buf_puts(&text, "netip.ParsePrefix(");
    gonet__buf_quote(&text, s, len);
    gonet__buf_puts(&text, "): ");
    if (slash != NULL)
        l = gonet__parse_literal(s, (size_t)(slash - s), b);
    if (slash == NULL) {
        gonet__buf_puts(&text, "no '/'");
    } else if (l.bits == 0) {
        gonet__literal_complain(&text, s, (size_t)(slash - s));
    } else if (l.zone != NULL) {
        gonet__buf_puts(&text, "IPv6 zones cannot be present in a prefix");
    } else if (!is_number(slash + 1, end)) {
        gonet__buf_puts(&text, "bad bits after slash: ");
        gonet__buf_quote(&text, slash + 1, (size_t)(end - slash) - 1);
    } else {
        gonet__buf_puts(&text, "prefix length out of range");
    }
    return gonet__text_error(&text);
}

/*
 * "/" and a length of up to max, without a leading zero, which is all that is left of the text from
 * s (NULL: no address was found) on: the length plus one; 0 if it is none.
 */
GONET__INLINE unsigned read_length(const char *s, const char *end, unsigned max)
{
    if (s == NULL || gonet__peek(s, end) != '/')
        return 0;
    unsigned n = gonet__digit(gonet__peek(++s, end));
    if (n > 9)
        return 0;
    for (s++; !gonet__at_end(s, end); s++) {
        unsigned d = gonet__digit(*s);
        if (d > 9 || n == 0 || n > 12)
            return 0;
        n = n * 10 + d;
    }
    return n <= max ? n + 1 : 0;
}

GONET__INLINE gonet_netip_prefix_t from_four(uint32_t four, unsigned bits_plus_one)
{
    return (gonet_netip_prefix_t){
        .b = {GONET__BYTES4(four)},
        .addr_bits = 32,
        .bits_plus_one = (uint8_t)bits_plus_one,
    };
}

/* What is not IPv4, or an error. */
GONET__INLINE gonet_netip_prefix_t parse_other(const char *s, const char *end, gonet_error_t **err)
{
    gonet__halves_t halves;
    const char *slash = gonet__read_groups(s, end, &halves);
    unsigned bits_plus_one = read_length(slash, end, 128);

    gonet__error_clear(err);
    if (bits_plus_one == 0) {
        if (err != NULL)
            *err = explain(s, end != NULL ? (size_t)(end - s) : strlen(s));
        return (gonet_netip_prefix_t){.addr_bits = 0};
    }
    return (gonet_netip_prefix_t){
        .b = {GONET__BYTES8(halves.high), GONET__BYTES8(halves.low)},
        .addr_bits = 128,
        .bits_plus_one = (uint8_t)bits_plus_one,
    };
}

gonet_netip_prefix_t gonet_netip_parse_prefix_n(const char *s, size_t len, gonet_error_t **err)
{
    uint32_t four;
    unsigned bits_plus_one;

    s = gonet__text(s);
    bits_plus_one = read_length(gonet__read_dotted(s, s + len, &four), s + len, 32);
    if (bits_plus_one == 0)
        return parse_other(s, s + len, err);
    gonet__error_clear(err);
    return from_four(four, bits_plus_one);
}

/* Not inlined, so that IPv4 needs no stack frame. */
GONET__NOINLINE static gonet_netip_prefix_t parse_other_string(const char *s, gonet_error_t **err)
{
    return parse_other(s, NULL, err);
}

gonet_netip_prefix_t gonet_netip_parse_prefix(const char *s, gonet_error_t **err)
{
    uint32_t four;
    unsigned bits_plus_one = read_length(gonet__read_dotted(s, NULL, &four), NULL, 32);

    if (bits_plus_one == 0)
        return parse_other_string(s, err);
    gonet__error_clear(err);
    return from_four(four, bits_plus_one);
}

gonet_netip_prefix_t gonet_netip_must_parse_prefix_n(const char *s, size_t len)
{
    gonet_error_t *err = NULL;
    gonet_netip_prefix_t p = gonet_netip_parse_prefix_n(s, len, &err);

    gonet__must(err);
    return p;
}

gonet_netip_prefix_t gonet_netip_must_parse_prefix(const char *s)
{
    return gonet_netip_must_parse_prefix_n(s, strlen(s));
}

static const char invalid[] = "invalid Prefix";

static char *put(char *p, const gonet_netip_prefix_t *prefix)
{
    if (prefix->bits_plus_one == 0) {
        memcpy(p, invalid, sizeof(invalid) - 1);
        return p + sizeof(invalid) - 1;
    }
    p = gonet__put_bytes(p, prefix->b, prefix->addr_bits);
    *p++ = '/';
    return gonet__put_octet(p, (uint8_t)(prefix->bits_plus_one - 1));
}

const char *gonet_netip_prefix_string(gonet_netip_prefix_t p, char *buf, size_t size)
{
    char text[GONET__NETIP_ROOM];

    if (size >= sizeof(text)) {
        *put(buf, &p) = '\0';
        return buf;
    }
    return gonet__deliver(buf, size, text, put(text, &p));
}

ssize_t gonet_netip_prefix_append_to(gonet_netip_prefix_t p, void *buf, size_t size)
{
    char text[GONET__NETIP_ROOM];

    return gonet__deliver_bytes(buf, size, text, p.addr_bits != 0 ? put(text, &p) : text);
}

ssize_t gonet_netip_prefix_append_text(gonet_netip_prefix_t p, void *buf, size_t size,
                                       gonet_error_t **err)
{
    return gonet__short_buffer(gonet_netip_prefix_append_to(p, buf, size), err);
}

ssize_t gonet_netip_prefix_marshal_text(gonet_netip_prefix_t p, void *buf, size_t size,
                                        gonet_error_t **err)
{
    return gonet_netip_prefix_append_text(p, buf, size, err);
}

int gonet_netip_prefix_unmarshal_text(gonet_netip_prefix_t *p, const void *text, size_t len,
                                      gonet_error_t **err)
{
    gonet_netip_prefix_t parsed = {.addr_bits = 0};

    gonet__error_clear(err);
    if (len > 0)
        parsed = gonet_netip_parse_prefix_n(text, len, err);
    if (p != NULL)
        *p = parsed;
    return len > 0 && parsed.addr_bits == 0 ? -1 : 0;
}

ssize_t gonet_netip_prefix_append_binary(gonet_netip_prefix_t p, void *buf, size_t size,
                                         gonet_error_t **err)
{
    uint8_t bytes[16 + 1];
    size_t len = gonet__byte_len(p.addr_bits);

    memcpy(bytes, p.b, 16);
    bytes[len] = (uint8_t)(p.bits_plus_one - 1);
    return gonet__deliver_or_fail(buf, size, bytes, bytes + len + 1, err);
}

ssize_t gonet_netip_prefix_marshal_binary(gonet_netip_prefix_t p, void *buf, size_t size,
                                          gonet_error_t **err)
{
    return gonet_netip_prefix_append_binary(p, buf, size, err);
}

int gonet_netip_prefix_unmarshal_binary(gonet_netip_prefix_t *p, const void *b, size_t len,
                                        gonet_error_t **err)
{
    const uint8_t *bytes = b;
    gonet_netip_addr_t a;

    gonet__error_clear(err);
    if (len < 1) {
        if (err != NULL)
            *err = gonet_error_new("unexpected slice size");
        return -1;
    }
    if (!gonet__unpack_netip(&a, bytes, len - 1, false, err))
        return -1;
    if (p != NULL)
        *p = make(a.b, a.bits, bytes[len - 1]);
    return 0;
}
