/*
 * Raw IP sockets: packets of one protocol over IP, without ports. The network is "ip", "ip4" or
 * "ip6" with a protocol's name or number: "ip4:icmp", "ip6:58". They need CAP_NET_RAW. The
 * addresses are in gonet/addr.h.
 *
 * Over IPv4, gonet_ip_conn_read and _read_msg_ip give packets with their IP header, _read_from and
 * _read_from_ip without it, as in Go; over IPv6 no call ever sees a header. A socket gets a copy of
 * every packet of its protocol that comes to its address, from its peer if it has one, whoever else
 * gets one, too. What came before it was bound or connected, in the moment after it was made, may
 * be for another address: look at the sender.
 *
 * The errors of a socket name its network without the protocol: "read ip4 127.0.0.1: …".
 */
#ifndef GONET_IPRAWSOCK_H
#define GONET_IPRAWSOCK_H

#include "gonet/conn.h"

GONET_BEGIN_DECLS

/* gonet_ip_conn_t is a raw IP socket. Go: net.IPConn. */
typedef struct gonet_ip_conn gonet_ip_conn_t;

/*
 * gonet_dial_ip connects to raddr, from laddr if that is not NULL. It doesn't park, and nothing is
 * sent. A protocol is one of the names of /etc/protocols (always known: icmp, igmp, tcp, udp,
 * ipv6-icmp) or a number. Release with gonet_ip_conn_free. NULL with an OpError "dial" on failure:
 * EPERM without the right to, an AddrError for an unknown protocol. Go: net.DialIP.
 */
GONET_API GONET_NODISCARD gonet_ip_conn_t *gonet_dial_ip(const char *network,
                                                         const gonet_ip_addr_t *laddr,
                                                         const gonet_ip_addr_t *raddr,
                                                         gonet_error_t **err);

/*
 * gonet_listen_ip binds a socket to laddr; NULL means all addresses. Release with
 * gonet_ip_conn_free. NULL with an OpError "listen" on failure. Go: net.ListenIP.
 */
GONET_API GONET_NODISCARD gonet_ip_conn_t *gonet_listen_ip(const char *network,
                                                           const gonet_ip_addr_t *laddr,
                                                           gonet_error_t **err);

/*
 * gonet_resolve_ip_addr turns a name or a literal, without a port, into an address. network is
 * "ip", "ip4" or "ip6", also with a protocol, or "". 0, or -1. Go: net.ResolveIPAddr.
 */
GONET_API int gonet_resolve_ip_addr(const char *network, const char *address, gonet_ip_addr_t *addr,
                                    gonet_error_t **err);

/* Casts: the same object; upwards always, downwards NULL if it is something else (or NULL). */
GONET_API gonet_conn_t *gonet_ip_conn_as_conn(gonet_ip_conn_t *c);
GONET_API gonet_packet_conn_t *gonet_ip_conn_as_packet_conn(gonet_ip_conn_t *c);
GONET_API gonet_reader_t *gonet_ip_conn_as_reader(gonet_ip_conn_t *c);
GONET_API gonet_writer_t *gonet_ip_conn_as_writer(gonet_ip_conn_t *c);
GONET_API gonet_ip_conn_t *gonet_conn_as_ip(gonet_conn_t *c);
GONET_API gonet_ip_conn_t *gonet_packet_conn_as_ip(gonet_packet_conn_t *c);

/* gonet_ip_conn_read … set_write_deadline are those of gonet/conn.h. Go: IPConn.Read, … */
GONET_API ssize_t gonet_ip_conn_read(gonet_ip_conn_t *c, void *p, size_t len, gonet_error_t **err);
GONET_API ssize_t gonet_ip_conn_write(gonet_ip_conn_t *c, const void *p, size_t len,
                                      gonet_error_t **err);
GONET_API int gonet_ip_conn_write_count(gonet_ip_conn_t *c, const void *p, size_t len, size_t *n,
                                        gonet_error_t **err);
GONET_API int gonet_ip_conn_close(gonet_ip_conn_t *c, gonet_error_t **err);
GONET_API const gonet_addr_t *gonet_ip_conn_local_addr(gonet_ip_conn_t *c);
GONET_API const gonet_addr_t *gonet_ip_conn_remote_addr(gonet_ip_conn_t *c);
GONET_API int gonet_ip_conn_set_deadline(gonet_ip_conn_t *c, gonet_time_t t, gonet_error_t **err);
GONET_API int gonet_ip_conn_set_read_deadline(gonet_ip_conn_t *c, gonet_time_t t,
                                              gonet_error_t **err);
GONET_API int gonet_ip_conn_set_write_deadline(gonet_ip_conn_t *c, gonet_time_t t,
                                               gonet_error_t **err);

