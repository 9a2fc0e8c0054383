/*
 * IP addresses, masks and networks as package net has them: plain values, copied with "=". The
 * calls here never wait and never fail for want of memory; where one can fail, only its error
 * object is allocated. Any task or thread may call them.
 */
#ifndef GONET_IP_H
#define GONET_IP_H

#include "gonet/error.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

#define GONET_IPV4_LEN 4
#define GONET_IPV6_LEN 16

/* Buffer sizes, the NUL included, that hold any text of the kind. */
#define GONET_IP_STRLEN      46
#define GONET_IP_MASK_STRLEN 33
#define GONET_ADDR_STRLEN    160 /* any address, network, prefix or zone */

/* Size of the zone field of addresses, the NUL included. */
#define GONET_ZONE_SIZE 32

/*
 * gonet_ip_t is an IP address of len bytes: 4, 16, or 0 for Go's nil. Other lengths up to 16 can be
 * written down and are invalid, as in Go; bytes from len on are zero. Go: net.IP.
 */
typedef struct {
    uint8_t len;
    uint8_t b[16];
} gonet_ip_t;

/* gonet_ip_mask_t is a mask of len bytes, 0 for Go's nil. Go: net.IPMask. */
typedef struct {
    uint8_t len;
    uint8_t b[16];
} gonet_ip_mask_t;

/* gonet_ip_net_t is a network: a number and a mask. Go: net.IPNet. */
typedef struct {
    gonet_ip_t ip;
    gonet_ip_mask_t mask;
} gonet_ip_net_t;

/* gonet_ipv4 returns a.b.c.d in its 16-byte form. Go: net.IPv4. */
GONET_API gonet_ip_t gonet_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

/* gonet_ipv4_mask returns the mask a.b.c.d of 4 bytes. Go: net.IPv4Mask. */
GONET_API gonet_ip_mask_t gonet_ipv4_mask(uint8_t a, uint8_t b, uint8_t c, uint8_t d);

/*
 * gonet_cidr_mask returns the mask of bits bits (32 or 128) that begins with ones 1-bits; the zero
 * value if there is no such mask. Go: net.CIDRMask.
 */
GONET_API gonet_ip_mask_t gonet_cidr_mask(int ones, int bits);

/*
 * gonet_parse_ip reads an address in dotted decimal or IPv6 form, without a zone. The result has 16
 * bytes (IPv4 is mapped); the zero value if s is no address. Go: net.ParseIP.
 */
GONET_API gonet_ip_t gonet_parse_ip(const char *s);
GONET_API gonet_ip_t gonet_parse_ip_n(const char *s, size_t len);

/*
 * gonet_parse_cidr reads an address and a prefix length, as in "192.0.2.1/24" (RFC 4632, RFC 4291).
 * It returns the address, of 16 bytes, and stores the network, with host bits cleared, in *net: of
 * 4 bytes for a dotted literal, else of 16. On failure both are zero. Errors: ParseError. Go:
 * net.ParseCIDR.
 */
GONET_API gonet_ip_t gonet_parse_cidr(const char *s, gonet_ip_net_t *net, gonet_error_t **err);
GONET_API gonet_ip_t gonet_parse_cidr_n(const char *s, size_t len, gonet_ip_net_t *net,
                                        gonet_error_t **err);

/*
 * gonet_ip_string writes ip as text at buf: dotted for IPv4 (also mapped), else RFC 5952; "<nil>"
 * for the zero value, "?" and hexadecimal digits for an invalid length. GONET_IP_STRLEN bytes are
 * enough. Returns buf, or NULL with errno ENOSPC if it does not fit. Go: IP.String.
 */
GONET_API const char *gonet_ip_string(gonet_ip_t ip, char *buf, size_t size);

/*
 * gonet_ip_append_text writes ip as gonet_ip_string does, but the zero value as no text, and
 * without a NUL. Returns the length, or -1. Errors: AddrError for an invalid length;
 * gonet_err_short_buffer if it does not fit. Go: IP.AppendText.
 */
GONET_API ssize_t gonet_ip_append_text(gonet_ip_t ip, void *buf, size_t size, gonet_error_t **err);

/* gonet_ip_marshal_text is gonet_ip_append_text. Go: IP.MarshalText. */
GONET_API ssize_t gonet_ip_marshal_text(gonet_ip_t ip, void *buf, size_t size, gonet_error_t **err);

/*
 * gonet_ip_unmarshal_text stores in *ip what gonet_parse_ip makes of len bytes of text; no text
 * gives the zero value. Returns 0, or -1 with *ip as it was. Errors: ParseError. Go:
 * (*IP).UnmarshalText.
 */
GONET_API int gonet_ip_unmarshal_text(gonet_ip_t *ip, const void *text, size_t len,
                                      gonet_error_t **err);

/* gonet_ip_is_unspecified: 0.0.0.0 or ::. Go: IP.IsUnspecified. */
GONET_API bool gonet_ip_is_unspecified(gonet_ip_t ip);

/* gonet_ip_is_loopback: 127.0.0.0/8 or ::1. Go: IP.IsLoopback. */
GONET_API bool gonet_ip_is_loopback(gonet_ip_t ip);

/* gonet_ip_is_private: RFC 1918 and fc00::/7 (RFC 4193). Go: IP.IsPrivate. */
GONET_API bool gonet_ip_is_private(gonet_ip_t ip);

/* gonet_ip_is_multicast: 224.0.0.0/4 or ff00::/8. Go: IP.IsMulticast. */
GONET_API bool gonet_ip_is_multicast(gonet_ip_t ip);

