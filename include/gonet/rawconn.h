/*
 * Raw connections: the way to the descriptor under a connection, for socket options and system
 * calls that the library does not offer, while the library still does the waiting.
 */
#ifndef GONET_RAWCONN_H
#define GONET_RAWCONN_H

#include "gonet/error.h"
#include "gonet/export.h"

GONET_BEGIN_DECLS

/*
 * gonet_raw_conn_t reaches the descriptor of the connection or listener it came from. It does not
 * keep that one open: after the close its calls fail with the closed error. Counted. Go:
 * syscall.RawConn.
 */
typedef struct gonet_raw_conn gonet_raw_conn_t;

/*
 * gonet_raw_conn_control calls f(arg, fd) once; the descriptor stays open until f returns.
 * Deadlines don't matter. f must not close fd; a close of the connection from inside f takes effect
 * when f returns. Returns 0, or -1 with an OpError "raw-control". Go: RawConn.Control.
 */
GONET_API int gonet_raw_conn_control(gonet_raw_conn_t *c, void (*f)(void *arg, int fd), void *arg,
                                     gonet_error_t **err);

/*
 * gonet_raw_conn_read calls f(arg, fd) until it returns true, parking before each further call
 * until the descriptor is readable; f must be prepared to find nothing there. It excludes other
 * reads. Returns 0, or -1 with an OpError "raw-read": closed (a task also by gonet_shutdown), or
 * the read deadline. A listener's fails with EINVAL. Go: RawConn.Read.
 */
GONET_API int gonet_raw_conn_read(gonet_raw_conn_t *c, bool (*f)(void *arg, int fd), void *arg,
                                  gonet_error_t **err);

/* gonet_raw_conn_write: the same for writing, with an OpError "raw-write". Go: RawConn.Write. */
GONET_API int gonet_raw_conn_write(gonet_raw_conn_t *c, bool (*f)(void *arg, int fd), void *arg,
                                   gonet_error_t **err);

/* gonet_raw_conn_ref adds an owner and returns c. */
GONET_API gonet_raw_conn_t *gonet_raw_conn_ref(gonet_raw_conn_t *c);

/* gonet_raw_conn_free drops an owner. NULL is fine. */
GONET_API void gonet_raw_conn_free(gonet_raw_conn_t *c);

GONET_DEFINE_AUTO(gonet_raw_conn_t, gonet_raw_conn_free)

GONET_END_DECLS

#endif
