/*
 * Unix domain sockets: streams ("unix"), datagrams ("unixgram") and records ("unixpacket"). The
 * addresses are in gonet/addr.h: a name is a path, or, if it begins with "@", an abstract name,
 * which is in no directory. An unnamed end has the name "@".
 *
 * Listeners remove their path when they are closed; nothing else removes paths, so one that was
 * left behind has to be removed before the next listen.
 */
#ifndef GONET_UNIXSOCK_H
#define GONET_UNIXSOCK_H

#include "gonet/conn.h"

GONET_BEGIN_DECLS

/* gonet_unix_conn_t is a unix socket: connected, or one that exchanges datagrams with anybody. Go:
 * net.UnixConn. */
typedef struct gonet_unix_conn gonet_unix_conn_t;

/* gonet_unix_listener_t is a unix listener. Go: net.UnixListener. */
typedef struct gonet_unix_listener gonet_unix_listener_t;

/*
 * gonet_dial_unix connects to raddr on network "unix", "unixgram" or "unixpacket", from laddr if
 * that is not NULL: its name is then bound, and stays when the connection is closed. A datagram
 * socket may have a laddr alone. It parks, without a time limit; a full backlog fails at once
 * (EAGAIN). Release with gonet_unix_conn_free. NULL with an OpError "dial" on failure. Go:
 * net.DialUnix.
 */
GONET_API GONET_NODISCARD gonet_unix_conn_t *gonet_dial_unix(const char *network,
                                                             const gonet_unix_addr_t *laddr,
                                                             const gonet_unix_addr_t *raddr,
                                                             gonet_error_t **err);

/*
 * gonet_listen_unix listens on laddr on network "unix" or "unixpacket"; an empty name lets the
 * kernel choose an abstract one. Release with gonet_unix_listener_free. NULL with an OpError
 * "listen" on failure: EADDRINUSE also for a path that nobody listens on any more. Go:
 * net.ListenUnix.
 */
GONET_API GONET_NODISCARD gonet_unix_listener_t *gonet_listen_unix(const char *network,
                                                                   const gonet_unix_addr_t *laddr,
                                                                   gonet_error_t **err);

/*
 * gonet_listen_unixgram binds a datagram socket to laddr; network is "unixgram". Closing it does
 * not remove the path. Release with gonet_unix_conn_free. Go: net.ListenUnixgram.
 */
GONET_API GONET_NODISCARD gonet_unix_conn_t *gonet_listen_unixgram(const char *network,
                                                                   const gonet_unix_addr_t *laddr,
                                                                   gonet_error_t **err);

/*
 * gonet_resolve_unix_addr makes an address of a network and a name, without looking at the file
 * system. 0, or -1: an UnknownNetworkError, or EINVAL for a name that no address can hold. Go:
 * net.ResolveUnixAddr.
 */
GONET_API int gonet_resolve_unix_addr(const char *network, const char *address,
                                      gonet_unix_addr_t *addr, gonet_error_t **err);

/* Casts: the same object; upwards always, downwards NULL if it is something else (or NULL). */
GONET_API gonet_conn_t *gonet_unix_conn_as_conn(gonet_unix_conn_t *c);
GONET_API gonet_packet_conn_t *gonet_unix_conn_as_packet_conn(gonet_unix_conn_t *c);
GONET_API gonet_reader_t *gonet_unix_conn_as_reader(gonet_unix_conn_t *c);
GONET_API gonet_writer_t *gonet_unix_conn_as_writer(gonet_unix_conn_t *c);
GONET_API gonet_unix_conn_t *gonet_conn_as_unix(gonet_conn_t *c);
GONET_API gonet_unix_conn_t *gonet_packet_conn_as_unix(gonet_packet_conn_t *c);
GONET_API gonet_listener_t *gonet_unix_listener_as_listener(gonet_unix_listener_t *l);
GONET_API gonet_unix_listener_t *gonet_listener_as_unix(gonet_listener_t *l);

/*
 * gonet_unix_conn_read … set_write_deadline are those of gonet/conn.h. A read of a datagram or
 * record takes one, cut to len. A record of no bytes reads as gonet_eof, a datagram of no bytes as
 * 0. Go: UnixConn.Read, …
 */
GONET_API ssize_t gonet_unix_conn_read(gonet_unix_conn_t *c, void *p, size_t len,
                                       gonet_error_t **err);
