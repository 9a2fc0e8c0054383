/*
 * TCP connections and listeners. The addresses are in gonet/addr.h.
 *
 * A connection made by a dial, an accept or from a file has TCP_NODELAY set and, unless configured
 * otherwise, keep-alive (15 s, 15 s, 9 probes).
 */
#ifndef GONET_TCP_H
#define GONET_TCP_H

#include "gonet/conn.h"
#include "gonet/keepalive.h"

GONET_BEGIN_DECLS

/* gonet_tcp_conn_t is a TCP connection. Go: net.TCPConn. */
typedef struct gonet_tcp_conn gonet_tcp_conn_t;

/* gonet_tcp_listener_t is a TCP listener. Go: net.TCPListener. */
typedef struct gonet_tcp_listener gonet_tcp_listener_t;

/*
 * gonet_dial_tcp connects to raddr on network "tcp", "tcp4" or "tcp6", from laddr if that is not
 * NULL; an address without an IP means this host. It parks, without a time limit. Release with
 * gonet_tcp_conn_free. Returns NULL with an OpError "dial" on failure. Go: net.DialTCP.
 */
GONET_API GONET_NODISCARD gonet_tcp_conn_t *gonet_dial_tcp(const char *network,
                                                           const gonet_tcp_addr_t *laddr,
                                                           const gonet_tcp_addr_t *raddr,
                                                           gonet_error_t **err);

/*
 * gonet_listen_tcp listens on laddr; NULL means all addresses and a free port, port 0 a free port.
 * Release with gonet_tcp_listener_free. NULL with an OpError "listen" on failure. Go:
 * net.ListenTCP.
 */
GONET_API GONET_NODISCARD gonet_tcp_listener_t *gonet_listen_tcp(const char *network,
                                                                 const gonet_tcp_addr_t *laddr,
                                                                 gonet_error_t **err);

/*
 * gonet_resolve_tcp_addr turns "host:port" into an address; a name or a service is looked up.
 * network is "tcp", "tcp4", "tcp6" or "". 0, or -1. Go: net.ResolveTCPAddr.
 */
GONET_API int gonet_resolve_tcp_addr(const char *network, const char *address,
                                     gonet_tcp_addr_t *addr, gonet_error_t **err);

/* Casts: the same object; upwards always, downwards NULL if it is something else (or NULL). */
GONET_API gonet_conn_t *gonet_tcp_conn_as_conn(gonet_tcp_conn_t *c);
GONET_API gonet_reader_t *gonet_tcp_conn_as_reader(gonet_tcp_conn_t *c);
GONET_API gonet_writer_t *gonet_tcp_conn_as_writer(gonet_tcp_conn_t *c);
GONET_API gonet_tcp_conn_t *gonet_conn_as_tcp(gonet_conn_t *c);
GONET_API gonet_listener_t *gonet_tcp_listener_as_listener(gonet_tcp_listener_t *l);
GONET_API gonet_tcp_listener_t *gonet_listener_as_tcp(gonet_listener_t *l);

/* gonet_tcp_conn_read … set_write_deadline are those of gonet/conn.h. Go: TCPConn.Read, … */
GONET_API ssize_t gonet_tcp_conn_read(gonet_tcp_conn_t *c, void *p, size_t len,
                                      gonet_error_t **err);
GONET_API ssize_t gonet_tcp_conn_write(gonet_tcp_conn_t *c, const void *p, size_t len,
                                       gonet_error_t **err);
GONET_API int gonet_tcp_conn_write_count(gonet_tcp_conn_t *c, const void *p, size_t len, size_t *n,
                                         gonet_error_t **err);
GONET_API int gonet_tcp_conn_close(gonet_tcp_conn_t *c, gonet_error_t **err);
GONET_API const gonet_addr_t *gonet_tcp_conn_local_addr(gonet_tcp_conn_t *c);
GONET_API const gonet_addr_t *gonet_tcp_conn_remote_addr(gonet_tcp_conn_t *c);
GONET_API int gonet_tcp_conn_set_deadline(gonet_tcp_conn_t *c, gonet_time_t t, gonet_error_t **err);
GONET_API int gonet_tcp_conn_set_read_deadline(gonet_tcp_conn_t *c, gonet_time_t t,
                                               gonet_error_t **err);
