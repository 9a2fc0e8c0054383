/*
 * Package net/netip: addresses, addresses with port, and prefixes that are small, comparable
 * values. The zero value of each is invalid and differs from 0.0.0.0 and ::. Unused bytes are zero,
 * so that equal values have equal bytes. The calls never wait; where one can fail, only its error
 * object is allocated.
 *
 * Three shapes recur: …_string writes a text with its NUL at buf and returns buf, or NULL with
 * errno ENOSPC; …_append_to writes the same bytes without a NUL and returns their number, or -1
 * with errno ENOSPC; …_append_text, …_marshal_text, …_append_binary and …_marshal_binary return
 * their number, or -1 with gonet_err_short_buffer. GONET_ADDR_STRLEN bytes are always enough.
 */
#ifndef GONET_NETIP_H
#define GONET_NETIP_H

#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/ip.h"

GONET_BEGIN_DECLS

/* gonet_netip_addr_t is an IPv4 or IPv6 address, the latter perhaps with a zone. Go: netip.Addr. */
typedef struct {
    uint8_t b[16];              /* IPv4: the first 4 */
    uint8_t bits;               /* 0: the zero value; 32; 128 */
    char zone[GONET_ZONE_SIZE]; /* "": none */
} gonet_netip_addr_t;

/* gonet_netip_addr_port_t is an address and a port. Go: netip.AddrPort. */
typedef struct {
    gonet_netip_addr_t addr;
    uint16_t port;
} gonet_netip_addr_port_t;

/* gonet_netip_prefix_t is an address without a zone, and the length of its network part. Go:
 * netip.Prefix. */
typedef struct {
    uint8_t b[16];
    uint8_t addr_bits;     /* as bits of gonet_netip_addr_t */
    uint8_t bits_plus_one; /* 0: invalid */
} gonet_netip_prefix_t;

/* gonet_netip_addr_from4 and _from16 make an address of bytes; a mapped one stays mapped. Go:
 * netip.AddrFrom4, AddrFrom16. */
GONET_API gonet_netip_addr_t gonet_netip_addr_from4(const uint8_t b[4]);
GONET_API gonet_netip_addr_t gonet_netip_addr_from16(const uint8_t b[16]);

/* gonet_netip_addr_from_slice takes 4 or 16 bytes; for another length the zero value, and *ok is
 * false. Go: netip.AddrFromSlice. */
GONET_API gonet_netip_addr_t gonet_netip_addr_from_slice(const void *b, size_t len, bool *ok);

/* 0.0.0.0. Go: netip.IPv4Unspecified. */
GONET_API gonet_netip_addr_t gonet_netip_ipv4_unspecified(void);
/* ::. Go: netip.IPv6Unspecified. */
GONET_API gonet_netip_addr_t gonet_netip_ipv6_unspecified(void);
/* ::1. Go: netip.IPv6Loopback. */
GONET_API gonet_netip_addr_t gonet_netip_ipv6_loopback(void);
/* ff02::1. Go: netip.IPv6LinkLocalAllNodes. */
GONET_API gonet_netip_addr_t gonet_netip_ipv6_link_local_all_nodes(void);
/* ff02::2. Go: netip.IPv6LinkLocalAllRouters. */
GONET_API gonet_netip_addr_t gonet_netip_ipv6_link_local_all_routers(void);

/*
 * gonet_netip_parse_addr reads "192.0.2.1", "2001:db8::1" or "fe80::1%zone". On failure the zero
 * value. Errors: one whose text says what is wrong, and where. Unlike Go's, a zone of more than 31
 * bytes, or with a NUL byte, is an error. Go: netip.ParseAddr.
 */
GONET_API gonet_netip_addr_t gonet_netip_parse_addr(const char *s, gonet_error_t **err);
GONET_API gonet_netip_addr_t gonet_netip_parse_addr_n(const char *s, size_t len,
                                                      gonet_error_t **err);

/* gonet_netip_must_parse_addr prints the error to standard error and aborts if s is no address. Go:
 * netip.MustParseAddr. */
GONET_API gonet_netip_addr_t gonet_netip_must_parse_addr(const char *s);
GONET_API gonet_netip_addr_t gonet_netip_must_parse_addr_n(const char *s, size_t len);

