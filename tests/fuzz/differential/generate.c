/*
 * Makes inputs for the differential run: texts put together of the pieces that addresses consist
 * of, some damaged afterwards. generate SEED COUNT
 */
#include "answers.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

/* SplitMix64 */
static unsigned below(unsigned n)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ z >> 31) % n);
}

static char text[2 * ANSWERS_MAX];
static size_t len;

static void add(const char *s)
{
    size_t n = strlen(s);

    if (len + n < ANSWERS_MAX) {
        memcpy(text + len, s, n);
        len += n;
    }
}

static void add_number(const char *format, unsigned v)
{
    char s[32];

    snprintf(s, sizeof(s), format, v);
    add(s);
}

static void add_ipv4(void)
{
    unsigned fields = below(20) == 0 ? below(7) : 4;

    for (unsigned i = 0; i < fields; i++) {
        if (i > 0)
            add(".");
        add_number(below(40) == 0 ? "0%u" : "%u", below(30) == 0 ? below(1000) : below(256));
    }
}

static void add_ipv6(void)
{
    unsigned groups = below(4) == 0 ? below(11) : 8;
    unsigned gap = below(2) == 0 ? below(9) : 99;

    if (gap != 99 && groups == 8)
        groups -= below(8);
    for (unsigned i = 0; i < groups; i++) {
        if (i == gap)
            add("::");
        else if (i > 0)
            add(":");
        if (below(25) == 0)
            add_ipv4();
        else
            add_number(below(8) == 0 ? "%04X" : "%x", below(3) == 0    ? 0
                                                      : below(40) == 0 ? below(0x20000)
                                                                       : below(0x10000));
    }
    if (gap != 99 && gap >= groups)
        add("::");
    if (below(6) == 0) {
        static const char *const zones[] = {"%eth0", "%", "%1", "%a%b", "%]", "%z:z", "%/"};
        add(zones[below(sizeof(zones) / sizeof(zones[0]))]);
    }
}

static void add_mac(void)
{
    static const char *const separators[] = {":", "-", ".", ""};
    const char *separator = separators[below(4)];
    unsigned n = below(3) == 0 ? below(22) : below(2) == 0 ? 6 : 8;

    for (unsigned i = 0; i < n; i++) {
        if (i > 0 && (*separator != '.' || i % 2 == 0))
            add(below(60) == 0 ? ":" : separator);
        add_number(below(60) == 0 ? "%x" : below(2) == 0 ? "%02x" : "%02X", below(256));
    }
}

static void add_address(void)
{
    switch (below(4)) {
    case 0:
        add_ipv4();
        break;
    case 1:
        add_mac();
        break;
    default:
        add_ipv6();
        break;
    }
}

static void make(void)
{
    len = 0;
    switch (below(4)) {
    case 0:
        add_address();
        break;
    case 1:
        add_address();
        add("/");
        add_number(below(20) == 0 ? "0%u" : "%u", below(140));
        break;
    case 2:
        add("[");
        add_address();
        add("]:");
        add_number("%u", below(70000));
        break;
    default:
        add_address();
        add(":");
        add_number(below(20) == 0 ? "+%u" : "%u", below(70000));
        break;
    }
}

static void damage(void)
{
    static const char letters[] = "0123456789abcdefABCDEFg:.%/[]-+ \xc3\xa9x";

    for (unsigned n = below(3) + 1; n > 0 && len > 0; n--) {
        size_t at = below((unsigned)len);
        char c = letters[below(sizeof(letters) - 1)];
        switch (below(3)) {
        case 0:
            text[at] = c;
            break;
        case 1:
            memmove(text + at, text + at + 1, len - at - 1);
            len--;
            break;
        default:
            memmove(text + at + 1, text + at, len - at);
            text[at] = c;
            len++;
            break;
        }
    }
}

/*
 * Inputs with a known difference: Go 1.19 still took groups of more than four digits, and signs and
 * leading zeros in netip's prefix lengths; the library refuses zones of more than 31 bytes.
 */
static bool is_known_difference(void)
{
    const char *percent = memchr(text, '%', len);
    unsigned digits = 0;

    for (size_t i = 0; i < len; i++) {
        digits = isxdigit((unsigned char)text[i]) ? digits + 1 : 0;
        if (digits > 4)
            return true;
        if (text[i] == '/' && i + 2 < len && strchr("0+-", text[i + 1]) != NULL)
            return true;
    }
    return percent != NULL && text + len - percent > 31;
}

int main(int argc, char **argv)
{
    state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    for (long count = argc > 2 ? atol(argv[2]) : 1000; count > 0; count--) {
        do {
            make();
            if (below(3) == 0)
                damage();
        } while (is_known_difference());
        for (size_t i = 0; i < len; i++)
            printf("%02x", (unsigned)(unsigned char)text[i]);
        putchar('\n');
    }
    return 0;
}