GONET_API int gonet_tcp_conn_set_write_deadline(gonet_tcp_conn_t *c, gonet_time_t t,
                                                gonet_error_t **err);

/*
 * gonet_tcp_conn_close_read shuts down the reading side: a blocked read ends with gonet_eof.
 * gonet_tcp_conn_close_write shuts down the writing side: the peer reads the end. Go:
 * TCPConn.CloseRead, CloseWrite.
 */
GONET_API int gonet_tcp_conn_close_read(gonet_tcp_conn_t *c, gonet_error_t **err);
GONET_API int gonet_tcp_conn_close_write(gonet_tcp_conn_t *c, gonet_error_t **err);

/*
 * gonet_tcp_conn_read_from copies from r to the connection until r's end; from a file with
 * sendfile, from another TCP connection or a unix stream through a pipe inside the kernel where
 * that pays, also if these are wrapped in a limited reader; else, and where the kernel refuses,
 * through a buffer. The count, or -1 with an OpError "readfrom"
 * (gonet_copy_count tells how far it got). Go: TCPConn.ReadFrom.
 */
GONET_API int64_t gonet_tcp_conn_read_from(gonet_tcp_conn_t *c, gonet_reader_t *r,
                                           gonet_error_t **err);

/* gonet_tcp_conn_write_to copies what the connection delivers to w, until its end; to a unix
 * stream, and to a regular file that is not appended to, inside the kernel. Go: TCPConn.WriteTo. */
GONET_API int64_t gonet_tcp_conn_write_to(gonet_tcp_conn_t *c, gonet_writer_t *w,
                                          gonet_error_t **err);

/*
 * gonet_tcp_conn_set_linger says what close does with unsent data: sec < 0 the kernel sends it
 * later (the default), 0 it is thrown away, > 0 close waits for it that long, and so does the _free
 * that drops the last owner. In a task such a close waits on a thread of the pool for blocking
 * work, which has 500 threads for closes alone; beyond that they queue. A plain thread waits by
 * itself. Go: TCPConn.SetLinger.
 */
GONET_API int gonet_tcp_conn_set_linger(gonet_tcp_conn_t *c, int sec, gonet_error_t **err);

/* gonet_tcp_conn_set_no_delay: true (the default) sends small packets at once. Go:
 * TCPConn.SetNoDelay. */
GONET_API int gonet_tcp_conn_set_no_delay(gonet_tcp_conn_t *c, bool no_delay, gonet_error_t **err);

/* gonet_tcp_conn_set_keep_alive switches keep-alive probes, without touching their times. Go:
 * TCPConn.SetKeepAlive. */
GONET_API int gonet_tcp_conn_set_keep_alive(gonet_tcp_conn_t *c, bool enable, gonet_error_t **err);

/*
 * gonet_tcp_conn_set_keep_alive_period sets the idle time before the first probe; 0 is 15 s, a
 * negative d does nothing. Go: TCPConn.SetKeepAlivePeriod.
 */
GONET_API int gonet_tcp_conn_set_keep_alive_period(gonet_tcp_conn_t *c, gonet_duration_t d,
                                                   gonet_error_t **err);

/* gonet_tcp_conn_set_keep_alive_config sets all of it. Go: TCPConn.SetKeepAliveConfig. */
GONET_API int gonet_tcp_conn_set_keep_alive_config(gonet_tcp_conn_t *c,
                                                   gonet_keep_alive_config_t config,
                                                   gonet_error_t **err);

/* gonet_tcp_conn_set_read_buffer and _set_write_buffer set the kernel's buffer sizes, in bytes. */
GONET_API int gonet_tcp_conn_set_read_buffer(gonet_tcp_conn_t *c, int bytes, gonet_error_t **err);
GONET_API int gonet_tcp_conn_set_write_buffer(gonet_tcp_conn_t *c, int bytes, gonet_error_t **err);