GONET_API ssize_t gonet_unix_conn_write(gonet_unix_conn_t *c, const void *p, size_t len,
                                        gonet_error_t **err);
GONET_API int gonet_unix_conn_write_count(gonet_unix_conn_t *c, const void *p, size_t len,
                                          size_t *n, gonet_error_t **err);
GONET_API int gonet_unix_conn_close(gonet_unix_conn_t *c, gonet_error_t **err);
GONET_API const gonet_addr_t *gonet_unix_conn_local_addr(gonet_unix_conn_t *c);
GONET_API const gonet_addr_t *gonet_unix_conn_remote_addr(gonet_unix_conn_t *c);
GONET_API int gonet_unix_conn_set_deadline(gonet_unix_conn_t *c, gonet_time_t t,
                                           gonet_error_t **err);
GONET_API int gonet_unix_conn_set_read_deadline(gonet_unix_conn_t *c, gonet_time_t t,
                                                gonet_error_t **err);
GONET_API int gonet_unix_conn_set_write_deadline(gonet_unix_conn_t *c, gonet_time_t t,
                                                 gonet_error_t **err);

/* gonet_unix_conn_close_read and _close_write shut down one direction. Go: UnixConn.CloseRead,
 * CloseWrite. */
GONET_API int gonet_unix_conn_close_read(gonet_unix_conn_t *c, gonet_error_t **err);
GONET_API int gonet_unix_conn_close_write(gonet_unix_conn_t *c, gonet_error_t **err);

/*
 * gonet_unix_conn_read_from_unix reads as gonet_unix_conn_read does and stores who sent it in *addr
 * (may be NULL); of an unnamed sender all zero. Parks. The count; at a stream's end 0 with an
 * OpError over gonet_eof; -1 on failure. Go: UnixConn.ReadFromUnix.
 */
GONET_API ssize_t gonet_unix_conn_read_from_unix(gonet_unix_conn_t *c, void *p, size_t len,
                                                 gonet_unix_addr_t *addr, gonet_error_t **err);

/* gonet_unix_conn_read_from: the same with any kind of address; GONET_ADDR_NONE for an unnamed
 * sender. Go: UnixConn.ReadFrom. */
GONET_API ssize_t gonet_unix_conn_read_from(gonet_unix_conn_t *c, void *p, size_t len,
                                            gonet_addr_t *addr, gonet_error_t **err);

/*
 * gonet_unix_conn_read_msg_unix reads a message into b and its control data (descriptors,
 * credentials: cmsg(3)) into oob, stores the control data's length in *oobn, the kernel's flags in
 * *flags and the sender in *addr (each may be NULL). Descriptors come close-on-exec, and are the
 * caller's. With no room in b but in oob, one byte of a stream or record is taken and thrown away,
 * and the count is 1. Returns as gonet_unix_conn_read_from_unix. Go: UnixConn.ReadMsgUnix.
 */
GONET_API ssize_t gonet_unix_conn_read_msg_unix(gonet_unix_conn_t *c, void *b, size_t len,
                                                void *oob, size_t oob_len, size_t *oobn, int *flags,
                                                gonet_unix_addr_t *addr, gonet_error_t **err);

/*
 * gonet_unix_conn_write_to_unix sends one message to addr. len, or -1:
 * gonet_err_write_to_connected on a connection that was dialed; EAFNOSUPPORT if addr is of another
 * network than c. Go: UnixConn.WriteToUnix.
 */
GONET_API ssize_t gonet_unix_conn_write_to_unix(gonet_unix_conn_t *c, const void *p, size_t len,
                                                const gonet_unix_addr_t *addr, gonet_error_t **err);

/* gonet_unix_conn_write_to: the same; EINVAL if addr is NULL or no unix address. Go:
 * UnixConn.WriteTo. */
GONET_API ssize_t gonet_unix_conn_write_to(gonet_unix_conn_t *c, const void *p, size_t len,
                                           const gonet_addr_t *addr, gonet_error_t **err);

/*
 * gonet_unix_conn_write_msg_unix sends b with control data to addr; NULL means the peer. With no b
 * but control data one NUL byte goes out on streams and records, which can't carry it alone.
 * Returns len with *oobn = oob_len (may be NULL), or -1. A datagram socket that was dialed can't
 * send this way (gonet_err_write_to_connected). Go: UnixConn.WriteMsgUnix.
 */
