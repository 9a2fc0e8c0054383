/*
 * OpErrors about addresses that no gonet_addr_t can hold.
 */
#ifndef GONET_CONN_OP_ERROR_H
#define GONET_CONN_OP_ERROR_H

#include "gonet/op_error.h"

/*
 * gonet__op_error_named is gonet_op_error_new with the address told by its name alone: the text
 * shows it whole, the view has no addr. Takes err.
 */
gonet_error_t *gonet__op_error_named(const char *op, const char *net, const gonet_addr_t *source,
                                     const char *name, gonet_error_t *err);

#endif
