/*
 * Digits: tables and small helpers that scan and print decimal and hexadecimal numbers byte by
 * byte, without locale and without allocation.
 */
#ifndef GONET_BASE_DIGITS_H
#define GONET_BASE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* gonet__hex_value[c] is the value of the hexadecimal digit c, of either case; 0xff for any other
 * byte. */
extern const uint8_t gonet__hex_value[256];

/* gonet__hex_pair[b] holds the two lower-case hexadecimal digits of b. */
extern const char gonet__hex_pair[256][2];

/* gonet__octet_text[b] holds the decimal digits of b, then its length in the fourth byte. */
extern const char gonet__octet_text[256][4];

/* The most that gonet__put_uint and gonet__put_int write. */
enum { GONET__UINT_STRLEN = 20, GONET__INT_STRLEN = 20 };

/* gonet__digit returns c's value as a decimal digit, or more than 9. */
static inline unsigned gonet__digit(char c)
{
    return (unsigned)(unsigned char)c - '0';
}

/* gonet__put_octet writes v in decimal at p, where it touches 4 bytes, and returns the end. */
static inline char *gonet__put_octet(char *p, uint8_t v)
{
    const char *octet = gonet__octet_text[v];

    memcpy(p, octet, 4); /* the length byte, too: what follows overwrites it */
    return p + octet[3];
}

/* gonet__put_uint writes v in decimal at p, without a NUL, and returns the end. */
char *gonet__put_uint(char *p, uint64_t v);

/* gonet__put_int is the same with a sign in front of negative numbers. */
char *gonet__put_int(char *p, int64_t v);

/* gonet__put_hex writes two lower-case digits for each of the n bytes at b, and returns the end. */
char *gonet__put_hex(char *p, const uint8_t *b, size_t n);

/* The value from which gonet__scan_decimal refuses a number. */
enum { GONET__DECIMAL_BIG = 0xFFFFFF };

/*
 * gonet__scan_decimal reads the decimal digits that s begins with (behaviour 2.21): *used is how
 * many bytes it took. False if there is no digit (*value is 0), or from GONET__DECIMAL_BIG on
 * (*value is that).
 */
bool gonet__scan_decimal(const char *s, size_t len, int *value, size_t *used);

#endif
