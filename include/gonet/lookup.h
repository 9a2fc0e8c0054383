/*
 * Lookups that need no name server: the port of a service.
 */
#ifndef GONET_LOOKUP_H
#define GONET_LOOKUP_H

#include "gonet/error.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

/*
 * gonet_lookup_port returns the port of service on network ("tcp", "udp4", "ip" for either, …): a
 * number as it is (then the network does not matter), a name by the built-in table and
 * /etc/services. It does not park (the file is read once). -1 on failure: an AddrError or a
 * DNSError; that there is no such port is not said where the file can't be read for want of
 * descriptors or memory, but that. Go: net.LookupPort.
 */
GONET_API int gonet_lookup_port(const char *network, const char *service, gonet_error_t **err);

GONET_END_DECLS

#endif