/*
 * gonet_ip_conn_read_from_ip reads one packet, without its IPv4 header, and stores who sent it in
 * *addr (may be NULL). The buffer needs room for the header, too, mostly 20 bytes, at most 60: the
 * packet is cut to the buffer's size before the header is taken off, and a buffer that can't hold
 * the header keeps its beginning. Parks. The count (0: a packet without payload), or -1. Go:
 * IPConn.ReadFromIP.
 */
GONET_API ssize_t gonet_ip_conn_read_from_ip(gonet_ip_conn_t *c, void *p, size_t len,
                                             gonet_ip_addr_t *addr, gonet_error_t **err);

/* gonet_ip_conn_read_from: the same with any kind of address. Go: IPConn.ReadFrom. */
GONET_API ssize_t gonet_ip_conn_read_from(gonet_ip_conn_t *c, void *p, size_t len,
                                          gonet_addr_t *addr, gonet_error_t **err);

/*
 * gonet_ip_conn_read_msg_ip reads one packet, with its IPv4 header, into b and its control data
 * (cmsg(3)) into oob, stores the control data's length in *oobn, the kernel's flags in *flags
 * (MSG_TRUNC: b was too short) and the sender in *addr (each may be NULL). What comes as control
 * data is said by socket options, as recv_tos and recv_ttl of gonet_listen_config_t set. Parks. The
 * count, or -1. Go: IPConn.ReadMsgIP.
 */
GONET_API ssize_t gonet_ip_conn_read_msg_ip(gonet_ip_conn_t *c, void *b, size_t len, void *oob,
                                            size_t oob_len, size_t *oobn, int *flags,
                                            gonet_ip_addr_t *addr, gonet_error_t **err);

/*
 * gonet_ip_conn_write_to_ip sends one packet to addr; the kernel puts the header in front. Parks
 * while the socket's buffer is full. len, or -1: gonet_err_write_to_connected on a socket that was
 * dialed; an AddrError if addr is of a family that the socket has not. Go: IPConn.WriteToIP.
 */
GONET_API ssize_t gonet_ip_conn_write_to_ip(gonet_ip_conn_t *c, const void *p, size_t len,
                                            const gonet_ip_addr_t *addr, gonet_error_t **err);

/* gonet_ip_conn_write_to: the same; EINVAL if addr is NULL or no IP address. Go: IPConn.WriteTo. */
GONET_API ssize_t gonet_ip_conn_write_to(gonet_ip_conn_t *c, const void *p, size_t len,
                                         const gonet_addr_t *addr, gonet_error_t **err);

/*
 * gonet_ip_conn_write_msg_ip sends b with control data to addr. len with *oobn = oob_len (may be
 * NULL), or -1; a socket that was dialed can't send this way (gonet_err_write_to_connected). Go:
 * IPConn.WriteMsgIP.
 */
GONET_API ssize_t gonet_ip_conn_write_msg_ip(gonet_ip_conn_t *c, const void *b, size_t len,
                                             const void *oob, size_t oob_len,
                                             const gonet_ip_addr_t *addr, size_t *oobn,
                                             gonet_error_t **err);

/* gonet_ip_conn_set_read_buffer and _set_write_buffer set the kernel's buffer sizes, in bytes. */
GONET_API int gonet_ip_conn_set_read_buffer(gonet_ip_conn_t *c, int bytes, gonet_error_t **err);
GONET_API int gonet_ip_conn_set_write_buffer(gonet_ip_conn_t *c, int bytes, gonet_error_t **err);

/* gonet_ip_conn_file returns a duplicate of the descriptor, as gonet_tcp_conn_file does. Go:
 * IPConn.File. */
GONET_API int gonet_ip_conn_file(gonet_ip_conn_t *c, gonet_error_t **err);

/* gonet_ip_conn_syscall_conn returns a raw connection, to release with gonet_raw_conn_free. Go:
 * IPConn.SyscallConn. */
GONET_API GONET_NODISCARD gonet_raw_conn_t *gonet_ip_conn_syscall_conn(gonet_ip_conn_t *c,
                                                                       gonet_error_t **err);

/* gonet_ip_conn_ref adds an owner and returns c. */
GONET_API gonet_ip_conn_t *gonet_ip_conn_ref(gonet_ip_conn_t *c);

/*
 * gonet_ip_conn_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless it was closed before, as gonet_ip_conn_close does: only for
 * calls that are in the kernel, or in a raw connection's function, right now.
 */
GONET_API void gonet_ip_conn_free(gonet_ip_conn_t *c);

GONET_DEFINE_AUTO(gonet_ip_conn_t, gonet_ip_conn_free)

GONET_END_DECLS

#endif