/* gonet_netip_addr_is_valid: not the zero value. Go: Addr.IsValid. */
GONET_API bool gonet_netip_addr_is_valid(gonet_netip_addr_t a);

/* gonet_netip_addr_bit_len returns 0, 32 or 128. Go: Addr.BitLen. */
GONET_API int gonet_netip_addr_bit_len(gonet_netip_addr_t a);

/* gonet_netip_addr_is4: IPv4, and not mapped. Go: Addr.Is4. */
GONET_API bool gonet_netip_addr_is4(gonet_netip_addr_t a);

/* gonet_netip_addr_is6: IPv6, mapped IPv4 included. Go: Addr.Is6. */
GONET_API bool gonet_netip_addr_is6(gonet_netip_addr_t a);

/* gonet_netip_addr_is4in6: mapped IPv4. Go: Addr.Is4In6. */
GONET_API bool gonet_netip_addr_is4in6(gonet_netip_addr_t a);

/* Predicates by range; all but the interface-local and the unspecified one look into mapped
 * addresses. */
GONET_API bool gonet_netip_addr_is_unspecified(
    gonet_netip_addr_t a); /* exactly 0.0.0.0 or ::, no zone */
GONET_API bool gonet_netip_addr_is_loopback(gonet_netip_addr_t a);
GONET_API bool gonet_netip_addr_is_private(gonet_netip_addr_t a);
GONET_API bool gonet_netip_addr_is_multicast(gonet_netip_addr_t a);
GONET_API bool gonet_netip_addr_is_interface_local_multicast(gonet_netip_addr_t a);
GONET_API bool gonet_netip_addr_is_link_local_multicast(gonet_netip_addr_t a);
GONET_API bool gonet_netip_addr_is_link_local_unicast(gonet_netip_addr_t a);
GONET_API bool gonet_netip_addr_is_global_unicast(gonet_netip_addr_t a);

/* gonet_netip_addr_unmap turns a mapped address into IPv4, without its zone; others stay. Go:
 * Addr.Unmap. */
GONET_API gonet_netip_addr_t gonet_netip_addr_unmap(gonet_netip_addr_t a);

/*
 * gonet_netip_addr_with_zone returns a with that zone, or without one for "". Only IPv6 has zones:
 * others stay. Unlike Go's, a zone of more than 31 bytes gives the zero value. Go: Addr.WithZone.
 */
GONET_API gonet_netip_addr_t gonet_netip_addr_with_zone(gonet_netip_addr_t a, const char *zone);

/* gonet_netip_addr_zone writes the zone, "" if there is none. GONET_ZONE_SIZE bytes are enough. Go:
 * Addr.Zone. */
GONET_API const char *gonet_netip_addr_zone(gonet_netip_addr_t a, char *buf, size_t size);

/*
 * gonet_netip_addr_as4 stores the 4 bytes of an IPv4 address, mapped or not; of any other it prints
 * Go's panic text to standard error and aborts. Go: Addr.As4.
 */
GONET_API void gonet_netip_addr_as4(gonet_netip_addr_t a, uint8_t out[4]);

/* gonet_netip_addr_as16 stores 16 bytes, IPv4 mapped; the zero value as 16 zeros. Go: Addr.As16. */
GONET_API void gonet_netip_addr_as16(gonet_netip_addr_t a, uint8_t out[16]);

/* gonet_netip_addr_as_slice writes 0, 4 or 16 bytes and returns how many, or -1 with errno ENOSPC.
 * Go: Addr.AsSlice. */
GONET_API ssize_t gonet_netip_addr_as_slice(gonet_netip_addr_t a, void *buf, size_t size);

/* gonet_netip_addr_compare orders by length, bits and zone: -1, 0 or 1. Go: Addr.Compare. */
GONET_API int gonet_netip_addr_compare(gonet_netip_addr_t a, gonet_netip_addr_t b);

/* gonet_netip_addr_less: compare < 0. Go: Addr.Less. */
GONET_API bool gonet_netip_addr_less(gonet_netip_addr_t a, gonet_netip_addr_t b);

