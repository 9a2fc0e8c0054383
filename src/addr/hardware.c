/*
 * Hardware addresses and interface flags.
 */
#include "gonet/hardware.h"

#include <string.h>

#include "addr/addr_error.h"
#include "addr/literal.h"
#include "base/digits.h"

/*
 * Reads n octets at s, separated by sep after every "every" octets, to out. False if a digit or a
 * separator is missing.
 */
static bool read_octets(const char *s, size_t n, size_t every, char sep, uint8_t *out)
{
    for (size_t i = 0, left = every; i < n; i++) {
        unsigned high = gonet__hex_value[(unsigned char)s[0]];
        unsigned low = gonet__hex_value[(unsigned char)s[1]];
        if ((high | low) > 15)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
        s += 2;
        if (--left == 0 && i + 1 < n) {
            if (*s++ != sep)
                return false;
            left = every;
        }
    }
    return true;
}

/* Returns how many octets s has; 0 if it is no hardware address. */
static size_t read_mac(const char *s, size_t len, uint8_t out[32])
{
    size_t n = 0;
    size_t every = 1;
    char sep = '.';

    if (len < sizeof("0000.0000.0000") - 1)
        return 0;
    if (s[2] == ':' || s[2] == '-') {
        n = (len + 1) % 3 == 0 ? (len + 1) / 3 : 0;
        sep = s[2];
    } else if (s[4] == '.') {
        n = (len + 1) % 5 == 0 ? 2 * (len + 1) / 5 : 0;
        every = 2;
    }
    if (n != 6 && n != 8 && n != 20)
        return 0;
    return read_octets(s, n, every, sep, out) ? n : 0;
}

gonet_hardware_addr_t gonet_parse_mac_n(const char *s, size_t len, gonet_error_t **err)
{
    gonet_hardware_addr_t a = {0};

    gonet__error_clear(err);
    a.len = (uint8_t)read_mac(s, len, a.b);
    if (a.len == 0) {
        a = (gonet_hardware_addr_t){0};
        if (err != NULL)
            *err = gonet__addr_error_n("invalid MAC address", s, len);
    }
    return a;
}

gonet_hardware_addr_t gonet_parse_mac(const char *s, gonet_error_t **err)
{
    return gonet_parse_mac_n(s, strlen(s), err);
}

const char *gonet_hardware_addr_string(gonet_hardware_addr_t a, char *buf, size_t size)
{
    char text[GONET_HARDWARE_ADDR_STRLEN];
    char *p = text;
    size_t len = a.len <= sizeof(a.b) ? a.len : sizeof(a.b);

    for (size_t i = 0; i < len; i++) {
        memcpy(p, gonet__hex_pair[a.b[i]], 2);
        p += 2;
        *p++ = ':';
    }
    return gonet__deliver(buf, size, text, len > 0 ? p - 1 : p);
}

const char *gonet_flags_string(gonet_flags_t f, char *buf, size_t size)
{
    static const char *const names[] = {"up",           "broadcast", "loopback",
                                        "pointtopoint", "multicast", "running"};
    char text[GONET_FLAGS_STRLEN];
    char *p = text;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((f & (gonet_flags_t)1 << i) == 0)
            continue;
        if (p > text)
            *p++ = '|';
        size_t n = strlen(names[i]);
        memcpy(p, names[i], n);
        p += n;
    }
    if (p == text)
        *p++ = '0';
    return gonet__deliver(buf, size, text, p);
}
