/*
 * A connection in memory: two ends, each a gonet_conn_t, without a descriptor and without a buffer.
 */
#ifndef GONET_PIPE_H
#define GONET_PIPE_H

#include "gonet/conn.h"

GONET_BEGIN_DECLS

/*
 * gonet_pipe makes a synchronous, full-duplex connection in memory and stores its ends, each to
 * release with gonet_conn_free. The two may be used by tasks and threads alike.
 *
 * A write returns when reads at the other end have taken all its bytes; one write can serve several
 * reads, a read never spans two writes. A write of no bytes parks until a read meets it (which then
 * returns 0 without an error), and a read of no bytes until a write does. Reads and writes fail
 * with the bare gonet_err_closed_pipe once their own end is closed, writes also when the other end
 * is; reads then return 0 with gonet_eof. A deadline gives an OpError "read" or "write" over
 * gonet_err_deadline_exceeded; one over gonet_err_closed tells a task that would have to wait that
 * gonet_shutdown is under way. Closing never fails, also not for the second time. Addresses have
 * the network "pipe" and the text "pipe".
 *
 * Returns 0, or -1 with errno ENOMEM when memory is out, and then both are NULL. Go: net.Pipe.
 */
GONET_API GONET_NODISCARD int gonet_pipe(gonet_conn_t **a, gonet_conn_t **b);

GONET_END_DECLS

#endif
