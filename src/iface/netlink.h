/*
 * Asking the kernel for its tables over netlink. The exchange is with the kernel's memory alone, so
 * the calls don't park: they take some microseconds.
 */
#ifndef GONET_IFACE_NETLINK_H
#define GONET_IFACE_NETLINK_H

#include "iface/message.h"

/*
 * gonet__netlink_dump asks for a table (RTM_GETLINK, RTM_GETADDR) of all families and stores the
 * messages; *bytes is to be released with gonet__free. NULL, or the error (new reference):
 * SyscallError "netlinkrib", or gonet_err_no_memory.
 */
gonet_error_t *gonet__netlink_dump(uint16_t type, uint8_t **bytes, size_t *len);

#endif