/* gonet_netip_addr_next and _prev: the neighbours, with a's zone; the zero value if there is none.
 * Go: Addr.Next, Prev. */
GONET_API gonet_netip_addr_t gonet_netip_addr_next(gonet_netip_addr_t a);
GONET_API gonet_netip_addr_t gonet_netip_addr_prev(gonet_netip_addr_t a);

/*
 * gonet_netip_addr_prefix returns the prefix of that many bits that holds a, host bits cleared, no
 * zone; of the zero value, the zero value. Errors: bits negative or too large. Go: Addr.Prefix.
 */
GONET_API gonet_netip_prefix_t gonet_netip_addr_prefix(gonet_netip_addr_t a, int bits,
                                                       gonet_error_t **err);

/*
 * gonet_netip_addr_string writes a dotted, or as RFC 5952 with "%zone"; mapped as
 * "::ffff:192.0.2.1"; "invalid IP" for the zero value. Go: Addr.String.
 */
GONET_API const char *gonet_netip_addr_string(gonet_netip_addr_t a, char *buf, size_t size);

/* gonet_netip_addr_string_expanded writes all digits of IPv6; IPv4 as _string. Go:
 * Addr.StringExpanded. */
GONET_API const char *gonet_netip_addr_string_expanded(gonet_netip_addr_t a, char *buf,
                                                       size_t size);

/* gonet_netip_addr_append_to: as _string, but nothing for the zero value. Go: Addr.AppendTo. */
GONET_API ssize_t gonet_netip_addr_append_to(gonet_netip_addr_t a, void *buf, size_t size);

/* gonet_netip_addr_append_text and _marshal_text: as _string, but nothing for the zero value. Go:
 * Addr.AppendText, MarshalText. */
GONET_API ssize_t gonet_netip_addr_append_text(gonet_netip_addr_t a, void *buf, size_t size,
                                               gonet_error_t **err);
GONET_API ssize_t gonet_netip_addr_marshal_text(gonet_netip_addr_t a, void *buf, size_t size,
                                                gonet_error_t **err);

/* gonet_netip_addr_unmarshal_text: gonet_netip_parse_addr_n; no text is the zero value. 0, or -1
 * with *a zero. Go: (*Addr).UnmarshalText. */
GONET_API int gonet_netip_addr_unmarshal_text(gonet_netip_addr_t *a, const void *text, size_t len,
                                              gonet_error_t **err);

/* gonet_netip_addr_append_binary and _marshal_binary: 0, 4, or 16 bytes and the zone. Go:
 * Addr.AppendBinary, MarshalBinary. */
GONET_API ssize_t gonet_netip_addr_append_binary(gonet_netip_addr_t a, void *buf, size_t size,
                                                 gonet_error_t **err);
GONET_API ssize_t gonet_netip_addr_marshal_binary(gonet_netip_addr_t a, void *buf, size_t size,
                                                  gonet_error_t **err);

/*
 * gonet_netip_addr_unmarshal_binary reads what _marshal_binary wrote. Returns 0, or -1: then *a is
 * as it was. Errors: "unexpected slice size"; a zone that can't be held (more than 31 bytes, or a
 * NUL byte). Go: (*Addr).UnmarshalBinary.
 */
GONET_API int gonet_netip_addr_unmarshal_binary(gonet_netip_addr_t *a, const void *b, size_t len,
                                                gonet_error_t **err);

/* gonet_netip_addr_port_from joins an address and a port; neither is checked. Go:
 * netip.AddrPortFrom. */
GONET_API gonet_netip_addr_port_t gonet_netip_addr_port_from(gonet_netip_addr_t addr,
                                                             uint16_t port);

/*
 * gonet_netip_parse_addr_port reads "192.0.2.1:80" or "[2001:db8::1%zone]:80"; ports are decimal.
 * On failure the zero value. Go: netip.ParseAddrPort.
 */
GONET_API gonet_netip_addr_port_t gonet_netip_parse_addr_port(const char *s, gonet_error_t **err);
GONET_API gonet_netip_addr_port_t gonet_netip_parse_addr_port_n(const char *s, size_t len,
                                                                gonet_error_t **err);