/* gonet_ip_is_interface_local_multicast: ff01::/16 with any flags; never IPv4. Go:
 * IP.IsInterfaceLocalMulticast. */
GONET_API bool gonet_ip_is_interface_local_multicast(gonet_ip_t ip);

/* gonet_ip_is_link_local_multicast: 224.0.0.0/24, or ff02::/16 with any flags. Go:
 * IP.IsLinkLocalMulticast. */
GONET_API bool gonet_ip_is_link_local_multicast(gonet_ip_t ip);

/* gonet_ip_is_link_local_unicast: 169.254.0.0/16 or fe80::/10. Go: IP.IsLinkLocalUnicast. */
GONET_API bool gonet_ip_is_link_local_unicast(gonet_ip_t ip);

/*
 * gonet_ip_is_global_unicast: a valid address that is neither unspecified, loopback, multicast,
 * link-local nor the IPv4 broadcast address. Private addresses count as global. Go:
 * IP.IsGlobalUnicast.
 */
GONET_API bool gonet_ip_is_global_unicast(gonet_ip_t ip);

/* gonet_ip_default_mask returns the mask of an IPv4 address's class; the zero value for others. Go:
 * IP.DefaultMask. */
GONET_API gonet_ip_mask_t gonet_ip_default_mask(gonet_ip_t ip);

/* gonet_ip_equal: an IPv4 address equals its mapped form. Go: IP.Equal. */
GONET_API bool gonet_ip_equal(gonet_ip_t a, gonet_ip_t b);

/*
 * gonet_ip_mask returns ip with the bits outside mask cleared; the zero value if their lengths do
 * not go together. Go: IP.Mask.
 */
GONET_API gonet_ip_t gonet_ip_mask(gonet_ip_t ip, gonet_ip_mask_t mask);

/* gonet_ip_to4 returns the 4-byte form of an IPv4 address; the zero value for others. Go: IP.To4.
 */
GONET_API gonet_ip_t gonet_ip_to4(gonet_ip_t ip);

/* gonet_ip_to16 returns the 16-byte form; the zero value for an invalid length. Go: IP.To16. */
GONET_API gonet_ip_t gonet_ip_to16(gonet_ip_t ip);

/*
 * gonet_ip_mask_size returns the number of leading 1-bits and stores the mask's length in *bits.
 * Both are 0 if the ones are not contiguous. Go: IPMask.Size.
 */
GONET_API int gonet_ip_mask_size(gonet_ip_mask_t m, int *bits);

/*
 * gonet_ip_mask_string writes the mask in hexadecimal, "<nil>" for the zero value.
 * GONET_IP_MASK_STRLEN bytes are enough. Returns buf, or NULL with errno ENOSPC. Go: IPMask.String.
 */
GONET_API const char *gonet_ip_mask_string(gonet_ip_mask_t m, char *buf, size_t size);

/* gonet_ip_net_contains says whether ip is in the network. Go: (*IPNet).Contains. */
GONET_API bool gonet_ip_net_contains(const gonet_ip_net_t *net, gonet_ip_t ip);

/* gonet_ip_net_network returns "ip+net", static. Go: (*IPNet).Network. */
GONET_API const char *gonet_ip_net_network(const gonet_ip_net_t *net);

/*
 * gonet_ip_net_string writes "192.0.2.0/24", or the mask in hexadecimal if it is not contiguous;
 * "<nil>" for NULL or an invalid network. GONET_ADDR_STRLEN bytes are enough. Returns buf, or NULL
 * with errno ENOSPC. Go: (*IPNet).String.
 */
GONET_API const char *gonet_ip_net_string(const gonet_ip_net_t *net, char *buf, size_t size);

/* Well-known IPv4 addresses, in their 16-byte form. */
GONET_API extern const gonet_ip_t gonet_ipv4_bcast;     /* 255.255.255.255 */
GONET_API extern const gonet_ip_t gonet_ipv4_allsys;    /* 224.0.0.1 */
GONET_API extern const gonet_ip_t gonet_ipv4_allrouter; /* 224.0.0.2 */
GONET_API extern const gonet_ip_t gonet_ipv4_zero;      /* 0.0.0.0 */

/* Well-known IPv6 addresses. */
GONET_API extern const gonet_ip_t gonet_ipv6_zero;                      /* :: */
GONET_API extern const gonet_ip_t gonet_ipv6_unspecified;               /* :: */
GONET_API extern const gonet_ip_t gonet_ipv6_loopback;                  /* ::1 */
GONET_API extern const gonet_ip_t gonet_ipv6_interface_local_all_nodes; /* ff01::1 */
GONET_API extern const gonet_ip_t gonet_ipv6_link_local_all_nodes;      /* ff02::1 */
GONET_API extern const gonet_ip_t gonet_ipv6_link_local_all_routers;    /* ff02::2 */

/* gonet_addr_error_t is a text that is no address, or not the right one; read-only. Go:
 * net.AddrError. */
typedef struct {
    const char *err;
    const char *addr;
} gonet_addr_error_t;

/* gonet_error_as_addr returns the first AddrError that err is or wraps, borrowed, or NULL. Go:
 * errors.As. */
GONET_API const gonet_addr_error_t *gonet_error_as_addr(const gonet_error_t *err);

/* gonet_parse_error_t is a text of the wrong format; read-only. Go: net.ParseError. */
typedef struct {
    const char *type;
    const char *text;
} gonet_parse_error_t;

/* gonet_error_as_parse returns the first ParseError that err is or wraps, borrowed, or NULL. Go:
 * errors.As. */
GONET_API const gonet_parse_error_t *gonet_error_as_parse(const gonet_error_t *err);

GONET_END_DECLS

#endif
