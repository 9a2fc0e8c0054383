/*
 * What netlink's answers say: pure functions over bytes, which may be anything. Interfaces and
 * addresses come out as the public values.
 */
#ifndef GONET_IFACE_MESSAGE_H
#define GONET_IFACE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "gonet/addr.h"
#include "gonet/error.h"
#include "gonet/interface.h"

/* Bytes that are read from the front. */
typedef struct {
    const uint8_t *p;
    size_t len;
} gonet__nl_bytes_t;

/* A message's header, and what follows it. */
typedef struct {
    uint16_t type;
    uint16_t flags;
    uint32_t seq;
    uint32_t pid;
    gonet__nl_bytes_t body;
} gonet__nl_message_t;

/*
 * gonet__nl_next_message takes the next message off rest: 1; 0 when none is left (fewer bytes than
 * a header has don't count), -1 when its length can't be.
 */
int gonet__nl_next_message(gonet__nl_bytes_t *rest, gonet__nl_message_t *m);

/*
 * gonet__nl_links makes the interfaces out of a table of RTM_NEWLINK messages; with an index other
 * than 0 only that one. *list is one allocation (gonet__free), never NULL on success. NULL, or the
 * error (new reference): SyscallError "parsenetlink…", or gonet_err_no_memory.
 */
gonet_error_t *gonet__nl_links(gonet__nl_bytes_t table, int index, gonet_interface_t **list,
                               size_t *n);

/* gonet__nl_addrs: the same for the unicast addresses (GONET_ADDR_IP_NET) of RTM_NEWADDR messages.
 */
gonet_error_t *gonet__nl_addrs(gonet__nl_bytes_t table, int index, gonet_addr_t **list, size_t *n);

#endif
