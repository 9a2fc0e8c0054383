/*
 * Hardware addresses (MAC-48, EUI-48, EUI-64, 20-octet InfiniBand) and interface flags: plain
 * values.
 */
#ifndef GONET_HARDWARE_H
#define GONET_HARDWARE_H

#include "gonet/error.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

/* Buffer sizes, the NUL included, that hold any text of the kind. */
#define GONET_HARDWARE_ADDR_STRLEN 96
#define GONET_FLAGS_STRLEN         64

/* gonet_hardware_addr_t is a physical address of len bytes, at most 32; 0 is Go's nil. Go:
 * net.HardwareAddr. */
typedef struct {
    uint8_t len;
    uint8_t b[32];
} gonet_hardware_addr_t;

/*
 * gonet_parse_mac reads 6, 8 or 20 octets as "00:00:5e:00:53:01", "00-00-5e-00-53-01" or
 * "0000.5e00.5301". The zero value on failure. Errors: AddrError. Go: net.ParseMAC.
 */
GONET_API gonet_hardware_addr_t gonet_parse_mac(const char *s, gonet_error_t **err);
GONET_API gonet_hardware_addr_t gonet_parse_mac_n(const char *s, size_t len, gonet_error_t **err);

/*
 * gonet_hardware_addr_string writes a as "00:00:5e:00:53:01"; no text for the zero value.
 * GONET_HARDWARE_ADDR_STRLEN bytes are enough. Returns buf, or NULL with errno ENOSPC.
 * Go: HardwareAddr.String.
 */
GONET_API const char *gonet_hardware_addr_string(gonet_hardware_addr_t a, char *buf, size_t size);

/* gonet_flags_t is a set of GONET_FLAG_… Go: net.Flags. */
typedef uint32_t gonet_flags_t;

#define GONET_FLAG_UP             ((gonet_flags_t)1)  /* administratively up */
#define GONET_FLAG_BROADCAST      ((gonet_flags_t)2)  /* can broadcast */
#define GONET_FLAG_LOOPBACK       ((gonet_flags_t)4)  /* is a loopback interface */
#define GONET_FLAG_POINT_TO_POINT ((gonet_flags_t)8)  /* belongs to a point-to-point link */
#define GONET_FLAG_MULTICAST      ((gonet_flags_t)16) /* can do multicast */
#define GONET_FLAG_RUNNING        ((gonet_flags_t)32) /* is in running state */

/*
 * gonet_flags_string writes the names of the flags with "|" between them, "0" for none.
 * GONET_FLAGS_STRLEN bytes are enough. Returns buf, or NULL with errno ENOSPC. Go: Flags.String.
 */
GONET_API const char *gonet_flags_string(gonet_flags_t f, char *buf, size_t size);

GONET_END_DECLS

#endif
