/*
 * AddrError and ParseError, the errors of texts that are no address. Go: net.AddrError,
 * net.ParseError.
 */
#ifndef GONET_ADDR_ADDR_ERROR_H
#define GONET_ADDR_ADDR_ERROR_H

#include "error/error.h"
#include "gonet/ip.h"

/* gonet__addr_error makes "address ADDR: ERR", or just ERR if addr is "". Copies both.
 * gonet_err_no_memory without memory. */
gonet_error_t *gonet__addr_error(const char *err, const char *addr);

/* gonet__addr_error_n: the same for an address of len bytes. A NUL byte among them is shown as
 * \x00. */
gonet_error_t *gonet__addr_error_n(const char *err, const char *addr, size_t len);

/* gonet__parse_error makes "invalid TYPE: TEXT"; type must be static. gonet_err_no_memory without
 * memory. */
gonet_error_t *gonet__parse_error(const char *type, const char *text);

/* gonet__parse_error_n: the same for a text of len bytes. A NUL byte among them is shown as \x00.
 */
gonet_error_t *gonet__parse_error_n(const char *type, const char *text, size_t len);

#endif