/* gonet_netip_must_parse_addr_port aborts if s is none. Go: netip.MustParseAddrPort. */
GONET_API gonet_netip_addr_port_t gonet_netip_must_parse_addr_port(const char *s);
GONET_API gonet_netip_addr_port_t gonet_netip_must_parse_addr_port_n(const char *s, size_t len);

/* gonet_netip_addr_port_addr returns the address. Go: AddrPort.Addr. */
GONET_API gonet_netip_addr_t gonet_netip_addr_port_addr(gonet_netip_addr_port_t p);

/* gonet_netip_addr_port_port returns the port. Go: AddrPort.Port. */
GONET_API uint16_t gonet_netip_addr_port_port(gonet_netip_addr_port_t p);

/* gonet_netip_addr_port_is_valid: the address is. Go: AddrPort.IsValid. */
GONET_API bool gonet_netip_addr_port_is_valid(gonet_netip_addr_port_t p);

/* gonet_netip_addr_port_compare orders by address, then by port: -1, 0 or 1. Go: AddrPort.Compare.
 */
GONET_API int gonet_netip_addr_port_compare(gonet_netip_addr_port_t a, gonet_netip_addr_port_t b);

/* gonet_netip_addr_port_string writes "192.0.2.1:80" or "[::1%zone]:80"; "invalid AddrPort". Go:
 * AddrPort.String. */
GONET_API const char *gonet_netip_addr_port_string(gonet_netip_addr_port_t p, char *buf,
                                                   size_t size);

/* gonet_netip_addr_port_append_to: as _string, nothing for an invalid one. Go: AddrPort.AppendTo.
 */
GONET_API ssize_t gonet_netip_addr_port_append_to(gonet_netip_addr_port_t p, void *buf,
                                                  size_t size);

/* gonet_netip_addr_port_append_text and _marshal_text: as _append_to. Go: AddrPort.AppendText,
 * MarshalText. */
GONET_API ssize_t gonet_netip_addr_port_append_text(gonet_netip_addr_port_t p, void *buf,
                                                    size_t size, gonet_error_t **err);
GONET_API ssize_t gonet_netip_addr_port_marshal_text(gonet_netip_addr_port_t p, void *buf,
                                                     size_t size, gonet_error_t **err);

/* gonet_netip_addr_port_unmarshal_text: the parser; no text is the zero value. 0, or -1 with *p
 * zero. Go: (*AddrPort).UnmarshalText. */
GONET_API int gonet_netip_addr_port_unmarshal_text(gonet_netip_addr_port_t *p, const void *text,
                                                   size_t len, gonet_error_t **err);

/* gonet_netip_addr_port_append_binary and _marshal_binary: the address, then the port, low byte
 * first. Go: AddrPort.AppendBinary, MarshalBinary. */
GONET_API ssize_t gonet_netip_addr_port_append_binary(gonet_netip_addr_port_t p, void *buf,
                                                      size_t size, gonet_error_t **err);
GONET_API ssize_t gonet_netip_addr_port_marshal_binary(gonet_netip_addr_port_t p, void *buf,
                                                       size_t size, gonet_error_t **err);

/* gonet_netip_addr_port_unmarshal_binary: as gonet_netip_addr_unmarshal_binary. Go:
 * (*AddrPort).UnmarshalBinary. */
GONET_API int gonet_netip_addr_port_unmarshal_binary(gonet_netip_addr_port_t *p, const void *b,
                                                     size_t len, gonet_error_t **err);

/*
 * gonet_netip_prefix_from makes a prefix of an address, without its zone, and a length; host bits
 * stay. A length out of range makes it invalid, its _bits -1. Go: netip.PrefixFrom.
 */
GONET_API gonet_netip_prefix_t gonet_netip_prefix_from(gonet_netip_addr_t addr, int bits);

/* gonet_netip_parse_prefix reads "192.0.2.0/24" or "2001:db8::/32", without a zone. On failure the
 * zero value. Go: netip.ParsePrefix. */
GONET_API gonet_netip_prefix_t gonet_netip_parse_prefix(const char *s, gonet_error_t **err);
GONET_API gonet_netip_prefix_t gonet_netip_parse_prefix_n(const char *s, size_t len,
                                                          gonet_error_t **err);