/* gonet_tcp_conn_multipath_tcp says whether the connection uses Multipath TCP now. Go:
 * TCPConn.MultipathTCP. */
GONET_API bool gonet_tcp_conn_multipath_tcp(gonet_tcp_conn_t *c, gonet_error_t **err);

/*
 * gonet_tcp_conn_file returns a duplicate of the descriptor (close-on-exec, non-blocking, the
 * caller's), or -1. Both share one open socket: making the duplicate blocking makes the connection
 * blocking, which must not be. Go: TCPConn.File.
 */
GONET_API int gonet_tcp_conn_file(gonet_tcp_conn_t *c, gonet_error_t **err);

/* gonet_tcp_conn_syscall_conn returns a raw connection, to release with gonet_raw_conn_free. Go:
 * TCPConn.SyscallConn. */
GONET_API GONET_NODISCARD gonet_raw_conn_t *gonet_tcp_conn_syscall_conn(gonet_tcp_conn_t *c,
                                                                        gonet_error_t **err);

/* gonet_tcp_conn_ref adds an owner and returns c. */
GONET_API gonet_tcp_conn_t *gonet_tcp_conn_ref(gonet_tcp_conn_t *c);

/*
 * gonet_tcp_conn_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless the connection was closed before, as gonet_tcp_conn_close
 * does; so with unsent data and a positive gonet_tcp_conn_set_linger until that is sent or the time
 * is over. A task parks meanwhile, a plain thread blocks. Who must not wait sets the linger to -1
 * before, or leaves the last reference to a task.
 */
GONET_API void gonet_tcp_conn_free(gonet_tcp_conn_t *c);

/* gonet_tcp_listener_accept parks until there is a connection: gonet_listener_accept. Go:
 * TCPListener.Accept. */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_tcp_listener_accept(gonet_tcp_listener_t *l,
                                                                  gonet_error_t **err);

/* gonet_tcp_listener_accept_tcp: the same with the concrete type. Go: TCPListener.AcceptTCP. */
GONET_API GONET_NODISCARD gonet_tcp_conn_t *gonet_tcp_listener_accept_tcp(gonet_tcp_listener_t *l,
                                                                          gonet_error_t **err);
GONET_API int gonet_tcp_listener_close(gonet_tcp_listener_t *l, gonet_error_t **err);
GONET_API const gonet_addr_t *gonet_tcp_listener_addr(gonet_tcp_listener_t *l);

/* gonet_tcp_listener_set_deadline: accepts after t fail. A closed listener gives the bare closed
 * error. */
GONET_API int gonet_tcp_listener_set_deadline(gonet_tcp_listener_t *l, gonet_time_t t,
                                              gonet_error_t **err);
GONET_API int gonet_tcp_listener_file(gonet_tcp_listener_t *l, gonet_error_t **err);

/* gonet_tcp_listener_syscall_conn: a raw connection that offers control alone. Go:
 * TCPListener.SyscallConn. */
GONET_API GONET_NODISCARD gonet_raw_conn_t *gonet_tcp_listener_syscall_conn(gonet_tcp_listener_t *l,
                                                                            gonet_error_t **err);

/* gonet_tcp_listener_ref adds an owner and returns l. */
GONET_API gonet_tcp_listener_t *gonet_tcp_listener_ref(gonet_tcp_listener_t *l);

/*
 * gonet_tcp_listener_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless it was closed before, as gonet_tcp_listener_close does: only
 * for calls that are in the kernel, or in a raw connection's function, right now.
 */
GONET_API void gonet_tcp_listener_free(gonet_tcp_listener_t *l);

GONET_DEFINE_AUTO(gonet_tcp_conn_t, gonet_tcp_conn_free)
GONET_DEFINE_AUTO(gonet_tcp_listener_t, gonet_tcp_listener_free)

GONET_END_DECLS

#endif
