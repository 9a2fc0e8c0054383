/*
 * Pieces of netip's texts and binary forms that addresses, addresses with port and prefixes share.
 */
#ifndef GONET_ADDR_NETIP_TEXT_H
#define GONET_ADDR_NETIP_TEXT_H

#include "addr/literal.h"
#include "gonet/netip.h"

/* Room for any text of this package, and for what the writers touch beyond its end. */
enum { GONET__NETIP_ROOM = GONET_ADDR_STRLEN };

/* gonet__byte_len returns how many bytes an address of that many bits has: no more than there are,
 * whatever a program wrote into the field. */
static inline size_t gonet__byte_len(unsigned bits)
{
    return bits <= 128 ? bits / 8 : 16;
}

/* gonet__put_bytes writes an address of 32 or 128 bits, without a NUL. */
char *gonet__put_bytes(char *p, const uint8_t b[16], unsigned bits);

/* gonet__put_netip writes a valid address with its zone, without a NUL. */
char *gonet__put_netip(char *p, const gonet_netip_addr_t *a);

/*
 * gonet__make_netip turns a literal that was parsed (its bytes are in a->b already) into an
 * address. False if its zone can't be held.
 */
bool gonet__make_netip(gonet_netip_addr_t *a, const gonet__literal_t *l);

/* gonet__zone_error makes the error for such a zone, of the literal of len bytes at s. */
gonet_error_t *gonet__zone_error(const char *s, size_t len);

/* gonet__pack_netip writes the binary form (at most 16 + GONET_ZONE_SIZE bytes) and returns its
 * end. */
uint8_t *gonet__pack_netip(uint8_t *p, const gonet_netip_addr_t *a);

/*
 * gonet__unpack_netip reads the binary form; false if it is none or, with want_zone, if its zone
 * can't be held. Then *err is set, and *a rubbish.
 */
bool gonet__unpack_netip(gonet_netip_addr_t *a, const uint8_t *b, size_t len, bool want_zone,
                         gonet_error_t **err);

/* gonet__is_clear says whether there is no error to release: the quick ways leave err alone. */
static inline bool gonet__is_clear(gonet_error_t **err)
{
    return err == NULL || *err == NULL;
}

/* gonet__short_buffer clears err, or sets it to gonet_err_short_buffer if n is -1, and returns n.
 */
static inline ssize_t gonet__short_buffer(ssize_t n, gonet_error_t **err)
{
    gonet_error_set(err, n < 0 ? gonet_err_short_buffer : NULL);
    return n;
}

/* gonet__must prints err's text to standard error and aborts, if there is one. */
void gonet__must(const gonet_error_t *err);

#endif
