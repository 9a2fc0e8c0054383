/*
 * A socket as the basis of connections and listeners: the object, the descriptor, the network's
 * name and both addresses. Its functions are what all types on sockets share; they make Go's error
 * shapes.
 *
 * The object is small, since idle connections are many: addresses are kept as the kernel's bytes
 * behind the struct, and become gonet_addr_t when somebody asks.
 */
#ifndef GONET_CONN_SOCK_H
#define GONET_CONN_SOCK_H

#include "base/compiler.h"
#include "conn/object.h"
#include "socket/fd_io.h"
#include "socket/sockaddr.h"

/* The public form of both addresses, made once. */
typedef struct {
    gonet_addr_t local;
    gonet_addr_t remote;
} gonet__sock_addrs_t;

typedef struct {
    gonet__object_t object; /* first */
    gonet__fd_t fd;
    const char *net; /* static: "tcp", "tcp4", … */
    _Atomic(gonet__sock_addrs_t *) addrs;
    uint16_t tail;      /* where the addresses lie: this many bytes behind the struct's start */
    uint8_t room;       /* for each of the two */
    uint8_t local_len;  /* 0: none */
    uint8_t remote_len; /* 0: none */
} gonet__sock_t;

/* Which addresses an error tells. */
typedef enum {
    GONET__SHAPE_BOTH, /* source is the local address, addr the remote one */
    GONET__SHAPE_LOCAL /* addr is the local address */
} gonet__shape_t;

/*
 * gonet__sock_new makes an object of size bytes (its struct begins with a gonet__sock_t) for the
 * descriptor sysfd, which it takes. Zeroed beyond the sock. NULL when memory is out: sysfd is
 * closed then.
 */
gonet__sock_t *gonet__sock_new(size_t size, gonet__kind_t kind, gonet__type_t type,
                               const void *vtable, const char *net, int sysfd, int family,
                               int sotype);

/* gonet__sock_set_addrs stores the addresses, before anybody else knows the object; NULL: none. */
void gonet__sock_set_addrs(gonet__sock_t *s, const gonet__sockaddr_t *local,
                           const gonet__sockaddr_t *remote);

/* gonet__sock_remote_without_ip makes the stored remote address one without an IP: what was asked
 * for, where the kernel tells no peer (behaviour 7.13). */
void gonet__sock_remote_without_ip(gonet__sock_t *s);

/* gonet__sock_name fills in what getsockname says; of length 0 if it fails. */
void gonet__sock_name(int sysfd, gonet__sockaddr_t *sa);

/* gonet__sock_peer: the same with getpeername. */
void gonet__sock_peer(int sysfd, gonet__sockaddr_t *sa);

/* gonet__sock_local and _remote make the address, without allocation. */
void gonet__sock_local(const gonet__sock_t *s, gonet_addr_t *addr);
void gonet__sock_remote(const gonet__sock_t *s, gonet_addr_t *addr);

/* gonet__sock_met_itself says whether a connected s is its own peer, or doesn't know it
 * (behaviour 6.30). */
bool gonet__sock_met_itself(const gonet__sock_t *s);

/* gonet__net_static returns the static text of a known network name ("tcp4", …), or NULL. */
const char *gonet__net_static(const char *net);

/* gonet__sock_op_error makes the OpError of an operation on s; takes inner. */
gonet_error_t *gonet__sock_op_error(const gonet__sock_t *s, const char *op, gonet__shape_t shape,
                                    gonet_error_t *inner);

/*
 * gonet__sock_fail ends a call whose fd operation failed: sets *err to the OpError, and drops the
 * reference that the failure holds. Returns -1.
 */
GONET__COLD int gonet__sock_fail(gonet__sock_t *s, const char *op, gonet__shape_t shape,
                                 const gonet__fail_t *fail, gonet_error_t **err);

/*
 * gonet__sock_write_failed sets *err to the OpError of a write to addr (NULL: nowhere said), around
 * e, which it takes: "write udp L->ADDR: …". Returns -1.
 */
GONET__COLD ssize_t gonet__sock_write_failed(const gonet__sock_t *s, const gonet_addr_t *addr,
                                             gonet_error_t *e, gonet_error_t **err);

/* Slots that all types on sockets share; self is the sock. */
ssize_t gonet__sock_read(void *self, void *p, size_t len, gonet_error_t **err);
int gonet__sock_wait_readable(void *self, gonet_error_t **err);
int gonet__sock_leave_unborn(void *self, void (*fn)(void *arg), void *arg, gonet_error_t **err);
int gonet__sock_write(void *self, const void *p, size_t len, size_t *n, gonet_error_t **err);
/* With a copy of the pieces, which a writev changes. */
int gonet__sock_write_buffers(void *self, const struct iovec *v, size_t count, size_t *n,
                              gonet_error_t **err);
int gonet__sock_close(void *self, gonet_error_t **err);
const gonet_addr_t *gonet__sock_local_addr(void *self);
const gonet_addr_t *gonet__sock_remote_addr(void *self);
int gonet__sock_set_deadline(void *self, gonet_time_t t, gonet_error_t **err);
int gonet__sock_set_read_deadline(void *self, gonet_time_t t, gonet_error_t **err);
int gonet__sock_set_write_deadline(void *self, gonet_time_t t, gonet_error_t **err);
int gonet__sock_listener_set_deadline(void *self, gonet_time_t t, gonet_error_t **err);
int gonet__sock_close_read(void *self, gonet_error_t **err);
int gonet__sock_close_write(void *self, gonet_error_t **err);
int gonet__sock_file(void *self, gonet_error_t **err);
int gonet__sock_set_read_buffer(gonet__sock_t *s, int bytes, gonet_error_t **err);
int gonet__sock_set_write_buffer(gonet__sock_t *s, int bytes, gonet_error_t **err);

/* gonet__sock_read_lazy is gonet__fd_read_lazy with gonet__sock_read's errors. */
ssize_t gonet__sock_read_lazy(gonet__sock_t *s, size_t max, void **buffer, gonet_error_t **err);

/* gonet__sock_release closes if need be, and drops the owner's reference: the destroy slot. */
void gonet__sock_release(void *self);

/* gonet__object_sock returns the connection on a socket that o is, or NULL. */
gonet__sock_t *gonet__object_sock(void *o);

#endif