/* gonet_netip_must_parse_prefix aborts if s is none. Go: netip.MustParsePrefix. */
GONET_API gonet_netip_prefix_t gonet_netip_must_parse_prefix(const char *s);
GONET_API gonet_netip_prefix_t gonet_netip_must_parse_prefix_n(const char *s, size_t len);

/* gonet_netip_prefix_addr returns the address. Go: Prefix.Addr. */
GONET_API gonet_netip_addr_t gonet_netip_prefix_addr(gonet_netip_prefix_t p);

/* gonet_netip_prefix_bits returns the length, -1 if invalid. Go: Prefix.Bits. */
GONET_API int gonet_netip_prefix_bits(gonet_netip_prefix_t p);

/* gonet_netip_prefix_is_valid: a valid address and a length in its range. Go: Prefix.IsValid. */
GONET_API bool gonet_netip_prefix_is_valid(gonet_netip_prefix_t p);

/* gonet_netip_prefix_is_single_ip: the length is the address's. Go: Prefix.IsSingleIP. */
GONET_API bool gonet_netip_prefix_is_single_ip(gonet_netip_prefix_t p);

/* gonet_netip_prefix_contains: never for an invalid prefix, the other family, or an address with
 * zone. Go: Prefix.Contains. */
GONET_API bool gonet_netip_prefix_contains(gonet_netip_prefix_t p, gonet_netip_addr_t a);

/* gonet_netip_prefix_overlaps: whether any address is in both. Go: Prefix.Overlaps. */
GONET_API bool gonet_netip_prefix_overlaps(gonet_netip_prefix_t a, gonet_netip_prefix_t b);

/* gonet_netip_prefix_masked clears the host bits; the zero value if invalid. Go: Prefix.Masked. */
GONET_API gonet_netip_prefix_t gonet_netip_prefix_masked(gonet_netip_prefix_t p);

/* gonet_netip_prefix_string writes "192.0.2.0/24"; "invalid Prefix". Go: Prefix.String. */
GONET_API const char *gonet_netip_prefix_string(gonet_netip_prefix_t p, char *buf, size_t size);

/* gonet_netip_prefix_append_to: as _string, nothing for the zero value. Go: Prefix.AppendTo. */
GONET_API ssize_t gonet_netip_prefix_append_to(gonet_netip_prefix_t p, void *buf, size_t size);

/* gonet_netip_prefix_append_text and _marshal_text: as _append_to. Go: Prefix.AppendText,
 * MarshalText. */
GONET_API ssize_t gonet_netip_prefix_append_text(gonet_netip_prefix_t p, void *buf, size_t size,
                                                 gonet_error_t **err);
GONET_API ssize_t gonet_netip_prefix_marshal_text(gonet_netip_prefix_t p, void *buf, size_t size,
                                                  gonet_error_t **err);

/* gonet_netip_prefix_unmarshal_text: the parser; no text is the zero value. 0, or -1 with *p zero.
 * Go: (*Prefix).UnmarshalText. */
GONET_API int gonet_netip_prefix_unmarshal_text(gonet_netip_prefix_t *p, const void *text,
                                                size_t len, gonet_error_t **err);

/* gonet_netip_prefix_append_binary and _marshal_binary: the address, then one byte with the length
 * (255 if invalid). Go: Prefix.AppendBinary, MarshalBinary. */
GONET_API ssize_t gonet_netip_prefix_append_binary(gonet_netip_prefix_t p, void *buf, size_t size,
                                                   gonet_error_t **err);
GONET_API ssize_t gonet_netip_prefix_marshal_binary(gonet_netip_prefix_t p, void *buf, size_t size,
                                                    gonet_error_t **err);

/* gonet_netip_prefix_unmarshal_binary: as gonet_netip_addr_unmarshal_binary; a length out of range
 * gives an invalid prefix. Go: (*Prefix).UnmarshalBinary. */
GONET_API int gonet_netip_prefix_unmarshal_binary(gonet_netip_prefix_t *p, const void *b,
                                                  size_t len, gonet_error_t **err);

GONET_END_DECLS

#endif
