/*
 * Texts of the form host:port. The calls here never wait; any task or thread may call them.
 */
#ifndef GONET_HOSTPORT_H
#define GONET_HOSTPORT_H

#include "gonet/error.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

/*
 * gonet_split_host_port splits "host:port", "host%zone:port", "[host]:port" or "[host%zone]:port"
 * into host (or host%zone, without brackets) and port, written with a NUL to the caller's buffers.
 * Neither is looked at more closely. host and port may be NULL: not wanted.
 *
 * Returns 0, or -1 with both results "". Errors: AddrError for another format;
 * gonet_err_short_buffer if a result does not fit (strlen(hostport) + 1 bytes for each are always
 * enough). Go: net.SplitHostPort.
 */
GONET_API int gonet_split_host_port(const char *hostport, char *host, size_t host_size, char *port,
                                    size_t port_size, gonet_error_t **err);

/* gonet_split_host_port_n: the same for len bytes; a NUL byte among them is an AddrError. */
GONET_API int gonet_split_host_port_n(const char *hostport, size_t len, char *host,
                                      size_t host_size, char *port, size_t port_size,
                                      gonet_error_t **err);

/*
 * gonet_join_host_port writes "host:port", or "[host]:port" if host has a colon.
 * Returns buf, or NULL with errno ENOSPC if it does not fit: strlen(host) + strlen(port) + 4 bytes
 * are always enough. Go: net.JoinHostPort.
 */
GONET_API const char *gonet_join_host_port(const char *host, const char *port, char *buf,
                                           size_t size);

GONET_END_DECLS

#endif
