/*
 * OpError: what almost every call of a connection, a listener or a dial fails with. It says which
 * operation failed, on which network and between which addresses, and wraps the reason.
 */
#ifndef GONET_OP_ERROR_H
#define GONET_OP_ERROR_H

#include "gonet/addr.h"
#include "gonet/error.h"

GONET_BEGIN_DECLS

/*
 * gonet_op_error_t is the read-only view of such an error; it lives as long as the error. source
 * and addr are NULL where there is none. Go: net.OpError.
 */
typedef struct {
    const char *op;
    const char *net;
    const gonet_addr_t *source;
    const gonet_addr_t *addr;
    const gonet_error_t *err;
} gonet_op_error_t;

/*
 * gonet_op_error_new makes "op net source->addr: err". net may be "", source and addr may be NULL
 * (an address of kind GONET_ADDR_NONE counts as NULL). Takes err; copies the rest. Returns
 * gonet_err_no_memory if memory is out. Go: &net.OpError{…}.
 */
GONET_API gonet_error_t *gonet_op_error_new(const char *op, const char *net,
                                            const gonet_addr_t *source, const gonet_addr_t *addr,
                                            gonet_error_t *err);

/* gonet_error_as_op returns the first OpError that err is or wraps, borrowed, or NULL. Go:
 * errors.As. */
GONET_API const gonet_op_error_t *gonet_error_as_op(const gonet_error_t *err);

GONET_END_DECLS

#endif
