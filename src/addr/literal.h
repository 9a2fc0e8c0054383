/*
 * Address literals as bytes and text: what package net and package netip have in common. Pure
 * functions, nothing is allocated.
 */
#ifndef GONET_ADDR_LITERAL_H
#define GONET_ADDR_LITERAL_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "error/error.h"

/* A literal of len bytes, taken apart. */
typedef struct {
    unsigned bits;    /* 32, 128, or 0: it is none */
    const char *zone; /* without "%"; NULL: none */
    size_t zone_len;
} gonet__literal_t;

/*
 * gonet__parse_literal reads the address of len bytes at s, all of them. It stores 4 or 16 bytes in
 * out; on failure (bits 0) out holds rubbish.
 */
gonet__literal_t gonet__parse_literal(const char *s, size_t len, uint8_t out[16]);

/* gonet__literal_error makes netip's error for a literal that gonet__parse_literal refused
 * (behaviour 4.2 to 4.7). */
gonet_error_t *gonet__literal_error(const char *s, size_t len);

/* gonet__literal_complain appends the text of that error. */
void gonet__literal_complain(gonet__buf_t *text, const char *s, size_t len);

/* gonet__text_error makes an error of a buffer's text and releases it; gonet_err_no_memory if that
 * failed. */
gonet_error_t *gonet__text_error(gonet__buf_t *text);

/* Room that the writers below need at p: a few bytes more than the longest text. */
enum { GONET__IPV4_ROOM = 16, GONET__IPV6_ROOM = 44 };

/* gonet__put_ipv4 writes b dotted, and returns the end of the text; no NUL. */
char *gonet__put_ipv4(char *p, const uint8_t b[4]);

/* gonet__put_ipv6 writes b as RFC 5952 has it, mapped addresses in hexadecimal, too; no NUL. */
char *gonet__put_ipv6(char *p, const uint8_t b[16]);

/* gonet__is_mapped says whether b begins with ::ffff:0:0/96. */
static inline bool gonet__is_mapped(const uint8_t b[16])
{
    uint64_t zeros;
    uint32_t ones;

    memcpy(&zeros, b, sizeof(zeros));
    memcpy(&ones, b + 8, sizeof(ones));
    return zeros == 0 && ones == htobe32(0xffff);
}

/* gonet__deliver copies the text from start to end, with a NUL, to buf; NULL with errno ENOSPC if
 * it does not fit. */
const char *gonet__deliver(char *buf, size_t size, const char *start, const char *end);

/* gonet__deliver_bytes copies without a NUL; the length, or -1 with errno ENOSPC. */
ssize_t gonet__deliver_bytes(void *buf, size_t size, const void *start, const void *end);

/* gonet__deliver_or_fail is the same, with gonet_err_short_buffer; it clears err. */
ssize_t gonet__deliver_or_fail(void *buf, size_t size, const void *start, const void *end,
                               gonet_error_t **err);

#endif
