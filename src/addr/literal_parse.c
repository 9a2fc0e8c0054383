/*
 * The parts of reading a literal that are in no hurry: its zone, and IPv4 inside IPv6.
 */
#include "addr/literal_parse.h"

#include "addr/literal.h"

const char *gonet__read_embedded(const char *s, const char *end, uint32_t *value)
{
    return gonet__read_dotted(s, end, value);
}

gonet__literal_t gonet__parse_literal(const char *s, size_t len, uint8_t out[16])
{
    gonet__literal_t l = {0};
    const char *end = s + len;
    const char *p = gonet__read_literal(s, end, out, &l.bits);

    if (p == end)
        return l;
    if (p != NULL && *p == '%' && l.bits == 128 && p + 1 < end) {
        l.zone = p + 1;
        l.zone_len = (size_t)(end - l.zone);
        return l;
    }
    return (gonet__literal_t){0};
}
