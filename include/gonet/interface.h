/*
 * Network interfaces: what there is, their unicast and multicast addresses, as the kernel tells at
 * the time of the call. The calls ask the kernel over netlink; they don't park, but for a moment's
 * wait for each other. Any task or thread may call them.
 *
 * Arrays are one allocation, to be released with gonet_free, and never NULL on success. Errors are
 * an OpError "route ip+net" over a syscall error or a text.
 */
#ifndef GONET_INTERFACE_H
#define GONET_INTERFACE_H

#include "gonet/addr.h"
#include "gonet/error.h"
#include "gonet/export.h"
#include "gonet/hardware.h"

GONET_BEGIN_DECLS

/* gonet_interface_t describes an interface: a plain value. Go: net.Interface. */
typedef struct {
    int index;           /* positive, never used twice; 0 is none */
    int mtu;             /* maximum transmission unit, in bytes */
    gonet_flags_t flags; /* GONET_FLAG_… */
    char name[16];       /* "en0", "lo0", "eth0.100" */
    gonet_hardware_addr_t hardware_addr;
    uint64_t reserved[4];
} gonet_interface_t;

/* gonet_interfaces returns all interfaces and stores their number in *n. NULL on failure. Go:
 * net.Interfaces. */
GONET_API GONET_NODISCARD gonet_interface_t *gonet_interfaces(size_t *n, gonet_error_t **err);

/*
 * gonet_interface_by_index stores the interface with that index in *ifi. Returns 0, or -1: "no such
 * network interface", or "invalid network interface index" if index is not positive. Go:
 * net.InterfaceByIndex.
 */
GONET_API int gonet_interface_by_index(int index, gonet_interface_t *ifi, gonet_error_t **err);

/* gonet_interface_by_name: the same for a name; "invalid network interface name" for "". Go:
 * net.InterfaceByName. */
GONET_API int gonet_interface_by_name(const char *name, gonet_interface_t *ifi,
                                      gonet_error_t **err);

/*
 * gonet_interface_addrs returns the unicast addresses of all interfaces, as networks
 * (GONET_ADDR_IP_NET: "192.0.2.1/24"), without telling which is whose. NULL on failure. Go:
 * net.InterfaceAddrs.
 */
GONET_API GONET_NODISCARD gonet_addr_t *gonet_interface_addrs(size_t *n, gonet_error_t **err);

/* gonet_interface_unicast_addrs returns those of one interface; "invalid network interface" if ifi
 * is NULL. Go: (*Interface).Addrs. */
GONET_API GONET_NODISCARD gonet_addr_t *gonet_interface_unicast_addrs(const gonet_interface_t *ifi,
                                                                      size_t *n,
                                                                      gonet_error_t **err);

/*
 * gonet_interface_multicast_addrs returns the multicast groups that the interface has joined, as
 * addresses (GONET_ADDR_IP). They come from /proc/net; without it there are none. Go:
 * (*Interface).MulticastAddrs.
 */
GONET_API GONET_NODISCARD gonet_addr_t *gonet_interface_multicast_addrs(
    const gonet_interface_t *ifi, size_t *n, gonet_error_t **err);

GONET_END_DECLS

#endif