GONET_API ssize_t gonet_unix_conn_write_msg_unix(gonet_unix_conn_t *c, const void *b, size_t len,
                                                 const void *oob, size_t oob_len,
                                                 const gonet_unix_addr_t *addr, size_t *oobn,
                                                 gonet_error_t **err);

/* gonet_unix_conn_set_read_buffer and _set_write_buffer set the kernel's buffer sizes, in bytes. */
GONET_API int gonet_unix_conn_set_read_buffer(gonet_unix_conn_t *c, int bytes, gonet_error_t **err);
GONET_API int gonet_unix_conn_set_write_buffer(gonet_unix_conn_t *c, int bytes,
                                               gonet_error_t **err);

/* gonet_unix_conn_file returns a duplicate of the descriptor, as gonet_tcp_conn_file does. Go:
 * UnixConn.File. */
GONET_API int gonet_unix_conn_file(gonet_unix_conn_t *c, gonet_error_t **err);

/* gonet_unix_conn_syscall_conn returns a raw connection, to release with gonet_raw_conn_free. Go:
 * UnixConn.SyscallConn. */
GONET_API GONET_NODISCARD gonet_raw_conn_t *gonet_unix_conn_syscall_conn(gonet_unix_conn_t *c,
                                                                         gonet_error_t **err);

/* gonet_unix_conn_ref adds an owner and returns c. */
GONET_API gonet_unix_conn_t *gonet_unix_conn_ref(gonet_unix_conn_t *c);

/*
 * gonet_unix_conn_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless it was closed before, as gonet_unix_conn_close does: only for
 * calls that are in the kernel, or in a raw connection's function, right now.
 */
GONET_API void gonet_unix_conn_free(gonet_unix_conn_t *c);

/* gonet_unix_listener_accept parks until there is a connection: gonet_listener_accept. Go:
 * UnixListener.Accept. */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_unix_listener_accept(gonet_unix_listener_t *l,
                                                                   gonet_error_t **err);

/* gonet_unix_listener_accept_unix: the same with the concrete type. Go: UnixListener.AcceptUnix. */
GONET_API GONET_NODISCARD gonet_unix_conn_t *gonet_unix_listener_accept_unix(
    gonet_unix_listener_t *l, gonet_error_t **err);

/* gonet_unix_listener_close removes the path, unless told otherwise, and stops listening; a forked
 * child's close only gives up the child's copy. Go: UnixListener.Close. */
GONET_API int gonet_unix_listener_close(gonet_unix_listener_t *l, gonet_error_t **err);
GONET_API const gonet_addr_t *gonet_unix_listener_addr(gonet_unix_listener_t *l);

/* gonet_unix_listener_set_deadline: accepts after t fail. A closed listener gives the bare closed
 * error. */
GONET_API int gonet_unix_listener_set_deadline(gonet_unix_listener_t *l, gonet_time_t t,
                                               gonet_error_t **err);

/*
 * gonet_unix_listener_set_unlink_on_close says whether the first close in this process removes the
 * path: it does by default in the process that made the listener, unless it was made of a file.
 * A forked child that lives on instead of its parent says true. Never for an abstract name. Go:
 * UnixListener.SetUnlinkOnClose.
 */
GONET_API void gonet_unix_listener_set_unlink_on_close(gonet_unix_listener_t *l, bool unlink);
GONET_API int gonet_unix_listener_file(gonet_unix_listener_t *l, gonet_error_t **err);

/* gonet_unix_listener_syscall_conn: a raw connection that offers control alone. Go:
 * UnixListener.SyscallConn. */
GONET_API GONET_NODISCARD gonet_raw_conn_t *gonet_unix_listener_syscall_conn(
    gonet_unix_listener_t *l, gonet_error_t **err);

/* gonet_unix_listener_ref adds an owner and returns l. */
GONET_API gonet_unix_listener_t *gonet_unix_listener_ref(gonet_unix_listener_t *l);

/*
 * gonet_unix_listener_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless it was closed before, as gonet_unix_listener_close does: only
 * for calls that are in the kernel, or in a raw connection's function, right now.
 */
GONET_API void gonet_unix_listener_free(gonet_unix_listener_t *l);

GONET_DEFINE_AUTO(gonet_unix_conn_t, gonet_unix_conn_free)
GONET_DEFINE_AUTO(gonet_unix_listener_t, gonet_unix_listener_free)

GONET_END_DECLS

#endif
