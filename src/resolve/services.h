/*
 * Names of ports and of IP protocols: the built-in ones, and what /etc/services and /etc/protocols
 * add. The files are read once.
 */
#ifndef GONET_RESOLVE_SERVICES_H
#define GONET_RESOLVE_SERVICES_H

#include <stdbool.h>

#include "error/error.h"

/*
 * gonet__parse_port reads a port number; the result may be out of range. False: it is a service's
 * name (behaviour 2.8, 2.9).
 */
bool gonet__parse_port(const char *text, int *port);

/* gonet__lookup_port is gonet_lookup_port with an error (new reference) or NULL, and the port in
 * *port. */
gonet_error_t *gonet__lookup_port(const char *network, const char *service, int *port);

/* gonet__lookup_protocol finds the number of an IP protocol's name (behaviour 2.19). NULL or an
 * AddrError. */
gonet_error_t *gonet__lookup_protocol(const char *name, int *proto);

/* gonet__services_release forgets the files' contents: for shutdown, when nobody looks anything up.
 */
void gonet__services_release(void);

#endif
