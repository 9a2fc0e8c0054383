/*
 * Why a text is no address, in netip's words (behaviour 4.2 to 4.7). Runs only after the readers of
 * literal_parse.c have said no, and goes over the text once more, in the order in which Go notices
 * things.
 */
#include "addr/literal.h"
#include "base/alloc.h"
#include "base/digits.h"

/* What is wrong, and the rest of the text from where it was noticed (NULL: not said). */
typedef struct {
    const char *why;
    const char *at;
    const char *end;
} complaint_t;

static complaint_t say(const char *why)
{
    return (complaint_t){why, NULL, NULL};
}

static complaint_t say_at(const char *why, const char *at, const char *end)
{
    return (complaint_t){why, at, end};
}

static const char no_room_for_zeros[] = "the :: must expand to at least one field of zeros";

/* Nothing (why is NULL) if the address is right: what stands around it is wrong. */
static complaint_t blame_ipv4(const char *s, const char *end)
{
    unsigned value = 0;
    unsigned digits = 0;
    unsigned dots = 0;

    for (const char *p = s; p < end; p++) {
        unsigned d = gonet__digit(*p);
        if (d <= 9) {
            if (digits == 1 && value == 0)
                return say("IPv4 field has octet with leading zero");
            value = value * 10 + d;
            digits++;
            if (value > 255)
                return say("IPv4 field has value >255");
        } else if (*p == '.') {
            if (digits == 0 || p + 1 == end)
                return say_at("IPv4 field must have at least one digit", p, end);
            if (++dots == 4)
                return say("IPv4 address too long");
            value = 0;
            digits = 0;
        } else {
            return say_at("unexpected character", p, end);
        }
    }
    return say(dots < 3 ? "IPv4 address too short" : NULL);
}

static complaint_t blame_embedded(const char *s, const char *end, unsigned count, bool gap)
{
    if (!gap && count != 6)
        return say_at("embedded IPv4 address must replace the final 2 fields of the address", s,
                      end);
    if (count > 6)
        return say_at("too many hex fields to fit an embedded IPv4 at the end of the address", s,
                      end);
    complaint_t c = blame_ipv4(s, end);
    return c.why != NULL ? c : say(no_room_for_zeros);
}

/* The part before the zone. */
static complaint_t blame_ipv6(const char *s, const char *end)
{
    unsigned count = 0;
    bool gap = false;

    if (end - s >= 2 && s[0] == ':' && s[1] == ':') {
        gap = true;
        s += 2;
    }
    while (count < 8 && s < end) {
        const char *p = s;
        while (p < end && gonet__hex_value[(unsigned char)*p] <= 15) {
            if (++p - s > 4)
                return say_at("each group must have 4 or less digits", s, end);
        }
        if (p == s)
            return say_at("each colon-separated field must have at least one digit", s, end);
        if (p < end && *p == '.')
            return blame_embedded(s, end, count, gap);
        count++;
        s = p;
        if (s == end)
            break;
        if (*s != ':')
            return say_at("unexpected character, want colon", s, end);
        if (s + 1 == end)
            return say_at("colon must be followed by more characters", s, end);
        if (*++s == ':') {
            if (gap)
                return say_at("multiple :: in address", s, end);
            gap = true;
            s++;
        }
    }
    if (s < end)
        return say_at("trailing garbage after address", s, end);
    return say(gap ? no_room_for_zeros : "address string too short");
}

/* '.', ':' or '%', whichever comes first and so decides what the text is taken for; 0 for none. */
static char kind(const char *s, const char *end)
{
    for (; s < end; s++) {
        if (*s == '.' || *s == ':' || *s == '%')
            return *s;
    }
    return 0;
}

static complaint_t blame(const char *s, const char *end)
{
    switch (kind(s, end)) {
    case '.':
        return blame_ipv4(s, end);
    case ':': {
        const char *percent = memchr(s, '%', (size_t)(end - s));
        if (percent != NULL && percent + 1 == end)
            return say("zone must be a non-empty string");
        return blame_ipv6(s, percent != NULL ? percent : end);
    }
    case '%':
        return say("missing IPv6 address");
    default:
        return say("unable to parse IP");
    }
}

void gonet__literal_complain(gonet__buf_t *text, const char *s, size_t len)
{
    complaint_t c = blame(s, s + len);

    gonet__buf_puts(text, "ParseAddr(");
    gonet__buf_quote(text, s, len);
    gonet__buf_printf(text, "): %s", c.why);
    if (c.at != NULL) {
        gonet__buf_puts(text, " (at ");
        gonet__buf_quote(text, c.at, (size_t)(c.end - c.at));
        gonet__buf_putc(text, ')');
    }
}

gonet_error_t *gonet__text_error(gonet__buf_t *text)
{
    char *s = gonet__buf_take(text);
    gonet_error_t *err = s != NULL ? gonet_error_new(s) : gonet_err_no_memory;

    gonet__free(s);
    return err;
}

gonet_error_t *gonet__literal_error(const char *s, size_t len)
{
    gonet__buf_t text = {0};

    gonet__literal_complain(&text, s, len);
    return gonet__text_error(&text);
}
