/*
 * Quoting for error texts, as Go's strconv.Quote: printable characters stay, everything else
 * becomes an escape. Input that is not UTF-8 is shown byte by byte.
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/printable.h"

/*
 * Decodes the character that the n (> 0) bytes at p begin with, and returns its length. 0 if there
 * is none: a stray, missing or overlong continuation, a surrogate, or beyond U+10FFFF (RFC 3629).
 */
static size_t decode(const unsigned char *p, size_t n, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (len <= 1) {
        *c = p[0];
        return len;
    }
    if (len > n || p[0] > 0xf7)
        return 0;
    uint32_t v = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (p[i] & 0x3f);
    }
    if (v < least[len] || (v >= 0xd800 && v <= 0xdfff) || v > 0x10ffff)
        return 0;
    *c = v;
    return len;
}

static void put_escape(gonet__buf_t *b, uint32_t c)
{
    static const char letters[] = "abtnvfr"; /* of the bytes 7 to 13 */

    if (c >= 7 && c <= 13)
        gonet__buf_printf(b, "\\%c", letters[c - 7]);
    else if (c < 0x80)
        gonet__buf_printf(b, "\\x%02x", (unsigned)c);
    else if (c < 0x10000)
        gonet__buf_printf(b, "\\u%04x", (unsigned)c);
    else
        gonet__buf_printf(b, "\\U%08x", (unsigned)c);
}

void gonet__buf_quote(gonet__buf_t *b, const char *p, size_t n)
{
    gonet__buf_putc(b, '"');
    while (n > 0) {
        uint32_t c = 0;
        size_t len = decode((const unsigned char *)p, n, &c);
        if (len == 0) {
            gonet__buf_printf(b, "\\x%02x", (unsigned)(unsigned char)*p);
            len = 1;
        } else if (c == '"' || c == '\\') {
            gonet__buf_putc(b, '\\');
            gonet__buf_putc(b, (char)c);
        } else if (gonet__is_print(c)) {
            gonet__buf_put(b, p, len);
        } else {
            put_escape(b, c);
        }
        p += len;
        n -= len;
    }
    gonet__buf_putc(b, '"');
}
